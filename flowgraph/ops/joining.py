"""Joining tensors and taking them apart: concat, stack, unstack, split."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, INDEX_TYPE, WORDS, rank, shape
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.select import same_shape
from flowgraph.shapes import TensorShape

__all__ = ["axis_of", "concat", "concat_shape", "parallel_stack", "stack", "unstack"]

Gradients = list[Any]
Sizes = tuple[int | None, ...]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)
# A larger number of inputs is cut apart by one SplitV instead of one Slice each.
_MANY = 16


def axis_of(axis: int, rank: int, extra: int = 0) -> int:
    """`axis` counted from the front; the runtime's error where there is no such axis."""
    bound = rank + extra
    if not -bound <= axis < bound:
        raise errors.InvalidArgumentError(None, None, f"axis = {axis} not in [{-bound}, {bound})")
    return axis + bound if axis < 0 else axis


def concat_shape(values: list[Operand], axis: Operand) -> Dims:
    """The shape of `values` joined along `axis`, with whatever is known of each."""
    ranked = [value.dims for value in values if value.dims is not None]
    for each in ranked:
        if len(each) != len(ranked[0]):
            text = f"Shapes must be equal rank, but are {len(ranked[0])} and {len(each)}"
            raise ValueError(text)
    if not ranked:
        return None
    where = axis.const_value()
    if where is None:
        return (None,) * len(ranked[0])
    place = int(where)
    least = -place if place < 0 else place + 1
    if len(ranked[0]) < least:
        raise ValueError(f"Shape must be at least rank {least} but is rank {len(ranked[0])}")
    place %= len(ranked[0])
    before: Dims = ranked[0][:place]
    after: Dims = ranked[0][place + 1 :]
    for each in ranked[1:]:
        before = same_shape(before, each[:place])
        after = same_shape(after, each[place + 1 :])
    joined = [None if value.dims is None else value.dims[place] for value in values]
    total = None if None in joined else sum(size for size in joined if size is not None)
    assert before is not None and after is not None
    return (*before, total, *after)


def _concat_numpy(values: list[Any], axis: Any, out: Any) -> Any:
    place = axis_of(int(axis), values[0].ndim)
    try:
        return np.concatenate(values, place, out)
    except ValueError:
        shapes = " vs. ".join(
            f"shape[{i}] = {dims.show_list(value.shape)}" for i, value in enumerate(values)
        )
        text = f"ConcatOp : Dimensions of inputs should match: {shapes}"
        raise errors.InvalidArgumentError(None, None, text) from None


def _input_shapes(values: list[Tensor]) -> list[Tensor]:
    """The shapes of all values: constants where all are known."""
    known = []
    for value in values:
        found = shape(value)
        if found.op.type != "Const":
            shapes: list[Tensor] = apply("ShapeN", values)
            return shapes
        known.append(found)
    return known


def _concat_grads(values: list[Tensor], axis: Tensor, dy: Tensor) -> Gradients:
    """The pieces of `dy` that belong to each of the joined values."""
    if len(values) == 1:
        return [dy]
    place = apply(
        "FloorMod",
        axis,
        apply("Cast", rank(values[0]), DstT=axis.dtype)
        if axis.dtype.base_dtype is not dtypes.int32
        else rank(values[0]),
        name="mod",
    )
    if place.dtype.base_dtype is not dtypes.int32:
        place = apply("Cast", place, DstT=dtypes.int32)
    sizes = _input_shapes(values)
    if len(values) > _MANY:
        table = apply("Pack", sizes, axis=1, name="stack")
        column = apply("Slice", table, apply("Pack", [place, 0]), [1, -1])
        lengths = apply("Squeeze", column)
        pieces: Gradients = apply("SplitV", dy, lengths, place, num_split=len(values))
        return pieces
    offsets = apply("ConcatOffset", place, sizes)
    return [apply("Slice", dy, offset, size) for offset, size in zip(offsets, sizes, strict=True)]


