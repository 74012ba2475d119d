"""Reductions of sparse tensors, and softmax over their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import NUMBERS, REAL
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.segment_kernels import reduce_unsorted, zero
from flowgraph.ops.sparse_kernels import check_parts, group_numbers, keys_of, sparse_shapes

__all__ = [
    "sparse_reduce_max",
    "sparse_reduce_max_sparse",
    "sparse_reduce_sum",
    "sparse_reduce_sum_sparse",
    "sparse_softmax",
]

Gradients = list[Any]
SIGNATURE = "input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32"
PLACES = i64([[0, 1, 0], [0, 1, 1], [1, 0, 1], [1, 2, 0], [1, 2, 1]])
VALUES = np.array([1.5, -2.0, -0.75, 3.0, 0.5])
SHAPE = i64([2, 4, 2])
PLAIN = (
    case(PLACES, VALUES, SHAPE, i32([1]), grad=False),
    case(PLACES, VALUES, SHAPE, i32([0, -1]), grad=False),
    case(PLACES, VALUES, SHAPE, i32([1, 2]), keep_dims=True, grad=False),
    case(PLACES, VALUES, SHAPE, np.int32(0), grad=False),
    case(PLACES, VALUES, SHAPE, i32([0, 1, 2]), grad=False),
    case(PLACES, f32(VALUES), SHAPE, i32([2]), keep_dims=True),
    case(PLACES, (VALUES * 4).astype(np.int32), SHAPE, i32([0])),
    case(PLACES[:0], f32([]), SHAPE, i32([1]), grad=False),
    case(PLACES, VALUES, SHAPE, i32([3]), raises="Invalid reduction dimension"),
)
DIFFERENTIABLE = (
    case(PLACES, VALUES, SHAPE, i32([1])),
    case(PLACES, VALUES, SHAPE, i32([0, -1])),
    case(PLACES, VALUES, SHAPE, i32([1, 2]), keep_dims=True),
    case(PLACES, VALUES, SHAPE, i32([0, 1, 2])),
    case(PLACES, (VALUES + 1j).astype(np.complex64), SHAPE, i32([0])),
)


def _axes(axes: Any, rank: int) -> list[int]:
    """The reduced axes, all where none is named."""
    chosen = np.asarray(axes).reshape(-1).tolist()
    for axis in chosen:
        if not -rank <= axis < rank:
            message = f"Invalid reduction dimension {axis}, for input with {rank} dimensions."
            raise InvalidArgumentError(None, None, message)
    return sorted({axis % rank for axis in chosen}) if chosen else list(range(rank))


def _reduced(
    ufunc: Any, indices: Any, values: Any, shape: Any, axes: Any, keep_dims: bool
) -> tuple[Any, Any, Any]:
    """The places, values and shape of the reduction, as a sparse tensor in order."""
    check_parts(indices, values, shape)
    removed = _axes(axes, len(shape))
    left = [axis for axis in range(len(shape)) if axis not in removed]
    keys = keys_of(shape[left], indices[:, left])[0]
    order = np.argsort(keys, kind="stable")
    numbers, members = group_numbers(keys[order])
    totals = reduce_unsorted(ufunc, values[order], numbers, len(members), zero)
    places = indices[order][members]
    if keep_dims:
        places = places.copy()
        places[:, removed] = 0
        sizes = shape.copy()
        sizes[removed] = 1
        return places, totals, sizes
    return places[:, left], totals, shape[left]


def _dense_shape(
    indices: Operand, values: Operand, shape: Operand, axes: Operand, *, keep_dims: bool
) -> Dims:
    known, chosen = shape.const_dims(), axes.const_value()
    if known is None or chosen is None:
        return (None,) * len(known) if keep_dims and known is not None else None
    for axis in chosen.reshape(-1).tolist():
        if not -len(known) <= axis < len(known):
            raise ValueError(
                f"Invalid reduction dimension {axis}, for input with {len(known)} dimensions."
            )
    removed = _axes(chosen, len(known))
    if keep_dims:
        return tuple(1 if axis in removed else size for axis, size in enumerate(known))
    return tuple(size for axis, size in enumerate(known) if axis not in removed)


def _dense(ufunc: Any, indices: Any, values: Any, shape: Any, axes: Any, keep_dims: bool) -> Any:
    places, totals, sizes = _reduced(ufunc, indices, values, shape, axes, keep_dims)
    if ((places < 0) | (places >= sizes)).any():
        raise InvalidArgumentError(None, None, "Sparse tensor has some invalid index")
    result = np.zeros(sizes.tolist(), values.dtype)
    result.reshape(-1)[keys_of(sizes, places)[0]] = totals
    return result


def _declare(kind: str, ufunc: Any, allowed: Any, what: str, cases: Any, gradient: Any) -> None:
    name = f"SparseReduce{kind}"

    @op(name, f"{SIGNATURE} -> output: T", keep_dims=False, T=allowed)
    class Dense:
        __doc__ = f"The {what} of a sparse tensor's elements over some axes, 0 where there is none."
        shape = _dense_shape
        samples = cases
        if gradient is not None:
            grad = gradient

        def numpy(indices: Any, values: Any, shape: Any, axes: Any, *, keep_dims: bool) -> Any:
            return _dense(ufunc, indices, values, shape, axes, keep_dims)

    @op(
        name + "Sparse",
        f"{SIGNATURE} -> output_indices: int64, output_values: T, output_shape: int64",
        keep_dims=False,
        T=allowed,
    )
    class Sparse:
        __doc__ = f"The {what} of a sparse tensor's elements over some axes, as a sparse tensor."
        samples = PLAIN

        def shape(indices: Operand, values: Operand, shape: Operand, axes: Operand) -> list[Dims]:
            return [None, (None,), (None,)]

        def numpy(indices: Any, values: Any, shape: Any, axes: Any, *, keep_dims: bool) -> Any:
            return _reduced(ufunc, indices, values, shape, axes, keep_dims)


def _kept_shape(shape: Tensor, axes: Tensor) -> Tensor:
    """The dense shape with 1 for each reduced axis."""
    rank = apply("Size", shape)
    flat = apply("Reshape", axes, [-1])
    known = flat.const_value()
    if known is not None and not known.size:
        flat = apply("Range", 0, rank, 1)
    places = apply("FloorMod", flat + rank, rank)
    ones = apply("Fill", apply("Shape", places), np.int64(1))
    kept: Tensor = apply("DynamicStitch", [apply("Range", 0, rank, 1), places], [shape, ones])
    return kept


def _spread(op: Operation, dy: Tensor) -> Gradients:
    indices, _, shape, axes = op.inputs
    kept = _kept_shape(shape, axes)
    return [
        None,
        apply("GatherNd", apply("Reshape", dy, kept), apply("Minimum", indices, kept - 1)),
        None,
        None,
    ]


_declare("Sum", np.add, NUMBERS, "sum", (*PLAIN, *DIFFERENTIABLE), _spread)
_declare("Max", np.maximum, REAL, "maximum", PLAIN, None)


def _renamed(axis: Any, keepdims: Any, reduction_axes: Any, keep_dims: Any) -> tuple[Any, bool]:
    for new, old, one, other in (
        ("keepdims", "keep_dims", keepdims, keep_dims),
        ("axis", "reduction_axes", axis, reduction_axes),
    ):
        if one is not None and other is not None:
            raise ValueError(f"Cannot specify both '{new}' and '{old}'.")
    kept = keep_dims if keepdims is None else keepdims
    return reduction_axes if axis is None else axis, bool(kept)


def _all_axes(sp_input: SparseTensor, axis: Any) -> Any:
    if axis is not None:
        return axis
    rank = sp_input.shape.ndims
    if rank is not None:
        return constant(np.arange(rank, dtype=np.int32))
    return apply("Range", 0, apply("Size", sp_input.dense_shape, name="Rank"), 1, name="range")


def _reduce(
    op_type: str,
    sp_input: SparseTensor,
    axis: Any,
    keepdims: Any,
    reduction_axes: Any,
    keep_dims: Any,
) -> Any:
    axis, kept = _renamed(axis, keepdims, reduction_axes, keep_dims)
    return apply(op_type, *sp_input.components(), _all_axes(sp_input, axis), keep_dims=kept)


def sparse_reduce_sum(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The sum of a sparse tensor's elements over some axes, as a dense tensor.

    Args:
        axis: an axis, a list of them, or None for all.
        keepdims: leave the reduced axes at length 1.
        reduction_axes: the old name of `axis`.
        keep_dims: the old name of `keepdims`.
    """
    result: Tensor = _reduce("SparseReduceSum", sp_input, axis, keepdims, reduction_axes, keep_dims)
    return result


