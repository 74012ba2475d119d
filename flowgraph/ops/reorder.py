"""The order of elements: reversed, rolled, sorted by size."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, EMPTY, GRID, INDEX_TYPE, WORDS, reshape, shape
from flowgraph.ops.kinds import ANY, INDEX, REAL
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["TopKV2", "in_top_k", "reverse", "reverse_sequence", "roll", "top_k"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)
CUBE = np.arange(24.0).reshape(2, 3, 4)
REVERSIBLE = tuple(each for each in ANY if each not in (dtypes.uint32, dtypes.uint64))
SCORES = f32([[0.1, 0.8, 0.3, 0.8], [2.0, -1.0, 5.0, 0.0]])


@op("ReverseV2", "tensor: T, axis: Tidx -> output: T", Tidx=INDEX_TYPE, T=REVERSIBLE)
class ReverseV2:
    """The input with the order along the given axes reversed."""

    view = 0
    samples = (
        case(GRID, [0]),
        case(CUBE, i64([-1, 0])),
        case(F32, np.array([], np.int32)),
        case(I32, [1, 0]),
        case(EMPTY, [1]),
        case(WORDS, [1]),
        case(GRID, [2], raises="axis.0. = 2 is out of valid range|is out of valid range"),
        case(GRID, [0, -2], raises="axis 0 specified more than once|specified more than once"),
    )

    def shape(x: Operand, axis: Operand) -> Dims:
        dims.with_rank(axis.dims, 1)
        known = axis.const_value()
        if known is not None and x.dims is not None:
            try:
                _reversed_axes(known, len(x.dims))
            except errors.InvalidArgumentError as error:
                raise ValueError(error.message) from None
        return x.dims

    def numpy(x: Any, axis: Any) -> Any:
        index = [slice(None)] * x.ndim
        for each in _reversed_axes(axis, x.ndim):
            index[each] = slice(None, None, -1)
        return x[tuple(index)]

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("ReverseV2", dy, op.inputs[1]), None]


def _reversed_axes(axis: Any, rank: int) -> list[int]:
    chosen: list[int] = []
    for index, each in enumerate(axis.tolist()):
        if not -rank <= each < rank:
            text = f"axis[{index}] = {each} is out of valid range [0, {rank - 1}]"
            raise errors.InvalidArgumentError(None, None, text)
        if each % rank in chosen:
            text = f"axis {each % rank} specified more than once."
            raise errors.InvalidArgumentError(None, None, text)
        chosen.append(each % rank)
    return chosen


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """`tensor` with the order along the given axes (a list) reversed."""
    result: Tensor = apply("ReverseV2", tensor, axis, name=name)
    return result


@op(
    "ReverseSequence",
    "input: T, seq_lengths: Tlen -> output: T",
    seq_dim=attr("int"),
    batch_dim=0,
    T=ANY_TYPE,
    Tlen=types(INDEX, dtypes.int64),
)
class ReverseSequence:
    """The first ``seq_lengths[b]`` elements along `seq_dim`, for b along `batch_dim`, reversed."""

    samples = (
        case(GRID, i64([2, 3]), seq_dim=1),
        case(CUBE, i32([1, 2, 0, 2]), seq_dim=0, batch_dim=2),
        case(F32, i64([1, 0]), seq_dim=1, batch_dim=0),
        case(I32, i32([3, 2]), seq_dim=1),
        case(GRID, i64([2, 4]), seq_dim=1, raises="seq_lens.1. > input.dims.1.|seq_lens"),
        case(GRID, i64([2, 3]), seq_dim=0, raises="batch_dim == seq_dim|must differ"),
    )

    def shape(x: Operand, lengths: Operand, *, seq_dim: int, batch_dim: int) -> Dims:
        count = dims.with_rank(lengths.dims, 1)[0]
        if x.dims is None:
            return None
        rank = len(x.dims)
        if seq_dim >= rank:
            raise ValueError(f"seq_dim must be < input rank: {seq_dim} vs. {rank}")
        if batch_dim >= rank:
            raise ValueError(f"batch_dim must be < input rank: {batch_dim} vs. {rank}")
        if seq_dim == batch_dim:
            raise ValueError(f"batch_dim == seq_dim == {seq_dim}")
        place = batch_dim % rank
        batch = x.dims[place]
        if None not in (batch, count) and batch != count:
            raise ValueError(f"Dimensions must be equal, but are {batch} and {count}")
        return (*x.dims[:place], count if batch is None else batch, *x.dims[place + 1 :])

    def numpy(x: Any, lengths: Any, *, seq_dim: int, batch_dim: int) -> Any:
        size = x.shape[seq_dim]
        if (lengths > size).any() or (lengths < 0).any():
            index = int(np.argmax((lengths > size) | (lengths < 0)))
            text = f"seq_lens({index}) > input.dims({seq_dim})"
            raise errors.InvalidArgumentError(None, None, text)
        steps = np.arange(size)
        ends = lengths.reshape(-1, 1)
        order = np.where(steps < ends, ends - 1 - steps, steps)
        # `order` is [batch, sequence]; bring those axes to their places in x.
        wide = [1] * x.ndim
        wide[batch_dim], wide[seq_dim] = order.shape
        if batch_dim % x.ndim > seq_dim % x.ndim:
            order = order.T
        return np.take_along_axis(x, order.reshape(wide), seq_dim)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        attrs = {key: op.attrs[key] for key in ("seq_dim", "batch_dim")}
        return [apply("ReverseSequence", dy, op.inputs[1], **attrs), None]


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
) -> Tensor:
    """The first ``seq_lengths[b]`` elements along `seq_axis`, for b along `batch_axis`, reversed.

    Raises:
        ValueError: if the axes or the number of lengths do not fit.
    """
    if seq_axis is None:
        raise ValueError("Must specify seq_axis in reverse_sequence.")
    result: Tensor = apply(
        "ReverseSequence",
        input,
        seq_lengths,
        seq_dim=seq_axis,
        batch_dim=batch_axis or 0,
        name=name,
    )
    return result


@op(
    "Roll",
    "input: T, shift: Tshift, axis: Taxis -> output: T",
    T=ANY_TYPE,
    Tshift=types(INDEX),
    Taxis=types(INDEX),
)
class Roll:
    """The input moved along the given axes; what leaves at one end comes in at the other."""

    samples = (
        case(GRID, i32(1), i32(1)),
        case(GRID, i64([-1, 2]), i64([0, 1])),
        case(F32, i32([1, 1]), i32([1, -1])),
        case(I32, i32(7), i32(0)),
        case(EMPTY, i32(1), i32(0)),
        case(GRID, i32(1), i32(2), raises="axis 2 is out of range|out of range"),
    )

    def shape(x: Operand, shift: Operand, axis: Operand) -> Dims:
        if x.dims == ():
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        return x.dims

    def numpy(x: Any, shift: Any, axis: Any) -> Any:
        for each in np.atleast_1d(axis).tolist():
            if not -x.ndim <= each < x.ndim:
                raise errors.InvalidArgumentError(None, None, f"axis {each} is out of range")
        return np.roll(x, shift.tolist(), axis.tolist())

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("Roll", dy, -op.inputs[1], op.inputs[2]), None, None]


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """`input` moved along the given axes; what leaves at one end comes in at the other.

    Args:
        shift: by how many places, for each of the axes.
        axis: an index or a list of them.
    """
    result: Tensor = apply("Roll", input, shift, axis, name=name)
    return result


TopKV2 = namedtuple("TopKV2", ["values", "indices"])


def _top_shape(x: Operand, k: int | None) -> list[Dims]:
    if x.dims is None:
        return [None, None]
    if not x.dims:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    last = x.dims[-1]
    if k is not None and k < 0:
        raise ValueError(f"Dimension {k} must be >= 0")
    if k is not None and last is not None and last < k:
        raise ValueError(f"input must have last dimension >= k = {k} but is {last}")
    return [(*x.dims[:-1], k)] * 2


def _largest(x: Any, k: int) -> tuple[Any, Any]:
    """The k largest elements of each row in falling order, equal ones by index."""
    size = x.shape[-1]
    if not 0 <= k <= size:
        text = f"input must have at least k columns. Had {size}, needed {k}"
        raise errors.InvalidArgumentError(None, None, text)
    if k == 1:
        first = np.expand_dims(np.argmax(x, -1), -1)
        return np.take_along_axis(x, first, -1), first.astype(np.int32)
    # A stable sort of the reversed rows, read from its end, keeps equal elements in order.
    order = size - 1 - np.argsort(x[..., ::-1], -1, kind="stable")[..., ::-1]
    chosen = order[..., :k]
    return np.take_along_axis(x, chosen, -1), chosen.astype(np.int32)


def _top_grad(op: Operation, dy: Tensor, _: Tensor) -> Gradients:
    x, indices = op.inputs[0], op.outputs[1]
    whole = shape(x)
    columns = whole[-1]
    count = apply("Prod", whole[:-1], [0])
    rows = reshape(indices, apply("Pack", [count, shape(indices)[-1]], name="stack"))
    starts = apply("Range", 0, count, 1, name="range") * columns
    places = reshape(rows + apply("ExpandDims", starts, -1), [-1, 1])
    total = apply("Prod", whole, [0])
    flat = apply("ScatterNd", places, reshape(dy, [-1]), apply("Pack", [total], name="stack"))
    return [reshape(flat, whole), *[None] * (len(op.inputs) - 1)]


@op("TopKV2", "input: T, k: int32 -> values: T, indices: int32", sorted=True, T=REAL)
class _TopKV2:
    """The k largest elements along the last axis, in falling order, and their indices.

    Of equal elements the one with the lower index comes first.
    """

    grad = _top_grad
    samples = (
        case(SCORES.astype(np.float64)[:, [1, 2, 0]], 2),
        case(SCORES, 3),
        case(I32[0], 1),
        case(i32([[1, 1, 0], [2, 2, 2]]), 2),
        case(SCORES, 0),
        case(SCORES, 5, raises="must have last dimension >= k = 5|at least k columns"),
    )

    def shape(x: Operand, k: Operand) -> list[Dims]:
        known = k.const_value()
        return _top_shape(x, None if known is None else int(known))

    def numpy(x: Any, k: Any, *, sorted: bool) -> Any:
        return _largest(x, int(k))


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k largest elements along the last axis, and their indices.

    Args:
        k: an integer or a scalar tensor, at most the size of the last axis.
        sorted: accepted; the result is always in falling order, equal elements by index.

    Returns:
        A named tuple ``(values, indices)``.

    Raises:
        ValueError: if the last axis is known to be smaller.
    """
    return TopKV2(*apply("TopKV2", input, k, sorted=sorted, name=name))


