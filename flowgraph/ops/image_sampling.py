"""Random rectangles for cropping, bit-exact with TensorFlow for the same seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.philox import PhiloxState
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["sample_distorted_bounding_box"]

Array = npt.NDArray[Any]
Rectangle = tuple[int, int, int, int]  # top, left, bottom, right; the last two are outside


@dataclass(frozen=True)
class _Limits:
    """What a sampled rectangle must keep to."""

    covered: float
    ratios: tuple[np.float32, np.float32]
    areas: tuple[np.float32, np.float32]
    attempts: int


def _words(state: PhiloxState, blocks: int) -> Callable[[], int]:
    """The op's next random words, one by one; a number of blocks is reserved."""
    start = state.reserve(blocks)

    def stream() -> Iterator[int]:
        for block in range(blocks):
            yield from state.blocks(start + block, 1)[0].tolist()

    return stream().__next__


def _below(limit: int, word: Callable[[], int]) -> int:
    """A uniform integer in [0, limit)."""
    if limit & (limit - 1) == 0:
        return word() & (limit - 1)
    remainder = 0xFFFFFFFF % limit + 1
    while (drawn := word()) < remainder:
        pass
    return drawn % limit


def _fraction(word: Callable[[], int]) -> np.float32:
    """A uniform number in [0, 1) with 23 bits."""
    return np.float32((word() & 0x7FFFFF) / 0x800000)


def _round(x: Any) -> int:
    return int(np.rint(np.float32(x)))


def _rectangle(
    height: int, width: int, limits: _Limits, word: Callable[[], int]
) -> Rectangle | None:
    """One attempt at a rectangle whose aspect ratio and area are within the limits."""
    low, high = limits.ratios
    ratio = _fraction(word) * (high - low) + low
    least, most = (area * np.float32(width) * np.float32(height) for area in limits.areas)
    tall, tallest = _round(np.sqrt(least / ratio)), _round(np.sqrt(most / ratio))
    if _round(tallest * ratio) > width:
        tallest = int((width + 0.5 - 1e-7) / float(ratio))
        if _round(tallest * ratio) > width:
            tallest -= 1
    tallest = min(tallest, height)
    tall = min(tall, tallest)
    if tall < tallest:
        tall += _below(tallest - tall + 1, word)
    wide = _round(tall * ratio)
    # Rounding may have left the range of areas: one row more, or one less.
    if wide * tall < least:
        tall += 1
        wide = _round(tall * ratio)
    if wide * tall > most:
        tall -= 1
        wide = _round(tall * ratio)
    if not least <= wide * tall <= most or not 0 < wide <= width or not 0 < tall <= height:
        return None
    top = _below(height - tall, word) if tall < height else 0
    left = _below(width - wide, word) if wide < width else 0
    return top, left, top + tall, left + wide


def _area(box: Rectangle) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _covers(crop: Rectangle, boxes: list[Rectangle], least: float) -> bool:
    """Whether the crop holds enough of one of the boxes."""
    if _area(crop) < 1:
        return False
    for box in boxes:
        common = (
            max(crop[0], box[0]),
            max(crop[1], box[1]),
            min(crop[2], box[2]),
            min(crop[3], box[3]),
        )
        if _area(box) >= 1 and np.float32(_area(common)) / np.float32(_area(box)) >= least:
            return True
    return False


def _pixel_boxes(boxes: Array, height: int, width: int, whole: bool) -> list[Rectangle]:
    if not boxes.size:
        if whole:
            return [(0, 0, height, width)]
        text = (
            "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes "
            "if you wish to not provide any bounding boxes."
        )
        raise InvalidArgumentError(None, None, text)
    flat = boxes.reshape(-1, 4)
    if not ((flat >= 0) & (flat <= 1)).all():
        text = "All bounding box coordinates must be in [0.0, 1.0]"
        raise InvalidArgumentError(None, None, text)
    scale = np.array([height, width] * 2, np.float32)
    return [tuple(row) for row in np.trunc(flat * scale).astype(int).tolist()]


