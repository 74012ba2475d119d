"""Single neurons: activation functions with one argument or a learned slope, and logic of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flowgraph as tf

__all__ = ["ACTIVATIONS", "neuron", "prelu", "step", "xor"]


def step(z: Any) -> Any:
    """1 where z > 0, else 0; a threshold other than 0 belongs into the bias."""
    return tf.cast(z > 0, z.dtype)


def prelu(z: Any, slope: Any) -> Any:
    """``max(0, z) + slope * min(0, z)``; the slope may be a variable.

    A slope of 0 gives ReLU, of 0.01 leaky ReLU, of -1 the absolute value (Pattanayak, chapter 2).
    """
    return tf.maximum(z, 0) + slope * tf.minimum(z, 0)


# Buduma chapter 3, Charniak 2.3, Géron chapter 10, Pattanayak chapter 2.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "threshold": step,
    "linear": tf.identity,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "leaky relu": lambda z: prelu(z, 0.01),
    "absolute value": lambda z: prelu(z, -1.0),
    "elu": tf.nn.elu,
    "softplus": tf.nn.softplus,
    "swish": lambda z: z * tf.sigmoid(z),
}


def neuron(x: Any, weights: Any, bias: Any, activation: Callable[[Any], Any] = step) -> Any:
    """``f(x . w + b)`` for each row of `x`.

    Args:
        x: [n, inputs].
        weights: [inputs].
        bias: scalar.

    Returns:
        [n].
    """
    with tf.name_scope("neuron"):
        return activation(tf.reduce_sum(x * weights, axis=-1) + bias)


def xor(a: Any, b: Any) -> dict[str, Any]:
    """Exclusive or out of neurons with thresholds, by three decompositions (Géron, exercise 10.1).

    Every gate, including a negation that stands alone, is a neuron.

    Args:
        a, b: 0 or 1, float [n].

    Returns:
        float [n] for each decomposition, by its formula.
    """

    def both(inputs: Sequence[Any], weights: Sequence[float], bias: float) -> Any:
        return neuron(tf.stack(inputs, axis=1), tf.constant(weights, inputs[0].dtype), bias)

    with tf.name_scope("xor"):
        a_alone, b_alone = both([a, b], [1, -1], -0.5), both([a, b], [-1, 1], -0.5)
        either = both([a, b], [1, 1], -0.5)
        nand = both([a, b], [-1, -1], 1.5)
        not_a, not_b = both([a], [-1], 0.5), both([b], [-1], 0.5)
        either_false = both([not_a, not_b], [1, 1], -0.5)
        return {
            "(A and not B) or (not A and B)": both([a_alone, b_alone], [1, 1], -0.5),
            "(A or B) and not (A and B)": both([either, nand], [1, 1], -1.5),
            "(A or B) and (not A or not B)": both([either, either_false], [1, 1], -1.5),
        }
