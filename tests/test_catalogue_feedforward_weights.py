"""The catalogue's feed-forward networks: their weights as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import viz
from flowgraph.datasets import digits
from flowgraph.models.feedforward import (
    WIDTHS,
    Classifier,
    mlp,
    parameter_count,
    softmax_classifier,
)
from flowgraph.models.feedforward_weights import State, interpolate, permute, rescale


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def handwriting() -> tuple[Any, Any]:
    """1,797 digits, float32 [n, 64] up to 1, and their labels, int32 [n]."""
    images, labels = digits.load_raw()
    return images.reshape(-1, 64).astype(np.float32) / 16, labels.astype(np.int32)


class Model(NamedTuple):
    image: Any
    label: Any
    classifier: Classifier


def digit_classifier(hidden: list[int], seed: int = 1) -> Model:
    tf.set_random_seed(seed)
    image, label = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.int32, [None])
    initial = tf.glorot_uniform_initializer(), tf.zeros_initializer()
    classifier = softmax_classifier(image, label, [*hidden, 10], tf.nn.relu, True, *initial)
    return Model(image, label, classifier)


def test_mlp_784_256_256_10_state(sess: Any) -> None:
    inputs, *widths = WIDTHS["three layers"]
    x = tf.placeholder(tf.float32, [None, inputs])
    network = mlp(x, widths)
    state = State(network.variables)
    assert parameter_count(network.variables) == 269322
    sess.run(tf.global_variables_initializer())
    batch = np.random.RandomState(1).randn(8, 784)
    logits = sess.run(network.logits, {x: batch})
    saved = state.read(sess)
    # A library with weights of shape [outputs, inputs] prints these shapes.
    assert [value.shape[::-1] for value in saved.values()] == [
        (256, 784),
        (256,),
        (256, 256),
        (256,),
        (10, 256),
        (10,),
    ]
    copies = {name: value.copy() for name, value in saved.items()}
    sess.run(tf.global_variables_initializer())
    assert not np.array_equal(sess.run(network.logits, {x: batch}), logits)
    for name, value in saved.items():
        np.testing.assert_array_equal(value, copies[name])
    state.load(sess, saved)
    np.testing.assert_array_equal(sess.run(network.logits, {x: batch}), logits)
    for value in saved.values():
        value[...] = 0
    np.testing.assert_array_equal(sess.run(network.logits, {x: batch}), logits)
    with pytest.raises(ValueError, match="names of only one side: mlp/output/biases"):
        state.load(sess, {name: copies[name] for name in list(copies)[:-1]})
    with pytest.raises(ValueError, match=r"Cannot feed value of shape"):
        state.load(sess, {name: value.T for name, value in copies.items()})


def test_linear_interpolation_loss(sess: Any, tmp_path: Path) -> None:
    pixels, labels = handwriting()
    model = digit_classifier([32, 32])
    network, loss = model.classifier.network, model.classifier.loss
    state = State(network.variables)
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    feed = {model.image: pixels, model.label: labels}
    sess.run(tf.global_variables_initializer())
    initial = state.read(sess)
    order = np.random.RandomState(1)
    for _ in range(400):
        batch = order.randint(0, len(labels), 64)
        sess.run(train, {model.image: pixels[batch], model.label: labels[batch]})
    final = state.read(sess)
    for alpha, end in ((0.0, final), (1.0, initial)):
        for name, value in interpolate(final, initial, alpha).items():
            np.testing.assert_array_equal(value, end[name])

    alphas = np.arange(-2, 2, 0.05)
    assert len(alphas) == 80 and alphas[0] == -2.0
    assert alphas[-1] == pytest.approx(1.95, abs=1e-12)
    losses = []
    for alpha in alphas:
        state.load(sess, interpolate(final, initial, alpha))
        losses.append(float(sess.run(loss, feed)))
    assert abs(alphas[np.argmin(losses)]) <= 0.1
    way = [losses[place] for place in np.flatnonzero((alphas > -0.01) & (alphas < 1.01))][::-1]
    assert len(way) == 21 and way[0] > 1 > 0.2 > way[-1]
    assert np.diff(way).max() <= 0.05 * (max(way) - min(way))
    picture = viz.curve({"loss": losses}, tmp_path / "line.svg")
    assert "</svg>" in picture.read_text()


def test_momentum_mnist_comparison(sess: Any) -> None:
    pixels, labels = handwriting()
    model = digit_classifier([256, 256])
    loss, variables = model.classifier.loss, model.classifier.network.variables
    assert variables[2].shape.as_list() == [256, 256]
    plain = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    momentum = tf.train.MomentumOptimizer(0.01, 0.9)
    slopes = tf.gradients(loss, variables)
    with_momentum = momentum.minimize(loss)
    slots = [momentum.get_slot(variable, "momentum") for variable in variables]

    def minibatches(train: Any) -> int:
        order = np.random.RandomState(1)
        running = 2.5
        for count in range(1, 5000):
            batch = order.randint(0, len(labels), 64)
            feed = {model.image: pixels[batch], model.label: labels[batch]}
            value, _ = sess.run([loss, train], feed)
            running = 0.9 * running + 0.1 * value
            if running <= 0.4:
                return count
        raise AssertionError(f"still {running}")

    counts = []
    for train in (plain, with_momentum):
        sess.run(tf.global_variables_initializer())
        counts.append(minibatches(train))
    assert counts[0] >= 4 * counts[1]

    feed = {model.image: pixels[:64], model.label: labels[:64]}
    before, old, gradients = sess.run([variables, slots, slopes], feed)
    sess.run(with_momentum, feed)
    rate, m = np.float32(0.01), np.float32(0.9)
    for variable, slot, value, velocity, gradient in zip(
        *sess.run([variables, slots]), before, old, gradients, strict=True
    ):
        expected = m * velocity + gradient
        np.testing.assert_allclose(slot, expected, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(variable, value - rate * expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("layer", [0, 1])
def test_network_symmetries(sess: Any, layer: int) -> None:
    pixels, _ = handwriting()
    random = np.random.RandomState(1)
    model = digit_classifier([20, 12])
    network = model.classifier.network
    state = State(network.variables)
    sess.run(tf.global_variables_initializer())
    start = state.read(sess)
    for name in start:
        if name.endswith("biases"):
            start[name] = 0.1 * random.randn(*start[name].shape).astype(np.float32)
    arrays, feed = list(start.values()), {model.image: pixels}

    def logits(parameters: list[Any]) -> Any:
        state.load(sess, dict(zip(start, parameters, strict=True)))
        return sess.run(network.logits, feed)

    width = len(arrays[2 * layer + 1])
    expected = logits(arrays)
    permuted = permute(arrays, layer, random.permutation(width))
    scaled = rescale(arrays, layer, random.uniform(0.2, 5, width).astype(np.float32))
    for parameters in (permuted, scaled):
        assert not np.array_equal(parameters[2 * layer], arrays[2 * layer])
        np.testing.assert_allclose(logits(parameters), expected, rtol=0, atol=1e-5)
    assert np.abs(logits(rescale(arrays, layer, np.float32(-1))) - expected).max() > 0.1
