"""Parts of dense layers: affine maps, dropout, normalization of vectors."""

from __future__ import annotations

import numbers
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.activations import relu
from flowgraph.ops.bias import bias_add, bias_add_v1
from flowgraph.ops.cast import cast
from flowgraph.ops.linalg import matmul
from flowgraph.ops.random import random_uniform
from flowgraph.ops.reduce import reduce_sum
from flowgraph.shapes import TensorShape

__all__ = [
    "dropout",
    "l2_normalize",
    "relu_layer",
    "xw_plus_b",
    "xw_plus_b_v1",
    "zero_fraction",
]


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``matmul(x, weights) + biases``.

    Args:
        x: [batch, inputs].
        weights: [inputs, outputs].
        biases: [outputs].
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=scope)


def xw_plus_b_v1(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """`xw_plus_b` by a BiasAddV1 node."""
    with name_scope(name, "xw_plus_b_v1", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add_v1(matmul(x, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """``relu(matmul(x, weights) + biases)``; the arguments are those of `xw_plus_b`."""
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return relu(bias_add(matmul(x, weights), biases), name=scope)


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    if noise_shape is None:
        return array.shape(x)
    if isinstance(noise_shape, Tensor):
        return noise_shape
    try:
        wanted = TensorShape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    if x.dims is None or wanted.rank != len(x.dims):
        return noise_shape
    sizes = zip(wanted.as_list(), x.dims, strict=True)
    return TensorShape([known if size is None else size for size, known in sizes])


def _rate_of(keep_prob: Any, rate: Any) -> Any:
    if keep_prob is None:
        if rate is None:
            raise ValueError("You must provide a rate to dropout.")
        return rate
    if rate is not None:
        raise ValueError("Cannot specify both 'keep_prob' and 'rate'.")
    try:
        return 1.0 - keep_prob
    except TypeError:
        raise ValueError(
            f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})"
        ) from None


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """Elements of `x` set to 0 at random, the others scaled so that the expected sum stays.

    An element is kept with probability ``keep_prob = 1 - rate`` and multiplied by
    ``1 / keep_prob``.

    Args:
        x: floating-point numbers.
        keep_prob: the probability of keeping an element, a number or a scalar tensor.
        noise_shape: the shape of the random decisions, broadcast against `x`; that of `x` if None.
        seed: of the op; see `flowgraph.set_random_seed`.
        rate: the probability of dropping an element, given instead of `keep_prob`.

    Raises:
        ValueError: if the rate is not in [0, 1), is missing, or x is not floating point.
    """
    rate = _rate_of(keep_prob, rate)
    with name_scope(name, "dropout", [x]):
        tensor = convert_to_tensor(x, name="x")
        if not tensor.dtype.is_floating:
            raise ValueError(
                "x has to be a floating point tensor since it's going to be scaled. Got a "
                f"{tensor.dtype.name} tensor instead."
            )
        if isinstance(rate, numbers.Real):
            if not 0 <= float(rate) < 1:
                raise ValueError(
                    f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}"
                )
            if rate == 0:
                return tensor
        dtype = tensor.dtype.base_dtype
        chance = convert_to_tensor(rate, dtype, name="rate")
        chance.shape.assert_has_rank(0)
        known = chance.const_value()
        if known is not None and known == 0:
            return tensor
        shape = _noise_shape(tensor, noise_shape)
        drawn = random_uniform(shape, seed=seed, dtype=dtype)
        scale = 1 / (1 - chance)
        kept = drawn >= chance
        result: Tensor = tensor * scale * cast(kept, dtype)
        result.set_shape(tensor.shape)
        return result


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None
) -> Tensor:
    """`x` divided by its norm along `axis`: ``x / sqrt(max(sum(x ** 2), epsilon))``.

    Args:
        axis: an int or a list of them; all axes if None.
        epsilon: the least squared norm divided by.
    """
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        squared = reduce_sum(apply("Square", x), axis, keepdims=True)
        inverse = apply("Rsqrt", apply("Maximum", squared, epsilon))
        result: Tensor = apply("Mul", x, inverse, name=scope)
        return result


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The fraction of the elements that are 0, a float32 scalar; nan of no elements."""
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        size = array.size(value, out_type=dtypes.int64)
        zero = convert_to_tensor(0, value.dtype.base_dtype, name="zero")
        nonzero = cast(apply("NotEqual", value, zero), dtypes.int64)
        zeros = size - reduce_sum(nonzero, name="nonzero_count")
        with name_scope("counts_to_fraction"):
            fraction = cast(zeros, dtypes.float32) / cast(size, dtypes.float32)
        result: Tensor = apply("Identity", fraction, name="fraction")
        return result
