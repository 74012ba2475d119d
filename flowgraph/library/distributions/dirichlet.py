"""Dirichlet's distribution."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.support import checked, undefined_as_nan
from flowgraph.ops import array
from flowgraph.ops.assertions import assert_less, assert_near, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones
from flowgraph.ops.diagonal import matrix_set_diag
from flowgraph.ops.linalg import matmul
from flowgraph.ops.powers import rsqrt, xlogy
from flowgraph.ops.random import random_gamma
from flowgraph.ops.reduce import reduce_all, reduce_sum
from flowgraph.ops.special import digamma, lbeta
from flowgraph.ops.static_assertions import assert_rank_at_least
from flowgraph.ops.transcendental import exp

__all__ = ["Dirichlet", "outer_covariance"]


def outer_covariance(x: Tensor, y: Tensor, variance: Tensor) -> Tensor:
    """``-x_i y_j`` beside the diagonal, the variances on it."""
    return matrix_set_diag(-matmul(x[..., None], y[..., None, :]), variance)


class Dirichlet(Distribution):
    """Dirichlet's distribution: ``p(x) = prod_i x_i^(c_i - 1) / B(c)``, for x that add up to 1.

    Args:
        concentration: the parameters c, positive, floating, at least two of them in the last axis.
    """

    def __init__(
        self,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Dirichlet",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [concentration]) as scope:
            given = convert_to_tensor(concentration, name="concentration")
            self._concentration: Tensor = checked(
                given,
                validate_args,
                lambda: assert_positive(given, message="Concentration parameter must be positive."),
                lambda: assert_rank_at_least(
                    given, 1, message="Concentration parameter must have >=1 dimensions."
                ),
                lambda: assert_less(
                    1,
                    array.shape(given)[-1],
                    message="Concentration parameter must have event_size >= 2.",
                ),
            )
            self._total_concentration: Tensor = reduce_sum(self._concentration, -1)
        super().__init__(
            self._concentration.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._concentration, self._total_concentration],
            scope,
        )

    @property
    def concentration(self) -> Tensor:
        """The parameters."""
        return self._concentration

    @property
    def total_concentration(self) -> Tensor:
        """Their sum."""
        return self._total_concentration

    def _batch_shape_tensor(self) -> Tensor:
        return array.shape(self.total_concentration)

    def _batch_shape(self) -> Any:
        return self.total_concentration.shape

    def _event_shape_tensor(self) -> Tensor:
        return array.shape(self.concentration)[-1:]

    def _event_shape(self) -> Any:
        return self.concentration.shape[-1:]

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        parts = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        return parts / reduce_sum(parts, -1, keepdims=True)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization()

    def _log_unnormalized_prob(self, x: Any) -> Any:
        return reduce_sum(xlogy(self.concentration - 1.0, self._valid(x)), -1)

    def _log_normalization(self) -> Any:
        return lbeta(self.concentration)

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _entropy(self) -> Any:
        k = cast(self.event_shape_tensor()[0], self.dtype)
        slopes = (self.concentration - 1.0) * digamma(self.concentration)
        total = (self.total_concentration - k) * digamma(self.total_concentration)
        return self._log_normalization() + total - reduce_sum(slopes, axis=-1)

    def _mean(self) -> Any:
        return self.concentration / self.total_concentration[..., None]

    def _covariance(self) -> Any:
        x = self._scale() * self._mean()
        return outer_covariance(x, x, self._variance())

    def _variance(self) -> Any:
        scale = self._scale()
        x = scale * self._mean()
        return x * (scale - x)

    def _scale(self) -> Any:
        return rsqrt(1.0 + self.total_concentration[..., None])

    def _mode(self) -> Any:
        k = cast(self.event_shape_tensor()[0], self.dtype)
        mode = (self.concentration - 1.0) / (self.total_concentration[..., None] - k)
        if self.allow_nan_stats:
            defined = reduce_all(self.concentration > 1.0, axis=-1, keepdims=True)
            return undefined_as_nan(defined, mode, array.shape(mode))
        text = "Mode undefined when any concentration <= 1"
        one = ones([], self.dtype)
        return checked(mode, True, lambda: assert_less(one, self.concentration, message=text))

    def _valid(self, x: Any) -> Any:
        text = "sample last-dimension must sum to `1`"
        one = ones([], dtype=self.dtype)
        return checked(
            x,
            self.validate_args,
            lambda: assert_positive(x, message="samples must be positive"),
            lambda: assert_near(one, reduce_sum(x, -1), message=text),
        )


@RegisterKL(Dirichlet, Dirichlet)
def _kl_dirichlet_dirichlet(a: Dirichlet, b: Dirichlet, name: str | None = None) -> Tensor:
    """``sum_i (a_i - b_i) (digamma(a_i) - digamma(sum a)) - log(B(a) / B(b))``"""
    with name_scope(name, "kl_dirichlet_dirichlet", [a.concentration, b.concentration]):
        total = digamma(reduce_sum(a.concentration, axis=-1, keepdims=True))
        expected = digamma(a.concentration) - total
        weighted = (a.concentration - b.concentration) * expected
        first = reduce_sum(weighted, axis=-1) - lbeta(a.concentration)
        result: Tensor = first + lbeta(b.concentration)
        return result
