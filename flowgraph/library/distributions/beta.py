"""The beta distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import checked, new_seed, undefined_as_nan
from flowgraph.ops.activations import softplus
from flowgraph.ops.assertions import assert_less, assert_positive
from flowgraph.ops.bessel import betainc
from flowgraph.ops.constants import ones, ones_like
from flowgraph.ops.logic import logical_and
from flowgraph.ops.powers import xlogy
from flowgraph.ops.random import random_gamma
from flowgraph.ops.special import digamma, lgamma
from flowgraph.ops.static_assertions import assert_same_float_dtype
from flowgraph.ops.transcendental import exp, log, log1p

__all__ = ["Beta", "BetaWithSoftplusConcentration"]


class Beta(ScalarDistribution):
    """The beta distribution: ``p(x) = x^(a - 1) (1 - x)^(b - 1) / B(a, b)`` for 0 < x < 1.

    Args:
        concentration1: a, positive, floating.
        concentration0: b, positive, of the same type; broadcast with a.

    Raises:
        TypeError: if the types differ.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("concentration1", "concentration0")

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Beta",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [concentration1, concentration0]) as scope:
            self._concentration1: Tensor = _positive(
                concentration1, "concentration1", validate_args
            )
            self._concentration0: Tensor = _positive(
                concentration0, "concentration0", validate_args
            )
            assert_same_float_dtype([self._concentration1, self._concentration0])
            self._total: Tensor = self._concentration1 + self._concentration0
        super().__init__(
            self._total.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._concentration1, self._concentration0, self._total],
            scope,
        )

    @property
    def concentration1(self) -> Tensor:
        """The exponent of x, plus one."""
        return self._concentration1

    @property
    def concentration0(self) -> Tensor:
        """The exponent of ``1 - x``, plus one."""
        return self._concentration0

    @property
    def total_concentration(self) -> Tensor:
        """The sum of both."""
        return self._total

    def _parameter_tensors(self) -> list[Tensor]:
        return [self._total]

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        like = ones_like(self._total, dtype=self.dtype)
        first, second = like * self.concentration1, like * self.concentration0
        x = random_gamma([n], first, dtype=self.dtype, seed=seed)
        y = random_gamma([n], second, dtype=self.dtype, seed=new_seed(seed, "beta"))
        return x / (x + y)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        x = self._valid(x)
        return xlogy(self.concentration1 - 1.0, x) + (self.concentration0 - 1.0) * log1p(-x)

    def _log_normalization(self) -> Any:
        parts = lgamma(self.concentration1) + lgamma(self.concentration0)
        return parts - lgamma(self._total)

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _log_cdf(self, x: Any) -> Any:
        return log(self._cdf(x))

    def _cdf(self, x: Any) -> Any:
        return betainc(self.concentration1, self.concentration0, x)

    def _entropy(self) -> Any:
        return (
            self._log_normalization()
            - (self.concentration1 - 1.0) * digamma(self.concentration1)
            - (self.concentration0 - 1.0) * digamma(self.concentration0)
            + (self._total - 2.0) * digamma(self._total)
        )

    def _mean(self) -> Any:
        return self.concentration1 / self._total

    def _variance(self) -> Any:
        return self._mean() * (1.0 - self._mean()) / (1.0 + self._total)

    def _mode(self) -> Any:
        mode = (self.concentration1 - 1.0) / (self._total - 2.0)
        if self.allow_nan_stats:
            defined = logical_and(self.concentration1 > 1.0, self.concentration0 > 1.0)
            return undefined_as_nan(defined, mode, self.batch_shape_tensor())
        one = ones([], self.dtype)
        first = "Mode undefined for concentration1 <= 1."
        second = "Mode undefined for concentration0 <= 1."
        return checked(
            mode,
            True,
            lambda: assert_less(one, self.concentration1, message=first),
            lambda: assert_less(one, self.concentration0, message=second),
        )

    def _valid(self, x: Any) -> Any:
        return checked(
            x,
            self.validate_args,
            lambda: assert_positive(x, message="sample must be positive"),
            lambda: assert_less(x, ones([], self.dtype), message="sample must be less than `1`."),
        )


def _positive(value: Any, name: str, wanted: bool) -> Any:
    tensor = convert_to_tensor(value, name=name)
    text = "Concentration parameter must be positive."
    return checked(tensor, wanted, lambda: assert_positive(tensor, message=text))


class BetaWithSoftplusConcentration(Beta):
    """`Beta` with the softplus of both concentrations."""

    def __init__(
        self,
        concentration1: Any,
        concentration0: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "BetaWithSoftplusConcentration",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [concentration1, concentration0]) as scope:
            super().__init__(
                softplus(concentration1, name="softplus_concentration1"),
                softplus(concentration0, name="softplus_concentration0"),
                validate_args,
                allow_nan_stats,
                scope,
            )
        self._parameters = parameters


@RegisterKL(Beta, Beta)
def _kl_beta_beta(a: Beta, b: Beta, name: str | None = None) -> Tensor:
    """``log(B_b / B_a) - digamma(a_1) (b_1 - a_1) - digamma(a_0) (b_0 - a_0) + digamma(a_1 + a_0)
    (b_1 + b_0 - a_1 - a_0)``
    """
    values = [each for d in (a, b) for each in d._graph_parents]
    with name_scope(name, "kl_beta_beta", values):
        more1 = b.concentration1 - a.concentration1
        more0 = b.concentration0 - a.concentration0
        more = b.total_concentration - a.total_concentration
        result: Tensor = (
            (b._log_normalization() - a._log_normalization())
            - digamma(a.concentration1) * more1
            - digamma(a.concentration0) * more0
            + digamma(a.total_concentration) * more
        )
        return result
