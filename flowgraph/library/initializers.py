"""Initial values of variables: callables from a shape and a type to a tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import constants, random
from flowgraph.ops.diagonal import eye
from flowgraph.shapes import TensorShape

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "Identity",
    "Initializer",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "UniformUnitScaling",
    "VarianceScaling",
    "Zeros",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
]

# The standard deviation of a standard normal distribution cut off at two of them.
_TRUNCATED_DEVIATION = 0.87962566103423978


class Initializer:
    """Makes initial values: ``initializer(shape, dtype)`` is a tensor.

    A subclass defines ``__call__(self, shape, dtype=None, partition_info=None)``; for a part of a
    partitioned variable `partition_info` tells the shape of the whole.
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        raise TypeError(f"{type(self).__name__} must define __call__.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer made again from `get_config`."""
        return cls(**{key: value for key, value in config.items() if key != "dtype"})


class _Typed(Initializer):
    dtype: DType

    def _type(self, dtype: Any) -> DType:
        return self.dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype

    def get_config(self) -> dict[str, Any]:
        return {"dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)


def _floating(dtype: Any) -> DType:
    found = dtypes.as_dtype(dtype)
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found}.")
    return found


class Zeros(_Typed):
    """All zeros."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return constants.zeros(shape, self._type(dtype))


class Ones(_Typed):
    """All ones."""

    def __init__(self, dtype: Any = dtypes.float32) -> None:
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        return constants.ones(shape, self._type(dtype))


class Constant(_Typed):
    """A given value.

    Args:
        value: a number, or a list or array whose elements fill the shape in order, the last one
            repeated where there are too few.
        verify_shape: raise TypeError instead, unless the shapes are equal.
    """

    def __init__(
        self, value: Any = 0, dtype: Any = dtypes.float32, verify_shape: bool = False
    ) -> None:
        if not (np.isscalar(value) or isinstance(value, list | tuple | np.ndarray)):
            raise TypeError(
                f"Invalid type for initial value: {type(value)} (expected Python scalar, list or "
                "tuple of values, or numpy.ndarray)."
            )
        self.value = value
        self.dtype = dtypes.as_dtype(dtype)
        self._verify_shape = verify_shape

    def __call__(
        self,
        shape: Any,
        dtype: Any = None,
        partition_info: Any = None,
        verify_shape: bool | None = None,
    ) -> Tensor:
        verify = self._verify_shape if verify_shape is None else verify_shape
        return constant(self.value, self._type(dtype), shape, verify_shape=verify)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value, "dtype": self.dtype.name}


class RandomUniform(_Typed):
    """Uniform in ``[minval, maxval)``; see `random_uniform` for the limits."""

    def __init__(
        self,
        minval: Any = 0,
        maxval: Any = None,
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = dtypes.as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        kind = self._type(dtype)
        return random.random_uniform(shape, self.minval, self.maxval, kind, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "minval": self.minval,
            "maxval": self.maxval,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


class _Normal(_Typed):
    def __init__(
        self,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            "mean": self.mean,
            "stddev": self.stddev,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


class RandomNormal(_Normal):
    """Normal with the given mean and standard deviation."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        kind = self._type(dtype)
        return random.random_normal(shape, self.mean, self.stddev, kind, seed=self.seed)


class TruncatedNormal(_Normal):
    """Normal, with values beyond two standard deviations drawn again."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        kind = self._type(dtype)
        return random.truncated_normal(shape, self.mean, self.stddev, kind, seed=self.seed)


def _whole(shape: Any, partition_info: Any) -> list[int]:
    """The sizes that the scale follows from: the whole variable's."""
    sizes = shape if partition_info is None else partition_info.full_shape
    return [int(size) for size in TensorShape(sizes).as_list() if size is not None]


class UniformUnitScaling(_Typed):
    """Uniform so that inputs keep their scale: up to ``factor * sqrt(3 / n)`` either way, with n
    the product of all sizes but the last.
    """

    def __init__(
        self, factor: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        inputs = max(1.0, float(math.prod(_whole(shape, partition_info)[:-1])))
        limit = math.sqrt(3 / inputs) * self.factor
        return random.random_uniform(shape, -limit, limit, self._type(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "seed": self.seed, "dtype": self.dtype.name}


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("normal", "uniform", "truncated_normal", "untruncated_normal")


def _fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many inputs an output has, and the other way round: also for convolution kernels."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(_Typed):
    """Random with the variance ``scale / n``, for n the inputs, the outputs, or their mean.

    Args:
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".

    Raises:
        ValueError: for other words, or a scale that is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = dtypes.float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in _MODES:
            raise ValueError(f"Invalid `mode` argument: {mode}")
        if distribution.lower() not in _DISTRIBUTIONS:
            raise ValueError(f"Invalid `distribution` argument: {distribution.lower()}")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution.lower()
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        kind = self._type(dtype)
        inputs, outputs = _fans(_whole(shape, partition_info))
        fan = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.random_uniform(shape, -limit, limit, kind, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.random_normal(shape, 0.0, math.sqrt(variance), kind, seed=self.seed)
        deviation = math.sqrt(variance) / _TRUNCATED_DEVIATION
        return random.truncated_normal(shape, 0.0, deviation, kind, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
            "dtype": self.dtype.name,
        }


class GlorotUniform(VarianceScaling):
    """Uniform up to ``sqrt(6 / (inputs + outputs))`` either way. Glorot and Bengio (2010)."""

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


class GlorotNormal(VarianceScaling):
    """Truncated normal with the variance ``2 / (inputs + outputs)``. Glorot and Bengio (2010)."""

    def __init__(self, seed: int | None = None, dtype: Any = dtypes.float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "dtype": self.dtype.name}


def lecun_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with the variance ``1 / inputs``. LeCun et al. (1998)."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform with the variance ``1 / inputs``. LeCun et al. (1998)."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def he_normal(seed: int | None = None) -> VarianceScaling:
    """Truncated normal with the variance ``2 / inputs``. He et al. (2015)."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> VarianceScaling:
    """Uniform with the variance ``2 / inputs``. He et al. (2015)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


class Identity(_Typed):
    """`gain` on the diagonal of a matrix, zeros beside it.

    Raises:
        ValueError: when called, if the shape is not that of a matrix.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = dtypes.float32) -> None:
        self.gain = gain
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        sizes = _whole(shape, partition_info)
        if len(sizes) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        kind = self._type(dtype)
        value = eye(sizes[0], sizes[1], dtype=kind)
        if partition_info is not None:
            value = apply("Slice", value, partition_info.var_offset, list(shape))
        return self.gain * value

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "dtype": self.dtype.name}
