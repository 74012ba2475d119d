"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import identities
from flowgraph.ops import array
from flowgraph.ops.assertions import assert_less
from flowgraph.ops.broadcasting import broadcast_dynamic_shape
from flowgraph.ops.constants import ones, ones_like, zeros, zeros_like
from flowgraph.ops.logic import is_nan, logical_or
from flowgraph.ops.powers import square
from flowgraph.ops.random import random_uniform
from flowgraph.ops.select import where_v2
from flowgraph.ops.transcendental import log

__all__ = ["Uniform"]


class Uniform(ScalarDistribution):
    """The uniform distribution: ``p(x) = 1 / (high - low)`` for low <= x < high.

    Args:
        low: the least values, floating.
        high: the limits, of the same type, greater than `low`; broadcast with it.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("low", "high")

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Uniform",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [low, high]) as scope:
            text = "uniform not defined when low >= high."
            checks = [assert_less(low, high, message=text)] if validate_args else []
            self._low, self._high = identities(checks, low=low, high=high)
        super().__init__(
            self._low.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._low, self._high],
            scope,
        )

    @property
    def low(self) -> Tensor:
        """The least values."""
        return self._low

    @property
    def high(self) -> Tensor:
        """The limits."""
        return self._high

    def range(self, name: str = "range") -> Any:
        """``high - low``"""
        with self._name_scope(name):
            return self.high - self.low

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        samples = random_uniform(self._sample_shape(n), dtype=self.dtype, seed=seed)
        return self.low + self.range() * samples

    def _prob(self, x: Any) -> Any:
        x = x * ones(self.batch_shape_tensor(), dtype=x.dtype)
        outside = logical_or(x < self.low, x >= self.high)
        density = where_v2(outside, zeros_like(x), ones_like(x) / self.range())
        return where_v2(is_nan(x), x, density)

    def _cdf(self, x: Any) -> Any:
        shape = broadcast_dynamic_shape(array.shape(x), self.batch_shape_tensor())
        none, all_ = zeros(shape, dtype=self.dtype), ones(shape, dtype=self.dtype)
        share = (x * all_ - self.low) / self.range()
        return where_v2(x >= self.high, all_, where_v2(x < self.low, none, share))

    def _entropy(self) -> Any:
        return log(self.range())

    def _mean(self) -> Any:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Any:
        return square(self.range()) / 12.0

    def _stddev(self) -> Any:
        return self.range() / math.sqrt(12.0)
