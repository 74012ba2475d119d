"""Charniak's classifiers of handwritten digits with one and two convolutions (chapter 3)."""

from __future__ import annotations

from typing import Any

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier

__all__ = ["one_convolution", "two_convolutions"]

CLASSES = 10


def _normal(shape: list[int], stddev: float, name: str) -> Any:
    return tf.Variable(tf.truncated_normal(shape, stddev=stddev), name=name)


def _linear(features: Any, stddev: float) -> Any:
    """``x W + b`` of maps laid out as rows."""
    rows, columns, depth = features.shape.as_list()[1:]
    flat = tf.reshape(features, [-1, rows * columns * depth])
    weights = _normal([rows * columns * depth, CLASSES], stddev, "W")
    return tf.matmul(flat, weights) + _normal([CLASSES], stddev, "b")


def one_convolution(
    images: Any,
    labels: Any,
    filters: int = 4,
    learning_rate: float = 0.5,
    stddev: float = 0.1,
    name: str | None = None,
) -> Classifier:
    """A convolution 4x4 with stride 2, ReLU, softmax (section 3.2, figure 3.7).

    [batch, 28, 28, 1] -> [batch, 14, 14, filters] -> 196 * filters -> 10; with 4 filters 7,914
    parameters, as the convolution has no biases. Those of the softmax are 10 (the book says 100).
    """
    with tf.name_scope(name, "one_convolution", [images, labels]):
        weights = _normal([4, 4, images.shape.as_list()[3], filters], stddev, "flts")
        conv = tf.nn.conv2d(images, weights, [1, 2, 2, 1], "SAME")
        relu = tf.nn.relu(conv)
        layers = {"conv": conv, "relu": relu, "logits": _linear(relu, stddev)}
        return classifier(images, labels, layers, tf.train.GradientDescentOptimizer(learning_rate))


def two_convolutions(
    images: Any,
    labels: Any,
    filters: tuple[int, int] = (16, 32),
    bias: bool = False,
    pool: str | None = None,
    pool_stride: int = 2,
    layer_functions: bool = False,
    second_relu: bool = False,
    learning_rate: float = 0.05,
    stddev: float = 0.1,
    name: str | None = None,
) -> Classifier:
    """Convolutions 4x4 and 2x2 with stride 2, ReLU between them, softmax (sections 3.3 and 3.4).

    [batch, 28, 28, 1] -> [batch, 14, 14, 16] -> [batch, 7, 7, 32] -> 1568 -> 10; 17,994 parameters
    without biases of the convolutions. The book calls ``tf.normal``, which does not exist.

    Args:
        bias: add [16] to the first convolution (section 3.4.1).
        pool: "max" or "average": the first convolution has stride 1, and pooling 2x2 comes after
            it (section 3.4.3).
        pool_stride: 1 leaves the size as it is (exercise 3.5).
        layer_functions: make the first convolution with `tf.layers.conv2d` (section 3.4.2).
        second_relu: apply ReLU to the second convolution too; the listing does not.

    Raises:
        ValueError: if `pool` is something else.
    """
    if pool not in (None, "max", "average"):
        raise ValueError(f'pool is "max", "average" or None, not {pool!r}')
    with tf.variable_scope(name, "two_convolutions", [images, labels]):
        stride = 2 if pool is None else 1
        if layer_functions:
            conv = tf.layers.conv2d(images, filters[0], [4, 4], stride, "Same", use_bias=bias)
        else:
            first = _normal([4, 4, images.shape.as_list()[3], filters[0]], stddev, "flts")
            conv = tf.nn.conv2d(images, first, [1, stride, stride, 1], "SAME")
            if bias:
                conv += tf.Variable(tf.zeros([filters[0]]), name="bias")
        layers = {"conv": conv, "relu": tf.nn.relu(conv)}
        maps = layers["relu"]
        if pool is not None:
            pooling = tf.nn.max_pool if pool == "max" else tf.nn.avg_pool
            maps = pooling(maps, [1, 2, 2, 1], [1, pool_stride, pool_stride, 1], "SAME")
            layers["pool"] = maps
        second = _normal([2, 2, *filters], stddev, "flts2")
        maps = tf.nn.conv2d(maps, second, [1, 2, 2, 1], "SAME")
        layers["conv2"] = tf.nn.relu(maps) if second_relu else maps
        layers["logits"] = _linear(layers["conv2"], stddev)
        return classifier(images, labels, layers, tf.train.GradientDescentOptimizer(learning_rate))
