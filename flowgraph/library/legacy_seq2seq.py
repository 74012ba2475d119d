"""Sequence-to-sequence models whose steps are unrolled when the graph is built."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.rnn.projections import EmbeddingWrapper, OutputProjectionWrapper
from flowgraph.library.rnn.static import static_rnn
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.dense import xw_plus_b
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.identities import stop_gradient
from flowgraph.ops.scan import argmax
from flowgraph.ops.select import where

__all__ = [
    "basic_rnn_seq2seq",
    "check_projection",
    "embedding_rnn_decoder",
    "embedding_rnn_seq2seq",
    "embedding_tied_rnn_seq2seq",
    "feeding",
    "one2many_rnn_seq2seq",
    "rnn_decoder",
    "tied_rnn_seq2seq",
]

Outputs = tuple[list[Any], Any]
LoopFunction = Callable[[Any, int], Any] | None


def feeding(
    feed_previous: Any, embedding: Any, inputs: list[Any], projection: Any, update: bool = True
) -> LoopFunction:
    """A loop function: what a decoder gets in place of its next input, or None for that input.

    Args:
        feed_previous: True for the embedding of its last output's largest element, False for the
            input; or a bool tensor that chooses.
        embedding: the table.
        inputs: the embedded inputs.
        projection: the weights and biases that make symbols of the outputs, or None.
        update: whether the gradient reaches the table by this way.
    """

    def previous(output: Any, _: int) -> Any:
        if projection is not None:
            output = xw_plus_b(output, projection[0], projection[1])
        embedded = embedding_lookup(embedding, argmax(output, 1))
        return embedded if update else stop_gradient(embedded)

    if isinstance(feed_previous, bool):
        return previous if feed_previous else None
    return lambda output, i: where(feed_previous, previous(output, i), inputs[i])


def check_projection(projection: Any, num_symbols: int, dtype: Any) -> None:
    """Raise ValueError unless the biases, and the weights, end in `num_symbols`."""
    if projection is not None:
        weights = convert_to_tensor(projection[0], dtype=dtype)
        weights.get_shape().assert_is_compatible_with([None, num_symbols])
        biases = convert_to_tensor(projection[1], dtype=dtype)
        biases.get_shape().assert_is_compatible_with([num_symbols])


def rnn_decoder(
    decoder_inputs: Any,
    initial_state: Any,
    cell: Any,
    loop_function: LoopFunction = None,
    scope: Any = None,
) -> Outputs:
    """A cell unrolled over a list of inputs, or over what a function makes of its outputs.

    Args:
        decoder_inputs: a list of tensors [batch, size].
        initial_state: of the cell.
        cell: an `RNNCell`.
        loop_function: ``f(output, i)`` to the input of step i, from the output of the step before;
            None takes the given inputs.
        scope: the variable scope, "rnn_decoder" if None.

    Returns:
        The list of outputs and the last state.
    """
    with variable_scope(scope or "rnn_decoder"):
        state = initial_state
        outputs: list[Any] = []
        for number, given in enumerate(decoder_inputs):
            if loop_function is not None and outputs:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(outputs[-1], number)
            if number > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    cell: Any,
    dtype: Any = dtypes.float32,
    scope: Any = None,
) -> Outputs:
    """An encoder whose last state starts a decoder with variables of its own.

    Args:
        encoder_inputs, decoder_inputs: lists of tensors [batch, size].
        cell: an `RNNCell`, for both.
        dtype: of the first state.
        scope: the variable scope, "basic_rnn_seq2seq" if None.

    Returns:
        The decoder's outputs and its last state.
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    cell: Any,
    loop_function: LoopFunction = None,
    dtype: Any = dtypes.float32,
    scope: Any = None,
) -> Outputs:
    """`basic_rnn_seq2seq` whose encoder and decoder share their variables.

    Args:
        encoder_inputs, decoder_inputs: lists of tensors [batch, size].
        cell: an `RNNCell`.
        loop_function: as in `rnn_decoder`.
        dtype: of the first state.
        scope: the variable scope, "tied_rnn_seq2seq" if None, in "combined_tied_rnn_seq2seq".
    """
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, scope)


