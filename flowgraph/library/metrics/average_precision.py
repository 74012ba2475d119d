"""The mean over examples of the average precision of the k best predictions."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.weights import broadcast_weights
from flowgraph.library.metrics import top_sets
from flowgraph.library.metrics.accumulators import Result, collect, metric_variable
from flowgraph.library.metrics.top_k import at_k_name
from flowgraph.ops import array, constants, scan, state
from flowgraph.ops.cast import cast
from flowgraph.ops.cond import cond
from flowgraph.ops.joining import concat
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reorder import top_k
from flowgraph.ops.rounding import div_no_nan, divide
from flowgraph.ops.select import where_v2
from flowgraph.ops.set_ops import set_size
from flowgraph.ops.sparse_functions import convert_to_tensor_or_sparse_tensor
from flowgraph.ops.sparse_order import sparse_reshape
from flowgraph.ops.sparse_parts import sparse_concat

__all__ = ["average_precision_at_k", "sparse_average_precision_at_k"]


def _repeated(labels: Any, k: int) -> Any:
    """Each example's labels k times: [..., k, labels]."""
    with name_scope("labels_per_k", None, [labels]) as scope:
        if isinstance(labels, SparseTensor):
            shape = labels.dense_shape
            wider = concat([shape[:-1], [1], shape[-1:]], 0)
            expanded = sparse_reshape(labels, wider, name="expand")
            return expanded if k == 1 else sparse_concat(-2, [expanded] * k, name=scope)
        expanded = apply("ExpandDims", labels, -2, name="expand")
        if k == 1:
            return expanded
        ones = constants.ones_like(array.shape(labels))
        multiples = concat([ones[:-1], [k], ones[-1:]], 0, name="multiples")
        return array.tile(expanded, multiples, name=scope)


def _relevant(labels: Any, k: int) -> Tensor:
    """The number of labels of each example, k at most."""
    with name_scope(None, "num_relevant", [labels]) as scope:
        if isinstance(labels, SparseTensor):
            count: Tensor = apply("Minimum", set_size(labels), k, name=scope)
            return count
        real = apply("GreaterEqual", labels, 0)
        ones, zeros = constants.ones_like(labels), constants.zeros_like(labels)
        count = apply("Minimum", reduce_sum(where_v2(real, ones, zeros), axis=-1), k, name=scope)
        return count


def _average_precision(labels: Any, chosen: Tensor) -> Tensor:
    """The mean of the precisions at those ranks up to k where a label stands, float64 [...]."""
    with name_scope(None, "average_precision", [chosen, labels]) as scope:
        chosen = cast(chosen, dtypes.int64, name="predictions_idx")
        if chosen.get_shape().ndims == 0:
            raise ValueError("The rank of `predictions_idx` must be at least 1.")
        k = chosen.get_shape().as_list()[-1]
        if k is None:
            raise ValueError(
                "The last dimension of predictions_idx must be set. Currently, it is None."
            )
        labels = top_sets.expand_labels(labels, chosen)
        per_rank = apply("ExpandDims", chosen, -1, name="predictions_idx_per_k")
        relevant = top_sets.true_positives(_repeated(labels, k), per_rank, name="relevant_per_k")
        hits = scan.cumsum(relevant, axis=-1, name="tp_per_k")
        ranks = scan.cumsum(constants.ones_like(relevant), axis=-1, name="retrieved_per_k")
        precision = divide(hits, ranks, name="precision_per_k")
        counted = apply("Mul", precision, relevant, name="relevant_precision_per_k")
        total = reduce_sum(counted, axis=(-1,), name="precision_sum")
        result: Tensor = divide(total, cast(_relevant(labels, k), dtypes.float64), name=scope)
        return result


def _without_unknown(labels: Any, num_classes: Tensor) -> Any:
    """Labels with -1, which no prediction equals, in place of classes that do not exist."""
    labels = convert_to_tensor_or_sparse_tensor(labels)
    values = labels.values if isinstance(labels, SparseTensor) else labels
    values = cast(values, dtypes.int64)

    def without() -> Tensor:
        unknown = apply("GreaterEqual", values, num_classes)
        return where_v2(unknown, -1 * constants.ones_like(values), values)

    any_unknown = apply("GreaterEqual", reduce_max(values), num_classes)
    cleaned = cond(any_unknown, without, lambda: values)
    if isinstance(labels, SparseTensor):
        return SparseTensor(labels.indices, cleaned, labels.dense_shape)
    return cleaned


def _running_mean(values: Tensor, weights: Any, collections: tuple[Any, Any], scope: str) -> Result:
    if weights is not None:
        weights = broadcast_weights(cast(weights, dtypes.float64), values)
        values = apply("Mul", values, weights)
    with name_scope(None, "max", [values]) as count_scope:
        count = metric_variable([], dtypes.float64, name=count_scope)
        if weights is None:
            number = cast(array.size(values, name="batch_max"), dtypes.float64)
        else:
            number = reduce_sum(weights, name="batch_max")
        count_after = state.assign_add(count, number, name="update")
    with name_scope(None, "total", [values]) as total_scope:
        total = metric_variable([], dtypes.float64, name=total_scope)
        batch = reduce_sum(values, name="batch_total")
        total_after = state.assign_add(total, batch, name="update")
    value = div_no_nan(total, count, name="mean")
    collect(collections[0], value)
    update = div_no_nan(total_after, count_after, name=scope)
    collect(collections[1], update)
    return value, update


def average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The mean over examples of their average precision at k: the sum of the precisions at those
    ranks up to k where a label stands, by the number of labels (k at most).

    Args:
        labels: int64 class numbers [..., labels], dense or sparse, or [...] for one label each.
        predictions: scores of the classes, [..., classes].
        k: how many classes count as predicted.
        weights: None for 1; a scalar, or a tensor [...] or of size 1 along some axes.
        metrics_collections, updates_collections: collections that the two results join.
        name: the name scope.

    Returns:
        ``(value, update)``, float64: the mean so far, and the op that takes a batch in and returns
        the mean after it.

    Raises:
        ValueError: if shapes do not fit, or `k` is less than 1.
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}. `k` should be >= 1.")
    default_name = at_k_name("average_precision", k)
    with name_scope(name, default_name, [predictions, labels, weights]) as at_k:
        predictions = convert_to_tensor(predictions)
        _, chosen = top_k(predictions, k)
        classes = cast(array.shape(predictions)[-1], dtypes.int64)
        labels = _without_unknown(labels, classes)
        with name_scope(at_k, None, [chosen]) as scope:
            values = _average_precision(labels, chosen)
            collections = (metrics_collections, updates_collections)
            return _running_mean(values, weights, collections, scope)


def sparse_average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The older name of `average_precision_at_k`."""
    collections = (metrics_collections, updates_collections)
    return average_precision_at_k(labels, predictions, k, weights, *collections, name)
