"""The catalogue's feed-forward networks: classifiers of images, without their long trainings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.feedforward import WIDTHS, mlp, parameter_count, softmax_classifier
from flowgraph.models.feedforward_layers import layered_classifier, narrowing_stack

PARAMETERS = {
    "softmax-regression-mnist": ("softmax regression", 7850),
    "softmax-mnist-full-batch-raw": ("softmax regression", 7850),
    "mlp-784-784-10": ("relu network", 623290),
    "mlp-mnist-784-256-10": ("base classifier", 203530),
    "mlp-784-256-256-10": ("three layers", 269322),
    "mlp-784-30-30-10": ("thirty and thirty", 24790),
    "sequential-mlp-timing": ("hourglass", 269450),
}


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def images(count: int, scale: float = 1.0) -> tuple[Any, Any]:
    """Uniform pixels, float32 [count, 784] below `scale`, and labels, int32 [count]."""
    random = np.random.RandomState(count)
    pixels = scale * random.random_sample([count, 784]).astype(np.float32)
    return pixels.astype(np.float32), random.randint(0, 10, count).astype(np.int32)


@pytest.mark.parametrize("row", PARAMETERS)
def test_parameters(sess: Any, row: str) -> None:
    name, count = PARAMETERS[row]
    inputs, *widths = WIDTHS[name]
    image = tf.placeholder(tf.float32, [None, inputs])
    network = mlp(image, widths, output=tf.nn.softmax)
    assert parameter_count(network.variables) == count
    shapes = [v.shape.as_list() for v in tf.trainable_variables()]
    pairs = itertools.pairwise(WIDTHS[name])
    assert shapes == [shape for n, m in pairs for shape in ([n, m], [m])]
    sess.run(tf.global_variables_initializer())
    probabilities = sess.run(network.output, {image: images(20)[0]})
    assert probabilities.shape == (20, 10)
    np.testing.assert_allclose(probabilities.sum(1), np.ones(20), rtol=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
def test_softmax_regression_mnist(sess: Any, from_logits: bool) -> None:
    tf.set_random_seed(1)
    image = tf.placeholder(tf.float32, [100, 784])
    answer = tf.placeholder(tf.float32, [100, 10])
    model = softmax_classifier(image, answer, from_logits=from_logits)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(model.loss)
    w, b = model.network.variables
    assert [t.shape.as_list() for t in (w, b, model.network.logits, model.network.output)] == [
        [784, 10],
        [10],
        [100, 10],
        [100, 10],
    ]
    assert model.loss.shape.as_list() == model.accuracy.shape.as_list() == []
    sess.run(tf.global_variables_initializer())
    weights, biases = sess.run([w, b])
    assert abs(weights.std() - 0.1) < 0.005 and abs(biases.std() - 0.1) < 0.06
    pixels, labels = images(100, 0.2)
    feed = {image: pixels, answer: np.eye(10, dtype=np.float32)[labels]}
    scores = (pixels @ weights + biases).astype(np.float64)
    scores -= scores.max(1, keepdims=True)
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    # Both values are of the run that trains, and from before its step.
    accuracy, loss, _ = sess.run([model.accuracy, model.loss, train], feed)
    np.testing.assert_allclose(loss, -np.log(p[np.arange(100), labels]).mean(), rtol=1e-5)
    np.testing.assert_allclose(accuracy, (p.argmax(1) == labels).mean(), rtol=1e-6)
    step = 0.5 * pixels.T @ (p - feed[answer]) / 100
    np.testing.assert_allclose(sess.run(w), weights - step, rtol=0, atol=1e-5)
    # A separate run after the step sees the batch it was trained on.
    for _ in range(20):
        sess.run(train, feed)
    assert sess.run(model.accuracy, feed) > accuracy


def test_softmax_mnist_full_batch_raw(sess: Any) -> None:
    image = tf.placeholder(tf.float32, [None, 784])
    label = tf.placeholder(tf.int32, [None])
    model = softmax_classifier(image, label)
    printed = softmax_classifier(image, label, from_logits=False)
    train = tf.train.GradientDescentOptimizer(0.01).minimize(model.loss)
    sess.run(tf.global_variables_initializer())
    pixels, labels = images(60000, 255.0)
    feed = {image: pixels, label: labels}
    for _ in range(2):
        loss, _ = sess.run([model.loss, train], feed)
        assert np.isfinite(loss)
    assert all(np.isfinite(value).all() for value in sess.run(model.network.variables))
    assert not np.isfinite(sess.run(printed.loss, {image: pixels[:1000], label: labels[:1000]}))


def test_softmax_mnist_minibatch_raw(sess: Any) -> None:
    image = tf.placeholder(tf.float32, [None, 784])
    label = tf.placeholder(tf.int32, [None])
    model = softmax_classifier(image, label)
    sess.run(tf.global_variables_initializer())
    pixels, labels = images(6050, 255.0)
    order = np.random.RandomState(1).permutation(6050)
    # Batches of one size: what is left over at the end is dropped.
    batches = [order[start : start + 100] for start in range(0, 6050 - 99, 100)]
    assert len(batches) == 60 and {len(batch) for batch in batches} == {100}
    means = [
        sess.run(model.loss, {image: pixels[batch], label: labels[batch]}) for batch in batches
    ]
    used = np.concatenate(batches)
    whole = sess.run(model.loss, {image: pixels[used], label: labels[used]})
    np.testing.assert_allclose(np.mean(means), whole, rtol=1e-5)


def test_two_linear_layers(sess: Any) -> None:
    tf.set_random_seed(1)
    image = tf.placeholder(tf.float32, [None, 784])
    label = tf.placeholder(tf.int32, [None])
    model = softmax_classifier(
        image, label, [784, 10], activation=None, biases_initializer=tf.zeros_initializer()
    )
    u, v = model.network.weights
    assert [u.shape.as_list(), v.shape.as_list()] == [[784, 784], [784, 10]]
    one_layer = tf.matmul(image, tf.matmul(u, v))
    sess.run(tf.global_variables_initializer())
    pixels, labels = images(100)
    feed = {image: pixels, label: labels}
    train = tf.train.GradientDescentOptimizer(0.001).minimize(model.loss, var_list=[u, v])
    for _ in range(3):
        two, one = sess.run([model.network.logits, one_layer], feed)
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-4)
        sess.run(train, feed)


def test_mlp_784_784_10(sess: Any) -> None:
    image = tf.placeholder(tf.float32, [100, 784])
    label = tf.placeholder(tf.int32, [100])
    model = softmax_classifier(image, label, [784, 10])
    sess.run(tf.global_variables_initializer())
    pixels, labels = images(100)
    u, bu, v, bv = values = sess.run(model.network.variables)
    assert all(abs(value.std() - 0.1) < 0.06 for value in values)
    hidden, logits = sess.run([model.network.layers[0], model.network.logits], {image: pixels})
    np.testing.assert_allclose(hidden, np.maximum(pixels @ u + bu, 0), rtol=0, atol=1e-4)
    np.testing.assert_allclose(logits, hidden @ v + bv, rtol=0, atol=1e-3)
    gradient = tf.gradients(model.loss, model.network.biases[0])[0]
    slope = sess.run(gradient, {image: pixels, label: labels})
    dead = ~(hidden > 0).any(axis=0)
    assert (slope[dead] == 0).all() and (slope[~dead] != 0).mean() > 0.9


def test_mlp_784_756_10_layers(sess: Any) -> None:
    image = tf.placeholder(tf.float32, [None, 784])
    probabilities = layered_classifier(image)
    variables = tf.trainable_variables()
    assert [v.op.name for v in variables] == [
        "fully_connected/weights",
        "fully_connected/biases",
        "fully_connected_1/weights",
        "fully_connected_1/biases",
    ]
    assert parameter_count(variables) == 601030
    assert probabilities.shape.as_list() == [None, 10]
    sess.run(tf.global_variables_initializer())
    weights, biases, top, _ = values = sess.run(variables)
    limit = np.sqrt(6 / (784 + 756))
    assert 0.99 * limit < np.abs(weights).max() <= limit and not biases.any()
    assert not values[3].any()
    pixels = images(20)[0]
    logits = np.maximum(pixels @ weights, 0) @ top
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(sess.run(probabilities, {image: pixels}), expected, rtol=1e-4)


def test_mlp_100_layers_loop(sess: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 16])
    output = narrowing_stack(x, 128)
    variables = tf.trainable_variables()
    widths = [16, *range(128, 28, -1)]
    pairs = itertools.pairwise(widths)
    assert [v.shape.as_list() for v in variables] == [
        shape for n, m in pairs for shape in ([n, m], [m])
    ]
    assert len(variables) == 200 and output.shape.as_list() == [None, 29]
    gradients = tf.gradients(tf.reduce_sum(output), variables)
    sess.run(tf.global_variables_initializer())
    found = sess.run([output, gradients], {x: np.ones([4, 16])})
    assert np.isfinite(found[0]).all()
    assert all(np.isfinite(gradient).all() for gradient in found[1])
    with pytest.raises(ValueError, match="width of at least 100"):
        narrowing_stack(x, 99)


def test_base_classifier_784_256_10(sess: Any) -> None:
    tf.set_random_seed(2)
    image = tf.placeholder(tf.float32, [10, 784])
    targets = tf.constant([0, 3, 2, 8, 2, 9, 3, 7, 1, 6])
    initial = tf.glorot_uniform_initializer()
    model = softmax_classifier(
        image,
        targets,
        WIDTHS["base classifier"][1:],
        weights_initializer=initial,
        biases_initializer=tf.zeros_initializer(),
    )
    variables = model.network.variables
    # The book prints a layer's weights as [outputs, inputs].
    layout = [v.shape.as_list()[::-1] for v in variables]
    assert layout == [[256, 784], [256], [10, 256], [10]]
    gradients = tf.gradients(model.loss, variables)
    train = tf.train.GradientDescentOptimizer(1e-3).minimize(model.loss)
    sess.run(tf.global_variables_initializer())
    feed = {image: np.random.RandomState(1).randn(10, 784)}
    before, slopes, loss = sess.run([variables, gradients, model.loss], feed)
    sess.run(train, feed)
    after, lower = sess.run([variables, model.loss], feed)
    assert lower < loss
    for old, new, slope in zip(before, after, slopes, strict=True):
        np.testing.assert_array_equal(new, old - np.float32(1e-3) * slope)


def test_mlp_mnist_784_256_10_accuracy(sess: Any) -> None:
    label = tf.placeholder(tf.int32, [None])
    image = tf.placeholder(tf.float32, [None, 784])
    model = softmax_classifier(image, label, WIDTHS["base classifier"][1:])
    right = tf.reduce_sum(tf.cast(model.correct, tf.int32))
    sess.run(tf.global_variables_initializer())
    pixels, labels = images(10000)
    total, batches = 0, range(0, 10000, 64)
    for start in batches:
        part = slice(start, start + 64)
        total += sess.run(right, {image: pixels[part], label: labels[part]})
    exact = sess.run(model.accuracy, {image: pixels, label: labels})
    assert len(batches) == 157
    assert total / 10000 == pytest.approx(float(exact), abs=1e-6)
    # The book divides by 157 * 64, which counts 48 examples too many.
    assert 157 * 64 == 10048 and total / 10048 < exact
