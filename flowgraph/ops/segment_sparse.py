"""Segment reductions of chosen rows: gather and reduce in one op."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX, REAL
from flowgraph.ops.segment_kernels import (
    first_axis,
    reduce_sorted,
    reduce_unsorted,
    with_rank,
    zero,
)

__all__ = ["sparse_segment_mean", "sparse_segment_sqrt_n", "sparse_segment_sum"]

Gradients = list[Any]
ROWS = np.array([[1.5, -2.0], [0.5, 3.0], [-1.0, 2.5], [4.0, 0.75]])
INDICES = np.array([3, 0, 3, 1], np.int32)
IDS = np.array([0, 0, 0, 2], np.int32)
BASIC = (
    case(ROWS, INDICES, IDS),
    case(ROWS.astype(np.float32), INDICES.astype(np.int64), IDS),
    case(ROWS[:, 0], INDICES, IDS),
    case(ROWS, INDICES[:0], IDS[:0], grad=False),
    case(ROWS, INDICES, IDS[:3], raises="Dimension 0 in both shapes must be equal|must be equal"),
)
NUMBERED = (
    case(ROWS, INDICES, IDS, np.int32(4)),
    case(ROWS.astype(np.float32), INDICES.astype(np.int64), IDS, np.int64(3)),
    case(ROWS, INDICES[:0], IDS[:0], np.int32(2), grad=False),
)
SUMMED_INTEGERS = case((ROWS * 2).astype(np.int32), INDICES, IDS)
HALVES = (dtypes.float32, dtypes.float64)
SIGNATURE = "data: T, indices: Tidx, segment_ids: int32 -> output: T"
NUMBERED_SIGNATURE = (
    "data: T, indices: Tidx, segment_ids: int32, num_segments: Tnumsegments -> output: T"
)
GRAD_SIGNATURE = "grad: T, indices: Tidx, segment_ids: int32, output_dim0: int32 -> output: T"


def _shape(data: Operand, indices: Operand, ids: Operand, count: Operand | None = None) -> Dims:
    rows = first_axis(data.dims)
    chosen, segments = with_rank(indices.dims, 1), with_rank(ids.dims, 1)
    if chosen and segments and None not in (chosen[0], segments[0]) and chosen != segments:
        raise ValueError(
            f"Dimension 0 in both shapes must be equal, but are {chosen[0]} and {segments[0]}."
        )
    value = None
    if count is not None:
        with_rank(count.dims, 0)
        value = count.const_value()
    if rows is None:
        return None
    return (None if value is None else int(value), *rows[1:])


def _chosen_rows(data: Any, indices: Any) -> Any:
    bad = (indices < 0) | (indices >= len(data))
    if bad.any():
        at = int(np.argmax(bad))
        message = f"Bad: indices[{at}] == {indices[at]} out of range [0, {len(data)})"
        raise InvalidArgumentError(None, None, message)
    return data[indices]


def _weights(ids: Any, count: int, kind: str, dtype: Any) -> Any:
    """What the sum of each segment is divided by."""
    number = np.maximum(np.bincount(ids, minlength=count), 1).astype(dtype)
    return np.sqrt(number) if kind == "SqrtN" else number


def _reduced(kind: str, data: Any, indices: Any, ids: Any, count: int | None) -> Any:
    rows = _chosen_rows(data, indices)
    total = reduce_sorted(np.add, rows, ids, zero, count)
    if kind == "Sum":
        return total
    weights = _weights(ids, len(total), kind, data.dtype)
    return total / weights.reshape(-1, *(1,) * (data.ndim - 1))


def _rows_of(tensor: Tensor) -> Tensor:
    rows: Tensor = apply("StridedSlice", apply("Shape", tensor), [0], [1], [1], shrink_axis_mask=1)
    return rows


def _gradient(kind: str) -> Any:
    def grad(op: Operation, dy: Tensor) -> Gradients:
        data, indices, ids, *count = op.inputs
        if kind == "Sum":
            gathered = apply("GatherV2", dy, ids, 0)
            dx = apply("UnsortedSegmentSum", gathered, indices, _rows_of(data))
        else:
            dx = apply(f"SparseSegment{kind}Grad", dy, indices, ids, _rows_of(data))
        return [dx, None, None, *[None for _ in count]]

    return grad


def _declare(kind: str, types_of: Any, doc: str) -> None:
    name = f"SparseSegment{kind}"
    Tidx, Tnumsegments = types(INDEX, dtypes.int32), types(INDEX, dtypes.int32)
    integers = (SUMMED_INTEGERS,) if kind == "Sum" else ()

    @op(name, SIGNATURE, T=types_of, Tidx=Tidx)
    class Plain:
        __doc__ = doc
        shape = _shape
        grad = _gradient(kind)
        samples = (*BASIC, *integers)

        def numpy(data: Any, indices: Any, ids: Any) -> Any:
            return _reduced(kind, data, indices, ids, None)

    @op(
        name + "WithNumSegments",
        NUMBERED_SIGNATURE,
        T=types_of,
        Tidx=Tidx,
        Tnumsegments=Tnumsegments,
    )
    class WithNumSegments:
        __doc__ = doc + " The number of segments is given."
        shape = _shape
        grad = _gradient(kind)
        samples = NUMBERED

        def numpy(data: Any, indices: Any, ids: Any, count: Any) -> Any:
            return _reduced(kind, data, indices, ids, int(count))


def _declare_gradient(kind: str) -> None:
    @op(f"SparseSegment{kind}Grad", GRAD_SIGNATURE, T=HALVES, Tidx=types(INDEX, dtypes.int32))
    class Gradient:
        __doc__ = f"The gradient of SparseSegment{kind} with `output_dim0` rows of data."
        samples = (
            case(ROWS[:3], INDICES, IDS, np.int32(4)),
            case(ROWS[:3].astype(np.float32), INDICES.astype(np.int64), IDS, np.int32(5)),
            case(ROWS[:3, 0], INDICES, IDS, np.int32(4)),
        )

        def shape(dy: Operand, indices: Operand, ids: Operand, rows: Operand) -> Dims:
            return _shape(dy, indices, ids, rows)

        def numpy(dy: Any, indices: Any, ids: Any, rows: Any) -> Any:
            weights = _weights(ids, len(dy), kind, dy.dtype)
            scaled = dy / weights.reshape(-1, *(1,) * (dy.ndim - 1))
            return reduce_unsorted(np.add, _chosen_rows(scaled, ids), indices, int(rows), zero)

        def grad(op: Operation, g: Tensor) -> Gradients:
            dy, indices, ids, _ = op.inputs
            forward = f"SparseSegment{kind}WithNumSegments"
            return [apply(forward, g, indices, ids, _rows_of(dy)), None, None, None]


_declare("Sum", REAL, "The sum of the rows ``data[indices]`` of each segment; ids ascend.")
_declare("Mean", HALVES, "The mean of the rows ``data[indices]`` of each segment; ids ascend.")
_declare(
    "SqrtN",
    HALVES,
    "The sum of the rows ``data[indices]`` of each segment, divided by the square root of their "
    "number; ids ascend.",
)
_declare_gradient("Mean")
_declare_gradient("SqrtN")


def _sparse(kind: str, data: Any, indices: Any, ids: Any, name: Any, count: Any) -> Tensor:
    result: Tensor
    if count is None:
        result = apply(f"SparseSegment{kind}", data, indices, ids, name=name)
    else:
        op_type = f"SparseSegment{kind}WithNumSegments"
        result = apply(op_type, data, indices, ids, count, name=name)
    return result


def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """The sum of the rows ``data[indices]`` that share a segment id.

    Args:
        indices: [n], rows of `data`.
        segment_ids: int32 [n], ascending.
        num_segments: the number of rows of the result; one more than the last id if None.
    """
    return _sparse("Sum", data, indices, segment_ids, name, num_segments)


def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """The mean of the rows ``data[indices]`` that share a segment id; see `sparse_segment_sum`."""
    return _sparse("Mean", data, indices, segment_ids, name, num_segments)


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Tensor:
    """`sparse_segment_sum` divided by the square root of the number of rows of each segment."""
    return _sparse("SqrtN", data, indices, segment_ids, name, num_segments)