def embedding_rnn_decoder(
    decoder_inputs: list[Any],
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> Outputs:
    """`rnn_decoder` over symbols, which are looked up in the table "embedding".

    Args:
        decoder_inputs: a list of tensors [batch] of integers.
        initial_state: of the cell.
        cell: an `RNNCell`.
        num_symbols, embedding_size: the shape of the table.
        output_projection: weights and biases that make symbols of the outputs.
        feed_previous: take the likeliest symbol of each step as the next input, all but the first.
        update_embedding_for_previous: whether the gradient reaches the table by those symbols.
        scope: the variable scope, "embedding_rnn_decoder" if None.

    Raises:
        ValueError: if the projection does not fit.
    """
    with variable_scope(scope or "embedding_rnn_decoder") as entered:
        check_projection(output_projection, num_symbols, entered.dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        embedded = [embedding_lookup(embedding, each) for each in decoder_inputs]
        loop_function = feeding(
            feed_previous, embedding, embedded, output_projection, update_embedding_for_previous
        )
        return rnn_decoder(embedded, initial_state, cell, loop_function)


def embedding_rnn_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> Outputs:
    """Encoder and decoder of symbols, each with a table of its own.

    Args:
        encoder_inputs, decoder_inputs: lists of tensors [batch] of integers.
        cell: an `RNNCell`.
        num_encoder_symbols, num_decoder_symbols, embedding_size: the shapes of the tables.
        output_projection: weights and biases that make symbols of the outputs; if None, the
            outputs are mapped to as many elements as there are symbols.
        feed_previous: take the likeliest symbol of each step as the next input; a bool or a bool
            tensor.
        dtype: of the variables.
        scope: the variable scope, "embedding_rnn_seq2seq" if None.

    Returns:
        The decoder's outputs and its last state.
    """
    with variable_scope(scope or "embedding_rnn_seq2seq", dtype=dtype) as entered:
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=entered.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
        return embedding_rnn_decoder(
            decoder_inputs,
            state,
            cell,
            num_decoder_symbols,
            embedding_size,
            output_projection,
            feed_previous,
        )


def embedding_tied_rnn_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_decoder_symbols: int | None = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> Outputs:
    """`embedding_rnn_seq2seq` with one table and one set of variables for both sides.

    Args:
        num_symbols, embedding_size: the shape of the table.
        num_decoder_symbols: the number of symbols the decoder can put out, `num_symbols` if None.
        encoder_inputs, decoder_inputs, cell, output_projection, feed_previous, dtype: as there.
        scope: the variable scope, "embedding_tied_rnn_seq2seq" if None.

    Raises:
        ValueError: if the projection does not fit.
    """
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as entered:
        check_projection(output_projection, num_symbols, entered.dtype)
        embedding = get_variable("embedding", [num_symbols, embedding_size], dtype=entered.dtype)
        encoded = [embedding_lookup(embedding, each) for each in encoder_inputs]
        decoded = [embedding_lookup(embedding, each) for each in decoder_inputs]
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols or num_symbols)
        loop_function = feeding(feed_previous, embedding, decoded, output_projection)
        return tied_rnn_seq2seq(encoded, decoded, cell, loop_function, entered.dtype)


def one2many_rnn_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs_dict: dict[Any, list[Any]],
    enc_cell: Any,
    dec_cells_dict: dict[Any, Any],
    num_encoder_symbols: int,
    num_decoder_symbols_dict: dict[Any, int],
    embedding_size: int,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """One encoder and several decoders, one per key of the dicts.

    Args:
        encoder_inputs: a list of tensors [batch] of integers.
        decoder_inputs_dict: such a list per decoder.
        enc_cell: the encoder's cell.
        dec_cells_dict: the decoders' cells.
        num_encoder_symbols, embedding_size: the shape of the encoder's table.
        num_decoder_symbols_dict: the number of symbols per decoder.
        feed_previous, dtype: as in `embedding_rnn_seq2seq`.
        scope: the variable scope, "one2many_rnn_seq2seq" if None.

    Returns:
        The outputs and the last state by key.
    """
    outputs, states = {}, {}
    with variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as entered:
        encoder = EmbeddingWrapper(enc_cell, num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=entered.dtype)
        for key, inputs in decoder_inputs_dict.items():
            symbols = num_decoder_symbols_dict[key]
            with variable_scope(f"one2many_decoder_{key}"):
                decoder = OutputProjectionWrapper(dec_cells_dict[key], symbols)
                outputs[key], states[key] = embedding_rnn_decoder(
                    inputs, state, decoder, symbols, embedding_size, feed_previous=feed_previous
                )
    return outputs, states
