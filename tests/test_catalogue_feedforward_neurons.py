"""The catalogue's feed-forward networks: neurons, single layers, shapes, exact values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import viz
from flowgraph.models.feedforward import mlp, parameter_count
from flowgraph.models.feedforward_neurons import ACTIVATIONS, neuron, prelu, step, xor


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_artificial_neuron_activations(sess: Any, tmp_path: Path) -> None:
    assert sess.run(ACTIVATIONS["relu"](tf.constant([1.0, 17.0, -3.0]))).tolist() == [1, 17, 0]
    sigmoid = sess.run(ACTIVATIONS["sigmoid"](tf.constant([0.0, -2.0, 2.0])))
    np.testing.assert_allclose(sigmoid, [0.5, 0.11920292, 0.88079708], rtol=0, atol=1e-7)
    z = np.array([-3.0, -0.5, 0.25, 2.0])
    logistic = 1 / (1 + np.exp(-z))
    formulas = {
        "threshold": [0, 0, 1, 1],
        "linear": z,
        "sigmoid": logistic,
        "tanh": np.tanh(z),
        "relu": [0, 0, 0.25, 2],
        "leaky relu": [-0.03, -0.005, 0.25, 2],
        "absolute value": [3, 0.5, 0.25, 2],
        "elu": [np.exp(-3.0) - 1, np.exp(-0.5) - 1, 0.25, 2],
        "softplus": np.log1p(np.exp(z)),
        "swish": z * logistic,
    }
    assert formulas.keys() == ACTIVATIONS.keys()
    curves = {}
    for name, function in ACTIVATIONS.items():
        x = tf.placeholder_with_default(z, [4])
        y = function(x)
        np.testing.assert_allclose(sess.run(y), formulas[name], rtol=1e-14, atol=1e-15)
        curves[name] = sess.run(function(tf.constant(np.linspace(-4, 4, 33)))).tolist()
        if name == "threshold":
            assert tf.gradients(y, x) == [None]
            continue
        with sess.as_default():
            error = tf.test.compute_gradient_error(x, [4], y, [4], x_init_value=z, delta=1e-6)
        assert error <= 1e-8, name
    picture = viz.curve(curves, tmp_path / "activations.svg").read_text()
    # One line and one mark in the legend for each.
    assert picture.count('class="curve"') == 2 * len(ACTIVATIONS)
    assert all(name in picture for name in ACTIVATIONS)

    x = tf.constant([-1000.0, -2.0, 0.0, 2.0, 1000.0])
    slope, expected = sess.run([tf.gradients(tf.nn.softplus(x), x)[0], tf.sigmoid(x)])
    assert np.isfinite(slope).all() and np.isfinite(sess.run(tf.nn.softplus(x))).all()
    np.testing.assert_allclose(slope, expected, rtol=1e-6)
    learned = tf.Variable(0.25)
    sess.run(learned.initializer)
    values, by_slope = sess.run([prelu(x, learned), tf.gradients(prelu(x, learned), learned)[0]])
    assert values.tolist() == [-250, -0.5, 0, 2, 1000] and by_slope == -1002


def test_artificial_neuron_activations_weighted_sum(sess: Any) -> None:
    x = tf.constant([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]])
    weights, bias = tf.constant([0.5, -1.0, 0.25]), tf.constant(0.5)
    found = sess.run(neuron(x, weights, bias, tf.sigmoid))
    np.testing.assert_allclose(found, 1 / (1 + np.exp([0.25, -0.25])), rtol=1e-6)
    assert sess.run(neuron(x, weights, bias)).tolist() == [0, 1]
    assert sess.run(step(tf.constant([-1.0, 0.0, 1.0]))).tolist() == [0, 0, 1]


def test_xor_hand_network(sess: Any) -> None:
    found = sess.run(xor(tf.constant([0.0, 0.0, 1.0, 1.0]), tf.constant([0.0, 1.0, 0.0, 1.0])))
    assert len(found) == 3
    for decomposition, values in found.items():
        assert values.tolist() == [0, 1, 1, 0], decomposition


def test_mlp_forward_10_50_3(sess: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 10])
    network = mlp(x, [50, 3], output=tf.nn.relu)
    assert [v.shape.as_list() for v in network.variables] == [[10, 50], [50], [50, 3], [3]]
    assert [y.shape.as_list() for y in network.layers] == [[None, 50], [None, 3]]
    assert parameter_count(network.variables) == 10 * 50 + 50 + 50 * 3 + 3
    sess.run(tf.global_variables_initializer())
    random = np.random.RandomState(1)
    inputs = random.randn(7, 10).astype(np.float32)
    sess.run(network.biases[0].assign(random.randn(50)))
    output, (w1, b1, w2, b2) = sess.run([network.output, network.variables], {x: inputs})
    hidden = np.maximum(0, inputs @ w1 + b1)
    np.testing.assert_allclose(output, np.maximum(0, hidden @ w2 + b2), rtol=0, atol=1e-5)
    # Without the second ReLU some outputs are negative: the book's formula leaves both out.
    assert output.min() == 0 and (hidden @ w2 + b2).min() < 0
    for outputs, function in ((1, tf.sigmoid), (10, tf.nn.softmax), (1, None)):
        head = mlp(x, [50, outputs], output=function)
        assert head.output.shape.as_list() == [None, outputs]
        assert (head.output is head.logits) == (function is None)


def test_feedforward_3_3_3(sess: Any) -> None:
    x = tf.placeholder(tf.float64, [None, 3])
    network = mlp(x, [3, 3], tf.sigmoid, tf.nn.softmax, tf.random_normal_initializer(seed=1))
    sess.run(tf.global_variables_initializer())
    inputs = np.random.RandomState(2).randn(4, 3)
    hidden, output = sess.run(network.layers, {x: inputs})
    w, b = sess.run([network.weights, network.biases])
    by_column = [
        [neuron(tf.constant(inputs), w[0][:, j], b[0][j], tf.sigmoid) for j in range(3)],
        [neuron(tf.constant(hidden), w[1][:, j], b[1][j], tf.identity) for j in range(3)],
    ]
    np.testing.assert_allclose(hidden, np.stack(sess.run(by_column[0]), 1), rtol=1e-12)
    scores = np.exp(np.stack(sess.run(by_column[1]), 1))
    np.testing.assert_allclose(output, scores / scores.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(output.sum(1), np.ones(4), rtol=1e-12)
    assert parameter_count(network.variables) == 24


def test_feedforward_3_3_3_pet_labels(sess: Any) -> None:
    labels = sess.run(step(tf.constant([[0.9, 0.1], [0.2, 0.7], [0.8, 0.6], [0.3, 0.1]]) - 0.5))
    assert labels.tolist() == [[1, 0], [0, 1], [1, 1], [0, 0]]


def test_linear_256_10_layer(sess: Any) -> None:
    random = np.random.RandomState(3)
    vector = tf.constant(random.randn(256))
    w = tf.constant(random.randn(10, 256))
    b = tf.constant(random.randn(10))
    by_hand = tf.reduce_sum(w * vector, axis=1) + b
    assert by_hand.shape.as_list() == [10]
    network = mlp(tf.expand_dims(vector, 0), [10])
    assert [v.shape.as_list() for v in network.variables] == [[256, 10], [10]]
    sess.run([network.weights[0].assign(tf.transpose(w)), network.biases[0].assign(b)])
    layer, expected = sess.run([network.output[0], by_hand])
    np.testing.assert_allclose(layer, expected, rtol=1e-12)
    # The book's bias is a column, which broadcasts against the row of sums to a square.
    square = tf.reduce_sum(w * vector, axis=1) + tf.expand_dims(b, 1)
    assert square.shape.as_list() == [10, 10]
    sums, bias = sess.run([by_hand - b, b])
    np.testing.assert_allclose(sess.run(square), sums + bias[:, None], rtol=1e-12)
