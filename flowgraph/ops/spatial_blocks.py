"""Moving blocks of pixels into channels and back, and renumbering axes between data formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.spatial_windows import FORMAT_2D, arranged, ranked, spatial

__all__ = ["depth_to_space", "space_to_depth"]

Gradients = list[Any]
BLOCK_ATTRS: dict[str, Any] = {
    "T": attr("type"),
    "block_size": attr("int", minimum=2),
    "data_format": FORMAT_2D,
}
IMAGES = np.arange(48.0).reshape(1, 4, 6, 2)
DEEP = np.arange(48.0).reshape(1, 2, 3, 8)
WORDS = np.array([b"a", b"b", b"c", b"d"], object)


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ("block_size", "data_format")}


def _quotient(size: int | None, divisor: int) -> int | None:
    """`size` over `divisor`, which must go into it."""
    if size is None:
        return None
    if size % divisor:
        raise ValueError(f"Dimension size must be evenly divisible by {divisor} but is {size}")
    return size // divisor


def _multiple(size: int | None, factor: int) -> int | None:
    return None if size is None else size * factor


def _divides(size: int, divisor: int, what: str) -> None:
    if size % divisor:
        text = f"{what} {size} should be divisible by: {divisor}"
        raise errors.InvalidArgumentError(None, None, text)


@op("SpaceToDepth", "input: T -> output: T", **BLOCK_ATTRS)
class SpaceToDepth:
    """Images whose blocks of ``block_size ** 2`` pixels became the channels of one pixel each.

    [batch, height, width, channels] to
    [batch, height / block_size, width / block_size, channels * block_size ** 2], or with the
    channels second for NCHW.
    """

    samples = (
        case(IMAGES, block_size=2),
        case(IMAGES.astype(np.float32), block_size=2),
        case(IMAGES.astype(np.int32)[:, :3, :3], block_size=3),
        case(WORDS.reshape(1, 2, 2, 1), block_size=2),
        case(IMAGES.reshape(1, 2, 4, 6), block_size=2, data_format="NCHW"),
        case(IMAGES[:0], block_size=2),
        case(IMAGES[:, :3], block_size=2, raises="divisible by"),
        case(IMAGES[0], block_size=2, raises="must be rank 4|[Ii]nput rank should be"),
    )

    def shape(x: Operand, *, block_size: int, data_format: str) -> Dims:
        sizes = ranked(x, 4)
        lengths = [_quotient(each, block_size) for each in spatial(sizes, data_format)]
        channels = _multiple(sizes[data_format.index("C")], block_size**2)
        return arranged(sizes[0], lengths, channels, data_format)

    def numpy(x: Any, *, block_size: int, data_format: str) -> Any:
        b = block_size
        height, width = spatial(x.shape, data_format)
        _divides(height, b, "Image height")
        _divides(width, b, "Image width")
        h, w, channels = height // b, width // b, x.shape[data_format.index("C")]
        if data_format == "NCHW":
            parts = x.reshape(len(x), channels, h, b, w, b).transpose(0, 3, 5, 1, 2, 4)
            return np.array(parts, order="C").reshape(len(x), b * b * channels, h, w)
        parts = x.reshape(len(x), h, b, w, b, channels).transpose(0, 1, 3, 2, 4, 5)
        return np.array(parts, order="C").reshape(len(x), h, w, b * b * channels)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("DepthToSpace", dy, **_attrs(op))]


@op("DepthToSpace", "input: T -> output: T", **BLOCK_ATTRS)
class DepthToSpace:
    """The inverse of SpaceToDepth: the channels of each pixel become a block of pixels.

    [batch, height, width, channels] to
    [batch, height * block_size, width * block_size, channels / block_size ** 2], or with the
    channels second for NCHW.
    """

    samples = (
        case(DEEP, block_size=2),
        case(DEEP.astype(np.float32), block_size=2),
        case(np.arange(18).reshape(1, 1, 1, 18).astype(np.int32), block_size=3),
        case(WORDS.reshape(1, 1, 1, 4), block_size=2),
        case(DEEP.reshape(1, 8, 2, 3), block_size=2, data_format="NCHW"),
        case(DEEP[..., :6], block_size=2, raises="divisible by"),
        case(DEEP[0], block_size=2, raises="must be rank 4|[Ii]nput rank should be"),
    )

    def shape(x: Operand, *, block_size: int, data_format: str) -> Dims:
        sizes = ranked(x, 4)
        lengths = [_multiple(each, block_size) for each in spatial(sizes, data_format)]
        channels = _quotient(sizes[data_format.index("C")], block_size**2)
        return arranged(sizes[0], lengths, channels, data_format)

    def numpy(x: Any, *, block_size: int, data_format: str) -> Any:
        b = block_size
        h, w = spatial(x.shape, data_format)
        whole = x.shape[data_format.index("C")]
        _divides(whole, b * b, "Input depth dimension")
        channels = whole // (b * b)
        if data_format == "NCHW":
            parts = x.reshape(len(x), b, b, channels, h, w).transpose(0, 3, 4, 1, 5, 2)
            return np.array(parts, order="C").reshape(len(x), channels, h * b, w * b)
        parts = x.reshape(len(x), h, w, b, b, channels).transpose(0, 1, 3, 2, 4, 5)
        return np.array(parts, order="C").reshape(len(x), h * b, w * b, channels)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("SpaceToDepth", dy, **_attrs(op))]


FORMAT_ATTRS: dict[str, Any] = {
    "T": types(INDEX, dtypes.int32),
    "src_format": "NHWC",
    "dst_format": "NCHW",
}


@op("DataFormatDimMap", "x: T -> y: T", **FORMAT_ATTRS)
class DataFormatDimMap:
    """The number of an axis in another data format: axis x of `src_format` as in `dst_format`."""

    grad = None
    samples = (
        case(i32([0, 1, 2, 3, -1, -4])),
        case(i64([[1, 3], [-2, 2]]), src_format="NCHW", dst_format="NHWC"),
        case(i32(2)),
    )

    def shape(x: Operand) -> Dims:
        return x.dims

    def numpy(x: Any, *, src_format: str, dst_format: str) -> Any:
        count = len(src_format)
        places = np.array([dst_format.index(each) for each in src_format], x.dtype)
        if np.size(x) and (np.min(x) < -count or np.max(x) >= count):
            text = f"x must be within [-{count}, {count})"
            raise errors.InvalidArgumentError(None, None, text)
        return places[np.mod(x, count)]


@op("DataFormatVecPermute", "x: T -> y: T", **FORMAT_ATTRS)
class DataFormatVecPermute:
    """A vector of one number per axis, or a matrix of one pair per axis, in another data format.

    It may have entries for the spatial axes only.
    """

    grad = None
    samples = (
        case(i32([7, 4, 9, 3])),
        case(i64([7, 4, 9, 3]), src_format="NCHW", dst_format="NHWC"),
        case(i32([[7, 0], [4, 1], [9, 2], [5, 3]])),
        case(i32([3, 4]), src_format="NHWC", dst_format="NCHW"),
        case(i32([1, 2, 3]), raises="must be of size|4 or 2"),
    )

    def shape(x: Operand) -> Dims:
        if x.dims is not None and len(x.dims) not in (1, 2):
            raise ValueError(f"Shape must be rank 1 or 2 but is rank {len(x.dims)}")
        return x.dims

    def numpy(x: Any, *, src_format: str, dst_format: str) -> Any:
        if len(x) != len(src_format):
            if len(x) != len(src_format) - 2:
                text = f"x must be of size 4 or 2, got shape {list(x.shape)}"
                raise errors.InvalidArgumentError(None, None, text)
            src_format, dst_format = (
                "".join(each for each in form if each not in "NC")
                for form in (src_format, dst_format)
            )
        return x[[src_format.index(each) for each in dst_format]]


def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Images whose blocks of pixels became the channels of one pixel each.

    Args:
        input: [batch, height, width, channels], or with the channels second for NCHW.
        block_size: the height and width of a block, at least 2; must divide those of the images.

    Returns:
        [batch, height / block_size, width / block_size, channels * block_size ** 2], or NCHW.
    """
    result: Tensor = apply(
        "SpaceToDepth", input, block_size=block_size, data_format=data_format, name=name
    )
    return result


def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """The inverse of `space_to_depth`; block_size ** 2 must divide the number of channels."""
    result: Tensor = apply(
        "DepthToSpace", input, block_size=block_size, data_format=data_format, name=name
    )
    return result
