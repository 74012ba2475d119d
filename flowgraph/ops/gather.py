"""Looking up elements by index, and adding up values at indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, WORDS, reshape, shape, size
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.select import same_shape

__all__ = ["check_indices", "gather"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)
CUBE = np.arange(24.0).reshape(2, 3, 4)


def check_indices(indices: Any, limit: int, name: str = "indices") -> None:
    """Raise the runtime's error if an index is outside ``[0, limit)``."""
    if indices.size == 0:
        return
    # One comparison finds negative numbers too: they are huge when read as unsigned.
    unsigned = np.uint32 if indices.dtype.itemsize == 4 else np.uint64
    if np.maximum.reduce(indices.view(unsigned), axis=None) < limit:
        return
    outside = np.argwhere((indices < 0) | (indices >= limit))[0]
    place = f"[{','.join(map(str, outside))}]" if outside.size else ""
    value = indices[tuple(outside)]
    raise errors.InvalidArgumentError(None, None, f"{name}{place} = {value} is not in [0, {limit})")


def _rows_grad(op: Operation, dy: Tensor) -> IndexedSlices:
    """The gradient of looking up rows along the first axis: rows, and where they belong."""
    params, indices = op.inputs[:2]
    whole = apply("Cast", shape(params, out_type=dtypes.int64), DstT=dtypes.int32)
    count = apply("ExpandDims", size(indices), 0)
    rest = apply("StridedSlice", whole, [1], [0], [1], end_mask=1, name="strided_slice")
    rows = apply("ConcatV2", [count, rest], 0, name="concat")
    return IndexedSlices(reshape(dy, rows), reshape(indices, count), whole)


@op(
    "Gather",
    "params: Tparams, indices: Tindices -> output: Tparams",
    validate_indices=True,
    Tparams=ANY_TYPE,
    Tindices=types(INDEX),
)
class Gather:
    """Rows of `params`: ``output[i, ...] = params[indices[i], ...]``."""

    samples = (
        case(GRID, i32([1, 0, 1])),
        case(F32, i64([[0], [1]])),
        case(I32, i32(1)),
        case(GRID, i32([2]), raises="is not in .0, 2."),
    )

    def shape(params: Operand, indices: Operand) -> Dims:
        if params.dims is None or indices.dims is None:
            return None
        if not params.dims:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        return (*indices.dims, *params.dims[1:])

    def numpy(params: Any, indices: Any, *, out: Any = None) -> Any:
        check_indices(indices, params.shape[0])
        return params.take(indices, 0, out, "clip")

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [_rows_grad(op, dy), None]


def _lookup_axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        least = -axis if axis < 0 else axis + 1
        raise ValueError(f"Shape must be at least rank {least} but is rank {rank}")
    return axis % rank


def gather_shape(params: Operand, indices: Operand, axis: Operand, *, batch_dims: int) -> Dims:
    """The shape of what GatherV2 finds."""
    p, q = params.dims, indices.dims
    if p is None or q is None:
        return None
    if not -len(q) <= batch_dims <= len(q):
        raise ValueError(f"batch_dims {batch_dims} must be in [{-len(q)}, {len(q)}]")
    batch = batch_dims % (len(q) + 1) if batch_dims >= 0 else batch_dims + len(q)
    where = axis.const_value()
    if where is None:
        return (None,) * (len(p) + len(q) - 1 - batch)
    place = _lookup_axis(int(where), len(p))
    if place < batch:
        raise ValueError(f"batch_dims ({batch}) must be less than or equal to axis ({place})")
    same = same_shape(p[:batch], q[:batch])
    assert same is not None
    return (*same, *p[batch:place], *q[batch:], *p[place + 1 :])


def _batched(params: Any, indices: Any, place: int, batch: int) -> Any:
    """The look-up within each of the elements of the first `batch` axes."""
    lead = params.shape[:batch]
    count = dims.product(lead)
    flat = params.reshape(count, *params.shape[batch:])
    # The axis that is looked up comes right behind the batch, and goes back afterwards.
    front = np.moveaxis(flat, place - batch + 1, 1)
    keys = indices.reshape(count, -1)
    found = front[np.arange(count)[:, None], keys]
    found = np.moveaxis(found, 1, place - batch + 1)
    return found.reshape(
        *lead, *params.shape[batch:place], *indices.shape[batch:], *params.shape[place + 1 :]
    )


