"""NumPy kernels of convolution over one to three spatial axes, channels last.

A convolution is a matrix product of patches, ``[batch * outputs, window * channels]``, with the
filter; patches are copied out of the image some rows at a time, so that they stay in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.dims import product
from flowgraph.ops.spatial_windows import Windows, chunks, narrow, place

__all__ = ["convolve", "filter_gradient", "input_gradient"]

Array = np.ndarray[Any, Any]


def _parts(count: int, groups: int) -> Iterator[slice]:
    width = count // groups
    for start in range(0, count, width):
        yield slice(start, start + width)


def convolve(x: Array, filters: Array, windows: Windows, out: Array | None = None) -> Array:
    """The sums of products of each window with each filter.

    Args:
        x: ``[batch, *sizes, channels]``.
        filters: ``[*window, channels / groups, outputs]``.
        out: a contiguous array for the result.

    Returns:
        ``[batch, *windows.outputs, outputs]``
    """
    dtype = x.dtype
    x, filters = narrow(x), narrow(filters)
    shape = (x.shape[0], *windows.outputs, filters.shape[-1])
    if out is None or not out.flags.c_contiguous or x.dtype != dtype:
        y = np.empty(shape, x.dtype)
    else:
        y = out
    groups = x.shape[-1] // filters.shape[-2] if filters.shape[-2] else 1
    if groups <= 1:
        _convolve(x, filters, windows, y)
    else:
        spans = zip(_parts(x.shape[-1], groups), _parts(shape[-1], groups), strict=True)
        for inputs, outputs in spans:
            part = np.empty((*shape[:-1], shape[-1] // groups), x.dtype)
            _convolve(x[..., inputs], filters[..., outputs], windows, part)
            y[..., outputs] = part
    if out is None:
        return y.astype(dtype, copy=False)
    if y is not out:
        out[...] = y
    return out


def _convolve(x: Array, filters: Array, windows: Windows, y: Array) -> None:
    if not y.size:
        return
    matrix = filters.reshape(-1, filters.shape[-1])
    for patches, outputs in _patch_rows(x, windows, y):
        np.dot(patches, matrix, out=outputs)


def _patch_rows(x: Array, windows: Windows, y: Array) -> Iterator[tuple[Array, Array]]:
    """Patches as the rows of matrices, beside the rows of `y` that belong to them."""
    depth, channels = y.shape[-1], x.shape[-1]
    if windows.is_pointwise:
        yield x.reshape(-1, channels), y.reshape(-1, depth)
        return
    width = product(windows.window) * channels
    images = chunks(len(x), product(windows.outputs) * width)
    if images and images[0].stop > 1:
        for part in images:
            patches = windows.patches(windows.padded(x[part]))
            yield patches.reshape(-1, width), y[part].reshape(-1, depth)
        return
    lines = chunks(windows.outputs[0], product(windows.outputs[1:]) * width)
    for image in range(len(x)):
        for part in lines:
            strip = windows.padded_lines(x[image : image + 1], part)
            patches = windows.patches(strip, part.stop - part.start)
            yield patches.reshape(-1, width), y[image, part].reshape(-1, depth)


def filter_gradient(x: Array, dy: Array, shape: tuple[int, ...], windows: Windows) -> Array:
    """The gradient of `convolve` with respect to filters of that shape."""
    dtype = x.dtype
    x, dy = narrow(x), np.ascontiguousarray(narrow(dy))
    groups = x.shape[-1] // shape[-2] if shape[-2] else 1
    if groups <= 1:
        return _filter_gradient(x, dy, shape, windows).astype(dtype, copy=False)
    result = np.empty(shape, x.dtype)
    part = (*shape[:-1], shape[-1] // groups)
    spans = zip(_parts(x.shape[-1], groups), _parts(shape[-1], groups), strict=True)
    for inputs, outputs in spans:
        each = np.ascontiguousarray(dy[..., outputs])
        result[..., outputs] = _filter_gradient(x[..., inputs], each, part, windows)
    return result.astype(dtype, copy=False)


def _filter_gradient(x: Array, dy: Array, shape: tuple[int, ...], windows: Windows) -> Array:
    total: Array | None = None
    term: Array | None = None
    if dy.size and x.size:
        for patches, rows in _patch_rows(x, windows, dy):
            if total is None:
                total = np.dot(patches.T, rows)
            else:
                term = np.dot(patches.T, rows, out=term)
                total += term
    return np.zeros(shape, x.dtype) if total is None else total.reshape(shape)


def input_gradient(filters: Array, dy: Array, channels: int, windows: Windows) -> Array:
    """The gradient of `convolve` with respect to an input of so many channels."""
    dtype = dy.dtype
    filters, dy = narrow(filters), narrow(dy)
    groups = channels // filters.shape[-2] if filters.shape[-2] else 1
    if groups <= 1:
        return _input_gradient(filters, dy, windows).astype(dtype, copy=False)
    result = np.empty((dy.shape[0], *windows.sizes, channels), dy.dtype)
    spans = zip(_parts(channels, groups), _parts(dy.shape[-1], groups), strict=True)
    for inputs, outputs in spans:
        result[..., inputs] = _input_gradient(filters[..., outputs], dy[..., outputs], windows)
    return result.astype(dtype, copy=False)


def _input_gradient(filters: Array, dy: Array, windows: Windows) -> Array:
    *window, channels, depth = filters.shape
    shape = (dy.shape[0], *windows.sizes, channels)
    if not dy.size or not filters.size:
        return np.zeros(shape, dy.dtype)
    matrix = filters.reshape(-1, depth).T
    if windows.is_pointwise:
        flat: Array = np.dot(dy.reshape(-1, depth), matrix)
        return flat.reshape(shape)
    mirrored = _mirrored(windows) if depth <= 4 * channels else None
    if mirrored is not None:
        axes = tuple(range(len(window)))
        turned = np.ascontiguousarray(np.flip(filters, axes).swapaxes(-1, -2))
        dx = np.empty(shape, dy.dtype)
        _convolve(dy, turned, mirrored, dx)
        return dx
    dx = np.zeros(shape, dy.dtype)
    for part in chunks(len(dy), product(windows.outputs) * matrix.shape[1]):
        terms = np.dot(dy[part].reshape(-1, depth), matrix)
        terms = terms.reshape(-1, *windows.outputs, *window, channels)
        target = dx[part]
        middle = (slice(None),) * (1 + len(window))
        for offset, inside, outside in windows.steps:
            target[inside] += terms[(*middle, *offset)][outside]
    return dx


def _mirrored(windows: Windows) -> Windows | None:
    """The windows on the output whose convolution with the turned filter is the gradient.

    Only windows that move by single elements have them.
    """
    if any(stride != 1 for stride in windows.strides):
        return None
    pads = []
    axes = zip(
        windows.sizes,
        windows.outputs,
        windows.window,
        windows.dilations,
        windows.pads,
        strict=True,
    )
    for size, output, length, dilation, (before, _) in axes:
        reach = (length - 1) * dilation
        front = reach - before
        behind = size + reach - output - front
        if front < 0 or behind < 0:
            return None
        pads.append((front, behind))
    explicit = tuple(pads)
    return place(
        windows.outputs, windows.window, windows.strides, windows.dilations, "EXPLICIT", explicit
    )
