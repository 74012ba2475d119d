"""Updates of single rows that regularize."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op, types
from flowgraph.ops import training_rules as rules
from flowgraph.ops.kinds import INDEX, NUMBERS
from flowgraph.ops.training_sparse import GRAD, ROWS, SLOT, SQUARES, VAR, samples_of
from flowgraph.ops.training_steps import sparse_shape, update_rows

Array = np.ndarray[Any, Any]


@op(
    "SparseApplyProximalGradientDescent",
    "var: T&, alpha: T, l1: T, l2: T, grad: T, indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyProximalGradientDescent:
    """ApplyProximalGradientDescent on the rows ``indices`` of `var`."""

    stateful = True
    grad = None
    shape = sparse_shape(1, 4, 5)
    samples = samples_of([VAR, None, None, None, GRAD, ROWS], [0.5, 0.5, 0.25], [0.5, 0, 0.25])

    def numpy(var: Cell, alpha: Array, l1: Array, l2: Array, grad: Array, indices: Array) -> Cell:
        return update_rows(rules.proximal_gradient_descent, [var], grad, indices, alpha, l1, l2)


@op(
    "SparseApplyProximalAdagrad",
    "var: T&, accum: T&, lr: T, l1: T, l2: T, grad: T, indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyProximalAdagrad:
    """ApplyProximalAdagrad on the rows ``indices`` of `var` and `accum`."""

    stateful = True
    grad = None
    shape = sparse_shape(2, 5, 6)
    samples = samples_of(
        [VAR, SQUARES, None, None, None, GRAD, ROWS], [0.5, 0.5, 0.25], [0.5, 0, 0.25]
    )

    def numpy(
        var: Cell, accum: Cell, lr: Array, l1: Array, l2: Array, grad: Array, indices: Array
    ) -> Cell:
        cells = [var, accum]
        return update_rows(rules.proximal_adagrad, cells, grad, indices, lr, l1, l2, temporaries=2)


@op(
    "SparseApplyAdagradDA",
    "var: T&, gradient_accumulator: T&, gradient_squared_accumulator: T&, grad: T, "
    "indices: Tindices, lr: T, l1: T, l2: T, global_step: int64 -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyAdagradDA:
    """ApplyAdagradDA on the rows ``indices`` of `var` and both sums."""

    stateful = True
    grad = None
    shape = sparse_shape(3, 3, 4)
    samples = tuple(
        case(VAR, SLOT, SQUARES, GRAD, ROWS, *map(np.float64, (0.5, l1, 0.1)), np.int64(step))
        for l1, step in ((0.25, 2), (0.0, 3))
    )

    def numpy(
        var: Cell,
        gradient_accumulator: Cell,
        gradient_squared_accumulator: Cell,
        grad: Array,
        indices: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        global_step: Array,
    ) -> Cell:
        cells = [var, gradient_accumulator, gradient_squared_accumulator]
        scalars = (lr, l1, l2, global_step)
        return update_rows(rules.adagrad_da, cells, grad, indices, *scalars, temporaries=2)


@op(
    "SparseApplyFtrl",
    "var: T&, accum: T&, linear: T&, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
    "lr_power: T -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyFtrl:
    """ApplyFtrl on the rows ``indices`` of `var` and its slots."""

    stateful = True
    grad = None
    shape = sparse_shape(3, 3, 4)
    samples = samples_of(
        [VAR, SQUARES, SLOT, GRAD, ROWS, None, None, None, None],
        [0.5, 0.25, 0.1, -0.5],
        [0.5, 0, 0, -0.75],
    )

    def numpy(
        var: Cell,
        accum: Cell,
        linear: Cell,
        grad: Array,
        indices: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        lr_power: Array,
    ) -> Cell:
        cells = [var, accum, linear]
        return update_rows(rules.ftrl, cells, grad, indices, lr, l1, l2, lr_power, temporaries=3)


@op(
    "SparseApplyFtrlV2",
    "var: T&, accum: T&, linear: T&, grad: T, indices: Tindices, lr: T, l1: T, l2: T, "
    "l2_shrinkage: T, lr_power: T -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyFtrlV2:
    """ApplyFtrlV2 on the rows ``indices`` of `var` and its slots."""

    stateful = True
    grad = None
    shape = sparse_shape(3, 3, 4)
    samples = samples_of(
        [VAR, SQUARES, SLOT, GRAD, ROWS, None, None, None, None, None],
        [0.5, 0.25, 0.1, 0.5, -0.5],
    )

    def numpy(
        var: Cell,
        accum: Cell,
        linear: Cell,
        grad: Array,
        indices: Array,
        lr: Array,
        l1: Array,
        l2: Array,
        l2_shrinkage: Array,
        lr_power: Array,
    ) -> Cell:
        cells = [var, accum, linear]
        scalars = (lr, l1, l2, lr_power, l2_shrinkage)
        return update_rows(rules.ftrl, cells, grad, indices, *scalars, temporaries=3)
