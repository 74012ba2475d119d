"""Choosing among detected boxes, per class too."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.image_suppression import BOXES, MINUS_INFINITY, limit_of, scalars
from flowgraph.ops.image_suppression_kernels import intersection_over_union, select
from flowgraph.ops.sample_values import f32, i32

__all__ = [
    "combined_non_max_suppression",
    "non_max_suppression",
    "non_max_suppression_overlaps",
    "non_max_suppression_padded",
    "non_max_suppression_with_scores",
]

Array = npt.NDArray[Any]
UNIT_BOXES = BOXES[:4] / f32(12)
BY_CLASS = f32([[0.9, 0.2], [0.75, 0.6], [0.6, 0.8], [0.95, 0.1]])
LIMITS = (i32(2), i32(3), f32(0.5), f32(0.15))
BOTH = np.stack([UNIT_BOXES, UNIT_BOXES[::-1]])
SHARED = (BOTH[:, :, None], np.stack([BY_CLASS, BY_CLASS]))


def _rank(operand: Operand, rank: int) -> tuple[int | None, ...]:
    if operand.dims is None:
        return (None,) * rank
    if len(operand.dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    return operand.dims


@op(
    "CombinedNonMaxSuppression",
    "boxes: float32, scores: float32, max_output_size_per_class: int32, max_total_size: int32, "
    "iou_threshold: float32, score_threshold: float32 -> nmsed_boxes: float32, "
    "nmsed_scores: float32, nmsed_classes: float32, valid_detections: int32",
    pad_per_class=False,
    clip_boxes=True,
)
class CombinedNonMaxSuppression:
    """Non-maximum suppression of every class by itself, then the best boxes of all classes.

    Boxes [batch, n, q, 4] and scores [batch, n, classes], where q is 1 (boxes are common to the
    classes) or the number of classes. The results are padded with zeros to `max_total_size`, or
    with `pad_per_class` to ``max_output_size_per_class * classes`` where that is less.
    """

    samples = (
        case(*SHARED, *LIMITS),
        case(*SHARED, *LIMITS, pad_per_class=True),
        case(BOTH[:1, :, None] * 1.5, SHARED[1][:1], *LIMITS, clip_boxes=False),
        case(np.stack([BOTH, BOTH[:, ::-1]], 2), SHARED[1], i32(3), i32(9), *LIMITS[2:]),
        case(
            np.stack([BOTH, BOTH], 2),
            SHARED[1],
            i32(2),
            i32(9),
            *LIMITS[2:],
            pad_per_class=True,
        ),
        case(BOTH, SHARED[1], *LIMITS, raises="Shape must be rank 4 but is rank 3"),
        case(SHARED[0], SHARED[1][0], *LIMITS, raises="Shape must be rank 3 but is rank 2"),
    )

    def shape(
        boxes: Operand,
        scores: Operand,
        max_output_size_per_class: Operand,
        max_total_size: Operand,
        iou_threshold: Operand,
        score_threshold: Operand,
        *,
        pad_per_class: bool,
    ) -> list[Dims]:
        batch = _rank(boxes, 4)[0]
        classes = _rank(scores, 3)[2]
        scalars(max_output_size_per_class, max_total_size, iou_threshold, score_threshold)
        total, each = max_total_size.const_value(), max_output_size_per_class.const_value()
        size = None if total is None else int(total)
        if pad_per_class and size is not None:
            size = None if each is None or classes is None else min(size, int(each) * classes)
        return [(batch, size, 4), (batch, size), (batch, size), (batch,)]

    def numpy(
        boxes: Any,
        scores: Any,
        max_output_size_per_class: Any,
        max_total_size: Any,
        iou_threshold: Any,
        score_threshold: Any,
        *,
        pad_per_class: bool,
        clip_boxes: bool,
    ) -> Any:
        batch, _, classes = scores.shape
        limit, size = limit_of(max_output_size_per_class), limit_of(max_total_size)
        if pad_per_class:
            size = min(size, limit * classes)
        found_boxes = np.zeros((batch, size, 4), np.float32)
        found_scores = np.zeros((batch, size), np.float32)
        found_classes = np.zeros((batch, size), np.float32)
        counts = np.zeros(batch, np.int32)
        thresholds = float(iou_threshold), float(score_threshold)
        for image in range(batch):
            index, kind = _best(boxes[image], scores[image], limit, size, *thresholds)
            count = counts[image] = len(index)
            shared = boxes.shape[2] == 1
            found_boxes[image, :count] = boxes[image, index, 0 if shared else kind]
            found_scores[image, :count] = scores[image, index, kind]
            found_classes[image, :count] = kind
        if clip_boxes:
            np.clip(found_boxes, 0, 1, out=found_boxes)
        return found_boxes, found_scores, found_classes, counts


def _best(
    boxes: Array, scores: Array, limit: int, size: int, threshold: float, least: float
) -> tuple[Array, Array]:
    """The numbers and the classes of the boxes that are kept of one image, best first."""
    overlaps = [intersection_over_union(boxes[:, place]) for place in range(boxes.shape[1])]
    numbers, kinds = [], []
    for kind in range(scores.shape[1]):
        overlap = overlaps[kind if len(overlaps) > 1 else 0]
        numbers.append(select(scores[:, kind], limit, threshold, least, overlap))
        kinds.append(np.full(len(numbers[-1]), kind))
    index, kind_of = np.concatenate(numbers), np.concatenate(kinds)
    order = np.argsort(-scores[index, kind_of], kind="stable")[:size]
    return index[order], kind_of[order]


def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = MINUS_INFINITY,
    name: str | None = None,
) -> Tensor:
    """The numbers of the boxes that are kept, best score first.

    A box is left out if its overlap with a better one that is kept (the area of their
    intersection over that of their union) exceeds `iou_threshold`.

    Args:
        boxes: [n, 4], two opposite corners each: y, x, y, x.
        scores: [n]
        max_output_size: how many are kept at most, an int32 scalar.
        score_threshold: boxes with a score up to it are left out, too.

    Returns:
        int32 [kept]
    """
    with name_scope(name, "non_max_suppression"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        found: Tensor = apply(
            "NonMaxSuppressionV3", boxes, scores, max_output_size, threshold, least
        )
        return found


def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = MINUS_INFINITY,
    pad_to_max_output_size: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """`non_max_suppression`, its result followed by zeros, and the number of boxes kept.

    Args:
        pad_to_max_output_size: append zeros up to `max_output_size` numbers.
    """
    with name_scope(name, "non_max_suppression_padded"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        found: tuple[Tensor, Tensor] = apply(
            "NonMaxSuppressionV4",
            boxes,
            scores,
            max_output_size,
            threshold,
            least,
            pad_to_max_output_size=pad_to_max_output_size,
        )
        return found


def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = MINUS_INFINITY,
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """`non_max_suppression` and the scores of the boxes kept.

    Args:
        soft_nms_sigma: if positive, a kept box does not exclude others but multiplies their
            scores by ``exp(-overlap^2 / (2 * soft_nms_sigma))``; `iou_threshold` then does nothing.
    """
    with name_scope(name, "non_max_suppression_with_scores"):
        threshold = convert_to_tensor(iou_threshold, name="iou_threshold")
        least = convert_to_tensor(score_threshold, name="score_threshold")
        sigma = convert_to_tensor(soft_nms_sigma, name="soft_nms_sigma")
        found, lowered, _ = apply(
            "NonMaxSuppressionV5", boxes, scores, max_output_size, threshold, least, sigma
        )
        return found, lowered


def non_max_suppression_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = MINUS_INFINITY,
    name: str | None = None,
) -> Tensor:
    """`non_max_suppression` for overlaps [n, n] that are given instead of boxes."""
    with name_scope(name, "non_max_suppression_overlaps"):
        threshold = convert_to_tensor(overlap_threshold, name="overlap_threshold")
        found: Tensor = apply(
            "NonMaxSuppressionWithOverlaps",
            overlaps,
            scores,
            max_output_size,
            threshold,
            score_threshold,
        )
        return found


def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = MINUS_INFINITY,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Non-maximum suppression of every class by itself, then the best boxes of all classes.

    Args:
        boxes: [batch, n, q, 4], where q is 1 (boxes common to the classes) or their number.
        scores: [batch, n, classes]
        max_output_size_per_class: how many are kept of a class at most.
        max_total_size: how many are kept of an image at most.
        pad_per_class: pad to ``max_output_size_per_class * classes`` where that is less.
        clip_boxes: whether coordinates are limited to [0, 1].

    Returns:
        boxes [batch, size, 4], scores [batch, size], classes [batch, size] and how many of them
        are valid [batch]; the rest is 0.
    """
    with name_scope(name, "combined_non_max_suppression"):
        threshold = convert_to_tensor(iou_threshold, dtypes.float32, name="iou_threshold")
        least = convert_to_tensor(score_threshold, dtypes.float32, name="score_threshold")
        found: tuple[Tensor, Tensor, Tensor, Tensor] = apply(
            "CombinedNonMaxSuppression",
            boxes,
            scores,
            max_output_size_per_class,
            max_total_size,
            threshold,
            least,
            pad_per_class=pad_per_class,
            clip_boxes=clip_boxes,
        )
        return found
