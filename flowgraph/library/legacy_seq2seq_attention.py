"""Unrolled decoders that attend to an encoder's outputs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten
from flowgraph.library.legacy_seq2seq import LoopFunction, Outputs, feeding
from flowgraph.library.rnn.linear import linear
from flowgraph.library.rnn.projections import EmbeddingWrapper, OutputProjectionWrapper
from flowgraph.library.rnn.static import static_rnn
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.array import reshape
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import zeros
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.linalg import matmul
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.softmax import softmax
from flowgraph.ops.transcendental import tanh

__all__ = ["attention_decoder", "embedding_attention_decoder", "embedding_attention_seq2seq"]


def _attention(states: Any, num_heads: int, dtype: Any) -> Callable[[Any], list[Any]]:
    """A function from a query to one weighted mean of `states` per head."""
    size = states.get_shape()[2].value
    length = states.get_shape()[1].value
    if length is None:
        length = shape_of(states)[1]
    rows = reshape(states, [-1, size])
    keys, vectors = [], []
    for head in range(num_heads):
        weight = get_variable(f"AttnW_{head}", [1, 1, size, size], dtype=dtype)
        product = matmul(rows, reshape(weight, [size, size]))
        keys.append(reshape(product, [-1, length, size]))
        vectors.append(get_variable(f"AttnV_{head}", [size], dtype=dtype))

    def attend(query: Any) -> list[Any]:
        query = concat(flatten(query), 1)
        means = []
        for head in range(num_heads):
            with variable_scope(f"Attention_{head}"):
                asked = cast(reshape(linear(query, size, True), [-1, 1, size]), dtype)
                scores = reduce_sum(vectors[head] * tanh(keys[head] + asked), 2)
                shares = cast(softmax(cast(scores, dtypes.float32)), dtype)
                mean = reduce_sum(reshape(shares, [-1, length, 1]) * states, 1)
                means.append(reshape(mean, [-1, size]))
        return means

    return attend


def attention_decoder(
    decoder_inputs: list[Any],
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: LoopFunction = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """A decoder that sees, in each step, weighted means of an encoder's outputs.

    The weights are ``softmax(sum(v tanh(W s + U state)))`` over the encoder's outputs s. The cell
    gets a map of its input and the means; the output is a map of the cell's and the new means.

    Args:
        decoder_inputs: a list of tensors [batch, size].
        initial_state: of the cell.
        attention_states: the encoder's outputs, [batch, length, size].
        cell: an `RNNCell`.
        output_size: the size of the outputs, that of the cell if None.
        num_heads: the number of means.
        loop_function: as in `rnn_decoder`.
        dtype: of the variables.
        scope: the variable scope, "attention_decoder" if None.
        initial_state_attention: attend from the initial state too; else the first means are 0.

    Returns:
        The list of outputs and the last state.

    Raises:
        ValueError: without inputs or heads, or if the last size of the states is not known.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    size = attention_states.get_shape()[2].value
    if size is None:
        raise ValueError(
            f"Shape[2] of attention_states must be known: {attention_states.get_shape()}"
        )
    with variable_scope(scope or "attention_decoder", dtype=dtype) as entered:
        dtype = entered.dtype
        attend = _attention(attention_states, num_heads, dtype)
        state = initial_state
        means = [_nothing_yet(decoder_inputs[0], size, dtype) for _ in range(num_heads)]
        if initial_state_attention:
            means = attend(initial_state)
        outputs: list[Any] = []
        for number, given in enumerate(decoder_inputs):
            if number > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and outputs:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(outputs[-1], number)
            width = given.get_shape().with_rank(2)[1].value
            if width is None:
                raise ValueError(f"Could not infer input size from input: {given.name}")
            mapped = linear([cast(each, dtype) for each in [given, *means]], width, True)
            cell_output, state = cell(mapped, state)
            known = True if number == 0 and initial_state_attention else None
            with variable_scope(get_variable_scope(), reuse=known):
                means = attend(state)
            with variable_scope("AttnOutputProjection"):
                together = [cast(cell_output, dtype), *means]
                output = linear(together, output_size or cell.output_size, True)
            outputs.append(output)
    return outputs, state


def _nothing_yet(first_input: Any, size: int, dtype: Any) -> Any:
    made = zeros(stack([shape_of(first_input)[0], size]), dtype)
    made.set_shape([None, size])
    return made


def embedding_attention_decoder(
    decoder_inputs: list[Any],
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """`attention_decoder` over symbols, which are looked up in the table "embedding".

    Args:
        decoder_inputs: a list of tensors [batch] of integers.
        num_symbols, embedding_size: the shape of the table.
        output_projection: weights and biases that make symbols of the outputs.
        feed_previous: take the likeliest symbol of each step as the next input, all but the first.
        update_embedding_for_previous: whether the gradient reaches the table by those symbols.
        scope: the variable scope, "embedding_attention_decoder" if None.
        initial_state, attention_states, cell, num_heads, output_size, dtype,
        initial_state_attention: as there.

    Raises:
        ValueError: if the projection does not fit.
    """
    if output_projection is not None:
        biases = convert_to_tensor(output_projection[1], dtype=dtype)
        biases.get_shape().assert_is_compatible_with([num_symbols])
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        embedding = get_variable("embedding", [num_symbols, embedding_size])
        embedded = [embedding_lookup(embedding, each) for each in decoder_inputs]
        loop_function = feeding(
            feed_previous, embedding, embedded, output_projection, update_embedding_for_previous
        )
        return attention_decoder(
            embedded,
            initial_state,
            attention_states,
            cell,
            output_size,
            num_heads,
            loop_function,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Outputs:
    """Encoder and decoder of symbols, the decoder attending to the encoder's outputs.

    Args:
        encoder_inputs, decoder_inputs: lists of tensors [batch] of integers.
        cell: an `RNNCell`.
        num_encoder_symbols, num_decoder_symbols, embedding_size: the shapes of the tables.
        num_heads: the number of weighted means.
        output_projection: weights and biases that make symbols of the outputs; if None, the
            outputs are mapped to as many elements as there are symbols.
        feed_previous: take the likeliest symbol of each step as the next input; a bool or a bool
            tensor.
        dtype: of the variables.
        scope: the variable scope, "embedding_attention_seq2seq" if None.
        initial_state_attention: as in `attention_decoder`.

    Returns:
        The decoder's outputs and its last state.
    """
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as entered:
        encoder = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        encoded, state = static_rnn(encoder, encoder_inputs, dtype=entered.dtype)
        columns = [reshape(each, [-1, 1, cell.output_size]) for each in encoded]
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols
        return embedding_attention_decoder(
            decoder_inputs,
            state,
            concat(columns, 1),
            cell,
            num_decoder_symbols,
            embedding_size,
            num_heads=num_heads,
            output_size=output_size,
            output_projection=output_projection,
            feed_previous=feed_previous,
            initial_state_attention=initial_state_attention,
        )
