"""Counts of right and wrong yes-or-no predictions, precision and recall."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.library.metrics.accumulators import (
    Result,
    collect,
    metric_variable,
    same_rank,
    value_of,
)
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array, state
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import divide
from flowgraph.ops.select import where
from flowgraph.ops.static_assertions import assert_rank_in, assert_type

__all__ = [
    "false_negatives",
    "false_positives",
    "precision",
    "recall",
    "true_negatives",
    "true_positives",
]


def _bools(predictions: Any, labels: Any, weights: Any) -> tuple[Tensor, Tensor, Any]:
    predictions = cast(predictions, dtypes.bool)
    labels = cast(labels, dtypes.bool)
    return same_rank(predictions, labels, weights)


def _count(
    name: str | None,
    default_name: str,
    wanted: tuple[bool, bool],
    arguments: tuple[Any, Any, Any],
    collections: tuple[Any, Any],
) -> Result:
    """The weighted number of examples whose label and prediction are those wanted."""
    labels, predictions, weights = arguments
    with variable_scope(name, default_name, [predictions, labels, weights]):
        predictions, labels, weights = _bools(predictions, labels, weights)
        label_fits = apply("Equal", labels, wanted[0])
        prediction_fits = apply("Equal", predictions, wanted[1])
        hits = apply("LogicalAnd", label_fits, prediction_fits)
        assert_type(hits, dtypes.bool)
        count = metric_variable([], dtypes.float32, name="count")
        values = cast(hits, dtypes.float32)
        if weights is not None:
            fitting = assert_rank_in(weights, (0, array.rank(values)))
            with control_dependencies([fitting]):
                values = apply("Mul", values, cast(weights, dtypes.float32))
        value = value_of(count, collections[0])
        update = state.assign_add(count, reduce_sum(values))
        collect(collections[1], update)
        return value, update


def true_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The weighted number of examples that are true and predicted to be.

    Args:
        labels, predictions: of one shape; cast to bool.
        weights: None for 1; a scalar, or a tensor of the rank of `labels` that broadcasts to it.
        metrics_collections, updates_collections: collections that the two results join.
        name: the variable scope.

    Returns:
        ``(value, update)``: the count so far, and the op that takes a batch in and returns the
        count after it.

    Raises:
        ValueError: if shapes do not fit.
    """
    return _count(
        name,
        "true_positives",
        (True, True),
        (labels, predictions, weights),
        (metrics_collections, updates_collections),
    )


def false_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The weighted number of examples that are false but predicted true; see `true_positives`."""
    return _count(
        name,
        "false_positives",
        (False, True),
        (labels, predictions, weights),
        (metrics_collections, updates_collections),
    )


def true_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The weighted number of examples that are false and predicted so; see `true_positives`."""
    return _count(
        name,
        "true_negatives",
        (False, False),
        (labels, predictions, weights),
        (metrics_collections, updates_collections),
    )


def false_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The weighted number of examples that are true but predicted false; see `true_positives`."""
    return _count(
        name,
        "false_negatives",
        (True, False),
        (labels, predictions, weights),
        (metrics_collections, updates_collections),
    )


def _share(part: Any, rest: Any, name: str) -> Tensor:
    """``part / (part + rest)``, 0 where that is not defined."""
    any_at_all = apply("Greater", part + rest, 0)
    return where(any_at_all, divide(part, part + rest), 0, name)


def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How many of the examples predicted true are: true positives by all positives.

    Args, returns and errors are those of `true_positives`.
    """
    with variable_scope(name, "precision", [predictions, labels, weights]):
        predictions, labels, weights = _bools(predictions, labels, weights)
        hits, hits_after = true_positives(labels, predictions, weights)
        alarms, alarms_after = false_positives(labels, predictions, weights)
        value = _share(hits, alarms, "value")
        collect(metrics_collections, value)
        update = _share(hits_after, alarms_after, "update_op")
        collect(updates_collections, update)
        return value, update


def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How many of the true examples are predicted so: true positives by all that are true.

    Args, returns and errors are those of `true_positives`.
    """
    with variable_scope(name, "recall", [predictions, labels, weights]):
        predictions, labels, weights = _bools(predictions, labels, weights)
        hits, hits_after = true_positives(labels, predictions, weights)
        missed, missed_after = false_negatives(labels, predictions, weights)
        value = _share(hits, missed, "value")
        collect(metrics_collections, value)
        update = _share(hits_after, missed_after, "update_op")
        collect(updates_collections, update)
        return value, update
