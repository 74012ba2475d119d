"""The catalogue's LeNets: the tutorial's and the original."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models.convolutional_lenet import (
    LeNet,
    error_rate,
    eval_in_batches,
    lenet_training,
)
from flowgraph.models.convolutional_lenet5 import class_codes, lenet5, rbf, subsample


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(4)
        yield session


def _digits(rows: int) -> tuple[Any, Any]:
    data = digits.load()
    images = (data.train_images[:rows, ..., None] - np.float32(127.5)) / np.float32(255)
    return images, data.train_labels[:rows].astype(np.int64)


def _count(variables: Any) -> int:
    return sum(math.prod(v.shape.as_list()) for v in variables)


def test_lenet_mnist_tutorial_shapes(sess: Any) -> None:
    network = LeNet()
    assert _count(tf.trainable_variables()) == 832 + 51264 + 1606144 + 5130 == 1663370
    data = tf.placeholder(tf.float32, [64, 28, 28, 1])
    logits, again = network(data), network(data, train=True)
    assert logits.shape.as_list() == again.shape.as_list() == [64, 10]
    assert len(tf.trainable_variables()) == 8
    ops = [op for op in tf.get_default_graph().get_operations() if op.type == "MaxPool"]
    assert [op.outputs[0].shape.as_list() for op in ops[:2]] == [[64, 14, 14, 32], [64, 7, 7, 64]]
    sess.run(tf.global_variables_initializer())
    for (_, biases), value in zip((*network.conv, *network.dense), (0, 0.1, 0.1, 0.1), strict=True):
        np.testing.assert_array_equal(sess.run(biases), np.float32(value))
    weights = sess.run(network.dense[0][0])
    assert np.abs(weights).max() <= 0.2
    assert weights.std() == pytest.approx(0.1 * 0.8796, rel=0.01)


def test_lenet_mnist_tutorial_seeds() -> None:
    def draws() -> Any:
        with tf.Graph().as_default(), tf.Session() as sess:
            network = LeNet(units=8)
            data = tf.placeholder(tf.float32, [8, 28, 28, 1])
            logits = network(data, train=True)
            sess.run(tf.global_variables_initializer())
            return sess.run([network.conv[0][0], logits], {data: _digits(8)[0]})

    for one, other in zip(draws(), draws(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_lenet_mnist_tutorial_training(sess: Any) -> None:
    network = LeNet(filters=(8, 16), units=64)
    data = tf.placeholder(tf.float32, [64, 28, 28, 1])
    labels = tf.placeholder(tf.int64, [64])
    training = lenet_training(network, data, labels)
    sess.run(tf.global_variables_initializer())
    rates = [
        sess.run(training.learning_rate, {training.step: step})
        for step in (0, 55000 // 64, 860, 1718, 1719, 10 * 55000 // 64)
    ]
    powers = [0, 0, 1, 1, 2, 9]
    np.testing.assert_allclose(rates, [0.01 * 0.95**power for power in powers], rtol=1e-5)
    images, kinds = _digits(64)
    loss, *parts = sess.run(
        [training.loss, training.logits, *(v for pair in network.dense for v in pair)],
        {data: images, labels: kinds},
    )
    penalty = 5e-4 * sum(np.sum(np.square(part)) / 2 for part in parts[1:])
    assert loss > penalty > 0
    feed = {data: images, labels: kinds}
    losses = [sess.run([training.loss, training.train], feed)[0] for _ in range(30)]
    assert losses[0] > math.log(10) and losses[-1] < 0.95 * losses[0]
    assert sess.run(training.step) == 30


def test_lenet_mnist_tutorial_eval_in_batches(sess: Any) -> None:
    network = LeNet(filters=(4, 4), units=16)
    data = tf.placeholder(tf.float32, [None, 28, 28, 1])
    prediction = tf.nn.softmax(network(data))
    sess.run(tf.global_variables_initializer())
    images, labels = _digits(136)
    sizes = []

    def predict(rows: Any) -> Any:
        sizes.append(len(rows))
        return sess.run(prediction, {data: rows})

    batches = eval_in_batches(predict, images)
    whole = sess.run(prediction, {data: images})
    assert sizes == [64, 64, 64]
    np.testing.assert_allclose(batches, whole, rtol=0, atol=1e-6)
    wrong = np.sum(np.argmax(whole, 1) != labels)
    assert error_rate(batches, labels) == pytest.approx(100 * wrong / 136)

    for rows, full, tail in ((5000, 78, 8), (10000, 156, 16), (128, 2, 0)):
        fed: list[Any] = []

        def square(part: Any, fed: Any = fed) -> Any:
            fed.append(part)
            return part**2

        values = np.arange(float(rows))[:, None]
        np.testing.assert_array_equal(eval_in_batches(square, values), values**2)
        assert len(fed) == full + bool(tail)
        assert all(len(part) == 64 for part in fed)
        if tail:
            assert fed[-1][-tail - 1, 0] == full * 64 - 1
    with pytest.raises(ValueError, match="batch size for evals larger than dataset: 63"):
        eval_in_batches(predict, images[:63])


def test_lenet5_original_rbf(sess: Any) -> None:
    random = np.random.RandomState(0)
    features, codes = random.randn(5, 84), class_codes().astype(np.float64)
    found = sess.run(rbf(tf.constant(features), codes))
    by_hand = [[sum((x - w) ** 2) for w in codes] for x in features]
    np.testing.assert_allclose(found, by_hand, rtol=1e-12)
    assert codes.shape == (10, 84) and set(codes.ravel()) == {-1, 1}
    np.testing.assert_array_equal(np.diag(sess.run(rbf(tf.constant(codes), codes))), np.zeros(10))
    # From one code to another: what is nearer is likelier.
    path = np.linspace(0, 1, 9)[:, None]
    way = codes[3] * (1 - path) + codes[7] * path
    distances, chances = sess.run(
        [rbf(tf.constant(way), codes), tf.nn.softmax(-rbf(tf.constant(way), codes))]
    )
    assert (np.diff(distances[:, 7]) < 0).all() and (np.diff(distances[:, 3]) > 0).all()
    ratio = np.log(chances[:, 7]) - np.log(chances[:, 3])
    np.testing.assert_allclose(ratio, distances[:, 3] - distances[:, 7], rtol=0, atol=1e-9)
    assert (np.argmax(chances, 1) == np.argmin(distances, 1)).all()


def test_lenet5_original_subsampling(sess: Any) -> None:
    maps = np.random.RandomState(1).randn(2, 6, 4, 3).astype(np.float32)
    found = subsample(tf.constant(maps))
    weight, bias = tf.trainable_variables()
    assert weight.shape.as_list() == bias.shape.as_list() == [3]
    sess.run([weight.assign([0.5, -1.0, 2.0]), bias.assign([0.0, 0.1, -0.3])])
    sums = maps.reshape(2, 3, 2, 2, 2, 3).sum((2, 4))
    expected = 1 / (1 + np.exp(-(sums * [0.5, -1.0, 2.0] + [0.0, 0.1, -0.3])))
    np.testing.assert_allclose(sess.run(found), expected, rtol=1e-5)


def test_lenet5_original_network(sess: Any) -> None:
    images = tf.placeholder(tf.float32, [None, 28, 28, 1])
    labels = tf.placeholder(tf.int64, [None])
    network = lenet5(images, labels)
    assert {name: layer.shape.as_list()[1:] for name, layer in network.layers.items()} == {
        "c1": [28, 28, 6],
        "s2": [14, 14, 6],
        "c3": [10, 10, 16],
        "s4": [5, 5, 16],
        "c5": [1, 1, 120],
        "f6": [84],
        "distances": [10],
        "logits": [10],
    }
    convolutions = 5 * 5 * (6 + 6 * 16 + 16 * 120) + 6 + 16 + 120
    expected = convolutions + 2 * (6 + 16) + 120 * 84 + 84
    assert _count(tf.trainable_variables()) == expected
    data, kinds = _digits(20)
    feed = {images: data, labels: kinds}
    sess.run(tf.global_variables_initializer())
    losses = [sess.run([network.loss, network.train], feed)[0] for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]
