"""AlexNet: five convolutions, three of them in two groups, and three dense layers."""

from __future__ import annotations

from typing import Any

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier, training_switch
from flowgraph.models.convolutional_filters import grouped_conv2d

__all__ = ["alexnet"]

# Name, window, maps, stride, groups; whether normalization and pooling follow.
_CONVOLUTIONS = (
    ("conv1", 11, 96, 4, 1, True, True),
    ("conv2", 5, 256, 1, 2, True, True),
    ("conv3", 3, 384, 1, 1, False, False),
    ("conv4", 3, 384, 1, 2, False, False),
    ("conv5", 3, 256, 1, 2, False, True),
)
_UNITS = 4096


def _convolution(x: Any, name: str, window: int, depth: int, stride: int, groups: int) -> Any:
    with tf.variable_scope(name):
        shape = [window, window, x.shape.as_list()[3] // groups, depth]
        weights = tf.get_variable("weights", shape, initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable("biases", [depth], initializer=tf.zeros_initializer())
        if stride == 1:
            conv = grouped_conv2d(x, weights, groups)
        else:
            padded = tf.pad(x, [[0, 0], [2, 2], [2, 2], [0, 0]])
            conv = grouped_conv2d(padded, weights, groups, stride, "VALID")
        return tf.nn.relu(tf.nn.bias_add(conv, biases))


def alexnet(
    images: Any,
    labels: Any,
    classes: int = 1000,
    width: float = 1.0,
    dropout: float = 0.5,
    normalize: bool = True,
    optimizer: Any = None,
    name: str | None = None,
) -> Classifier:
    """AlexNet as in Pro Deep Learning with TensorFlow, chapter 3: 60,965,224 parameters.

    ======  =================  ======  =============
    layer   filters            groups  maps
    ======  =================  ======  =============
    conv1   11x11x3x96, / 4    1       55x55x96
    pool1   3x3 / 2                    27x27x96
    conv2   5x5x48x256         2       27x27x256
    pool2   3x3 / 2                    13x13x256
    conv3   3x3x256x384        1       13x13x384
    conv4   3x3x192x384        2       13x13x384
    conv5   3x3x192x256        2       13x13x256
    pool5   3x3 / 2                    6x6x256
    ======  =================  ======  =============

    then dense layers of 4096, 4096 and `classes`. Two zeros on each side of the 224x224 image make
    conv1 55x55. The groups are the halves that the original kept on two devices; conv3 alone reads
    both. Local response normalization (radius 2, bias 2, alpha 1e-4, beta .75) comes before the
    first two poolings, whose windows overlap.

    Args:
        images: [batch, height, width, channels].
        labels: int [batch].
        width: multiplies the numbers of maps and units.
        dropout: the part dropped after each of the first two dense layers.
        normalize: apply local response normalization.
        optimizer: momentum .9 with rate .01 if None.
    """
    with tf.variable_scope(name, "alexnet", [images, labels]):
        is_training = training_switch()
        layers: dict[str, Any] = {}
        x = images
        for conv, window, depth, stride, groups, normed, pooled in _CONVOLUTIONS:
            x = _convolution(x, conv, window, round(depth * width), stride, groups)
            layers[conv] = x
            if normed and normalize:
                x = tf.nn.local_response_normalization(x, 2, 2.0, 1e-4, 0.75)
            if pooled:
                x = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "VALID")
                layers[conv.replace("conv", "pool")] = x
        x = tf.layers.flatten(x)
        for dense in ("fc6", "fc7"):
            x = tf.layers.dense(x, round(_UNITS * width), tf.nn.relu, name=dense)
            layers[dense] = x
            x = tf.layers.dropout(x, dropout, training=is_training)
        layers["logits"] = tf.layers.dense(x, classes, name="fc8")
        if optimizer is None:
            optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
        return classifier(images, labels, layers, optimizer, is_training)
