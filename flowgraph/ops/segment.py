"""Reductions of rows that share a segment id."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import realdiv
from flowgraph.ops.kinds import INDEX, NUMBERS, REAL
from flowgraph.ops.segment_kernels import (
    first_axis,
    highest,
    lowest,
    one,
    reduce_sorted,
    reduce_unsorted,
    with_rank,
    zero,
)

__all__ = [
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
]

Gradients = list[Any]
ROWS = np.array([[1.5, -2.0], [0.5, 3.0], [-1.0, 2.5], [4.0, 0.75]])
IDS = np.array([0, 0, 1, 3], np.int32)
MIXED = np.array([2, 0, 2, -1], np.int32)
SORTED = (
    case(ROWS, IDS),
    case(ROWS[:, 0], IDS.astype(np.int64)),
    case(ROWS.astype(np.float32), IDS),
    case((ROWS * 2).astype(np.int32), IDS),
    case(ROWS[:0], IDS[:0]),
    case(ROWS, np.array([[0]], np.int32), raises="Shape must be rank 1 but is rank 2"),
)
UNSORTED = (
    case(ROWS, MIXED, np.int32(3)),
    case(ROWS, MIXED.reshape(4, 1) * np.array([1, 0], np.int32), np.int32(4)),
    case(ROWS[:, 0], MIXED.astype(np.int64), np.int64(3)),
    case(ROWS.astype(np.float32), MIXED, np.int32(4)),
    case((ROWS * 2).astype(np.int32), MIXED, np.int32(3)),
    case(ROWS[:0], MIXED[:0], np.int32(2)),
    case(ROWS, MIXED[:3], np.int32(3), raises="Dimensions must be equal, but are 4 and 3"),
)
Tindices = types(INDEX)
Tnumsegments = types(INDEX, dtypes.int32)
SORTED_SIGNATURE = "data: T, segment_ids: Tindices -> output: T"
UNSORTED_SIGNATURE = "data: T, segment_ids: Tindices, num_segments: Tnumsegments -> output: T"


def _sorted_shape(data: Operand, ids: Operand) -> Dims:
    with_rank(ids.dims, 1)
    rows = first_axis(data.dims)
    return None if rows is None else (None, *rows[1:])


def _unsorted_shape(data: Operand, ids: Operand, count: Operand) -> Dims:
    with_rank(count.dims, 0)
    value = count.const_value()
    segments = None if value is None else int(value)
    if segments is not None and segments < 0:
        raise ValueError(f"Dimension size, given by scalar input 2 must be >= 0, but is {segments}")
    if data.dims is None or ids.dims is None:
        return None
    prefix = len(ids.dims)
    if len(data.dims) < prefix:
        raise ValueError(f"Shape must be at least rank {prefix} but is rank {len(data.dims)}")
    for size, length in zip(data.dims, ids.dims, strict=False):
        if size is not None and length is not None and size != length:
            raise ValueError(f"Dimensions must be equal, but are {size} and {length}")
    return (segments, *data.dims[prefix:])


def _gather(rows: Tensor, ids: Tensor) -> Tensor:
    gathered: Tensor = apply("GatherV2", rows, ids, 0)
    return gathered


def _sum_grad(op: Operation, dy: Tensor) -> Gradients:
    return [_gather(dy, op.inputs[1]), None]


def _mean_grad(op: Operation, dy: Tensor) -> Gradients:
    x, ids = op.inputs
    ones = _with_trailing_ones(apply("OnesLike", apply("Cast", ids, DstT=dy.dtype)), x)
    return [_gather(realdiv(dy, apply("SegmentSum", ones, ids)), ids), None]


def _with_trailing_ones(ids: Tensor, like: Tensor) -> Tensor:
    """`ids` with axes of length 1 added until its rank is that of `like`."""
    if ids.dims is not None and like.dims is not None:
        for _ in range(len(like.dims) - len(ids.dims)):
            ids = apply("ExpandDims", ids, -1)
        return ids
    missing = apply("Rank", like) - apply("Rank", ids)
    ones = apply("Fill", apply("ExpandDims", missing, 0), 1)
    shape = apply("ConcatV2", [apply("Shape", ids), ones], 0)
    reshaped: Tensor = apply("Reshape", ids, shape)
    return reshaped


def _extreme_grad(op: Operation, dy: Tensor) -> Gradients:
    """Shared equally by the elements that equal their segment's extreme."""
    x, ids = op.inputs
    chosen = apply("Equal", x, _gather(op.outputs[0], ids))
    count = apply("SegmentSum", apply("Cast", chosen, DstT=dy.dtype), ids)
    shared = _gather(realdiv(dy, count), ids)
    return [apply("Select", chosen, shared, apply("ZerosLike", x)), None]


