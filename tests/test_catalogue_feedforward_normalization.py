"""The catalogue's feed-forward networks: batch, group and layer normalization."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.feedforward_normalization import batch_normalized, group_normalized


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_batch_normalization_layer(sess: Any) -> None:
    images, _ = digits.load_raw()
    pixels = images.reshape(-1, 64).astype(np.float32)
    x = tf.placeholder(tf.float32, [None, 20])
    training = tf.placeholder(tf.bool, [])
    y = batch_normalized(x, training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    gamma, beta, mean, variance = tf.global_variables()
    assert [v.op.name for v in (gamma, beta, mean, variance)] == [
        f"batch_normalized/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")
    ]
    assert tf.trainable_variables() == [gamma, beta] and len(updates) == 2
    sess.run(tf.global_variables_initializer())
    mixed = pixels @ np.random.RandomState(1).randn(64, 20).astype(np.float32)

    normal = sess.run(y, {x: mixed, training: True})
    np.testing.assert_allclose(normal.mean(0), np.zeros(20), rtol=0, atol=1e-3)
    np.testing.assert_allclose(normal.var(0), np.ones(20), rtol=0, atol=1e-3)
    sess.run([gamma.assign(2 * np.ones(20)), beta.assign(np.arange(20))])
    shifted = sess.run(y, {x: mixed, training: True})
    np.testing.assert_allclose(shifted, 2 * normal + np.arange(20), rtol=0, atol=1e-4)

    # Before any update the moving mean is 0 and the moving variance 1.
    as_is = sess.run(y, {x: mixed, training: False})
    np.testing.assert_allclose(as_is, 2 * mixed / np.sqrt(1 + 1e-5) + np.arange(20), rtol=1e-4)
    batches = [mixed[:100], mixed[100:300]]
    expected_mean, expected_variance = np.zeros(20), np.ones(20)
    for batch in batches:
        # A decay of .9 is PyTorch's momentum of .1.
        expected_mean = 0.9 * expected_mean + 0.1 * batch.mean(0)
        expected_variance = 0.9 * expected_variance + 0.1 * batch.var(0, ddof=1)
        sess.run([y, updates], {x: batch, training: True})
    found = sess.run([mean, variance])
    np.testing.assert_allclose(found[0], expected_mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found[1], expected_variance, rtol=1e-4)
    moved = sess.run(y, {x: mixed[:1], training: False})
    expected = 2 * (mixed[:1] - expected_mean) / np.sqrt(expected_variance + 1e-5) + np.arange(20)
    np.testing.assert_allclose(moved, expected, rtol=1e-3, atol=1e-3)


def test_batch_normalization_layer_gradient(sess: Any) -> None:
    start = np.random.RandomState(2).randn(6, 3)
    x = tf.placeholder_with_default(start, [6, 3])
    y = batch_normalized(x, tf.constant(True))
    sess.run(tf.global_variables_initializer())
    with sess.as_default():
        error = tf.test.compute_gradient_error(x, [6, 3], y, [6, 3], x_init_value=start, delta=1e-6)
    assert error <= 1e-6
    weights = tf.constant(np.random.RandomState(3).randn(6, 3))
    slope = sess.run(tf.gradients(tf.reduce_sum(weights * y), x)[0])
    # Neither a shift nor, but for epsilon, a change of scale of the batch alters the output.
    np.testing.assert_allclose(slope.sum(0), np.zeros(3), rtol=0, atol=1e-12)
    np.testing.assert_allclose((slope * start).sum(0), np.zeros(3), rtol=0, atol=1e-3)


def test_batch_normalization_layer_is_that_of_layers(sess: Any) -> None:
    x = tf.constant(np.random.RandomState(4).randn(5, 4, 3).astype(np.float32))
    training = tf.placeholder(tf.bool, [])
    ours = batch_normalized(x, training, decay=0.99, epsilon=1e-3)
    theirs = tf.layers.batch_normalization(x, momentum=0.99, epsilon=1e-3, training=training)
    sess.run(tf.global_variables_initializer())
    for flag in (True, False):
        one, other = sess.run([ours, theirs], {training: flag})
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_group_layer_normalization(sess: Any, groups: int) -> None:
    values = np.random.RandomState(5).randn(3, 6, 8).astype(np.float32) * 3 + 1
    x = tf.placeholder(tf.float32, [None, 6, 8])
    y = group_normalized(x, groups)
    sess.run(tf.global_variables_initializer())
    together = sess.run(y, {x: values})
    for place in range(3):
        alone = sess.run(y, {x: values[place : place + 1]})
        np.testing.assert_allclose(alone[0], together[place], rtol=0, atol=1e-6)
    parts = together.reshape(3, 6, groups, 8 // groups)
    np.testing.assert_allclose(parts.mean((1, 3)), np.zeros((3, groups)), rtol=0, atol=1e-4)
    np.testing.assert_allclose(parts.var((1, 3)), np.ones((3, groups)), rtol=0, atol=1e-4)
    gamma, beta = tf.trainable_variables()
    sess.run([gamma.assign(np.arange(8)), beta.assign(np.ones(8))])
    scaled = sess.run(y, {x: values})
    np.testing.assert_allclose(scaled, together * np.arange(8) + 1, rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match="8 channels do not make 3 groups"):
        group_normalized(x, 3)


def test_group_layer_normalization_is_that_of_layers(sess: Any) -> None:
    x = tf.constant(np.random.RandomState(6).randn(4, 6, 6, 8).astype(np.float32) * 2 - 1)
    vectors = tf.reshape(x, [4, -1])
    pairs = [
        (group_normalized(x, 4), tf.contrib.layers.group_norm(x, 4)),
        (group_normalized(vectors), tf.contrib.layers.layer_norm(vectors)),
    ]
    sess.run(tf.global_variables_initializer())
    for ours, theirs in sess.run(pairs):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    # One group over rows is layer normalization: mean 0, variance 1 in every row.
    rows = sess.run(pairs[1][0])
    np.testing.assert_allclose(rows.mean(1), np.zeros(4), rtol=0, atol=1e-4)
    np.testing.assert_allclose(rows.var(1), np.ones(4), rtol=0, atol=1e-4)
