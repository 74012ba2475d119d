"""Precision and recall of the k best predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.metrics import top_sets
from flowgraph.library.metrics.accumulators import Result, collect, metric_variable
from flowgraph.ops import state
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reorder import top_k
from flowgraph.ops.rounding import divide

__all__ = [
    "at_k_name",
    "precision_at_k",
    "precision_at_top_k",
    "recall_at_k",
    "recall_at_top_k",
    "sparse_precision_at_k",
]


def at_k_name(name: str, k: int | None, class_id: int | None = None) -> str:
    """The default name of a metric at k: ``recall_at_5_class2``."""
    found = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return found if class_id is None else f"{found}_class{class_id}"


def _running(
    kind: str,
    count: Callable[..., Tensor],
    arguments: tuple[Any, Tensor, int | None, int | None, Any],
) -> tuple[Any, Tensor]:
    """A variable that sums up a count, and the op that takes a batch in."""
    labels, predictions, k, class_id, weights = arguments
    with name_scope(None, at_k_name(kind, k, class_id), [predictions, labels, weights]) as scope:
        found = count(labels, predictions, class_id=class_id, weights=weights)
        total = reduce_sum(found)
        variable = metric_variable([], dtypes.float64, name=scope)
        return variable, state.assign_add(variable, total, name="update")


def _share_at_top_k(
    kind: str,
    others: tuple[str, Callable[..., Tensor]],
    labels: Any,
    predictions_idx: Any,
    k: int | None,
    class_id: int | None,
    weights: Any,
    collections: tuple[Any, Any],
    name: str | None,
) -> Result:
    values = [predictions_idx, labels, weights]
    with name_scope(name, at_k_name(kind, k, class_id), values) as scope:
        chosen = convert_to_tensor(predictions_idx)
        labels = top_sets.expand_labels(labels, chosen)
        chosen = cast(chosen, dtypes.int64)
        arguments = (labels, chosen, k, class_id, weights)
        hits, hits_after = _running("true_positive", top_sets.true_positives, arguments)
        rest, rest_after = _running(*others, arguments)
        value = divide(hits, apply("Add", hits, rest), name=scope)
        collect(collections[0], value)
        update = divide(hits_after, apply("Add", hits_after, rest_after), name="update")
        collect(collections[1], update)
        return value, update


def precision_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How many of the predicted classes are among an example's labels, over all examples.

    Args:
        labels: int64 class numbers [..., labels], dense or sparse, or [...] for one label each.
        predictions_idx: class numbers [..., k].
        k: for the default name only.
        class_id: count only this class.
        weights: None for 1; a scalar, or a tensor [...] or of size 1 along some axes.
        metrics_collections, updates_collections: collections that the two results join.
        name: the name scope.

    Returns:
        ``(value, update)``, float64: the precision so far, and the op that takes a batch in and
        returns the precision after it.

    Raises:
        ValueError: if shapes do not fit.
    """
    return _share_at_top_k(
        "precision",
        ("false_positive", top_sets.false_positives),
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        (metrics_collections, updates_collections),
        name,
    )


def recall_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How many of an example's labels are among the predicted classes, over all examples.

    See `precision_at_top_k`.
    """
    return _share_at_top_k(
        "recall",
        ("false_negative", top_sets.false_negatives),
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        (metrics_collections, updates_collections),
        name,
    )


def precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """`precision_at_top_k` of the k classes with the highest scores.

    Args:
        predictions: scores of the classes, [..., classes].
        k: how many classes count as predicted.
    """
    values = [predictions, labels, weights]
    with name_scope(name, at_k_name("precision", k, class_id), values) as scope:
        _, chosen = top_k(predictions, k)
        collections = (metrics_collections, updates_collections)
        return precision_at_top_k(labels, chosen, k, class_id, weights, *collections, scope)


def sparse_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The older name of `precision_at_k`."""
    collections = (metrics_collections, updates_collections)
    return precision_at_k(labels, predictions, k, class_id, weights, *collections, name)


def recall_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """`recall_at_top_k` of the k classes with the highest scores.

    Args:
        predictions: scores of the classes, [..., classes].
        k: how many classes count as predicted.
    """
    values = [predictions, labels, weights]
    with name_scope(name, at_k_name("recall", k, class_id), values) as scope:
        _, chosen = top_k(predictions, k)
        collections = (metrics_collections, updates_collections)
        return recall_at_top_k(labels, chosen, k, class_id, weights, *collections, scope)
