"""Student's t distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import (
    checked,
    identities,
    new_seed,
    undefined_as_nan,
)
from flowgraph.ops import array
from flowgraph.ops.activations import softplus
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.bessel import betainc
from flowgraph.ops.constants import fill, ones, ones_like
from flowgraph.ops.joining import concat
from flowgraph.ops.powers import rsqrt, square
from flowgraph.ops.random import random_gamma, random_normal
from flowgraph.ops.rounding import floor
from flowgraph.ops.select import where_v2
from flowgraph.ops.special import digamma, lbeta, lgamma
from flowgraph.ops.transcendental import log, log1p

__all__ = ["StudentT", "StudentTWithAbsDfSoftplusScale"]


class StudentT(ScalarDistribution):
    """Student's t: ``p(x) = (1 + y^2 / df)^(-(df + 1) / 2) / Z`` with ``y = (x - loc) / scale``.

    ``Z = scale sqrt(pi df) gamma(df / 2) / gamma((df + 1) / 2)``

    Args:
        df: the degrees of freedom, positive, floating.
        loc: the centers, of the same type.
        scale: of the same type; all are broadcast against each other.

    Raises:
        TypeError: if the types differ.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("df", "loc", "scale")

    def __init__(
        self,
        df: Any,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "StudentT",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [df, loc, scale]) as scope:
            checks = [assert_positive(df)] if validate_args else []
            self._df, self._loc, self._scale = identities(checks, df=df, loc=loc, scale=scale)
        super().__init__(
            self._scale.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._df, self._loc, self._scale],
            scope,
        )

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df

    @property
    def loc(self) -> Tensor:
        """The centers."""
        return self._loc

    @property
    def scale(self) -> Tensor:
        """The scales."""
        return self._scale

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        # A normal number over the root of a chi-squared one, over its degrees of freedom.
        normal = random_normal(self._sample_shape(n), dtype=self.dtype, seed=seed)
        df = self.df * ones(self.batch_shape_tensor(), dtype=self.dtype)
        other = new_seed(seed, "student_t")
        chi_squared = random_gamma([n], 0.5 * df, 0.5, self.dtype, other)
        return normal * rsqrt(chi_squared / df) * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        y = (x - self.loc) / self.scale
        return -0.5 * (self.df + 1.0) * log1p(y**2.0 / self.df)

    def _log_normalization(self) -> Any:
        return (
            log(abs(self.scale))
            + 0.5 * log(self.df)
            + 0.5 * math.log(math.pi)
            + lgamma(0.5 * self.df)
            - lgamma(0.5 * (self.df + 1.0))
        )

    def _cdf(self, x: Any) -> Any:
        y = (x - self.loc) / abs(self.scale)
        tail = 0.5 * betainc(0.5 * self.df, 0.5, self.df / (y**2.0 + self.df))
        return where_v2(y < 0.0, tail, 1.0 - tail)

    def _entropy(self) -> Any:
        like = ones(self.batch_shape_tensor(), dtype=self.dtype)[..., None]
        pair = concat([like * self.df[..., None], like], -1) / 2.0
        slope = digamma(0.5 * (self.df + 1.0)) - digamma(0.5 * self.df)
        return (
            log(abs(self.scale)) + 0.5 * log(self.df) + lbeta(pair) + 0.5 * (self.df + 1.0) * slope
        )

    def _where_above_one(self, value: Any, what: str) -> Any:
        """A moment that exists for more than one degree of freedom."""
        if self.allow_nan_stats:
            defined = self.df > ones(self.batch_shape_tensor(), dtype=self.dtype)
            return undefined_as_nan(defined, value, self.batch_shape_tensor())
        text = f"{what} not defined for components of df <= 1"
        one = ones([], dtype=self.dtype)
        return checked(value, True, lambda: assert_less(one, self.df, message=text))

    def _mean(self) -> Any:
        mean = self.loc * ones(self.batch_shape_tensor(), dtype=self.dtype)
        return self._where_above_one(mean, "mean")

    def _variance(self) -> Any:
        finite = self.df > 2.0
        # The unused branch must not divide by zero, or gradients would be nan.
        rest = where_v2(finite, self.df - 2.0, ones_like(self.df))
        like = ones(self.batch_shape_tensor(), dtype=self.dtype)
        variance = like * square(self.scale) * self.df / rest
        infinity = fill(self.batch_shape_tensor(), np.array(np.inf, self.dtype.np), name="inf")
        return self._where_above_one(where_v2(finite, variance, infinity), "variance")

    def _mode(self) -> Any:
        return array.identity(self.loc)


class StudentTWithAbsDfSoftplusScale(StudentT):
    """`StudentT` with ``floor(|df|)`` and ``softplus(scale)``."""

    def __init__(
        self,
        df: Any,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "StudentTWithAbsDfSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [df, scale]) as scope:
            whole = floor(abs(convert_to_tensor(df)))
            positive = softplus(scale, name="softplus_scale")
            super().__init__(whole, loc, positive, validate_args, allow_nan_stats, scope)
        self._parameters = parameters
