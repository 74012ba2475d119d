"""`tf.metrics` over random batches against counting at once, and `tf.contrib.metrics`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf

metrics: Any = tf.metrics


def streamed(metric: Any, batches: list[tuple[Any, ...]], **settings: Any) -> Any:
    """The metric's value after all batches."""
    with tf.Graph().as_default(), tf.Session() as session:
        slots = [tf.placeholder(tf.as_dtype(np.asarray(a).dtype), [None]) for a in batches[0]]
        value, update = metric(*slots, **settings)
        session.run(tf.local_variables_initializer())
        last = None
        for batch in batches:
            last = session.run(update, dict(zip(slots, batch, strict=True)))
        found = session.run(value)
    if np.shape(last) == np.shape(found):
        np.testing.assert_allclose(last, found, rtol=1e-6)
    return found


def cut(size: int, *columns: Any) -> list[tuple[Any, ...]]:
    """The columns in batches of some size."""
    length = len(columns[0])
    return [tuple(c[i : i + size] for c in columns) for i in range(0, length, size)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_batches_do_not_matter(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    labels, guesses = rng.integers(0, 3, 20), rng.integers(0, 3, 20)
    weights = rng.random(20).astype(np.float32)
    found = streamed(lambda a, b, w: metrics.accuracy(a, b, w), cut(size, labels, guesses, weights))
    np.testing.assert_allclose(found, np.average(labels == guesses, weights=weights), rtol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_area_under_the_roc_curve(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.random(40) < 0.5
    labels[:2] = [True, False]
    # Values of a grid, so that no two of them fall between the same thresholds.
    scores = rng.permutation(40).astype(np.float32) / 40 + 0.01
    found = streamed(metrics.auc, cut(size, labels, scores), num_thresholds=401)
    wins = scores[labels][:, None] > scores[~labels][None]
    np.testing.assert_allclose(found, np.mean(wins), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_precision_and_recall(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    labels, guesses = rng.random(20) < 0.5, rng.random(20) < 0.5
    hits = np.sum(labels & guesses)
    batches = cut(size, labels, guesses)
    precision = hits / max(np.sum(guesses), 1)
    recall = hits / max(np.sum(labels), 1)
    np.testing.assert_allclose(streamed(metrics.precision, batches), precision, rtol=1e-6)
    np.testing.assert_allclose(streamed(metrics.recall, batches), recall, rtol=1e-6)


def test_mean_iou_by_hand() -> None:
    labels, guesses = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    found = streamed(metrics.mean_iou, cut(2, labels, guesses), num_classes=4)
    np.testing.assert_allclose(found, np.mean([1 / 3, 2 / 3, 0.0]), rtol=1e-6)


def test_precision_at_k_by_hand() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        scores = [[0.1, 0.9, 0.5], [0.7, 0.2, 0.6]]
        value, update = metrics.precision_at_k(tf.constant([[1], [1]], tf.int64), scores, 2)
        average, average_update = metrics.average_precision_at_k(
            tf.constant([[2], [0]], tf.int64), scores, 2
        )
        session.run(tf.local_variables_initializer())
        session.run([update, average_update])
        assert session.run(value) == 0.25
        assert session.run(average) == 0.75


def test_nothing_counted_is_zero() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        made = [metrics.mean([1.0]), metrics.precision([True], [True]), metrics.accuracy([1], [1])]
        session.run(tf.local_variables_initializer())
        assert session.run([value for value, _ in made]) == [0.0, 0.0, 0.0]


def test_metric_variables_start_again() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        value, update = metrics.mean(tf.constant([3.0, 5.0]), name="m")
        session.run(tf.local_variables_initializer())
        session.run([update, update])
        assert session.run(value) == 4.0
        session.run(tf.variables_initializer(tf.get_collection("metric_variables")))
        assert session.run(value) == 0.0
        assert tf.global_variables() == []


class TestContrib:
    """The same metrics with predictions first."""

    metrics: Any = tf.contrib.metrics

    def test_order_of_arguments(self) -> None:
        found = streamed(
            self.metrics.streaming_precision, [(np.array([True, True]), np.array([True, False]))]
        )
        assert found == 0.5
        found = streamed(
            self.metrics.streaming_recall, [(np.array([True, True]), np.array([True, False]))]
        )
        assert found == 1.0

    def test_accuracy_of_one_batch(self) -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            guesses, labels = tf.constant([1, 2, 3]), tf.constant([1, 0, 3])
            plain = self.metrics.accuracy(guesses, labels)
            weighted = self.metrics.accuracy(guesses, labels, tf.constant([1.0, 2.0, 1.0]))
            np.testing.assert_allclose(session.run([plain, weighted]), [2 / 3, 0.5])
            with pytest.raises(ValueError, match="should match"):
                self.metrics.accuracy(tf.constant([1.0]), tf.constant([1]))

    def test_aggregation(self) -> None:
        with tf.Graph().as_default():
            pairs = {"mean": metrics.mean([1.0]), "hits": metrics.accuracy([1], [1])}
            values, updates = self.metrics.aggregate_metric_map(pairs)
            assert values == {name: pair[0] for name, pair in pairs.items()}
            assert updates == {name: pair[1] for name, pair in pairs.items()}
            assert self.metrics.aggregate_metrics(*pairs.values()) == (
                list(values.values()),
                list(updates.values()),
            )
            with pytest.raises(ValueError, match="Expected at least one"):
                self.metrics.aggregate_metrics()
