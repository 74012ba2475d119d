"""Slices of tensors: `slice`, `strided_slice`, and ``tensor[...]``."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, WORDS, reshape, shape
from flowgraph.ops.constants import ones_like
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.slice_spec import MASKS, Masks, index_of, sliced_shape

__all__ = ["slice", "strided_slice"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
_slice = builtins.slice
CUBE = np.arange(24.0).reshape(2, 3, 4)


def _slice_grad(op: Operation, dy: Tensor) -> Gradients:
    x, begin, _ = op.inputs
    # Zeros before and behind the slice, one row of counts per axis.
    column = apply("Pack", [apply("Rank", x), 1], name="stack")
    taken = shape(op.outputs[0], out_type=begin.dtype)
    before = reshape(begin, column)
    behind = reshape(shape(x, out_type=begin.dtype) - taken - begin, column)
    paddings = apply("ConcatV2", [before, behind], 1, name="concat")
    return [apply("Pad", dy, paddings), None, None]


@op("Slice", "input: T, begin: Index, size: Index -> output: T", T=ANY_TYPE, Index=types(INDEX))
class Slice:
    """``size[i]`` elements from ``begin[i]`` on along axis i; all that follow where it is -1."""

    view = 0
    grad = _slice_grad
    samples = (
        case(GRID, i32([0, 1]), i32([2, 2])),
        case(GRID, i64([1, 0]), i64([-1, -1])),
        case(F32, i32([0, 3]), i32([1, 0])),
        case(GRID.astype(np.int32), i32([1, 1]), i32([1, 1])),
        case(f32(3), i32([]), i32([])),
        case(EMPTY, i32([0, 1]), i32([0, 2])),
        case(WORDS, i32([0, 1]), i32([-1, 1])),
        case(GRID, i32([0, 2]), i32([1, 2]), raises="must be <=|Expected size.1. in"),
        case(GRID, i32([0, 0, 0]), i32([1, 1, 1]), raises="must be rank|Expected begin"),
    )

    def shape(x: Operand, begin: Operand, size: Operand) -> Dims:
        known = begin.const_value()
        lengths = size.const_value()
        wanted = size.const_dims()
        count = _slice_rank(x, begin, size)
        if count is None:
            return None
        if known is None or lengths is None:
            # Open sizes may stand for -1 as well as for a number that is not known yet.
            return wanted if wanted is not None else (None,) * count
        sizes: list[int | None] = []
        for axis in range(count):
            whole = None if x.dims is None else x.dims[axis]
            start, length = int(known[axis]), int(lengths[axis])
            rest = None if whole is None else whole - start
            if rest is not None and (rest < 0 or length > rest):
                raise ValueError(
                    f"Slice of axis {axis}: begin {start} plus size {length} must be <= {whole}"
                )
            sizes.append(rest if length == -1 else length)
        return tuple(sizes)

    def numpy(x: Any, begin: Any, size: Any) -> Any:
        starts, lengths = begin.tolist(), size.tolist()
        index = []
        for axis, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            whole = x.shape[axis]
            if not 0 <= start <= whole:
                raise _slice_error(f"begin[{axis}]", whole, start)
            stop = whole if length == -1 else start + length
            if not start <= stop <= whole:
                raise _slice_error(f"size[{axis}]", whole - start, length)
            index.append(_slice(start, stop))
        return x[tuple(index)]


def _slice_rank(x: Operand, begin: Operand, size: Operand) -> int | None:
    """The number of axes, from whichever operand tells it."""
    found = None if x.dims is None else len(x.dims)
    for each in (begin, size):
        if each.dims is None:
            continue
        count = dims.with_rank(each.dims, 1)[0]
        if count is None:
            continue
        if found is not None and count != found:
            raise ValueError(f"Shape must be rank {count} but is rank {found}")
        found = count
    return found


def _slice_error(what: str, most: int, value: int) -> errors.InvalidArgumentError:
    text = f"Expected {what} in [0, {most}], but got {value}"
    return errors.InvalidArgumentError(None, None, text)


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """A block of a tensor.

    Args:
        begin: its first index along each axis.
        size: its extent along each axis; -1 for all that is left.
    """
    result: Tensor = apply("Slice", input_, begin, size, name=name)
    return result


def _masks(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: attrs[name] for name in MASKS}


def _static_bounds(*operands: Operand) -> list[Any]:
    found = [operand.const_value() for operand in operands]
    return [None if value is None else value.tolist() for value in found]


def _count(*operands: Operand) -> int | None:
    """The number of entries of a slice specification."""
    count = None
    for operand in operands:
        length = dims.with_rank(operand.dims, 1)[0]
        if count is not None and length not in (None, count):
            raise ValueError(
                f"Dimension 0 in both shapes must be equal, but are {count} and {length}"
            )
        count = length if count is None else count
    return count


def _index(x_shape: Any, begin: Any, end: Any, strides: Any, masks: Masks) -> Any:
    try:
        return index_of(x_shape, begin.tolist(), end.tolist(), strides.tolist(), masks)
    except ValueError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None


STRIDED = "begin: Index, end: Index, strides: Index"
MASK_ATTRS: dict[str, Any] = dict.fromkeys(MASKS, 0)


def _spec(begin: Any, end: Any, strides: Any, dtype: Any = np.int32) -> tuple[Any, Any, Any]:
    return np.array(begin, dtype), np.array(end, dtype), np.array(strides, dtype)


@op(
    "StridedSlice",
    f"input: T, {STRIDED} -> output: T",
    T=ANY_TYPE,
    Index=types(INDEX),
    **MASK_ATTRS,
)
class StridedSlice:
    """Every ``strides[i]``-th element from ``begin[i]`` to before ``end[i]`` along axis i.

    Indices may be negative, and count from the end then. Bit i of a mask changes entry i of the
    specification: begin_mask and end_mask leave out the bound, shrink_axis_mask takes one element
    and drops the axis, new_axis_mask adds an axis, ellipsis_mask stands for all axes not named.
    """

    view = 0
    samples = (
        case(CUBE, *_spec([0, 1], [2, 3], [1, 1])),
        case(CUBE, *_spec([0, 0, 3], [2, 3, 0], [1, 2, -2], np.int64)),
        case(CUBE, *_spec([0, -1], [0, -3], [1, -1]), begin_mask=1, end_mask=1),
        case(CUBE, *_spec([0, 0, 0], [0, 0, 0], [-1, -1, -1]), begin_mask=7, end_mask=7),
        case(CUBE, *_spec([1, -1], [2, 0], [1, 1]), shrink_axis_mask=3),
        case(CUBE, *_spec([0, 1], [0, 2], [1, 1]), ellipsis_mask=1, shrink_axis_mask=2),
        case(F32, *_spec([0, 0, 0], [0, 0, 1], [1, 1, 1]), new_axis_mask=1, ellipsis_mask=2),
        case(F32, *_spec([1, 0, 0], [2, 0, 2], [1, 1, 1]), new_axis_mask=2),
        case(GRID.astype(np.int32), *_spec([5], [9], [1])),
        case(GRID.astype(np.int32), *_spec([-9], [9], [2])),
        case(EMPTY, *_spec([0, 1], [0, 2], [1, 1]), shrink_axis_mask=2),
        case(WORDS, *_spec([0, 1], [2, 2], [1, 1]), shrink_axis_mask=2),
        case(f32(1), *_spec([0], [0], [1]), new_axis_mask=1),
        case(
            GRID, *_spec([2], [3], [1]), shrink_axis_mask=1, raises="slice index 2 of dimension 0"
        ),
        case(GRID, *_spec([0], [1], [0]), raises="strides.0. must be non-zero"),
        case(
            GRID,
            *_spec([0, 0, 0], [1, 1, 1], [1, 1, 1]),
            raises="Index out of range using input dim 2; input has only 2 dims",
        ),
    )

    def shape(
        x: Operand,
        begin: Operand,
        end: Operand,
        strides: Operand,
        *,
        begin_mask: int,
        end_mask: int,
        ellipsis_mask: int,
        new_axis_mask: int,
        shrink_axis_mask: int,
    ) -> Dims:
        count = _count(begin, end, strides)
        if count is None:
            return None
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        starts, stops, steps = _static_bounds(begin, end, strides)
        return sliced_shape(x.dims, count, starts, stops, steps, masks)

    def numpy(
        x: Any,
        begin: Any,
        end: Any,
        strides: Any,
        *,
        begin_mask: int,
        end_mask: int,
        ellipsis_mask: int,
        new_axis_mask: int,
        shrink_axis_mask: int,
    ) -> Any:
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        return x[_index(x.shape, begin, end, strides, masks)]

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, begin, end, strides = op.inputs
        x_shape = shape(x, out_type=begin.dtype)
        dx = apply("StridedSliceGrad", x_shape, begin, end, strides, dy, **_masks(op.attrs))
        return [dx, None, None, None]


@op(
    "StridedSliceGrad",
    f"shape: Index, {STRIDED}, dy: T -> output: T",
    T=ANY_TYPE,
    Index=types(INDEX),
    **MASK_ATTRS,
)
class StridedSliceGrad:
    """Zeros of the given shape, with `dy` in the place of the strided slice."""

    samples = (
        case(i32([2, 3]), *_spec([0, 1], [2, 3], [1, 1]), GRID[:, 1:]),
        case(i32([2, 3]), *_spec([0, 2], [0, 0], [1, -2]), F32[:, :1], begin_mask=1, end_mask=1),
        case(i64([2, 3]), *_spec([1], [2], [1], np.int64), GRID[1], shrink_axis_mask=1),
        case(i32([3]), *_spec([0, 0], [0, 2], [1, 1]), GRID[:1, :2], new_axis_mask=1),
        case(
            i32([2, 3]),
            *_spec([0, 1], [0, 2], [1, 1]),
            GRID[:, 1],
            ellipsis_mask=1,
            shrink_axis_mask=2,
        ),
    )

    def shape(shape: Operand, *_: Operand) -> Dims:
        return shape.const_dims()

    def numpy(
        shape: Any,
        begin: Any,
        end: Any,
        strides: Any,
        dy: Any,
        *,
        begin_mask: int,
        end_mask: int,
        ellipsis_mask: int,
        new_axis_mask: int,
        shrink_axis_mask: int,
        out: Any = None,
    ) -> Any:
        sizes = tuple(shape.tolist())
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        index = _index(sizes, begin, end, strides, masks)
        if out is None:
            out = np.zeros(sizes, dy.dtype)
        else:
            out.fill(0)
        out[index] = dy
        return out

    def grad(op: Operation, dy: Tensor) -> Gradients:
        _, begin, end, strides, _ = op.inputs
        sliced = apply("StridedSlice", dy, begin, end, strides, **_masks(op.attrs))
        return [None, None, None, None, sliced]


@op(
    "StridedSliceAssign",
    f"ref: T&, {STRIDED}, value: T -> output_ref: T&",
    T=ANY_TYPE,
    Index=types(INDEX),
    **MASK_ATTRS,
)
class StridedSliceAssign:
    """Store `value` in a strided slice of the variable; the output is the variable after that."""

    stateful = True
    grad = None
    samples = (
        case(F32, *_spec([0, 1], [2, 3], [1, 1]), F32[:, 1:] + 7),
        case(GRID, *_spec([1], [0], [1], np.int64), GRID[0], shrink_axis_mask=1),
        case(F32, *_spec([0, 0], [0, 0], [1, -2]), F32[:, 1:], begin_mask=3, end_mask=3),
        case(GRID, *_spec([0, 1], [0, 2], [1, 1]), GRID[:, 1], ellipsis_mask=1, shrink_axis_mask=2),
    )

    def shape(ref: Operand, *_: Operand) -> Dims:
        return ref.dims

    def numpy(
        ref: Cell,
        begin: Any,
        end: Any,
        strides: Any,
        value: Any,
        *,
        begin_mask: int,
        end_mask: int,
        ellipsis_mask: int,
        new_axis_mask: int,
        shrink_axis_mask: int,
    ) -> Cell:
        masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
        array = ref.read()
        array[_index(array.shape, begin, end, strides, masks)] = value
        return ref


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """Every ``strides[i]``-th element from ``begin[i]`` to before ``end[i]`` along axis i.

    Args:
        strides: all 1 if None.
        begin_mask: bit i set: entry i has no start. The other masks likewise; see `StridedSlice`.
        var: accepted and not needed: `Tensor.assign` finds the variable itself.

    Raises:
        ValueError: if an index is known to be out of range.
    """
    if strides is None:
        strides = ones_like(begin)
    result: Tensor = apply(
        "StridedSlice",
        input_,
        begin,
        end,
        strides,
        name=name,
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
    )
    return result
