"""Means, variances, and batch normalization by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_mean, reduce_prod, reduce_sum

__all__ = [
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "moments",
    "normalize_moments",
    "sufficient_statistics",
    "weighted_moments",
]

Pair = tuple[Tensor, Tensor]


def _axes_list(axes: Any) -> list[int]:
    return [int(axis) for axis in np.asarray(axes).reshape(-1)]


def _squeezed(pair: Pair, axes: Any, keepdims: bool) -> Pair:
    if keepdims:
        return pair
    places = _axes_list(axes)
    first, second = (apply("Squeeze", each, squeeze_dims=places) for each in pair)
    return first, second


def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keepdims: bool = False
) -> Pair:
    """The mean and the (biased) variance of `x` over some axes.

    Args:
        axes: ints, the axes to reduce.
        shift: not used.
        keepdims: leave the reduced axes at length 1.

    Returns:
        ``(mean, variance)`` with ``variance = mean((x - mean(x)) ** 2)``. float16 is computed in
        float32.
    """
    with name_scope(name, "moments", [x, axes]):
        x = convert_to_tensor(x, name="x")
        narrow = x.dtype.base_dtype is dtypes.float16
        wide = cast(x, dtypes.float32) if narrow else x
        mean = reduce_mean(wide, axes, keepdims=True, name="mean")
        # The variance's gradient with respect to the mean is zero.
        fixed = apply("StopGradient", mean)
        deviation = apply("SquaredDifference", wide, fixed)
        variance = reduce_mean(deviation, axes, keepdims=True, name="variance")
        mean, variance = _squeezed((mean, variance), axes, keepdims)
        if narrow:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keepdims: bool = False
) -> Pair:
    """The mean and variance of `x` over some axes, its elements counting by their weights.

    Args:
        axes: ints, the axes to reduce.
        frequency_weights: non-negative, of a shape that broadcasts with `x`.
        keepdims: leave the reduced axes at length 1.

    Returns:
        ``(mean, variance)``
    """
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        narrow = x.dtype.base_dtype is dtypes.float16
        x = cast(x, dtypes.float32) if narrow else x
        weights = cast(weights, x.dtype.base_dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        each = weights + constants.zeros_like(x)
        mass = reduce_sum(each, axes, name="sum_of_weights", keepdims=True)
        divisor = apply("Reciprocal", mass, name="inv_weight_sum")
        mean = apply("Mul", total, divisor)
        deviation = weights * apply("SquaredDifference", x, mean)
        spread = reduce_sum(deviation, axes, name="weighted_distsq", keepdims=True)
        variance = apply("Mul", spread, divisor)
        mean, variance = _squeezed((mean, variance), axes, keepdims)
        if narrow:
            return cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """What mean and variance over some axes can be computed from: see `normalize_moments`.

    Args:
        axes: ints, the axes to reduce.
        shift: a value near the mean, subtracted before squaring for accuracy; or None.
        keepdims: leave the reduced axes at length 1.

    Returns:
        ``(count, sum(x - shift), sum((x - shift) ** 2), shift)``
    """
    places = list(set(_axes_list(axes)))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        count: Tensor
        sizes = None if x.dims is None else [x.dims[axis] for axis in places]
        if sizes is not None and None not in sizes:
            number = dims.num_elements(tuple(sizes))
            count = constant(number, x.dtype)
        else:
            lengths = cast(array.shape(x), x.dtype.base_dtype)
            count = reduce_prod(apply("GatherV2", lengths, places, 0), name="count")
        if shift is not None:
            shift = convert_to_tensor(shift, name="shift")
            values = apply("Sub", x, shift)
            squares = apply("SquaredDifference", x, shift)
        else:
            values, squares = x, apply("Square", x)
        total = reduce_sum(values, places, keepdims=keepdims, name="mean_ss")
        square_total = reduce_sum(squares, places, keepdims=keepdims, name="var_ss")
        return count, total, square_total, shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> Pair:
    """Mean and variance from the results of `sufficient_statistics`."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = apply("Reciprocal", counts, name="divisor")
        if shift is not None:
            shifted = apply("Mul", mean_ss, divisor, name="shifted_mean")
            mean = apply("Add", shifted, shift, name="mean")
        else:
            shifted = mean = apply("Mul", mean_ss, divisor, name="mean")
        square = apply("Mul", variance_ss, divisor)
        variance = apply("Sub", square, apply("Square", shifted), name="variance")
        return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Tensor:
    """``scale * (x - mean) / sqrt(variance + variance_epsilon) + offset`` (Ioffe, Szegedy 2015).

    Args:
        mean, variance, offset, scale: of shapes that broadcast with `x`; offset and scale may be
            None.
        variance_epsilon: a small number that keeps the quotient finite.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        x = convert_to_tensor(x, name="x")
        mean = convert_to_tensor(mean, name="mean")
        variance = convert_to_tensor(variance, name="variance")
        inverse = apply("Rsqrt", variance + variance_epsilon)
        if scale is not None:
            inverse = inverse * scale
        kind = x.dtype.base_dtype
        scaled = x * cast(inverse, kind)
        if offset is not None:
            shift = offset - mean * inverse
        else:
            shift = -mean * inverse
        result: Tensor = scaled + cast(shift, kind)
        return result


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
) -> Tensor:
    """`batch_normalization` of t by mean m and variance v, with offset beta.

    Args:
        scale_after_normalization: whether to multiply by gamma.
    """
    scale = gamma if scale_after_normalization else None
    return batch_normalization(t, m, v, beta, scale, variance_epsilon, name)
