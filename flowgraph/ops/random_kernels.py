"""NumPy kernels of the random ops, bit-exact with TensorFlow on a CPU for the same seeds.

Every kernel takes the op's generator first and reserves the part of the stream that TensorFlow's
kernel of that name reserves, so a second run continues where TensorFlow's second run does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.philox import WORDS_PER_BLOCK, PhiloxState, Words
from flowgraph.ops.random_math import (
    box_muller_double,
    box_muller_float,
    join_words,
    uniform_double,
)

__all__ = [
    "multinomial",
    "random_shuffle",
    "random_standard_normal",
    "random_uniform",
    "random_uniform_int",
    "truncated_normal",
]

Array = npt.NDArray[Any]
Shape = Sequence[int]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
_FLOAT64 = np.dtype(np.float64)
_MANTISSA_BITS = {np.dtype(np.float16): 10, _BFLOAT16: 7, np.dtype(np.float32): 23}

# Blocks computed at a time: small enough for the temporaries to stay in the second-level cache.
_CHUNK = 4096
_RESERVED_PER_OUTPUT = 256
_TRUNCATE_AT = 2.0


def random_uniform(state: PhiloxState, shape: Shape, dtype: npt.DTypeLike) -> Array:
    """RandomUniform: k / 2**b for random k below 2**b, b being the width of the dtype's mantissa.

    Args:
        state: the op's generator.
        shape: the shape of the result.
        dtype: float16, bfloat16, float32 or float64.
    """
    dtype = np.dtype(dtype)
    if dtype == _FLOAT64:
        return _fill(state, shape, dtype, 2, uniform_double)
    bits = _MANTISSA_BITS[dtype]
    mask, step = np.uint32((1 << bits) - 1), np.float32(2.0**-bits)

    def convert(words: Words) -> Array:
        values = (words & mask).astype(np.float32)
        return np.multiply(values, step, out=values)

    return _fill(state, shape, dtype, 4, convert)


def random_uniform_int(state: PhiloxState, shape: Shape, minval: Array, maxval: Array) -> Array:
    """RandomUniformInt: minval + k % (maxval - minval) for random k of the dtype's width.

    Args:
        state: the op's generator.
        shape: the shape of the result.
        minval: the least value, an int32 or int64 scalar.
        maxval: one more than the greatest value, of the same dtype.

    Raises:
        InvalidArgumentError: if one of the limits is no scalar, or if minval is not below maxval.
    """
    for name, value in (("minval", minval), ("maxval", maxval)):
        if np.ndim(value):
            raise InvalidArgumentError(
                None, None, f"{name} must be 0-D, got shape {list(np.shape(value))}"
            )
    dtype = np.asarray(minval).dtype
    low, high = int(minval), int(maxval)
    if 0 in shape:
        return np.empty(tuple(shape), dtype)
    if low >= high:
        raise InvalidArgumentError(None, None, f"Need minval < maxval, got {low} >= {high}")
    unsigned = np.dtype(f"u{dtype.itemsize}")
    width = unsigned.type(high - low)
    # Wrapping unsigned addition stands for the signed one.
    shift = unsigned.type(low % (1 << 8 * dtype.itemsize))

    def convert(words: Words) -> Array:
        bits = words if dtype.itemsize == 4 else join_words(words[:, 1::2], words[:, 0::2])
        values: Array = np.remainder(bits, width)
        values += shift
        signed: Array = values.view(dtype)
        return signed

    return _fill(state, shape, dtype, WORDS_PER_BLOCK * 4 // dtype.itemsize, convert)


def random_standard_normal(state: PhiloxState, shape: Shape, dtype: npt.DTypeLike) -> Array:
    """RandomStandardNormal: pairs sqrt(-2 log u) * (sin 2 pi v, cos 2 pi v) of uniform u and v.

    Args:
        state: the op's generator.
        shape: the shape of the result.
        dtype: float64, or float16, bfloat16 and float32, which are all computed in float32.
    """
    dtype = np.dtype(dtype)
    if dtype == _FLOAT64:
        return _fill(state, shape, dtype, 2, _normal_double)
    return _fill(state, shape, dtype, 4, box_muller_float)


def truncated_normal(state: PhiloxState, shape: Shape, dtype: npt.DTypeLike) -> Array:
    """TruncatedNormal: standard normal values, drawn again where they are 2 or more away from 0.

    A group of as many results as a block holds has a part of the stream to itself and takes the
    first values of it that are near enough.

    Args:
        state: the op's generator.
        shape: the shape of the result.
        dtype: float64, or float16, bfloat16 and float32, which are all computed in float32.
    """
    dtype = np.dtype(dtype)
    normal, group = (_normal_double, 2) if dtype == _FLOAT64 else (box_muller_float, 4)
    size = math.prod(shape)
    start = state.reserve(size * _RESERVED_PER_OUTPUT)
    stride = group * _RESERVED_PER_OUTPUT // WORDS_PER_BLOCK
    groups = -(-size // group)
    result = np.empty((groups, group), dtype)
    # One block is enough for most groups; where there are few of them, a second pass costs more
    # than generous blocks at once.
    first_try = 1 if groups > 64 else 4
    for low in range(0, groups, _CHUNK):
        pending = np.arange(low, min(low + _CHUNK, groups), dtype=np.uint64)
        blocks = first_try
        while len(pending):
            steps = np.arange(blocks, dtype=np.uint64)
            offsets = (pending * np.uint64(stride))[:, None] + steps
            values = normal(state.blocks_at(start, offsets.reshape(-1))).reshape(len(pending), -1)
            near = np.abs(values) < _TRUNCATE_AT
            rank = np.cumsum(near, axis=1)
            done = rank[:, -1] >= group
            near &= (rank <= group) & done[:, None]
            result[pending[done]] = values[near].reshape(-1, group)
            pending = pending[~done]
            blocks *= 4
    return result.reshape(-1)[:size].reshape(tuple(shape))


def multinomial(
    state: PhiloxState, logits: Array, num_samples: int, out_dtype: npt.DTypeLike
) -> Array:
    """Multinomial: for each row, classes drawn with probabilities softmax(logits).

    A class whose logit is not finite is never drawn. The rows read the stream one after the other,
    as TensorFlow's do as long as one thread computes them (it cuts large batches into shards whose
    streams depend on the number of threads).

    Args:
        state: the op's generator.
        logits: unnormalised log-probabilities [batch, classes], float16, bfloat16, float32 or
            float64.
        num_samples: draws per row.
        out_dtype: int32 or int64.

    Returns:
        Class numbers [batch, num_samples]; the number of classes where no logit of a row is finite.

    Raises:
        InvalidArgumentError: if logits is no matrix or has no classes, or num_samples is negative.
    """
    if logits.ndim != 2:
        raise InvalidArgumentError(
            None, None, f"logits should be a matrix, got shape {list(logits.shape)}"
        )
    batch, classes = logits.shape
    if num_samples < 0:
        raise InvalidArgumentError(
            None, None, f"num_samples should be non-negative, got {num_samples}"
        )
    if classes == 0:
        raise InvalidArgumentError(None, None, "num_classes should be positive, got 0")
    result = np.empty((batch, num_samples), out_dtype)
    if result.size == 0:
        return result
    padded = -(-num_samples // WORDS_PER_BLOCK) * WORDS_PER_BLOCK
    start = state.reserve(2 * batch * padded * _RESERVED_PER_OUTPUT)
    totals = _cumulative_probabilities(logits)
    uniform = _generate(state, start, result.size, _FLOAT64, 2, uniform_double)
    wanted = uniform.reshape(result.shape) * totals[:, -1:]
    for row in range(batch):
        result[row] = np.searchsorted(totals[row], wanted[row], side="right")
    return result


def random_shuffle(state: PhiloxState, value: Array) -> Array:
    """RandomShuffle: the entries of `value` along its first dimension, in random order.

    Fisher and Yates: entry i changes places with one of the entries from i on.

    Args:
        state: the op's generator; not used where there is nothing to shuffle.
        value: an array of any dtype and shape.

    Returns:
        A new array.
    """
    if value.size <= 1 or len(value) <= 1:
        return value.copy()
    swaps = len(value) - 1
    start = state.reserve(-(-swaps // WORDS_PER_BLOCK))
    words = state.blocks(start, -(-swaps // WORDS_PER_BLOCK)).reshape(-1)[:swaps]
    left = np.arange(len(value), 1, -1, dtype=np.uint32)
    partners = np.arange(swaps) + words % left
    order = list(range(len(value)))
    for place, partner in enumerate(partners.tolist()):
        order[place], order[partner] = order[partner], order[place]
    return value[order]


def _fill(
    state: PhiloxState,
    shape: Shape,
    dtype: np.dtype[Any],
    per_block: int,
    convert: Callable[[Words], Array],
) -> Array:
    size = math.prod(shape)
    start = state.reserve(size * _RESERVED_PER_OUTPUT)
    return _generate(state, start, size, dtype, per_block, convert).reshape(tuple(shape))


def _generate(
    state: PhiloxState,
    start: int,
    size: int,
    dtype: np.dtype[Any],
    per_block: int,
    convert: Callable[[Words], Array],
) -> Array:
    result = np.empty(size, dtype)
    for low in range(0, size, _CHUNK * per_block):
        part = result[low : low + _CHUNK * per_block]
        blocks = -(-len(part) // per_block)
        values = convert(state.blocks(start + low // per_block, blocks))
        part[...] = values.reshape(-1)[: len(part)]
    return result


def _normal_double(words: Words) -> Array:
    return box_muller_double(uniform_double(words))


def _cumulative_probabilities(logits: Array) -> Array:
    values = logits.astype(np.float64)
    finite = np.isfinite(values)
    peak = np.max(values, axis=1, where=finite, initial=-np.inf, keepdims=True)
    weights = np.zeros_like(values)
    np.subtract(values, peak, out=weights, where=finite)
    np.exp(weights, out=weights, where=finite)
    return np.cumsum(weights, axis=1)
