"""The categorical distribution: the number of a class."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import NOT_REPARAMETERIZED
from flowgraph.library.distributions.support import (
    integer_events,
    logits_and_probs,
    several_classes,
)
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones, ones_like, zeros_like
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import transpose
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.random import multinomial
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.scan import argmax
from flowgraph.ops.select import where
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.shapes import TensorShape

__all__ = ["Categorical"]


class Categorical(Distribution):
    """The number of a class: ``P(k) = softmax(logits)[k]``.

    Args:
        logits: unnormalised log-probabilities, floating, the last axis that of the classes; or else
        probs: the probabilities.
        dtype: the type of samples.

    Raises:
        ValueError: if both or none of `logits` and `probs` are given.
    """

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = dtypes.int32,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Categorical",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [logits, probs]) as scope:
            self._logits, self._probs = logits_and_probs(
                logits, probs, True, validate_args=validate_args, name=scope
            )
            if validate_args:
                self._logits = several_classes(self._logits)
            self._read_shape()
        super().__init__(
            dtypes.as_dtype(dtype),
            NOT_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            [self._logits, self._probs],
            scope,
        )

    def _read_shape(self) -> None:
        known = self._logits.dims
        if known == ():
            raise ValueError(f"Shape {self._logits.shape} must have rank at least 1")
        if known is not None:
            self._batch_rank = constant(len(known) - 1, dtypes.int32, name="batch_rank")
        else:
            with name_scope("batch_rank"):
                self._batch_rank = array.rank(self._logits) - 1
        whole = array.shape(self._logits, name="logits_shape")
        if known is not None and known[-1] is not None:
            self._event_size = constant(known[-1], dtypes.int32, name="event_size")
        else:
            with name_scope("event_size"):
                self._event_size = whole[self._batch_rank]
        if known is not None and None not in known[:-1]:
            self._batch_sizes = constant(list(known[:-1]), dtypes.int32, name="batch_shape")
        else:
            with name_scope("batch_shape"):
                self._batch_sizes = whole[:-1]

    @property
    def event_size(self) -> Tensor:
        """How many classes there are."""
        return self._event_size

    @property
    def logits(self) -> Tensor:
        """Unnormalised log-probabilities of the classes."""
        return self._logits

    @property
    def probs(self) -> Tensor:
        """Probabilities of the classes."""
        return self._probs

    def _batch_shape_tensor(self) -> Tensor:
        found: Tensor = array.identity(self._batch_sizes)
        return found

    def _batch_shape(self) -> Any:
        return self.logits.shape[:-1]

    def _event_shape(self) -> Any:
        return TensorShape([])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtypes.int32)

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        rows = self.logits
        if rows.dims is None or len(rows.dims) != 2:
            rows = array.reshape(rows, [-1, self.event_size])
        kind = dtypes.int64 if self.dtype.size > 4 else dtypes.int32
        drawn = transpose(multinomial(rows, n, seed=seed, output_dtype=kind))
        drawn = array.reshape(drawn, concat([[n], self.batch_shape_tensor()], 0))
        return cast(drawn, self.dtype)

    def _classes(self, k: Any, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Class numbers and parameters of one batch shape."""
        k = convert_to_tensor(k, name="k")
        if self.validate_args:
            k = integer_events(k, dtypes.int32)
        if k.dtype.is_floating:
            k = cast(k, dtypes.int32)
        elif not k.dtype.is_integer:
            raise TypeError(f"`value` should have integer `dtype` or `self.dtype` ({self.dtype})")
        batch = parameters.shape[:-1]
        known = batch.is_fully_defined() and k.shape.is_fully_defined()
        if known and tuple(batch.as_list()) == k.dims:
            return k, parameters
        parameters = parameters * ones_like(k[..., None], dtype=parameters.dtype)
        k = k * ones(array.shape(parameters)[:-1], dtype=k.dtype)
        if parameters.dims is not None:
            k.set_shape(parameters.shape[:-1])
        return k, parameters

    def _log_prob(self, x: Any) -> Any:
        k, logits = self._classes(x, self.logits)
        return -sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _cdf(self, x: Any) -> Any:
        k, probs = self._classes(x, self.probs)
        flat = array.reshape(probs, [-1, self.event_size])
        below = sequence_mask(array.reshape(k, [-1]), self.event_size)
        total = reduce_sum(where(below, flat, zeros_like(flat)), axis=-1)
        return array.reshape(total, array.shape(k))

    def _entropy(self) -> Any:
        return -reduce_sum(log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Any:
        best = cast(argmax(self.logits, axis=self._batch_rank), self.dtype)
        best.set_shape(self.batch_shape)
        return best


@RegisterKL(Categorical, Categorical)
def _kl_categorical_categorical(a: Categorical, b: Categorical, name: str | None = None) -> Tensor:
    """``sum_k P_a(k) log(P_a(k) / P_b(k))``"""
    with name_scope(name, "kl_categorical_categorical", [a.logits, b.logits]):
        difference = log_softmax(a.logits) - log_softmax(b.logits)
        result: Tensor = reduce_sum(softmax(a.logits) * difference, axis=-1)
        return result
