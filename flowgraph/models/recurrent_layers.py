"""Recurrent layers written out, and the same network by the functions that unroll cells.

A layer of n neurons computes, for a batch of inputs X(t) [batch, n_inputs],

    Y(t) = phi(X(t) Wx + Y(t-1) Wy + b) = phi([X(t) Y(t-1)] W + b),   W = [Wx; Wy]

(Géron, chapter 14, equations 14-1 and 14-2; Buduma, chapter 9). Y(-1) is zero, or a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = [
    "RecurrentLayer",
    "RecurrentWeights",
    "UnrolledRnn",
    "dynamic_rnn",
    "recurrent_layer",
    "recurrent_weights",
    "static_rnn",
    "two_input_rnn",
]


class RecurrentWeights(NamedTuple):
    """Wx [n_inputs, n], Wy [n, n] and b [1, n], shared by all steps."""

    wx: Any
    wy: Any
    b: Any


class RecurrentLayer(NamedTuple):
    """The outputs [batch, n] of all steps, the weights, and Y(-1) if it is a parameter."""

    outputs: list[Any]
    weights: RecurrentWeights
    initial: Any


class UnrolledRnn(NamedTuple):
    """Outputs [batch, n_steps, n], or a list of them, and the state after the last step."""

    outputs: Any
    state: Any


def recurrent_weights(n_inputs: int, n_neurons: int, dtype: Any = tf.float32) -> RecurrentWeights:
    """Variables, the matrices from N(0, 1) and the bias 0."""
    wx = tf.Variable(tf.random_normal([n_inputs, n_neurons], dtype=dtype), name="Wx")
    wy = tf.Variable(tf.random_normal([n_neurons, n_neurons], dtype=dtype), name="Wy")
    return RecurrentWeights(wx, wy, tf.Variable(tf.zeros([1, n_neurons], dtype), name="b"))


def recurrent_layer(
    steps: Sequence[Any],
    n_neurons: int = 5,
    activation: Callable[[Any], Any] = tf.tanh,
    weights: RecurrentWeights | None = None,
    joined: bool = False,
    trainable_initial: bool = False,
    name: str = "recurrent_layer",
) -> RecurrentLayer:
    """A layer without any function for recurrent networks (Géron, chapter 14).

    Args:
        steps: X(0), X(1), ..., each [batch, n_inputs].
        n_neurons: n, if no weights are given.
        activation: phi.
        weights: variables or tensors in place of new variables.
        joined: compute ``[X Y] [Wx; Wy]``, one product per step, in place of the sum of two.
        trainable_initial: Y(-1) is a variable [1, n], zero at first; otherwise the first step has
            no recurrent term.
    """
    with tf.name_scope(name):
        if weights is None:
            n_inputs = steps[0].shape.as_list()[1]
            weights = recurrent_weights(n_inputs, n_neurons, steps[0].dtype)
        initial = before = None
        if trainable_initial:
            initial = tf.Variable(tf.zeros_like(weights.b), name="initial")
            before = initial + tf.zeros_like(tf.matmul(steps[0], weights.wx))
        stacked = tf.concat([weights.wx, weights.wy], 0) if joined else None
        outputs = []
        for x in steps:
            if before is None:
                summed = tf.matmul(x, weights.wx)
            elif joined:
                summed = tf.matmul(tf.concat([x, before], 1), stacked)
            else:
                summed = tf.matmul(before, weights.wy) + tf.matmul(x, weights.wx)
            before = activation(summed + weights.b)
            outputs.append(before)
    return RecurrentLayer(outputs, weights, initial)


def two_input_rnn(x0: Any, x1: Any, n_neurons: int = 5) -> UnrolledRnn:
    """Two steps by `static_rnn`, from two tensors [batch, n_inputs]; a list of two outputs."""
    cell = tf.contrib.rnn.BasicRNNCell(num_units=n_neurons)
    return UnrolledRnn(*tf.contrib.rnn.static_rnn(cell, [x0, x1], dtype=x0.dtype))


def static_rnn(x: Any, cell: Any = None, n_neurons: int = 5, **unrolling: Any) -> UnrolledRnn:
    """As many copies of a cell as there are steps, cut out of one tensor.

    Args:
        x: [batch, n_steps, n_inputs], n_steps known.
        cell: a `BasicRNNCell` of `n_neurons` if None.
        unrolling: further arguments of `tf.contrib.rnn.static_rnn`, as `sequence_length`.

    Raises:
        ValueError: if n_steps is not known.
    """
    cell = cell or tf.contrib.rnn.BasicRNNCell(num_units=n_neurons)
    steps = tf.unstack(tf.transpose(x, perm=[1, 0, 2]))
    outputs, state = tf.contrib.rnn.static_rnn(cell, steps, dtype=x.dtype, **unrolling)
    return UnrolledRnn(tf.transpose(tf.stack(outputs), perm=[1, 0, 2]), state)


def dynamic_rnn(x: Any, cell: Any = None, n_neurons: int = 5, **unrolling: Any) -> UnrolledRnn:
    """The network of `static_rnn` as a loop: the graph does not grow with n_steps."""
    cell = cell or tf.contrib.rnn.BasicRNNCell(num_units=n_neurons)
    return UnrolledRnn(*tf.nn.dynamic_rnn(cell, x, dtype=x.dtype, **unrolling))
