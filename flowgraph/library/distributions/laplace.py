"""Laplace's distribution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.normal_functions import log_cdf_laplace
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import identities
from flowgraph.ops.activations import softplus
from flowgraph.ops.arithmetic import sign
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constants import zeros_like
from flowgraph.ops.random import random_uniform
from flowgraph.ops.transcendental import exp, log, log1p

__all__ = ["Laplace", "LaplaceWithSoftplusScale"]


class Laplace(ScalarDistribution):
    """Laplace's distribution: ``p(x) = exp(-|x - loc| / scale) / (2 scale)``.

    Args:
        loc: the means, floating.
        scale: positive, of the same type; broadcast with `loc`.

    Raises:
        TypeError: if the types differ.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Laplace",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, scale]) as scope:
            checks = [assert_positive(scale)] if validate_args else []
            self._loc, self._scale = identities(checks, loc=loc, scale=scale)
        super().__init__(
            self._loc.dtype,
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
        """The scales."""
        return self._scale

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        # Uniform in the open interval (-1, 1): -1 would give infinity.
        least = np.nextafter(*np.array([-1, 0], self.dtype.np))
        uniform = random_uniform(self._sample_shape(n), least, 1.0, self.dtype, seed)
        return self.loc - self.scale * sign(uniform) * log1p(-abs(uniform))

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        return -abs(self._z(x))

    def _log_normalization(self) -> Any:
        return math.log(2.0) + log(self.scale)

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _log_cdf(self, x: Any) -> Any:
        return log_cdf_laplace(self._z(x))

    def _log_survival_function(self, x: Any) -> Any:
        return log_cdf_laplace(-self._z(x))

    def _cdf(self, x: Any) -> Any:
        z = self._z(x)
        return 0.5 + 0.5 * sign(z) * (1.0 - exp(-abs(z)))

    def _entropy(self) -> Any:
        return math.log(2.0) + 1.0 + log(self.scale + zeros_like(self.loc))

    def _mean(self) -> Any:
        return self.loc + zeros_like(self.scale)

    def _stddev(self) -> Any:
        return math.sqrt(2.0) * self.scale + zeros_like(self.loc)

    def _mode(self) -> Any:
        return self._mean()

    def _z(self, x: Any) -> Any:
        return (x - self.loc) / self.scale


class LaplaceWithSoftplusScale(Laplace):
    """`Laplace` with the scales ``softplus(scale)``."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "LaplaceWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, scale]) as scope:
            positive = softplus(scale, name="softplus_scale")
            super().__init__(loc, positive, validate_args, allow_nan_stats, scope)
        self._parameters = parameters
