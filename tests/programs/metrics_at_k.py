"""Metrics of the k best predictions: labels dense and sparse, single classes, weights, names."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised

SCORES = np.array([[0.5, 0.1, 0.6, 0.3], [0.1, 0.2, 0.9, 0.4], [0.7, 0.6, 0.05, 0.3]], np.float32)
LABELS = np.array([[0, 2], [3, 1], [2, 3]])
SINGLE = np.array([2, 3, 2])
WEIGHTS = np.array([1.0, 0.5, 2.0], np.float32)


def twice(tf: Any, made: tuple[Any, Any]) -> list[Any]:
    """The value before, after one and after two batches, and the update's result."""
    value, update = made
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        found = [session.run(update), session.run(value), session.run(update), session.run(value)]
    return [np.asarray(each) for each in found]


@program
def precision_and_recall(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for kind in ("precision_at_k", "recall_at_k"):
        metric = getattr(tf.metrics, kind)
        for k in (1, 2, 4):
            results[f"{kind} {k}"] = twice(tf, metric(LABELS, SCORES, k))
        results[f"{kind} single"] = twice(tf, metric(SINGLE, SCORES, 2))
        results[f"{kind} weights"] = twice(tf, metric(LABELS, SCORES, 2, weights=WEIGHTS))
        results[f"{kind} class"] = twice(tf, metric(LABELS, SCORES, 2, class_id=2))
        results[f"{kind} class weights"] = twice(
            tf, metric(SINGLE, SCORES, 3, class_id=3, weights=WEIGHTS)
        )
    return results


@program
def at_top_k(tf: Any) -> dict[str, Any]:
    chosen = tf.constant([[2, 0], [2, 3], [0, 1]])
    return {
        "precision": twice(tf, tf.metrics.precision_at_top_k(LABELS, chosen)),
        "recall": twice(tf, tf.metrics.recall_at_top_k(LABELS, chosen, k=2)),
    }


@program
def sparse_labels(tf: Any) -> dict[str, Any]:
    places = [[0, 0], [0, 1], [1, 0], [2, 0], [2, 1], [2, 2]]
    labels = tf.SparseTensor(places, tf.constant([0, 2, 3, 0, 1, 9], tf.int64), [3, 3])
    return {
        "precision": twice(tf, tf.metrics.precision_at_k(labels, SCORES, 2)),
        "recall": twice(tf, tf.metrics.recall_at_k(labels, SCORES, 2)),
        "class": twice(tf, tf.metrics.recall_at_k(labels, SCORES, 2, class_id=0)),
        "average": twice(tf, tf.metrics.average_precision_at_k(labels, SCORES, 3)),
    }


@program
def average_precision(tf: Any) -> dict[str, Any]:
    metric = tf.metrics.average_precision_at_k
    cube = np.stack([SCORES, SCORES[::-1]])
    labels = np.stack([LABELS, LABELS])
    return {
        "1": twice(tf, metric(LABELS, SCORES, 1)),
        "3": twice(tf, metric(LABELS, SCORES, 3)),
        "single": twice(tf, metric(SINGLE, SCORES, 3)),
        "weights": twice(tf, metric(LABELS, SCORES, 3, WEIGHTS)),
        "cube": twice(tf, metric(labels, cube, 2)),
        "outside": twice(tf, metric(np.array([[7, 2], [0, 4], [1, 0]]), SCORES, 3)),
        "older name": twice(tf, tf.metrics.sparse_average_precision_at_k(LABELS, SCORES, 2)),
    }


@program
def open_shapes(tf: Any) -> dict[str, Any]:
    scores = tf.placeholder_with_default(SCORES, [None, None])
    single = tf.placeholder_with_default(SINGLE, None)
    several = tf.placeholder_with_default(LABELS, None)
    return {
        "single": tf.metrics.precision_at_k(single, scores, 2)[1],
        "several": tf.metrics.recall_at_k(several, scores, 2)[1],
    }


@program
def names(tf: Any) -> dict[str, Any]:
    made = [
        tf.metrics.precision_at_k(LABELS, SCORES, 2),
        tf.metrics.recall_at_k(LABELS, SCORES, 2, class_id=1),
        tf.metrics.recall_at_top_k(tf.constant(LABELS), tf.constant(LABELS)),
        tf.metrics.precision_at_k(LABELS, SCORES, 1, name="own"),
        tf.metrics.average_precision_at_k(LABELS, SCORES, 2),
    ]
    return {
        "names": [[value.name, update.name] for value, update in made],
        "variables": [v.name for v in tf.local_variables()],
    }


@program
def bad_arguments(tf: Any) -> dict[str, Any]:
    cube = np.stack([LABELS, LABELS])
    return {
        "k": raised(lambda: tf.metrics.average_precision_at_k(LABELS, SCORES, 0), "Invalid k=0"),
        "rank": raised(lambda: tf.metrics.recall_at_k(cube, SCORES, 2), "Unexpected labels shape"),
    }
