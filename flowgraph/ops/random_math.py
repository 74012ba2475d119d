"""The Box-Muller transform, rounded as the C library rounds it.

In float32 the logarithm, sine and cosine are the polynomials of Arm's Optimized Routines (the ones
in glibc since 2.28), evaluated in float64. Their arguments here take 2**23 values each, and for
every one of them the result equals glibc's. In float64 the C library itself is called, element by
element.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph.graph.philox import Words

__all__ = [
    "box_muller_double",
    "box_muller_float",
    "call_each",
    "join_words",
    "uniform_double",
]

Array = npt.NDArray[Any]

_MANTISSA = np.uint32(0x7FFFFF)
_STEP = np.float32(2.0**-23)
# The least argument of the logarithm.
_EPSILON = np.float32(1e-7)


def _from_hex(text: str) -> list[float]:
    return [float.fromhex(word) for word in text.split()]


# log x = log(c 2**k) + log1p(x / (c 2**k) - 1), where c is near the middle of the one of 16 parts
# that the mantissa lies in.
_RECIPROCALS = np.array(
    _from_hex(
        """
        0x1.661ec79f8f3bep+0 0x1.571ed4aaf883dp+0 0x1.49539f0f010bp+0 0x1.3c995b0b80385p+0
        0x1.30d190c8864a5p+0 0x1.25e227b0b8eap+0 0x1.1bb4a4a1a343fp+0 0x1.12358f08ae5bap+0
        0x1.0953f419900a7p+0 0x1p+0 0x1.e608cfd9a47acp-1 0x1.ca4b31f026aap-1
        0x1.b2036576afce6p-1 0x1.9c2d163a1aa2dp-1 0x1.886e6037841edp-1 0x1.767dcf5534862p-1
        """
    )
)
_LOGARITHMS = np.array(
    _from_hex(
        """
        -0x1.57bf7808caadep-2 -0x1.2bef0a7c06ddbp-2 -0x1.01eae7f513a67p-2 -0x1.b31d8a68224e9p-3
        -0x1.6574f0ac07758p-3 -0x1.1aa2bc79c81p-3 -0x1.a4e76ce8c0e5ep-4 -0x1.1973c5a611cccp-4
        -0x1.252f438e10c1ep-5 0x0p+0 0x1.aa5aa5df25984p-5 0x1.c5e53aa362eb4p-4
        0x1.526e57720db08p-3 0x1.bc2860d22477p-3 0x1.1058bc8a07ee1p-2 0x1.4043057b6ee09p-2
        """
    )
)
_LOG_A, _LOG_B, _LOG_C = _from_hex(
    "-0x1.00ea348b88334p-2 0x1.5575b0be00b6ap-2 -0x1.ffffef20a4123p-2"
)

# Both tables for all exponents from -24 to 0 in one, so that a float's upper bits are the index.
_EXPONENTS = np.arange(-24.0, 1.0)[:, None]
_LOG_SCALES = (_RECIPROCALS * 2.0**-_EXPONENTS).reshape(-1)
_LOG_BASES = (_LOGARITHMS + _EXPONENTS * math.log(2.0)).reshape(-1)
_LOG_SHIFT = np.uint32(19)
_LOG_ORIGIN = np.uint32(0x3F330000 - (24 * 16 << 19))

_SIN = _from_hex("-0x1.555545995a603p-3 0x1.1107605230bc4p-7 -0x1.994eb3774cf24p-13")
_COS = _from_hex(
    "0x1p0 -0x1.ffffffd0c621cp-2 0x1.55553e1068f19p-5 -0x1.6c087e89a359dp-10 0x1.99343027bf8c3p-16"
)


def join_words(upper: Words, lower: Words) -> npt.NDArray[np.uint64]:
    """upper * 2**32 + lower."""
    joined = upper.astype(np.uint64)
    np.left_shift(joined, np.uint64(32), out=joined)
    return np.bitwise_or(joined, lower, out=joined)


def uniform_double(words: Words) -> Array:
    """Uniform float64 values [n, 2] from random words [n, 4]."""
    mantissa = join_words(words[:, 0::2] & np.uint32(0xFFFFF), words[:, 1::2])
    return mantissa * 2.0**-52


def box_muller_float(words: Words) -> Array:
    """Standard normal float32 values, one for each of the random words [n, 4].

    Words 0 and 1 of a row give the uniform u and v of one pair
    sqrt(-2 log u) * (sin 2 pi v, cos 2 pi v), words 2 and 3 those of another.
    """
    mantissas = words & _MANTISSA
    radius = _radius(mantissas[:, 0::2])
    result = np.empty(words.shape, np.float32)
    _scaled_sin_cos(mantissas[:, 1::2], radius, result[:, 0::2], result[:, 1::2])
    return result


def box_muller_double(uniform: Array) -> Array:
    """Standard normal float64 values from uniform ones, pair by pair of the last axis."""
    u = np.maximum(uniform[:, 0], 1e-7)
    radius = np.sqrt(-2.0 * call_each(math.log, u))
    # A complex exponential is the only function of NumPy that ends in the C library's sincos.
    turned = np.exp(1j * (2.0 * math.pi * uniform[:, 1]))
    return np.stack([turned.imag * radius, turned.real * radius], axis=1)


def call_each(function: Callable[..., float], *arguments: Array) -> Array:
    """`function` of Python floats, element by element: the C library's, where NumPy has its own."""
    lists = (argument.tolist() for argument in arguments)
    return np.fromiter(map(function, *lists), np.float64, len(arguments[0]))


