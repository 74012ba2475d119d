"""Bernoulli's distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import NOT_REPARAMETERIZED
from flowgraph.library.distributions.scalar import ScalarDistribution
from flowgraph.library.distributions.support import integer_events, logits_and_probs
from flowgraph.ops import array
from flowgraph.ops.activations import softplus
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones_like
from flowgraph.ops.pointwise_losses import sigmoid_cross_entropy_with_logits
from flowgraph.ops.random import random_uniform
from flowgraph.ops.transcendental import sigmoid

__all__ = ["Bernoulli", "BernoulliWithSigmoidProbs"]


class Bernoulli(ScalarDistribution):
    """Bernoulli's distribution: 1 with probability p, otherwise 0.

    Args:
        logits: ``log(p / (1 - p))``, floating; or else
        probs: p.
        dtype: the type of samples.

    Raises:
        ValueError: if both or none of `logits` and `probs` are given.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("logits",)

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Bernoulli",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name) as scope:
            self._logits, self._probs = logits_and_probs(
                logits, probs, validate_args=validate_args, name=scope
            )
        super().__init__(
            dtypes.as_dtype(dtype),
            NOT_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._logits, self._probs],
            scope,
        )

    @property
    def logits(self) -> Tensor:
        """``log(p / (1 - p))``"""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities p of 1."""
        return self._probs

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        uniform = random_uniform(self._sample_shape(n), seed=seed, dtype=self.probs.dtype)
        return cast(uniform < self.probs, self.dtype)

    def _log_prob(self, x: Any) -> Any:
        if self.validate_args:
            x = integer_events(x, dtypes.bool)
        logits = self.logits
        event = cast(x, logits.dtype)
        known = event.shape.is_fully_defined() and logits.shape.is_fully_defined()
        if not known or event.dims != logits.dims:
            logits, event = ones_like(event) * logits, ones_like(logits) * event
        return -sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Any:
        return -self.logits * (sigmoid(self.logits) - 1) + softplus(-self.logits)

    def _mean(self) -> Any:
        return array.identity(self.probs)

    def _variance(self) -> Any:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Any:
        return cast(self.probs > 0.5, self.dtype)


class BernoulliWithSigmoidProbs(Bernoulli):
    """`Bernoulli` with the probabilities ``sigmoid(logits)``."""

    def __init__(
        self,
        logits: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "BernoulliWithSigmoidProbs",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name) as scope:
            super().__init__(None, sigmoid(logits), dtype, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


@RegisterKL(Bernoulli, Bernoulli)
def _kl_bernoulli_bernoulli(a: Bernoulli, b: Bernoulli, name: str | None = None) -> Tensor:
    """``p_a log(p_a / p_b) + (1 - p_a) log((1 - p_a) / (1 - p_b))``, from logits."""
    with name_scope(name, "kl_bernoulli_bernoulli", [a.logits, b.logits]):
        if_one = softplus(-b.logits) - softplus(-a.logits)
        if_zero = softplus(b.logits) - softplus(a.logits)
        result: Tensor = sigmoid(a.logits) * if_one + sigmoid(-a.logits) * if_zero
        return result