def _sampled(
    state: PhiloxState, image_size: Array, boxes: Array, whole: bool, limits: _Limits
) -> tuple[Array, Array, Array]:
    height, width = (int(each) for each in image_size[:2])
    pixels = _pixel_boxes(boxes, height, width, whole)
    word = _words(state, 4 * limits.attempts)
    found: Rectangle = (0, 0, height, width)
    for _ in range(limits.attempts):
        crop = _rectangle(height, width, limits, word)
        if crop is not None and _covers(crop, pixels, limits.covered):
            found = crop
            break
    top, left, bottom, right = found
    dtype = image_size.dtype
    begin = np.array([top, left, 0]).astype(dtype)
    size = np.array([bottom - top, right - left, -1]).astype(dtype)
    scale = np.array([height, width] * 2, np.float32)
    return begin, size, (np.array(found, np.float32) / scale).reshape(1, 1, 4)


def _limits(covered: Any, ratios: Any, areas: Any, attempts: int) -> _Limits:
    for name, pair in (("aspect_ratio_range", ratios), ("area_range", areas)):
        if len(pair) != 2 or min(pair) <= 0 or pair[0] > pair[1]:
            text = f"{name} must be two positive numbers, the second not less: got {list(pair)}"
            raise InvalidArgumentError(None, None, text)
    if covered < 0:
        text = f"Min object covered must be non-negative: {covered}"
        raise InvalidArgumentError(None, None, text)
    low, high = (np.float32(each) for each in ratios)
    least, most = (np.float32(each) for each in areas)
    return _Limits(float(covered), (low, high), (least, most), attempts)


def _sampled_shapes(image_size: Operand, boxes: Operand, *covered: Operand) -> list[Dims]:
    for operand, rank in ((image_size, 1), (boxes, 3), *((each, 0) for each in covered)):
        if operand.dims is not None and len(operand.dims) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    if image_size.dims is not None and image_size.dims[0] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {image_size.dims[0]}")
    if boxes.dims is not None and boxes.dims[2] not in (None, 4):
        raise ValueError(f"Dimension must be 4 but is {boxes.dims[2]}")
    return [(3,), (3,), (1, 1, 4)]


def _state(*, seed: int, seed2: int) -> PhiloxState:
    return PhiloxState(seed, seed2)


SIZES = types((dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64))
RATIOS = [0.75, float(np.float32(1.33))]
AREAS = [float(np.float32(0.05)), 1.0]
ATTRS: dict[str, Any] = {
    "seed": 0,
    "seed2": 0,
    "aspect_ratio_range": attr("list(float)", RATIOS),
    "area_range": attr("list(float)", AREAS),
    "max_attempts": 100,
    "use_image_if_no_bounding_boxes": False,
    "T": SIZES,
}
SEEDS: dict[str, Any] = {"seed": 5, "seed2": 11}
OBJECTS = f32([[[0.1, 0.2, 0.6, 0.7], [0.5, 0.5, 0.9, 1.0]]])


@op(
    "SampleDistortedBoundingBox",
    "image_size: T, bounding_boxes: float32 -> begin: T, size: T, bboxes: float32",
    min_object_covered=0.1,
    **ATTRS,
)
class SampleDistortedBoundingBox:
    """A random rectangle of an image that covers enough of one of the bounding boxes.

    `image_size` is height, width, channels. `begin` and `size` are what Slice takes, `bboxes` is
    the rectangle as DrawBoundingBoxes takes it. Its ratio of width to height and its share of
    the image are within the ranges; after `max_attempts` failures it is the whole image.
    """

    stateful = True
    grad = None
    shape = _sampled_shapes
    new_state = _state
    samples = (
        case(i32([30, 40, 3]), OBJECTS, **SEEDS),
        case(i32([30, 40, 3]), OBJECTS[:, :0], use_image_if_no_bounding_boxes=True, **SEEDS),
        case(i32([30, 40, 3]), OBJECTS, min_object_covered=1.5, max_attempts=3, **SEEDS),
    )

    def numpy(
        image_size: Any,
        bounding_boxes: Any,
        *,
        min_object_covered: float,
        aspect_ratio_range: Any,
        area_range: Any,
        max_attempts: int,
        use_image_if_no_bounding_boxes: bool,
        state: PhiloxState,
    ) -> Any:
        limits = _limits(min_object_covered, aspect_ratio_range, area_range, max_attempts)
        whole = use_image_if_no_bounding_boxes
        return _sampled(state, image_size, bounding_boxes, whole, limits)


