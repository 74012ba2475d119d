"""`tf.losses` by its formulas, and the older `tf.contrib.losses`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf

LABELS = np.array([[1.0, 0.0, 2.0], [0.5, -1.0, 3.0]], np.float32)
PREDICTIONS = np.array([[0.5, 0.25, 1.0], [4.0, -1.0, 2.0]], np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def value(tensor: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensor, feeds)


def test_reductions_by_hand() -> None:
    losses, weights = np.array([1.0, 2.0, 4.0]), np.array([2.0, 0.0, 1.0])
    kinds = tf.losses.Reduction
    expected = {
        kinds.NONE: [2.0, 0.0, 4.0],
        kinds.SUM: 6.0,
        kinds.MEAN: 2.0,
        kinds.SUM_OVER_BATCH_SIZE: 2.0,
        kinds.SUM_BY_NONZERO_WEIGHTS: 3.0,
    }
    for reduction, wanted in expected.items():
        loss = tf.losses.compute_weighted_loss(losses, weights, reduction=reduction)
        np.testing.assert_allclose(value(loss), wanted, rtol=1e-6)


def test_mean_pairwise_squared_error_is_the_mean_over_pairs() -> None:
    errors = PREDICTIONS - LABELS
    expected = 0.0
    for row in errors:
        pairs = [(a - b) ** 2 for i, a in enumerate(row) for j, b in enumerate(row) if i != j]
        expected += float(np.mean(pairs))
    loss = tf.losses.mean_pairwise_squared_error(LABELS, PREDICTIONS)
    np.testing.assert_allclose(value(loss), expected, rtol=1e-6)


def test_weights_that_do_not_fit_are_refused_in_the_run() -> None:
    labels = tf.placeholder(tf.float32, [None, 3])
    weights = tf.placeholder(tf.float32, [None, None])
    loss = tf.losses.mean_squared_error(labels, PREDICTIONS, weights)
    good = value(loss, {labels: LABELS, weights: [[1.0], [0.0]]})
    np.testing.assert_allclose(good, np.mean((LABELS - PREDICTIONS)[0] ** 2), rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="weights can not be broadcast"):
        value(loss, {labels: LABELS, weights: np.ones((2, 2))})


def test_losses_of_training_are_minimized() -> None:
    weights = tf.Variable([[0.0], [0.0]])
    x = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    y = tf.constant([[1.0], [2.0], [3.0]])
    tf.losses.huber_loss(y, tf.matmul(x, weights))
    step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.losses.get_total_loss())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(300):
            session.run(step)
        np.testing.assert_allclose(session.run(weights), [[1.0], [2.0]], atol=1e-3)


class TestContrib:
    """The same losses with predictions first, and weights of the first axes only."""

    losses: Any = tf.contrib.losses

    def test_order_of_arguments(self) -> None:
        one = self.losses.mean_squared_error(PREDICTIONS, LABELS)
        other = tf.losses.mean_squared_error(LABELS, PREDICTIONS)
        assert value(one) == value(other)

    def test_weights_of_rows(self) -> None:
        loss = self.losses.absolute_difference(PREDICTIONS, LABELS, weights=[1.0, 0.0])
        expected = np.mean(np.abs(PREDICTIONS - LABELS)[0])
        np.testing.assert_allclose(value(loss), expected, rtol=1e-6)

    def test_hinge_loss_is_not_reduced(self) -> None:
        bits = np.array([[1.0, 0.0, 1.0]], np.float32)
        logits = np.array([[0.5, 0.5, 3.0]], np.float32)
        found = value(self.losses.hinge_loss(logits, bits))
        np.testing.assert_allclose(found, [[0.5, 1.5, 0.0]])
        assert self.losses.get_losses() == []

    def test_cross_entropies(self) -> None:
        logits = np.array([[1.0, 2.0], [0.0, -1.0]], np.float32)
        sparse = self.losses.sparse_softmax_cross_entropy(logits, np.array([1, 0]))
        dense = self.losses.softmax_cross_entropy(logits, np.eye(2)[[1, 0]])
        np.testing.assert_allclose(value(sparse), np.log1p(np.exp(-1.0)), rtol=1e-6)
        np.testing.assert_allclose(value(dense), value(sparse), rtol=1e-6)
        total = self.losses.get_total_loss()
        np.testing.assert_allclose(value(total), 2 * value(sparse), rtol=1e-6)

    def test_cosine_distance_takes_the_older_name(self) -> None:
        one = self.losses.cosine_distance(PREDICTIONS, LABELS, dim=1)
        other = tf.losses.cosine_distance(LABELS, PREDICTIONS, axis=1)
        assert value(one) == value(other)
