"""What all distributions have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions import divergence
from flowgraph.library.distributions.reparameterization import ReparameterizationType
from flowgraph.ops import array
from flowgraph.ops.joining import concat
from flowgraph.ops.powers import sqrt, square
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.transcendental import exp, log, log1p
from flowgraph.shapes import TensorShape

__all__ = ["Distribution"]


class Distribution:
    """A batch of probability distributions of one kind.

    A sample has the shape ``sample_shape + batch_shape + event_shape``: the batch are independent
    distributions with parameters of their own, an event is one draw of one of them.

    A subclass defines what it can of ``_sample_n(n, seed)``, ``_log_prob(x)`` or ``_prob(x)``,
    ``_cdf(x)`` or ``_log_cdf(x)``, ``_entropy()``, ``_mean()``, ``_variance()`` or ``_stddev()``,
    ``_covariance()``, ``_mode()``, ``_quantile(p)``, and the shapes ``_batch_shape()``,
    ``_batch_shape_tensor()``, ``_event_shape()`` and ``_event_shape_tensor()``. A method of which
    neither form is defined raises NotImplementedError.

    Args:
        dtype: the type of samples.
        reparameterization_type: `FULLY_REPARAMETERIZED` if samples have gradients.
        validate_args: check parameters and arguments when they are computed.
        allow_nan_stats: give nan for statistics that are undefined, instead of failing.
        parameters: the constructor's arguments, for `copy`.
        graph_parents: the tensors it is made of.
        name: prefix of the names of its operations.
    """

    def __init__(
        self,
        dtype: Any,
        reparameterization_type: ReparameterizationType,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: dict[str, Any] | None = None,
        graph_parents: list[Tensor] | None = None,
        name: str | None = None,
    ) -> None:
        self._graph_parents = list(graph_parents or [])
        for i, each in enumerate(self._graph_parents):
            if not isinstance(each, Tensor):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {each}.")
        if not name or not name.endswith("/"):
            with name_scope(name or type(self).__name__) as scope:
                name = scope
        self._name = name
        self._dtype = dtype
        self._reparameterization_type = reparameterization_type
        self._validate_args = validate_args
        self._allow_nan_stats = allow_nan_stats
        self._parameters = dict(parameters or {})

    @property
    def name(self) -> str:
        """The prefix of the names of its operations."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The type of samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """The constructor's arguments."""
        kept = self._parameters.items()
        return {key: value for key, value in kept if key != "self" and not key.startswith("__")}

    @property
    def reparameterization_type(self) -> ReparameterizationType:
        """Whether samples are differentiable in the parameters."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether undefined statistics are nan."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether parameters and arguments are checked."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """A distribution of the same class, with other values for some of the parameters."""
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    @classmethod
    def param_shapes(
        cls, sample_shape: Any, name: str = "DistributionParamShapes"
    ) -> dict[str, Tensor]:
        """The shapes that parameters need for samples of a shape, by name."""
        with name_scope(name, None, [sample_shape]):
            return cls._param_shapes(sample_shape)

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, TensorShape]:
        """The same for a shape that is known, as `TensorShape`.

        Raises:
            ValueError: if it is not known.
        """
        if isinstance(sample_shape, TensorShape):
            if not sample_shape.is_fully_defined():
                raise ValueError("TensorShape sample_shape must be fully defined")
            sample_shape = sample_shape.as_list()
        found = {}
        for name, shape in cls.param_shapes(sample_shape).items():
            value = shape.const_value()
            if value is None:
                raise ValueError("sample_shape must be a fully-defined TensorShape or list/tuple")
            found[name] = TensorShape(value.tolist())
        return found

    @classmethod
    def _param_shapes(cls, sample_shape: Any) -> dict[str, Tensor]:
        raise NotImplementedError("_param_shapes not implemented")

    def _lacks(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{method} is not implemented: {type(self).__name__}")

    @contextmanager
    def _name_scope(self, name: str, values: list[Any] | None = None) -> Iterator[str]:
        with (
            name_scope(self.name),
            name_scope(name, None, [*(values or []), *self._graph_parents]) as scope,
        ):
            yield scope

    def _batch_shape(self) -> Any:
        return TensorShape(None)

    def _batch_shape_tensor(self) -> Tensor:
        raise self._lacks("batch_shape_tensor")

    def _event_shape(self) -> Any:
        return TensorShape(None)

    def _event_shape_tensor(self) -> Tensor:
        raise self._lacks("event_shape_tensor")

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the batch of distributions, as far as it is known."""
        return TensorShape(self._batch_shape())

    @property
    def event_shape(self) -> TensorShape:
        """The shape of one draw of one distribution, as far as it is known."""
        return TensorShape(self._event_shape())

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """The shape of the batch of distributions, as a vector."""
        with self._name_scope(name):
            if self.batch_shape.is_fully_defined():
                return constant(self.batch_shape.as_list(), dtypes.int32, name="batch_shape")
            return self._batch_shape_tensor()

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Tensor:
        """The shape of one draw of one distribution, as a vector."""
        with self._name_scope(name):
            if self.event_shape.is_fully_defined():
                return constant(self.event_shape.as_list(), dtypes.int32, name="event_shape")
            return self._event_shape_tensor()

    def is_scalar_event(self, name: str = "is_scalar_event") -> Tensor:
        """Whether a draw is a number."""
        with self._name_scope(name):
            return _is_scalar(self.event_shape, self.event_shape_tensor, "is_scalar_event")

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Tensor:
        """Whether there is one distribution, without a batch."""
        with self._name_scope(name):
            return _is_scalar(self.batch_shape, self.batch_shape_tensor, "is_scalar_batch")

    def _sample_n(self, n: Any, seed: Any = None) -> Tensor:
        raise self._lacks("sample_n")

    def _call_sample_n(self, sample_shape: Any, seed: Any, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, [sample_shape]):
            shape = convert_to_tensor(sample_shape, dtypes.int32, name="sample_shape")
            shape, count = _as_vector(shape)
            samples = self._sample_n(count, seed, **kwargs)
            rest = array.shape(samples)[1:]
            samples = array.reshape(samples, concat([shape, rest], 0))
            self._set_static_shape(samples, shape)
            return samples

    def _set_static_shape(self, samples: Tensor, sample_shape: Tensor) -> None:
        outer = TensorShape(sample_shape.const_dims())
        whole = outer.concatenate(self.batch_shape).concatenate(self.event_shape)
        if whole.ndims is not None:
            samples.set_shape(whole)

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Any:
        """Draws of shape ``sample_shape + batch_shape + event_shape``.

        Args:
            sample_shape: a number or a list of them; one draw by default.
            seed: of the random op.
        """
        return self._call_sample_n(sample_shape, seed, name)

    def _of_value(self, value: Any, name: str, formulas: list[Callable[[Any], Any]]) -> Any:
        """The first of several formulas that the class has."""
        with self._name_scope(name, [value]):
            x = convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            return _first(formulas, x)

    def _log_prob(self, x: Any) -> Any:
        raise self._lacks("log_prob")

    def _prob(self, x: Any) -> Any:
        raise self._lacks("prob")

    def log_prob(self, value: Any, name: str = "log_prob") -> Any:
        """The logarithm of the density, or of the probability, of `value`."""
        return self._of_value(value, name, [self._log_prob, lambda x: log(self._prob(x))])

    def prob(self, value: Any, name: str = "prob") -> Any:
        """The density, or the probability, of `value`."""
        return self._of_value(value, name, [self._prob, lambda x: exp(self._log_prob(x))])

    def _log_cdf(self, x: Any) -> Any:
        raise self._lacks("log_cdf")

    def _cdf(self, x: Any) -> Any:
        raise self._lacks("cdf")

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Any:
        """``log P[X <= value]``"""
        return self._of_value(value, name, [self._log_cdf, lambda x: log(self._cdf(x))])

    def cdf(self, value: Any, name: str = "cdf") -> Any:
        """``P[X <= value]``"""
        return self._of_value(value, name, [self._cdf, lambda x: exp(self._log_cdf(x))])

    def _log_survival_function(self, x: Any) -> Any:
        raise self._lacks("log_survival_function")

    def _survival_function(self, x: Any) -> Any:
        raise self._lacks("survival_function")

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Any:
        """``log P[X > value]``"""
        formulas = [self._log_survival_function, lambda x: log1p(-self.cdf(x))]
        return self._of_value(value, name, formulas)

    def survival_function(self, value: Any, name: str = "survival_function") -> Any:
        """``P[X > value] = 1 - cdf(value)``"""
        formulas = [self._survival_function, lambda x: 1.0 - self.cdf(x)]
        return self._of_value(value, name, formulas)

    def _quantile(self, p: Any) -> Any:
        raise self._lacks("quantile")

    def quantile(self, value: Any, name: str = "quantile") -> Any:
        """The x with ``P[X <= x] = value``."""
        return self._of_value(value, name, [self._quantile])

    def _entropy(self) -> Any:
        raise self._lacks("entropy")

    def entropy(self, name: str = "entropy") -> Any:
        """Shannon's entropy ``E[-log p(x)]``, in nats."""
        with self._name_scope(name):
            return self._entropy()

    def _mean(self) -> Any:
        raise self._lacks("mean")

    def mean(self, name: str = "mean") -> Any:
        """The mean ``E[x]``."""
        with self._name_scope(name):
            return self._mean()

    def _variance(self) -> Any:
        raise self._lacks("variance")

    def _stddev(self) -> Any:
        raise self._lacks("stddev")

    def variance(self, name: str = "variance") -> Any:
        """The variance ``E[(x - E[x])^2]`` of every element of an event."""
        with self._name_scope(name):
            return _first([self._variance, lambda: square(self._stddev())])

    def stddev(self, name: str = "stddev") -> Any:
        """The standard deviation, the root of the variance."""
        with self._name_scope(name):
            return _first([self._stddev, lambda: sqrt(self._variance())])

    def _covariance(self) -> Any:
        raise self._lacks("covariance")

    def covariance(self, name: str = "covariance") -> Any:
        """The covariances ``E[(x_i - E[x_i]) (x_j - E[x_j])]`` of the elements of an event."""
        with self._name_scope(name):
            return self._covariance()

    def _mode(self) -> Any:
        raise self._lacks("mode")

    def mode(self, name: str = "mode") -> Any:
        """The most probable value."""
        with self._name_scope(name):
            return self._mode()

    def cross_entropy(self, other: Any, name: str = "cross_entropy") -> Any:
        """``E[-log other(x)]`` for x of this distribution."""
        with self._name_scope(name):
            return divergence.cross_entropy(self, other, allow_nan_stats=self.allow_nan_stats)

    def kl_divergence(self, other: Any, name: str = "kl_divergence") -> Any:
        """``E[log(self(x) / other(x))]`` for x of this distribution."""
        with self._name_scope(name):
            return divergence.kl_divergence(self, other, allow_nan_stats=self.allow_nan_stats)

    def __str__(self) -> str:
        shapes = [("batch_shape", self.batch_shape), ("event_shape", self.event_shape)]
        known = "".join(f", {key}={shape}" for key, shape in shapes if shape.ndims is not None)
        kind = type(self).__name__
        return f'tfp.distributions.{kind}("{self.name}"{known}, dtype={_type_name(self.dtype)})'

    def __repr__(self) -> str:
        return (
            f"<tfp.distributions.{type(self).__name__} '{self.name}' batch_shape="
            f"{self.batch_shape} event_shape={self.event_shape} dtype={_type_name(self.dtype)}>"
        )


