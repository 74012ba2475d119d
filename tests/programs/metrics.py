"""Metrics: values and updates over two batches, names, weights and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.programs import program, raised

CLASSES = np.array([[0, 1, 2, 1], [1, 1, 0, 2]])
GUESSES = np.array([[0, 2, 2, 1], [1, 0, 0, 1]])
TRUTH = np.array([[1, 0, 1, 1], [0, 0, 1, 0]])
CHANCES = np.array([[0.9, 0.2, 0.4, 0.0], [0.1, 0.6, 1.0, 0.75]], np.float32)
NUMBERS = np.array([[1.0, -2.0, 0.5, 3.0], [0.25, 4.0, -1.0, 2.0]], np.float32)
TARGETS = np.array([[0.5, -2.0, 1.5, 2.0], [0.0, 5.0, 1.0, 2.5]], np.float32)
WEIGHTS = np.array([[1.0, 0.0, 2.0, 0.5], [3.0, 1.0, 0.0, 1.0]], np.float32)
THRESHOLDS = [0.0, 0.3, 0.5, 0.9]
Metric = Callable[..., Any]


def over_batches(tf: Any, metric: Metric, *columns: Any, **settings: Any) -> list[Any]:
    """Value and update of each batch (a row of every column), then the last value."""
    batches = [
        tf.placeholder(column.dtype, column.shape[1:], name=f"batch_{i}")
        for i, column in enumerate(columns)
    ]
    if "weights" in settings:
        batches.append(tf.placeholder(tf.float32, WEIGHTS.shape[1:]))
        columns = (*columns, settings["weights"])
        settings["weights"] = batches[-1]
        arguments = batches[:-1]
    else:
        arguments = batches
    value, update = metric(*arguments, **settings)
    found: list[Any] = []
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for rows in zip(*columns, strict=True):
            found += [session.run(value)]
            found += [session.run(update, dict(zip(batches, rows, strict=True)))]
        found += [session.run(value)]
    return [np.asarray(each) for each in found]


def plain_and_weighted(tf: Any, metric: Metric, *columns: Any, **settings: Any) -> dict[str, Any]:
    return {
        "plain": over_batches(tf, metric, *columns, **settings),
        "weighted": over_batches(tf, metric, *columns, weights=WEIGHTS, **settings),
    }


@program
def means(tf: Any) -> dict[str, Any]:
    return plain_and_weighted(tf, tf.metrics.mean, NUMBERS)


@program
def mean_tensors(tf: Any) -> dict[str, Any]:
    return plain_and_weighted(tf, tf.metrics.mean_tensor, NUMBERS)


@program
def accuracies(tf: Any) -> dict[str, Any]:
    return plain_and_weighted(tf, tf.metrics.accuracy, CLASSES, GUESSES)


@program
def errors(tf: Any) -> dict[str, Any]:
    kinds = ("mean_absolute_error", "mean_squared_error", "root_mean_squared_error")
    results: dict[str, Any] = {}
    for kind in kinds:
        found = plain_and_weighted(tf, getattr(tf.metrics, kind), TARGETS, NUMBERS)
        results.update({f"{kind} {key}": value for key, value in found.items()})
    return results


@program
def other_means(tf: Any) -> dict[str, Any]:
    normalizer = np.array([1.0, 0.0, 2.0, 4.0], np.float32)
    unit = (NUMBERS / np.linalg.norm(NUMBERS, axis=1, keepdims=True)).astype(np.float32)
    goal = (TARGETS / np.linalg.norm(TARGETS, axis=1, keepdims=True)).astype(np.float32)
    metrics = tf.metrics
    return {
        "relative": over_batches(
            tf, metrics.mean_relative_error, TARGETS, NUMBERS, normalizer=normalizer
        ),
        "cosine": over_batches(tf, metrics.mean_cosine_distance, goal, unit, dim=0),
        "below": over_batches(tf, metrics.percentage_below, NUMBERS, threshold=1.0),
        "below weighted": over_batches(
            tf, metrics.percentage_below, NUMBERS, threshold=1.0, weights=WEIGHTS
        ),
    }


@program
def counts(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    kinds = ("true_positives", "false_positives", "true_negatives", "false_negatives")
    for kind in (*kinds, "precision", "recall"):
        metric = getattr(tf.metrics, kind)
        found = plain_and_weighted(tf, metric, TRUTH, GUESSES)
        results.update({f"{kind} {key}": value for key, value in found.items()})
    return results


@program
def counts_at_thresholds(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    kinds = ("true_positives", "false_positives", "true_negatives", "false_negatives")
    for kind in (*kinds, "precision", "recall"):
        metric = getattr(tf.metrics, f"{kind}_at_thresholds")
        found = plain_and_weighted(tf, metric, TRUTH, CHANCES, thresholds=THRESHOLDS)
        results.update({f"{kind} {key}": value for key, value in found.items()})
    return results


@program(factor=4)
def areas(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for curve in ("ROC", "PR"):
        for method in ("trapezoidal", "careful_interpolation", "minoring", "majoring"):
            results[f"{curve} {method}"] = over_batches(
                tf, tf.metrics.auc, TRUTH, CHANCES, curve=curve, summation_method=method
            )
    few = {"num_thresholds": 5}
    results["few"] = over_batches(tf, tf.metrics.auc, TRUTH, CHANCES, **few)
    results["own"] = over_batches(tf, tf.metrics.auc, TRUTH, CHANCES, thresholds=[0.5, 0.3])
    results["weighted"] = over_batches(tf, tf.metrics.auc, TRUTH, CHANCES, weights=WEIGHTS)
    return results


@program
def points(tf: Any) -> dict[str, Any]:
    sensitivity = tf.metrics.sensitivity_at_specificity
    specificity = tf.metrics.specificity_at_sensitivity
    return {
        "sensitivity": over_batches(tf, sensitivity, TRUTH, CHANCES, specificity=0.7),
        "sensitivity weighted": over_batches(
            tf, sensitivity, TRUTH, CHANCES, specificity=0.4, weights=WEIGHTS, num_thresholds=20
        ),
        "specificity": over_batches(tf, specificity, TRUTH, CHANCES, sensitivity=0.7),
        "specificity weighted": over_batches(
            tf, specificity, TRUTH, CHANCES, sensitivity=0.4, weights=WEIGHTS, num_thresholds=20
        ),
    }


@program
def classes(tf: Any) -> dict[str, Any]:
    metrics = tf.metrics
    results: dict[str, Any] = {}
    for kind in ("mean_iou", "mean_per_class_accuracy"):
        metric = getattr(metrics, kind)
        found = plain_and_weighted(tf, metric, CLASSES, GUESSES, num_classes=4)
        results.update({f"{kind} {key}": value for key, value in found.items()})
    made = [
        metrics.mean_iou(tf.constant(CLASSES), tf.constant(GUESSES), 3),
        metrics.mean_per_class_accuracy(tf.constant(CLASSES), tf.constant(GUESSES), 3),
    ]
    results["names"] = [[value.name, update.name] for value, update in made]
    results["variables"] = [v.name for v in tf.local_variables()[-3:]]
    return results


@program
def names(tf: Any) -> dict[str, Any]:
    metrics = tf.metrics
    labels, guesses = tf.constant(CLASSES), tf.constant(GUESSES)
    truth, chances = tf.constant(TRUTH), tf.constant(CHANCES)
    made = {
        "accuracy": metrics.accuracy(labels, guesses),
        "again": metrics.accuracy(labels, guesses, WEIGHTS),
        "named": metrics.accuracy(labels, guesses, name="hits"),
        "mean": metrics.mean(chances),
        "tensor": metrics.mean_tensor(chances),
        "squares": metrics.mean_squared_error(truth, tf.cast(labels, tf.int64)),
        "precision": metrics.precision(truth, guesses),
        "recall": metrics.recall(truth, guesses, WEIGHTS),
        "positives": metrics.true_positives(truth, guesses),
        "thresholds": metrics.recall_at_thresholds(truth, chances, THRESHOLDS),
        "auc": metrics.auc(truth, chances, num_thresholds=4),
        "point": metrics.sensitivity_at_specificity(truth, chances, 0.5, num_thresholds=4),
        "below": metrics.percentage_below(chances, 0.5),
    }
    with tf.variable_scope("evaluation"):
        made["scoped"] = metrics.recall(truth, guesses)
    results: dict[str, Any] = {
        key: [value.name, update.name] for key, (value, update) in made.items()
    }
    results["variables"] = [v.name for v in tf.local_variables()]
    results["metric variables"] = [v.name for v in tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)]
    results["global variables"] = [v.name for v in tf.global_variables()]
    results["trainable variables"] = [v.name for v in tf.trainable_variables()]
    return results


@program
def collections(tf: Any) -> dict[str, Any]:
    where = {"metrics_collections": ["values", "all"], "updates_collections": ["updates", "all"]}
    metrics = tf.metrics
    labels, guesses = tf.constant(CLASSES), tf.constant(GUESSES)
    truth, chances = tf.constant(TRUTH), tf.constant(CHANCES)
    metrics.accuracy(labels, guesses, **where)
    metrics.root_mean_squared_error(tf.constant(TARGETS), tf.constant(NUMBERS), **where)
    metrics.mean_cosine_distance(tf.constant(TARGETS), tf.constant(NUMBERS), 1, **where)
    metrics.recall(truth, guesses, **where)
    metrics.false_negatives(truth, guesses, **where)
    metrics.true_positives_at_thresholds(truth, chances, THRESHOLDS, **where)
    metrics.precision_at_thresholds(truth, chances, THRESHOLDS, **where)
    metrics.auc(truth, chances, **where)
    return {
        key: [each.name for each in tf.get_collection(key)] for key in ("values", "updates", "all")
    }


@program
def open_shapes(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for key, shape in {"rows": [None, 4], "free": None}.items():
        labels = tf.placeholder_with_default(CLASSES, shape)
        guesses = tf.placeholder_with_default(GUESSES, shape)
        weights = tf.placeholder_with_default(WEIGHTS, shape)
        column = tf.placeholder_with_default(WEIGHTS[:, :1], None)
        results[f"{key} plain"] = tf.metrics.accuracy(labels, guesses)[1]
        results[f"{key} weighted"] = tf.metrics.accuracy(labels, guesses, weights)[1]
        results[f"{key} column"] = tf.metrics.accuracy(labels, guesses, column)[1]
        results[f"{key} scalar"] = tf.metrics.mean(labels, np.float32(0.5))[1]
    flat = tf.placeholder_with_default(CLASSES[0], None)
    wide = tf.placeholder_with_default(GUESSES[0][:, None], None)
    results["squeezed"] = tf.metrics.accuracy(flat, wide)[1]
    results["squeezed weights"] = tf.metrics.accuracy(flat, wide, WEIGHTS[0][:, None])[1]
    return results


@program
def squeezed(tf: Any) -> dict[str, Any]:
    labels, guesses = CLASSES[0], GUESSES[0]
    return {
        "predictions": tf.metrics.accuracy(labels, guesses[:, None])[1],
        "labels": tf.metrics.accuracy(labels[:, None], guesses)[1],
        "weights": tf.metrics.accuracy(labels, guesses, WEIGHTS[0][:, None])[1],
        "wider weights": tf.metrics.accuracy(CLASSES, GUESSES, np.array([1.0, 2.0]))[1],
    }


@program
def bad_arguments(tf: Any) -> dict[str, Any]:
    metrics = tf.metrics
    labels, chances = tf.constant(TRUTH), tf.constant(CHANCES)
    too_large = tf.placeholder_with_default(CHANCES + np.float32(1), None)
    outside = metrics.auc(tf.placeholder_with_default(TRUTH, None), too_large)[1]
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        late = raised(lambda: session.run(outside), r"predictions must be in \[0, 1\]")
    return {
        "shapes": raised(lambda: metrics.accuracy(CLASSES, GUESSES[:, :2]), "incompatible"),
        "weights": raised(
            lambda: metrics.mean(NUMBERS, np.ones((3, 4), np.float32)),
            "weights can not be broadcast",
        ),
        "curve": raised(lambda: metrics.auc(labels, chances, curve="PRC"), "Curve must be either"),
        "method": raised(
            lambda: metrics.auc(labels, chances, summation_method="left"),
            "Invalid summation_method",
        ),
        "specificity": raised(
            lambda: metrics.sensitivity_at_specificity(labels, chances, 1.5), "range"
        ),
        "sensitivity": raised(
            lambda: metrics.specificity_at_sensitivity(labels, chances, -0.5), "range"
        ),
        "late": late,
    }