@op(
    "GatherV2",
    "params: Tparams, indices: Tindices, axis: Taxis -> output: Tparams",
    batch_dims=0,
    Tparams=ANY_TYPE,
    Tindices=types(INDEX),
    Taxis=types(INDEX),
)
class GatherV2:
    """Slices of `params` along an axis, chosen by `indices`.

    ``output[o, i, n] = params[o, indices[i], n]``, where o and n run over the axes before and
    behind `axis`. The first `batch_dims` axes are common to both arguments.
    """

    shape = gather_shape
    samples = (
        case(GRID, i32([1, 0, 1]), i32(0)),
        case(GRID, i32([[2, 0]]), i32(1)),
        case(CUBE, i64([3, 3]), i64(-1)),
        case(F32, i32(1), i32(0)),
        case(I32, i32([]), i32(0)),
        case(EMPTY, i32([2]), i32(1)),
        case(WORDS, i32([1]), i32(0)),
        case(GRID, i32([[2, 0], [1, 1]]), i32(1), batch_dims=1),
        case(CUBE, i32([[3], [0]]), i32(2), batch_dims=1),
        case(GRID, i32([0, 2]), i32(0), raises="indices.1. = 2 is not in .0, 2."),
        case(GRID, i32([-1]), i32(1), raises="indices.0. = -1 is not in .0, 3."),
        case(GRID, i32([0]), i32(2), raises="must be at least rank 3 but is rank 2"),
    )

    def numpy(params: Any, indices: Any, axis: Any, *, batch_dims: int, out: Any = None) -> Any:
        place = _lookup_axis(int(axis), params.ndim)
        check_indices(indices, params.shape[place])
        batch = batch_dims + indices.ndim if batch_dims < 0 else batch_dims
        if batch == 0:
            return params.take(indices, place, out, "clip")
        found = _batched(params, indices, place, batch)
        if out is None:
            return found
        out[...] = found
        return out

    def grad(op: Operation, dy: Tensor) -> Gradients:
        axis = op.inputs[2].const_value()
        batch = op.attrs["batch_dims"]
        if axis is not None and axis == 0 and batch == 0:
            return [_rows_grad(op, dy), None, None]
        return [_axis_grad(op, dy, axis, batch), None, None]


def _numbers(start: Any, stop: Any) -> Any:
    """``start ... stop - 1``, for integers as well as for scalar tensors."""
    if isinstance(start, Tensor) or isinstance(stop, Tensor):
        return apply("Range", start, stop, 1, name="range")
    return np.arange(start, stop, dtype=np.int32)


def _chain(*parts: Any) -> Tensor:
    joined: Tensor = apply("ConcatV2", list(parts), 0, name="concat")
    return joined


def _known_rank(tensor: Tensor) -> Any:
    return apply("Rank", tensor) if tensor.dims is None else len(tensor.dims)


def _axis_grad(op: Operation, dy: Tensor, axis: Any, batch: int) -> Tensor:
    """The gradient of looking up along an inner axis, summed up densely.

    The looked-up axis is brought to the front (behind the batch), the rows are added up, and the
    axis goes back.
    """
    params, indices = op.inputs[:2]
    rank, keys = _known_rank(params), _known_rank(indices)
    batch = batch + keys if batch < 0 else batch
    place = apply("FloorMod", op.inputs[2], rank) if axis is None else int(axis) % rank
    if isinstance(place, Tensor) and place.dtype.base_dtype is not dtypes.int32:
        place = apply("Cast", place, DstT=dtypes.int32)
    chosen = keys - batch
    to_front = _chain(
        _numbers(0, batch),
        _numbers(place, place + chosen),
        _numbers(batch, place),
        _numbers(place + chosen, rank + chosen - 1),
    )
    whole = shape(params)
    lead = whole[:batch]
    rest = _chain(whole[batch:place], whole[place + 1 :])
    count = whole[place]
    rows = _chain([size(indices)], rest)
    values = reshape(apply("Transpose", dy, to_front, name="transpose"), rows)
    places = indices
    total = count
    if batch:
        parts = apply("Prod", lead, [0])
        total = count * parts
        starts = apply("Mul", _numbers(0, parts), count)
        column = _chain(lead, apply("Fill", apply("Pack", [chosen]), 1))
        places = indices + apply("Cast", reshape(starts, column), DstT=indices.dtype)
    summed = apply("UnsortedSegmentSum", values, reshape(places, [-1]), total)
    back = _chain(
        _numbers(0, batch), _numbers(batch + 1, place + 1), [batch], _numbers(place + 1, rank)
    )
    apart = reshape(summed, _chain(lead, [count], rest))
    dx: Tensor = apply("Transpose", apart, back, name="transpose")
    dx.set_shape(params.dims)
    return dx


def gather(
    params: Any,
    indices: Any,
    validate_indices: bool | None = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """Slices of `params` along an axis, chosen by `indices`.

    ``result[o, i, n] = params[o, indices[i], n]``, where o and n run over the axes before and
    behind `axis`. The gradient for axis 0 is an `IndexedSlices`.

    Args:
        indices: integers in ``[0, params.shape[axis])``; others fail when the graph runs.
        validate_indices: accepted and ignored: indices are always checked.
        axis: by default the first one behind the batch.
        batch_dims: the number of leading axes common to `params` and `indices`.
    """
    if axis is None:
        axis = batch_dims
    result: Tensor = apply("GatherV2", params, indices, axis, batch_dims=batch_dims, name=name)
    return result
