"""The gamma and exponential distributions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import checked, identities, undefined_as_nan
from flowgraph.ops import array
from flowgraph.ops.activations import softplus
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.constants import ones
from flowgraph.ops.joining import concat
from flowgraph.ops.powers import sqrt, square, xlogy
from flowgraph.ops.random import random_gamma, random_uniform
from flowgraph.ops.special import digamma, igamma, lgamma
from flowgraph.ops.static_assertions import assert_same_float_dtype
from flowgraph.ops.transcendental import log

__all__ = [
    "Chi2",
    "Exponential",
    "ExponentialWithSoftplusRate",
    "Gamma",
    "GammaWithSoftplusConcentrationRate",
]


class Gamma(ScalarDistribution):
    """The gamma distribution: ``p(x) = rate^c x^(c - 1) exp(-rate x) / gamma(c)`` for x > 0.

    Args:
        concentration: the shape parameters c, positive, floating.
        rate: the inverse scales, positive, of the same type; broadcast with `concentration`.

    Raises:
        TypeError: if the types differ.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("concentration", "rate")

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Gamma",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [concentration, rate]) as scope:
            given = (concentration, rate)
            checks = [assert_positive(each) for each in given] if validate_args else []
            self._concentration, self._rate = identities(
                checks, concentration=concentration, rate=rate
            )
        super().__init__(
            self._concentration.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._concentration, self._rate],
            scope,
        )

    @property
    def concentration(self) -> Tensor:
        """The shape parameters."""
        return self._concentration

    @property
    def rate(self) -> Tensor:
        """The inverse scales."""
        return self._rate

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        return random_gamma([n], self.concentration, self.rate, self.dtype, seed)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        x = self._valid(x)
        return xlogy(self.concentration - 1.0, x) - self.rate * x

    def _log_normalization(self) -> Any:
        return lgamma(self.concentration) - self.concentration * log(self.rate)

    def _cdf(self, x: Any) -> Any:
        return igamma(self.concentration, self.rate * self._valid(x))

    def _entropy(self) -> Any:
        slope = (1.0 - self.concentration) * digamma(self.concentration)
        return self.concentration - log(self.rate) + lgamma(self.concentration) + slope

    def _mean(self) -> Any:
        return self.concentration / self.rate

    def _variance(self) -> Any:
        return self.concentration / square(self.rate)

    def _stddev(self) -> Any:
        return sqrt(self.concentration) / self.rate

    def _mode(self) -> Any:
        mode = (self.concentration - 1.0) / self.rate
        if self.allow_nan_stats:
            return undefined_as_nan(self.concentration > 1.0, mode, self.batch_shape_tensor())
        text = "mode not defined when any concentration <= 1"
        one = ones([], self.dtype)
        return checked(mode, True, lambda: assert_less(one, self.concentration, message=text))

    def _valid(self, x: Any) -> Any:
        assert_same_float_dtype([x], self.dtype)
        return checked(x, self.validate_args, lambda: assert_positive(x))


class GammaWithSoftplusConcentrationRate(Gamma):
    """`Gamma` with ``softplus(concentration)`` and ``softplus(rate)``."""

    def __init__(
        self,
        concentration: Any,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "GammaWithSoftplusConcentrationRate",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [concentration, rate]) as scope:
            super().__init__(
                softplus(concentration, name="softplus_concentration"),
                softplus(rate, name="softplus_rate"),
                validate_args,
                allow_nan_stats,
                scope,
            )
        self._parameters = parameters


class Exponential(Gamma):
    """The exponential distribution: ``p(x) = rate exp(-rate x)`` for x > 0.

    Args:
        rate: the inverse means, positive, floating.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("rate",)

    def __init__(
        self,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Exponential",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [rate]) as scope:
            self._given_rate = convert_to_tensor(rate, name="rate")
        super().__init__(
            ones([], self._given_rate.dtype),
            self._given_rate,
            validate_args,
            allow_nan_stats,
            scope,
        )
        self._rate = self._given_rate
        self._parameters = parameters

    def _log_survival_function(self, x: Any) -> Any:
        return self._log_prob(x) - log(self.rate)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        # Uniform in the open interval (0, 1): 0 would give infinity.
        shape = concat([[n], array.shape(self.rate)], 0)
        least = np.finfo(self.dtype.np).tiny
        return -log(random_uniform(shape, least, 1.0, self.dtype, seed)) / self.rate


class ExponentialWithSoftplusRate(Exponential):
    """`Exponential` with ``softplus(rate)``."""

    def __init__(
        self,
        rate: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "ExponentialWithSoftplusRate",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [rate]) as scope:
            positive = softplus(rate, name="softplus_rate")
            super().__init__(positive, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


class Chi2(Gamma):
    """The distribution of the sum of squares of `df` standard normal numbers.

    Args:
        df: the degrees of freedom, positive, floating.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("df",)

    def __init__(
        self,
        df: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Chi2",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [df]) as scope:
            self._df = convert_to_tensor(df, name="df")
            half = constant(0.5, self._df.dtype, name="half")
            super().__init__(half * self._df, half, validate_args, allow_nan_stats, scope)
        self._parameters = parameters

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self._df


@RegisterKL(Gamma, Gamma)
def _kl_gamma_gamma(a: Gamma, b: Gamma, name: str | None = None) -> Tensor:
    """``(c_a - c_b) digamma(c_a) + lgamma(c_b) - lgamma(c_a) + c_b log(r_a / r_b) + c_a (r_b / r_a
    - 1)``
    """
    values = [a.concentration, a.rate, b.concentration, b.rate]
    with name_scope(name, "kl_gamma_gamma", values):
        result: Tensor = (
            (a.concentration - b.concentration) * digamma(a.concentration)
            + lgamma(b.concentration)
            - lgamma(a.concentration)
            + b.concentration * log(a.rate)
            - b.concentration * log(b.rate)
            + a.concentration * (b.rate / a.rate - 1.0)
        )
        return result