def sparse_reduce_max(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The largest of a sparse tensor's elements over some axes, 0 where there is none.

    Elements that the sparse tensor leaves out do not take part. Arguments: see
    `sparse_reduce_sum`.
    """
    result: Tensor = _reduce("SparseReduceMax", sp_input, axis, keepdims, reduction_axes, keep_dims)
    return result


def sparse_reduce_sum_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> SparseTensor:
    """As `sparse_reduce_sum`, as a sparse tensor."""
    return SparseTensor(
        *_reduce("SparseReduceSumSparse", sp_input, axis, keepdims, reduction_axes, keep_dims)
    )


def sparse_reduce_max_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
) -> SparseTensor:
    """As `sparse_reduce_max`, as a sparse tensor."""
    return SparseTensor(
        *_reduce("SparseReduceMaxSparse", sp_input, axis, keepdims, reduction_axes, keep_dims)
    )


@op(
    "SparseSoftmax",
    "sp_indices: int64, sp_values: T, sp_shape: int64 -> output: T",
    T=(dtypes.float32, dtypes.float64),
)
class SparseSoftmax:
    """Softmax over the last axis, of those elements that the sparse tensor has."""

    samples = (
        # TensorFlow has no second gradient here.
        case(PLACES, VALUES, SHAPE, grad=False),
        case(PLACES[:, :2], VALUES, i64([2, 4]), grad=False),
        case(PLACES, f32(VALUES * 30), SHAPE, grad=False),
        case(PLACES[:0], f32([]), SHAPE, grad=False),
        case(PLACES[:, :1], VALUES, i64([2]), raises="at least 2|Input should have rank >= 2"),
    )

    def shape(indices: Operand, values: Operand, shape: Operand) -> Dims:
        count, _ = sparse_shapes(indices, values, shape)
        return (count,)

    def numpy(indices: Any, values: Any, shape: Any) -> Any:
        check_parts(indices, values, shape)
        if len(shape) < 2:
            message = f"Input should have rank >= 2, but received shape {shape.tolist()}"
            raise InvalidArgumentError(None, None, message)
        rows = keys_of(shape[:-1], indices[:, :-1])[0]
        numbers, members = group_numbers(rows)
        peaks = reduce_unsorted(np.maximum, values, numbers, len(members), zero)
        weights = np.exp(values - peaks[numbers])
        sums = reduce_unsorted(np.add, weights, numbers, len(members), zero)
        return weights / sums[numbers]

    def grad(op: Operation, dy: Tensor) -> Gradients:
        indices, _, shape = op.inputs
        y = op.outputs[0]
        inner = apply("SparseReduceSum", indices, y * dy, shape, [-1], keep_dims=True)
        return [None, y * apply("SparseDenseCwiseAdd", indices, dy, shape, -inner), None]


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """Softmax over the last axis of a sparse tensor, of those elements that it has.

    Args:
        sp_input: float32 or float64, of rank 2 or more, its indices in order.
    """
    with name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = apply("SparseSoftmax", *sp_input.components())
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)