def _in_top(predictions: Any, targets: Any, k: int) -> Any:
    classes = predictions.shape[1]
    inside = (targets >= 0) & (targets < classes)
    rows = np.arange(len(targets))
    scores = predictions[rows, np.where(inside, targets, 0)]
    above = np.count_nonzero(predictions > scores[:, None], axis=1)
    # A row with a nan or an infinity has no order.
    return inside & np.isfinite(predictions).all(axis=1) & (above < k)


def _in_top_shape(predictions: Operand, targets: Operand, *_: Operand) -> Dims:
    rows = dims.with_rank(predictions.dims, 2)[0]
    count = dims.with_rank(targets.dims, 1)[0]
    if None not in (rows, count) and rows != count:
        raise ValueError(f"Dimensions must be equal, but are {rows} and {count}")
    return (count if rows is None else rows,)


@op("InTopKV2", "predictions: float32, targets: T, k: T -> precision: bool", T=INDEX_TYPE)
class InTopKV2:
    """Whether the target class is among the k with the highest scores, per row.

    Classes that tie with the last of those count as being among them.
    """

    grad = None
    shape = _in_top_shape
    samples = (
        case(SCORES, i32([3, 1]), i32(1)),
        case(SCORES, i64([2, 0]), i64(2)),
        case(SCORES, i32([4, -1]), i32(4)),
        case(f32([[np.inf, 1], [0, 1]]), i32([0, 1]), i32(1)),
        case(SCORES, i32([0]), i32(1), raises="Dimensions must be equal|must match"),
    )

    def numpy(predictions: Any, targets: Any, k: Any) -> Any:
        return _in_top(predictions, targets, int(k))


@op("InTopK", "predictions: float32, targets: T -> precision: bool", k=attr("int"), T=INDEX_TYPE)
class InTopK:
    """Whether the target class is among the k with the highest scores, per row."""

    grad = None
    shape = _in_top_shape
    samples = (case(SCORES, i32([3, 1]), k=1), case(SCORES, i64([2, 0]), k=2))

    def numpy(predictions: Any, targets: Any, *, k: int) -> Any:
        return _in_top(predictions, targets, k)


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether the target class is among the k with the highest scores, per row.

    Args:
        predictions: float32 ``[rows, classes]``.
        targets: integers ``[rows]``; one that is no class gives False.
    """
    with name_scope(name, "in_top_k"):
        result: Tensor = apply("InTopKV2", predictions, targets, k)
        return result
