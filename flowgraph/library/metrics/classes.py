"""Metrics of predicted class numbers that give every class the same say."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.metrics.accumulators import Result, collect, metric_variable, quotient
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array, constants, state, state_scatter
from flowgraph.ops.cast import cast
from flowgraph.ops.confusion import confusion_matrix
from flowgraph.ops.diagonal import diag_part
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.rounding import divide
from flowgraph.ops.select import where

__all__ = ["mean_iou", "mean_per_class_accuracy"]


def _flat(tensor: Any) -> Tensor:
    """All elements in a row."""
    found: Tensor = convert_to_tensor(tensor)
    if found.dims is None or len(found.dims) > 1:
        found = array.reshape(found, [-1])
    return found


def mean_per_class_accuracy(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The mean over classes of how often an example of the class is predicted to be of it.

    Args:
        labels, predictions: class numbers, of one shape.
        num_classes: the number of classes.
        weights: None for 1, or one per example.
        metrics_collections, updates_collections: collections that the two results join.
        name: the variable scope.

    Returns:
        ``(value, update)``: the mean so far, and the op that takes a batch in and returns the
        accuracies [num_classes] after it.

    Raises:
        ValueError: if shapes do not fit.
    """
    with variable_scope(name, "mean_accuracy", [predictions, labels, weights]):
        labels = _flat(cast(labels, dtypes.int64))
        predictions = _flat(predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total = metric_variable([num_classes], dtypes.float32, name="total")
        count = metric_variable([num_classes], dtypes.float32, name="count")
        ones = constants.ones([array.size(labels)], dtypes.float32)
        if labels.dtype is not predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        hits = cast(apply("Equal", predictions, labels), dtypes.float32)
        if weights is not None:
            weights = cast(_flat(weights), dtypes.float32)
            hits = hits * weights
            ones = ones * weights
        total_after = state_scatter.scatter_add(total, labels, ones)
        count_after = state_scatter.scatter_add(count, labels, hits)
        value = reduce_mean(quotient(count, total), name="mean_accuracy")
        collect(metrics_collections, value)
        update = quotient(count_after, total_after, name="update_op")
        collect(updates_collections, update)
        return value, update


def mean_iou(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The mean over classes of intersection over union: how many examples are of the class and
    predicted to be, by how many are either. Classes that occur in neither are left out.

    Args:
        labels, predictions: class numbers, of one shape.
        num_classes: the number of classes.
        weights: None for 1, or one per example.
        metrics_collections, updates_collections: collections that the two results join.
        name: the variable scope.

    Returns:
        ``(value, update)``: the mean so far, and the op that takes a batch in and returns the
        confusion matrix [num_classes, num_classes] after it.

    Raises:
        ValueError: if shapes do not fit.
    """
    with variable_scope(name, "mean_iou", [predictions, labels, weights]):
        predictions = convert_to_tensor(predictions)
        labels = convert_to_tensor(labels)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        kind = dtypes.float64
        total = metric_variable([num_classes, num_classes], kind, name="total_confusion_matrix")
        predictions = cast(predictions, dtypes.int64)
        labels = cast(labels, dtypes.int64)
        classes = cast(num_classes, dtypes.int64)
        predictions, labels = _flat(predictions), _flat(labels)
        if weights is not None:
            weights = _flat(weights)
        batch = confusion_matrix(labels, predictions, classes, weights=weights, dtype=kind)
        update = state.assign_add(total, batch)
        value = _intersection_over_union(total)
        collect(metrics_collections, value)
        collect(updates_collections, update)
        return value, update


def _intersection_over_union(confusion: Any) -> Tensor:
    predicted = cast(reduce_sum(confusion, 0), dtypes.float32)
    labelled = cast(reduce_sum(confusion, 1), dtypes.float32)
    both = cast(diag_part(confusion), dtypes.float32)
    either = predicted + labelled - both
    present = reduce_sum(cast(apply("NotEqual", either, 0), dtypes.float32))
    either = where(apply("Greater", either, 0), either, constants.ones_like(either))
    shares = reduce_sum(divide(both, either), name="mean_iou")
    return where(apply("Greater", present, 0), shares / present, 0)
