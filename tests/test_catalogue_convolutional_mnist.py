"""The catalogue's convnets for images of digits: shapes, parameters, first losses, small fits."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.convolutional_charniak import one_convolution, two_convolutions
from flowgraph.models.convolutional_classifier import Classifier
from flowgraph.models.convolutional_pooled import (
    cervix_convnet,
    mnist_convnet_buduma,
    mnist_convnet_pattanayak,
    separable_convnet,
    write_predictions,
)


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(4)
        yield session


def count(scope: str | None = None) -> int:
    """The number of trainable parameters."""
    return sum(math.prod(v.shape.as_list()) for v in tf.trainable_variables(scope))


def inputs(size: int = 28, channels: int = 1) -> tuple[Any, Any]:
    """Placeholders of images and labels."""
    images = tf.placeholder(tf.float32, [None, size, size, channels])
    return images, tf.placeholder(tf.int64, [None])


def shapes(network: Classifier) -> list[list[int]]:
    return [layer.shape.as_list()[1:] for layer in network.layers.values()]


def _digits(rows: int) -> tuple[Any, Any]:
    data = digits.load()
    return data.train_images[:rows, ..., None] / np.float32(255), data.train_labels[:rows]


def _fit(sess: Any, network: Classifier, steps: int, batch: int = 100, rows: int = 1000) -> float:
    """The accuracy on the rows, after steps on them in turn."""
    images, labels = _digits(rows)
    sess.run(tf.global_variables_initializer())
    for step in range(steps):
        part = slice(step * batch % rows, step * batch % rows + batch)
        feed = {network.images: images[part], network.labels: labels[part]}
        sess.run(network.train, feed)
    return float(sess.run(network.accuracy, {network.images: images, network.labels: labels}))


def test_convnet_mnist_one_conv(sess: Any) -> None:
    network = one_convolution(*inputs())
    assert shapes(network) == [[14, 14, 4], [14, 14, 4], [10]]
    assert count("one_convolution/") == 7914
    assert {v.op.name.split("/")[1]: v.shape.as_list() for v in tf.trainable_variables()} == {
        "flts": [4, 4, 1, 4],
        "W": [784, 10],
        "b": [10],
    }
    wide = one_convolution(*inputs(), filters=16)
    assert math.prod(wide.layers["relu"].shape.as_list()[1:]) == 3136
    assert count("one_convolution_1/") == 256 + 31360 + 10
    assert _fit(sess, network, 80) > 0.8


def test_convnet_mnist_two_conv(sess: Any) -> None:
    network = two_convolutions(*inputs())
    assert shapes(network) == [[14, 14, 16], [14, 14, 16], [7, 7, 32], [10]]
    assert count("two_convolutions/") == 17994
    values = np.random.RandomState(0).rand(5, 28, 28, 1)
    sess.run(tf.global_variables_initializer())
    second = sess.run(network.layers["conv2"], {network.images: values})
    assert second.min() < 0
    rectified = two_convolutions(*inputs(), second_relu=True)
    sess.run(tf.global_variables_initializer())
    assert sess.run(rectified.layers["conv2"], {rectified.images: values}).min() == 0
    assert _fit(sess, network, 120) > 0.8


def test_convnet_two_conv_bias_layers_gradient(sess: Any) -> None:
    network = two_convolutions(*inputs(), bias=True)
    assert count() == 17994 + 16
    bias = next(v for v in tf.trainable_variables() if v.op.name.endswith("/bias"))
    assert bias.shape.as_list() == [16]
    # The network adds the bias to the raw maps; its gradient is that of the sum.
    by_bias, by_maps = tf.gradients(network.loss, [bias, network.layers["conv"]])
    images, labels = _digits(100)
    sess.run(tf.global_variables_initializer())
    feed = {network.images: images, network.labels: labels}
    found, maps = sess.run([by_bias, by_maps], feed)
    assert maps.shape == (100, 14, 14, 16)
    np.testing.assert_allclose(found, maps.sum((0, 1, 2)), rtol=1e-4, atol=1e-7)


def test_convnet_two_conv_bias_layers_variables(sess: Any) -> None:
    for bias in (True, False):
        network = two_convolutions(*inputs(), bias=bias, layer_functions=True, name=f"b{bias}")
        made = {v.op.name: v.shape.as_list() for v in tf.trainable_variables(f"b{bias}/conv2d")}
        expected = {f"b{bias}/conv2d/kernel": [4, 4, 1, 16]}
        if bias:
            expected[f"b{bias}/conv2d/bias"] = [16]
        assert made == expected
        assert network.layers["conv"].shape.as_list() == [None, 14, 14, 16]
    images, _ = inputs()
    maps = tf.contrib.layers.conv2d(images, 16, [4, 4], 2, "Same", scope="contrib")
    assert maps.shape.as_list() == [None, 14, 14, 16]
    assert {v.op.name: v.shape.as_list() for v in tf.trainable_variables("contrib")} == {
        "contrib/weights": [4, 4, 1, 16],
        "contrib/biases": [16],
    }


@pytest.mark.parametrize("pool", ["max", "average"])
def test_convnet_two_conv_pooling(sess: Any, pool: str) -> None:
    network = two_convolutions(*inputs(), pool=pool)
    assert shapes(network) == [[28, 28, 16], [28, 28, 16], [14, 14, 16], [7, 7, 32], [10]]
    assert count() == 17994
    dense = two_convolutions(*inputs(), pool=pool, pool_stride=1)
    assert dense.layers["pool"].shape.as_list() == [None, 28, 28, 16]
    pooling = tf.nn.max_pool if pool == "max" else tf.nn.avg_pool
    every = pooling(network.layers["relu"], [1, 2, 2, 1], [1, 1, 1, 1], "SAME")
    sess.run(tf.global_variables_initializer())
    images, labels = _digits(20)
    coarse, fine = sess.run([network.layers["pool"], every], {network.images: images})
    np.testing.assert_array_equal(coarse, fine[:, ::2, ::2])
    feed = {network.images: images, network.labels: labels}
    before = sess.run(network.loss, feed)
    for _ in range(10):
        sess.run(network.train, feed)
    assert sess.run(network.loss, feed) < before
    with pytest.raises(ValueError, match="pool"):
        two_convolutions(*inputs(), pool="min")


BuilderCase = tuple[Callable[..., Classifier], tuple[int, int], int, list[list[int]]]
BUILDERS: dict[str, BuilderCase] = {
    "convnet-mnist-buduma": (
        mnist_convnet_buduma,
        (28, 1),
        3274634,
        [[28, 28, 32], [14, 14, 32], [14, 14, 64], [7, 7, 64], [3136], [1024], [10]],
    ),
    "convnet-mnist-pattanayak": (
        mnist_convnet_pattanayak,
        (28, 1),
        640 + 73856 + 6423552 + 10250,
        [[28, 28, 64], [14, 14, 64], [14, 14, 128], [7, 7, 128], [6272], [1024], [10]],
    ),
    "convnet-cervix-type": (
        cervix_convnet,
        (64, 3),
        9024131,
        [
            *([64, 64, 64], [32, 32, 64], [32, 32, 128], [16, 16, 128], [16, 16, 256]),
            *([8, 8, 256], [16384], [512], [512], [3]),
        ],
    ),
    "separable-cnn-mnist": (
        separable_convnet,
        (28, 1),
        414899,
        [[26, 26, 32], [13, 13, 32], [11, 11, 64], [5, 5, 64], [1600], [256], [10]],
    ),
}


@pytest.mark.parametrize("row", BUILDERS)
def test_catalogue_builder(sess: Any, row: str) -> None:
    builder, size, parameters, expected = BUILDERS[row]
    network = builder(*inputs(*size))
    assert count() == parameters
    assert shapes(network) == expected
    other = builder(*inputs(*size), name="again")
    assert count() == 2 * parameters and count("again/") == parameters
    assert other.logits.op.name.startswith("again/")
    assert (network.is_training is None) == (row == "convnet-mnist-pattanayak")


def test_separable_cnn_mnist(sess: Any) -> None:
    separable = separable_convnet(*inputs())
    standard = separable_convnet(*inputs(), separable=False)
    assert (count("separable_cnn/"), count("standard_cnn/")) == (414899, 431242)
    layers = {
        scope: [count(f"{scope}/conv{place}/") for place in (1, 2)]
        for scope in ("separable_cnn", "standard_cnn")
    }
    assert layers == {"separable_cnn": [73, 2400], "standard_cnn": [320, 18496]}
    images, labels = _digits(64)
    sess.run(tf.global_variables_initializer())
    for network in (separable, standard):
        feed = {network.images: images, network.labels: labels}
        plain = sess.run([network.logits, network.logits], feed)
        np.testing.assert_array_equal(*plain)
        dropped = sess.run(network.logits, {**feed, network.is_training: True})
        assert np.abs(dropped - plain[0]).max() > 1e-3
        before = sess.run(network.loss, feed)
        assert abs(before - math.log(10)) < 0.3
        for _ in range(8):
            sess.run(network.train, {**feed, network.is_training: True})
        assert sess.run(network.loss, feed) < before


def test_convnet_mnist_buduma_switch_and_accuracy(sess: Any) -> None:
    network = mnist_convnet_buduma(*inputs())
    images, labels = _digits(70)
    sess.run(tf.global_variables_initializer())
    right = []
    for start in range(0, 70, 32):
        part = slice(start, start + 32)
        feed = {network.images: images[part], network.labels: labels[part]}
        right += sess.run(network.correct, feed).tolist()
    whole = sess.run(network.accuracy, {network.images: images, network.labels: labels})
    assert len(right) == 70
    assert sum(right) / 70 == pytest.approx(float(whole))
    feed = {network.images: images[:8], network.labels: labels[:8]}
    hidden, logits = sess.run([network.layers["dense1"], network.logits], feed)
    assert hidden.min() < 0
    noisy = sess.run(network.logits, {**feed, network.is_training: True})
    assert np.abs(noisy - logits).max() > 1e-3
    assert abs(sess.run(network.loss, feed) - math.log(10)) < 0.3
    before = sess.run(network.loss, feed)
    for _ in range(5):
        sess.run(network.train, feed)
    assert sess.run(network.loss, feed) < before


def test_convnet_mnist_pattanayak_loss_is_a_sum(sess: Any) -> None:
    summed = mnist_convnet_pattanayak(*inputs())
    images, labels = _digits(6)
    sess.run(tf.global_variables_initializer())
    feed = {summed.images: images, summed.labels: labels}
    loss, probabilities = sess.run([summed.loss, summed.probabilities], feed)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    by_hand = -np.log(probabilities[np.arange(6), labels])
    assert loss == pytest.approx(by_hand.sum(), rel=1e-5)
    assert abs(loss / 6 - math.log(10)) < 0.3


def test_convnet_cervix_type_predictions(sess: Any, tmp_path: Path) -> None:
    # The full size is in BUILDERS; a narrow one writes the file.
    network = cervix_convnet(*inputs(16, 3), filters=(4, 4, 4), units=(8, 8))
    images = np.random.RandomState(0).rand(11, 16, 16, 3).astype(np.float32)
    names = [f"{place}.jpg" for place in range(11)]
    sess.run(tf.global_variables_initializer())
    path = tmp_path / "results.csv"
    write_predictions(path, sess, network, images, names, batch_size=4)
    with open(path, newline="", encoding="utf-8") as stream:
        title, *rows = csv.reader(stream)
    assert title == ["Type_1", "Type_2", "Type_3", "image_name"]
    assert [row[3] for row in rows] == names
    written = np.array([row[:3] for row in rows], np.float64)
    expected = sess.run(network.probabilities, {network.images: images})
    np.testing.assert_allclose(written, expected, rtol=1e-5)
    logits = sess.run(network.logits, {network.images: images})
    odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(written, odds, rtol=1e-5)
