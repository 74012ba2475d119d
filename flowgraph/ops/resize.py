"""Resizing batches of images: bilinear, bicubic, by area and to the nearest neighbour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import shape
from flowgraph.ops.resize_kernels import (
    Taps,
    area_taps,
    bicubic_taps,
    bilinear_taps,
    nearest_index,
    resample,
)
from flowgraph.ops.sample_values import f32, i32

__all__ = ["resize_area", "resize_bicubic", "resize_bilinear", "resize_nearest_neighbor"]

Gradients = list[Any]
PIXELS = (
    dtypes.int8,
    dtypes.uint8,
    dtypes.int16,
    dtypes.uint16,
    dtypes.int32,
    dtypes.int64,
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
)
SMALL = f32((np.arange(24) * 7 % 11 - 5) / 4).reshape(1, 3, 4, 2)
PAIR = np.concatenate([SMALL, SMALL[:, ::-1]])


def _rank(operand: Operand, rank: int) -> tuple[int | None, ...]:
    if operand.dims is not None and len(operand.dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    return dims.with_rank(operand.dims, rank)


def sized(images: Operand, size: Operand) -> Dims:
    """The shape rule of resizing: [batch, *size, channels]."""
    batch, _, _, channels = _rank(images, 4)
    (count,) = _rank(size, 1)
    if count not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {count}")
    wanted = size.const_value()
    if wanted is None:
        return batch, None, None, channels
    if (wanted < 0).any():
        raise ValueError(f"Dimension {wanted.min()} must be >= 0")
    return batch, int(wanted[0]), int(wanted[1]), channels


def _like_original(grads: Operand, original: Operand) -> Dims:
    return original.dims


def _wanted(images: Any, size: Any, align: bool, half: bool = False) -> tuple[int, int]:
    if align and half:
        text = "If half_pixel_centers is True, align_corners must be False."
        raise InvalidArgumentError(None, None, text)
    height, width = size.tolist()
    if height <= 0 or width <= 0:
        raise InvalidArgumentError(None, None, "output dimensions must be positive")
    if not images.shape[1] or not images.shape[2]:
        raise InvalidArgumentError(None, None, "input image must be of non-zero size")
    return height, width


def _as_float32(images: Any) -> Any:
    return images.astype(np.float32, copy=False)


Make = Callable[..., Taps]


def _resized(make: Make, images: Any, size: Any, *how: bool) -> Any:
    height, width = _wanted(images, size, *how)
    rows = make(images.shape[1], height, *how)
    columns = make(images.shape[2], width, *how)
    return resample(_as_float32(images), rows, columns)


def _given_back(make: Make, grads: Any, original: Any, *how: bool) -> Any:
    """The gradient of resizing `original`: each element goes back to where it came from."""
    rows = make(original.shape[1], grads.shape[1], *how)
    columns = make(original.shape[2], grads.shape[2], *how)
    dx = resample(_as_float32(grads), rows, columns, transposed=True)
    return dx.astype(original.dtype, copy=False)


def _modes(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ("align_corners", "half_pixel_centers")}


def _samples() -> tuple[Any, ...]:
    return (
        case(SMALL, i32([5, 7])),
        case(PAIR, i32([2, 3])),
        case(SMALL, i32([5, 3]), align_corners=True),
        case(SMALL, i32([5, 7]), half_pixel_centers=True),
        case(SMALL, i32([2, 2]), half_pixel_centers=True),
        case(SMALL, i32([1, 1]), align_corners=True),
        case((SMALL * 40 + 60).astype(np.uint8), i32([4, 4])),
        case((SMALL * 40).astype(np.int32), i32([4, 4])),
        case(SMALL.astype(np.float64), i32([4, 2])),
        case(SMALL.astype(np.float16), i32([4, 2])),
        case(SMALL[:0], i32([4, 2]), grad=False),
        case(SMALL[0], i32([4, 2]), raises="Shape must be rank 4 but is rank 3"),
        case(SMALL, i32([4, 2, 1]), raises="Dimension must be 2 but is 3"),
        case(SMALL, i32([0, 2]), raises="output dimensions must be positive"),
        case(
            SMALL,
            i32([4, 2]),
            align_corners=True,
            half_pixel_centers=True,
            raises="If half_pixel_centers is True, align_corners must be False",
        ),
    )


@op(
    "ResizeBilinear",
    "images: T, size: int32 -> resized_images: float32",
    align_corners=False,
    half_pixel_centers=False,
    T=(*PIXELS, dtypes.bfloat16),
)
class ResizeBilinear:
    """Images [batch, height, width, channels] resized to `size` by linear interpolation.

    The corners of input and output lie upon each other, or, with `align_corners`, the centers of
    their corner pixels; with `half_pixel_centers` pixels are squares around their centers.
    """

    shape = sized
    samples = _samples()

    def numpy(images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        return _resized(bilinear_taps, images, size, align_corners, half_pixel_centers)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("ResizeBilinearGrad", dy, op.inputs[0], **_modes(op)), None]


# TensorFlow calls this op of its own constant.
BACK = (
    case(PAIR, f32(np.zeros((2, 5, 2, 2))), grad=False),
    case(SMALL, f32(np.zeros((1, 2, 6, 2))), align_corners=True, grad=False),
    case(SMALL, f32(np.zeros((1, 5, 2, 2))), half_pixel_centers=True, grad=False),
    # The weights are exact here; elsewhere they are rounded to float32.
    case(SMALL, np.zeros((1, 3, 2, 2)), grad=False),
)


@op(
    "ResizeBilinearGrad",
    "grads: float32, original_image: T -> output: T",
    align_corners=False,
    half_pixel_centers=False,
    T=(dtypes.float32, dtypes.bfloat16, dtypes.float16, dtypes.float64),
)
class ResizeBilinearGrad:
    """The gradient of ResizeBilinear with respect to the images."""

    shape = _like_original
    samples = BACK

    def numpy(grads: Any, original: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        return _given_back(bilinear_taps, grads, original, align_corners, half_pixel_centers)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        size = shape(op.inputs[0])[1:3]
        return [apply("ResizeBilinear", dy, size, **_modes(op)), None]


@op(
    "ResizeBicubic",
    "images: T, size: int32 -> resized_images: float32",
    align_corners=False,
    half_pixel_centers=False,
    T=PIXELS,
)
class ResizeBicubic:
    """Images [batch, height, width, channels] resized to `size` by cubic convolution.

    The attributes are those of ResizeBilinear.
    """

    shape = sized
    samples = _samples()

    def numpy(images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        return _resized(bicubic_taps, images, size, align_corners, half_pixel_centers)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        if op.inputs[0].dtype.base_dtype not in (dtypes.float32, dtypes.float64):
            return [None, None]
        return [apply("ResizeBicubicGrad", dy, op.inputs[0], **_modes(op)), None]


@op(
    "ResizeBicubicGrad",
    "grads: float32, original_image: T -> output: T",
    align_corners=False,
    half_pixel_centers=False,
    T=(dtypes.float32, dtypes.float64),
)
class ResizeBicubicGrad:
    """The gradient of ResizeBicubic with respect to the images."""

    shape = _like_original
    samples = BACK

    def numpy(grads: Any, original: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        return _given_back(bicubic_taps, grads, original, align_corners, half_pixel_centers)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        size = shape(op.inputs[0])[1:3]
        return [apply("ResizeBicubic", dy, size, **_modes(op)), None]


@op(
    "ResizeArea",
    "images: T, size: int32 -> resized_images: float32",
    align_corners=False,
    T=PIXELS,
)
class ResizeArea:
    """Images [batch, height, width, channels] resized to `size`: means over areas of the input."""

    shape = sized
    samples = (
        case(SMALL, i32([2, 3]), grad=False),
        case(PAIR, i32([5, 7]), grad=False),
        case(SMALL, i32([1, 1]), grad=False),
        case(SMALL, i32([2, 3]), align_corners=True, grad=False),
        case((SMALL * 40 + 60).astype(np.uint8), i32([2, 2])),
        case(SMALL.astype(np.float64), i32([2, 4]), grad=False),
        case(SMALL, i32([0, 2]), raises="output dimensions must be positive"),
    )

    def numpy(images: Any, size: Any, *, align_corners: bool) -> Any:
        return _resized(area_taps, images, size, align_corners)


def _picked(images: Any, height: int, width: int, *how: bool) -> Any:
    rows = nearest_index(images.shape[1], height, *how)
    columns = nearest_index(images.shape[2], width, *how)
    return images[:, rows[:, None], columns]


@op(
    "ResizeNearestNeighbor",
    "images: T, size: int32 -> resized_images: T",
    align_corners=False,
    half_pixel_centers=False,
    T=PIXELS,
)
class ResizeNearestNeighbor:
    """Images [batch, height, width, channels] resized to `size` by repeating or leaving out pixels.

    The attributes are those of ResizeBilinear.
    """

    shape = sized
    samples = _samples()

    def numpy(images: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        how = (align_corners, half_pixel_centers)
        return _picked(images, *_wanted(images, size, *how), *how)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        image = op.inputs[0]
        known = image.dims is not None and None not in image.dims[1:3]
        size = list(image.dims[1:3]) if image.dims and known else shape(image)[1:3]
        return [apply("ResizeNearestNeighborGrad", dy, size, **_modes(op)), None]


@op(
    "ResizeNearestNeighborGrad",
    "grads: T, size: int32 -> output: T",
    align_corners=False,
    half_pixel_centers=False,
    T=(
        dtypes.uint8,
        dtypes.int8,
        dtypes.int32,
        dtypes.float16,
        dtypes.float32,
        dtypes.float64,
    ),
)
class ResizeNearestNeighborGrad:
    """The gradient of ResizeNearestNeighbor: what a pixel of the original was copied to, summed."""

    shape = sized
    samples = (
        case(PAIR, i32([5, 2])),
        case(SMALL, i32([2, 2]), align_corners=True),
        case(SMALL, i32([2, 6]), half_pixel_centers=True),
        case(SMALL.astype(np.float64), i32([1, 1])),
        case(SMALL[0], i32([4, 2]), raises="Shape must be rank 4 but is rank 3"),
    )

    def numpy(grads: Any, size: Any, *, align_corners: bool, half_pixel_centers: bool) -> Any:
        how = (align_corners, half_pixel_centers)
        result = grads
        for axis, length in enumerate(_wanted(grads, size, *how), 1):
            index = nearest_index(length, grads.shape[axis], *how)
            ones = np.ones((1, len(index)), grads.dtype)
            result = Taps(index[None], ones, length).backward(result, axis)
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        size = shape(op.inputs[0])[1:3]
        return [apply("ResizeNearestNeighbor", dy, size, **_modes(op)), None]


def resize_bilinear(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """`images` [batch, height, width, channels] resized by linear interpolation, as float32.

    Args:
        size: the new [height, width].
        align_corners: the centers of the corner pixels of input and output lie upon each other.
        half_pixel_centers: pixels are squares around their centers.
    """
    return _apply("ResizeBilinear", images, size, align_corners, half_pixel_centers, name)


def resize_bicubic(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """`images` resized by cubic convolution, as float32; see `resize_bilinear`."""
    return _apply("ResizeBicubic", images, size, align_corners, half_pixel_centers, name)


def resize_nearest_neighbor(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Tensor:
    """`images` resized by repeating or leaving out pixels; see `resize_bilinear`."""
    return _apply("ResizeNearestNeighbor", images, size, align_corners, half_pixel_centers, name)


def resize_area(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None
) -> Tensor:
    """`images` resized to means over areas of the input, as float32; see `resize_bilinear`."""
    resized: Tensor = apply("ResizeArea", images, size, align_corners=align_corners, name=name)
    return resized


def _apply(
    op_type: str, images: Any, size: Any, align: bool, half: bool, name: str | None
) -> Tensor:
    resized: Tensor = apply(
        op_type, images, size, align_corners=align, half_pixel_centers=half, name=name
    )
    return resized
