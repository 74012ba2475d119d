"""The catalogue's feed-forward networks: penalties, projections, dropout, and toy points."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.feedforward import mlp, softmax_classifier
from flowgraph.models.feedforward_regularization import (
    inverted_dropout,
    limit_norms,
    naive_dropout,
    penalty,
)
from flowgraph.models.feedforward_toy_data import moons


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def trained_on_moons(
    hidden: list[int], rate: float, epochs: int, seed: int, l2: float = 0.0
) -> tuple[float, float, Any]:
    """Training accuracy, norm of all weights, and classes over a grid after minibatches of 10."""
    points, labels = moons(200)
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(seed)
        x, y = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.int32, [None])
        initial = tf.glorot_uniform_initializer(), tf.zeros_initializer()
        model = softmax_classifier(x, y, [*hidden, 2], tf.tanh, True, *initial)
        loss = model.loss + penalty(model.network.weights, l2=l2)
        step = tf.train.GradientDescentOptimizer(rate).minimize(loss)
        sess.run(tf.global_variables_initializer())
        train = sess.make_callable(step, [x, y])
        random = np.random.RandomState(seed)
        for _ in range(epochs):
            order = random.permutation(200)
            for start in range(0, 200, 10):
                batch = order[start : start + 10]
                train(points[batch], labels[batch])
        accuracy, weights = sess.run(
            [model.accuracy, model.network.weights], {x: points, y: labels}
        )
        grid = np.stack(np.meshgrid(np.linspace(-1.5, 2.5, 41), np.linspace(-1, 1.5, 26)), -1)
        regions = sess.run(tf.argmax(model.network.logits, 1), {x: grid.reshape(-1, 2)})
        norm = np.sqrt(sum(float(np.square(w).sum()) for w in weights))
        return float(accuracy), norm, regions.reshape(26, 41)


def test_toy_2d_classifiers_width() -> None:
    mean = []
    for width in (3, 6, 20):
        found = [trained_on_moons([width], 0.3, 40, seed)[0] for seed in range(3)]
        mean.append(np.mean(found))
    assert mean == sorted(mean)
    assert min(found) >= 0.97


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_toy_2d_classifiers_depth(layers: int) -> None:
    accuracy, _, regions = trained_on_moons([3] * layers, 0.5, 60, seed=1)
    assert accuracy >= 0.9
    # The middles of the two half circles, (0, 1) and (1, -1/2), in the plot of the regions.
    assert [regions[20, 15], regions[5, 25]] == [0, 1]


def test_l1_l2_weight_decay_values(sess: Any) -> None:
    w = tf.constant([1.0, 2.0, 3.0])
    assert sess.run(tf.nn.l2_loss(w)) == 7
    signed = tf.constant([[1.0, -2.0], [0.0, 4.0]])
    both = penalty([w, signed], l2=0.25, l1=0.5)
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == [both]
    assert sess.run(both) == 0.25 * (7 + 10.5) + 0.5 * (6 + 7)
    by_w, by_signed = sess.run(tf.gradients(both, [w, signed]))
    assert by_w.tolist() == [0.75, 1.0, 1.25]
    assert by_signed.tolist() == [[0.75, -1.0], [0.0, 1.5]]
    (slope,) = sess.run(tf.gradients(penalty([w], l2=0.01), w))
    np.testing.assert_array_equal(slope, np.float32(0.01) * np.array([1, 2, 3], np.float32))
    assert sess.run(tf.losses.get_regularization_loss()) > 0


def test_l1_l2_weight_decay_norms() -> None:
    norms = [trained_on_moons([20], 0.1, 20, 1, l2)[1] for l2 in (0, 0.01, 0.1, 1)]
    assert all(high > low > 0 for high, low in itertools.pairwise(norms))


def test_l1_l2_weight_decay_sparsity() -> None:
    random = np.random.RandomState(0)
    x = random.randn(400, 34).astype(np.float32)
    y = (x[:, :4] @ [2, -2, 1.5, 1] + 0.5 * random.randn(400) > 0).astype(np.float32)
    zeros = {}
    for kind in ("l1", "l2"):
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.set_random_seed(1)
            network = mlp(tf.constant(x), [1])
            entropy = tf.losses.sigmoid_cross_entropy(y[:, None], network.logits)
            loss = entropy + penalty(network.weights, **{kind: 0.05})
            train = sess.make_callable(tf.train.GradientDescentOptimizer(0.01).minimize(loss))
            sess.run(tf.global_variables_initializer())
            for _ in range(2500):
                train()
            (weights,) = sess.run(network.weights)
            assert np.abs(weights[:4]).min() > 0.1
            zeros[kind] = int((np.abs(weights[4:]) < 1e-3).sum())
    assert zeros["l1"] >= 0.3 * 30 and zeros["l2"] == 0


def test_max_norm_constraint(sess: Any) -> None:
    images, labels = digits.load_raw()
    pixels = images.reshape(-1, 64).astype(np.float32)
    x, y = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.int32, [None])
    initial = tf.random_normal_initializer(stddev=0.35, seed=4), tf.zeros_initializer()
    model = softmax_classifier(x, y, [20, 10], tf.nn.relu, True, *initial)
    weights = model.network.weights
    step = tf.train.GradientDescentOptimizer(0.1).minimize(model.loss)
    free = [tf.placeholder(w.dtype.base_dtype, w.shape) for w in weights]
    project = limit_norms(weights, 3.0)
    put = tf.group(*[tf.assign(w, value) for w, value in zip(weights, free, strict=True)])
    sess.run(tf.global_variables_initializer())
    outside = inside = 0
    for start in range(0, 640, 64):
        batch = slice(start, start + 64)
        sess.run(step, {x: pixels[batch], y: labels[batch]})
        stepped = sess.run(weights)
        sess.run(project)
        for before, after in zip(stepped, sess.run(weights), strict=True):
            norms = np.linalg.norm(before, axis=0)
            assert np.linalg.norm(after, axis=0).max() <= 3 + 1e-6
            np.testing.assert_array_equal(after[:, norms < 3], before[:, norms < 3])
            np.testing.assert_allclose(
                after[:, norms > 3], (before * 3 / norms)[:, norms > 3], rtol=1e-5
            )
            outside, inside = outside + (norms > 3).sum(), inside + (norms < 3).sum()
    assert outside > 10 and inside > 10
    small = [np.full_like(value, 1e-30) for value in stepped]
    sess.run(put, dict(zip(free, small, strict=True)))
    sess.run(project)
    np.testing.assert_array_equal(sess.run(weights)[0], small[0])


def test_dropout_layer(sess: Any) -> None:
    values = np.array([[1.0, -2.0, 3.0, 0.5]], np.float32)
    x = tf.placeholder_with_default(np.repeat(values, 10000, axis=0), [None, 4])
    keep = tf.placeholder_with_default(np.float32(0.5), [])
    training = tf.placeholder_with_default(True, [])
    inverted = inverted_dropout(x, keep, training, seed=1)
    naive = naive_dropout(x, keep, training, seed=2)
    (slope,) = tf.gradients(inverted, x)
    for p in (0.5, 0.25, 0.8):
        dropped, gradient, raw = sess.run([inverted, slope, naive], {keep: p})
        kept = dropped != 0
        np.testing.assert_allclose(dropped, kept * values / np.float32(p), rtol=1e-6)
        np.testing.assert_allclose(gradient, kept / np.float32(p), rtol=1e-6)
        if p == 0.5:
            np.testing.assert_array_equal(dropped[kept], (2 * values * kept)[kept])
        np.testing.assert_array_equal(raw, (raw != 0) * values)
        assert abs(kept.mean() - p) < 0.02 and abs((raw != 0).mean() - p) < 0.02
    many = [sess.run(inverted) for _ in range(4)]
    assert not np.array_equal(many[0], many[1])
    np.testing.assert_allclose(np.mean(many, (0, 1)), values[0], rtol=0.02)
    # Training and test agree in expectation, in each form on its own scale.
    np.testing.assert_allclose(sess.run(inverted, {training: False})[:1], values)
    np.testing.assert_allclose(sess.run(naive, {training: False})[:1], 0.5 * values)
    raw = [sess.run(naive) for _ in range(4)]
    np.testing.assert_allclose(np.mean(raw, (0, 1)), 0.5 * values[0], rtol=0.03)
    for form in (inverted, naive):
        found = sess.run(form, {keep: 1.0, x: values})
        np.testing.assert_array_equal(found, values)
    masks = sess.run([inverted, inverted * 1, tf.identity(inverted)])
    np.testing.assert_array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks[0], masks[2])


def test_dropout_layer_hidden_units(sess: Any) -> None:
    images, _ = digits.load_raw()
    x = tf.constant(images[:100].reshape(100, 64).astype(np.float32) / 16)
    network = mlp(x, [30, 10], weights_initializer=tf.random_normal_initializer(seed=5))
    hidden = tf.nn.dropout(network.layers[0], 0.5, seed=6)
    slope = tf.gradients(tf.matmul(hidden, network.weights[1]), network.layers[0])[0]
    sess.run(tf.global_variables_initializer())
    before, after, gradient = sess.run([network.layers[0], hidden, slope])
    out = (before > 0) & (after == 0)
    assert 0.4 < out.sum() / (before > 0).sum() < 0.6
    assert not gradient[out].any() and (gradient[after > 0] != 0).all()
