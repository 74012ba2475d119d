"""LeNet-5 as it first was: subsampling with trained coefficients, output by distance to codes."""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier

__all__ = ["class_codes", "lenet5", "rbf", "scaled_tanh", "subsample"]


def scaled_tanh(x: Any) -> Any:
    """``1.7159 tanh(2 x / 3)``, which is 1 at 1 and -1 at -1."""
    return 1.7159 * tf.tanh(2.0 / 3.0 * x)


def subsample(maps: Any, activation: Any = tf.sigmoid, name: str = "subsample") -> Any:
    """``activation(weight * sum of 2x2 + bias)`` with a weight and a bias per map.

    Args:
        maps: [batch, height, width, channels].

    Returns:
        [batch, height / 2, width / 2, channels]
    """
    with tf.variable_scope(name):
        depth = maps.shape.as_list()[3]
        weight = tf.get_variable("weight", [depth], initializer=tf.constant_initializer(1.0))
        bias = tf.get_variable("bias", [depth], initializer=tf.zeros_initializer())
        sums = 4.0 * tf.nn.avg_pool(maps, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        return activation(weight * sums + bias)


def rbf(features: Any, codes: Any, name: str | None = None) -> Any:
    """Squared distances ``y_i = sum over j of (x_j - w_ij)^2``.

    Args:
        features: [batch, n].
        codes: [classes, n].

    Returns:
        [batch, classes]
    """
    with tf.name_scope(name, "rbf", [features, codes]):
        return tf.reduce_sum(tf.square(tf.expand_dims(features, 1) - codes), 2)


def class_codes(classes: int = 10, size: int = 84, seed: int = 1) -> Any:
    """Fixed codes of -1 and 1, float32 [classes, size].

    The original's are drawings of the characters, 7x12, which the book does not show; these are
    drawn at random, so that any two differ in about half their places.
    """
    random = np.random.RandomState(seed)
    return random.choice(np.array([-1, 1], np.float32), (classes, size))


def lenet5(
    images: Any,
    labels: Any,
    maps: tuple[int, int, int] = (6, 16, 120),
    features: int = 84,
    classes: int = 10,
    learning_rate: float = 0.001,
    codes: Any = None,
    name: str | None = None,
) -> Classifier:
    """LeNet-5: ``P(class i) ~ exp(-y_i)`` for the squared distances y to the codes.

    [b, 28, 28, 1] -> [b, 28, 28, 6] -> [b, 14, 14, 6] -> [b, 10, 10, 16] -> [b, 5, 5, 16] ->
    [b, 1, 1, 120] -> 84 -> 10 distances

    Pro Deep Learning with TensorFlow, chapter 3, gives neither map counts nor training; the counts
    are the classic ones, each map reads all maps before it, and Adam lowers the cross entropy. c1
    and c3 are linear, as the sigmoid of the subsampling follows.

    Args:
        images: [batch, 28, 28, 1].
        labels: int [batch].
        codes: [classes, features]; those of `class_codes` if None.
    """
    with tf.variable_scope(name, "lenet5", [images, labels]):
        first, second, third = maps
        c1 = tf.layers.conv2d(images, first, 5, padding="same", name="c1")
        s2 = subsample(c1, name="s2")
        c3 = tf.layers.conv2d(s2, second, 5, name="c3")
        s4 = subsample(c3, name="s4")
        c5 = tf.layers.conv2d(s4, third, 5, activation=scaled_tanh, name="c5")
        f6 = tf.layers.dense(tf.layers.flatten(c5), features, scaled_tanh, name="f6")
        fixed = tf.constant(class_codes(classes, features) if codes is None else codes)
        distances = rbf(f6, fixed)
        layers = {"c1": c1, "s2": s2, "c3": c3, "s4": s4, "c5": c5, "f6": f6}
        layers |= {"distances": distances, "logits": -distances}
        return classifier(images, labels, layers, tf.train.AdamOptimizer(learning_rate))
