"""The catalogue's deep convnets: AlexNet, VGG16 and its transfer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_alexnet import alexnet
from flowgraph.models.convolutional_filters import grouped_conv2d
from flowgraph.models.convolutional_vgg import subtract_mean, vgg16, vgg16_base, vgg16_transfer


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(4)
        yield session


def count(variables: Any) -> int:
    return sum(math.prod(v.shape.as_list()) for v in variables)


def inputs(size: int, channels: int = 3) -> tuple[Any, Any]:
    images = tf.placeholder(tf.float32, [None, size, size, channels])
    return images, tf.placeholder(tf.int64, [None])


def test_alexnet_shapes() -> None:
    with tf.Graph().as_default():
        network = alexnet(*inputs(224))
        assert {name: layer.shape.as_list()[1:] for name, layer in network.layers.items()} == {
            "conv1": [55, 55, 96],
            "pool1": [27, 27, 96],
            "conv2": [27, 27, 256],
            "pool2": [13, 13, 256],
            "conv3": [13, 13, 384],
            "conv4": [13, 13, 384],
            "conv5": [13, 13, 256],
            "pool5": [6, 6, 256],
            "fc6": [4096],
            "fc7": [4096],
            "logits": [1000],
        }
        made = {v.op.name.split("/", 1)[1]: v.shape.as_list() for v in tf.trainable_variables()}
        filters = {name: shape for name, shape in made.items() if name.endswith("weights")}
        assert filters == {
            "conv1/weights": [11, 11, 3, 96],
            "conv2/weights": [5, 5, 48, 256],
            "conv3/weights": [3, 3, 256, 384],
            "conv4/weights": [3, 3, 192, 384],
            "conv5/weights": [3, 3, 192, 256],
        }
        assert count(tf.trainable_variables()) == 60965224
        types = [op.type for op in tf.get_default_graph().get_operations()]
        assert types.count("LRN") == 2
        # Three layers in two groups, two in one.
        assert types.count("Conv2D") == 3 * 2 + 2


@pytest.mark.parametrize("padding, stride", [("SAME", 1), ("VALID", 2)])
def test_alexnet_grouped_convolution(sess: Any, padding: str, stride: int) -> None:
    random = np.random.RandomState(0)
    images, filters = random.randn(2, 9, 8, 6), random.randn(3, 3, 3, 10)
    grouped = grouped_conv2d(tf.constant(images), tf.constant(filters), 2, stride, padding)
    strides = [1, stride, stride, 1]
    halves = [
        tf.nn.conv2d(images[..., :3], filters[..., :5], strides, padding),
        tf.nn.conv2d(images[..., 3:], filters[..., 5:], strides, padding),
    ]
    native = tf.nn.conv2d(images, filters, strides, padding)
    whole, first, second, op = sess.run([grouped, *halves, native])
    np.testing.assert_array_equal(whole, np.concatenate([first, second], 3))
    np.testing.assert_allclose(op, whole, rtol=0, atol=1e-12)
    full = grouped_conv2d(tf.constant(images), tf.ones([3, 3, 6, 2], tf.float64), 1)
    assert full.shape.as_list() == [2, 9, 8, 2]


def test_alexnet_narrow_copy_trains(sess: Any) -> None:
    optimizer = tf.train.AdamOptimizer(0.003)
    network = alexnet(*inputs(67), classes=2, width=1 / 16, optimizer=optimizer)
    assert network.layers["pool5"].shape.as_list() == [None, 1, 1, 16]
    random = np.random.RandomState(0)
    labels = np.arange(16) % 2
    waves = np.sin(np.arange(67.0) / 2)[:, None] * np.ones((67, 67))
    images = np.array([(waves if label else waves.T) for label in labels])[..., None]
    feed = {network.images: images + 0.1 * random.randn(16, 67, 67, 3), network.labels: labels}
    sess.run(tf.global_variables_initializer())
    before = sess.run(network.loss, feed)
    for _ in range(40):
        sess.run(network.train, {**feed, network.is_training: True})
    after = sess.run(network.loss, feed)
    assert after < 0.1 < before


TAPS = [
    *(f"relu1_{place}" for place in (1, 2)),
    *(f"relu2_{place}" for place in (1, 2)),
    *(f"relu{block}_{place}" for block in (3, 4, 5) for place in (1, 2, 3)),
]


def test_vgg16_parameters_and_taps() -> None:
    with tf.Graph().as_default():
        images, _ = inputs(224)
        base = vgg16_base(images, name="base")
        full = vgg16(images)
        assert count(base.variables) == count(tf.trainable_variables("base/")) == 14714688
        assert count(full.variables) == count(tf.trainable_variables("vgg16/")) == 138357544
        assert [tap for tap in base.taps if tap.startswith("relu")] == TAPS
        assert len(TAPS) == 13 and set(base.taps) < set(full.taps)
        for name in ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"):
            assert base.taps[name].op.type == "Relu"
            assert base.taps[name].op.name.startswith(f"base/conv{name[4:]}/")
        sizes = [base.taps[f"pool{block}"].shape.as_list()[1:] for block in range(1, 6)]
        depths = [64, 128, 256, 512, 512]
        assert sizes == [[224 >> n, 224 >> n, d] for n, d in enumerate(depths, 1)]
        assert base.output is base.taps["pool5"]
        assert full.output.shape.as_list() == [None, 1000]


def test_vgg16_two_layers_cover_five(sess: Any) -> None:
    images, _ = inputs(32)
    network = vgg16_base(images, width=1 / 8)
    sess.run(tf.global_variables_initializer())
    values = np.random.RandomState(0).rand(1, 32, 32, 3)
    for tap, width in (("relu1_1", 3), ("relu1_2", 5)):
        centre: Any = network.taps[tap]
        (gradient,) = tf.gradients(tf.reduce_sum(centre[0, 16, 16]), images)
        used = np.abs(sess.run(gradient, {images: values})[0]).sum(2) != 0
        half = width // 2
        expected = np.zeros((32, 32), bool)
        expected[16 - half : 17 + half, 16 - half : 17 + half] = True
        np.testing.assert_array_equal(used, expected)


def test_vgg16_partial_restore(sess: Any, tmp_path: Path) -> None:
    images, _ = inputs(32)
    source = vgg16(images, classes=5, width=1 / 16, units=64, name="source")
    target = vgg16_base(images, width=1 / 16, name="target")
    sess.run(tf.global_variables_initializer())
    values = np.random.RandomState(0).rand(2, 32, 32, 3)
    taps = [source.taps["relu4_2"], target.taps["relu4_2"]]
    one, other = sess.run(taps, {images: values})
    assert np.abs(one - other).max() > 1e-3
    path = tf.train.Saver(source.variables).save(sess, str(tmp_path / "vgg"))
    names = {v.op.name.replace("target/", "source/"): v for v in target.variables}
    tf.train.Saver(names).restore(sess, path)
    one, other = sess.run(taps, {images: values})
    np.testing.assert_array_equal(one, other)


def test_vgg16_transfer_learning_parameters() -> None:
    with tf.Graph().as_default():
        images, labels = inputs(224)
        network = vgg16_transfer(images, labels)
        assert count(tf.trainable_variables()) == 25089
        assert network.base.output.shape.as_list() == [None, 7, 7, 512]
        assert count(network.base.variables) == 14714688
        assert not set(network.base.variables) & set(tf.trainable_variables())
        assert set(network.head) == set(tf.trainable_variables())
        # Adam has moments of what it trains only.
        slots = [v for v in tf.global_variables() if "Adam" in v.op.name]
        assert count(slots) == 2 * 25089


def test_vgg16_transfer_learning_freezes(sess: Any) -> None:
    images, labels = inputs(32)
    network = vgg16_transfer(images, labels, width=1 / 16)
    random = np.random.RandomState(0)
    feed = {images: random.rand(8, 32, 32, 3), labels: np.arange(8) % 2}
    sess.run(tf.global_variables_initializer())
    before = sess.run(network.base.variables)
    head = sess.run(network.head)
    first = sess.run(network.loss, feed)
    for _ in range(20):
        sess.run(network.train, feed)
    for old, new in zip(before, sess.run(network.base.variables), strict=True):
        np.testing.assert_array_equal(old, new)
    for old, new in zip(head, sess.run(network.head), strict=True):
        assert (old != new).any()
    loss, logits, probabilities = sess.run(
        [network.loss, network.logits, network.probabilities], feed
    )
    assert loss < first
    signs = np.where(feed[labels] == 1, 1, -1)
    assert loss == pytest.approx(np.log1p(np.exp(-signs * logits)).sum(), rel=1e-4)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), rtol=1e-5)
    mean = vgg16_transfer(images, labels, width=1 / 16, summed=False)
    assert mean.loss.op.type == "Mean" and network.loss.op.type == "Sum"


def test_vgg16_transfer_learning_threshold(sess: Any) -> None:
    network = vgg16_transfer(*inputs(32), width=1 / 16)
    logits = np.array([-3.0, -1e-6, 0.0, 1e-6, 2.0])
    found = sess.run(network.predictions, {network.logits: logits})
    assert found.tolist() == [0, 0, 1, 1, 1]
    probabilities = np.array([0.0, 0.4999, 0.5, 0.5001, 1.0])
    found = sess.run(network.predictions, {network.probabilities: probabilities})
    assert found.tolist() == [0, 0, 1, 1, 1]
    pixels = np.arange(12).reshape(1, 2, 2, 3)
    expected = pixels[..., ::-1] - np.array([103.939, 116.779, 123.68])
    np.testing.assert_allclose(sess.run(subtract_mean(pixels)), expected, rtol=1e-6)
