"""Initializers of `tf.contrib.layers`; their normal distribution is wider than `tf`'s own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.ops import random
from flowgraph.shapes import TensorShape

__all__ = [
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]

_MODES = ("FAN_IN", "FAN_OUT", "FAN_AVG")
# Makes up, about, for what cutting a normal distribution at two deviations takes from its variance.
_TRUNCATION = 1.3


def _fan(sizes: Sequence[int], mode: str) -> float:
    field = math.prod(sizes[:-2])
    inputs = float(sizes[-2] if len(sizes) > 1 else sizes[-1]) * field
    outputs = float(sizes[-1]) * field
    return {"FAN_IN": inputs, "FAN_OUT": outputs, "FAN_AVG": (inputs + outputs) / 2}[mode]


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = dtypes.float32,
) -> Callable[..., Any]:
    """An initializer of variance about ``factor / n``.

    Args:
        mode: what n counts: "FAN_IN" inputs, "FAN_OUT" outputs, "FAN_AVG" the mean of both.
        uniform: draw from ``[-l, l)`` with ``l = sqrt(3 factor / n)``; otherwise from a normal
            distribution of deviation ``sqrt(1.3 factor / n)``, cut at twice that.

    Raises:
        TypeError: if the dtype is no floating type, or `mode` none of these.
    """
    if not dtypes.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    if mode not in _MODES:
        raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Any:
        if not dtypes.as_dtype(dtype).is_floating:
            raise TypeError("Cannot create initializer for non-floating point type.")
        sizes = [int(size) for size in TensorShape(shape).as_list() if size is not None]
        scale = factor / _fan(sizes, mode) if sizes else factor
        if uniform:
            limit = math.sqrt(3.0 * scale)
            return random.random_uniform(shape, -limit, limit, dtype, seed=seed)
        deviation = math.sqrt(_TRUNCATION * scale)
        return random.truncated_normal(shape, 0.0, deviation, dtype, seed=seed)

    return initializer


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = dtypes.float32
) -> Callable[..., Any]:
    """An initializer that keeps the scale of activations and gradients alike: variance ``2 /
    (inputs + outputs)`` (Glorot and Bengio 2010).
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer
