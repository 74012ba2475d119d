"""A recurrent network of rectified units that begins by keeping its state (Pattanayak, chapter 4).

``h(t) = relu(x(t) W_xh + h(t-1) W_hh + b)`` with ``W_hh = I`` and ``b = 0`` at first, so that
neither states nor gradients grow or vanish before it has learned anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import flowgraph as tf
from flowgraph.models.recurrent_training import clipped_step

__all__ = ["Irnn", "adding_problem", "identity_recurrence", "irnn"]


class Irnn(NamedTuple):
    """Placeholders x [batch, n_steps, n_inputs] and y [batch], the states [batch, n_steps, n], the
    prediction [batch], its mean squared error, and a training step."""

    x: Any
    y: Any
    states: Any
    prediction: Any
    loss: Any
    train: Any


def identity_recurrence(stddev: float = 0.001, seed: int | None = None) -> Callable[..., Any]:
    """An initializer of a `BasicRNNCell`'s kernel [n_inputs + n, n]: ``[N(0, stddev^2); I]``."""

    def initializer(shape: Any, dtype: Any = tf.float32, partition_info: Any = None) -> Any:
        rows, units = (int(size) for size in shape)
        inputs = tf.random_normal([rows - units, units], stddev=stddev, dtype=dtype, seed=seed)
        return tf.concat([inputs, tf.eye(units, dtype=dtype)], 0)

    return initializer


def irnn(
    n_steps: int | None = 50,
    n_inputs: int = 2,
    n_neurons: int = 100,
    initial_state: Any = None,
    stddev: float = 0.001,
    learning_rate: float = 0.01,
    max_norm: float = 1.0,
    scope: str = "irnn",
) -> Irnn:
    """A number for a sequence, linear in the last state; gradients are clipped to `max_norm`."""
    with tf.variable_scope(scope):
        x = tf.placeholder(tf.float32, [None, n_steps, n_inputs], name="x")
        y = tf.placeholder(tf.float32, [None], name="y")
        with tf.variable_scope("rnn", initializer=identity_recurrence(stddev)) as inner:
            cell = tf.nn.rnn_cell.BasicRNNCell(n_neurons, tf.nn.relu)
            states, last = tf.nn.dynamic_rnn(
                cell, x, initial_state=initial_state, dtype=tf.float32, scope=inner
            )
        prediction = tf.layers.dense(last, 1, name="prediction")[:, 0]
        loss = tf.reduce_mean(tf.square(prediction - y), name="loss")
        train = clipped_step(tf.train.AdamOptimizer(learning_rate), loss, max_norm).train
    return Irnn(x, y, states, prediction, loss, train)


def adding_problem(random: Any, size: int, n_steps: int = 50) -> tuple[Any, Any]:
    """Sequences of pairs (value, mark), [size, n_steps, 2], and the sums of the two marked values.

    The values are uniform in [0, 1); one mark stands in each half. Whoever predicts 1 has a mean
    squared error of 1/6.
    """
    values = random.uniform(0, 1, [size, n_steps])
    half = n_steps // 2
    places = np.stack([random.integers(0, half, size), random.integers(half, n_steps, size)], 1)
    marks = np.zeros_like(values)
    np.put_along_axis(marks, places, 1, 1)
    total = np.take_along_axis(values, places, 1).sum(1)
    return np.stack([values, marks], 2).astype(np.float32), total.astype(np.float32)
