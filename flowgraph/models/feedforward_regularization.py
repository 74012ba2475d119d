"""What keeps a network from fitting its examples too well: penalties, norms, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flowgraph as tf

__all__ = ["inverted_dropout", "limit_norms", "naive_dropout", "penalty"]


def penalty(weights: Sequence[Any], l2: float = 0.0, l1: float = 0.0) -> Any:
    """``l2 / 2 * sum w^2 + l1 * sum |w|``, also put into the collection of regularization losses.

    Its gradient with respect to w is ``l2 * w + l1 * sign(w)`` (Buduma, chapter 4; Charniak,
    equation 4.7). Ramsundar's form, the norm itself instead of half its square, is not this one.

    Args:
        weights: tensors of one float dtype.

    Returns:
        A scalar.
    """
    with tf.name_scope("penalty"):
        terms = [l2 * tf.nn.l2_loss(w) + l1 * tf.reduce_sum(tf.abs(w)) for w in weights]
        total = tf.add_n(terms)
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, total)
    return total


def limit_norms(weights: Sequence[Any], limit: float = 3.0) -> Any:
    """An operation that brings every neuron's weights back to norm `limit` where it is exceeded.

    Run after each step of descent, it makes it projected descent (Buduma, chapter 4). Vectors
    within the limit keep all their bits, which ``clip_by_norm``, multiplying and dividing by the
    limit, would not grant.

    Args:
        weights: variables [inputs, neurons]; a column is one neuron's vector.
    """
    with tf.name_scope("limit_norms"):
        updates = []
        for w in weights:
            value = tf.convert_to_tensor(w)
            outside = tf.norm(value, axis=0, keepdims=True) > limit
            projected = tf.clip_by_norm(value, limit, axes=[0])
            outside = tf.logical_and(outside, tf.ones_like(value, tf.bool))
            updates.append(tf.assign(w, tf.where(outside, projected, value)))
        return tf.group(*updates)


def naive_dropout(x: Any, keep_prob: Any, training: Any, seed: int | None = None) -> Any:
    """Dropout that scales at the test: in training each element of `x` stays with probability
    `keep_prob` and is 0 otherwise; at the test all of them are multiplied by it.

    Args:
        x: float.
        keep_prob: scalar.
        training: bool scalar tensor.
    """
    with tf.name_scope("naive_dropout"):
        kept = tf.random_uniform(tf.shape(x), seed=seed, dtype=x.dtype) < keep_prob
        return tf.cond(
            training, lambda: x * tf.cast(kept, x.dtype), lambda: x * tf.cast(keep_prob, x.dtype)
        )


def inverted_dropout(x: Any, keep_prob: Any, training: Any, seed: int | None = None) -> Any:
    """Dropout that scales in training: elements that stay are divided by `keep_prob` then, and at
    the test `x` is left alone (Buduma, chapter 4).

    Arguments as for `naive_dropout`.
    """
    with tf.name_scope("inverted_dropout"):
        return tf.cond(training, lambda: tf.nn.dropout(x, keep_prob, seed=seed), lambda: x)
