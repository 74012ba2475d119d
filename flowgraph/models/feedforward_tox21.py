"""Ramsundar's toxicity classifiers: fully connected layers on fingerprints (chapters 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

import flowgraph as tf

__all__ = [
    "Tox21",
    "eval_tox21_hyperparams",
    "minibatches",
    "tox21_network",
    "train_tox21",
    "weighted_accuracy",
]

Array = np.ndarray[Any, Any]


class Examples(Protocol):
    """Inputs [n, features], labels [n] and weights [n]."""

    @property
    def x(self) -> Array: ...
    @property
    def y(self) -> Array: ...
    @property
    def w(self) -> Array: ...


class Tox21(NamedTuple):
    """The network and what is needed to train it.

    Attributes:
        x, y, w: placeholders [n, features], [n], [n]; w is read only if positives are weighted.
        keep_prob: placeholder, the probability with which a hidden unit is kept.
        logit: [n, 1].
        prediction: 0 or 1, [n, 1].
        loss: a scalar, the sum over the batch.
        train: the operation of one step of Adam.
        weights: the variables of all layers, first to last.
    """

    x: Any
    y: Any
    w: Any
    keep_prob: Any
    logit: Any
    prediction: Any
    loss: Any
    train: Any
    weights: list[Any]


def tox21_network(
    features: int = 1024,
    n_hidden: int = 50,
    n_layers: int = 1,
    learning_rate: float = 0.001,
    dropout: bool = True,
    weight_positives: bool = False,
) -> Tox21:
    """ReLU layers with dropout and one logit; loss = sum of w * cross-entropy(sigmoid(logit), y).

    Labels [n] are made [n, 1] before they meet the logits; w is 1 unless `weight_positives`. Each
    hidden layer reads the one below it (in the book's companion programs all of them read x, which
    leaves all but the last without effect).

    Args:
        features: d, the number of bits.
        n_hidden: units of every hidden layer.
        dropout: False leaves the dropout out of the graph (example 4-4).
    """
    with tf.name_scope("placeholders"):
        x = tf.placeholder(tf.float32, (None, features))
        y = tf.placeholder(tf.float32, (None,))
        w = tf.placeholder(tf.float32, (None,))
        keep_prob = tf.placeholder(tf.float32)
    hidden, size, weights = x, features, []
    for _ in range(n_layers):
        with tf.name_scope("hidden-layer"):
            weight = tf.Variable(tf.random_normal((size, n_hidden)))
            bias = tf.Variable(tf.random_normal((n_hidden,)))
            hidden = tf.nn.relu(tf.matmul(hidden, weight) + bias)
            weights += [weight, bias]
            if dropout:
                hidden = tf.nn.dropout(hidden, keep_prob)
        size = n_hidden
    with tf.name_scope("output"):
        weight = tf.Variable(tf.random_normal((size, 1)))
        bias = tf.Variable(tf.random_normal((1,)))
        weights += [weight, bias]
        logit = tf.matmul(hidden, weight) + bias
        prediction = tf.round(tf.sigmoid(logit))
    with tf.name_scope("loss"):
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=logit, labels=tf.expand_dims(y, 1))
        if weight_positives:
            entropy *= tf.expand_dims(w, 1)
        loss = tf.reduce_sum(entropy)
    with tf.name_scope("optim"):
        train = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return Tox21(x, y, w, keep_prob, logit, prediction, loss, train, weights)


def minibatches(examples: Examples, batch_size: int) -> Iterator[tuple[Array, Array, Array]]:
    """Neighbouring examples, `batch_size` at a time; the last batch may be smaller."""
    for start in range(0, len(examples.x), batch_size):
        part = slice(start, start + batch_size)
        yield examples.x[part], examples.y[part], examples.w[part]


def train_tox21(
    network: Tox21,
    session: Any,
    examples: Examples,
    n_epochs: int = 10,
    batch_size: int = 100,
    keep_prob: float = 0.5,
) -> list[float]:
    """Epochs of `minibatches`; the loss of every step."""
    losses = []
    for _ in range(n_epochs):
        for x, y, w in minibatches(examples, batch_size):
            feed = {network.x: x, network.y: y, network.w: w, network.keep_prob: keep_prob}
            losses.append(float(session.run([network.train, network.loss], feed)[1]))
    return losses


def weighted_accuracy(network: Tox21, session: Any, examples: Examples) -> float:
    """The weight of the examples that are predicted right, as a part of the weight of all."""
    feed = {network.x: examples.x, network.keep_prob: 1.0}
    right = session.run(network.prediction, feed)[:, 0] == examples.y
    return float(examples.w[right].sum() / examples.w.sum())


def eval_tox21_hyperparams(
    train: Examples,
    valid: Examples,
    n_hidden: int = 50,
    n_layers: int = 1,
    learning_rate: float = 0.001,
    dropout_prob: float = 0.5,
    n_epochs: int = 45,
    batch_size: int = 100,
    weight_positives: bool = True,
    seed: int | None = None,
) -> float:
    """Trains a network in a graph of its own; its weighted accuracy on `valid`.

    Args:
        dropout_prob: the probability of keeping a unit, in spite of its name.
        seed: of the graph.
    """
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        network = tox21_network(
            train.x.shape[1], n_hidden, n_layers, learning_rate, True, weight_positives
        )
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            train_tox21(network, session, train, n_epochs, batch_size, dropout_prob)
            return weighted_accuracy(network, session, valid)
