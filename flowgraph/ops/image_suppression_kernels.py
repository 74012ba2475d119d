"""Kernels of non-maximum suppression: boxes taken by score, those that overlap them left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Overlap", "intersection_over_union", "select", "select_softly"]

Array = npt.NDArray[Any]
# Of one box with others, by their numbers.
Overlap = Callable[[int, Array], Array]


def intersection_over_union(boxes: Array) -> Overlap:
    """The overlap of boxes [n, 4] given by any two opposite corners; 0 for boxes without area."""
    low = np.minimum(boxes[:, :2], boxes[:, 2:])
    high = np.maximum(boxes[:, :2], boxes[:, 2:])
    area = (high - low).prod(1)

    def overlap(one: int, others: Array) -> Array:
        sides = np.minimum(high[one], high[others]) - np.maximum(low[one], low[others])
        common = np.maximum(sides, 0).prod(1)
        union = area[one] + area[others] - common
        valid = (area[one] > 0) & (area[others] > 0)
        shares: Array = np.divide(common, union, out=np.zeros_like(common), where=valid)
        return shares

    return overlap


def select(
    scores: Array, limit: int, threshold: float, least_score: float, overlap: Overlap
) -> Array:
    """The numbers of the chosen boxes, best first.

    Args:
        limit: how many at most.
        threshold: the overlap with a chosen box above which a box is left out.
        least_score: boxes need a score above it.
    """
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > least_score]
    chosen: list[int] = []
    while len(order) and len(chosen) < limit:
        best, order = int(order[0]), order[1:]
        chosen.append(best)
        order = order[overlap(best, order) <= threshold]
    return np.array(chosen, np.int32)


def select_softly(
    scores: Array, limit: int, least_score: float, sigma: float, overlap: Overlap
) -> tuple[Array, Array]:
    """The numbers of the chosen boxes and their scores, lowered by overlap with those before.

    A chosen box multiplies the scores of the others by ``exp(-overlap^2 / (2 * sigma))``.
    """
    lowered = scores.copy()
    left = np.flatnonzero(scores > least_score)
    chosen: list[int] = []
    while len(left) and len(chosen) < limit:
        place = int(lowered[left].argmax())
        best = int(left[place])
        chosen.append(best)
        left = np.delete(left, place)
        common = overlap(best, left)
        lowered[left] *= np.exp(np.float32(-0.5 / sigma) * common * common)
        left = left[lowered[left] > least_score]
    index = np.array(chosen, np.int32)
    return index, lowered[index]
