"""Charniak's networks made of the layers module (section 2.4.4)."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["layered_classifier", "narrowing_stack"]


def layered_classifier(image: Any, hidden: int = 756, classes: int = 10) -> Any:
    """Probabilities of `classes`: a ReLU layer, then one with softmax; Xavier's weights, no biases
    at first.

    The variables are called ``fully_connected/weights``, ``fully_connected_1/weights`` and so on.

    Args:
        image: float [n, pixels].

    Returns:
        float [n, classes].
    """
    layers = tf.contrib.layers
    with tf.name_scope("layered_classifier"):
        return layers.fully_connected(
            layers.fully_connected(image, hidden), classes, activation_fn=tf.nn.softmax
        )


def narrowing_stack(x: Any, width: int, layers: int = 100) -> Any:
    """ReLU layers on top of each other, each one unit narrower than the one below it.

    Args:
        x: float [n, features].
        width: units of the first layer, at least `layers`.

    Returns:
        float [n, width - layers + 1].

    Raises:
        ValueError: if the layers run out of units.
    """
    if width < layers:
        raise ValueError(f"{layers} layers need a width of at least {layers}, not {width}")
    with tf.name_scope("narrowing_stack"):
        for place in range(layers):
            x = tf.contrib.layers.fully_connected(x, width - place)
    return x
