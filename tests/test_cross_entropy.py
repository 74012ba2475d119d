"""What the samples of the cross-entropies cannot say: broadcasting, bad classes, argument names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.graph.build import apply

LOGITS = np.array([[1.0, -2.0, 0.5], [2.0, 0.25, -1.0]], np.float32)
LABELS = np.array([[0.0, 0.25, 0.75]], np.float32)


def _log_softmax(x: Any) -> Any:
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("shape", [[2, 3], [None, 3], None])
def test_one_row_of_labels_serves_all_rows(shape: Any) -> None:
    # TensorFlow takes unknown features for as many rows as there are labels: (1, 3) here.
    with tf.Graph().as_default(), tf.Session() as session:
        features = tf.placeholder(tf.float32, shape)
        loss, backprop = apply("SoftmaxCrossEntropyWithLogits", features, LABELS)
        assert loss.shape.is_compatible_with([2])
        found = session.run([loss, backprop], {features: LOGITS})
    logs = _log_softmax(LOGITS)
    np.testing.assert_allclose(found[0], -(LABELS * logs).sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found[1], np.exp(logs) - LABELS, atol=1e-6)


@pytest.mark.parametrize("label", [3, -1])
def test_a_label_that_is_no_class_fails(label: int) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        labels = tf.placeholder(tf.int32, [2])
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=LOGITS)
        message = rf"label value of {label} which is outside the valid range of \[0, 3\)"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session.run(loss, {labels: [0, label]})


@pytest.mark.parametrize(
    "function",
    [
        "softmax_cross_entropy_with_logits",
        "sparse_softmax_cross_entropy_with_logits",
        "sigmoid_cross_entropy_with_logits",
    ],
)
def test_arguments_must_be_named(function: str) -> None:
    loss = getattr(tf.nn, function)
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match="with named arguments"):
            loss(LOGITS, LOGITS)
        with pytest.raises(ValueError, match="Both labels and logits must be provided"):
            loss(logits=LOGITS)


def test_v1_stops_the_gradient_of_labels() -> None:
    with tf.Graph().as_default():
        labels, logits = tf.constant(LOGITS), tf.constant(LOGITS)
        stopped = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        assert tf.gradients(stopped, [labels])[0] is None
        flowing = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
        assert tf.gradients(flowing, [labels])[0] is not None
