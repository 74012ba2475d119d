"""The normal distribution."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.normal_functions import log_ndtr, ndtr, ndtri
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import identities
from flowgraph.ops.activations import softplus
from flowgraph.ops.arithmetic import squared_difference
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constants import ones_like
from flowgraph.ops.powers import square
from flowgraph.ops.random import random_normal
from flowgraph.ops.transcendental import log

__all__ = ["Normal", "NormalWithSoftplusScale"]


class Normal(ScalarDistribution):
    """The normal distribution: ``p(x) = exp(-((x - loc) / scale)^2 / 2) / (scale sqrt(2 pi))``.

    Args:
        loc: the means, floating.
        scale: the standard deviations, of the same type, positive; broadcast with `loc`.

    Raises:
        TypeError: if the types differ.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Normal",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, scale]) as scope:
            checks = [assert_positive(scale)] if validate_args else []
            self._loc, self._scale = identities(checks, loc=loc, scale=scale)
        super().__init__(
            self._scale.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._loc, self._scale],
            scope,
        )

    @property
    def loc(self) -> Tensor:
        """The means."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The standard deviations."""
        return self._scale

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        shape = self._sample_shape(n)
        return random_normal(shape, 0.0, 1.0, self.dtype, seed) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        return -0.5 * square(self._z(x))

    def _log_normalization(self) -> Any:
        return 0.5 * math.log(2.0 * math.pi) + log(self.scale)

    def _log_cdf(self, x: Any) -> Any:
        return log_ndtr(self._z(x))

    def _cdf(self, x: Any) -> Any:
        return ndtr(self._z(x))

    def _log_survival_function(self, x: Any) -> Any:
        return log_ndtr(-self._z(x))

    def _survival_function(self, x: Any) -> Any:
        return ndtr(-self._z(x))

    def _quantile(self, p: Any) -> Any:
        z = ndtri(p)
        with name_scope("reconstruct", None, [z]):
            return z * self.scale + self.loc

    def _entropy(self) -> Any:
        scale = self.scale * ones_like(self.loc)
        return 0.5 * math.log(2.0 * math.pi * math.e) + log(scale)

    def _mean(self) -> Any:
        return self.loc * ones_like(self.scale)

    def _stddev(self) -> Any:
        return self.scale * ones_like(self.loc)

    def _mode(self) -> Any:
        return self._mean()

    def _z(self, x: Any) -> Any:
        with name_scope("standardize", None, [x]):
            return (x - self.loc) / self.scale


class NormalWithSoftplusScale(Normal):
    """`Normal` with the standard deviations ``softplus(scale)``."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "NormalWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [scale]) as scope:
            positive = softplus(scale, name="softplus_scale")
            super().__init__(loc, positive, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


@RegisterKL(Normal, Normal)
def _kl_normal_normal(a: Normal, b: Normal, name: str | None = None) -> Tensor:
    """``(m_a - m_b)^2 / (2 s_b^2) + (r - 1 - log r) / 2`` with ``r = (s_a / s_b)^2``."""
    with name_scope(name, "kl_normal_normal", [a.loc, b.loc]):
        one, two, half = (constant(number, a.dtype) for number in (1.0, 2.0, 0.5))
        variance_a, variance_b = square(a.scale), square(b.scale)
        ratio = variance_a / variance_b
        distance = squared_difference(a.loc, b.loc) / (two * variance_b)
        result: Tensor = distance + half * (ratio - one - log(ratio))
        return result
