"""Bounding boxes drawn into images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sample_values import f32

__all__ = ["draw_bounding_boxes"]

Array = npt.NDArray[Any]

PALETTE = f32(
    [
        [1, 1, 0, 1],
        [0, 0, 1, 1],
        [1, 0, 0, 1],
        [0, 1, 0, 1],
        [0.5, 0, 0.5, 1],
        [0.5, 0.5, 0, 1],
        [0.5, 0, 0, 1],
        [0, 0, 0.5, 1],
        [0, 1, 1, 1],
        [1, 0, 1, 1],
    ]
)
DEPTHS = (1, 3, 4)
WRONG_DEPTH = "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)"
DRAWN = types((dtypes.float32, dtypes.float16), dtypes.float32)
CANVAS = f32((np.arange(90) % 7) / 8).reshape(2, 3, 5, 3)
BOXES = f32(
    [
        [[0, 0, 1, 1], [0.5, 0.3, 0.9, 0.7], [-1, 0.2, 2, 0.6]],
        [[0.6, 0.1, 0.2, 0.9], [2, 0, 3, 1], [0.2, 0.5, 0.2, 0.5]],
    ]
)


def _draw(images: Array, boxes: Array, colours: Array) -> Array:
    result = images.copy()
    _, height, width, depth = images.shape
    if depth == 1 and colours is PALETTE:
        colours = np.ones((1, 1), np.float32)
    scale = np.array([height - 1, width - 1] * 2, np.float32)
    corners = np.trunc(boxes * scale).astype(np.int64)
    for canvas, rows in zip(result, corners.tolist(), strict=True):
        for number, (top, left, bottom, right) in enumerate(rows):
            colour = colours[number % len(colours), :depth]
            if top > bottom or left > right:
                continue
            if top >= height or bottom < 0 or left >= width or right < 0:
                continue
            down = slice(max(top, 0), min(bottom, height - 1) + 1)
            across = slice(max(left, 0), min(right, width - 1) + 1)
            for row in (top, bottom):
                if 0 <= row < height:
                    canvas[row, across] = colour
            for column in (left, right):
                if 0 <= column < width:
                    canvas[down, column] = colour
    return result


def _canvas(images: Operand, boxes: Operand, *colours: Operand) -> Dims:
    ranks = [(images, 4), (boxes, 3), *((each, 2) for each in colours)]
    for operand, rank in ranks:
        if operand.dims is not None and len(operand.dims) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    if boxes.dims is not None and boxes.dims[2] not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {boxes.dims[2]}")
    if images.dims is not None and images.dims[3] not in (None, *DEPTHS):
        raise ValueError(WRONG_DEPTH)
    return images.dims


def _check_drawn(images: Array, boxes: Array) -> None:
    if len(images) != len(boxes):
        raise InvalidArgumentError(None, None, "The batch sizes should be the same")
    if images.shape[3] not in DEPTHS:
        raise InvalidArgumentError(None, None, WRONG_DEPTH)


DRAWINGS = (
    case(CANVAS, BOXES, grad=False),
    case(CANVAS[..., :1], BOXES, grad=False),
    case(CANVAS, BOXES[:, :0], grad=False),
    case(CANVAS[0], BOXES, raises="Shape must be rank 4 but is rank 3"),
    case(CANVAS, BOXES[..., :3], raises="Dimension must be 4 but is 3"),
    case(CANVAS, BOXES[:1], raises="The batch sizes should be the same"),
    case(CANVAS[..., :2], BOXES, raises="Channel depth should be either 1"),
)


@op("DrawBoundingBoxes", "images: T, boxes: float32 -> output: T", T=DRAWN)
class DrawBoundingBoxes:
    """Images [batch, height, width, channels] with the outlines of boxes [batch, n, 4].

    A box is top, left, bottom, right as fractions of the image. The colours change from box to
    box: yellow, blue, red, green, ...
    """

    grad = None
    shape = _canvas
    samples = DRAWINGS

    def numpy(images: Any, boxes: Any) -> Any:
        _check_drawn(images, boxes)
        return _draw(images, boxes, PALETTE)


@op("DrawBoundingBoxesV2", "images: T, boxes: float32, colors: float32 -> output: T", T=DRAWN)
class DrawBoundingBoxesV2:
    """DrawBoundingBoxes with colours [n, channels], which take turns."""

    shape = _canvas
    samples = (
        case(CANVAS, BOXES, f32([[1, 0.5, 0.25], [0, 1, 1]]), grad=False),
        case(CANVAS[..., :1], BOXES, f32([[0.25]]), grad=False),
        case(CANVAS, BOXES, PALETTE[:0], grad=False),
        case(
            CANVAS, BOXES, f32([[1, 1]]), raises="colors should have at least 3 channels|dimension"
        ),
    )

    def numpy(images: Any, boxes: Any, colors: Any) -> Any:
        _check_drawn(images, boxes)
        if not len(colors):
            return _draw(images, boxes, PALETTE)
        if colors.shape[1] < images.shape[3]:
            text = f"colors should have at least {images.shape[3]} channels, got {colors.shape[1]}"
            raise InvalidArgumentError(None, None, text)
        return _draw(images, boxes, colors)


def draw_bounding_boxes(
    images: Any, boxes: Any, name: str | None = None, colors: Any = None
) -> Tensor:
    """`images` with the outlines of boxes drawn into them.

    Args:
        images: [batch, height, width, channels], float32 or float16; 1, 3 or 4 channels.
        boxes: [batch, n, 4], float32: top, left, bottom, right as fractions of the image.
        colors: [colours, channels], which take turns; ten of them if None.
    """
    drawn: Tensor
    if colors is None:
        drawn = apply("DrawBoundingBoxes", images, boxes, name=name)
    else:
        drawn = apply("DrawBoundingBoxesV2", images, boxes, colors, name=name)
    return drawn
