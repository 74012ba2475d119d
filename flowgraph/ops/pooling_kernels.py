"""NumPy kernels of pooling over spatial axes, channels last.

Each works on the offsets into a window, a strided slice of the whole array at a time; where that
gives the same result, one axis after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.ops.spatial_windows import Windows, narrow

__all__ = [
    "averages",
    "first_maxima",
    "masked",
    "maxima",
    "maxima_gradient",
    "picked",
    "spread_averages",
]

Array = np.ndarray[Any, Any]


def _by_axis(x: Array, windows: Windows, reduce: Any, empty: Any) -> Array:
    """`reduce` (a binary ufunc) over each window."""
    shape = list(x.shape)
    for axis in range(len(windows.sizes)):
        shape[axis + 1] = windows.outputs[axis]
        if windows.window[axis] == 1 and windows.strides[axis] == 1:
            continue
        steps = windows.axis_steps(axis)
        every = slice(0, shape[axis + 1])
        whole = [inside for inside, outside in steps if outside[-1] == every]
        if len(whole) > 1:
            y = reduce(x[whole[0]], x[whole[1]])
            used = whole[:2]
        else:
            y = np.full(shape, empty, x.dtype)
            used = []
        for inside, outside in steps:
            if inside not in used:
                part = y[outside]
                reduce(part, x[inside], out=part)
        x = y
    return x


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def maxima(x: Array, windows: Windows) -> Array:
    """The largest element of each window."""
    y = _by_axis(x, windows, np.maximum, _lowest(x.dtype))
    return y.copy() if y is x else y


def masked(values: Array, keep: Array) -> Array:
    """`values` where `keep`, zeros elsewhere; by the bits, which is faster than a choice."""
    bits = np.dtype(f"i{values.dtype.itemsize}")
    mask: Array = np.negative(keep.view(np.int8), dtype=bits)
    mask &= values.view(bits)
    return mask.view(values.dtype)


def _first_hits(x: Array, y: Array, windows: Windows) -> Iterator[tuple[Any, Any, Array]]:
    """For each offset into a window: slices of x and y, and where the first maximum lies at it."""
    pending = np.ones(y.shape, np.bool_)
    for _, inside, outside in windows.steps:
        still = pending[outside]
        hit = np.equal(x[inside], y[outside])
        hit &= still
        still ^= hit
        yield inside, outside, hit


def maxima_gradient(x: Array, y: Array, dy: Array, windows: Windows) -> Array:
    """What flows back to x: each gradient to the first maximum of its window."""
    dx = np.zeros(x.shape, dy.dtype)
    for inside, outside, hit in _first_hits(x, y, windows):
        dx[inside] += masked(dy[outside], hit)
    return dx


def picked(x: Array, y: Array, values: Array, windows: Windows) -> Array:
    """Of `values`, arranged as x, those at the first maximum of each window."""
    result = np.zeros(y.shape, values.dtype)
    for inside, outside, hit in _first_hits(x, y, windows):
        result[outside] += masked(values[inside], hit)
    return result


def first_maxima(x: Array, windows: Windows) -> tuple[Array, Array]:
    """The largest element of each window and where its first one lies in an image, flattened."""
    y = maxima(x, windows)
    places = np.arange(x[0].size, dtype=np.int64).reshape(1, *x.shape[1:]) if len(x) else None
    if places is None:
        return y, np.zeros(y.shape, np.int64)
    return y, picked(x, y, np.broadcast_to(places, x.shape), windows)


def _shares(windows: Windows, axis: int, dtype: np.dtype[Any]) -> Array:
    """One over how many elements the windows along a spatial axis hold, in its place."""
    counts = windows.counts(axis).astype(dtype)
    return (1 / counts).astype(dtype).reshape(-1, *[1] * (len(windows.sizes) - axis))


def averages(x: Array, windows: Windows) -> Array:
    """The mean of the elements that each window holds, padding not counted."""
    dtype = x.dtype
    wide = narrow(x)
    y = _by_axis(wide, windows, np.add, 0)
    if y is x:
        return x.copy()
    _divide(y, windows)
    return y.astype(dtype, copy=False)


def _divide(y: Array, windows: Windows) -> None:
    """Divide what belongs to each window, in place, by the number of elements it holds."""
    if any(before or behind for before, behind in windows.pads):
        for axis in range(len(windows.sizes)):
            y *= _shares(windows, axis, y.dtype)
    else:
        count = np.prod(windows.window)
        y /= y.dtype.type(count)


def spread_averages(dy: Array, windows: Windows) -> Array:
    """The gradient of `averages`: each element's share of the windows it lies in."""
    dtype = dy.dtype
    dx = narrow(dy).copy() if narrow(dy) is dy else narrow(dy)
    _divide(dx, windows)
    shape = list(dx.shape)
    for axis in reversed(range(len(windows.sizes))):
        shape[axis + 1] = windows.sizes[axis]
        if windows.window[axis] == 1 and windows.strides[axis] == 1:
            continue
        wide = np.zeros(shape, dx.dtype)
        for inside, outside in windows.axis_steps(axis):
            wide[inside] += dx[outside]
        dx = wide
    return dx.astype(dtype, copy=False)
