"""The optimizers' updates of single rows: the gradient has one row per index."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op, types
from flowgraph.ops import training_rules as rules
from flowgraph.ops.kinds import INDEX, NUMBERS
from flowgraph.ops.training_steps import sparse_shape, update_rows

Array = np.ndarray[Any, Any]

VAR = np.array([[1.0, -2.0], [0.5, 0.0], [3.0, -0.25]])
SLOT = np.array([[0.5, 0.25], [-0.5, -1.0], [0.75, 0.125]])
SQUARES = np.array([[0.5, 1.25], [0.1, 1.0], [0.75, 2.0]])
GRAD = np.array([[0.5, -1.0], [0.25, 2.0], [-3.0, 0.5]])
ROWS = np.array([2, 0, 2])


def samples_of(arrays: list[Any], *settings: list[float], **attrs: Any) -> tuple[Any, ...]:
    """Samples of an update: one row named twice, other types, no rows, and what does not fit.

    Args:
        arrays: variable, slots, gradient and indices, with None at the places of the scalars.
    """
    first = settings[0]
    few = [each[:0] if each is GRAD or each is ROWS else each for each in arrays]
    narrow = [each[:, :1] if each is GRAD else each for each in arrays]
    outside = [each + 1 if each is ROWS else each for each in arrays]
    misfit = "Dimension 1 in both shapes must be equal, but are 2 and 1"
    return (
        *(_filled(arrays, values, np.float64, np.int32, attrs) for values in settings),
        _filled(arrays, first, np.float32, np.int64, attrs),
        _filled(few, first, np.float32, np.int32, attrs),
        _filled(narrow, first, np.float32, np.int32, {**attrs, "raises": misfit}),
        _filled(outside, first, np.float32, np.int32, {**attrs, "raises": "Index 3 at offset 0"}),
    )


def _filled(arrays: list[Any], values: list[float], dtype: Any, index: Any, attrs: Any) -> Any:
    pending = iter(values)
    inputs = [
        np.asarray(next(pending), dtype)
        if each is None
        else each.astype(index if each.dtype.kind == "i" else dtype)
        for each in arrays
    ]
    return case(*inputs, grad=False, **attrs)


@op(
    "SparseApplyMomentum",
    "var: T&, accum: T&, lr: T, grad: T, indices: Tindices, momentum: T -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
    use_nesterov=False,
)
class SparseApplyMomentum:
    """ApplyMomentum on the rows ``indices`` of `var` and `accum`."""

    stateful = True
    grad = None
    shape = sparse_shape(2, 3, 4)
    samples = (
        *samples_of([VAR, SLOT, None, GRAD, ROWS, None], [0.1, 0.9]),
        *samples_of([VAR, SLOT, None, GRAD, ROWS, None], [0.1, 0.9], use_nesterov=True)[:1],
    )

    def numpy(
        var: Cell,
        accum: Cell,
        lr: Array,
        grad: Array,
        indices: Array,
        momentum: Array,
        *,
        use_nesterov: bool,
    ) -> Cell:
        cells = [var, accum]
        return update_rows(
            rules.momentum, cells, grad, indices, lr, momentum, nesterov=use_nesterov
        )


@op(
    "SparseApplyAdagrad",
    "var: T&, accum: T&, lr: T, grad: T, indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
    update_slots=True,
)
class SparseApplyAdagrad:
    """ApplyAdagrad on the rows ``indices`` of `var` and `accum`."""

    stateful = True
    grad = None
    shape = sparse_shape(2, 3, 4)
    samples = (
        *samples_of([VAR, SQUARES, None, GRAD, ROWS], [0.1]),
        *samples_of([VAR, SQUARES, None, GRAD, ROWS], [0.1], update_slots=False)[:1],
    )

    def numpy(
        var: Cell, accum: Cell, lr: Array, grad: Array, indices: Array, *, update_slots: bool
    ) -> Cell:
        cells = [var, accum]
        return update_rows(
            rules.adagrad, cells, grad, indices, lr, temporaries=2, update_slots=update_slots
        )


@op(
    "SparseApplyAdagradV2",
    "var: T&, accum: T&, lr: T, epsilon: T, grad: T, indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
    update_slots=True,
)
class SparseApplyAdagradV2:
    """ApplyAdagradV2 on the rows ``indices`` of `var` and `accum`."""

    stateful = True
    grad = None
    shape = sparse_shape(2, 4, 5)
    samples = samples_of([VAR, SQUARES, None, None, GRAD, ROWS], [0.1, 1e-3])

    def numpy(
        var: Cell,
        accum: Cell,
        lr: Array,
        epsilon: Array,
        grad: Array,
        indices: Array,
        *,
        update_slots: bool,
    ) -> Cell:
        scalars = (lr, epsilon)
        return update_rows(
            rules.adagrad_v2,
            [var, accum],
            grad,
            indices,
            *scalars,
            temporaries=2,
            update_slots=update_slots,
        )


@op(
    "SparseApplyAdadelta",
    "var: T&, accum: T&, accum_update: T&, lr: T, rho: T, epsilon: T, grad: T, indices: Tindices "
    "-> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyAdadelta:
    """ApplyAdadelta on the rows ``indices`` of `var` and both averages."""

    stateful = True
    grad = None
    shape = sparse_shape(3, 6, 7)
    samples = samples_of([VAR, SQUARES, SQUARES, None, None, None, GRAD, ROWS], [0.1, 0.95, 1e-4])

    def numpy(
        var: Cell,
        accum: Cell,
        accum_update: Cell,
        lr: Array,
        rho: Array,
        epsilon: Array,
        grad: Array,
        indices: Array,
    ) -> Cell:
        cells = [var, accum, accum_update]
        scalars = (lr, rho, epsilon)
        return update_rows(rules.adadelta, cells, grad, indices, *scalars, temporaries=2)


@op(
    "SparseApplyRMSProp",
    "var: T&, ms: T&, mom: T&, lr: T, rho: T, momentum: T, epsilon: T, grad: T, "
    "indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyRMSProp:
    """ApplyRMSProp on the rows ``indices`` of `var`, `ms` and `mom`."""

    stateful = True
    grad = None
    shape = sparse_shape(3, 7, 8)
    samples = samples_of(
        [VAR, SQUARES, SLOT, None, None, None, None, GRAD, ROWS], [0.1, 0.9, 0.5, 1e-3]
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
        indices: Array,
    ) -> Cell:
        cells = [var, ms, mom]
        scalars = (lr, rho, momentum, epsilon)
        return update_rows(rules.rmsprop, cells, grad, indices, *scalars, temporaries=2)


@op(
    "SparseApplyCenteredRMSProp",
    "var: T&, mg: T&, ms: T&, mom: T&, lr: T, rho: T, momentum: T, epsilon: T, grad: T, "
    "indices: Tindices -> out: T&",
    T=NUMBERS,
    Tindices=types(INDEX),
    use_locking=False,
)
class SparseApplyCenteredRMSProp:
    """ApplyCenteredRMSProp on the rows ``indices`` of `var` and its slots."""

    stateful = True
    grad = None
    shape = sparse_shape(4, 8, 9)
    samples = samples_of(
        [VAR, SLOT / 4, SQUARES + 1, SLOT, None, None, None, None, GRAD, ROWS],
        [0.1, 0.9, 0.5, 1e-3],
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
        indices: Array,
    ) -> Cell:
        cells = [var, mg, ms, mom]
        scalars = (lr, rho, momentum, epsilon)
        return update_rows(rules.centered_rmsprop, cells, grad, indices, *scalars, temporaries=2)
