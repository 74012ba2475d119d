"""Distributions of counts per class: multinomial, also with Dirichlet-distributed chances."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.dirichlet import outer_covariance
from flowgraph.library.distributions.reparameterization import NOT_REPARAMETERIZED
from flowgraph.library.distributions.support import (
    checked,
    log_combinations,
    logits_and_probs,
    new_seed,
    nonnegative_integers,
    several_classes,
)
from flowgraph.ops import array
from flowgraph.ops.assertions import assert_equal, assert_positive
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones_like
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import transpose
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.powers import sqrt
from flowgraph.ops.random import multinomial, random_gamma
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.softmax import log_softmax
from flowgraph.ops.special import lbeta
from flowgraph.ops.transcendental import exp, log

__all__ = ["DirichletMultinomial", "Multinomial"]


def _total(total_count: Any, validate_args: bool) -> Tensor:
    tensor = convert_to_tensor(total_count, name="total_count")
    return nonnegative_integers(tensor) if validate_args else tensor


class _Counts(Distribution):
    """Counts in the last axis that add up to a total."""

    _total_count: Tensor
    _sum_message = "counts must sum to `self.total_count`"

    @property
    def total_count(self) -> Tensor:
        """How many draws are counted."""
        return self._total_count

    def _valid(self, counts: Any) -> Any:
        if not self.validate_args:
            return counts
        counts = nonnegative_integers(counts)
        text = self._sum_message
        total = reduce_sum(counts, -1)
        return checked(counts, True, lambda: assert_equal(self.total_count, total, message=text))


class Multinomial(_Counts):
    """How often each class is drawn: ``P(k) = n! / prod_i k_i! * prod_i p_i^k_i``.

    Args:
        total_count: the numbers of draws n, floating whole numbers of the batch's shape.
        logits: ``log(p)``, the last axis that of the classes; or else
        probs: the probabilities p.

    Raises:
        ValueError: if both or none of `logits` and `probs` are given.
    """

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Multinomial",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [total_count, logits, probs]) as scope:
            self._total_count = _total(total_count, validate_args)
            self._logits, self._probs = logits_and_probs(
                logits, probs, True, validate_args, name=scope
            )
            self._means = self._total_count[..., None] * self._probs
        super().__init__(
            self._probs.dtype,
            NOT_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._total_count, self._logits, self._probs],
            scope,
        )

    @property
    def logits(self) -> Tensor:
        """Log-probabilities of the classes."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """Probabilities of the classes."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        return array.shape(self._means)[:-1]

    def _batch_shape(self) -> Any:
        return self._means.shape[:-1]

    def _event_shape_tensor(self) -> Tensor:
        return array.shape(self._means)[-1:]

    def _event_shape(self) -> Any:
        return self._means.shape[-1:]

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        # All rows draw as many times as the one that draws most; what is too much is not counted.
        classes = self.event_shape_tensor()[0]
        draws = cast(self.total_count, dtypes.int32)
        draws = ones_like(self.logits[..., 0], dtype=draws.dtype) * draws
        logits = ones_like(draws[..., None], dtype=self.logits.dtype) * self.logits
        limits = array.reshape(draws, [-1])
        most = reduce_max(limits)
        drawn = multinomial(array.reshape(logits, [-1, classes]), n * most, seed)
        drawn = array.reshape(drawn, [-1, n, most])
        counted = cast(sequence_mask(limits, most), self.dtype)[:, None, :, None]
        counts = reduce_sum(one_hot(drawn, classes, dtype=self.dtype) * counted, axis=-2)
        shape = concat([[n], self.batch_shape_tensor(), [classes]], 0)
        return array.reshape(transpose(counts, [1, 0, 2]), shape)

    def _log_prob(self, x: Any) -> Any:
        return self._log_unnormalized_prob(x) - self._log_normalization(x)

    def _log_unnormalized_prob(self, counts: Any) -> Any:
        return reduce_sum(self._valid(counts) * log_softmax(self.logits), -1)

    def _log_normalization(self, counts: Any) -> Any:
        return -log_combinations(self.total_count, self._valid(counts))

    def _mean(self) -> Any:
        return array.identity(self._means)

    def _covariance(self) -> Any:
        p = self.probs * ones_like(self.total_count)[..., None]
        return outer_covariance(self._means, p, self._variance())

    def _variance(self) -> Any:
        p = self.probs * ones_like(self.total_count)[..., None]
        return self._means - self._means * p


class DirichletMultinomial(_Counts):
    """How often each class is drawn with chances of a Dirichlet distribution.

    ``P(k) = n! / prod_i k_i! * B(concentration + k) / B(concentration)``, B being the beta function
    of several variables.

    Args:
        total_count: the numbers of draws n, floating whole numbers.
        concentration: positive, floating, the last axis that of the classes.
    """

    _sum_message = "counts last-dimension must sum to `self.total_count`"

    def __init__(
        self,
        total_count: Any,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "DirichletMultinomial",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [total_count, concentration]) as scope:
            self._total_count = _total(total_count, validate_args)
            given = convert_to_tensor(concentration, name="concentration")
            if validate_args:
                text = "Concentration parameter must be positive."
                given = several_classes(given)
                given = checked(given, True, lambda: assert_positive(given, message=text))
            self._concentration = given
            self._total_concentration: Tensor = reduce_sum(given, -1)
        super().__init__(
            self._concentration.dtype,
            NOT_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._total_count, self._concentration],
            scope,
        )

    @property
    def concentration(self) -> Tensor:
        """The parameters of the Dirichlet distribution."""
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
        draws = cast(self.total_count, dtypes.int32)
        classes = self.event_shape_tensor()[0]
        weights = random_gamma([n], self.concentration, dtype=self.dtype, seed=seed)
        logits = array.reshape(log(weights), [-1, classes])
        drawn = multinomial(logits, draws, seed=new_seed(seed, "dirichlet_multinomial"))
        counts = reduce_sum(one_hot(drawn, classes), -2)
        shape = concat([[n], self.batch_shape_tensor(), [classes]], 0)
        return cast(array.reshape(counts, shape), self.dtype)

    def _log_prob(self, x: Any) -> Any:
        counts = self._valid(x)
        ordered = lbeta(self.concentration + counts) - lbeta(self.concentration)
        return ordered + log_combinations(self.total_count, counts)

    def _prob(self, x: Any) -> Any:
        return exp(self._log_prob(x))

    def _mean(self) -> Any:
        share = self.concentration / self.total_concentration[..., None]
        return self.total_count * share

    def _covariance(self) -> Any:
        x = self._scale() * self._mean()
        return outer_covariance(x, x, self._variance())

    def _variance(self) -> Any:
        scale = self._scale()
        x = scale * self._mean()
        return x * (self.total_count * scale - x)

    def _scale(self) -> Any:
        """``sqrt((1 + c / n) / (1 + c))`` for the sum c of the concentrations."""
        total = self.total_concentration[..., None]
        return sqrt((1.0 + total / self.total_count) / (1.0 + total))
