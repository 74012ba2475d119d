"""The optimizers' updates in plain NumPy, written from the papers' formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import flowgraph as tf

Array = Any
Update = Callable[[Array, Array, dict[str, Array], int], Array]


@dataclass(frozen=True)
class Case:
    """An optimizer, what its update is, and the names of its slots' variables.

    `update(var, grad, slots, step)` returns the new value of the variable and changes `slots`.
    Where `rows_only`, a sparse gradient changes nothing but the rows that it names.
    """

    make: Callable[[], Any]
    update: Update
    slots: tuple[tuple[str, str, float], ...] = ()
    rows_only: bool = True


def gradient_descent(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    return var - 0.1 * grad


def momentum(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["momentum"] = 0.9 * slots["momentum"] + grad
    return var - 0.1 * slots["momentum"]


def nesterov(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["momentum"] = 0.9 * slots["momentum"] + grad
    return var - 0.1 * (grad + 0.9 * slots["momentum"])


def adagrad(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["accumulator"] = slots["accumulator"] + grad**2
    return var - 0.1 * grad / np.sqrt(slots["accumulator"])


def adadelta(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["accum"] = 0.95 * slots["accum"] + 0.05 * grad**2
    change = np.sqrt(slots["accum_update"] + 1e-8) / np.sqrt(slots["accum"] + 1e-8) * grad
    slots["accum_update"] = 0.95 * slots["accum_update"] + 0.05 * change**2
    return var - 0.1 * change


def rmsprop(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["rms"] = 0.9 * slots["rms"] + 0.1 * grad**2
    slots["momentum"] = 0.5 * slots["momentum"] + 0.1 * grad / np.sqrt(slots["rms"] + 1e-10)
    return var - slots["momentum"]


def centered(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["rms"] = 0.9 * slots["rms"] + 0.1 * grad**2
    slots["mg"] = 0.9 * slots["mg"] + 0.1 * grad
    spread = slots["rms"] - slots["mg"] ** 2 + 1e-10
    slots["momentum"] = 0.5 * slots["momentum"] + 0.1 * grad / np.sqrt(spread)
    return var - slots["momentum"]


def adam(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["m"] = 0.9 * slots["m"] + 0.1 * grad
    slots["v"] = 0.999 * slots["v"] + 0.001 * grad**2
    rate = 0.1 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return var - rate * slots["m"] / (np.sqrt(slots["v"]) + 1e-8)


def ftrl(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    accum = slots["accum"] + grad**2
    sigma = (np.sqrt(accum) - np.sqrt(slots["accum"])) / 0.1
    slots["linear"] = slots["linear"] + grad - sigma * var
    slots["accum"] = accum
    bound = np.clip(slots["linear"], -0.01, 0.01)
    return (bound - slots["linear"]) / (np.sqrt(accum) / 0.1 + 2 * 0.02)


def shrunk(prox: Array, rate: Array) -> Array:
    """The proximal step for L1 = 0.1 and L2 = 0.2."""
    return np.sign(prox) * np.maximum(np.abs(prox) - rate * 0.1, 0) / (1 + rate * 0.2)


def proximal(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    return shrunk(var - 0.1 * grad, 0.1)


def proximal_adagrad(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["accumulator"] = slots["accumulator"] + grad**2
    rate = 0.1 / np.sqrt(slots["accumulator"])
    return shrunk(var - rate * grad, rate)


def dual_averaging(var: Array, grad: Array, slots: dict[str, Array], step: int) -> Array:
    slots["gradient_accumulator"] = slots["gradient_accumulator"] + grad
    squares = slots["gradient_squared_accumulator"] + grad**2
    slots["gradient_squared_accumulator"] = squares
    total = slots["gradient_accumulator"]
    kept = np.sign(total) * np.maximum(np.abs(total) - 0.01 * step, 0)
    return -0.1 * kept / (0.02 * step * 0.1 + np.sqrt(squares))


def _dual_averaging_optimizer() -> Any:
    return tf.train.AdagradDAOptimizer(
        0.1,
        tf.train.get_or_create_global_step(),
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.02,
    )


CASES: dict[str, Case] = {
    "GradientDescent": Case(lambda: tf.train.GradientDescentOptimizer(0.1), gradient_descent),
    "Momentum": Case(
        lambda: tf.train.MomentumOptimizer(0.1, 0.9),
        momentum,
        (("momentum", "Momentum", 0.0),),
    ),
    "Nesterov": Case(
        lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
        nesterov,
        (("momentum", "Momentum", 0.0),),
    ),
    "Adagrad": Case(
        lambda: tf.train.AdagradOptimizer(0.1), adagrad, (("accumulator", "Adagrad", 0.1),)
    ),
    "Adadelta": Case(
        lambda: tf.train.AdadeltaOptimizer(0.1),
        adadelta,
        (("accum", "Adadelta", 0.0), ("accum_update", "Adadelta_1", 0.0)),
    ),
    "RMSProp": Case(
        lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
        rmsprop,
        (("rms", "RMSProp", 1.0), ("momentum", "RMSProp_1", 0.0)),
    ),
    "CenteredRMSProp": Case(
        lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5, centered=True),
        centered,
        (("rms", "RMSProp", 1.0), ("mg", "RMSProp_1", 0.0), ("momentum", "RMSProp_2", 0.0)),
    ),
    "Adam": Case(
        lambda: tf.train.AdamOptimizer(0.1),
        adam,
        (("m", "Adam", 0.0), ("v", "Adam_1", 0.0)),
        rows_only=False,
    ),
    "Ftrl": Case(
        lambda: tf.train.FtrlOptimizer(
            0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02
        ),
        ftrl,
        (("accum", "Ftrl", 0.1), ("linear", "Ftrl_1", 0.0)),
    ),
    "ProximalGradientDescent": Case(
        lambda: tf.train.ProximalGradientDescentOptimizer(0.1, 0.1, 0.2), proximal
    ),
    "ProximalAdagrad": Case(
        lambda: tf.train.ProximalAdagradOptimizer(0.1, 0.1, 0.1, 0.2),
        proximal_adagrad,
        (("accumulator", "ProximalAdagrad", 0.1),),
    ),
    "AdagradDA": Case(
        _dual_averaging_optimizer,
        dual_averaging,
        (
            ("gradient_accumulator", "AdagradDA", 0.0),
            ("gradient_squared_accumulator", "AdagradDA_1", 0.1),
        ),
    ),
}
