"""Losses with the older order of arguments, predictions first (`tf.contrib.losses`)."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses import cross_entropies, elementwise, pairwise, reduction
from flowgraph.library.losses.arguments import same_shape_floats
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast

__all__ = [
    "absolute_difference",
    "compute_weighted_loss",
    "cosine_distance",
    "hinge_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]


def _widened(weights: Any, values: Any) -> Any:
    """Weights of some first axes with axes of length 1 for the others."""
    weights = cast(convert_to_tensor(weights), dtypes.float32)
    values = convert_to_tensor(values)
    if not weights.dims or values.dims is None:
        return weights
    missing = len(values.dims) - len(weights.dims)
    if missing <= 0:
        return weights
    ones = [1] * missing
    if None not in weights.dims:
        return array.reshape(weights, [*weights.dims, *ones])
    shape = apply("ConcatV2", [array.shape(weights), ones], 0, name="concat")
    return array.reshape(weights, shape)


def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The sum of ``losses * weights`` by the number of weights that are not 0; it joins
    `GraphKeys.LOSSES`.

    Args:
        weights: a scalar, or a tensor of the first axes of `losses`.
    """
    return reduction.compute_weighted_loss(losses, _widened(weights, losses), scope)


def absolute_difference(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """The mean of ``|predictions - labels|``; see `compute_weighted_loss`."""
    wide = _widened(weights, predictions)
    return elementwise.absolute_difference(labels, predictions, wide, scope)


def mean_squared_error(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """The mean of ``(predictions - labels) ** 2``; see `compute_weighted_loss`."""
    wide = _widened(weights, predictions)
    return elementwise.mean_squared_error(labels, predictions, wide, scope)


def log_loss(
    predictions: Any,
    labels: Any = None,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
) -> Tensor:
    """The cross-entropy of probabilities with labels; see `tf.losses.log_loss`."""
    wide = _widened(weights, predictions)
    return elementwise.log_loss(labels, predictions, wide, epsilon, scope)


def hinge_loss(logits: Any, labels: Any = None, scope: str | None = None) -> Tensor:
    """``max(0, 1 - s * logits)`` for the signs ``s = 2 * labels - 1``, element by element."""
    with name_scope(scope, "hinge_loss", [logits, labels]):
        logits, labels = same_shape_floats(logits, labels)
        ones = constants.ones_like(labels)
        signs = apply("Sub", 2 * labels, ones)
        losses: Tensor = apply("Relu", apply("Sub", ones, apply("Mul", signs, logits)))
        return losses


def cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
) -> Tensor:
    """The mean of 1 less the products along an axis; see `tf.losses.cosine_distance`."""
    return pairwise.cosine_distance(
        labels, predictions, axis, _widened(weights, predictions), scope
    )


def mean_pairwise_squared_error(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """How much differences within rows are off; see `tf.losses.mean_pairwise_squared_error`."""
    wide = _widened(weights, predictions)
    return pairwise.mean_pairwise_squared_error(labels, predictions, wide, scope)


def sigmoid_cross_entropy(
    logits: Any,
    multi_class_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Tensor:
    """The cross-entropy of ``sigmoid(logits)``; see `tf.losses.sigmoid_cross_entropy`."""
    wide = _widened(weights, logits)
    return cross_entropies.sigmoid_cross_entropy(
        multi_class_labels, logits, wide, label_smoothing, scope
    )


def softmax_cross_entropy(
    logits: Any,
    onehot_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Tensor:
    """The cross-entropy of ``softmax(logits)``; see `tf.losses.softmax_cross_entropy`."""
    return cross_entropies.softmax_cross_entropy(
        onehot_labels, logits, weights, label_smoothing, scope
    )


def sparse_softmax_cross_entropy(
    logits: Any, labels: Any, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """The cross-entropy of ``softmax(logits)`` with one label per example; see
    `tf.losses.sparse_softmax_cross_entropy`.
    """
    return cross_entropies.sparse_softmax_cross_entropy(labels, logits, weights, scope)
