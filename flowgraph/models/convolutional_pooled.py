"""Classifiers made of convolutions with pooling and dense layers: four nets of the books."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier, training_switch

__all__ = [
    "cervix_convnet",
    "mnist_convnet_buduma",
    "mnist_convnet_pattanayak",
    "pooled_convnet",
    "separable_convnet",
    "write_predictions",
]


def pooled_convnet(
    images: Any,
    labels: Any,
    optimizer: Any,
    filters: Sequence[int],
    units: Sequence[int],
    classes: int = 10,
    window: int = 3,
    padding: str = "same",
    separable: bool = False,
    conv_dropout: float = 0.0,
    dense_dropout: float = 0.0,
    dense_activation: Any = tf.nn.relu,
    summed: bool = False,
    name: str | None = None,
    default_name: str = "pooled_convnet",
) -> Classifier:
    """``(convolution, ReLU, max pool 2x2, dropout)*, (dense, activation, dropout)*, dense``

    The activations are called conv1, pool1, ..., dense1, ..., logits.

    Args:
        images: [batch, height, width, channels].
        labels: int [batch].
        optimizer: of `tf.train`.
        filters: of each convolution.
        units: of each dense layer before the last.
        separable: make the convolutions depthwise separable.
        conv_dropout: the part dropped after each pooling.
        dense_dropout: the part dropped after each dense layer.
        summed: whether the loss is the sum over the batch.
        default_name: of the scope, made unique, if there is no `name`.
    """
    with tf.variable_scope(name, default_name, [images, labels]):
        is_training = training_switch() if conv_dropout or dense_dropout else None
        convolution = tf.layers.separable_conv2d if separable else tf.layers.conv2d
        layers: dict[str, Any] = {}
        x = images
        for place, depth in enumerate(filters, 1):
            x = convolution(
                x, depth, window, padding=padding, activation=tf.nn.relu, name=f"conv{place}"
            )
            layers[f"conv{place}"] = x
            x = tf.layers.max_pooling2d(x, 2, 2, padding, name=f"pool{place}")
            layers[f"pool{place}"] = x
            if conv_dropout:
                x = tf.layers.dropout(x, conv_dropout, training=is_training)
        x = tf.layers.flatten(x)
        layers["flat"] = x
        for place, size in enumerate(units, 1):
            x = tf.layers.dense(x, size, dense_activation, name=f"dense{place}")
            layers[f"dense{place}"] = x
            if dense_dropout:
                x = tf.layers.dropout(x, dense_dropout, training=is_training)
        layers["logits"] = tf.layers.dense(x, classes, name="logits")
        return classifier(images, labels, layers, optimizer, is_training, summed)


def mnist_convnet_buduma(
    images: Any,
    labels: Any,
    learning_rate: float = 1e-4,
    dropout: float = 0.5,
    hidden_relu: bool = False,
    name: str | None = None,
) -> Classifier:
    """MNISTConvNet of Fundamentals of Deep Learning, chapter 7: 3,274,634 parameters.

    [batch, 28, 28, 1] -> 5x5x32 -> [14, 14, 32] -> 5x5x64 -> [7, 7, 64] -> 3136 -> 1024 -> 10

    The prose trains with Adam, the listing with SGD; this is Adam. The dropout of 1 in evaluation
    that the book speaks of is the part kept. The listing divides the number of right answers by
    that of batches; the accuracy is by the number of examples.

    Args:
        hidden_relu: apply ReLU to the dense layer of 1024; the listing does not.
    """
    return pooled_convnet(
        images,
        labels,
        tf.train.AdamOptimizer(learning_rate),
        filters=(32, 64),
        units=(1024,),
        window=5,
        dense_dropout=dropout,
        dense_activation=tf.nn.relu if hidden_relu else None,
        name=name,
        default_name="mnist_convnet",
    )


def mnist_convnet_pattanayak(
    images: Any,
    labels: Any,
    learning_rate: float = 0.01,
    summed: bool = True,
    name: str | None = None,
) -> Classifier:
    """Listing 3-6 of Pro Deep Learning with TensorFlow: 6,508,298 parameters.

    [batch, 28, 28, 1] -> 3x3x64 -> [14, 14, 64] -> 3x3x128 -> [7, 7, 128] -> 6272 -> 1024 -> 10
    """
    return pooled_convnet(
        images,
        labels,
        tf.train.AdamOptimizer(learning_rate),
        filters=(64, 128),
        units=(1024,),
        summed=summed,
        name=name,
        default_name="mnist_cnn",
    )


def cervix_convnet(
    images: Any,
    labels: Any,
    learning_rate: float = 0.01,
    dropout: float = 0.5,
    filters: Sequence[int] = (64, 128, 256),
    units: Sequence[int] = (512, 512),
    summed: bool = True,
    name: str | None = None,
) -> Classifier:
    """Listing 3-7 of Pro Deep Learning with TensorFlow, types of cervix: 9,024,131 parameters.

    [batch, 64, 64, 3] -> [32, 32, 64] -> [16, 16, 128] -> [8, 8, 256] -> 16384 -> 512 -> 512 -> 3

    With the book's learning rate it stays at the class prior; 0.001 trains.
    """
    return pooled_convnet(
        images,
        labels,
        tf.train.AdamOptimizer(learning_rate),
        filters,
        units,
        classes=3,
        dense_dropout=dropout,
        summed=summed,
        name=name,
        default_name="cervix",
    )


def separable_convnet(
    images: Any,
    labels: Any,
    separable: bool = True,
    learning_rate: float = 0.001,
    name: str | None = None,
) -> Classifier:
    """Listing 3-9 of Pro Deep Learning with TensorFlow, with and without depthwise separation.

    [batch, 28, 28, 1] -> [13, 13, 32] -> [5, 5, 64] -> 1600 -> 256 -> 10, VALID, dropout .25 after
    each pooling. 431,242 parameters, 414,899 separable: ``9 m + (m + 1) n`` per convolution of m to
    n maps instead of ``(9 m + 1) n``.
    """
    return pooled_convnet(
        images,
        labels,
        tf.train.AdamOptimizer(learning_rate),
        filters=(32, 64),
        units=(256,),
        padding="valid",
        separable=separable,
        conv_dropout=0.25,
        name=name,
        default_name="separable_cnn" if separable else "standard_cnn",
    )


def write_predictions(
    path: str | os.PathLike[str],
    session: Any,
    network: Classifier,
    images: Any,
    image_names: Sequence[str],
    columns: Sequence[str] = ("Type_1", "Type_2", "Type_3"),
    batch_size: int = 128,
) -> None:
    """Writes a CSV file: a line of titles, then the probabilities and the name of each image.

    The listing slices ``[(i + 1) * size : i * size]``, which is empty, and loses its result.

    Args:
        images: the array to classify, batch by batch; the last batch may be smaller.
        image_names: of the images, in their order.
    """
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, "image_name"])
        for start in range(0, len(images), batch_size):
            batch = np.asarray(images[start : start + batch_size])
            rows = session.run(network.probabilities, {network.images: batch})
            for row, name in zip(rows, image_names[start:], strict=False):
                writer.writerow([*(f"{value:.8g}" for value in row), name])
