"""Recurrent layers one upon another, with dropout between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flowgraph as tf
from flowgraph.models.recurrent_cells import TrainingDropout

__all__ = ["CELLS", "DeepRnn", "StackedRnn", "deep_rnn", "stacked_rnn"]

CELLS: dict[str, Callable[[int], Any]] = {
    "rnn": tf.nn.rnn_cell.BasicRNNCell,
    "lstm": tf.nn.rnn_cell.BasicLSTMCell,
    "gru": tf.nn.rnn_cell.GRUCell,
}


class DeepRnn(NamedTuple):
    """Outputs [batch, n_steps, n_neurons] of the last layer, and the states of all layers: a tuple
    of [batch, n_neurons], or one tensor [batch, n_layers * n_neurons] in the layers' order."""

    outputs: Any
    states: Any


def deep_rnn(
    x: Any,
    n_neurons: int = 100,
    n_layers: int = 3,
    input_keep_prob: float | None = None,
    is_training: Any = None,
    state_is_tuple: bool = True,
    scope: str = "deep_rnn",
) -> DeepRnn:
    """`n_layers` layers of `BasicRNNCell` under `dynamic_rnn` (Géron, chapter 14).

    The book writes ``MultiRNNCell([cell] * n_layers)``. One object is one set of variables, so that
    form fails where the first layer's input has another size than its output; each layer has
    a cell of its own here.

    Args:
        x: [batch, n_steps, n_inputs].
        input_keep_prob: with dropout of every layer's inputs, the probability to keep one.
        is_training: a boolean scalar tensor that turns the dropout on; None for always.
    """
    with tf.variable_scope(scope):
        cells = [tf.contrib.rnn.BasicRNNCell(num_units=n_neurons) for _ in range(n_layers)]
        if input_keep_prob is not None:
            cells = [_with_dropout(cell, input_keep_prob, is_training) for cell in cells]
        stack = tf.contrib.rnn.MultiRNNCell(cells, state_is_tuple=state_is_tuple)
        return DeepRnn(*tf.nn.dynamic_rnn(stack, x, dtype=x.dtype))


def _with_dropout(cell: Any, keep_prob: float, is_training: Any) -> Any:
    if is_training is None:
        return tf.contrib.rnn.DropoutWrapper(cell, input_keep_prob=keep_prob)
    return TrainingDropout(cell, keep_prob, is_training)


class StackedRnn(NamedTuple):
    """What PyTorch's layers return: the outputs of the last layer, and the last `hn` and, for an
    LSTM, `cn` of all layers, [n_layers, batch, hidden_size]."""

    output: Any
    hn: Any
    cn: Any


def stacked_rnn(
    x: Any,
    hidden_size: int = 20,
    num_layers: int = 2,
    kind: str = "lstm",
    batch_first: bool = False,
    dropout: float = 0.0,
    h0: Any = None,
    c0: Any = None,
    scope: str = "stacked_rnn",
) -> StackedRnn:
    """``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` of Buduma's listings (chapter 9).

    Args:
        x: [n_steps, batch, n_inputs], or [batch, n_steps, n_inputs] if `batch_first`; the output
            likewise, the states never.
        kind: one of `CELLS`.
        dropout: the probability to drop an output of a layer that is not the last.
        h0, c0: [n_layers, batch, hidden_size], zeros if None.
    """
    with tf.variable_scope(scope):
        cells = [CELLS[kind](hidden_size) for _ in range(num_layers)]
        if dropout:
            keep = 1 - dropout
            dropped = [tf.nn.rnn_cell.DropoutWrapper(c, output_keep_prob=keep) for c in cells[:-1]]
            cells = [*dropped, cells[-1]]
        output, states = tf.nn.dynamic_rnn(
            tf.nn.rnn_cell.MultiRNNCell(cells),
            x,
            initial_state=_initial(kind, num_layers, h0, c0),
            time_major=not batch_first,
            dtype=x.dtype,
        )
        if kind == "lstm":
            return StackedRnn(
                output, tf.stack([s.h for s in states]), tf.stack([s.c for s in states])
            )
        return StackedRnn(output, tf.stack(states), None)


def _initial(kind: str, num_layers: int, h0: Any, c0: Any) -> Any:
    if h0 is None:
        return None
    if kind != "lstm":
        return tuple(tf.unstack(h0, num_layers))
    pairs = zip(tf.unstack(c0, num_layers), tf.unstack(h0, num_layers), strict=True)
    return tuple(tf.nn.rnn_cell.LSTMStateTuple(c, h) for c, h in pairs)
