"""Updates of whole variables that regularize, or look at the gradient's sign only."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op
from flowgraph.ops import training_rules as rules
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.training import GRAD, SLOT, SQUARES, VAR, samples_of
from flowgraph.ops.training_steps import dense_shape, update

Array = np.ndarray[Any, Any]


@op(
    "ApplyProximalGradientDescent",
    "var: T&, alpha: T, l1: T, l2: T, delta: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyProximalGradientDescent:
    """``p = var - alpha * delta``;
    ``var = sign(p) * max(|p| - alpha * l1, 0) / (1 + alpha * l2)``.
    """

    stateful = True
    grad = None
    shape = dense_shape(1, 4)
    samples = samples_of([VAR, None, None, None, GRAD], [0.5, 0.5, 0.25], [0.5, 0, 0.25])

    def numpy(var: Cell, alpha: Array, l1: Array, l2: Array, delta: Array) -> Cell:
        return update(rules.proximal_gradient_descent, [var], delta, alpha, l1, l2)


@op(
    "ApplyProximalAdagrad",
    "var: T&, accum: T&, lr: T, l1: T, l2: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyProximalAdagrad:
    """The proximal step with the learning rates ``lr / sqrt(accum)`` after ``accum += grad**2``."""

    stateful = True
    grad = None
    shape = dense_shape(2, 5)
    samples = samples_of([VAR, SQUARES, None, None, None, GRAD], [0.5, 0.5, 0.25], [0.5, 0, 0.25])

    def numpy(var: Cell, accum: Cell, lr: Array, l1: Array, l2: Array, grad: Array) -> Cell:
        return update(rules.proximal_adagrad, [var, accum], grad, lr, l1, l2, temporaries=2)


@op(
    "ApplyAdagradDA",
    "var: T&, gradient_accumulator: T&, gradient_squared_accumulator: T&, grad: T, lr: T, l1: T, "
    "l2: T, global_step: int64 -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyAdagradDA:
    """Adagrad by dual averaging: with the sums G of gradients and S of their squares,
    ``var = -lr * sign(G) * max(|G| - l1 * global_step, 0) / (l2 * lr * global_step + sqrt(S))``.
    """

    stateful = True
    grad = None
    shape = dense_shape(3, 3)
    samples = tuple(
        case(VAR, SLOT, SQUARES, GRAD, np.float64(0.5), np.float64(l1), np.float64(0.1), step)
        for l1, step in ((0.25, np.int64(2)), (0.0, np.int64(3)))
    )

    def numpy(
        var: Cell,
        gradient_accumulator: Cell,
        gradient_squared_accumulator: Cell,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        global_step: Array,
    ) -> Cell:
        cells = [var, gradient_accumulator, gradient_squared_accumulator]
        return update(rules.adagrad_da, cells, grad, lr, l1, l2, global_step, temporaries=2)


@op(
    "ApplyFtrl",
    "var: T&, accum: T&, linear: T&, grad: T, lr: T, l1: T, l2: T, lr_power: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyFtrl:
    """``new = accum + grad**2``; ``linear += grad - (new**-p - accum**-p) / lr * var``;
    ``var = (clip(linear, -l1, l1) - linear) / (new**-p / lr + 2 * l2)``; ``accum = new``,
    with p for `lr_power`. https://research.google.com/pubs/pub41159.html
    """

    stateful = True
    grad = None
    shape = dense_shape(3, 3)
    samples = samples_of(
        [VAR, SQUARES, SLOT, GRAD, None, None, None, None],
        [0.5, 0.25, 0.1, -0.5],
        [0.5, 0, 0, -0.75],
    )

    def numpy(
        var: Cell,
        accum: Cell,
        linear: Cell,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        lr_power: Array,
    ) -> Cell:
        cells = [var, accum, linear]
        return update(rules.ftrl, cells, grad, lr, l1, l2, lr_power, temporaries=3)


@op(
    "ApplyFtrlV2",
    "var: T&, accum: T&, linear: T&, grad: T, lr: T, l1: T, l2: T, l2_shrinkage: T, lr_power: T "
    "-> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyFtrlV2:
    """ApplyFtrl with ``grad + 2 * l2_shrinkage * var`` added to `linear`, not the gradient."""

    stateful = True
    grad = None
    shape = dense_shape(3, 3)
    samples = samples_of(
        [VAR, SQUARES, SLOT, GRAD, None, None, None, None, None], [0.5, 0.25, 0.1, 0.5, -0.5]
    )

    def numpy(
        var: Cell,
        accum: Cell,
        linear: Cell,
        grad: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        l2_shrinkage: Array,
        lr_power: Array,
    ) -> Cell:
        scalars = (lr, l1, l2, lr_power, l2_shrinkage)
        return update(rules.ftrl, [var, accum, linear], grad, *scalars, temporaries=3)


@op(
    "ApplyAddSign",
    "var: T&, m: T&, lr: T, alpha: T, sign_decay: T, beta: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyAddSign:
    """``m = beta * m + (1 - beta) * grad``;
    ``var -= lr * (alpha + sign_decay * sign(grad) * sign(m)) * grad``.
    """

    stateful = True
    grad = None
    shape = dense_shape(2, 6)
    samples = samples_of([VAR, SLOT, None, None, None, None, GRAD], [0.1, 1.0, 0.5, 0.9])

    def numpy(
        var: Cell, m: Cell, lr: Array, alpha: Array, sign_decay: Array, beta: Array, grad: Array
    ) -> Cell:
        return update(rules.add_sign, [var, m], grad, lr, alpha, sign_decay, beta, temporaries=2)


@op(
    "ApplyPowerSign",
    "var: T&, m: T&, lr: T, logbase: T, sign_decay: T, beta: T, grad: T -> out: T&",
    T=NUMBERS,
    use_locking=False,
)
class ApplyPowerSign:
    """``m = beta * m + (1 - beta) * grad``;
    ``var -= lr * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad``.
    """

    stateful = True
    grad = None
    shape = dense_shape(2, 6)
    samples = samples_of([VAR, SLOT, None, None, None, None, GRAD], [0.1, 1.0, 0.5, 0.9])

    def numpy(
        var: Cell, m: Cell, lr: Array, logbase: Array, sign_decay: Array, beta: Array, grad: Array
    ) -> Cell:
        return update(
            rules.power_sign, [var, m], grad, lr, logbase, sign_decay, beta, temporaries=2
        )
