"""Losses: values, names, weights of all shapes, reductions, gradients and errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised

LABELS = np.array([[1.0, 0.0, 2.0], [0.5, -1.0, 3.0]], np.float32)
PREDICTIONS = np.array([[0.5, 0.25, 1.0], [4.0, -1.0, 2.0]], np.float32)
BITS = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]], np.float32)
CHANCES = np.array([[0.9, 0.2, 0.4], [0.1, 0.5, 0.75]], np.float32)
ONE_HOT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
WEIGHTS: dict[str, Any] = {
    "scalar": 2.0,
    "zero": 0.0,
    "rows": np.array([[1.0], [0.0]], np.float32),
    "columns": np.array([[0.0, 1.0, 2.0]], np.float32),
    "all": np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]], np.float32),
}


@program
def absolute_difference(tf: Any) -> dict[str, Any]:
    return {
        key: tf.losses.absolute_difference(LABELS, PREDICTIONS, w) for key, w in WEIGHTS.items()
    }


@program
def mean_squared_error(tf: Any) -> dict[str, Any]:
    results = {
        key: tf.losses.mean_squared_error(LABELS, PREDICTIONS, w) for key, w in WEIGHTS.items()
    }
    results["scope"] = tf.losses.mean_squared_error(LABELS, PREDICTIONS, scope="error")
    return results


@program
def huber_loss(tf: Any) -> dict[str, Any]:
    results = {key: tf.losses.huber_loss(LABELS, PREDICTIONS, w) for key, w in WEIGHTS.items()}
    results["delta"] = tf.losses.huber_loss(LABELS, PREDICTIONS, delta=0.3)
    return results


@program
def log_loss(tf: Any) -> dict[str, Any]:
    results = {key: tf.losses.log_loss(BITS, CHANCES, w) for key, w in WEIGHTS.items()}
    results["epsilon"] = tf.losses.log_loss(BITS, CHANCES, epsilon=0.1)
    return results


@program
def hinge_loss(tf: Any) -> dict[str, Any]:
    return {key: tf.losses.hinge_loss(BITS, PREDICTIONS, w) for key, w in WEIGHTS.items()}


@program
def cosine_distance(tf: Any) -> dict[str, Any]:
    return {
        "rows": tf.losses.cosine_distance(BITS, CHANCES, 1),
        "weighted": tf.losses.cosine_distance(BITS, CHANCES, axis=1, weights=WEIGHTS["rows"]),
        "columns": tf.losses.cosine_distance(BITS, CHANCES, dim=0),
    }


@program
def mean_pairwise_squared_error(tf: Any) -> dict[str, Any]:
    loss = tf.losses.mean_pairwise_squared_error
    return {
        "plain": loss(LABELS, PREDICTIONS),
        "rows": loss(LABELS, PREDICTIONS, WEIGHTS["rows"]),
        "zero": loss(LABELS, PREDICTIONS, 0.0),
        "one element": loss(LABELS[:, :1], PREDICTIONS[:, :1]),
        "cube": loss(np.ones((2, 2, 2), np.float32), np.arange(8.0).reshape(2, 2, 2)),
    }


@program
def sigmoid_cross_entropy(tf: Any) -> dict[str, Any]:
    loss = tf.losses.sigmoid_cross_entropy
    results = {key: loss(BITS, PREDICTIONS, w) for key, w in WEIGHTS.items()}
    results["smooth"] = loss(BITS, PREDICTIONS, label_smoothing=0.1)
    results["ints"] = loss(BITS.astype(np.int64), PREDICTIONS)
    return results


@program
def softmax_cross_entropy(tf: Any) -> dict[str, Any]:
    loss = tf.losses.softmax_cross_entropy
    return {
        "plain": loss(ONE_HOT, PREDICTIONS),
        "scalar": loss(ONE_HOT, PREDICTIONS, 2.5),
        "rows": loss(ONE_HOT, PREDICTIONS, np.array([0.0, 3.0])),
        "smooth": loss(ONE_HOT, PREDICTIONS, label_smoothing=0.3),
        "ints": loss(ONE_HOT.astype(np.int32), PREDICTIONS),
        "double": loss(ONE_HOT.astype(np.float64), PREDICTIONS.astype(np.float64)),
    }


@program
def sparse_softmax_cross_entropy(tf: Any) -> dict[str, Any]:
    loss = tf.losses.sparse_softmax_cross_entropy
    labels = np.array([0, 2])
    return {
        "plain": loss(labels, PREDICTIONS),
        "column": loss(labels[:, None], PREDICTIONS),
        "rows": loss(labels, PREDICTIONS, np.array([1.0, 0.0])),
        "column weights": loss(labels, PREDICTIONS, np.array([[1.0], [2.0]])),
        "int32": loss(labels.astype(np.int32), PREDICTIONS, 0.5),
    }


@program
def reductions(tf: Any) -> dict[str, Any]:
    kinds = tf.losses.Reduction
    weights = np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.5]])
    losses = tf.constant(LABELS)
    results: dict[str, Any] = {
        kind: tf.losses.compute_weighted_loss(losses, weights, reduction=kind)
        for kind in dict.fromkeys(kinds.all())
    }
    results["half"] = tf.losses.compute_weighted_loss(tf.cast(losses, tf.float16), weights)
    results["ints"] = tf.losses.compute_weighted_loss(tf.constant([1, 2, 4]))
    results["kinds"] = list(kinds.all())
    results["attribute"] = kinds.SUM_OVER_NONZERO_WEIGHTS
    return results


@program
def reduction_names(tf: Any) -> dict[str, Any]:
    kinds = tf.losses.Reduction
    loss = tf.losses.mean_squared_error
    with tf.name_scope("losses"):
        return {
            kind: loss(LABELS, PREDICTIONS, reduction=kind)
            for kind in (kinds.NONE, kinds.SUM, kinds.MEAN, kinds.SUM_OVER_BATCH_SIZE)
        }


@program
def collections(tf: Any) -> dict[str, Any]:
    first = tf.losses.mean_squared_error(LABELS, PREDICTIONS)
    with tf.name_scope("inner"):
        second = tf.losses.absolute_difference(LABELS, PREDICTIONS)
        tf.losses.huber_loss(LABELS, PREDICTIONS, loss_collection="others")
        tf.losses.log_loss(BITS, CHANCES, loss_collection=None)
    tf.losses.add_loss(tf.constant(2.0, name="own"))
    nothing = tf.losses.get_regularization_loss()
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.constant(0.5, name="penalty"))
    return {
        "first": first,
        "second": second,
        "names": [loss.name for loss in tf.losses.get_losses()],
        "scope": [loss.name for loss in tf.losses.get_losses("inner")],
        "others": [loss.name for loss in tf.losses.get_losses(loss_collection="others")],
        "regularizers": [loss.name for loss in tf.losses.get_regularization_losses()],
        "no penalty": nothing,
        "penalty": tf.losses.get_regularization_loss(),
        "total": tf.losses.get_total_loss(),
        "data": tf.losses.get_total_loss(add_regularization_losses=False, name="data"),
        "inner": tf.losses.get_total_loss(scope="inner"),
    }


@program
def open_shapes(tf: Any) -> dict[str, Any]:
    labels = tf.placeholder_with_default(LABELS, [None, 3])
    predictions = tf.placeholder_with_default(PREDICTIONS, None)
    rows = tf.placeholder_with_default(WEIGHTS["rows"], [None, 1])
    free = tf.placeholder_with_default(WEIGHTS["all"], None)
    scalar = tf.placeholder_with_default(np.float32(2.0), None)
    classes = tf.placeholder_with_default(np.array([[0], [2]]), None)
    logits = tf.placeholder_with_default(PREDICTIONS, [None, 3])
    column = tf.placeholder_with_default(np.array([[1.0], [2.0]], np.float32), None)
    loss = tf.losses.mean_squared_error
    return {
        "plain": loss(labels, predictions),
        "rows": loss(labels, predictions, rows),
        "free": loss(labels, predictions, free),
        "scalar": loss(labels, predictions, scalar),
        "pairs": tf.losses.mean_pairwise_squared_error(labels, predictions, rows),
        "classes": tf.losses.sparse_softmax_cross_entropy(classes, logits),
        "column": tf.losses.sparse_softmax_cross_entropy(classes, logits, column),
        "flat": tf.losses.sparse_softmax_cross_entropy(np.array([0, 2]), logits, column),
    }


@program
def gradients(tf: Any) -> dict[str, Any]:
    x = tf.constant(PREDICTIONS)
    chances = tf.constant(CHANCES)
    weights = WEIGHTS["all"]
    losses = {
        "absolute": tf.losses.absolute_difference(LABELS, x, weights),
        "squares": tf.losses.mean_squared_error(LABELS, x, weights),
        "huber": tf.losses.huber_loss(LABELS, x, weights),
        "hinge": tf.losses.hinge_loss(BITS, x, weights),
        "pairs": tf.losses.mean_pairwise_squared_error(LABELS, x, WEIGHTS["rows"]),
        "sigmoid": tf.losses.sigmoid_cross_entropy(BITS, x, weights),
        "softmax": tf.losses.softmax_cross_entropy(ONE_HOT, x, np.array([1.0, 2.0])),
        "sparse": tf.losses.sparse_softmax_cross_entropy(np.array([0, 2]), x),
        "cosine": tf.losses.cosine_distance(BITS, x, 1),
    }
    results = {key: tf.identity(tf.gradients(loss, x)[0]) for key, loss in losses.items()}
    log_loss = tf.losses.log_loss(BITS, chances, weights)
    results["log"] = tf.identity(tf.gradients(log_loss, chances)[0])
    return results


@program
def bad_arguments(tf: Any) -> dict[str, Any]:
    loss = tf.losses.mean_squared_error
    narrow = PREDICTIONS[:, :2]
    free = tf.placeholder_with_default(np.ones(3, np.float32), None)
    refused = loss(LABELS, PREDICTIONS, free)
    with tf.Session() as session:
        late = raised(lambda: session.run(refused), "weights can not be broadcast to values")
    return {
        "no labels": raised(lambda: loss(None, PREDICTIONS), "must not be None"),
        "no predictions": raised(lambda: loss(LABELS, None), "must not be None"),
        "shapes": raised(lambda: loss(LABELS, narrow), "are incompatible"),
        "rank": raised(
            lambda: loss(LABELS, PREDICTIONS, np.ones(2)), "weights can not be broadcast"
        ),
        "size": raised(lambda: loss(LABELS, PREDICTIONS, np.ones((2, 2))), "Mismatch at dim 1"),
        "reduction": raised(
            lambda: loss(LABELS, PREDICTIONS, reduction="mean"), "Invalid Reduction Key"
        ),
        "axis": raised(lambda: tf.losses.cosine_distance(BITS, CHANCES), "specify argument `axis`"),
        "late": late,
        "no losses": raised(lambda: tf.losses.get_total_loss(scope="nothing"), ""),
    }
