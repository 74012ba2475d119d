"""Normalization of activations: over a batch, or within each example."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["batch_normalized", "group_normalized"]


def batch_normalized(
    x: Any,
    training: Any,
    decay: float = 0.9,
    epsilon: float = 1e-5,
    name: str = "batch_normalized",
) -> Any:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` for each feature (Buduma, chapter 7;
    Pattanayak, chapter 3).

    In training mean and variance are those of the batch, with the variance divided by n, and the
    gradient runs through both; otherwise they are the moving averages

        moving = decay * moving + (1 - decay) * batch

    which the operations in ``tf.GraphKeys.UPDATE_OPS`` advance. PyTorch's ``momentum`` is the
    weight of the new value: its 0.1 is a decay of 0.9. The variance enters its moving average
    times n / (n - 1).

    Args:
        x: float [n, ..., features].
        training: bool scalar tensor.
        decay: of the moving averages.
        name: of the variable scope: gamma, beta, moving_mean, moving_variance, each [features].
    """
    axes = list(range(x.shape.ndims - 1))
    size = [x.shape.as_list()[-1]]
    ones, zeros = tf.ones_initializer(), tf.zeros_initializer()
    with tf.variable_scope(None, default_name=name):
        gamma = tf.get_variable("gamma", size, x.dtype, ones)
        beta = tf.get_variable("beta", size, x.dtype, zeros)
        moving_mean = tf.get_variable("moving_mean", size, x.dtype, zeros, trainable=False)
        moving_variance = tf.get_variable("moving_variance", size, x.dtype, ones, trainable=False)
        mean, variance = tf.nn.moments(x, axes)

        count = tf.cast(tf.size(x), x.dtype) / size[0]
        for moving, batch in (
            (moving_mean, mean),
            (moving_variance, variance * count / (count - 1)),
        ):
            update = tf.assign(moving, decay * moving + (1 - decay) * batch)
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update.op)

        used_mean, used_variance = tf.cond(
            training,
            lambda: (mean, variance),
            lambda: (tf.identity(moving_mean), tf.identity(moving_variance)),
        )
        return tf.nn.batch_normalization(x, used_mean, used_variance, beta, gamma, epsilon)


def group_normalized(
    x: Any, groups: int = 1, epsilon: float = 1e-6, name: str = "group_normalized"
) -> Any:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta``, with the moments of one example and
    one group of neighbouring channels (Buduma, chapter 7).

    With one group it is layer normalization, as in the transformer (Pattanayak, listing 4-7.6). No
    example has an influence on another.

    Args:
        x: float [n, ..., channels]; all dimensions but the first are known.
        groups: a divisor of the number of channels.
        name: of the variable scope: gamma and beta, each [channels].

    Raises:
        ValueError: if the channels cannot be divided into groups of one size.
    """
    shape = x.shape.as_list()[1:]
    channels = shape[-1]
    if channels % groups:
        raise ValueError(f"{channels} channels do not make {groups} groups of one size")
    with tf.variable_scope(None, default_name=name):
        gamma = tf.get_variable("gamma", [channels], x.dtype, tf.ones_initializer())
        beta = tf.get_variable("beta", [channels], x.dtype, tf.zeros_initializer())
        grouped = tf.reshape(x, [-1, *shape[:-1], groups, channels // groups])
        axes = [*range(1, len(shape)), len(shape) + 1]
        mean, variance = tf.nn.moments(grouped, axes, keep_dims=True)
        normal = (grouped - mean) * tf.rsqrt(variance + epsilon)
        return tf.reshape(normal, [-1, *shape]) * gamma + beta
