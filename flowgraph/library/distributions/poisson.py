"""Poisson's distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import NOT_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import checked, nonnegative_integers
from flowgraph.ops import array
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.constants import zeros_like
from flowgraph.ops.logic import equal
from flowgraph.ops.random import random_poisson
from flowgraph.ops.rounding import floor
from flowgraph.ops.select import where_v2
from flowgraph.ops.special import igammac, lgamma
from flowgraph.ops.transcendental import exp, log

__all__ = ["Poisson"]


class Poisson(ScalarDistribution):
    """Poisson's distribution: ``P(k) = rate^k exp(-rate) / k!``.

    Args:
        rate: the expected counts, positive, floating; or else
        log_rate: their logarithms.
        interpolate_nondiscrete: take the formulas at fractions, too; otherwise ``log P`` is minus
            infinity there, and the distribution function a step function.

    Raises:
        ValueError: if both or none of `rate` and `log_rate` are given.
        TypeError: if they are not floating.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("rate",)

    def __init__(
        self,
        rate: Any = None,
        log_rate: Any = None,
        interpolate_nondiscrete: bool = True,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Poisson",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [rate]) as scope:
            if (rate is None) == (log_rate is None):
                raise ValueError("Must specify exactly one of `rate` and `log_rate`.")
            given = convert_to_tensor(
                rate if log_rate is None else log_rate,
                name="rate" if log_rate is None else "log_rate",
            )
            if not given.dtype.is_floating:
                raise TypeError(f"rate.dtype ({given.dtype.name}) is a not a float-type.")
            self._rate: Tensor
            self._log_rate: Tensor
            if log_rate is None:
                self._rate = checked(given, validate_args, lambda: assert_positive(given))
                self._log_rate = log(self._rate, name="log_rate")
            else:
                self._rate, self._log_rate = exp(given, name="rate"), given
        self._interpolate = interpolate_nondiscrete
        super().__init__(
            self._rate.dtype,
            NOT_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._rate],
            scope,
        )

    @property
    def rate(self) -> Tensor:
        """The expected counts."""
        return self._rate

    @property
    def log_rate(self) -> Tensor:
        """Their logarithms."""
        return self._log_rate

    @property
    def interpolate_nondiscrete(self) -> bool:
        """Whether formulas hold between whole numbers, too."""
        return self._interpolate

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        return random_poisson(self.rate, [n], dtype=self.dtype, seed=seed)

    def _valid(self, x: Any) -> Any:
        return nonnegative_integers(x) if self.validate_args else x

    def _log_prob(self, x: Any) -> Any:
        x = self._valid(x)
        found = x * self.log_rate - lgamma(1.0 + x) - self.rate
        if self.interpolate_nondiscrete:
            return found
        # The unused branch must be finite, or gradients would be nan.
        inside = maximum(floor(x), zeros_like(x))
        exact = inside * self.log_rate - lgamma(1.0 + inside) - self.rate
        return where_v2(equal(x, inside), exact, zeros_like(exact) - float("inf"))

    def _cdf(self, x: Any) -> Any:
        x = self._valid(x)
        whole = x if self.interpolate_nondiscrete else floor(x)
        inside = maximum(whole, zeros_like(whole))
        found = igammac(1.0 + inside, self.rate)
        return where_v2(x < 0.0, zeros_like(found), found)

    def _mean(self) -> Any:
        return array.identity(self.rate)

    def _variance(self) -> Any:
        return array.identity(self.rate)

    def _mode(self) -> Any:
        return floor(self.rate)


@RegisterKL(Poisson, Poisson)
def _kl_poisson_poisson(a: Poisson, b: Poisson, name: str | None = None) -> Tensor:
    """``r_a log(r_a / r_b) + r_b - r_a``"""
    with name_scope(name, "kl_poisson_poisson", [a.rate, b.rate]):
        result: Tensor = a.rate * (a.log_rate - b.log_rate) + b.rate - a.rate
        return result
