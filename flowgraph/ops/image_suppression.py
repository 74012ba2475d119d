"""Non-maximum suppression: of boxes that overlap much, the one with the best score is kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.ops.image_suppression_kernels import (
    intersection_over_union,
    select,
    select_softly,
)
from flowgraph.ops.sample_values import f32, i32

__all__ = ["BOXES", "MINUS_INFINITY", "SCORES", "limit_of", "scalars"]

Array = npt.NDArray[Any]
SCORED = types((dtypes.float16, dtypes.float32), dtypes.float32)
MINUS_INFINITY = -math.inf

BOXES = f32(
    [
        [0, 0, 1, 1],
        [0, 0.1, 1, 1.1],
        [0, -0.1, 1, 0.9],
        [0, 10, 1, 11],
        [1, 11.1, 0, 10.1],
        [0, 100, 1, 101],
        [3, 3, 3, 3],
    ]
)
SCORES = f32([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.3])
HALF, NEGATIVE = f32(0.5), f32(0.35)


def scalars(*operands: Operand) -> None:
    """Raise ValueError unless these are scalars, or may be."""
    for operand in operands:
        if operand.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(operand.dims)}")


def _check_boxes(boxes: Operand, scores: Operand, columns: int = 4) -> None:
    if boxes.dims is not None and len(boxes.dims) != 2:
        raise ValueError(f"Shape must be rank 2 but is rank {len(boxes.dims)}")
    if scores.dims is not None and len(scores.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(scores.dims)}")
    if boxes.dims is not None and scores.dims is not None:
        count, given = boxes.dims[0], scores.dims[0]
        if None not in (count, given) and count != given:
            raise ValueError(f"Dimensions must be equal, but are {count} and {given}")
    if boxes.dims is not None and columns and boxes.dims[1] not in (None, columns):
        raise ValueError(f"Dimension must be {columns} but is {boxes.dims[1]}")


def _selected(boxes: Operand, scores: Operand, *numbers: Operand) -> Dims:
    _check_boxes(boxes, scores)
    scalars(*numbers)
    return (None,)


def limit_of(max_output_size: Any) -> int:
    """How many boxes may be kept. Raises InvalidArgumentError for negative numbers."""
    if max_output_size < 0:
        text = f"max_output_size must be non-negative, got {max_output_size}"
        raise InvalidArgumentError(None, None, text)
    return int(max_output_size)


def _chosen(boxes: Any, scores: Any, limit: Any, threshold: Any, least: Any) -> Array:
    if not 0 <= threshold <= 1:
        raise InvalidArgumentError(None, None, "iou_threshold must be in [0, 1]")
    wide = boxes.astype(np.float32, copy=False)
    overlap = intersection_over_union(wide)
    return select(scores, limit_of(limit), float(threshold), float(least), overlap)


def _samples(*numbers: Any) -> Any:
    """Samples by what follows `max_output_size`."""
    halves = tuple(each.astype(np.float16) for each in numbers)
    return (
        case(BOXES, SCORES, i32(5), *numbers),
        case(BOXES, SCORES, i32(2), *numbers),
        case(BOXES[:, [2, 3, 0, 1]], SCORES, i32(30), *numbers),
        case(BOXES.astype(np.float16), SCORES.astype(np.float16), i32(5), *halves),
        case(BOXES[:0], SCORES[:0], i32(5), *numbers),
        case(BOXES, SCORES, i32(0), *numbers),
        case(BOXES[0], SCORES, i32(5), *numbers, raises="Shape must be rank 2 but is rank 1"),
        case(BOXES, SCORES[:6], i32(5), *numbers, raises="must be equal, but are 7 and 6"),
        case(BOXES[:, :3], SCORES, i32(5), *numbers, raises="Dimension must be 4 but is 3"),
        case(BOXES, SCORES, i32([5]), *numbers, raises="Shape must be rank 0 but is rank 1"),
    )


@op(
    "NonMaxSuppression",
    "boxes: float32, scores: float32, max_output_size: int32 -> selected_indices: int32",
    iou_threshold=0.5,
)
class NonMaxSuppression:
    """The numbers of the boxes [n, 4] that are kept, best score first.

    A box is left out if its overlap with a better one that is kept (the area of their
    intersection over that of their union) exceeds `iou_threshold`.
    """

    grad = None
    shape = _selected
    samples = (
        case(BOXES, SCORES, i32(5)),
        case(BOXES, SCORES, i32(5), iou_threshold=0.9),
        case(BOXES[0], SCORES, i32(5), raises="Shape must be rank 2 but is rank 1"),
    )

    def numpy(boxes: Any, scores: Any, max_output_size: Any, *, iou_threshold: float) -> Any:
        return _chosen(boxes, scores, max_output_size, iou_threshold, MINUS_INFINITY)


@op(
    "NonMaxSuppressionV2",
    "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold"
    " -> selected_indices: int32",
    T=SCORED,
    T_threshold=SCORED,
)
class NonMaxSuppressionV2:
    """NonMaxSuppression with a threshold that may be computed."""

    grad = None
    shape = _selected
    samples = _samples(HALF)

    def numpy(boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any) -> Any:
        return _chosen(boxes, scores, max_output_size, iou_threshold, MINUS_INFINITY)


@op(
    "NonMaxSuppressionV3",
    "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
    "score_threshold: T_threshold -> selected_indices: int32",
    T=SCORED,
    T_threshold=SCORED,
)
class NonMaxSuppressionV3:
    """NonMaxSuppressionV2 that leaves out the boxes with scores up to `score_threshold`, too."""

    grad = None
    shape = _selected
    samples = _samples(HALF, NEGATIVE)

    def numpy(
        boxes: Any, scores: Any, max_output_size: Any, iou_threshold: Any, score_threshold: Any
    ) -> Any:
        return _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold)


def _padded_size(max_output_size: Operand, pad: bool) -> int | None:
    known = max_output_size.const_value() if pad else None
    return None if known is None else int(known)


def _padded(values: Array, size: int) -> Array:
    return np.pad(values, (0, size - len(values)))


@op(
    "NonMaxSuppressionV4",
    "boxes: T, scores: T, max_output_size: int32, iou_threshold: T_threshold, "
    "score_threshold: T_threshold -> selected_indices: int32, valid_outputs: int32",
    T=SCORED,
    T_threshold=SCORED,
    pad_to_max_output_size=False,
)
class NonMaxSuppressionV4:
    """NonMaxSuppressionV3 that also tells how many boxes it keeps, and can pad them with 0."""

    grad = None
    samples = (
        *_samples(HALF, NEGATIVE),
        case(BOXES, SCORES, i32(5), HALF, NEGATIVE, pad_to_max_output_size=True),
    )

    def shape(
        boxes: Operand,
        scores: Operand,
        max_output_size: Operand,
        iou_threshold: Operand,
        score_threshold: Operand,
        *,
        pad_to_max_output_size: bool,
    ) -> list[Dims]:
        _selected(boxes, scores, max_output_size, iou_threshold, score_threshold)
        return [(_padded_size(max_output_size, pad_to_max_output_size),), ()]

    def numpy(
        boxes: Any,
        scores: Any,
        max_output_size: Any,
        iou_threshold: Any,
        score_threshold: Any,
        *,
        pad_to_max_output_size: bool,
    ) -> Any:
        found = _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold)
        count = np.int32(len(found))
        return _padded(found, int(max_output_size)) if pad_to_max_output_size else found, count


@op(
    "NonMaxSuppressionV5",
    "boxes: T, scores: T, max_output_size: int32, iou_threshold: T, score_threshold: T, "
    "soft_nms_sigma: T -> selected_indices: int32, selected_scores: T, valid_outputs: int32",
    T=SCORED,
    pad_to_max_output_size=False,
)
class NonMaxSuppressionV5:
    """NonMaxSuppressionV4 that also tells the scores, and can lower them instead of leaving out.

    With a positive `soft_nms_sigma`, a kept box multiplies the scores of the others by
    ``exp(-overlap^2 / (2 * soft_nms_sigma))``, and `iou_threshold` does nothing.
    """

    grad = None
    samples = (
        *_samples(HALF, NEGATIVE, f32(0)),
        case(BOXES, SCORES, i32(6), HALF, f32(0.1), f32(0.5), grad=False),
        case(
            BOXES,
            SCORES,
            i32(7),
            HALF,
            NEGATIVE,
            f32(0.25),
            pad_to_max_output_size=True,
            grad=False,
        ),
    )

    def shape(
        boxes: Operand,
        scores: Operand,
        max_output_size: Operand,
        iou_threshold: Operand,
        score_threshold: Operand,
        soft_nms_sigma: Operand,
        *,
        pad_to_max_output_size: bool,
    ) -> list[Dims]:
        _selected(boxes, scores, max_output_size, iou_threshold, score_threshold, soft_nms_sigma)
        size = _padded_size(max_output_size, pad_to_max_output_size)
        return [(size,), (size,), ()]

    def numpy(
        boxes: Any,
        scores: Any,
        max_output_size: Any,
        iou_threshold: Any,
        score_threshold: Any,
        soft_nms_sigma: Any,
        *,
        pad_to_max_output_size: bool,
    ) -> Any:
        if soft_nms_sigma > 0:
            overlap = intersection_over_union(boxes.astype(np.float32, copy=False))
            found, lowered = select_softly(
                scores.astype(np.float32),
                limit_of(max_output_size),
                float(score_threshold),
                float(soft_nms_sigma),
                overlap,
            )
            lowered = lowered.astype(scores.dtype)
        else:
            found = _chosen(boxes, scores, max_output_size, iou_threshold, score_threshold)
            lowered = scores[found]
        count = np.int32(len(found))
        if pad_to_max_output_size:
            size = int(max_output_size)
            found, lowered = _padded(found, size), _padded(lowered, size)
        return found, lowered, count


OVERLAPS = f32([[1, 0.6, 0.2, 0], [0.6, 1, 0.1, 0.7], [0.2, 0.1, 1, 0.5], [0, 0.7, 0.5, 1]])


@op(
    "NonMaxSuppressionWithOverlaps",
    "overlaps: float32, scores: float32, max_output_size: int32, overlap_threshold: float32, "
    "score_threshold: float32 -> selected_indices: int32",
)
class NonMaxSuppressionWithOverlaps:
    """NonMaxSuppressionV3 for overlaps [n, n] that are given instead of boxes."""

    grad = None
    samples = (
        case(OVERLAPS, SCORES[:4], i32(4), HALF, f32(0)),
        case(OVERLAPS, SCORES[:4], i32(1), f32(0.15), f32(0)),
        case(OVERLAPS, SCORES[:4], i32(4), HALF, f32(0.7)),
        case(OVERLAPS[0], SCORES, i32(5), HALF, HALF, raises="must be rank 2 but is rank 1"),
        case(OVERLAPS[:, :3], SCORES[:4], i32(5), HALF, HALF, raises="must be equal, but are"),
    )

    def shape(overlaps: Operand, scores: Operand, *numbers: Operand) -> Dims:
        _check_boxes(overlaps, scores, 0)
        if overlaps.dims is not None and None not in overlaps.dims:
            rows, columns = overlaps.dims
            if rows != columns:
                raise ValueError(f"Dimensions must be equal, but are {rows} and {columns}")
        scalars(*numbers)
        return (None,)

    def numpy(
        overlaps: Any,
        scores: Any,
        max_output_size: Any,
        overlap_threshold: Any,
        score_threshold: Any,
    ) -> Any:
        limit = limit_of(max_output_size)
        threshold, least = float(overlap_threshold), float(score_threshold)
        return select(scores, limit, threshold, least, lambda one, others: overlaps[one, others])
