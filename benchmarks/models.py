"""The models that are measured: each `build(tf)` is run with either engine, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Step(NamedTuple):
    """What one timed `run` fetches and feeds, and what tells whether both engines computed the
    same."""

    fetches: Any
    feed: dict[Any, Any]
    check: Any


def trivial_constants(tf: Any) -> Step:
    """The sum of two constants."""
    total = tf.constant(1.5) + tf.constant(2.0)
    return Step(total, {}, total)


def trivial_placeholder(tf: Any) -> Step:
    """A fed scalar plus a constant."""
    fed = tf.placeholder(tf.float32, [])
    total = fed + tf.constant(2.0)
    return Step(total, {fed: np.float32(1.5)}, total)


def _dense(tf: Any, x: Any, units: int, stddev: float, seed: int) -> Any:
    # Seeds of ops, for the engines count a graph's ops differently.
    shape = [x.shape.as_list()[1], units]
    weights = tf.Variable(tf.truncated_normal(shape, stddev=stddev, seed=seed))
    return tf.matmul(x, weights) + tf.Variable(tf.zeros([units]))


def _classifier(tf: Any, layers: tuple[int, ...], batch: int, stddev: float, adam: bool) -> Step:
    """A training step of a ReLU network with softmax cross-entropy on random rows."""
    random = np.random.RandomState(1)
    x = tf.placeholder(tf.float32, [None, layers[0]])
    y = tf.placeholder(tf.float32, [None, layers[-1]])
    h = x
    for seed, units in enumerate(layers[1:-1]):
        h = tf.nn.relu(_dense(tf, h, units, stddev, seed))
    logits = _dense(tf, h, layers[-1], stddev, len(layers))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    # So slow that the same batch is not learnt by heart meanwhile: the denormal numbers of dying
    # gradients cost more than others.
    optimizer = tf.train.AdamOptimizer(1e-5) if adam else tf.train.GradientDescentOptimizer(0.01)
    feed = {
        x: random.rand(batch, layers[0]).astype(np.float32),
        y: np.eye(layers[-1], dtype=np.float32)[random.randint(0, layers[-1], batch)],
    }
    return Step([optimizer.minimize(loss), loss], feed, loss)


def softmax_regression(tf: Any) -> Step:
    """784-10, batch 100, gradient descent."""
    return _classifier(tf, (784, 10), 100, 0.1, adam=False)


def relu_network(tf: Any) -> Step:
    """784-784-10, batch 100, Adam."""
    return _classifier(tf, (784, 784, 10), 100, 0.05, adam=True)


def small_network(tf: Any) -> Step:
    """4-16-16-2, batch 32, Adam."""
    return _classifier(tf, (4, 16, 16, 2), 32, 0.3, adam=True)


def skip_gram(tf: Any) -> Step:
    """Embeddings 10 000 x 128 of word pairs against 64 other words, sparse gradient descent."""
    random = np.random.RandomState(2)
    words, batch, size, negatives = 10000, 128, 128, 64
    centre = tf.placeholder(tf.int32, [batch])
    context = tf.placeholder(tf.int32, [batch])
    others = tf.placeholder(tf.int32, [negatives])
    inputs = tf.Variable(tf.random_uniform([words, size], -1.0, 1.0, seed=1))
    outputs = tf.Variable(tf.truncated_normal([words, size], stddev=size**-0.5, seed=2))
    biases = tf.Variable(tf.zeros([words]))
    vectors = tf.nn.embedding_lookup(inputs, centre)
    near = tf.reduce_sum(vectors * tf.nn.embedding_lookup(outputs, context), axis=1)
    near = near + tf.nn.embedding_lookup(biases, context)
    far = tf.matmul(vectors, tf.nn.embedding_lookup(outputs, others), transpose_b=True)
    far = far + tf.nn.embedding_lookup(biases, others)
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits
    right = cross_entropy(labels=tf.ones_like(near), logits=near)
    wrong = cross_entropy(labels=tf.zeros_like(far), logits=far)
    loss = tf.reduce_mean(right + tf.reduce_sum(wrong, axis=1))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feed = {
        centre: random.randint(0, words, batch).astype(np.int32),
        context: random.randint(0, words, batch).astype(np.int32),
        others: random.randint(0, words, negatives).astype(np.int32),
    }
    return Step([train, loss], feed, loss)


def scalar_loop(tf: Any) -> Step:
    """A thousand turns of a loop over two scalars."""
    _, x = tf.while_loop(
        lambda i, _: i < 1000,
        lambda i, x: (i + 1, x * 1.0001),
        [tf.constant(0), tf.constant(1.0)],
    )
    return Step(x, {}, x)


def _lstm(tf: Any, last_state: Callable[..., Any]) -> Step:
    """A training step of an LSTM of 128 units, 20 steps, batch 32, Adam."""
    random = np.random.RandomState(3)
    steps, batch, inputs, units, classes = 20, 32, 64, 128, 10
    x = tf.placeholder(tf.float32, [steps, batch, inputs])
    y = tf.placeholder(tf.int32, [batch])
    kernel = tf.Variable(random.normal(0, 0.1, (inputs + units, 4 * units)).astype(np.float32))
    bias = tf.Variable(np.zeros(4 * units, np.float32))

    def cell(row: Any, c: Any, h: Any) -> Any:
        gates = tf.matmul(tf.concat([row, h], 1), kernel) + bias
        i, j, f, o = tf.split(gates, 4, axis=1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        return c, tf.tanh(c) * tf.sigmoid(o)

    zeros = tf.zeros([batch, units])
    logits = _dense(tf, last_state(tf, x, cell, zeros, zeros), classes, 0.1, 1)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    feed = {
        x: random.normal(0, 1, (steps, batch, inputs)).astype(np.float32),
        y: random.randint(0, classes, batch).astype(np.int32),
    }
    return Step([tf.train.AdamOptimizer(1e-4).minimize(loss), loss], feed, loss)


def lstm_unrolled(tf: Any) -> Step:
    """The LSTM as a graph of 20 cells."""

    def last_state(tf: Any, x: Any, cell: Any, c: Any, h: Any) -> Any:
        for row in tf.unstack(x):
            c, h = cell(row, c, h)
        return h

    return _lstm(tf, last_state)


def lstm_loop(tf: Any) -> Step:
    """The LSTM as a loop over an array of tensors."""

    def last_state(tf: Any, x: Any, cell: Any, c: Any, h: Any) -> Any:
        rows = tf.TensorArray(tf.float32, 20).unstack(x)
        return tf.while_loop(
            lambda t, c, h: t < 20, lambda t, c, h: (t + 1, *cell(rows.read(t), c, h)), [0, c, h]
        )[2]

    return _lstm(tf, last_state)


def convnet(tf: Any) -> Step:
    """Two 5x5 convolutions with pooling (32, 64 channels) and a layer of 10, batch 100, Adam."""
    random = np.random.RandomState(4)
    x = tf.placeholder(tf.float32, [100, 28, 28, 1])
    y = tf.placeholder(tf.int32, [100])
    h = x
    for seed, (before, channels) in enumerate([(1, 32), (32, 64)]):
        filters = tf.truncated_normal([5, 5, before, channels], stddev=0.1, seed=seed)
        h = tf.nn.relu(tf.nn.conv2d(h, tf.Variable(filters), [1, 1, 1, 1], "SAME"))
        h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    logits = _dense(tf, tf.reshape(h, [100, 7 * 7 * 64]), 10, 0.05, 3)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    feed = {
        x: random.rand(100, 28, 28, 1).astype(np.float32),
        y: random.randint(0, 10, 100).astype(np.int32),
    }
    return Step([tf.train.AdamOptimizer(1e-5).minimize(loss), loss], feed, loss)


STEPS: dict[str, Callable[[Any], Step]] = {
    "trivial_constants": trivial_constants,
    "trivial_placeholder": trivial_placeholder,
    "softmax_regression": softmax_regression,
    "relu_network": relu_network,
    "small_network": small_network,
    "skip_gram": skip_gram,
    "scalar_loop": scalar_loop,
    "lstm_unrolled": lstm_unrolled,
    "lstm_loop": lstm_loop,
    "convnet": convnet,
}
