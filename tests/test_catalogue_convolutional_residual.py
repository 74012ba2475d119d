"""The catalogue's residual networks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.convolutional_resnet import basic_block, residual, resnet


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(4)
        yield session


def count() -> int:
    return sum(math.prod(v.shape.as_list()) for v in tf.trainable_variables())


def test_residual_block_identity_in_gradient(sess: Any) -> None:
    raw, _ = digits.load_raw()
    values = raw[:10].reshape(10, 8, 8, 1) / 16.0
    x = tf.constant(values)
    weights = tf.get_variable("w", [3, 3, 1, 1], tf.float64, tf.zeros_initializer())
    branch_of = tf.nn.conv2d(x, weights, [1, 1, 1, 1], "SAME")
    out = residual(x, lambda _: branch_of, final_relu=False)
    (by_x,) = tf.gradients(out, x)
    (by_branch,) = tf.gradients(branch_of, x)
    sess.run(tf.global_variables_initializer())
    np.testing.assert_array_equal(sess.run(by_x), np.ones_like(values))
    np.testing.assert_array_equal(sess.run(out), values)
    sess.run(weights.assign(np.random.RandomState(0).randn(3, 3, 1, 1)))
    total, part = sess.run([by_x, by_branch])
    assert np.abs(part).min() > 0
    np.testing.assert_array_equal(total, part + 1)
    sess.run(weights.initializer)
    rectified = residual(x - 0.5, lambda y: tf.nn.conv2d(y, weights, [1, 1, 1, 1], "SAME"))
    (by_x,) = tf.gradients(rectified, x)
    np.testing.assert_array_equal(sess.run(by_x), (values > 0.5).astype(float))
    np.testing.assert_array_equal(sess.run(rectified), np.maximum(values - 0.5, 0))


def test_residual_block_shapes(sess: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 8, 8, 4])

    def widened(y: Any) -> Any:
        return tf.layers.conv2d(y, 6, 3, padding="same")

    with pytest.raises(ValueError, match="give a projection"):
        residual(x, widened)
    projected = residual(x, widened, lambda y: tf.layers.conv2d(y, 6, 1))
    assert projected.shape.as_list() == [None, 8, 8, 6]
    block = basic_block(x, 8, stride=2)
    assert block.shape.as_list() == [None, 4, 4, 8]
    assert [v.op.name for v in tf.trainable_variables("block/shortcut")] == [
        "block/shortcut/kernel",
        "block/shortcut_norm/gamma",
        "block/shortcut_norm/beta",
    ]
    plain = basic_block(x, 4)
    assert plain.shape.as_list() == [None, 8, 8, 4]
    assert not tf.trainable_variables("block_1/shortcut")


def test_resnet34_shapes_and_parameters() -> None:
    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [None, 224, 224, 3])
        network = resnet(images, tf.placeholder(tf.int64, [None]))
        assert count() == 21797672
        sizes = {name: layer.shape.as_list()[1:] for name, layer in network.layers.items()}
        assert sizes["conv1"] == [112, 112, 64] and sizes["pool1"] == [56, 56, 64]
        assert [
            sizes[f"stage{stage}_block{last}"] for stage, last in enumerate((3, 4, 6, 3), 1)
        ] == [
            [56, 56, 64],
            [28, 28, 128],
            [14, 14, 256],
            [7, 7, 512],
        ]
        assert sizes["mean"] == [512] and sizes["logits"] == [1000]
        kernels = [v.op.name for v in tf.trainable_variables() if "kernel" in v.op.name]
        shortcuts = [name for name in kernels if "shortcut" in name]
        convolutions = [name for name in kernels if "conv" in name and name not in shortcuts]
        assert (len(convolutions), len(shortcuts), len(kernels)) == (33, 3, 37)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        assert len(updates) == 2 * (33 + 3)


def test_resnet34_printed_form() -> None:
    with tf.Graph().as_default():
        images = tf.placeholder(tf.float32, [None, 224, 224, 3])
        network = resnet(images, tf.placeholder(tf.int64, [None]), printed=True)
        assert count() == 21805224
        last: Any = network.layers["stage4_block3"]
        assert last.shape.as_list() == [None, 56, 56, 512]
        assert not last.op.type.startswith("Relu")


def test_resnet34_zero_branches_are_the_identity(sess: Any) -> None:
    images = tf.placeholder(tf.float32, [None, 16, 16, 2])
    block = basic_block(images, 2, zero_branch=True)
    values = np.random.RandomState(0).randn(3, 16, 16, 2).astype(np.float32)
    sess.run(tf.global_variables_initializer())
    np.testing.assert_array_equal(sess.run(block, {images: values}), np.maximum(values, 0))
    network = resnet(
        tf.abs(images),
        tf.placeholder(tf.int64, [None]),
        blocks=(3, 2),
        depths=(4, 4),
        classes=3,
        large_images=False,
        zero_branch=True,
    )
    sess.run(tf.global_variables_initializer())
    first, third = sess.run(
        [network.layers["conv1"], network.layers["stage1_block3"]], {images: values}
    )
    np.testing.assert_array_equal(first, third)


def test_resnet34_small_relative_trains(sess: Any) -> None:
    images = tf.placeholder(tf.float32, [None, 8, 8, 1])
    labels = tf.placeholder(tf.int64, [None])
    network = resnet(
        images,
        labels,
        blocks=(1, 1),
        depths=(8, 16),
        classes=10,
        large_images=False,
        optimizer=tf.train.AdamOptimizer(0.01),
    )
    raw, kinds = digits.load_raw()
    data = raw[..., None] / np.float32(16)
    sess.run(tf.global_variables_initializer())
    moving = [v for v in tf.global_variables() if "moving_mean" in v.op.name]
    for step in range(120):
        part = slice(step * 64 % 1472, step * 64 % 1472 + 64)
        feed = {images: data[part], labels: kinds[part], network.is_training: True}
        sess.run(network.train, feed)
    assert all(np.abs(value).max() > 0 for value in sess.run(moving))
    held_out = {images: data[1500:], labels: kinds[1500:]}
    assert sess.run(network.accuracy, held_out) > 0.85
