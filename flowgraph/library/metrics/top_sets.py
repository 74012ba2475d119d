"""The sets behind metrics of the k best predictions: true and false ones among them."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.ranks import add_last_axis_if
from flowgraph.library.losses.weights import assert_broadcastable
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.joining import concat
from flowgraph.ops.set_ops import set_difference, set_intersection, set_size
from flowgraph.ops.sparse_functions import convert_to_tensor_or_sparse_tensor, sparse_retain
from flowgraph.ops.sparse_order import sparse_reshape

__all__ = ["expand_labels", "false_negatives", "false_positives", "true_positives"]


def expand_labels(labels: Any, predictions: Tensor) -> Any:
    """Labels with a last axis, of length 1 if they had one less than `predictions`.

    Raises:
        ValueError: if the ranks are known and differ otherwise.
    """
    with name_scope(None, "expand_labels", [labels, predictions]) as scope:
        labels = convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, SparseTensor):
            rank = apply("Size", labels.dense_shape)
            missing = apply("Equal", apply("Rank", predictions), rank + 1)
            extra = apply("Pack", [cast(missing, dtypes.int32)], name="stack")
            ones = cast(apply("Fill", extra, 1), dtypes.int64)
            return sparse_reshape(labels, concat([labels.dense_shape, ones], 0), name=scope)
        if labels.dims is not None and predictions.dims is not None:
            missing_axes = len(predictions.dims) - len(labels.dims)
            if missing_axes == 0:
                return labels
            if missing_axes == 1:
                return apply("ExpandDims", labels, -1, name=scope)
            raise ValueError(
                f"Unexpected labels shape {labels.get_shape()} for predictions shape "
                f"{predictions.get_shape()}. Predictions rank should be the same rank as labels "
                "rank or labels rank plus one."
            )
        missing = apply("Equal", apply("Rank", predictions), apply("Rank", labels) + 1)
        return add_last_axis_if(missing, labels)


def _only_class(ids: Any, class_id: int) -> SparseTensor:
    """The elements of `ids` that equal a class."""
    ids = convert_to_tensor_or_sparse_tensor(ids)
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, apply("Equal", ids.values, class_id))
    shape = array.shape(ids, out_type=dtypes.int64)
    one_each = concat([shape[:-1], [1]], 0)
    wanted = apply("Fill", one_each, cast(class_id, dtypes.int64))
    found = set_intersection(wanted, cast(ids, dtypes.int64))
    return SparseTensor(found.indices, found.values, shape)


def _chosen(labels: Any, predictions: Any, class_id: int | None) -> tuple[Any, Any]:
    if class_id is None:
        return labels, predictions
    return _only_class(labels, class_id), _only_class(predictions, class_id)


def _counted(found: SparseTensor, weights: Any) -> Tensor:
    """The weighted sizes of the rows."""
    count: Tensor = cast(set_size(found), dtypes.float64)
    if weights is not None:
        with control_dependencies([assert_broadcastable(weights, count)]):
            count = apply("Mul", count, cast(weights, dtypes.float64))
    return count


def true_positives(
    labels: Any,
    predictions: Any,
    class_id: int | None = None,
    weights: Any = None,
    name: str | None = None,
) -> Tensor:
    """How many of the predicted classes are among the labels, for each example."""
    with name_scope(name, "true_positives", [predictions, labels, weights]):
        labels, predictions = _chosen(labels, predictions, class_id)
        return _counted(set_intersection(predictions, labels), weights)


def false_positives(labels: Any, predictions: Any, class_id: int | None, weights: Any) -> Tensor:
    """How many of the predicted classes are not among the labels, for each example."""
    with name_scope(None, "false_positives", [predictions, labels, weights]):
        labels, predictions = _chosen(labels, predictions, class_id)
        return _counted(set_difference(predictions, labels, aminusb=True), weights)


def false_negatives(labels: Any, predictions: Any, class_id: int | None, weights: Any) -> Tensor:
    """How many of the labels are not among the predicted classes, for each example."""
    with name_scope(None, "false_negatives", [predictions, labels, weights]):
        labels, predictions = _chosen(labels, predictions, class_id)
        return _counted(set_difference(predictions, labels, aminusb=False), weights)
