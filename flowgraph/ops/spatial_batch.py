"""Moving blocks of space into the batch and back, by which windows with holes become plain ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims, product
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.static_values import const_value
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import INDEX_TYPE
from flowgraph.ops.constants import zeros
from flowgraph.ops.joining import stack
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = [
    "batch_to_space",
    "batch_to_space_nd",
    "required_space_to_batch_paddings",
    "space_to_batch",
    "space_to_batch_nd",
]

Gradients = list[Any]
Array = np.ndarray[Any, Any]
Table = list[list[int]]
ANY_TYPE = attr("type")
SIZE = attr("int", minimum=2)
IMAGES = np.arange(24.0).reshape(1, 4, 6, 1)
BATCH = np.arange(24.0).reshape(4, 2, 3, 1)
SPOTS = np.arange(12.0).reshape(1, 3, 4, 1)
WORDS = np.array([b"a", b"b", b"c"], object).reshape(1, 3, 1)
NO_PADS = np.zeros((2, 2), np.int32)


def _check(block: Sequence[int], table: Table, what: str) -> None:
    if any(size < 1 for size in block):
        raise ValueError(f"block_shape must be positive, got {list(block)}")
    if len(table) != len(block):
        raise ValueError(f"{what} should have shape [{len(block)}, 2]")
    if any(each < 0 for pair in table for each in pair):
        raise ValueError(f"{what} cannot be negative: {table}")


def _to_batch_dims(sizes: Sequence[int | None], block: Sequence[int], pads: Table | None) -> Dims:
    """The static shape of SpaceToBatch, the pads perhaps not known."""
    if pads is not None:
        _check(block, pads, "paddings")
    lengths: list[int | None] = []
    for axis, length in enumerate(block):
        size = sizes[axis + 1]
        if size is None or pads is None:
            lengths.append(None)
            continue
        whole = size + sum(pads[axis])
        if whole % length:
            raise ValueError(f"Dimension size must be evenly divisible by {length} but is {whole}")
        lengths.append(whole // length)
    batch = None if sizes[0] is None else sizes[0] * product(block)
    return (batch, *lengths, *sizes[len(block) + 1 :])


def _to_space_dims(sizes: Sequence[int | None], block: Sequence[int], crops: Table | None) -> Dims:
    """The static shape of BatchToSpace, the crops perhaps not known."""
    if crops is not None:
        _check(block, crops, "crops")
    factor = product(block)
    batch = sizes[0]
    if batch is not None and batch % factor:
        raise ValueError(f"Dimension size must be evenly divisible by {factor} but is {batch}")
    lengths: list[int | None] = []
    for axis, length in enumerate(block):
        size = sizes[axis + 1]
        if size is None or crops is None:
            lengths.append(None)
            continue
        whole = size * length - sum(crops[axis])
        if whole < 0:
            raise ValueError(
                f"Negative dimension size caused by subtracting {sum(crops[axis])} from "
                f"{size * length}"
            )
        lengths.append(whole)
    batch = None if batch is None else batch // factor
    return (batch, *lengths, *sizes[len(block) + 1 :])


def _table(pads: Operand, rows: int | None) -> Table | None:
    """The value of paddings or crops, if it is known."""
    if pads.dims is not None:
        if len(pads.dims) != 2:
            raise ValueError(f"Shape must be rank 2 but is rank {len(pads.dims)}")
        if pads.dims[1] not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {pads.dims[1]}")
        if rows is not None and pads.dims[0] not in (None, rows):
            raise ValueError(f"Dimension must be {rows} but is {pads.dims[0]}")
    value = pads.const_value()
    return None if value is None else value.tolist()


def _nd_dims(x: Operand, block: Operand, pads: Operand, rule: Any) -> Dims:
    """The static shape of SpaceToBatchND or BatchToSpaceND."""
    if block.dims is not None and len(block.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(block.dims)}")
    count = None if block.dims is None else block.dims[0]
    table = _table(pads, count)
    if x.dims is None or count is None:
        return None
    if len(x.dims) < count + 1:
        raise ValueError(f"Shape must be at least rank {count + 1} but is rank {len(x.dims)}")
    value = block.const_value()
    if value is None:
        return (None,) * (count + 1) + x.dims[count + 1 :]
    found: Dims = rule(x.dims, value.tolist(), table)
    return found


def _four(x: Operand, pads: Operand, size: int, rule: Any) -> Dims:
    """The static shape of the ops for images."""
    if x.dims is not None and len(x.dims) != 4:
        raise ValueError(f"Shape must be rank 4 but is rank {len(x.dims)}")
    found: Dims = rule(x.dims or (None,) * 4, [size, size], _table(pads, 2))
    return found


def _checked(rule: Any, x: Array, block: list[int], table: Table) -> None:
    """Check, when an op runs, what its shape rule checks of static shapes."""
    if x.ndim < len(block) + 1:
        text = f"input rank should be >= {len(block) + 1} instead of {x.ndim}"
        raise errors.InvalidArgumentError(None, None, text)
    try:
        rule(x.shape, block, table)
    except ValueError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None


def _to_batch(x: Array, block: list[int], pads: Table) -> Array:
    _checked(_to_batch_dims, x, block, pads)
    count = len(block)
    if any(before or behind for before, behind in pads):
        inner = x.shape[1 : count + 1]
        sizes = [size + sum(pair) for size, pair in zip(inner, pads, strict=True)]
        whole = np.full(
            (len(x), *sizes, *x.shape[count + 1 :]), b"" if x.dtype == object else 0, x.dtype
        )
        spans = zip(pads, inner, strict=True)
        whole[(slice(None), *(slice(p[0], p[0] + size) for p, size in spans))] = x
        x = whole
    split = [len(x)]
    for size, length in zip(x.shape[1 : count + 1], block, strict=True):
        split += [size // length, length]
    rest = range(2 * count + 1, 2 * count + 1 + x.ndim - count - 1)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count + 1, 2), *rest]
    parts = x.reshape(*split, *x.shape[count + 1 :]).transpose(order)
    shape = (len(x) * product(block), *split[1::2], *x.shape[count + 1 :])
    return np.array(parts, order="C").reshape(shape)


def _to_space(x: Array, block: list[int], crops: Table) -> Array:
    _checked(_to_space_dims, x, block, crops)
    count = len(block)
    batch = len(x) // product(block)
    inner, rest = x.shape[1 : count + 1], x.shape[count + 1 :]
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, 2 * count + 1 + len(rest))
    parts = x.reshape(*block, batch, *inner, *rest).transpose(order)
    sizes = [size * length for size, length in zip(inner, block, strict=True)]
    whole = parts.reshape(batch, *sizes, *rest)
    spans = (slice(pair[0], size - pair[1]) for pair, size in zip(crops, sizes, strict=True))
    return np.array(whole[(slice(None), *spans)], order="C")


@op(
    "SpaceToBatchND",
    "input: T, block_shape: Tblock_shape, paddings: Tpaddings -> output: T",
    T=ANY_TYPE,
    Tblock_shape=INDEX_TYPE,
    Tpaddings=INDEX_TYPE,
)
class SpaceToBatchND:
    """The input, padded with zeros, with blocks of its spatial axes moved into the batch.

    [batch, *sizes, *rest] to [batch * prod(block_shape), *(padded / block_shape), *rest]: entry
    ``offset * batch + b`` holds the elements of b that lie at that offset in their block.
    """

    samples = (
        case(IMAGES, i32([2, 3]), NO_PADS),
        case(IMAGES, i32([2, 2]), i64([[1, 1], [0, 2]])),
        case(f32(IMAGES), i64([2]), i32([[0, 0]])),
        case(WORDS, i32([2]), i32([[0, 1]])),
        case(IMAGES[:0], i32([2, 3]), NO_PADS),
        case(IMAGES.astype(np.int32), i32([1, 2]), NO_PADS),
        case(IMAGES, i32([3, 2]), NO_PADS, raises="divisible by"),
        case(IMAGES[0, 0, 0], i32([1, 1]), NO_PADS, raises="rank"),
    )

    def shape(x: Operand, block: Operand, pads: Operand) -> Dims:
        return _nd_dims(x, block, pads, _to_batch_dims)

    def numpy(x: Any, block: Any, pads: Any) -> Any:
        return _to_batch(x, block.tolist(), pads.tolist())

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("BatchToSpaceND", dy, *op.inputs[1:]), None, None]


@op(
    "BatchToSpaceND",
    "input: T, block_shape: Tblock_shape, crops: Tcrops -> output: T",
    T=ANY_TYPE,
    Tblock_shape=INDEX_TYPE,
    Tcrops=INDEX_TYPE,
)
class BatchToSpaceND:
    """The inverse of SpaceToBatchND: blocks of the batch become blocks of the spatial axes.

    ``crops[i]`` tells how much is cut off spatial axis i, before and behind.
    """

    samples = (
        case(BATCH, i32([2, 2]), NO_PADS),
        case(BATCH, i32([2, 2]), i64([[1, 0], [0, 2]])),
        case(f32(BATCH), i64([4]), i32([[1, 1]])),
        case(np.concatenate([WORDS, WORDS]), i32([2]), i32([[0, 1]])),
        case(BATCH, i32([3, 1]), NO_PADS, raises="divisible by"),
        case(
            BATCH,
            i32([2, 2]),
            i32([[3, 2], [0, 0]]),
            raises="Negative dimension size caused by|cropped_shape",
        ),
    )

    def shape(x: Operand, block: Operand, crops: Operand) -> Dims:
        return _nd_dims(x, block, crops, _to_space_dims)

    def numpy(x: Any, block: Any, crops: Any) -> Any:
        return _to_space(x, block.tolist(), crops.tolist())

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("SpaceToBatchND", dy, *op.inputs[1:]), None, None]


@op(
    "SpaceToBatch",
    "input: T, paddings: Tpaddings -> output: T",
    T=ANY_TYPE,
    Tpaddings=INDEX_TYPE,
    block_size=SIZE,
)
class SpaceToBatch:
    """`SpaceToBatchND` of images, with square blocks."""

    samples = (
        case(IMAGES, NO_PADS, block_size=2),
        case(SPOTS, i32([[1, 0], [0, 0]]), block_size=2),
        case(f32(IMAGES), i64([[0, 2], [0, 0]]), block_size=3),
    )

    def shape(x: Operand, pads: Operand, *, block_size: int) -> Dims:
        return _four(x, pads, block_size, _to_batch_dims)

    def numpy(x: Any, pads: Any, *, block_size: int) -> Any:
        return _to_batch(x, [block_size, block_size], pads.tolist())

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("BatchToSpace", dy, op.inputs[1], block_size=op.attrs["block_size"]), None]


@op(
    "BatchToSpace",
    "input: T, crops: Tidx -> output: T",
    T=ANY_TYPE,
    block_size=SIZE,
    Tidx=INDEX_TYPE,
)
class BatchToSpace:
    """`BatchToSpaceND` of images, with square blocks."""

    samples = (
        case(BATCH, NO_PADS, block_size=2),
        case(BATCH, i64([[1, 0], [0, 2]]), block_size=2),
    )

    def shape(x: Operand, crops: Operand, *, block_size: int) -> Dims:
        return _four(x, crops, block_size, _to_space_dims)

    def numpy(x: Any, crops: Any, *, block_size: int) -> Any:
        return _to_space(x, [block_size, block_size], crops.tolist())

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("SpaceToBatch", dy, op.inputs[1], block_size=op.attrs["block_size"]), None]


def space_to_batch_nd(
    input: Any, block_shape: Any, paddings: Any, name: str | None = None
) -> Tensor:
    """`input`, padded with zeros, with blocks of its spatial axes moved into the batch.

    Args:
        input: [batch, *sizes, *rest].
        block_shape: one integer per spatial axis.
        paddings: [axes, 2], how much to add before and behind; the sum must be a multiple of the
            block's size.

    Returns:
        [batch * prod(block_shape), *(padded / block_shape), *rest]
    """
    result: Tensor = apply("SpaceToBatchND", input, block_shape, paddings, name=name)
    return result


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """The inverse of `space_to_batch_nd`; `crops` is what to cut off each axis, [axes, 2]."""
    result: Tensor = apply("BatchToSpaceND", input, block_shape, crops, name=name)
    return result


def space_to_batch(
    input: Any, paddings: Any, block_size: Any = None, name: str | None = None
) -> Tensor:
    """`space_to_batch_nd` of images [batch, height, width, channels], with square blocks."""
    block = np.array([block_size, block_size], np.int64)
    result = space_to_batch_nd(input, block, paddings, name)
    result.set_shape(result.shape.with_rank(4))
    return result


def batch_to_space(input: Any, crops: Any, block_size: Any, name: str | None = None) -> Tensor:
    """`batch_to_space_nd` of images [batch, height, width, channels], with square blocks."""
    block = np.array([block_size, block_size], np.int64)
    result = batch_to_space_nd(input, block, crops, name)
    result.set_shape(result.shape.with_rank(4))
    return result


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Any, Any]:
    """What to pad before `space_to_batch_nd`, and to cut off after `batch_to_space_nd`.

    Args:
        input_shape: the sizes of the spatial axes, int32.
        block_shape: the sizes of a block, int32 of a known length.
        base_paddings: [axes, 2], the least to pad; zeros by default.

    Returns:
        ``(paddings, crops)``, each [axes, 2].

    Raises:
        ValueError: if these do not fit together.
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        sizes: Any = convert_to_tensor(input_shape, dtypes.int32, name="input_shape")
        block: Any = convert_to_tensor(block_shape, dtypes.int32, name="block_shape")
        block.shape.assert_is_fully_defined()
        block.shape.assert_has_rank(1)
        count = block.shape.as_list()[0]
        if count == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        sizes.shape.assert_is_compatible_with([count])
        if base_paddings is None:
            base: Any = zeros([count, 2], dtypes.int32)
        else:
            base = convert_to_tensor(base_paddings, dtypes.int32, name="base_paddings")
            base.shape.assert_is_compatible_with([count, 2])
        known = [const_value(each) for each in (block, sizes, base)]
        if all(each is not None for each in known):
            block, sizes, base = known
        start, end = base[:, 0], base[:, 1]
        whole = sizes + start + end
        extra = (block - whole % block) % block
        end = end + extra
        paddings = stack([[start[i], end[i]] for i in range(count)], name="paddings")
        crops = stack([[0, extra[i]] for i in range(count)], name="crops")
        return paddings, crops
