"""Padding: with a constant, or with the reflected border."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, INDEX_TYPE, WORDS, reshape, shape
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["pad"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
CUBE = np.arange(24.0).reshape(2, 3, 4)
MODE = attr("string", allowed=("REFLECT", "SYMMETRIC"))


def _table(x: Dims, paddings: Operand) -> tuple[Dims, list[list[int]] | None]:
    """The input's shape and the rows of the paddings, as far as they are known."""
    if paddings.dims is not None:
        rows, columns = dims.with_rank(paddings.dims, 2)
        if columns not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {columns}")
        if x is None and rows is not None:
            x = (None,) * rows
        if x is not None and rows not in (None, len(x)):
            raise ValueError(f"Shape must be rank {rows} but is rank {len(x)}")
    value = paddings.const_value()
    return x, None if value is None else value.tolist()


def _padded(x: Operand, paddings: Operand, *_: Operand) -> Dims:
    """The shape rule of padding."""
    sizes, table = _table(x.dims, paddings)
    if sizes is None or table is None:
        return None if sizes is None else (None,) * len(sizes)
    for before, behind in table:
        if before < 0 or behind < 0:
            raise ValueError("Paddings must be non-negative")
    return tuple(
        None if size is None else size + before + behind
        for size, (before, behind) in zip(sizes, table, strict=True)
    )


def _fill(x: Any, paddings: Any, value: Any, out: Any) -> Any:
    table = paddings.tolist()
    inner = []
    whole = []
    for length, (before, behind) in zip(x.shape, table, strict=True):
        if before < 0 or behind < 0:
            text = f"Paddings must be non-negative: {before} {behind}"
            raise errors.InvalidArgumentError(None, None, text)
        inner.append(slice(before, before + length))
        whole.append(before + length + behind)
    if out is None:
        out = np.empty(whole, x.dtype)
    out.fill(value)
    out[tuple(inner)] = x
    return out


def _pad_grad(op: Operation, dy: Tensor) -> Gradients:
    x, paddings = op.inputs[:2]
    rows = apply("Pack", [apply("Rank", x), 1], name="stack")
    if paddings.dtype.base_dtype.name == "int64":
        rows = apply("Cast", rows, DstT=paddings.dtype)
    before = apply("Slice", paddings, [0, 0], rows)
    begin = reshape(before, [-1])
    dx = apply("Slice", dy, begin, shape(x, out_type=paddings.dtype))
    return [dx, *[None] * (len(op.inputs) - 1)]


@op("Pad", "input: T, paddings: Tpaddings -> output: T", T=ANY_TYPE, Tpaddings=INDEX_TYPE)
class Pad:
    """The input with zeros: ``paddings[i, 0]`` before and ``paddings[i, 1]`` behind on axis i."""

    shape = _padded
    grad = _pad_grad
    samples = (
        case(GRID, [[1, 0], [0, 2]]),
        case(F32, i64([[0, 0], [1, 1]])),
        case(GRID.astype(np.int32), [[0, 1], [0, 0]]),
        case(f32(3), np.zeros((0, 2), np.int32)),
        case(EMPTY, [[1, 0], [0, 0]]),
        case(
            GRID, [[1, 0]], raises="Shape must be rank 1 but is rank 2|first dimension of paddings"
        ),
        case(GRID, [[1, 0], [-1, 2]], raises="non-negative|Paddings must be"),
    )

    def numpy(x: Any, paddings: Any, *, out: Any = None) -> Any:
        return _fill(x, paddings, b"" if x.dtype == object else 0, out)


@op(
    "PadV2",
    "input: T, paddings: Tpaddings, constant_values: T -> output: T",
    T=ANY_TYPE,
    Tpaddings=INDEX_TYPE,
)
class PadV2:
    """The input with constants around it: ``paddings[i]`` tells how many on axis i."""

    shape = _padded
    grad = _pad_grad
    samples = (
        case(GRID, [[1, 0], [0, 2]], 1.5),
        case(F32, i64([[0, 0], [1, 1]]), f32(-1)),
        case(GRID.astype(np.int32), [[0, 1], [0, 0]], i32(7)),
        case(WORDS, [[0, 1], [0, 0]], np.array(b"x", object)),
    )

    def numpy(x: Any, paddings: Any, constant_values: Any, *, out: Any = None) -> Any:
        return _fill(x, paddings, constant_values.item(), out)


def _mirror_spans(length: int, before: int, behind: int, mode: str) -> tuple[slice, slice]:
    """Where the borders come from, in reverse: the spans of the input before and behind."""
    skip = 1 if mode == "REFLECT" else 0
    if before < 0 or behind < 0 or max(before, behind) > length - skip:
        bound = "less than" if skip else "no greater than"
        text = (
            f"paddings must be {bound} the dimension size: {before}, {behind} not {bound} {length}"
        )
        raise errors.InvalidArgumentError(None, None, text)
    return slice(skip, skip + before), slice(length - skip - behind, length - skip)


