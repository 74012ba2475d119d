"""Distributions of functions of random numbers, and of several random numbers at once."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.bijectors import Bijector, Exp, Identity
from flowgraph.library.distributions.divergence import RegisterKL, kl_divergence
from flowgraph.library.distributions.normal import Normal
from flowgraph.ops.joining import concat
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.transcendental import exp, expm1
from flowgraph.shapes import TensorShape

__all__ = ["Independent", "LogNormal", "TransformedDistribution"]


class TransformedDistribution(Distribution):
    """The distribution of ``bijector.forward(x)`` for x of another distribution.

    ``log p(y) = log q(x) + log |det dx/dy|`` with ``x = bijector.inverse(y)``

    Args:
        distribution: that of x.
        bijector: a `Bijector`; the identity if None.
        batch_shape: for a `distribution` without a batch: draw independent x for a batch of this
            shape.
        event_shape: for a `distribution` of numbers: draw independent x for events of this shape.

    Raises:
        ValueError: if a shape is given for a distribution that has one of its own.
    """

    def __init__(
        self,
        distribution: Distribution,
        bijector: Bijector | None = None,
        batch_shape: Any = None,
        event_shape: Any = None,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        parameters = dict(locals())
        self._distribution = distribution
        self._bijector = Identity() if bijector is None else bijector
        plain = distribution.name.rstrip("/").rpartition("/")[2]
        with name_scope(name or self._bijector.name + plain) as scope:
            pass
        self._more_batch = _override(batch_shape, distribution.batch_shape, "batch_shape")
        self._more_event = _override(event_shape, distribution.event_shape, "event_shape")
        if self._more_event and distribution.batch_shape.ndims != 0:
            raise ValueError("event_shape needs a distribution without a batch.")
        super().__init__(
            distribution.dtype,
            distribution.reparameterization_type,
            validate_args,
            distribution.allow_nan_stats,
            parameters,
            list(distribution._graph_parents),
            scope,
        )

    @property
    def distribution(self) -> Distribution:
        """The distribution of x."""
        return self._distribution

    @property
    def bijector(self) -> Bijector:
        """The function of x."""
        return self._bijector

    def _batch_shape(self) -> Any:
        return self._more_batch or self.distribution.batch_shape

    def _batch_shape_tensor(self) -> Tensor:
        return self.distribution.batch_shape_tensor()

    def _event_shape(self) -> Any:
        inner = self._more_event or self.distribution.event_shape
        return self.bijector.forward_event_shape(inner)

    def _event_shape_tensor(self) -> Tensor:
        if not self.event_shape.is_fully_defined():
            raise self._lacks("event_shape_tensor")
        return self.distribution.event_shape_tensor()

    def _event_ndims(self) -> int:
        ndims = self.event_shape.ndims
        if ndims is None:
            raise NotImplementedError("The rank of events must be known.")
        return max(ndims, self.bijector.inverse_min_event_ndims)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        shape = concat([[n], self._more], 0) if self._more else n
        return self.bijector.forward(self.distribution.sample(shape, seed=seed))

    @property
    def _more(self) -> list[int]:
        return [*self._more_batch, *self._more_event]

    def _log_prob(self, y: Any) -> Any:
        x = self.bijector.inverse(y)
        jacobian = self.bijector.inverse_log_det_jacobian(y, self._event_ndims())
        missing = self._event_ndims() - (self.distribution.event_shape.ndims or 0)
        log_prob = self.distribution.log_prob(x)
        if missing:
            log_prob = reduce_sum(log_prob, [*range(-missing, 0)])
        return jacobian + log_prob

    def _cdf(self, y: Any) -> Any:
        return self.distribution.cdf(self.bijector.inverse(y))

    def _log_cdf(self, y: Any) -> Any:
        return self.distribution.log_cdf(self.bijector.inverse(y))

    def _survival_function(self, y: Any) -> Any:
        return self.distribution.survival_function(self.bijector.inverse(y))

    def _log_survival_function(self, y: Any) -> Any:
        return self.distribution.log_survival_function(self.bijector.inverse(y))

    def _quantile(self, p: Any) -> Any:
        return self.bijector.forward(self.distribution.quantile(p))

    def _mean(self) -> Any:
        if not self.bijector.is_constant_jacobian:
            raise NotImplementedError("mean is not implemented for non-affine bijectors")
        return self.bijector.forward(self.distribution.mean())

    def _entropy(self) -> Any:
        if not self.bijector.is_constant_jacobian:
            raise NotImplementedError("entropy is not implemented")
        if self._more or self.event_shape.ndims:
            raise NotImplementedError("entropy is not implemented for events with axes")
        mean = self.distribution.mean()
        return self.distribution.entropy() + self.bijector.forward_log_det_jacobian(mean, 0)


def _override(given: Any, own: TensorShape, name: str) -> list[int]:
    if given is None:
        return []
    if own.ndims != 0:
        raise ValueError(f"{name} can only be given for a distribution whose own is [].")
    return [int(size) for size in TensorShape(given).as_list() if size is not None]


class LogNormal(TransformedDistribution):
    """The distribution of ``exp(x)`` for normal x.

    Args:
        loc: the means of x, floating.
        scale: the standard deviations of x, of the same type.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "LogNormal",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, scale]) as scope:
            normal = Normal(loc, scale, validate_args, allow_nan_stats)
        super().__init__(normal, Exp(), validate_args=validate_args, name=scope)
        self._normal = normal
        self._parameters = parameters

    @property
    def loc(self) -> Tensor:
        """The means of the logarithms."""
        return self._normal.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviations of the logarithms."""
        return self._normal.scale

    def _mean(self) -> Any:
        return exp(self._normal.mean() + 0.5 * self._normal.variance())

    def _variance(self) -> Any:
        variance = self._normal.variance()
        return expm1(variance) * exp(2.0 * self._normal.mean() + variance)

    def _mode(self) -> Any:
        return exp(self._normal.mean() - self._normal.variance())

    def _entropy(self) -> Any:
        return self._normal.mean() + self._normal.entropy()


class Independent(Distribution):
    """Independent distributions of a batch taken as one of arrays: probabilities are multiplied.

    Args:
        distribution: the distributions.
        reinterpreted_batch_ndims: how many of the last axes of the batch become axes of events; all
            but the first if None.
    """

    def __init__(
        self,
        distribution: Distribution,
        reinterpreted_batch_ndims: int | None = None,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        parameters = dict(locals())
        ndims = distribution.batch_shape.ndims
        if ndims is None:
            raise ValueError("The rank of the batch must be known.")
        taken = (
            max(ndims - 1, 0) if reinterpreted_batch_ndims is None else reinterpreted_batch_ndims
        )
        if taken > ndims:
            raise ValueError(
                f"reinterpreted_batch_ndims({taken}) cannot exceed distribution.batch_ndims("
                f"{ndims})"
            )
        plain = distribution.name.rstrip("/").rpartition("/")[2]
        with name_scope(name or "Independent" + plain) as scope:
            pass
        self._distribution = distribution
        self._taken = taken
        self._kept = ndims - taken
        super().__init__(
            distribution.dtype,
            distribution.reparameterization_type,
            validate_args,
            distribution.allow_nan_stats,
            parameters,
            list(distribution._graph_parents),
            scope,
        )

    @property
    def distribution(self) -> Distribution:
        """The distributions."""
        return self._distribution

    @property
    def reinterpreted_batch_ndims(self) -> int:
        """How many axes of the batch are axes of events."""
        return self._taken

    def _batch_shape(self) -> Any:
        return self.distribution.batch_shape[: self._kept]

    def _batch_shape_tensor(self) -> Tensor:
        return self.distribution.batch_shape_tensor()[: self._kept]

    def _event_shape(self) -> Any:
        return self.distribution.batch_shape[self._kept :].concatenate(
            self.distribution.event_shape
        )

    def _event_shape_tensor(self) -> Tensor:
        inner = self.distribution.event_shape_tensor()
        return concat([self.distribution.batch_shape_tensor()[self._kept :], inner], 0)

    def _summed(self, x: Any) -> Any:
        return reduce_sum(x, [*range(-self._taken, 0)])

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        return self.distribution.sample(n, seed=seed)

    def _log_prob(self, x: Any) -> Any:
        return self._summed(self.distribution.log_prob(x))

    def _entropy(self) -> Any:
        return self._summed(self.distribution.entropy())

    def _mean(self) -> Any:
        return self.distribution.mean()

    def _variance(self) -> Any:
        return self.distribution.variance()

    def _stddev(self) -> Any:
        return self.distribution.stddev()

    def _mode(self) -> Any:
        return self.distribution.mode()


@RegisterKL(Independent, Independent)
def _kl_independent(a: Independent, b: Independent, name: str | None = None) -> Tensor:
    """The sum of the members' divergences."""
    if a.event_shape.as_list() != b.event_shape.as_list():
        raise ValueError("Event shapes do not match.")
    with name_scope(name, "kl_independent"):
        divergence: Tensor = a._summed(kl_divergence(a.distribution, b.distribution))
        return divergence


@RegisterKL(LogNormal, LogNormal)
def _kl_log_normal(a: LogNormal, b: LogNormal, name: str | None = None) -> Tensor:
    """That of the logarithms: an invertible function of both does not change it."""
    with name_scope(name, "kl_log_normal"):
        return kl_divergence(a.distribution, b.distribution)
