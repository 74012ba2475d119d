"""What all classifiers of images share: their parts by name, the loss, the step and the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["Classifier", "classifier", "training_switch"]


class Classifier(NamedTuple):
    """A network of images to classes with its training step.

    Attributes:
        images: [batch, height, width, channels].
        labels: int [batch].
        is_training: a bool scalar, False unless fed, that dropout and batch normalization obey;
            None if nothing does.
        layers: the activations, by name.
        logits: [batch, classes].
        probabilities: ``softmax(logits)``.
        loss: what `train` lowers.
        train: the op of one step.
        correct: bool [batch]. The accuracy of a data set is the sum of these over the number of
            examples, not over that of batches.
        accuracy: the mean of `correct`.
    """

    images: Any
    labels: Any
    is_training: Any
    layers: Mapping[str, Any]
    logits: Any
    probabilities: Any
    loss: Any
    train: Any
    correct: Any
    accuracy: Any


def training_switch() -> Any:
    """A bool placeholder, False by default."""
    return tf.placeholder_with_default(False, [], "is_training")


def classifier(
    images: Any,
    labels: Any,
    layers: Mapping[str, Any],
    optimizer: Any,
    is_training: Any = None,
    summed: bool = False,
    updates: Any = (),
) -> Classifier:
    """The rest of a classifier, from its activations; the last one is the logits.

    ``loss = mean over the batch of -log softmax(logits)[label]``

    Args:
        optimizer: of `tf.train`.
        summed: whether the loss is the sum over the batch instead.
        updates: ops to run with every step, such as those of moving averages.
    """
    logits = list(layers.values())[-1]
    with tf.name_scope("loss"):
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_sum(losses) if summed else tf.reduce_mean(losses)
    with tf.name_scope("train"), tf.control_dependencies(list(updates)):
        train = optimizer.minimize(loss)
    with tf.name_scope("score"):
        correct = tf.equal(tf.argmax(logits, 1), tf.cast(labels, tf.int64))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        probabilities = tf.nn.softmax(logits)
    return Classifier(
        images,
        labels,
        is_training,
        layers,
        logits,
        probabilities,
        loss,
        train,
        correct,
        accuracy,
    )
