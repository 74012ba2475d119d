"""The convnet for CIFAR-10 with batch normalization after every layer, and the same without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier, training_switch

__all__ = ["batch_norm_convnet"]


def batch_norm_convnet(
    images: Any,
    labels: Any,
    batch_norm: bool = True,
    filters: Sequence[int] = (32, 64),
    units: int = 128,
    classes: int = 10,
    dropouts: tuple[float, float] = (0.25, 0.5),
    normalize_logits: bool = True,
    learning_rate: float | None = None,
    name: str | None = None,
) -> Classifier:
    """Fundamentals of Deep Learning, chapter 7: convolutions 3x3x32 and 3x3x64, 128 units.

    [b, 28, 28, 1] -> [b, 26, 26, 32] -> [b, 24, 24, 64] -> pool [b, 12, 12, 64] -> 9216 -> 128 ->
    10. The printed listing is made for MNIST: 1,200,350 parameters, batch normalization of the
    logits included. Crops of CIFAR-10, [b, 24, 24, 3], make it 6400 -> 128.

    ``x_hat = (x - mean) / sqrt(variance + epsilon)``, ``y = gamma x_hat + beta`` before each ReLU;
    epsilon 1e-5, moving averages that keep .9.

    Args:
        batch_norm: False for the vanilla net.
        dropouts: the parts dropped after the pooling and after the dense layer.
        normalize_logits: apply batch normalization to the logits too.
        learning_rate: of Adam; 1e-3, and a tenth of it for the vanilla net, if None. The book has
            that ratio but no value.
    """
    if learning_rate is None:
        learning_rate = 1e-3 if batch_norm else 1e-4
    default = "batch_norm_convnet" if batch_norm else "vanilla_convnet"
    with tf.variable_scope(name, default, [images, labels]) as scope:
        is_training = training_switch()

        def normed(x: Any, layer: str) -> Any:
            if not batch_norm:
                return x
            return tf.layers.batch_normalization(
                x, momentum=0.9, epsilon=1e-5, training=is_training, name=f"{layer}_norm"
            )

        layers: dict[str, Any] = {}
        x = images
        for place, depth in enumerate(filters, 1):
            layer = f"conv{place}"
            x = layers[layer] = tf.nn.relu(normed(tf.layers.conv2d(x, depth, 3, name=layer), layer))
        x = layers["pool"] = tf.layers.max_pooling2d(x, 2, 2)
        x = tf.layers.flatten(tf.layers.dropout(x, dropouts[0], training=is_training))
        x = tf.nn.relu(normed(tf.layers.dense(x, units, name="dense"), "dense"))
        layers["dense"] = x
        x = tf.layers.dropout(x, dropouts[1], training=is_training)
        logits = tf.layers.dense(x, classes, name="logits")
        layers["logits"] = normed(logits, "logits") if normalize_logits else logits
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope.original_name_scope)
        optimizer = tf.train.AdamOptimizer(learning_rate)
        return classifier(images, labels, layers, optimizer, is_training, updates=updates)
