"""Categories as vectors: one-hot ones, and their differentiable relaxations.

Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax" (2016); Maddison, Mnih and
Teh, "The concrete distribution" (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.bijectors import Exp, Sigmoid
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.locations import Logistic
from flowgraph.library.distributions.reparameterization import (
    FULLY_REPARAMETERIZED,
    NOT_REPARAMETERIZED,
    ReparameterizationType,
)
from flowgraph.library.distributions.support import checked, logits_and_probs
from flowgraph.library.distributions.transformed import TransformedDistribution
from flowgraph.ops import array
from flowgraph.ops.assertions import assert_non_positive, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.diagonal import matrix_set_diag
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import transpose
from flowgraph.ops.linalg import matmul
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.random import multinomial, random_uniform
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.scan import argmax
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.special import lgamma
from flowgraph.ops.transcendental import log

__all__ = [
    "ExpRelaxedOneHotCategorical",
    "OneHotCategorical",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
]


class _OfLogits(Distribution):
    """A distribution of vectors with one number for each class."""

    _logits: Tensor
    _probs: Tensor

    @property
    def logits(self) -> Tensor:
        """Unnormalised log-probabilities of the classes."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """Probabilities of the classes."""
        return self._probs

    @property
    def event_size(self) -> Tensor:
        """How many classes there are."""
        return array.shape(self.logits)[-1]

    def _batch_shape(self) -> Any:
        return self.logits.shape[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return array.shape(self.logits)[:-1]

    def _event_shape(self) -> Any:
        return self.logits.shape[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return array.shape(self.logits)[-1:]

    def _finish(
        self,
        dtype: Any,
        kind: ReparameterizationType,
        validate_args: bool,
        allow_nan_stats: bool,
        parameters: dict[str, Any],
        parents: list[Tensor],
        scope: str,
    ) -> None:
        Distribution.__init__(
            self, dtype, kind, validate_args, allow_nan_stats, parameters, parents, scope
        )


class OneHotCategorical(_OfLogits):
    """The one-hot vector of a class: ``P(e_k) = softmax(logits)[k]``.

    Args:
        logits: unnormalised log-probabilities, floating, the last axis that of the classes; or else
        probs: the probabilities.
        dtype: the type of samples.
    """

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "OneHotCategorical",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(
                logits, probs, True, validate_args, name=scope
            )
        kind = dtypes.as_dtype(dtype)
        parents = [self._logits, self._probs]
        shared = (validate_args, allow_nan_stats, parameters, parents, scope)
        self._finish(kind, NOT_REPARAMETERIZED, *shared)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        shape = concat([[n], array.shape(self.logits)], 0)
        rows = array.reshape(self.logits, [-1, self.event_size])
        drawn = one_hot(multinomial(rows, n, seed=seed), self.event_size, dtype=self.dtype)
        return array.reshape(transpose(drawn, [1, 0, 2]), shape)

    def _log_prob(self, x: Any) -> Any:
        return reduce_sum(cast(x, self.logits.dtype) * log_softmax(self.logits), -1)

    def _prob(self, x: Any) -> Any:
        return reduce_sum(cast(x, self.probs.dtype) * self.probs, -1)

    def _entropy(self) -> Any:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Any:
        return one_hot(argmax(self.logits, axis=-1), self.event_size, dtype=self.dtype)

    def _mean(self) -> Any:
        return array.identity(self.probs)

    def _variance(self) -> Any:
        return self.probs * (1.0 - self.probs)

    def _covariance(self) -> Any:
        outer = -matmul(self.probs[..., None], self.probs[..., None, :])
        return matrix_set_diag(outer, self._variance())


@RegisterKL(OneHotCategorical, OneHotCategorical)
def _kl_one_hot(a: OneHotCategorical, b: OneHotCategorical, name: str | None = None) -> Tensor:
    """``sum_k P_a(k) log(P_a(k) / P_b(k))``"""
    with name_scope(name, "kl_categorical_categorical", [a.logits, b.logits]):
        difference = log_softmax(a.logits) - log_softmax(b.logits)
        divergence: Tensor = reduce_sum(softmax(a.logits) * difference, axis=-1)
        return divergence


class ExpRelaxedOneHotCategorical(_OfLogits):
    """The logarithm of `RelaxedOneHotCategorical`: ``log_softmax((logits + g) / temperature)`` for
    independent Gumbel numbers g.

    Args:
        temperature: positive; the smaller, the nearer to one-hot vectors.
        logits: unnormalised log-probabilities, floating, the last axis that of the classes; or else
        probs: the probabilities.
        dtype: the type of samples, that of the parameters if None.
    """

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "ExpRelaxedOneHotCategorical",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [logits, probs, temperature]) as scope:
            self._logits, self._probs = logits_and_probs(
                logits, probs, True, validate_args, name=scope, dtype=dtype
            )
            given = convert_to_tensor(temperature, self._logits.dtype, name="temperature")
            self._temperature: Tensor = checked(
                given, validate_args, lambda: assert_positive(given)
            )
        kind = self._logits.dtype if dtype is None else dtypes.as_dtype(dtype)
        parents = [self._logits, self._probs, self._temperature]
        shared = (validate_args, allow_nan_stats, parameters, parents, scope)
        self._finish(kind, FULLY_REPARAMETERIZED, *shared)

    @property
    def temperature(self) -> Tensor:
        """How far from one-hot vectors samples are."""
        return self._temperature

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        shape = concat([[n], array.shape(self.logits)], 0)
        kind = self.logits.dtype
        uniform = random_uniform(shape, np.finfo(kind.np).tiny, 1.0, kind, seed)
        gumbel = -log(-log(uniform))
        return log_softmax((gumbel + self.logits) / self.temperature)

    def _log_prob(self, x: Any) -> Any:
        if self.validate_args:
            x = checked(x, True, lambda: assert_non_positive(x))
        k = cast(self.event_size, self.logits.dtype)
        constant = lgamma(k) + (k - 1.0) * log(self.temperature)
        return constant + reduce_sum(log_softmax(self.logits - x * self.temperature), -1)


class RelaxedOneHotCategorical(TransformedDistribution):
    """Vectors of positive numbers that add up to 1, near one-hot ones for low temperatures:
    ``softmax((logits + g) / temperature)`` for independent Gumbel numbers g.

    The arguments are those of `ExpRelaxedOneHotCategorical`.
    """

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "RelaxedOneHotCategorical",
    ) -> None:
        parameters = dict(locals())
        inner = ExpRelaxedOneHotCategorical(
            temperature, logits, probs, dtype, validate_args, allow_nan_stats
        )
        super().__init__(inner, Exp(validate_args), validate_args=validate_args, name=name)
        self._inner = inner
        self._parameters = parameters

    @property
    def temperature(self) -> Tensor:
        """How far from one-hot vectors samples are."""
        return self._inner.temperature

    @property
    def logits(self) -> Tensor:
        """Unnormalised log-probabilities of the classes."""
        return self._inner.logits

    @property
    def probs(self) -> Tensor:
        """Probabilities of the classes."""
        return self._inner.probs

    @property
    def event_size(self) -> Tensor:
        """How many classes there are."""
        return self._inner.event_size


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1), near 0 or 1 for low temperatures: ``sigmoid((logits + l) / temperature)``
    for logistic numbers l.

    Args:
        temperature: positive.
        logits: ``log(p / (1 - p))``, floating; or else
        probs: the probabilities p of 1.
    """

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "RelaxedBernoulli",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [logits, probs, temperature]) as scope:
            self._logits, self._probs = logits_and_probs(
                logits, probs, validate_args=validate_args, name=scope
            )
            given = convert_to_tensor(temperature, self._logits.dtype, name="temperature")
            self._temperature: Tensor = checked(
                given, validate_args, lambda: assert_positive(given)
            )
            width = 1.0 / self._temperature
            inner = Logistic(self._logits / self._temperature, width, validate_args)
        super().__init__(inner, Sigmoid(validate_args), validate_args=validate_args, name=scope)
        self._parameters = parameters

    @property
    def temperature(self) -> Tensor:
        """How far from 0 and 1 samples are."""
        return self._temperature

    @property
    def logits(self) -> Tensor:
        """``log(p / (1 - p))``"""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """The probabilities p of 1."""
        return self._probs
