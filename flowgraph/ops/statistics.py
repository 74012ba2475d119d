"""Functions made of several reductions: logsumexp, variance, counts, polynomials."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_max, reduce_mean, reduce_sum
from flowgraph.ops.reduce_axes import scalar_if_all

__all__ = [
    "count_nonzero",
    "polyval",
    "reduce_logsumexp",
    "reduce_std",
    "reduce_variance",
]


def reduce_logsumexp(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """``log(sum(exp(x)))`` over `axis`, without overflow for large elements.

    Args:
        axis: an int, a list of them, or an integer tensor; None stands for all axes.
        keepdims: leave the reduced axes at length 1.
    """
    with name_scope(name, "ReduceLogSumExp", [input_tensor]) as scope:
        raw = reduce_max(input_tensor, axis, keepdims=True)
        largest = apply("StopGradient", apply("SelectV2", apply("IsFinite", raw), raw, 0))
        shifted = apply("Exp", apply("Sub", input_tensor, largest))
        result: Tensor = apply("Log", reduce_sum(shifted, axis, keepdims=keepdims))
        if not keepdims:
            largest = apply("Reshape", largest, apply("Shape", result))
        result = apply("AddV2", result, largest, name=scope)
        return scalar_if_all(result, axis, keepdims)


def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The variance over `axis`: the mean of ``(x - mean(x))^2``, of complex x of its |.|^2.

    Raises:
        TypeError: if the input is of an integer type.
    """
    with name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis, keepdims=True)
        if means.dtype.is_integer:
            raise TypeError(f"Input must be either real or complex. Received {means.dtype!r}.")
        deviation = convert_to_tensor(input_tensor) - means
        if deviation.dtype.is_complex:
            real = deviation.dtype.real_dtype
            deviation = apply("ComplexAbs", deviation, Tout=real)
        return reduce_mean(apply("Square", deviation), axis, keepdims=keepdims)  # type: ignore[no-any-return]


def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The standard deviation over `axis`: the square root of the variance."""
    with name_scope(name or "reduce_std"):
        result: Tensor = apply("Sqrt", reduce_variance(input_tensor, axis, keepdims))
        return result


def count_nonzero(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool = False,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """The number of elements over `axis` that are not zero (not empty, for strings).

    Args:
        dtype: the type of the result.
    """
    with name_scope(name, "count_nonzero", [input_tensor]):
        tensor = convert_to_tensor(input_tensor, name="input")
        kind = tensor.dtype.kind
        nothing: Any = b"" if kind == "O" else False if kind == "b" else 0
        zero = constant(nothing, tensor.dtype.base_dtype, name="zeros")
        found = cast(apply("NotEqual", tensor, zero), dtypes.int64)
        return cast(reduce_sum(found, axis, keepdims), dtype)  # type: ignore[no-any-return]


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """A polynomial at `x` by Horner's rule: ``c[0] x^(n-1) + ... + c[n-1]``.

    Args:
        coeffs: a list of tensors, the one of the highest power first; 0 if it is empty.
        x: a tensor.

    Raises:
        ValueError: if `coeffs` is not a list.
    """
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type, found {type(coeffs)}.")
    with name_scope(name, "polyval", [*coeffs, x]):
        x = convert_to_tensor(x, name="x")
        if not coeffs:
            zeros: Tensor = apply("ZerosLike", x)
            return zeros
        terms = [convert_to_tensor(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        value: Tensor = terms[0]
        for term in terms[1:]:
            value = term + value * x
        return value