def _product_grad(op: Operation, dy: Tensor) -> Gradients:
    """The product of the others, also where one factor of the segment is 0."""
    x, ids, *count = op.inputs
    is_zero = apply("Equal", x, 0)
    sum_op = op.type.replace("Prod", "Sum")
    zeros = apply(sum_op, apply("Cast", is_zero, DstT=dtypes.int32), ids, *count)
    dy = apply("SelectV2", apply("Greater", zeros, 1), apply("ZerosLike", dy), dy)
    factors = apply("Select", is_zero, apply("OnesLike", x), x)
    nonzero = apply(op.type, factors, ids, *count)
    clipped = apply("Maximum", ids, 0) if count else ids
    partial = apply(
        "Select",
        is_zero,
        _gather(nonzero, clipped),
        _gather(op.outputs[0], clipped) / factors,
    )
    spread = _gather_valid(dy, ids)[0] if count else _gather(dy, ids)
    return [spread * partial, *[None] * (len(op.inputs) - 1)]


def _gather_valid(rows: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """The rows of non-negative ids, zeros for the others; and which ids are not negative."""
    gathered = _gather(rows, apply("Maximum", ids, 0))
    valid = _with_trailing_ones(apply("GreaterEqual", ids, 0), gathered)
    return apply("SelectV2", valid, gathered, apply("ZerosLike", gathered)), valid


def _unsorted_sum_grad(op: Operation, dy: Tensor) -> Gradients:
    return [_gather_valid(dy, op.inputs[1])[0], None, None]


def _unsorted_extreme_grad(op: Operation, dy: Tensor) -> Gradients:
    x, ids, count = op.inputs
    extreme, valid = _gather_valid(op.outputs[0], ids)
    chosen = apply("LogicalAnd", apply("Equal", x, extreme), valid)
    number = apply("UnsortedSegmentSum", apply("Cast", chosen, DstT=dy.dtype), ids, count)
    shared = _gather_valid(realdiv(dy, number), ids)[0]
    return [apply("Select", chosen, shared, apply("ZerosLike", x)), None, None]


@op("SegmentSum", SORTED_SIGNATURE, T=NUMBERS, Tindices=Tindices)
class SegmentSum:
    """The sum of the rows of each segment; ids ascend, and one that is missing gives 0."""

    shape = _sorted_shape
    grad = _sum_grad
    samples = SORTED

    def numpy(data: Any, ids: Any) -> Any:
        return reduce_sorted(np.add, data, ids, zero)


@op("SegmentMean", SORTED_SIGNATURE, T=NUMBERS, Tindices=Tindices)
class SegmentMean:
    """The mean of the rows of each segment; ids ascend, and one that is missing gives 0."""

    shape = _sorted_shape
    grad = _mean_grad
    samples = SORTED

    def numpy(data: Any, ids: Any) -> Any:
        total = reduce_sorted(np.add, data, ids, zero)
        count = np.maximum(np.bincount(ids, minlength=len(total)), 1)
        count = count.reshape(-1, *(1,) * (data.ndim - 1))
        if data.dtype.kind in "iu":
            return np.trunc(total / count).astype(data.dtype)
        return total / count.astype(data.real.dtype)


@op("SegmentProd", SORTED_SIGNATURE, T=NUMBERS, Tindices=Tindices)
class SegmentProd:
    """The product of the rows of each segment; ids ascend, and one that is missing gives 1."""

    shape = _sorted_shape
    grad = _product_grad
    samples = SORTED

    def numpy(data: Any, ids: Any) -> Any:
        return reduce_sorted(np.multiply, data, ids, one)


@op("SegmentMax", SORTED_SIGNATURE, T=REAL, Tindices=Tindices)
class SegmentMax:
    """The largest elements of each segment; ids ascend, and one that is missing gives 0."""

    shape = _sorted_shape
    grad = _extreme_grad
    samples = SORTED

    def numpy(data: Any, ids: Any) -> Any:
        return reduce_sorted(np.maximum, data, ids, zero)


@op("SegmentMin", SORTED_SIGNATURE, T=REAL, Tindices=Tindices)
class SegmentMin:
    """The smallest elements of each segment; ids ascend, and one that is missing gives 0."""

    shape = _sorted_shape
    grad = _extreme_grad
    samples = SORTED

    def numpy(data: Any, ids: Any) -> Any:
        return reduce_sorted(np.minimum, data, ids, zero)


def _unsorted(op_type: str, ufunc: Any, empty: Any, types: Any, gradient: Any, doc: str) -> Any:
    @op(op_type, UNSORTED_SIGNATURE, T=types, Tindices=Tindices, Tnumsegments=Tnumsegments)
    class Unsorted:
        __doc__ = doc
        shape = _unsorted_shape
        grad = gradient
        samples = UNSORTED

        def numpy(data: Any, ids: Any, count: Any) -> Any:
            return reduce_unsorted(ufunc, data, ids, int(count), empty)

    name = {"Sum": "sum", "Prod": "prod", "Max": "max", "Min": "min"}[op_type[15:]]
    return function_of(op_type, f"unsorted_segment_{name}")


TAIL = " `segment_ids` covers the leading axes of `data`, in any order; negative ids are left out."
unsorted_segment_sum = _unsorted(
    "UnsortedSegmentSum",
    np.add,
    zero,
    NUMBERS,
    _unsorted_sum_grad,
    "The sum of the elements of each of `num_segments` segments, 0 for an empty one." + TAIL,
)
unsorted_segment_prod = _unsorted(
    "UnsortedSegmentProd",
    np.multiply,
    one,
    NUMBERS,
    _product_grad,
    "The product of the elements of each of `num_segments` segments, 1 for an empty one." + TAIL,
)
unsorted_segment_max = _unsorted(
    "UnsortedSegmentMax",
    np.maximum,
    lowest,
    REAL,
    _unsorted_extreme_grad,
    "The largest element of each of `num_segments` segments, the lowest number for an empty one."
    + TAIL,
)
unsorted_segment_min = _unsorted(
    "UnsortedSegmentMin",
    np.minimum,
    highest,
    REAL,
    _unsorted_extreme_grad,
    "The smallest element of each of `num_segments` segments, the highest number for an empty one."
    + TAIL,
)
segment_sum = function_of("SegmentSum", "segment_sum")
segment_mean = function_of("SegmentMean", "segment_mean")
segment_prod = function_of("SegmentProd", "segment_prod")
segment_max = function_of("SegmentMax", "segment_max")
segment_min = function_of("SegmentMin", "segment_min")


def _counts(data: Tensor, ids: Tensor, count: Tensor) -> Tensor:
    """How many elements each segment has, at least 1, shaped to divide the segments' sums."""
    ones = apply("OnesLike", apply("Cast", ids, DstT=data.dtype))
    number = apply("UnsortedSegmentSum", ones, ids, count)
    if data.dims is not None and ids.dims is not None:
        for _ in range(len(data.dims) - len(ids.dims)):
            number = apply("ExpandDims", number, -1)
    else:
        missing = apply("Rank", data) - apply("Rank", ids)
        tail = apply("Fill", apply("ExpandDims", missing, 0), 1)
        number = apply("Reshape", number, apply("ConcatV2", [apply("Shape", number), tail], 0))
    return apply("Maximum", number, 1)  # type: ignore[no-any-return]


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The mean of the elements of each segment, 0 for an empty one; arguments as for the sum."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        total: Tensor = apply("UnsortedSegmentSum", data, ids, num_segments)
        return total / _counts(data, ids, num_segments)


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sum of the elements of each segment divided by the square root of their number."""
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        total = apply("UnsortedSegmentSum", data, ids, num_segments)
        result: Tensor = total / apply("Sqrt", _counts(data, ids, num_segments))
        return result
