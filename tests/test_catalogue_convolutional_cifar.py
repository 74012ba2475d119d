"""The catalogue's convnets for CIFAR-10."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.convolutional_batch_norm import batch_norm_convnet
from flowgraph.models.convolutional_cifar import LOSSES, cifar_inference, cifar_loss, cifar_train


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(4)
        yield session


def count(scope: str | None = None) -> int:
    return sum(math.prod(v.shape.as_list()) for v in tf.trainable_variables(scope))


@pytest.mark.parametrize("size, parameters, features", [(32, 1756426, 4096), (24, 1068298, 2304)])
def test_cifar10_convnet_lrn_parameters(size: int, parameters: int, features: int) -> None:
    with tf.Graph().as_default():
        layers = cifar_inference(tf.placeholder(tf.float32, [128, size, size, 3]))
        assert count() == parameters
        half, quarter = size // 2, size // 4
        assert {name: layer.shape.as_list()[1:] for name, layer in layers.items()} == {
            "conv1": [size, size, 64],
            "pool1": [half, half, 64],
            "norm1": [half, half, 64],
            "conv2": [half, half, 64],
            "norm2": [half, half, 64],
            "pool2": [quarter, quarter, 64],
            "local3": [384],
            "local4": [192],
            "logits": [10],
        }
        made = {v.op.name: v.shape.as_list() for v in tf.trainable_variables()}
        assert made["cifar10/local3/weights"] == [features, 384]
        sources = {name: layers[name].op.inputs[0] for name in ("norm1", "norm2", "pool2")}
        assert sources["norm1"] is layers["pool1"]
        assert sources["norm2"] is layers["conv2"] and sources["pool2"] is layers["norm2"]
        assert len(tf.get_collection(LOSSES)) == 2


def test_cifar10_convnet_lrn_normalization(sess: Any) -> None:
    ones = tf.ones([1, 1, 1, 64], tf.float32)
    normed = tf.nn.lrn(ones, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75)
    found = sess.run(normed)[0, 0, 0]
    assert found[0] == pytest.approx(0.9995835358, abs=2e-7)
    np.testing.assert_allclose(found[4:60], 0.9992506557, rtol=0, atol=2e-7)
    sizes = [min(c, 4) + 1 + min(63 - c, 4) for c in range(64)]
    by_hand = [(1 + 0.001 / 9 * size) ** -0.75 for size in sizes]
    np.testing.assert_allclose(found, by_hand, rtol=0, atol=2e-7)
    # d y_i / d x_j = s_i^-b [i = j] - 2 a b x_i x_j s_i^(-b - 1) [j near i]; all x are 1.
    (gradient,) = tf.gradients(normed, ones)
    near = np.abs(np.subtract.outer(np.arange(64), np.arange(64))) <= 4
    scale = 1 + 0.001 / 9 * np.array(sizes)
    slopes = scale**-0.75 - 2 * 0.001 / 9 * 0.75 * near.T @ scale**-1.75
    np.testing.assert_allclose(sess.run(gradient)[0, 0, 0], slopes, rtol=0, atol=1e-6)


def test_cifar10_convnet_lrn_training(sess: Any) -> None:
    images = tf.placeholder(tf.float32, [None, 8, 8, 3])
    labels = tf.placeholder(tf.int64, [None])
    layers = cifar_inference(images)
    loss = cifar_loss(layers["logits"], labels)
    training = cifar_train(loss, learning_rate=0.02)
    trained = tf.trainable_variables()
    shadows = [training.averages.average(variable) for variable in trained]
    random = np.random.RandomState(0)
    feed = {images: random.randn(12, 8, 8, 3), labels: np.arange(12) % 10}
    sess.run(tf.global_variables_initializer())
    start = sess.run(trained)
    for name, value in zip((v.op.name for v in trained), start, strict=True):
        if name.endswith("biases"):
            tenth = any(part in name for part in ("conv2", "local"))
            np.testing.assert_array_equal(value, np.float32(0.1 if tenth else 0.0))
    total, logits = sess.run([loss, layers["logits"]], feed)
    decayed = [v for n, v in zip(trained, start, strict=True) if "local" in n.op.name]
    penalty = 0.004 * sum(np.sum(v**2) / 2 for v in decayed if v.ndim == 2)
    shifted = logits - logits.max(1, keepdims=True)
    entropies = np.log(np.exp(shifted).sum(1)) - shifted[np.arange(12), feed[labels]]
    assert total == pytest.approx(entropies.mean() + penalty, rel=1e-5)
    assert abs(entropies.mean() - math.log(10)) < 0.1
    sess.run(training.train, feed)
    after, averages, step = sess.run([trained, shadows, training.global_step])
    assert step == 1
    # The average keeps min(.9999, (1 + n) / (10 + n)) of itself after n steps, the first counted.
    for old, new, average in zip(start, after, averages, strict=True):
        np.testing.assert_allclose(average, 2 / 11 * old + 9 / 11 * new, rtol=0, atol=1e-7)
    for _ in range(30):
        sess.run(training.train, feed)
    assert sess.run(loss, feed) < total
    decay_steps = int(50000 / 128 * 350)
    rates = [
        sess.run(training.learning_rate, {training.global_step: n})
        for n in (0, decay_steps - 1, decay_steps)
    ]
    np.testing.assert_allclose(rates, [0.02, 0.02, 0.002], rtol=1e-5)


def test_cifar10_convnet_lrn_towers_share() -> None:
    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [4, 24, 24, 3])
        with tf.variable_scope(tf.get_variable_scope()):
            for tower in range(2):
                with tf.name_scope(f"tower_{tower}") as scope:
                    layers = cifar_inference(images)
                    cifar_loss(layers["logits"], tf.zeros([4], tf.int64), scope)
                    tf.get_variable_scope().reuse_variables()
        assert count() == 1068298
        names = [loss.op.name for loss in tf.get_collection(LOSSES, "tower_1/")]
        assert len(names) == 3 and all(name.startswith("tower_1/") for name in names)


def _inputs(size: int, channels: int) -> tuple[Any, Any]:
    images = tf.placeholder(tf.float32, [None, size, size, channels])
    return images, tf.placeholder(tf.int64, [None])


def test_cifar10_convnet_batchnorm_parameters(sess: Any) -> None:
    network = batch_norm_convnet(*_inputs(28, 1))
    assert count("batch_norm_convnet/") == 1200350
    assert [layer.shape.as_list()[1:] for layer in network.layers.values()] == [
        [26, 26, 32],
        [24, 24, 64],
        [12, 12, 64],
        [128],
        [10],
    ]
    crops = batch_norm_convnet(*_inputs(24, 3), name="crops")
    assert crops.layers["pool"].shape.as_list() == [None, 10, 10, 64]
    (dense,) = (v for v in tf.trainable_variables("crops/dense/kernel"))
    assert dense.shape.as_list() == [6400, 128]


def test_cifar10_convnet_vanilla_parameters(sess: Any) -> None:
    batch_norm_convnet(*_inputs(28, 1), batch_norm=False)
    # The normalizations have a scale and a shift for each of 32 + 64 + 128 + 10 maps.
    assert count() == 1200350 - 2 * (32 + 64 + 128 + 10)
    assert not tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert {v.op.name.split("/")[0] for v in tf.trainable_variables()} == {"vanilla_convnet"}


def test_cifar10_convnet_batchnorm_normalizes(sess: Any) -> None:
    network = batch_norm_convnet(
        *_inputs(8, 1), filters=(4, 4), units=16, dropouts=(0.0, 0.0), learning_rate=0.01
    )
    raw, kinds = digits.load_raw()
    data = raw[..., None] / np.float32(16)
    feed = {network.images: data[:64], network.labels: kinds[:64]}
    sess.run(tf.global_variables_initializer())
    logits = sess.run(network.logits, {**feed, network.is_training: True})
    np.testing.assert_allclose(logits.mean(0), 0, rtol=0, atol=1e-5)
    np.testing.assert_allclose(logits.var(0), 1, rtol=0, atol=0.01)
    switched = sess.run(network.logits, feed)
    assert np.abs(switched - logits).max() > 0.1
    for step in range(200):
        part = slice(step * 64 % 1472, step * 64 % 1472 + 64)
        batch = {network.images: data[part], network.labels: kinds[part]}
        sess.run(network.train, {**batch, network.is_training: True})
    # Each step moves the averages; then single examples can be classified.
    held_out = {network.images: data[1500:], network.labels: kinds[1500:]}
    assert sess.run(network.accuracy, held_out) > 0.8
    alone = sess.run(network.logits, {network.images: data[1500:1501]})
    together = sess.run(network.logits, held_out)[:1]
    np.testing.assert_allclose(alone, together, rtol=1e-3, atol=1e-4)
