"""Random numbers, bit-exact with TensorFlow for the same graph seed and op seed."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.assertions import Assert
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.kinds import FLOATS, INDEX
from flowgraph.ops.random_ops import seed_attrs
from flowgraph.ops.reduce import reduce_all

__all__ = [
    "categorical",
    "multinomial",
    "random_crop",
    "random_gamma",
    "random_normal",
    "random_poisson",
    "random_shuffle",
    "random_uniform",
    "truncated_normal",
]


def _shape_tensor(shape: Any) -> Tensor:
    empty = isinstance(shape, list | tuple) and not shape
    return convert_to_tensor(shape, dtypes.int32 if empty else None, name="shape")


def _normal(
    op_type: str,
    shape: Any,
    mean: Any,
    stddev: Any,
    dtype: Any,
    seed: Any,
    name: str | None,
    default_name: str,
) -> Tensor:
    with name_scope(name, default_name, [shape, mean, stddev]) as scope:
        lengths = _shape_tensor(shape)
        center = convert_to_tensor(mean, dtype, name="mean")
        scale = convert_to_tensor(stddev, dtype, name="stddev")
        standard = apply(op_type, lengths, dtype=dtype, **seed_attrs(seed))
        result: Tensor = apply("Add", standard * scale, center, name=scope)
        return result


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of a normal distribution.

    Args:
        shape: of the result; a list of ints or an integer vector.
        mean: a number or a tensor that broadcasts with `shape`.
        stddev: the standard deviation, likewise.
        dtype: a floating-point type.
        seed: of this op; see `flowgraph.set_random_seed`.
    """
    return _normal("RandomStandardNormal", shape, mean, stddev, dtype, seed, name, "random_normal")


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of a normal distribution, none further from the mean than two standard deviations.

    The arguments are those of `random_normal`.
    """
    return _normal("TruncatedNormal", shape, mean, stddev, dtype, seed, name, "truncated_normal")


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval).

    Args:
        shape: of the result; a list of ints or an integer vector.
        minval: the least value; a scalar for integers.
        maxval: the limit, 1 by default; must be given for integers.
        dtype: a floating-point type, int32 or int64.
        seed: of this op; see `flowgraph.set_random_seed`.

    Raises:
        ValueError: for another dtype, or integers without `maxval`.
    """
    kind = dtypes.as_dtype(dtype)
    if kind not in (*FLOATS, *INDEX):
        raise ValueError(f"Invalid dtype {kind!r}")
    if maxval is None:
        if kind.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {kind!r}")
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        lengths = _shape_tensor(shape)
        low = convert_to_tensor(minval, kind, name="min")
        high = convert_to_tensor(maxval, kind, name="max")
        seeds = seed_attrs(seed)
        result: Tensor
        if kind.is_integer:
            result = apply("RandomUniformInt", lengths, low, high, name=scope, **seeds)
            return result
        unit = apply("RandomUniform", lengths, dtype=kind, **seeds)
        width = high - low
        result = apply("Add", unit * width, low, name=scope)
        return result


def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Tensor:
    """Class numbers drawn with probabilities softmax(logits), for each row.

    Args:
        logits: unnormalised log-probabilities [batch, classes].
        num_samples: draws per row.
        output_dtype: int32 or int64 (the default).

    Returns:
        [batch, num_samples]
    """
    return _drawn(logits, num_samples, output_dtype, seed, name, "multinomial")


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """The same as `multinomial`."""
    return _drawn(logits, num_samples, dtype, seed, name, "categorical")


def _drawn(
    logits: Any, num_samples: Any, dtype: Any, seed: Any, name: str | None, default_name: str
) -> Tensor:
    with name_scope(name, default_name, [logits]):
        logits = convert_to_tensor(logits, name="logits")
        seeds = seed_attrs(seed)
        drawn: Tensor = apply(
            "Multinomial", logits, num_samples, output_dtype=dtype or dtypes.int64, **seeds
        )
        return drawn


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """`value` with its entries along the first axis in random order."""
    shuffled: Tensor = apply("RandomShuffle", value, name=name, **seed_attrs(seed))
    return shuffled


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A part of `value` of the given size, at a random place.

    Args:
        size: one length per axis of `value`, none larger than that axis.
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtypes.int32, name="size")
        shape = array.shape(value)
        message = ["Need value.shape >= size, got ", shape, size]
        check = Assert(reduce_all(shape >= size), message, summarize=1000)
        shape = with_dependencies([check], shape)
        limit = shape - size + 1
        places = random_uniform(
            array.shape(shape), dtype=dtypes.int32, maxval=dtypes.int32.max, seed=seed
        )
        part: Tensor = apply("Slice", value, places % limit, size, name=scope)
        return part


def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of gamma distributions, of shape ``shape + broadcast(alpha, beta).shape``.

    Args:
        alpha: the shape parameters.
        beta: the rates (inverse scales); 1 if None.
        dtype: float16, float32 or float64.
    """
    kind = dtypes.as_dtype(dtype)
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        lengths = convert_to_tensor(shape, dtypes.int32, name="shape")
        alpha = convert_to_tensor(alpha, kind, name="alpha")
        beta = convert_to_tensor(1 if beta is None else beta, kind, name="beta")
        each = alpha + apply("ZerosLike", beta, name="zeros_like")
        drawn = apply("RandomGamma", lengths, each, **seed_attrs(seed))
        least = float(np.finfo(kind.np).tiny)
        result: Tensor = apply("Maximum", least, drawn / beta)
        return result


def random_poisson(
    lam: Any,
    shape: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Counts of Poisson distributions, of shape ``shape + lam.shape``.

    Args:
        lam: the rates.
        dtype: a floating-point type, int32 or int64.
    """
    with name_scope(name, "random_poisson", [lam, shape]):
        lengths = convert_to_tensor(shape, dtypes.int32, name="shape")
        counts: Tensor = apply(
            "RandomPoissonV2", lengths, lam, dtype=dtypes.as_dtype(dtype), **seed_attrs(seed)
        )
        return counts