MIRRORED = (
    case(GRID, [[1, 1], [2, 1]], mode="REFLECT"),
    case(GRID, [[2, 1], [3, 0]], mode="SYMMETRIC"),
    case(F32, i64([[0, 0], [0, 0]]), mode="SYMMETRIC"),
    case(CUBE, [[0, 1], [1, 2], [3, 0]], mode="REFLECT"),
    case(GRID.astype(np.int32), [[0, 1], [0, 2]], mode="SYMMETRIC"),
    case(GRID, [[2, 0], [0, 0]], mode="REFLECT", raises="must be less than|must be no greater"),
)


@op(
    "MirrorPad",
    "input: T, paddings: Tpaddings -> output: T",
    T=ANY_TYPE,
    Tpaddings=INDEX_TYPE,
    mode=MODE,
)
class MirrorPad:
    """The input with its reflection as border; SYMMETRIC repeats the edge, REFLECT does not."""

    samples = MIRRORED

    def shape(x: Operand, paddings: Operand, *, mode: str) -> Dims:
        sizes, table = _table(x.dims, paddings)
        if sizes is not None and table is not None:
            for length, (before, behind) in zip(sizes, table, strict=True):
                if length is not None:
                    _check_mirror(length, before, behind, mode)
        return _padded(x, paddings)

    def numpy(x: Any, paddings: Any, *, mode: str) -> Any:
        result = x.copy()
        for axis, (before, behind) in enumerate(paddings.tolist()):
            length = x.shape[axis]
            first, last = _mirror_spans(length, before, behind, mode)
            front = (slice(None),) * axis
            flip = (*front, slice(None, None, -1))
            parts = [result[(*front, first)][flip], result, result[(*front, last)][flip]]
            result = np.concatenate(parts, axis)
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        mode = op.attrs["mode"]
        return [apply("MirrorPadGrad", dy, op.inputs[1], mode=mode), None]


def _check_mirror(length: int, before: int, behind: int, mode: str) -> None:
    try:
        _mirror_spans(length, before, behind, mode)
    except errors.InvalidArgumentError as error:
        raise ValueError(error.message) from None


@op(
    "MirrorPadGrad",
    "input: T, paddings: Tpaddings -> output: T",
    T=ANY_TYPE,
    Tpaddings=INDEX_TYPE,
    mode=MODE,
)
class MirrorPadGrad:
    """The gradient of MirrorPad: what lies on the borders is added to where it came from."""

    samples = (
        case(CUBE[0], [[1, 0], [1, 1]], mode="REFLECT"),
        case(CUBE[0], [[1, 0], [2, 0]], mode="SYMMETRIC"),
        case(CUBE[1].astype(np.float32), i64([[0, 1], [0, 1]]), mode="REFLECT"),
    )

    def shape(x: Operand, paddings: Operand, *, mode: str) -> Dims:
        sizes, table = _table(x.dims, paddings)
        if sizes is None or table is None:
            return None if sizes is None else (None,) * len(sizes)
        return tuple(
            None if size is None else size - before - behind
            for size, (before, behind) in zip(sizes, table, strict=True)
        )

    def numpy(x: Any, paddings: Any, *, mode: str) -> Any:
        result = x.copy()
        for axis, (before, behind) in enumerate(paddings.tolist()):
            length = x.shape[axis] - before - behind
            first, last = _mirror_spans(length, before, behind, mode)
            front = (slice(None),) * axis
            flip = (*front, slice(None, None, -1))
            inner = result[(*front, slice(before, before + length))]
            inner[(*front, first)] += result[(*front, slice(None, before))][flip]
            inner[(*front, last)] += result[(*front, slice(before + length, None))][flip]
            result = inner.copy()
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("MirrorPad", dy, op.inputs[1], mode=op.attrs["mode"]), None]


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Tensor:
    """`tensor` with a border.

    Args:
        paddings: ``[rank, 2]``, how much to add before and behind along each axis.
        mode: "CONSTANT", "REFLECT" (mirrored, the edge not repeated) or "SYMMETRIC" (repeated).
        constant_values: the scalar that CONSTANT fills in.

    Raises:
        ValueError: on another mode, or paddings that do not fit.
    """
    result: Tensor
    mode = mode.upper()
    if mode == "CONSTANT":
        if isinstance(constant_values, Tensor) or constant_values != 0:
            result = apply("PadV2", tensor, paddings, constant_values, name=name)
        else:
            result = apply("Pad", tensor, paddings, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        result = apply("MirrorPad", tensor, paddings, mode=mode, name=name)
    else:
        raise ValueError(
            f"Value of argument `mode` expected to be one of 'CONSTANT', 'REFLECT' or 'SYMMETRIC', "
            f"got {mode!r}"
        )
    return result