def _radius(mantissas: Words) -> Array:
    """sqrt(-2 log u) for u = max(mantissa / 2**23, 1e-7), in float32."""
    u = mantissas.astype(np.float32)
    np.multiply(u, _STEP, out=u)
    np.maximum(u, _EPSILON, out=u)
    index = np.right_shift(u.view(np.uint32) - _LOG_ORIGIN, _LOG_SHIFT).astype(np.intp)
    r = _LOG_SCALES.take(index)
    r *= u
    r -= 1.0
    total = _LOG_BASES.take(index)
    total += r
    squared = r * r
    # ((A r + B) r + C) r**2, in the order of the original
    value = r * _LOG_B
    value += _LOG_C
    value += _LOG_A * squared
    value *= squared
    value += total
    radius: Array = value.astype(np.float32)
    radius *= np.float32(-2.0)
    np.sqrt(radius, out=radius)
    return radius


def _scaled_sin_cos(mantissas: Words, radius: Array, sines: Array, cosines: Array) -> None:
    """radius * (sin, cos)(2 pi mantissa / 2**23), written into `sines` and `cosines`."""
    x = mantissas * (2.0 * math.pi * 2.0**-23)
    x = x.astype(np.float32).astype(np.float64)
    turns = x * (2.0 / math.pi)
    turns += 0.5
    quadrants = turns.astype(np.uint32)
    x -= quadrants * (math.pi / 2.0)
    x2 = x * x
    near = _horner(x2, _SIN)
    near *= x2
    near *= x
    near += x
    far = _horner(x2, _COS)
    odd = (quadrants & np.uint32(1)).astype(np.bool_)
    _write(np.where(odd, far, near), quadrants, radius, sines)
    quadrants += np.uint32(1)
    _write(np.where(odd, near, far), quadrants, radius, cosines)


def _horner(x: Array, coefficients: list[float]) -> Array:
    value = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        value += coefficient
        value *= x
    value += coefficients[0]
    return value


def _write(values: Array, quadrants: Words, radius: Array, out: Array) -> None:
    """radius * values in float32, negated in the second half of every four quadrants."""
    single = values.astype(np.float32)
    bits = single.view(np.uint32)
    bits ^= (quadrants & np.uint32(2)) << np.uint32(30)
    np.multiply(single, radius, out=out)
