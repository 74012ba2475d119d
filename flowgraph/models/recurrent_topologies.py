"""The four ways in which a recurrent network takes and gives sequences (Géron, figure 14-4)."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = [
    "delayed_sequence_to_sequence",
    "sequence_to_sequence",
    "sequence_to_vector",
    "vector_to_sequence",
]


def _cell(cell: Any, n_neurons: int) -> Any:
    return cell or tf.nn.rnn_cell.BasicRNNCell(n_neurons)


def sequence_to_sequence(
    x: Any,
    n_outputs: int,
    n_neurons: int = 50,
    cell: Any = None,
    sequence_length: Any = None,
    scope: str = "sequence_to_sequence",
) -> Any:
    """One output per step: [batch, n_steps, n_inputs] to [batch, n_steps, n_outputs]."""
    with tf.variable_scope(scope):
        cell = _cell(cell, n_neurons)
        outputs, _ = tf.nn.dynamic_rnn(cell, x, sequence_length, dtype=x.dtype)
        return tf.layers.dense(outputs, n_outputs, name="outputs")


def sequence_to_vector(
    x: Any,
    n_outputs: int,
    n_neurons: int = 50,
    cell: Any = None,
    sequence_length: Any = None,
    scope: str = "sequence_to_vector",
) -> Any:
    """All outputs but the last ignored: [batch, n_steps, n_inputs] to [batch, n_outputs]."""
    with tf.variable_scope(scope):
        cell = _cell(cell, n_neurons)
        outputs, state = tf.nn.dynamic_rnn(cell, x, sequence_length, dtype=x.dtype)
        last = outputs[:, -1, :] if sequence_length is None else getattr(state, "h", state)
        return tf.layers.dense(last, n_outputs, name="outputs")


def vector_to_sequence(
    x: Any,
    n_steps: int,
    n_outputs: int,
    n_neurons: int = 50,
    cell: Any = None,
    scope: str = "vector_to_sequence",
) -> Any:
    """The input in the first step and zeros afterwards: [batch, n_inputs] to
    [batch, n_steps, n_outputs]."""
    with tf.variable_scope(scope):
        padded = tf.pad(tf.expand_dims(x, 1), [[0, 0], [0, n_steps - 1], [0, 0]])
        return sequence_to_sequence(padded, n_outputs, n_neurons, cell, scope="decoder")


def delayed_sequence_to_sequence(
    x: Any,
    n_steps: int,
    n_outputs: int,
    n_code: int = 20,
    n_neurons: int = 50,
    scope: str = "delayed_sequence_to_sequence",
) -> Any:
    """An encoder to a vector [batch, n_code] and a decoder from it, so that the first output has
    seen the whole input: to [batch, n_steps, n_outputs]."""
    with tf.variable_scope(scope):
        code = sequence_to_vector(x, n_code, n_neurons, scope="encoder")
        return vector_to_sequence(code, n_steps, n_outputs, n_neurons)
