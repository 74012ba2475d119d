"""`BeamSearchDecoder`: decoding by keeping the best few sequences at a time."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten, map_structure
from flowgraph.library.layers.base import Layer
from flowgraph.library.platform.logs import warn
from flowgraph.library.rnn.cell import assert_like_rnncell
from flowgraph.library.seq2seq.beam_steps import (
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    beam_search_step,
    gather_beams,
    gather_tree_from_array,
    seen_so_far,
)
from flowgraph.library.seq2seq.decoder import Decoder
from flowgraph.library.seq2seq.helpers import embedding_function
from flowgraph.ops.array import reshape, tile
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.array import size as size_of
from flowgraph.ops.beam import gather_tree
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.constants import fill, zeros
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.reduce import reduce_all, reduce_max
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.shapes import TensorShape

__all__ = ["BeamSearchDecoder", "FinalBeamSearchDecoderOutput"]


class FinalBeamSearchDecoderOutput(
    collections.namedtuple(
        "FinalBeamSearchDecoderOutput", ("predicted_ids", "beam_search_decoder_output")
    )
):
    """The result of a beam search.

    Attributes:
        predicted_ids: the sequences, [batch, time, beam], the best beam first.
        beam_search_decoder_output: what the steps put out, a `BeamSearchDecoderOutput`.
    """


class BeamSearchDecoder(Decoder):
    """A decoder that keeps, in each step, the `beam_width` best continuations of each batch entry.

    A beam's score is ``log_prob / length_penalty + coverage_penalty_weight * coverage`` with
    ``length_penalty = ((5 + length) / 6) ** length_penalty_weight`` (Wu et al. 2016). States and
    memories of the cell must be tiled by `tile_batch`.

    Args:
        cell: an `RNNCell`, in an `AttentionWrapper` perhaps.
        embedding: a table, or a function from symbols to inputs.
        start_tokens: [batch], the first symbols.
        end_token: the symbol that ends a sequence.
        initial_state: of the cell, for a batch of ``batch * beam_width``.
        beam_width: the number of beams.
        output_layer: a layer over the cell's outputs that gives one logit per symbol.
        length_penalty_weight: 0 for no penalty.
        coverage_penalty_weight: 0 for no penalty; else the cell's state must have alignments.
        reorder_tensor_arrays: put what `TensorArray` in the cell's state hold into the order of
            the sequences that were found, at the end.

    Raises:
        TypeError, ValueError: if an argument is not of its kind or shape.
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: Any = 0.0,
        coverage_penalty_weight: Any = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        assert_like_rnncell("cell", cell)
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = embedding_function(embedding)
        start = convert_to_tensor(start_tokens, dtypes.int32, name="start_tokens")
        if start.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._end_token = convert_to_tensor(end_token, dtypes.int32, name="end_token")
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        known = start.get_shape()[0].value
        self._batch_size = size_of(start) if known is None else convert_to_tensor(known)
        self._static_batch = known
        self._beam_width = beam_width
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._initial_cell_state = map_structure(self._split, initial_state)
        self._start_tokens = tile(expand_dims(start, 1), [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        """True: beams change places from step to step."""
        return True

    @property
    def output_size(self) -> Any:
        size = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(size, size, size)

    @property
    def output_dtype(self) -> Any:
        dtype = flatten(self._initial_cell_state)[0].dtype
        return BeamSearchDecoderOutput(dtype, dtypes.int32, dtypes.int32)

    def _split(self, t: Any) -> Any:
        """[batch * beam, ...] as [batch, beam, ...]; scalars and arrays stay."""
        if isinstance(t, TensorArray) or t.get_shape().ndims == 0:
            return t
        made = reshape(t, concat([[self._batch_size, self._beam_width], shape_of(t)[1:]], 0))
        made.set_shape([self._static_batch, self._beam_width, *t.get_shape().as_list()[1:]])
        return made

    def _merge(self, t: Any) -> Any:
        """[batch, beam, ...] as [batch * beam, ...]; scalars and arrays stay."""
        if isinstance(t, TensorArray) or t.get_shape().ndims == 0:
            return t
        made = reshape(t, concat([[self._batch_size * self._beam_width], shape_of(t)[2:]], 0))
        known = None if self._static_batch is None else self._static_batch * self._beam_width
        made.set_shape([known, *t.get_shape().as_list()[2:]])
        return made

    def initialize(self, name: str | None = None) -> Any:
        """``(finished, inputs, state)``: only the first of the equal beams is alive."""
        width = self._beam_width
        dtype = flatten(self._initial_cell_state)[0].dtype
        first = fill([self._batch_size], 0)
        finished = one_hot(first, width, on_value=False, off_value=True, dtype=dtypes.bool)
        log_probs = one_hot(first, width, on_value=0.0, off_value=-np.inf, dtype=dtype)
        seen = seen_so_far(self._initial_cell_state, self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=log_probs,
            finished=finished,
            lengths=zeros([self._batch_size, width], dtypes.int64),
            accumulated_attention_probs=seen,
        )
        for each in (finished, log_probs, state.lengths):
            each.set_shape([self._static_batch, width])
        return finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """``(outputs, next_state, next_inputs, finished)`` of one step."""
        with name_scope(name, "BeamSearchDecoderStep", [time, *flatten(inputs)]):
            given = map_structure(self._merge, inputs)
            cell_state = map_structure(self._merge, state.cell_state)
            outputs, next_cell_state = self._cell(given, cell_state)
            logits = self._split(outputs)
            if self._output_layer is not None:
                logits = self._output_layer(logits)
            made, new_state = beam_search_step(
                logits,
                map_structure(self._split, next_cell_state),
                state,
                self._batch_size,
                self._beam_width,
                self._end_token,
                self._length_penalty_weight,
                self._coverage_penalty_weight,
                self._reordered,
            )
            next_inputs = cond(
                reduce_all(new_state.finished),
                lambda: self._start_inputs,
                lambda: self._embedding_fn(made.predicted_ids),
            )
        return made, new_state, next_inputs, new_state.finished

    def _reordered(self, t: Any, beams: Any) -> Any:
        if isinstance(t, TensorArray) or t.get_shape().ndims == 0:
            return t
        return gather_beams(t, beams, self._batch_size, self._beam_width)

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """The sequences followed back from their ends, and the last state."""
        longest = cast(reduce_max(final_state.lengths, axis=1), dtypes.int32)
        predicted = gather_tree(outputs.predicted_ids, outputs.parent_ids, longest, self._end_token)
        if self._reorder_tensor_arrays:
            cell_state = map_structure(
                lambda each: self._in_order(each, outputs.parent_ids, final_state.lengths),
                final_state.cell_state,
            )
            final_state = final_state._replace(cell_state=cell_state)
        return FinalBeamSearchDecoderOutput(predicted, outputs), final_state

    def _in_order(self, t: Any, parent_ids: Any, lengths: Any) -> Any:
        if not isinstance(t, TensorArray):
            return t
        if not t.element_shape.ndims:
            warn(
                "The TensorArray %s in the cell state is not amenable to sorting based on the beam "
                "search result. For a TensorArray to be sorted, its elements shape must be defined "
                "and have at least a rank of 1.",
                t.handle.name,
            )
            return t
        return gather_tree_from_array(t, parent_ids, lengths)