@op(
    "ConcatV2",
    "values: N * T, axis: Tidx -> output: T",
    N=attr("int", minimum=2),
    T=ANY_TYPE,
    Tidx=INDEX_TYPE,
)
class ConcatV2:
    """The inputs joined along an axis."""

    shape = concat_shape
    samples = (
        case([GRID, GRID[:1]], 0),
        case([GRID, GRID[:, :1], GRID], 1),
        case([GRID, GRID], i64(-1)),
        case([F32, EMPTY], 0),
        case([I32, I32], -2),
        case([WORDS, WORDS[:, :1]], 1),
        case(
            [GRID, GRID[:, :2]], 0, raises="Dimension 0 in both shapes must be equal|should match"
        ),
        case([GRID, GRID[0]], 0, raises="Shapes must be equal rank, but are 2 and 1|should match"),
        case([GRID, GRID], 2, raises="must be at least rank 3 but is rank 2"),
    )

    def numpy(values: list[Any], axis: Any, *, out: Any = None) -> Any:
        return _concat_numpy(values, axis, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        *values, axis = op.inputs
        return [*_concat_grads(values, axis, dy), None]


@op("Concat", "concat_dim: int32, values: N * T -> output: T", N=attr("int", minimum=2), T=ANY_TYPE)
class Concat:
    """The inputs joined along an axis."""

    samples = (case(i32(0), [GRID, GRID[:1]]), case(i32(1), [I32, I32]))

    def shape(axis: Operand, values: list[Operand]) -> Dims:
        return concat_shape(values, axis)

    def numpy(axis: Any, values: list[Any], *, out: Any = None) -> Any:
        return _concat_numpy(values, axis, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        axis, *values = op.inputs
        return [None, *_concat_grads(values, axis, dy)]


@op(
    "ConcatOffset",
    "concat_dim: int32, shape: N * int32 -> offset: N * int32",
    N=attr("int", minimum=2),
)
class ConcatOffset:
    """Where each of the inputs of a concat begins in its output."""

    grad = None
    samples = (
        case(1, [i32([2, 3]), i32([2, 5]), i32([2, 1])]),
        case(-2, [i32([2, 3]), i32([4, 3])]),
    )

    def shape(axis: Operand, shapes: list[Operand]) -> list[Dims]:
        return [dims.with_rank(each.dims, 1) for each in shapes]

    def numpy(axis: Any, shapes: list[Any]) -> Any:
        place = axis_of(int(axis), shapes[0].size)
        begin = 0
        offsets = []
        for each in shapes:
            offset = np.zeros(each.size, np.int32)
            offset[place] = begin
            offsets.append(offset)
            begin += int(each[place])
        return offsets


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis.

    Args:
        values: a list of tensors of one type and rank, of equal sizes beside `axis`.
        axis: a scalar; negative ones count from the end.

    Raises:
        ValueError: if the shapes are known not to fit.
    """
    if not isinstance(values, list | tuple):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            place = convert_to_tensor(axis, dtypes.int32, "concat_dim")
            place.shape.assert_has_rank(0)
            same: Tensor = apply("Identity", values[0], name=name)
            return same
    result: Tensor = apply("ConcatV2", list(values), axis, name=name)
    return result


@op("Pack", "values: N * T -> output: T", T=ANY_TYPE, axis=0)
class Pack:
    """The inputs, all of one shape, stacked along a new axis."""

    samples = (
        case([GRID, GRID + 1]),
        case([GRID, GRID + 1], axis=1),
        case([GRID, GRID], axis=-1),
        case([f32(1), f32(2)]),
        case([I32[0]]),
        case([EMPTY, EMPTY], axis=2),
        case([WORDS, WORDS], axis=1),
        case([GRID, GRID[:1]], raises="must be equal|must be the same shape|Shapes of all inputs"),
        case([GRID, GRID], axis=3, raises="Invalid axis|not in"),
    )

    def shape(values: list[Operand], *, axis: int) -> Dims:
        merged: Dims = None
        for value in values:
            merged = same_shape(merged, value.dims)
        if merged is None:
            return None
        place = dims.normalize_axis(axis, len(merged), extra=1)
        return (*merged[:place], len(values), *merged[place:])

    def numpy(values: list[Any], *, axis: int, out: Any = None) -> Any:
        first = values[0]
        place = axis_of(axis, first.ndim, 1)
        if out is None:
            sizes = first.shape
            out = np.empty((*sizes[:place], len(values), *sizes[place:]), first.dtype)
        slots = out if place == 0 else np.moveaxis(out, place, 0)
        for index, value in enumerate(values):
            if value.shape != first.shape:
                text = (
                    f"Shapes of all inputs must match: values[0].shape = "
                    f"{dims.show_list(first.shape)} != values[{index}].shape = "
                    f"{dims.show_list(value.shape)}"
                )
                raise errors.InvalidArgumentError(None, None, text)
            slots[index] = value
        return out

    def grad(op: Operation, dy: Tensor) -> Gradients:
        attrs = {"num": op.attrs["N"], "axis": op.attrs["axis"]}
        pieces: Gradients = apply("Unpack", dy, name="unstack", **attrs)
        return pieces


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape stacked along a new axis.

    Raises:
        ValueError: if the axis is out of range or the shapes differ.
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            # Pack says what does not fit.
            pass
    first = convert_to_tensor(values[0], name=name).dims
    if first is not None:
        bound = len(first) + 1
        if not -bound <= axis < bound:
            raise ValueError(f"axis = {axis} not in [{-bound}, {bound})")
    result: Tensor = apply("Pack", list(values), axis=axis, name=name)
    return result


@op("ParallelConcat", "values: N * T -> output: T", T=ANY_TYPE, shape=attr("shape"))
class ParallelConcat:
    """The inputs, of shape ``[1, ...]``, joined along the first axis."""

    grad = None
    samples = (case([GRID[:1], GRID[1:]], shape=[2, 3]),)

    def shape(values: list[Operand], *, shape: TensorShape) -> Dims:
        return shape._dims

    def numpy(values: list[Any], *, out: Any = None) -> Any:
        return np.concatenate(values, 0, out)


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Tensors of one known shape stacked along a new first axis."""
    with name_scope(name):
        rest = convert_to_tensor(values[0]).shape.as_list()
        rows = [apply("ExpandDims", value, 0) for value in values]
        result: Tensor = apply("ParallelConcat", rows, shape=[len(values), *rest])
        return result


@op("Unpack", "value: T -> output: num * T", num=attr("int", minimum=0), T=ANY_TYPE, axis=0)
class Unpack:
    """The slices of the input along an axis, which they lose."""

    view = 0
    samples = (
        case(GRID, num=2),
        case(GRID, num=3, axis=1),
        case(F32, num=3, axis=-1),
        case(I32, num=2),
        case(WORDS, num=2),
        case(EMPTY, num=3, axis=1),
        case(GRID, num=3, raises="Dimension must be 3 but is 2"),
        case(GRID, num=2, axis=2, raises="Invalid axis|not in"),
    )

    def shape(value: Operand, *, num: int, axis: int) -> list[Dims]:
        if value.dims is None:
            return [None] * num
        place = dims.normalize_axis(axis, len(value.dims))
        found = value.dims[place]
        if found not in (None, num):
            raise ValueError(f"Dimension must be {num} but is {found}")
        return [(*value.dims[:place], *value.dims[place + 1 :])] * num

    def numpy(value: Any, *, num: int, axis: int) -> Any:
        place = axis_of(axis, value.ndim)
        if value.shape[place] != num:
            shown = dims.show_list(value.shape)
            text = f"Input shape axis {place} must equal {num}, got shape {shown}"
            raise errors.InvalidArgumentError(None, None, text)
        front = value if place == 0 else np.moveaxis(value, place, 0)
        return [front[index] for index in range(num)]

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        return [apply("Pack", list(dys), axis=op.attrs["axis"], name="stack")]


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The slices of a tensor along an axis, which they lose.

    Args:
        num: how many there are; needed where the shape does not tell.

    Raises:
        ValueError: if the axis is out of range or `num` is not known.
    """
    if num is None:
        value = convert_to_tensor(value)
        sizes = value.dims
        if sizes is not None:
            if not -len(sizes) <= axis < len(sizes):
                raise ValueError(f"axis = {axis} not in [{-len(sizes)}, {len(sizes)})")
            num = sizes[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.shape}")
    result: list[Tensor] = apply("Unpack", value, num=num, axis=axis, name=name)
    return result
