"""The optimizers' formulas on vectors: what `flowgraph.ops.training_rules` computes with NumPy.

A formula takes the elements of the variable, its slots and the gradient, then coefficients, and
gives the new elements of the variable and the slots. Every operation rounds, as NumPy's do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowgraph.backends.native.builder import Vec
from flowgraph.backends.native.elementwise import FUNCTIONS

__all__ = ["RULES", "Rule"]

_maximum, _minimum = FUNCTIONS["maximum"], FUNCTIONS["minimum"]
Formula = Callable[..., tuple[Vec, ...]]


@dataclass(frozen=True)
class Rule:
    """How an op changes variables.

    Attributes:
        cells: how many of its first inputs are variables.
        formula: to their new elements; it also takes the op's attributes that it names.
        coefficients: from the op's scalars in float64, as vectors of one element, to what the
            formula takes.
        fits: of the scalars' values, whether the formula holds for them.
        gradient: name of the input that is a gradient.
    """

    cells: int
    formula: Formula
    coefficients: Callable[..., tuple[Vec, ...]] = lambda *scalars: scalars
    fits: Callable[..., bool] | None = None
    gradient: str = "grad"

    def options(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The attributes that the formula names."""
        code = self.formula.__code__
        names = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
        return {name: attrs[name] for name in names}


def _gradient_descent(var: Vec, grad: Vec, rate: Vec) -> tuple[Vec, ...]:
    return (var - grad * rate,)


def _momentum(
    var: Vec, accum: Vec, grad: Vec, rate: Vec, decay: Vec, *, use_nesterov: bool
) -> tuple[Vec, ...]:
    accum = accum * decay + grad
    step = accum * decay + grad if use_nesterov else accum
    return var - step * rate, accum


def _towards(average: Vec, value: Vec, weight: Vec) -> Vec:
    return average + (value - average) * weight


def _adam(
    var: Vec,
    m: Vec,
    v: Vec,
    grad: Vec,
    rate: Vec,
    beta1: Vec,
    weight1: Vec,
    weight2: Vec,
    epsilon: Vec,
    *,
    use_nesterov: bool,
) -> tuple[Vec, ...]:
    m = _towards(m, grad, weight1)
    v = _towards(v, grad * grad, weight2)
    step = m * beta1 + grad * weight1 if use_nesterov else m
    return var - step * rate / (v.sqrt() + epsilon), m, v


def _adam_coefficients(
    beta1_power: Vec, beta2_power: Vec, rate: Vec, beta1: Vec, beta2: Vec, epsilon: Vec
) -> tuple[Vec, ...]:
    corrected = rate * (1 - beta2_power).sqrt() / (1 - beta1_power)
    return corrected, beta1, 1 - beta1, 1 - beta2, epsilon


def _adamax(
    var: Vec, m: Vec, v: Vec, grad: Vec, rate: Vec, weight1: Vec, beta2: Vec, epsilon: Vec
) -> tuple[Vec, ...]:
    m = _towards(m, grad, weight1)
    v = _maximum(v * beta2, grad.fabs())
    return var - m / (v + epsilon) * rate, m, v


def _adagrad(var: Vec, accum: Vec, grad: Vec, rate: Vec, *, update_slots: bool) -> tuple[Vec, ...]:
    if update_slots:
        accum = accum + grad * grad
    return var - grad * rate / accum.sqrt(), accum


def _adagrad_v2(
    var: Vec, accum: Vec, grad: Vec, rate: Vec, epsilon: Vec, *, update_slots: bool
) -> tuple[Vec, ...]:
    if update_slots:
        accum = accum + grad * grad
    return var - grad * rate / (accum.sqrt() + epsilon), accum


def _adadelta(
    var: Vec, accum: Vec, accum_update: Vec, grad: Vec, rate: Vec, weight: Vec, epsilon: Vec
) -> tuple[Vec, ...]:
    accum = _towards(accum, grad * grad, weight)
    step = ((accum_update + epsilon) / (accum + epsilon)).sqrt() * grad
    return var - step * rate, accum, _towards(accum_update, step * step, weight)


def _rmsprop(
    var: Vec, ms: Vec, mom: Vec, grad: Vec, rate: Vec, weight: Vec, decay: Vec, epsilon: Vec
) -> tuple[Vec, ...]:
    ms = _towards(ms, grad * grad, weight)
    mom = mom * decay + grad * rate / (ms + epsilon).sqrt()
    return var - mom, ms, mom


