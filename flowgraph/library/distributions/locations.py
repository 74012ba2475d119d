"""Distributions of a location and a scale whose quantiles have a closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import identities
from flowgraph.ops.activations import softplus
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constants import ones_like
from flowgraph.ops.powers import square
from flowgraph.ops.random import random_uniform
from flowgraph.ops.transcendental import exp, log, log1p, log_sigmoid, sigmoid
from flowgraph.ops.trigonometry import atan, tan

__all__ = ["Cauchy", "Gumbel", "Logistic"]


class _LocationScale(ScalarDistribution):
    """The distribution of ``loc + scale z`` for z of a standard distribution."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: dict[str, Any],
        name: str,
    ) -> None:
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
        """The locations."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scales."""
        return self._scale

    def _z(self, x: Any) -> Any:
        with name_scope("standardize", None, [x]):
            return (x - self.loc) / self.scale

    def _whole_scale(self) -> Any:
        return self.scale * ones_like(self.loc)

    def _whole_loc(self) -> Any:
        return self.loc * ones_like(self.scale)

    def _positive_uniform(self, n: Any, seed: Any) -> Tensor:
        """Uniform in the open interval (0, 1)."""
        least = np.finfo(self.dtype.np).tiny
        return random_uniform(self._sample_shape(n), least, 1.0, self.dtype, seed)


class Logistic(_LocationScale):
    """The logistic distribution: ``P[X <= x] = sigmoid((x - loc) / scale)``.

    Args:
        loc: the means, floating.
        scale: positive, of the same type; broadcast with `loc`.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Logistic",
    ) -> None:
        parameters = dict(locals())
        super().__init__(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        uniform = self._positive_uniform(n, seed)
        return (log(uniform) - log1p(-1.0 * uniform)) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        z = self._z(x)
        return -z - 2.0 * softplus(-z) - log(self.scale)

    def _log_cdf(self, x: Any) -> Any:
        return -softplus(-self._z(x))

    def _cdf(self, x: Any) -> Any:
        return sigmoid(self._z(x))

    def _log_survival_function(self, x: Any) -> Any:
        return log_sigmoid(-self._z(x))

    def _survival_function(self, x: Any) -> Any:
        return sigmoid(-self._z(x))

    def _quantile(self, p: Any) -> Any:
        return (log(p) - log1p(-p)) * self.scale + self.loc

    def _entropy(self) -> Any:
        return 2.0 + log(self._whole_scale())

    def _mean(self) -> Any:
        return self._whole_loc()

    def _stddev(self) -> Any:
        return self._whole_scale() * math.pi / math.sqrt(3.0)

    def _mode(self) -> Any:
        return self._mean()


class Cauchy(_LocationScale):
    """Cauchy's distribution: ``p(x) = 1 / (pi scale (1 + ((x - loc) / scale)^2))``; it has no mean.

    Args:
        loc: the modes, floating.
        scale: half the widths at half the height, of the same type; broadcast with `loc`.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Cauchy",
    ) -> None:
        parameters = dict(locals())
        super().__init__(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        uniform = random_uniform(self._sample_shape(n), 0.0, 1.0, self.dtype, seed)
        return self._quantile(uniform)

    def _log_prob(self, x: Any) -> Any:
        return -log1p(square(self._z(x))) - (math.log(math.pi) + log(self.scale))

    def _cdf(self, x: Any) -> Any:
        return atan(self._z(x)) / math.pi + 0.5

    def _log_cdf(self, x: Any) -> Any:
        return log1p(2.0 / math.pi * atan(self._z(x))) - math.log(2.0)

    def _quantile(self, p: Any) -> Any:
        return self.loc + self.scale * tan(math.pi * (p - 0.5))

    def _entropy(self) -> Any:
        return math.log(4.0 * math.pi) + log(self._whole_scale())

    def _mode(self) -> Any:
        return self._whole_loc()


class Gumbel(_LocationScale):
    """Gumbel's distribution: ``P[X <= x] = exp(-exp(-(x - loc) / scale))``.

    Args:
        loc: the modes, floating.
        scale: positive, of the same type; broadcast with `loc`.
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gumbel",
    ) -> None:
        parameters = dict(locals())
        super().__init__(loc, scale, validate_args, allow_nan_stats, parameters, name)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        return -log(-log(self._positive_uniform(n, seed))) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        z = self._z(x)
        return -z - exp(-z) - log(self.scale)

    def _log_cdf(self, x: Any) -> Any:
        return -exp(-self._z(x))

    def _cdf(self, x: Any) -> Any:
        return exp(-exp(-self._z(x)))

    def _quantile(self, p: Any) -> Any:
        return self.loc - self.scale * log(-log(p))

    def _entropy(self) -> Any:
        return 1.0 + log(self._whole_scale()) + np.euler_gamma

    def _mean(self) -> Any:
        return self.loc + self.scale * np.euler_gamma

    def _stddev(self) -> Any:
        return self._whole_scale() * math.pi / math.sqrt(6.0)

    def _mode(self) -> Any:
        return self._whole_loc()
