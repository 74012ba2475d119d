"""Helpers: how a decoder gets its next input, in training and in inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.dynamic import swapped_batch_and_time
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.array import size as size_of
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.constants import fill, zeros_like
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.logic import equal
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.scan import argmax
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.shapes import TensorShape

__all__ = [
    "CustomHelper",
    "GreedyEmbeddingHelper",
    "Helper",
    "InferenceHelper",
    "TrainingHelper",
    "embedding_function",
]


class Helper:
    """Base class of what chooses symbols by a decoder's outputs and makes its next inputs."""

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        raise NotImplementedError("batch_size has not been implemented")

    @property
    def sample_ids_shape(self) -> Any:
        """The shape of what `sample` gives, without the batch."""
        raise NotImplementedError("sample_ids_shape has not been implemented")

    @property
    def sample_ids_dtype(self) -> Any:
        """The type of what `sample` gives."""
        raise NotImplementedError("sample_ids_dtype has not been implemented")

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs)`` before the first step."""
        raise NotImplementedError("initialize has not been implemented")

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What is chosen by the outputs of a step."""
        raise NotImplementedError("sample has not been implemented")

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        raise NotImplementedError("next_inputs has not been implemented")


class _Integers(Helper):
    """A helper that chooses one integer per sequence."""

    @property
    def sample_ids_shape(self) -> Any:
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        return dtypes.int32


class CustomHelper(Helper):
    """A helper made of functions.

    Args:
        initialize_fn: to ``(finished, inputs)``.
        sample_fn: from `time`, `outputs` and `state` to what is chosen.
        next_inputs_fn: from `time`, `outputs`, `state` and `sample_ids` to ``(finished, inputs,
            state)``.
        sample_ids_shape: of what is chosen, without the batch; a scalar if None.
        sample_ids_dtype: its type, int32 if None.
    """

    def __init__(
        self,
        initialize_fn: Callable[[], Any],
        sample_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any],
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape([] if sample_ids_shape is None else sample_ids_shape)
        self._sample_ids_dtype = dtypes.as_dtype(sample_ids_dtype or dtypes.int32)

    @property
    def batch_size(self) -> Any:
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs)`` before the first step."""
        with name_scope(name, f"{type(self).__name__}Initialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = size_of(finished)
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What the function chooses."""
        with name_scope(name, f"{type(self).__name__}Sample", [time, *flatten(outputs)]):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        with name_scope(name, f"{type(self).__name__}NextInputs", [time, *flatten(outputs)]):
            return self._next_inputs_fn(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )


class TrainingHelper(_Integers):
    """Feeds the inputs it was given; chooses the largest output.

    Args:
        inputs: [batch, time, ...], or [time, batch, ...] if `time_major`, or a structure of such.
        sequence_length: [batch].
        time_major: whether time is the first axis of the inputs.

    Raises:
        ValueError: if `sequence_length` is no vector.
    """

    def __init__(
        self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None
    ) -> None:
        with name_scope(name, "TrainingHelper", [*flatten(inputs), sequence_length]):
            inputs = map_structure(lambda each: convert_to_tensor(each, name="inputs"), inputs)
            self._inputs = inputs
            if not time_major:
                inputs = map_structure(swapped_batch_and_time, inputs)
            self._arrays = map_structure(unstacked, inputs)
            self._sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if self._sequence_length.get_shape().ndims != 1:
                raise ValueError(
                    "Expected sequence_length to be a vector, but received shape: "
                    f"{self._sequence_length.get_shape()}"
                )
            self._zero_inputs = map_structure(lambda each: zeros_like(each[0]), inputs)
            self._batch_size = shape_of(self._sequence_length)[0]

    @property
    def inputs(self) -> Any:
        """The inputs as they were given."""
        return self._inputs

    @property
    def sequence_length(self) -> Any:
        """The length of each sequence."""
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    def _inputs_at(self, time: Any, finished: Any) -> Any:
        """The inputs of a step; zeros where nothing is left."""
        return cond(
            reduce_all(finished),
            lambda: self._zero_inputs,
            lambda: map_structure(lambda array: array.read(time), self._arrays),
        )

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs)`` before the first step."""
        with name_scope(name, "TrainingHelperInitialize"):
            finished = equal(0, self._sequence_length)
            return finished, self._inputs_at(0, finished)

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The index of the largest output."""
        with name_scope(name, "TrainingHelperSample", [time, outputs]):
            return cast(argmax(outputs, axis=-1), dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        with name_scope(name, "TrainingHelperNextInputs", [time, outputs]):
            next_time = time + 1
            finished = next_time >= self._sequence_length
            return finished, self._inputs_at(next_time, finished), state


def unstacked(x: Tensor) -> TensorArray:
    """A `TensorArray` of the rows of `x`."""
    array = TensorArray(dtype=x.dtype, size=shape_of(x)[0], element_shape=x.get_shape()[1:])
    return array.unstack(x)


def embedding_function(embedding: Any) -> Callable[[Any], Any]:
    """A table, or a function already, as a function from symbols to inputs."""
    if callable(embedding):
        function: Callable[[Any], Any] = embedding
        return function
    return lambda ids: embedding_lookup(embedding, ids)


class GreedyEmbeddingHelper(_Integers):
    """Feeds what it looks up for the largest output of the step before.

    Args:
        embedding: a table, or a function from symbols to inputs.
        start_tokens: [batch], the first symbols.
        end_token: the symbol that ends a sequence.

    Raises:
        ValueError: if `start_tokens` is no vector or `end_token` no scalar.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert_to_tensor(start_tokens, dtypes.int32, name="start_tokens")
        self._end_token = convert_to_tensor(end_token, dtypes.int32, name="end_token")
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._batch_size = size_of(start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs)`` before the first step."""
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The index of the largest output."""
        _check_tensor(outputs)
        return argmax(outputs, axis=-1, output_type=dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        finished = equal(sample_ids, self._end_token)
        inputs = cond(
            reduce_all(finished),
            lambda: self._start_inputs,
            lambda: self._embedding_fn(sample_ids),
        )
        return finished, inputs, state


def _check_tensor(outputs: Any) -> None:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")


class InferenceHelper(Helper):
    """A helper for outputs of any kind, made of functions.

    Args:
        sample_fn: from outputs to what is chosen.
        sample_shape: of what is chosen, without the batch; None for a scalar.
        sample_dtype: its type.
        start_inputs: [batch, ...].
        end_fn: from what was chosen to the sequences that are finished, [batch] bools.
        next_inputs_fn: from what was chosen to the next inputs; that itself if None.
    """

    def __init__(
        self,
        sample_fn: Callable[[Any], Any],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable[[Any], Any],
        next_inputs_fn: Callable[[Any], Any] | None = None,
    ) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = TensorShape([] if sample_shape is None else sample_shape)
        self._sample_dtype = sample_dtype
        self._next_inputs_fn = next_inputs_fn
        self._batch_size = shape_of(start_inputs)[0]
        self._start_inputs = convert_to_tensor(start_inputs, name="start_inputs")

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs)`` before the first step."""
        return fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What the function chooses."""
        return self._sample_fn(outputs)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """``(finished, inputs, state)`` for the next step."""
        make = self._next_inputs_fn
        inputs = sample_ids if make is None else make(sample_ids)
        return self._end_fn(sample_ids), inputs, state