def _centered_rmsprop(
    var: Vec,
    mg: Vec,
    ms: Vec,
    mom: Vec,
    grad: Vec,
    rate: Vec,
    weight: Vec,
    decay: Vec,
    epsilon: Vec,
) -> tuple[Vec, ...]:
    ms = _towards(ms, grad * grad, weight)
    mg = _towards(mg, grad, weight)
    mom = mom * decay + grad * rate / (ms - mg * mg + epsilon).sqrt()
    return var - mom, mg, ms, mom


def _rmsprop_coefficients(rate: Vec, rho: Vec, decay: Vec, epsilon: Vec) -> tuple[Vec, ...]:
    return rate, 1 - rho, decay, epsilon


def _ftrl(
    var: Vec, accum: Vec, linear: Vec, grad: Vec, rate: Vec, l1: Vec, twice_l2: Vec
) -> tuple[Vec, ...]:
    return _ftrl_step(var, accum, linear + grad, grad, rate, l1, twice_l2)


def _ftrl_v2(
    var: Vec,
    accum: Vec,
    linear: Vec,
    grad: Vec,
    rate: Vec,
    l1: Vec,
    twice_l2: Vec,
    twice_shrinkage: Vec,
) -> tuple[Vec, ...]:
    linear = linear + grad + var * twice_shrinkage
    return _ftrl_step(var, accum, linear, grad, rate, l1, twice_l2)


def _ftrl_step(
    var: Vec, accum: Vec, linear: Vec, grad: Vec, rate: Vec, l1: Vec, twice_l2: Vec
) -> tuple[Vec, ...]:
    new_accum = grad * grad + accum
    root = new_accum.sqrt()
    linear = linear - (root - accum.sqrt()) / rate * var
    clipped = _minimum(_maximum(linear, -l1), l1)
    return (clipped - linear) / (root / rate + twice_l2), new_accum, linear


def _is_root(*scalars: Any) -> bool:
    """True if the last one, FTRL's exponent, stands for the square root."""
    return bool(scalars[-1] == -0.5)


RULES: dict[str, Rule] = {
    "ApplyAdaMax": Rule(
        3,
        _adamax,
        lambda power, rate, beta1, beta2, epsilon: (rate / (1 - power), 1 - beta1, beta2, epsilon),
    ),
    "ApplyAdadelta": Rule(3, _adadelta, lambda rate, rho, epsilon: (rate, 1 - rho, epsilon)),
    "ApplyAdagrad": Rule(2, _adagrad),
    "ApplyAdagradV2": Rule(2, _adagrad_v2),
    "ApplyAdam": Rule(3, _adam, _adam_coefficients),
    "ApplyCenteredRMSProp": Rule(4, _centered_rmsprop, _rmsprop_coefficients),
    "ApplyFtrl": Rule(3, _ftrl, lambda rate, l1, l2, _: (rate, l1, 2 * l2), _is_root),
    "ApplyFtrlV2": Rule(
        3,
        _ftrl_v2,
        lambda rate, l1, l2, shrinkage, _: (rate, l1, 2 * l2, 2 * shrinkage),
        _is_root,
    ),
    "ApplyGradientDescent": Rule(1, _gradient_descent, gradient="delta"),
    "ApplyMomentum": Rule(2, _momentum),
    "ApplyRMSProp": Rule(3, _rmsprop, _rmsprop_coefficients),
    "AssignAdd": Rule(1, lambda var, value: (var + value,), gradient="value"),
    "AssignSub": Rule(1, lambda var, value: (var - value,), gradient="value"),
    "ScatterAdd": Rule(1, lambda var, row: (var + row,), gradient="updates"),
    "ScatterSub": Rule(1, lambda var, row: (var - row,), gradient="updates"),
    "ScatterUpdate": Rule(1, lambda var, row: (row,), gradient="updates"),
    "UnsortedSegmentSum": Rule(1, lambda total, row: (total + row,), gradient="data"),
}
RULES |= {
    f"Sparse{name}": rule
    for name, rule in RULES.items()
    if name.startswith("Apply") and name not in ("ApplyAdaMax", "ApplyAdam", "ApplyGradientDescent")
}
