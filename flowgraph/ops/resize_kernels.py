"""Resampling along one axis: which elements of the input an output element is made of.

Resizing an image is separable: rows first, then columns, or the other way round. The gradient is
the same with every element added back to where it was taken from.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Taps", "area_taps", "bicubic_taps", "bilinear_taps", "nearest_index", "resample"]

Array = npt.NDArray[Any]

_STEPS = 1024
_HALF = np.float32(0.5)


@dataclass(frozen=True)
class Taps:
    """A linear map along an axis: ``output[i] = sum_k weights[k, i] * input[index[k, i]]``.

    Attributes:
        index: [k, output], each row ascending.
        weights: float32 of the same shape.
        length: of the input.
    """

    index: Array
    weights: Array
    length: int

    def forward(self, x: Array, axis: int) -> Array:
        """The map, applied to an axis of x."""
        shape = [1] * x.ndim
        shape[axis] = -1
        result: Array | None = None
        for index, weights in zip(self.index, self.weights, strict=True):
            part = x.take(index, axis)
            part *= weights.reshape(shape)
            result = part if result is None else np.add(result, part, out=result)
        assert result is not None
        return result

    def backward(self, dy: Array, axis: int) -> Array:
        """The transposed map."""
        lengths = list(dy.shape)
        lengths[axis] = self.length
        result = np.zeros(lengths, dy.dtype)
        shape = [1] * dy.ndim
        shape[axis] = -1
        for index, weights in zip(self.index, self.weights, strict=True):
            _add_runs(result, index, dy * weights.reshape(shape), axis)
        return result


def _add_runs(target: Array, index: Array, values: Array, axis: int) -> None:
    """``target[index[i]] += values[i]`` along an axis, for an ascending index."""
    if not index.size:
        return
    starts = np.concatenate(([0], np.flatnonzero(index[1:] != index[:-1]) + 1))
    if len(starts) < len(index):
        values = np.add.reduceat(values, starts, axis)
    target[(slice(None),) * axis + (index[starts],)] += values


def _scale(length: int, wanted: int, align_corners: bool) -> np.float32:
    if align_corners and wanted > 1:
        return np.float32(length - 1) / np.float32(wanted - 1)
    return np.float32(length) / np.float32(wanted)


def _places(length: int, wanted: int, align_corners: bool, half_pixel_centers: bool) -> Array:
    """Where the output elements lie on the input's axis."""
    scale = _scale(length, wanted, align_corners)
    steps = np.arange(wanted, dtype=np.float32)
    if half_pixel_centers:
        return (steps + _HALF) * scale - _HALF
    return steps * scale


@functools.lru_cache(64)
def bilinear_taps(length: int, wanted: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """Linear interpolation between the two neighbours."""
    places = _places(length, wanted, align_corners, half_pixel_centers)
    below = np.floor(places)
    share = places - below
    index = np.stack([np.maximum(below, 0), np.minimum(np.ceil(places), length - 1)])
    weights = np.stack([np.float32(1) - share, share])
    return Taps(index.astype(np.intp), weights, length)


@functools.cache
def _cubic_table(a: float) -> Array:
    """Keys' kernel at distances 0, 1/1024, ..., 1 in column 0, and one further off in column 1."""
    x = np.arange(_STEPS + 1, dtype=np.float64) / _STEPS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    x = x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.stack([near, far], 1).astype(np.float32)


@functools.lru_cache(64)
def bicubic_taps(length: int, wanted: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """Cubic convolution over four neighbours.

    With half-pixel centers neighbours beyond the border count nothing; otherwise the border
    element stands for them.
    """
    places = _places(length, wanted, align_corners, half_pixel_centers)
    below = np.floor(places)
    step = np.rint((places - below) * np.float32(_STEPS)).astype(np.intp)
    table = _cubic_table(-0.5 if half_pixel_centers else -0.75)
    rest = _STEPS - step
    weights = np.stack([table[step, 1], table[step, 0], table[rest, 0], table[rest, 1]])
    wished = below.astype(np.intp) + np.arange(-1, 3)[:, None]
    index = np.clip(wished, 0, length - 1)
    if half_pixel_centers:
        weights = np.where(index == wished, weights, np.float32(0))
        total = weights.sum(0)
        large = np.abs(total) >= 1000 * np.finfo(np.float32).tiny
        weights = np.where(large, weights / np.where(large, total, 1), weights)
    return Taps(index, weights, length)


@functools.lru_cache(64)
def area_taps(length: int, wanted: int, align_corners: bool) -> Taps:
    """The mean of the input over the part of the axis that an output element covers."""
    scale = _scale(length, wanted, align_corners)
    steps = np.arange(wanted, dtype=np.float32)
    begin, end = steps * scale, (steps + np.float32(1)) * scale
    first = np.floor(begin)
    count = int((np.ceil(end) - first).max(initial=1))
    wished = first + np.arange(count, dtype=np.float32)[:, None]
    covered = np.minimum(wished + 1, end) - np.maximum(wished, begin)
    weights = np.maximum(covered, 0) / scale
    index = np.clip(wished, 0, length - 1).astype(np.intp)
    return Taps(index, weights.astype(np.float32), length)


@functools.lru_cache(64)
def nearest_index(length: int, wanted: int, align_corners: bool, half_pixel_centers: bool) -> Array:
    """The input element that each output element is."""
    scale = _scale(length, wanted, align_corners)
    steps = np.arange(wanted, dtype=np.float32)
    places = (steps + _HALF if half_pixel_centers else steps) * scale
    # In float64 so that the sum is exact: float32 would round 0.5 - 2**-25 + 0.5 up to 1.
    found = np.floor(places.astype(np.float64) + (0.5 if align_corners else 0))
    return np.clip(found, 0, length - 1).astype(np.intp)


def resample(x: Array, rows: Taps, columns: Taps, *, transposed: bool = False) -> Array:
    """Images [batch, height, width, channels] resized along both axes, the cheaper one first."""
    steps = [(rows, 1), (columns, 2)]
    growth = [taps.index.shape[1] / max(taps.length, 1) for taps, _ in steps]
    if transposed:
        growth = [1 / rate if rate else math.inf for rate in growth]
    if growth[1] < growth[0]:
        steps.reverse()
    for taps, axis in steps:
        x = taps.backward(x, axis) if transposed else taps.forward(x, axis)
    return x
