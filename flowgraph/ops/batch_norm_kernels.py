"""NumPy kernels of batch normalization, on rows of channels.

They work on some rows at a time, so that these stay in the cache, and add sums up in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.ops.spatial_windows import chunks

__all__ = ["moments", "normalized", "row_gradients", "rows_of", "unrolled"]

Array = np.ndarray[Any, Any]

# Rows added up in float32 before float64 takes over: few enough to lose nothing that matters.
_BLOCK = 256


def rows_of(x: Array, data_format: str) -> Array:
    """x as [elements, channels], in float32."""
    if data_format[1] == "C":
        x = np.moveaxis(x, 1, -1)
    return x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1]).astype(np.float32, copy=False)


def unrolled(rows: Array, like: Array, data_format: str) -> Array:
    """The inverse of `rows_of`: `rows` with the shape and type of `like`."""
    rows = rows.astype(like.dtype, copy=False)
    if data_format[1] != "C":
        return rows.reshape(like.shape)
    last = np.moveaxis(like, 1, -1).shape
    return np.ascontiguousarray(np.moveaxis(rows.reshape(last), -1, 1))


def _sums(rows: Array, term: Callable[[slice], Array]) -> Array:
    """The sum of ``term(part)`` over the rows, in float64."""
    total = np.zeros(rows.shape[1])
    for part in chunks(len(rows), rows.shape[1]):
        terms = term(part)
        whole = len(terms) // _BLOCK * _BLOCK
        blocks = terms[:whole].reshape(whole // _BLOCK, _BLOCK, rows.shape[1])
        # A product with ones adds up rows faster than a sum over an axis does.
        total += np.matmul(np.ones(_BLOCK, terms.dtype), blocks).sum(0, dtype=np.float64)
        total += terms[whole:].sum(0, dtype=np.float64)
    return total


def moments(rows: Array) -> tuple[Array, Array]:
    """The mean and the (biased) variance of each channel, in float32."""
    count = max(1, len(rows))
    mean = (_sums(rows, lambda part: rows[part]) / count).astype(np.float32)

    def squares(part: slice) -> Array:
        deviation = rows[part] - mean
        return np.multiply(deviation, deviation, out=deviation)

    return mean, (_sums(rows, squares) / count).astype(np.float32)


def normalized(
    rows: Array, mean: Array, variance: Array, scale: Array, offset: Array, epsilon: float
) -> Array:
    """``(rows - mean) / sqrt(variance + epsilon) * scale + offset``"""
    factor = scale / np.sqrt(variance + np.float32(epsilon))
    y = np.empty_like(rows)
    for part in chunks(len(rows), rows.shape[1]):
        target = np.subtract(rows[part], mean, out=y[part])
        target *= factor
        target += offset
    return y


def row_gradients(
    dy: Array,
    rows: Array,
    scale: Array,
    mean: Array,
    variance: Array,
    epsilon: float,
    is_training: bool,
) -> tuple[Array, Array, Array]:
    """The gradients with respect to rows, scale and offset.

    With `is_training`, mean and variance are those of the rows and depend on them.
    """
    inverse = 1 / np.sqrt(variance + np.float32(epsilon))

    def products(part: slice) -> Array:
        deviation = rows[part] - mean
        deviation *= dy[part]
        return deviation

    d_offset = _sums(dy, lambda part: dy[part]).astype(np.float32)
    d_scale = (_sums(rows, products) * inverse).astype(np.float32)
    factor = scale * inverse
    dx = np.empty_like(dy)
    if not is_training:
        np.multiply(dy, factor, out=dx)
        return dx, d_scale, d_offset
    count = np.float32(max(1, len(rows)))
    shift, slope = d_offset / count, inverse * d_scale / count
    for part in chunks(len(rows), rows.shape[1]):
        target = np.subtract(mean, rows[part], out=dx[part])
        target *= slope
        target += dy[part]
        target -= shift
        target *= factor
    return dx, d_scale, d_offset