def _type_name(dtype: Any) -> str:
    return dtype.name if isinstance(dtype, DType) else str(dtype)


def _first(formulas: list[Callable[..., Any]], *arguments: Any) -> Any:
    """The value of the first formula that is implemented; the first one's error if none is."""
    missing: NotImplementedError | None = None
    for formula in formulas:
        try:
            return formula(*arguments)
        except NotImplementedError as error:
            missing = missing or error
    assert missing is not None
    raise missing


def _is_scalar(known: TensorShape, shape: Callable[[], Tensor], name: str) -> Tensor:
    if known.ndims is not None:
        return constant(known.ndims == 0, name=name)
    result: Tensor = apply("Equal", array.size(shape()), 0, name=name)
    return result


def _as_vector(shape: Tensor) -> tuple[Tensor, Any]:
    """A sample shape as a vector, and how many samples it asks for."""
    value = shape.const_value()
    count = reduce_prod(shape) if value is None else np.prod(value, dtype=np.int32)
    if shape.dims is not None and len(shape.dims) > 1:
        raise ValueError("Input is neither scalar nor vector.")
    if shape.dims == () and value is not None:
        return constant(value.reshape(1), name="sample_shape"), count
    if shape.dims is None or shape.dims == ():
        return array.reshape(shape, [-1]), count
    return shape, count
