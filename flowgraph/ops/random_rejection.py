"""NumPy kernels of random ops that reject some of what they draw: RandomGamma and RandomPoissonV2.

Each result has 256 blocks of the stream to itself, and everything is computed in float64. All
results take their attempts together, those that are rejected go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.philox import PhiloxState, Words
from flowgraph.ops.random_math import box_muller_double, call_each, uniform_double

__all__ = ["random_gamma", "random_poisson"]

Array = npt.NDArray[Any]
Lanes = npt.NDArray[np.intp]
Shape = Sequence[int]

_BLOCKS_PER_RESULT = 256
# From this rate on, counting events costs more than Hoermann's method.
_LARGE_RATE = 10.0


class _Streams:
    """The parts of the stream that the results (lanes) read, each at its own pace."""

    def __init__(self, state: PhiloxState, count: int) -> None:
        self._state = state
        self._start = state.reserve(count * _BLOCKS_PER_RESULT)
        self._used = np.zeros(count, np.intp)

    def next_blocks(self, lanes: Lanes) -> Words:
        offsets = (lanes * _BLOCKS_PER_RESULT + self._used[lanes]).astype(np.uint64)
        self._used[lanes] += 1
        return self._state.blocks_at(self._start, offsets)


class _Draws:
    """Values of one distribution, two from each block, the second one first."""

    def __init__(self, streams: _Streams, count: int, convert: Callable[[Words], Array]) -> None:
        self._streams = streams
        self._convert = convert
        self._values = np.empty((count, 2))
        self._left = np.zeros(count, np.intp)

    def take(self, lanes: Lanes) -> Array:
        empty = lanes[self._left[lanes] == 0]
        if len(empty):
            self._values[empty] = self._convert(self._streams.next_blocks(empty))
            self._left[empty] = 2
        self._left[lanes] -= 1
        return self._values[lanes, self._left[lanes]]


def random_gamma(state: PhiloxState, shape: Shape, alpha: Array) -> Array:
    """RandomGamma: values with density x**(alpha - 1) exp(-x) / gamma(alpha).

    Source: Marsaglia, Tsang: A Simple Method for Generating Gamma Variables (TOMS 26, 2000).

    Args:
        state: the op's generator.
        shape: how many values for each alpha, and how they are arranged.
        alpha: the distributions' shape parameters, float16, bfloat16, float32 or float64.

    Returns:
        An array of shape `shape + alpha.shape` and alpha's dtype.

    Raises:
        InvalidArgumentError: if an alpha is negative or no number (TensorFlow's kernel gives
            numbers without meaning then, or does not return).
    """
    impossible = alpha[~(alpha >= 0)]
    if impossible.size:
        raise InvalidArgumentError(
            None, None, f"Input alpha should not be negative, got {impossible[0]}"
        )
    return _each(state, shape, alpha, alpha.dtype, _gamma)


def random_poisson(
    state: PhiloxState, shape: Shape, rate: Array, out_dtype: npt.DTypeLike
) -> Array:
    """RandomPoissonV2: counts k with probability rate**k exp(-rate) / k!.

    Source: Hoermann: The Transformed Rejection Method for Generating Poisson Random Variables
    (Insurance: Mathematics and Economics 12, 1993) for rates of 10 and more.

    Args:
        state: the op's generator.
        shape: how many values for each rate, and how they are arranged.
        rate: expected counts, of any floating type, int32 or int64.
        out_dtype: the result's dtype, of the same choice.

    Returns:
        An array of shape `shape + rate.shape`.

    Raises:
        InvalidArgumentError: if a rate is no number or more than the result's dtype can hold
            (TensorFlow's kernel does not return then).
    """
    dtype = np.dtype(out_dtype)
    limits = np.iinfo(dtype) if dtype.kind == "i" else np.finfo(dtype)
    highest = float(limits.max)
    rates = rate.astype(np.float64)
    impossible = rates[~(rates <= highest)]
    if impossible.size:
        raise InvalidArgumentError(
            None, None, f"Input rate should be at most {limits.max}, got {impossible[0]}"
        )
    return _each(
        state, shape, rate, dtype, lambda streams, lanes: _poisson(streams, lanes, highest)
    )


def _each(
    state: PhiloxState,
    shape: Shape,
    parameters: Array,
    dtype: np.dtype[Any],
    draw: Callable[[_Streams, Array], Array],
) -> Array:
    """Draws math.prod(shape) values for each parameter, which vary fastest in the result."""
    samples = math.prod(shape)
    result_shape = (*shape, *parameters.shape)
    if samples == 0 or parameters.size == 0:
        return np.empty(result_shape, dtype)
    lanes = np.repeat(parameters.reshape(-1).astype(np.float64), samples)
    values = _flushed(draw(_Streams(state, len(lanes)), lanes))
    if dtype.kind == "f" and dtype.itemsize < 8:
        # float16 is rounded by way of float32.
        values = _flushed(values.astype(np.float32))
    return values.astype(dtype).reshape(-1, samples).T.reshape(result_shape)


def _flushed(values: Array) -> Array:
    """0 in place of subnormal values, as TensorFlow sets up the processor for its kernels."""
    values[np.abs(values) < np.finfo(values.dtype).tiny] = 0
    return values


def _gamma(streams: _Streams, alpha: Array) -> Array:
    normal = _Draws(streams, len(alpha), lambda words: box_muller_double(uniform_double(words)))
    uniform = _Draws(streams, len(alpha), uniform_double)
    result = np.empty(len(alpha))
    exponential = np.flatnonzero(alpha == 1.0)
    result[exponential] = -call_each(math.log1p, -uniform.take(exponential))

    d = alpha + np.where(alpha < 1.0, 2.0 / 3.0, -1.0 / 3.0)
    c = 1.0 / 3.0 / np.sqrt(d)
    lanes = np.flatnonzero(alpha != 1.0)
    while len(lanes):
        x = normal.take(lanes)
        v = 1.0 + c[lanes] * x
        # A lane with a negative v starts again without a uniform value.
        positive = v > 0.0
        tried, x, v = lanes[positive], x[positive], v[positive]
        v = v * v * v
        u = uniform.take(tried)
        accepted = u < 1.0 - 0.0331 * (x * x) * (x * x)
        with np.errstate(divide="ignore", invalid="ignore"):
            accepted |= np.log(u) < 0.5 * x * x + d[tried] * (1.0 - v + np.log(v))
        done = tried[accepted]
        result[done] = d[done] * v[accepted]
        small = done[alpha[done] < 1.0]
        with np.errstate(divide="ignore"):
            exponents = 1.0 / alpha[small]
        powers = call_each(math.pow, uniform.take(small), exponents)
        result[small] *= _flushed(powers)
        lanes = np.setdiff1d(lanes, done, assume_unique=True)
    return result


def _poisson(streams: _Streams, rate: Array, highest: float) -> Array:
    uniform = _Draws(streams, len(rate), uniform_double)
    result = np.empty(len(rate))
    large = rate >= _LARGE_RATE
    _count_events(uniform, rate, np.flatnonzero(~large), result)
    _transformed_rejection(uniform, rate, np.flatnonzero(large), highest, result)
    return result


def _count_events(uniform: _Draws, rate: Array, lanes: Lanes, result: Array) -> None:
    """Counts factors until the product of uniform values falls to exp(-rate)."""
    product = np.ones(len(rate))
    # A negative rate gives 0, like the rate 0.
    limit = np.exp(-np.maximum(rate, 0.0))
    events = 0
    while len(lanes):
        product[lanes] *= uniform.take(lanes)
        over = product[lanes] <= limit[lanes]
        result[lanes[over]] = events
        lanes = lanes[~over]
        events += 1


def _transformed_rejection(
    uniform: _Draws, rate: Array, lanes: Lanes, highest: float, result: Array
) -> None:
    while len(lanes):
        mean = rate[lanes]
        b = 0.931 + 2.53 * np.sqrt(mean)
        a = -0.059 + 0.02483 * b
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        u = uniform.take(lanes) - 0.5
        v = uniform.take(lanes)
        shifted = 0.5 - np.abs(u)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2.0 * a / shifted + b) * u + mean + 0.43)
            fits = k <= highest
            inside = fits & (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2.0))
            outside = ~fits | (k < 0.0) | ((shifted < 0.013) & (v > shifted))
            left = np.log(v * inverse_alpha / (a / (shifted * shifted) + b))
        unsure = np.flatnonzero(~inside & ~outside)
        right = -mean[unsure] + k[unsure] * np.log(mean[unsure])
        right -= call_each(math.lgamma, k[unsure] + 1.0)
        accepted = inside
        accepted[unsure] = left[unsure] <= right
        result[lanes[accepted]] = k[accepted]
        lanes = lanes[~accepted]
