"""Cross-entropies of logits, weighted and reduced."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.arguments import require
from flowgraph.library.losses.ranks import drop_extra_axis
from flowgraph.library.losses.reduction import Reduction, compute_weighted_loss
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.confusion import remove_squeezable_dimensions
from flowgraph.ops.cross_entropy import (
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.pointwise_losses import sigmoid_cross_entropy_with_logits

__all__ = ["sigmoid_cross_entropy", "softmax_cross_entropy", "sparse_softmax_cross_entropy"]


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross-entropy of ``sigmoid(logits)`` with labels of independent classes.

    Args:
        multi_class_labels: 0 or 1, [batch, classes].
        logits: [batch, classes].
        label_smoothing: s > 0 moves labels towards 1/2: ``labels * (1 - s) + s / 2``.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or labels or logits are None.
    """
    require(multi_class_labels=multi_class_labels, logits=logits)
    values = [logits, multi_class_labels, weights]
    with name_scope(scope, "sigmoid_cross_entropy_loss", values) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross-entropy of ``softmax(logits)`` with the labels' distributions.

    Args:
        onehot_labels: distributions over classes, [batch, classes].
        logits: [batch, classes].
        label_smoothing: s > 0 moves labels towards 1/classes: ``labels * (1 - s) + s / classes``.
        weights: a scalar, or one per example; see `compute_weighted_loss`, as for the others.

    Raises:
        ValueError: if shapes do not fit, or labels or logits are None.
    """
    require(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            classes = cast(array.shape(labels)[-1], logits.dtype)
            others = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + others
        labels = apply("StopGradient", labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross-entropy of ``softmax(logits)`` with one label per example.

    Args:
        labels: the classes' numbers, int32 or int64 [...] or [..., 1].
        logits: [..., classes].
        weights: a scalar, or one per example; see `compute_weighted_loss`, as for the others.

    Raises:
        ValueError: if shapes do not fit, or labels or logits are None.
    """
    require(labels=labels, logits=logits)
    values = [logits, labels, weights]
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", values) as scope:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        weights = drop_extra_axis(weights, labels)
        losses = sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)
