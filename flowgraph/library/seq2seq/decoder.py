"""`dynamic_decode`: running a decoder until all of its sequences are finished."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.structure import assert_same_structure, map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.dynamic import swapped_batch_and_time
from flowgraph.library.rnn.shapes import zeros_of_size
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.constants import fill, zeros_like
from flowgraph.ops.logic import logical_not, logical_or
from flowgraph.ops.reduce import reduce_all
from flowgraph.ops.select import where
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop
from flowgraph.shapes import TensorShape

__all__ = ["Decoder", "dynamic_decode"]


class Decoder:
    """Base class of decoders: what `dynamic_decode` calls.

    A subclass has the properties `batch_size`, `output_size` and `output_dtype` (both structured
    as its outputs) and the methods `initialize` and `step`; `finalize` if there is something to be
    done at the end.
    """

    @property
    def batch_size(self) -> Any:
        """The number of sequences, a number or a scalar tensor."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The sizes of an output without the batch."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The types of an output."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether `step` tells of all finished sequences, not only of those it finishes."""
        return False

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs, state)`` before the first step."""
        raise NotImplementedError

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """``(outputs, next_state, next_inputs, finished)`` of one step."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """The outputs and the state to be returned, from those of the loop."""
        raise NotImplementedError


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
    **kwargs: Any,
) -> tuple[Any, Any, Any]:
    """Run a decoder, step by step, until all of its sequences are finished.

    Args:
        decoder: a `Decoder`.
        output_time_major: whether time is the first axis of the outputs, which saves transposing.
        impute_finished: outputs are 0 and states stay past the end of a sequence, so that nothing
            flows back from there.
        maximum_iterations: the most steps, a number or a scalar tensor.
        parallel_iterations, swap_memory: accepted for compatibility.
        scope: the variable scope, "decoder" if None.
        kwargs: passed on to the decoder's `initialize`.

    Returns:
        The outputs, structured as the decoder's, the last state, and the length of each sequence.

    Raises:
        TypeError: if `decoder` is no decoder.
        ValueError: if `maximum_iterations` is no scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder"):
        if maximum_iterations is not None:
            maximum_iterations = convert_to_tensor(
                maximum_iterations, dtypes.int32, name="maximum_iterations"
            )
            if maximum_iterations.get_shape().ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        finished, inputs, state = decoder.initialize(**kwargs)
        zeros = map_structure(
            lambda size, dtype: zeros_of_size(size, decoder.batch_size, dtype),
            decoder.output_size,
            decoder.output_dtype,
        )
        if maximum_iterations is not None:
            finished = logical_or(finished, maximum_iterations <= 0)
        arrays = map_structure(
            lambda size, dtype: _array(decoder.batch_size, size, dtype),
            decoder.output_size,
            decoder.output_dtype,
        )
        loop = while_loop(
            cond=lambda time, arrays, state, inputs, finished, lengths: logical_not(
                reduce_all(finished)
            ),
            body=lambda *values: _step(decoder, zeros if impute_finished else None, *values),
            loop_vars=(
                constant(0, dtypes.int32),
                arrays,
                state,
                inputs,
                finished,
                zeros_like(finished, dtype=dtypes.int32),
            ),
            parallel_iterations=parallel_iterations,
            maximum_iterations=maximum_iterations,
            swap_memory=swap_memory,
        )
        _, arrays, final_state, _, _, lengths = loop
        outputs = map_structure(lambda array: array.stack(), arrays)
        if type(decoder).finalize is not Decoder.finalize:
            outputs, final_state = decoder.finalize(outputs, final_state, lengths)
        if not output_time_major:
            outputs = map_structure(swapped_batch_and_time, outputs)
    return outputs, final_state, lengths


def _array(batch_size: Any, size: Any, dtype: Any) -> TensorArray:
    if not isinstance(size, TensorShape) or size.ndims == 0:
        element_shape = TensorShape(None)
    else:
        known = convert_to_tensor(batch_size, name="batch_size").const_value()
        element_shape = TensorShape([None if known is None else int(known)]).concatenate(size)
    return TensorArray(dtype=dtype, size=0, dynamic_size=True, element_shape=element_shape)


def _step(
    decoder: Decoder,
    zeros: Any,
    time: Tensor,
    arrays: Any,
    state: Any,
    inputs: Any,
    finished: Any,
    lengths: Any,
) -> Any:
    """One turn of the loop; with `zeros`, finished sequences put them out and keep their state."""
    outputs, new_state, next_inputs, now_finished = decoder.step(time, inputs, state)
    if not decoder.tracks_own_finished:
        now_finished = logical_or(now_finished, finished)
    lengths = where(logical_not(finished), fill(shape_of(lengths), time + 1), lengths)
    assert_same_structure(state, new_state)
    assert_same_structure(arrays, outputs)
    assert_same_structure(inputs, next_inputs)
    if zeros is not None:
        outputs = map_structure(lambda out, zero: where(finished, zero, out), outputs, zeros)

        def kept(new: Any, old: Any) -> Any:
            if isinstance(old, TensorArray):
                return new
            new.set_shape(old.shape)
            return new if new.shape.ndims == 0 else where(finished, old, new)

        new_state = map_structure(kept, new_state, state)
    arrays = map_structure(lambda array, out: array.write(time, out), arrays, outputs)
    return time + 1, arrays, new_state, next_inputs, now_finished, lengths
