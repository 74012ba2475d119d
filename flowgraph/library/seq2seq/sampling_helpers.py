"""Helpers that draw: scheduled sampling in training, sampling in inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.dynamic import swapped_batch_and_time
from flowgraph.library.seq2seq.helpers import (
    GreedyEmbeddingHelper,
    TrainingHelper,
    embedding_function,
    unstacked,
)
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.constants import fill
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import squeeze
from flowgraph.ops.logic import less
from flowgraph.ops.random import multinomial, random_uniform
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where

__all__ = [
    "SampleEmbeddingHelper",
    "ScheduledEmbeddingTrainingHelper",
    "ScheduledOutputTrainingHelper",
]


def _drawn_symbols(logits: Any, seed: int | None) -> Any:
    """One symbol per row, with the probabilities ``softmax(logits)``."""
    return squeeze(multinomial(logits, 1, seed=seed, output_dtype=dtypes.int32), [1])


def _checked_probability(probability: Any) -> Tensor:
    made = convert_to_tensor(probability, name="sampling_probability")
    if made.get_shape().ndims not in (0, 1):
        raise ValueError(
            "sampling_probability must be either a scalar or a vector. saw shape: "
            f"{made.get_shape()}"
        )
    return made


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Feeds, with some probability, what it looks up for a drawn symbol, else the given input.

    Args:
        inputs, sequence_length, time_major: as for `TrainingHelper`.
        embedding: a table, or a function from symbols to inputs.
        sampling_probability: of feeding what was drawn, a scalar or [batch]; where an input is
            fed, the chosen symbol is -1.
        seed: of drawing symbols.
        scheduling_seed: of drawing whether.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ) -> None:
        with name_scope(name, "ScheduledEmbeddingSamplingWrapper"):
            self._embedding_fn = embedding_function(embedding)
            self._probability = _checked_probability(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs, sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """A drawn symbol where one is to be fed, -1 elsewhere."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperSample", [time, outputs]):
            drawn = random_uniform(
                [self.batch_size], seed=self._scheduling_seed, dtype=self._probability.dtype
            )
            symbols = _drawn_symbols(outputs, self._seed)
            given = fill([self.batch_size], -1)
            return where(less(drawn, self._probability), symbols, given)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        with name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs", [time, outputs]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids)

            def mixed() -> Any:
                return where(sample_ids > -1, self._embedding_fn(maximum(sample_ids, 0)), given)

            return finished, cond(reduce_all(finished), lambda: given, mixed), state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """Feeds, with some probability, the output of the step before, else the given input.

    Args:
        inputs, sequence_length, time_major: as for `TrainingHelper`.
        sampling_probability: of feeding the output, a scalar or [batch].
        seed: of drawing whether.
        next_inputs_fn: from outputs to inputs; the outputs themselves if None.
        auxiliary_inputs: put beside every input, given or not; shaped as the inputs but for the
            last axis.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[[Any], Any] | None = None,
        auxiliary_inputs: Any = None,
        name: str | None = None,
    ) -> None:
        with name_scope(name, "ScheduledOutputTrainingHelper"):
            self._probability = _checked_probability(sampling_probability)
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            self._auxiliary: Any = None
            if auxiliary_inputs is not None:
                inputs = convert_to_tensor(inputs, name="inputs")
                extra = map_structure(
                    lambda each: convert_to_tensor(each, name="auxiliary_inputs"), auxiliary_inputs
                )
                inputs = map_structure(lambda x, y: concat([x, y], -1), inputs, extra)
                if not time_major:
                    extra = map_structure(swapped_batch_and_time, extra)
                self._auxiliary = map_structure(unstacked, extra)
            super().__init__(inputs, sequence_length, time_major=time_major, name=name)

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """1 where the output is to be fed, 0 elsewhere."""
        with name_scope(name, "ScheduledOutputTrainingHelperSample", [time, outputs]):
            drawn = random_uniform(
                [self.batch_size], seed=self._seed, dtype=self._probability.dtype
            )
            return cast(less(drawn, self._probability), dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        with name_scope(name, "ScheduledOutputTrainingHelperNextInputs", [time, outputs]):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids)

            def mixed() -> Any:
                made = outputs if self._next_inputs_fn is None else self._next_inputs_fn(outputs)
                if self._auxiliary is not None:
                    extra = map_structure(lambda array: array.read(time + 1), self._auxiliary)
                    made = map_structure(lambda x, y: concat([x, y], -1), made, extra)
                return where(cast(sample_ids, dtypes.bool), made, given)

            return finished, cond(reduce_all(finished), lambda: given, mixed), state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Feeds what it looks up for a symbol drawn by the output of the step before.

    Args:
        embedding: a table, or a function from symbols to inputs.
        start_tokens: [batch], the first symbols.
        end_token: the symbol that ends a sequence.
        softmax_temperature: what the outputs are divided by; the larger, the more random.
        seed: of drawing.
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """A drawn symbol."""
        if not isinstance(outputs, Tensor):
            raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")
        if self._softmax_temperature is not None:
            outputs = outputs / self._softmax_temperature
        return _drawn_symbols(outputs, self._seed)
