"""Means over all batches: of values, of matches and of errors."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.ranks import match_weights
from flowgraph.library.losses.weights import broadcast_weights
from flowgraph.library.metrics.accumulators import (
    Result,
    collect,
    metric_variable,
    quotient,
    same_rank,
)
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array, constants, state
from flowgraph.ops.cast import cast
from flowgraph.ops.confusion import remove_squeezable_dimensions
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import divide
from flowgraph.ops.select import where

__all__ = [
    "accuracy",
    "mean",
    "mean_absolute_error",
    "mean_cosine_distance",
    "mean_relative_error",
    "mean_squared_error",
    "mean_tensor",
    "percentage_below",
    "root_mean_squared_error",
]


def _weights_for(values: Tensor, weights: Any) -> Tensor:
    matched = match_weights(weights, values)
    return broadcast_weights(cast(matched, dtypes.float32), values)


def _quotient_after(
    total: Any,
    count: Any,
    total_after: Tensor,
    values: Tensor,
    number: Any,
    collections: tuple[Any, Any],
) -> Result:
    """The quotient of two variables now, and after both have taken the batch in."""
    # There is nothing to wait for where the values are fed.
    with control_dependencies([values] if values.op.type != "Placeholder" else []):
        count_after = state.assign_add(count, number)
    value = quotient(total, count, name="value")
    collect(collections[0], value)
    update = quotient(total_after, count_after, name="update_op")
    collect(collections[1], update)
    return value, update


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The weighted mean of all values seen: ``sum(values * weights) / sum(weights)``.

    Args:
        values: numbers of any shape.
        weights: None for 1; a scalar, or a tensor of the rank of `values` and of its size or 1
            along each axis.
        metrics_collections, updates_collections: collections that the two results join.
        name: the variable scope.

    Returns:
        ``(value, update)``: the mean so far, 0 before the first batch, and the op that takes a
        batch in and returns the mean after it. The sums are local variables.

    Raises:
        ValueError: if the weights do not fit.
    """
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dtypes.float32)
        total = metric_variable([], dtypes.float32, name="total")
        count = metric_variable([], dtypes.float32, name="count")
        if weights is None:
            number = cast(array.size(values), dtypes.float32)
        else:
            weights = _weights_for(values, weights)
            values = apply("Mul", values, weights)
            number = reduce_sum(weights)
        total_after = state.assign_add(total, reduce_sum(values))
        return _quotient_after(
            total, count, total_after, values, number, (metrics_collections, updates_collections)
        )


def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The mean of all tensors seen, element by element; see `mean`.

    Args:
        values: numbers of one known shape.

    Raises:
        ValueError: if the shape is not known, or the weights do not fit.
    """
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dtypes.float32)
        total = metric_variable(values.get_shape(), dtypes.float32, name="total_tensor")
        count = metric_variable(values.get_shape(), dtypes.float32, name="count_tensor")
        number = constants.ones_like(values)
        if weights is not None:
            weights = _weights_for(values, weights)
            values = apply("Mul", values, weights)
            number = apply("Mul", number, weights)
        total_after = state.assign_add(total, values)
        return _quotient_after(
            total, count, total_after, values, number, (metrics_collections, updates_collections)
        )


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How often predictions equal labels: the `mean` of 1 where they do and 0 elsewhere.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    if labels.dtype is not predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    matches = cast(apply("Equal", predictions, labels), dtypes.float32)
    return mean(matches, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The `mean` of ``|predictions - labels|``.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    errors = apply("Abs", predictions - labels)
    name = name or "mean_absolute_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The `mean` of ``(predictions - labels) ** 2``.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    errors = apply("SquaredDifference", labels, predictions)
    name = name or "mean_squared_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The square root of `mean_squared_error`.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    name = name or "root_mean_squared_error"
    squared, squared_after = mean_squared_error(labels, predictions, weights, None, None, name)
    value = apply("Sqrt", squared)
    collect(metrics_collections, value)
    update = apply("Sqrt", squared_after)
    collect(updates_collections, update)
    return value, update


def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The `mean` of ``|labels - predictions| / normalizer``, 0 where the normalizer is 0.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.get_shape().assert_is_compatible_with(normalizer.get_shape())
    errors = where(
        apply("Equal", normalizer, 0.0),
        constants.zeros_like(labels),
        divide(apply("Abs", labels - predictions), normalizer),
    )
    name = name or "mean_relative_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """1 less the `mean` of ``sum(labels * predictions)`` along the axis `dim`.

    Args:
        labels, predictions: already of unit length along `dim`.

    Raises:
        ValueError: if shapes do not fit.
    """
    predictions, labels, weights = same_rank(predictions, labels, weights)
    products = reduce_sum(apply("Mul", predictions, labels), axis=[dim], keepdims=True)
    name = name or "mean_cosine_distance"
    similarity, similarity_after = mean(products, weights, None, None, name)
    value = apply("Sub", 1.0, similarity)
    update = apply("Sub", 1.0, similarity_after)
    collect(metrics_collections, value)
    collect(updates_collections, update)
    return value, update


def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """How many values are below a threshold: the `mean` of 1 where they are and 0 elsewhere.

    Raises:
        ValueError: if the weights do not fit.
    """
    below = cast(apply("Less", values, threshold), dtypes.float32)
    name = name or "percentage_below_threshold"
    return mean(below, weights, metrics_collections, updates_collections, name)