@op(
    "SampleDistortedBoundingBoxV2",
    "image_size: T, bounding_boxes: float32, min_object_covered: float32 "
    "-> begin: T, size: T, bboxes: float32",
    **ATTRS,
)
class SampleDistortedBoundingBoxV2:
    """SampleDistortedBoundingBox with a minimum of coverage that may be computed."""

    stateful = True
    grad = None
    shape = _sampled_shapes
    new_state = _state
    samples = (
        *(case(i32([30, 40, 3]), OBJECTS, f32(0.3), seed=n, seed2=n * n) for n in range(1, 7)),
        case(i64([300, 200, 1]), OBJECTS, f32(0.9), area_range=[0.3, 0.6], **SEEDS),
        case(i32([7, 7, 3]), OBJECTS, f32(0), aspect_ratio_range=[0.2, 5.0], **SEEDS),
        case(i32([30, 40, 3]), OBJECTS[:, :0], f32(0.1), raises="No bounding boxes provided"),
        case(i32([30, 40, 3]), OBJECTS * 2, f32(0.1), raises="coordinates must be in .0.0, 1.0."),
        case(i32([30, 40]), OBJECTS, f32(0.1), raises="Dimension must be 3 but is 2"),
        case(i32([30, 40, 3]), OBJECTS[0], f32(0.1), raises="must be rank 3 but is rank 2"),
    )

    def numpy(
        image_size: Any,
        bounding_boxes: Any,
        min_object_covered: Any,
        *,
        aspect_ratio_range: Any,
        area_range: Any,
        max_attempts: int,
        use_image_if_no_bounding_boxes: bool,
        state: PhiloxState,
    ) -> Any:
        limits = _limits(min_object_covered, aspect_ratio_range, area_range, max_attempts)
        whole = use_image_if_no_bounding_boxes
        return _sampled(state, image_size, bounding_boxes, whole, limits)


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """A random rectangle of an image that covers enough of one of the bounding boxes.

    Args:
        image_size: an integer vector: height, width, channels.
        bounding_boxes: [batch, n, 4], float32: top, left, bottom, right as fractions.
        seed, seed2: those of the op itself; both 0 (or None) for other numbers in every session.
        min_object_covered: the least share of one of the boxes.
        aspect_ratio_range: of the rectangle's width over its height; 0.75 to 1.33 if None.
        area_range: of its share of the image; 0.05 to 1 if None.
        max_attempts: after so many failures (100 if None) the whole image is returned.
        use_image_if_no_bounding_boxes: take the whole image for the box if there is none.

    Returns:
        begin and size, for `tf.slice`, and the rectangle [1, 1, 4], for `draw_bounding_boxes`.
    """
    given = {
        "seed": seed,
        "seed2": seed2,
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "max_attempts": max_attempts,
        "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
    }
    attrs = {key: value for key, value in given.items() if value is not None}
    with name_scope(name, "sample_distorted_bounding_box"):
        found: tuple[Tensor, Tensor, Tensor] = apply(
            "SampleDistortedBoundingBoxV2",
            image_size,
            bounding_boxes,
            min_object_covered,
            name=name,
            **attrs,
        )
        return found
