"""The optimizers' updates of whole variables; `training_rules` has their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op
from flowgraph.ops import training_rules as rules
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.training_steps import dense_shape, update

Array = np.ndarray[Any, Any]

VAR = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]])
GRAD = np.array([[0.5, -1.0, 0.0], [2.0, 0.25, -3.0]])
SLOT = np.array([[0.5, 0.25, -0.5], [-1.0, 0.75, 0.125]])
SQUARES = np.array([[0.5, 1.25, 0.1], [1.0, 0.75, 2.0]])
MISMATCH = "Dimension 1 in both shapes must be equal, but are 3 and 2"


def _number(value: float, dtype: Any = np.float64) -> Any:
    return np.asarray(value, dtype)


def samples_of(arrays: list[Any], *settings: list[Any], **attrs: Any) -> tuple[Any, ...]:
    """Samples of an update: float64, float32, one row, no rows, and a gradient that does not fit.

    Args:
        arrays: variable, slots and gradient, with None at the places of the scalars.
        settings: values for those places, per sample.
    """
    made = []
    for values in settings:
        for dtype in (np.float64, np.float32):
            made.append(_filled(arrays, values, dtype, lambda each: each, attrs))
    made.append(_filled(arrays, settings[0], np.float32, lambda each: each[0], attrs))
    made.append(_filled(arrays, settings[0], np.float32, lambda each: each[:0], attrs))
    last = max(i for i, each in enumerate(arrays) if each is not None)
    uneven = [each[:, :2] if i == last else each for i, each in enumerate(arrays)]
    made.append(
        _filled(uneven, settings[0], np.float32, lambda each: each, {**attrs, "raises": MISMATCH})
    )
    return tuple(made)


def _filled(arrays: list[Any], values: list[Any], dtype: Any, cut: Any, attrs: Any) -> Any:
    pending = iter(values)
    inputs = [
        _number(next(pending), dtype) if each is None else cut(each).astype(dtype)
        for each in arrays
    ]
    return case(*inputs, grad=False, **attrs)


@op(
    "ApplyGradientDescent",
    "var: T&, alpha: T, delta: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyGradientDescent:
    """``var -= alpha * delta``"""

    stateful = True
    grad = None
    shape = dense_shape(1, 2)
    samples = samples_of([VAR, None, GRAD], [0.1])

    def numpy(var: Cell, alpha: Array, delta: Array) -> Cell:
        return update(rules.gradient_descent, [var], delta, alpha)


@op(
    "ApplyMomentum",
    "var: T&, accum: T&, lr: T, grad: T, momentum: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
    use_nesterov=False,
)
class ApplyMomentum:
    """``accum = momentum * accum + grad``; ``var -= lr * accum``.

    With `use_nesterov`: ``var -= lr * (grad + momentum * accum)``.
    """

    stateful = True
    grad = None
    shape = dense_shape(2, 3)
    samples = (
        *samples_of([VAR, SLOT, None, GRAD, None], [0.1, 0.9]),
        *samples_of([VAR, SLOT, None, GRAD, None], [0.1, 0.9], use_nesterov=True)[:1],
    )

    def numpy(
        var: Cell, accum: Cell, lr: Array, grad: Array, momentum: Array, *, use_nesterov: bool
    ) -> Cell:
        return update(rules.momentum, [var, accum], grad, lr, momentum, nesterov=use_nesterov)


@op(
    "ApplyAdam",
    "var: T&, m: T&, v: T&, beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, epsilon: T, "
    "grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
    use_nesterov=False,
)
class ApplyAdam:
    """Adam, https://arxiv.org/abs/1412.6980.

    ``rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power)``; ``m += (1 - beta1) * (grad - m)``;
    ``v += (1 - beta2) * (grad**2 - v)``; ``var -= rate * m / (sqrt(v) + epsilon)``.
    With `use_nesterov`, ``beta1 * m + (1 - beta1) * grad`` stands for m in the last one.
    """

    stateful = True
    grad = None
    shape = dense_shape(3, 9)
    samples = (
        *samples_of(
            [VAR, SLOT, SQUARES, None, None, None, None, None, None, GRAD],
            [0.9, 0.999, 0.1, 0.9, 0.999, 1e-8],
        ),
        *samples_of(
            [VAR, SLOT, SQUARES, None, None, None, None, None, None, GRAD],
            [0.81, 0.998, 0.1, 0.9, 0.999, 1e-3],
            use_nesterov=True,
        )[:1],
    )

    def numpy(
        var: Cell,
        m: Cell,
        v: Cell,
        beta1_power: Array,
        beta2_power: Array,
        lr: Array,
        beta1: Array,
        beta2: Array,
        epsilon: Array,
        grad: Array,
        *,
        use_nesterov: bool,
    ) -> Cell:
        scalars = (beta1_power, beta2_power, lr, beta1, beta2, epsilon)
        return update(rules.adam, [var, m, v], grad, *scalars, temporaries=2, nesterov=use_nesterov)


@op(
    "ApplyAdaMax",
    "var: T&, m: T&, v: T&, beta1_power: T, lr: T, beta1: T, beta2: T, epsilon: T, grad: T "
    "-> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyAdaMax:
    """``v = max(beta2 * v, |grad|)``; ``var -= lr / (1 - beta1_power) * m / (v + epsilon)``."""

    stateful = True
    grad = None
    shape = dense_shape(3, 8)
    samples = samples_of(
        [VAR, SLOT, SQUARES, None, None, None, None, None, GRAD], [0.9, 0.1, 0.9, 0.999, 1e-8]
    )

    def numpy(
        var: Cell,
        m: Cell,
        v: Cell,
        beta1_power: Array,
        lr: Array,
        beta1: Array,
        beta2: Array,
        epsilon: Array,
        grad: Array,
    ) -> Cell:
        scalars = (beta1_power, lr, beta1, beta2, epsilon)
        return update(rules.adamax, [var, m, v], grad, *scalars, temporaries=2)


@op(
    "ApplyAdagrad",
    "var: T&, accum: T&, lr: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
    update_slots=True,
)
class ApplyAdagrad:
    """``accum += grad**2``; ``var -= lr * grad / sqrt(accum)``."""

    stateful = True
    grad = None
    shape = dense_shape(2, 3)
    samples = (
        *samples_of([VAR, SQUARES, None, GRAD], [0.1]),
        *samples_of([VAR, SQUARES, None, GRAD], [0.1], update_slots=False)[:1],
    )

    def numpy(var: Cell, accum: Cell, lr: Array, grad: Array, *, update_slots: bool) -> Cell:
        cells = [var, accum]
        return update(rules.adagrad, cells, grad, lr, temporaries=2, update_slots=update_slots)


@op(
    "ApplyAdagradV2",
    "var: T&, accum: T&, lr: T, epsilon: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
    update_slots=True,
)
class ApplyAdagradV2:
    """``accum += grad**2``; ``var -= lr * grad / (sqrt(accum) + epsilon)``."""

    stateful = True
    grad = None
    shape = dense_shape(2, 4)
    samples = (
        *samples_of([VAR, SQUARES, None, None, GRAD], [0.1, 1e-3]),
        *samples_of([VAR, SQUARES, None, None, GRAD], [0.1, 1e-3], update_slots=False)[:1],
    )

    def numpy(
        var: Cell, accum: Cell, lr: Array, epsilon: Array, grad: Array, *, update_slots: bool
    ) -> Cell:
        cells = [var, accum]
        return update(
            rules.adagrad_v2, cells, grad, lr, epsilon, temporaries=2, update_slots=update_slots
        )


@op(
    "ApplyAdadelta",
    "var: T&, accum: T&, accum_update: T&, lr: T, rho: T, epsilon: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyAdadelta:
    """``accum = rho * accum + (1 - rho) * grad**2``;
    ``update = grad * sqrt((accum_update + epsilon) / (accum + epsilon))``;
    ``accum_update = rho * accum_update + (1 - rho) * update**2``; ``var -= lr * update``.
    """

    stateful = True
    grad = None
    shape = dense_shape(3, 6)
    samples = samples_of([VAR, SQUARES, SQUARES, None, None, None, GRAD], [0.1, 0.95, 1e-4])

    def numpy(
        var: Cell,
        accum: Cell,
        accum_update: Cell,
        lr: Array,
        rho: Array,
        epsilon: Array,
        grad: Array,
    ) -> Cell:
        cells = [var, accum, accum_update]
        return update(rules.adadelta, cells, grad, lr, rho, epsilon, temporaries=2)


@op(
    "ApplyRMSProp",
    "var: T&, ms: T&, mom: T&, lr: T, rho: T, momentum: T, epsilon: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyRMSProp:
    """``ms = rho * ms + (1 - rho) * grad**2``;
    ``mom = momentum * mom + lr * grad / sqrt(ms + epsilon)``; ``var -= mom``.
    """

    stateful = True
    grad = None
    shape = dense_shape(3, 7)
    samples = samples_of(
        [VAR, SQUARES, SLOT, None, None, None, None, GRAD], [0.1, 0.9, 0.5, 1e-3], [0.1, 0.9, 0, 0]
    )

    def numpy(
        var: Cell,
        ms: Cell,
        mom: Cell,
        lr: Array,
        rho: Array,
        momentum: Array,
        epsilon: Array,
        grad: Array,
    ) -> Cell:
        scalars = (lr, rho, momentum, epsilon)
        return update(rules.rmsprop, [var, ms, mom], grad, *scalars, temporaries=2)


@op(
    "ApplyCenteredRMSProp",
    "var: T&, mg: T&, ms: T&, mom: T&, lr: T, rho: T, momentum: T, epsilon: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyCenteredRMSProp:
    """RMSProp dividing by the standard deviation of the gradient: ``sqrt(ms - mg**2 + epsilon)``,
    where `mg` is the running mean of the gradient.
    """

    stateful = True
    grad = None
    shape = dense_shape(4, 8)
    samples = samples_of(
        [VAR, SLOT / 4, SQUARES + 1, SLOT, None, None, None, None, GRAD], [0.1, 0.9, 0.5, 1e-3]
    )

    def numpy(
        var: Cell,
        mg: Cell,
        ms: Cell,
        mom: Cell,
        lr: Array,
        rho: Array,
        momentum: Array,
        epsilon: Array,
        grad: Array,
    ) -> Cell:
        scalars = (lr, rho, momentum, epsilon)
        return update(rules.centered_rmsprop, [var, mg, ms, mom], grad, *scalars, temporaries=2)
