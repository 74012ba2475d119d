"""Cutting a tensor into several along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, WORDS
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import i32, i64
from flowgraph.shapes import Dimension

__all__ = ["split"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)


def _split_axis(axis: Operand, value: Operand) -> int | None:
    """The axis, counted from the front; None where it or the rank is not known."""
    place = axis.const_value()
    if value.dims is None:
        return None
    if place is None:
        return 0 if len(value.dims) == 1 else None
    number = int(place)
    bound = len(value.dims)
    if not -bound <= number < bound:
        least = number + 1 if number >= 0 else -number
        raise ValueError(f"Shape must be at least rank {least} but is rank {bound}")
    return number % bound


def _place(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        text = f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}"
        raise errors.InvalidArgumentError(None, None, text)
    return axis % rank


def _unknown(value: Operand, count: int) -> list[Dims]:
    return [None if value.dims is None else (None,) * len(value.dims)] * count


def _cut(value: Any, place: int, bounds: Any) -> list[Any]:
    front = (slice(None),) * place
    return [value[(*front, slice(start, stop))] for start, stop in bounds]


@op(
    "Split",
    "split_dim: int32, value: T -> output: num_split * T",
    num_split=attr("int", minimum=1),
    T=ANY_TYPE,
)
class Split:
    """The input cut into `num_split` equal pieces along an axis."""

    view = 1
    samples = (
        case(0, GRID, num_split=2),
        case(1, GRID, num_split=3),
        case(-1, F32, num_split=1),
        case(0, I32, num_split=2),
        case(0, WORDS, num_split=2),
        case(0, EMPTY, num_split=2),
        case(1, GRID, num_split=2, raises="evenly divisible by 2 but is 3|does not evenly divide"),
        case(2, GRID, num_split=2, raises="must be at least rank 3 but is rank 2|-input rank"),
    )

    def shape(axis: Operand, value: Operand, *, num_split: int) -> list[Dims]:
        place = _split_axis(axis, value)
        if place is None:
            return _unknown(value, num_split)
        assert value.dims is not None
        size = value.dims[place]
        if size is not None and size % num_split:
            raise ValueError(
                f"Dimension size must be evenly divisible by {num_split} but is {size}\n\tNumber "
                "of ways to split should evenly divide the split dimension"
            )
        length = None if size is None else size // num_split
        return [(*value.dims[:place], length, *value.dims[place + 1 :])] * num_split

    def numpy(axis: Any, value: Any, *, num_split: int) -> Any:
        place = _place(int(axis), value.ndim)
        length, rest = divmod(value.shape[place], num_split)
        if rest:
            text = (
                f"Number of ways to split should evenly divide the split dimension, but got "
                f"split_dim {place} (size = {value.shape[place]}) and num_split {num_split}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        bounds = [(i * length, (i + 1) * length) for i in range(num_split)]
        return _cut(value, place, bounds)

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        return [None, _joined(dys, op.inputs[0])]


def _joined(dys: tuple[Tensor, ...], axis: Tensor) -> Tensor:
    if len(dys) == 1:
        return dys[0]
    whole: Tensor = apply("ConcatV2", list(dys), axis, name="concat")
    return whole


@op(
    "SplitV",
    "value: T, size_splits: Tlen, split_dim: int32 -> output: num_split * T",
    num_split=attr("int", minimum=1),
    T=ANY_TYPE,
    Tlen=types(INDEX, dtypes.int64),
)
class SplitV:
    """The input cut along an axis into pieces of the given sizes; one of them may be -1."""

    view = 0
    samples = (
        case(GRID[0], i32([1, 2]), 0, num_split=2),
        case(GRID[1], i64([1, -1]), -1, num_split=2),
        case(F32[0], i32([3]), 0, num_split=1),
        case(I32[0], i32([0, 3]), 0, num_split=2),
        case(WORDS[0], i32([1, 1]), 0, num_split=2),
        case(GRID, i32([1, 1]), 1, num_split=2, raises="must match|Determined shape"),
    )

    def shape(value: Operand, size_splits: Operand, axis: Operand, *, num_split: int) -> list[Dims]:
        place = _split_axis(axis, value)
        if place is None:
            return _unknown(value, num_split)
        assert value.dims is not None
        known = size_splits.const_value()
        whole = value.dims[place]
        lengths: list[int | None] = [None] * num_split
        if known is not None:
            lengths = _lengths(known.tolist(), whole)
        elif num_split == 1:
            lengths = [whole]
        return [(*value.dims[:place], length, *value.dims[place + 1 :]) for length in lengths]

    def numpy(value: Any, size_splits: Any, axis: Any, *, num_split: int) -> Any:
        place = _place(int(axis), value.ndim)
        try:
            lengths = _lengths(size_splits.tolist(), value.shape[place])
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None
        bounds = []
        start = 0
        for length in lengths:
            assert length is not None
            bounds.append((start, start + length))
            start += length
        return _cut(value, place, bounds)

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        return [_joined(dys, op.inputs[2]), None, None]


def _lengths(sizes: list[int], whole: int | None) -> list[int | None]:
    """The pieces' sizes with the -1 among them replaced."""
    given = sum(size for size in sizes if size != -1)
    free = sizes.count(-1)
    fits = free <= 1 and all(size >= -1 for size in sizes)
    if whole is not None:
        fits = fits and (given <= whole if free else given == whole)
    if not fits:
        raise ValueError(
            "Determined shape must either match input shape along split_dim exactly if fully "
            "specified, or be less than the size of the input along split_dim if not fully "
            f"specified.  Got: {given}"
        )
    rest = None if whole is None else whole - given
    return [rest if size == -1 else size for size in sizes]


def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split"
) -> list[Tensor]:
    """`value` cut along an axis.

    Args:
        num_or_size_splits: how many equal pieces, or the sizes of the pieces (a list or a vector
            tensor).
        num: how many pieces there are, where the length of that vector is not known.

    Raises:
        ValueError: if the pieces do not fit, or their number is not known.
    """
    pieces: list[Tensor]
    if isinstance(num_or_size_splits, int | np.integer | Dimension):
        count = int(num_or_size_splits)
        pieces = apply("Split", axis, value, num_split=count, name=name)
        return pieces
    sizes = convert_to_tensor(num_or_size_splits)
    if sizes.dims == ():
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split. "
            f"Argument provided: {num_or_size_splits}"
        )
    if num is None:
        num = None if sizes.dims is None else sizes.dims[0]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {sizes.shape} of {num_or_size_splits}")
    pieces = apply("SplitV", value, sizes, axis, num_split=num, name=name)
    return pieces
