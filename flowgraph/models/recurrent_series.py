"""Prediction and generation of a time series (Géron, chapter 14)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import flowgraph as tf

__all__ = ["SeriesModel", "continued", "series", "series_batch", "time_series_rnn"]

_END = 30.0


class SeriesModel(NamedTuple):
    """Placeholders x and y [batch, n_steps, 1], what is predicted, and how it is trained.

    `outputs` is [batch, n_steps, n_neurons] without a projection, and then loss and train are None.
    """

    x: Any
    y: Any
    outputs: Any
    state: Any
    loss: Any
    train: Any


def series(t: Any) -> Any:
    """``t sin(t) / 3 + 2 sin(5 t)``"""
    return t * np.sin(t) / 3 + 2 * np.sin(5 * t)


def series_batch(
    random: Any, size: int = 50, n_steps: int = 20, resolution: float = 0.1
) -> tuple[Any, Any]:
    """Windows of the series that begin anywhere in [0, 30], and the same one step later."""
    start = random.uniform(0, _END - n_steps * resolution, [size, 1])
    values = series(start + np.arange(n_steps + 1) * resolution)[:, :, None]
    return values[:, :-1], values[:, 1:]


def time_series_rnn(
    projection: str | None = "wrapper",
    n_steps: int = 20,
    n_neurons: int = 100,
    n_outputs: int = 1,
    learning_rate: float = 0.001,
    scope: str = "time_series",
) -> SeriesModel:
    """``dynamic_rnn`` over `BasicRNNCell(n_neurons, relu)`, trained to see one step ahead.

    Args:
        projection: "wrapper" applies a linear layer to each step's output inside of the loop
            (`OutputProjectionWrapper`), "reshape" applies it to all steps' at once, as one matrix
            [batch * n_steps, n_neurons]; None leaves the cell's outputs.

    Raises:
        ValueError: if there is no such projection.
    """
    if projection not in ("wrapper", "reshape", None):
        raise ValueError(f"no projection is called {projection!r}")
    with tf.variable_scope(scope):
        x = tf.placeholder(tf.float32, [None, n_steps, 1], name="x")
        y = tf.placeholder(tf.float32, [None, n_steps, n_outputs], name="y")
        cell: Any = tf.contrib.rnn.BasicRNNCell(num_units=n_neurons, activation=tf.nn.relu)
        if projection == "wrapper":
            cell = tf.contrib.rnn.OutputProjectionWrapper(cell, output_size=n_outputs)
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        if projection is None:
            return SeriesModel(x, y, outputs, state, None, None)
        if projection == "reshape":
            rows = tf.reshape(outputs, [-1, n_neurons])
            projected = tf.contrib.layers.fully_connected(rows, n_outputs, activation_fn=None)
            outputs = tf.reshape(projected, [-1, n_steps, n_outputs])
        loss = tf.reduce_mean(tf.square(outputs - y), name="loss")
        train = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SeriesModel(x, y, outputs, state, loss, train)


def continued(predict: Any, seed: Any, count: int = 300) -> Any:
    """A sequence made by the model alone: what it predicts is fed back.

    Args:
        predict: from [1, n_steps, 1] to the outputs of the same shape.
        seed: the first n_steps values.
        count: how many to append.

    Returns:
        ``[n_steps + count]`` values.
    """
    values = [float(value) for value in seed]
    steps = len(values)
    for _ in range(count):
        window = np.array(values[-steps:], np.float32).reshape(1, steps, 1)
        values.append(float(predict(window)[0, -1, 0]))
    return np.array(values)
