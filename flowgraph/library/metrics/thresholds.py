"""Counts at several thresholds of predicted probabilities, precision and recall there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.convert import constant
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.weights import broadcast_weights
from flowgraph.library.metrics.accumulators import (
    Result,
    collect,
    metric_variable,
    same_rank,
    value_of,
)
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array, layout, state
from flowgraph.ops.assertions import assert_greater_equal, assert_less_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.joining import stack
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import divide

__all__ = [
    "confusion_at_thresholds",
    "false_negatives_at_thresholds",
    "false_positives_at_thresholds",
    "precision_at_thresholds",
    "recall_at_thresholds",
    "true_negatives_at_thresholds",
    "true_positives_at_thresholds",
]

# The counts in the order in which they are made, their names, label and prediction.
_COUNTS = {
    "tp": ("true_positives", True, True),
    "fn": ("false_negatives", True, False),
    "tn": ("true_negatives", False, False),
    "fp": ("false_positives", False, True),
}
Counts = dict[str, Any]


def _in_unit_interval(predictions: Any) -> list[Any]:
    message = "predictions must be in [0, 1]"
    low = cast(0.0, predictions.dtype)
    at_least = assert_greater_equal(predictions, low, message=message)
    at_most = assert_less_equal(predictions, cast(1.0, predictions.dtype), message=message)
    return [at_least, at_most]


def confusion_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    includes: Sequence[str] = tuple(_COUNTS),
) -> tuple[Counts, Counts]:
    """How many examples are right and wrong if predictions above a threshold count as true.

    Args:
        labels: cast to bool.
        predictions: probabilities, of the shape of `labels`.
        thresholds: numbers; every count has one element for each.
        includes: which counts to keep: "tp", "fn", "tn", "fp".

    Returns:
        The variables by those names, and the ops that take a batch in.
    """
    with control_dependencies(_in_unit_interval(predictions)):
        floats = cast(predictions, dtypes.float32)
        floats, truth, weights = same_rank(floats, cast(labels, dtypes.bool), weights)
    number = len(thresholds)
    column = array.reshape(floats, [-1, 1])
    row = array.reshape(cast(truth, dtypes.bool), [1, -1])
    examples: Any = column.get_shape().as_list()[0]
    if examples is None:
        examples = array.shape(column)[0]
    limits = layout.expand_dims(constant(list(thresholds)), [1])
    limits = array.tile(limits, stack([1, examples]))
    chosen = array.tile(layout.transpose(column), [number, 1])
    masks: dict[tuple[str, bool], Tensor] = {}
    masks["prediction", True] = apply("Greater", chosen, limits)
    if "fn" in includes or "tn" in includes:
        masks["prediction", False] = apply("LogicalNot", masks["prediction", True])
    masks["label", True] = array.tile(row, [number, 1])
    if "fp" in includes or "tn" in includes:
        masks["label", False] = apply("LogicalNot", masks["label", True])
    if weights is not None:
        weights = broadcast_weights(cast(weights, dtypes.float32), floats)
        weights = array.tile(array.reshape(weights, [1, -1]), [number, 1])
        limits.get_shape().assert_is_compatible_with(weights.get_shape())
    variables: Counts = {}
    updates: Counts = {}
    for key, (name, label, prediction) in _COUNTS.items():
        if key not in includes:
            continue
        variables[key] = metric_variable([number], dtypes.float32, name=name)
        hits = apply("LogicalAnd", masks["label", label], masks["prediction", prediction])
        counted = cast(hits, dtypes.float32)
        if weights is not None:
            counted = counted * weights
        updates[key] = state.assign_add(variables[key], reduce_sum(counted, 1))
    return variables, updates


def _one_count(
    key: str,
    arguments: tuple[Any, Any, Any, Any],
    collections: tuple[Any, Any],
    name: str | None,
) -> Result:
    labels, predictions, thresholds, weights = arguments
    with variable_scope(name, _COUNTS[key][0], [predictions, labels, weights]):
        variables, updates = confusion_at_thresholds(
            labels, predictions, thresholds, weights, (key,)
        )
        value = value_of(variables[key], collections[0])
        collect(collections[1], updates[key])
        return value, updates[key]


def true_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many examples are true and have a prediction above it.

    Args:
        labels: cast to bool.
        predictions: probabilities, of the shape of `labels`.
        thresholds: a list of numbers in [0, 1].
        weights: None for 1; a scalar, or a tensor of the rank of `labels` that broadcasts to it.
        metrics_collections, updates_collections: collections that the two results join.
        name: the variable scope.

    Returns:
        ``(value, update)``, both float32 [thresholds]: the counts so far, and the op that takes a
        batch in and returns the counts after it.

    Raises:
        ValueError: if shapes do not fit.
        InvalidArgumentError: when run, if a prediction is not in [0, 1].
    """
    arguments = (labels, predictions, thresholds, weights)
    return _one_count("tp", arguments, (metrics_collections, updates_collections), name)


def false_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many examples are true and have no prediction above it.

    See `true_positives_at_thresholds`.
    """
    arguments = (labels, predictions, thresholds, weights)
    return _one_count("fn", arguments, (metrics_collections, updates_collections), name)


def true_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many examples are false and have no prediction above it.

    See `true_positives_at_thresholds`.
    """
    arguments = (labels, predictions, thresholds, weights)
    return _one_count("tn", arguments, (metrics_collections, updates_collections), name)


def false_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many examples are false and have a prediction above it.

    See `true_positives_at_thresholds`.
    """
    arguments = (labels, predictions, thresholds, weights)
    return _one_count("fp", arguments, (metrics_collections, updates_collections), name)


def _two_counts(
    keys: tuple[str, str],
    default_name: str,
    share: Callable[[Any, Any, str], Tensor],
    arguments: tuple[Any, Any, Any, Any],
    collections: tuple[Any, Any],
    name: str | None,
) -> Result:
    labels, predictions, thresholds, weights = arguments
    with variable_scope(name, default_name, [predictions, labels, weights]):
        variables, updates = confusion_at_thresholds(labels, predictions, thresholds, weights, keys)
        value = share(variables[keys[0]], variables[keys[1]], "value")
        collect(collections[0], value)
        update = share(updates[keys[0]], updates[keys[1]], "update_op")
        collect(collections[1], update)
        return value, update


def precision_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many of the examples with a prediction above it are true.

    See `true_positives_at_thresholds`.
    """

    def share(hits: Any, alarms: Any, kind: str) -> Tensor:
        quotient: Tensor = divide(hits, 1e-7 + hits + alarms, name="precision_" + kind)
        return quotient

    arguments = (labels, predictions, thresholds, weights)
    collections = (metrics_collections, updates_collections)
    return _two_counts(("tp", "fp"), "precision_at_thresholds", share, arguments, collections, name)


def recall_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """For each threshold, how many of the true examples have a prediction above it.

    See `true_positives_at_thresholds`.
    """

    def share(hits: Any, missed: Any, kind: str) -> Tensor:
        quotient: Tensor = divide(hits, 1e-7 + hits + missed, name="recall_" + kind)
        return quotient

    arguments = (labels, predictions, thresholds, weights)
    collections = (metrics_collections, updates_collections)
    return _two_counts(("tp", "fn"), "recall_at_thresholds", share, arguments, collections, name)
