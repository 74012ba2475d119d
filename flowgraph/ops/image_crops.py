"""Boxes cut out of images and resized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.errors import InvalidArgumentError, OutOfRangeError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import shape
from flowgraph.ops.resize import PIXELS
from flowgraph.ops.sample_values import f32, i32

__all__ = ["crop_and_resize"]

Array = npt.NDArray[Any]
Gradients = list[Any]

IMAGES = f32((np.arange(96) * 7 % 23 - 11) / 4).reshape(2, 4, 6, 2)
BOXES = f32([[0.1, 0.2, 0.8, 0.9], [0.7, 0.9, 0.2, 0.3], [-0.2, 0.1, 0.6, 1.3]])
WHICH = i32([1, 0, 1])
SIZE = i32([3, 2])
METHOD = attr("string", "bilinear", allowed=("bilinear", "nearest"))


@dataclass(frozen=True)
class _Axis:
    """Where the elements of crops lie along one axis of the images: arrays [boxes, crop].

    Attributes:
        place: in pixels.
        inside: whether that is within the image.
        low, high: the neighbours; `share` is how near `place` is to the higher one.
        slope: the derivative of `place` by the box's two ends, [2, boxes or 1, crop].
    """

    place: Array
    inside: Array
    low: Array
    high: Array
    share: Array
    slope: Array


def _axis(begin: Array, end: Array, length: int, wanted: int) -> _Axis:
    last = np.float32(length - 1)
    if wanted > 1:
        steps = np.arange(wanted, dtype=np.float32)
        scale = (end - begin) * last / np.float32(wanted - 1)
        place = (begin * last)[:, None] + steps * scale[:, None]
        later = steps * (last / np.float32(wanted - 1))
        slope = np.stack([last - later, later])[:, None]
    else:
        place = (np.float32(0.5) * (begin + end) * last)[:, None]
        slope = np.full((2, 1, 1), np.float32(0.5) * last)
    inside = (place >= 0) & (place <= last)
    place = np.where(inside, place, 0)
    below = np.floor(place)
    low, high = below.astype(np.intp), np.ceil(place).astype(np.intp)
    return _Axis(place, inside, low, high, place - below, slope)


def _axes(boxes: Array, image_shape: Any, crop: Any) -> tuple[_Axis, _Axis]:
    _, height, width, _ = image_shape
    y1, x1, y2, x2 = boxes.T
    return _axis(y1, y2, height, crop[0]), _axis(x1, x2, width, crop[1])


def _nearest(axis: _Axis) -> Array:
    """Halves are rounded up."""
    return np.floor(axis.place.astype(np.float64) + 0.5).astype(np.intp)


def _corners(y: _Axis, x: _Axis) -> list[tuple[Array, Array, Array]]:
    """Rows, columns and weights, [boxes, crop height, crop width], of the four neighbours."""
    one = np.float32(1)
    rows = [(y.low, one - y.share), (y.high, y.share)]
    columns = [(x.low, one - x.share), (x.high, x.share)]
    return [
        (row[:, :, None], column[:, None, :], down[:, :, None] * across[:, None, :])
        for row, down in rows
        for column, across in columns
    ]


def _check_which(box_ind: Array, batch: int) -> None:
    if box_ind.size and not (box_ind.min() >= 0 and box_ind.max() < batch):
        text = f"box_index has values outside [0, batch_size) (batch_size = {batch})"
        raise OutOfRangeError(None, None, text)


def _check_operands(boxes: Operand, box_ind: Operand) -> int | None:
    """The number of boxes, as far as it is known."""
    for operand, rank in ((boxes, 2), (box_ind, 1)):
        if operand.dims is not None and len(operand.dims) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    counts = [each.dims[0] for each in (boxes, box_ind) if each.dims is not None]
    known = sorted({count for count in counts if count is not None})
    if len(known) > 1:
        raise ValueError(f"Dimensions must be equal, but are {counts[0]} and {counts[1]}")
    if boxes.dims is not None and boxes.dims[1] not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {boxes.dims[1]}")
    return known[0] if known else None


def _image_dims(image: Operand) -> tuple[int | None, ...]:
    if image.dims is not None and len(image.dims) != 4:
        raise ValueError(f"Shape must be rank 4 but is rank {len(image.dims)}")
    return dims.with_rank(image.dims, 4)


@op(
    "CropAndResize",
    "image: T, boxes: float32, box_ind: int32, crop_size: int32 -> crops: float32",
    method=METHOD,
    extrapolation_value=0.0,
    T=PIXELS,
)
class CropAndResize:
    """Boxes cut out of images [batch, height, width, channels] and resized to `crop_size`.

    A box is y1, x1, y2, x2, where 0 is the first and 1 the last row (column); it may be flipped
    (y1 > y2). What lies outside of the image becomes `extrapolation_value`.
    """

    samples = (
        case(IMAGES, BOXES, WHICH, SIZE),
        case(IMAGES, BOXES, WHICH, i32([1, 1]), extrapolation_value=-3.5),
        case(IMAGES, BOXES, WHICH, i32([1, 4]), method="nearest", grad=False),
        case((IMAGES * 16 + 60).astype(np.uint8), BOXES, WHICH, SIZE),
        case(IMAGES.astype(np.float64), BOXES, WHICH, SIZE, grad=False),
        case(IMAGES.astype(np.float16), BOXES, WHICH, SIZE, grad=False),
        case(IMAGES, BOXES[:0], WHICH[:0], SIZE, grad=False),
        case(IMAGES[0], BOXES, WHICH, SIZE, raises="Shape must be rank 4 but is rank 3"),
        case(IMAGES, BOXES[:, :3], WHICH, SIZE, raises="Dimension must be 4 but is 3"),
        case(IMAGES, BOXES, WHICH[:2], SIZE, raises="must be equal, but are 3 and 2"),
        case(IMAGES, BOXES, WHICH, i32([3]), raises="Dimension must be 2 but is 1"),
        case(IMAGES, BOXES, WHICH + 1, SIZE, raises="box_index has values outside"),
        case(IMAGES, BOXES, WHICH, i32([0, 2]), raises="crop dimensions must be positive"),
    )

    def shape(image: Operand, boxes: Operand, box_ind: Operand, crop_size: Operand) -> Dims:
        channels = _image_dims(image)[3]
        count = _check_operands(boxes, box_ind)
        if crop_size.dims is not None and len(crop_size.dims) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(crop_size.dims)}")
        if crop_size.dims is not None and crop_size.dims[0] not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {crop_size.dims[0]}")
        size = crop_size.const_value()
        if size is None:
            return count, None, None, channels
        return count, int(size[0]), int(size[1]), channels

    def numpy(
        image: Any,
        boxes: Any,
        box_ind: Any,
        crop_size: Any,
        *,
        method: str,
        extrapolation_value: float,
    ) -> Any:
        crop = crop_size.tolist()
        if min(crop) <= 0:
            raise InvalidArgumentError(None, None, "crop dimensions must be positive")
        _check_which(box_ind, len(image))
        y, x = _axes(boxes, image.shape, crop)
        which = box_ind[:, None, None]
        if method == "nearest":
            crops = image[which, _nearest(y)[:, :, None], _nearest(x)[:, None, :]]
            crops = crops.astype(np.float32, copy=False)
        else:
            crops = np.zeros((len(boxes), *crop, image.shape[3]), np.float32)
            for row, column, weight in _corners(y, x):
                crops += image[which, row, column].astype(np.float32) * weight[..., None]
        inside = y.inside[:, :, None] & x.inside[:, None, :]
        crops[~inside] = extrapolation_value
        return crops

    def grad(op: Operation, dy: Tensor) -> Gradients:
        image, boxes, box_ind = op.inputs[:3]
        d_image = None
        if image.dtype.base_dtype in BACKWARD:
            known = image.dims is not None and None not in image.dims
            size = list(image.dims) if image.dims and known else shape(image)
            attrs = {"T": image.dtype.base_dtype, "method": op.attrs["method"]}
            d_image = apply("CropAndResizeGradImage", dy, boxes, box_ind, size, **attrs)
        d_boxes = apply("CropAndResizeGradBoxes", dy, image, boxes, box_ind)
        return [d_image, d_boxes, None, None]


BACKWARD = (dtypes.float32, dtypes.float16, dtypes.float64)
GRADS = f32((np.arange(36) * 5 % 13 - 6) / 4).reshape(3, 3, 2, 2)
IMAGE_SIZE = i32([2, 4, 6, 2])


@op(
    "CropAndResizeGradImage",
    "grads: float32, boxes: float32, box_ind: int32, image_size: int32 -> output: T",
    T=BACKWARD,
    method=METHOD,
)
class CropAndResizeGradImage:
    """The gradient of CropAndResize with respect to the images."""

    samples = (
        case(GRADS, BOXES, WHICH, IMAGE_SIZE, T=dtypes.float32, grad=False),
        case(GRADS, BOXES, WHICH, IMAGE_SIZE, T=dtypes.float32, method="nearest", grad=False),
        case(GRADS[:, :1], BOXES, WHICH, IMAGE_SIZE, T=dtypes.float16, grad=False),
        case(GRADS[0], BOXES, WHICH, IMAGE_SIZE, T=dtypes.float32, raises="must be rank 4 but is"),
        case(GRADS, BOXES, WHICH, IMAGE_SIZE[:3], T=dtypes.float32, raises="must be 4 but is 3"),
    )

    def shape(grads: Operand, boxes: Operand, box_ind: Operand, image_size: Operand) -> Dims:
        _image_dims(grads)
        _check_operands(boxes, box_ind)
        known = image_size.const_dims()
        if known is not None and len(known) != 4:
            raise ValueError(f"Dimension must be 4 but is {len(known)}")
        return (None,) * 4 if known is None else known

    def numpy(
        grads: Any, boxes: Any, box_ind: Any, image_size: Any, *, T: DType, method: str
    ) -> Any:
        lengths = image_size.tolist()
        _check_which(box_ind, lengths[0])
        y, x = _axes(boxes, lengths, grads.shape[1:3])
        inside = y.inside[:, :, None] & x.inside[:, None, :]
        given = np.where(inside[..., None], grads, 0)
        which = box_ind[:, None, None]
        result = np.zeros(lengths, np.float64 if T is dtypes.float64 else np.float32)
        if method == "nearest":
            np.add.at(result, (which, _nearest(y)[:, :, None], _nearest(x)[:, None, :]), given)
        else:
            for row, column, weight in _corners(y, x):
                np.add.at(result, (which, row, column), given * weight[..., None])
        return result.astype(T.np, copy=False)


@op(
    "CropAndResizeGradBoxes",
    "grads: float32, image: T, boxes: float32, box_ind: int32 -> output: float32",
    T=PIXELS,
    method=attr("string", "bilinear", allowed=("bilinear",)),
)
class CropAndResizeGradBoxes:
    """The gradient of CropAndResize with respect to the boxes."""

    samples = (
        case(GRADS, IMAGES, BOXES, WHICH, grad=False),
        case(GRADS[:, :1, :1], IMAGES, BOXES, WHICH, grad=False),
        case(GRADS, (IMAGES * 16).astype(np.int32), BOXES, WHICH, grad=False),
        case(GRADS[0], IMAGES, BOXES, WHICH, raises="Shape must be rank 4 but is rank 3"),
        case(GRADS, IMAGES[0], BOXES, WHICH, raises="Shape must be rank 4 but is rank 3"),
    )

    def shape(grads: Operand, image: Operand, boxes: Operand, box_ind: Operand) -> Dims:
        _image_dims(grads)
        _image_dims(image)
        _check_operands(boxes, box_ind)
        return boxes.dims if boxes.dims is None else (boxes.dims[0], 4)

    def numpy(grads: Any, image: Any, boxes: Any, box_ind: Any, *, method: str) -> Any:
        _check_which(box_ind, len(image))
        y, x = _axes(boxes, image.shape, grads.shape[1:3])
        which = box_ind[:, None, None]
        inside = (y.inside[:, :, None] & x.inside[:, None, :])[..., None]
        corners = [
            image[which, row, column].astype(np.float32) for row, column, _ in _corners(y, x)
        ]
        top_left, top_right, bottom_left, bottom_right = corners
        across = x.share[:, None, :, None]
        down = y.share[:, :, None, None]
        one = np.float32(1)
        by_y = (one - across) * (bottom_left - top_left) + across * (bottom_right - top_right)
        by_x = (one - down) * (top_right - top_left) + down * (bottom_right - bottom_left)
        by_y = np.where(inside, grads * by_y, 0).sum((2, 3))
        by_x = np.where(inside, grads * by_x, 0).sum((1, 3))
        y1, y2 = (by_y * y.slope).sum(-1)
        x1, x2 = (by_x * x.slope).sum(-1)
        return np.stack([y1, x1, y2, x2], 1)


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Tensor:
    """Boxes cut out of images and resized.

    Args:
        image: [batch, height, width, channels]
        boxes: [n, 4], float32: y1, x1, y2, x2, where 0 is the first and 1 the last row (column).
            A box may be flipped (y1 > y2) or leave the image.
        box_ind: [n], the number of the image of each box; also called `box_indices`.
        crop_size: [crop height, crop width]
        method: "bilinear" or "nearest".
        extrapolation_value: for what lies outside of the image.

    Returns:
        float32 [n, crop height, crop width, channels]

    Raises:
        ValueError: if both names of one argument are used.
    """
    if box_indices is not None:
        if box_ind is not None:
            raise ValueError("Cannot specify both 'box_ind' and 'box_indices'.")
        box_ind = box_indices
    crops: Tensor = apply(
        "CropAndResize",
        image,
        boxes,
        box_ind,
        crop_size,
        method=method,
        extrapolation_value=extrapolation_value,
        name=name,
    )
    return crops
