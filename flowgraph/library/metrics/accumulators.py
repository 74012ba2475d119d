"""What metrics count in, and where their results are collected."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.ranks import match_weights
from flowgraph.library.variables import Variable, VariableAggregation, VariableSynchronization
from flowgraph.ops import constants
from flowgraph.ops.confusion import remove_squeezable_dimensions
from flowgraph.ops.rounding import div_no_nan

__all__ = ["Result", "collect", "metric_variable", "quotient", "same_rank", "value_of"]

# The metric's value, and the op that takes a batch in and returns the value after it.
Result = tuple[Tensor, Tensor]


def metric_variable(
    shape: Any, dtype: Any, validate_shape: bool = True, name: str | None = None
) -> Variable:
    """A local variable, zero at first, that joins `GraphKeys.METRIC_VARIABLES`."""
    return Variable(
        lambda: constants.zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        validate_shape=validate_shape,
        synchronization=VariableSynchronization.ON_READ,
        aggregation=VariableAggregation.SUM,
        name=name,
    )


def collect(collections: Any, element: Any) -> None:
    """Add to each of the collections, if there are any."""
    if collections:
        get_default_graph().add_to_collections(collections, element)


def value_of(variable: Variable, collections: Any = None) -> Tensor:
    """A tensor that reads the variable; it joins the collections."""
    value: Tensor = apply("Identity", variable)
    collect(collections, value)
    return value


def quotient(total: Any, count: Any, name: str | None = None) -> Tensor:
    """``total / count``, 0 where the count is not positive."""
    result: Tensor = div_no_nan(total, apply("Maximum", count, 0), name=name)
    return result


def same_rank(predictions: Any, labels: Any, weights: Any) -> tuple[Tensor, Tensor, Any]:
    """Predictions, labels and weights, of one rank where an axis of length 1 allows it.

    Raises:
        ValueError: if the shapes of predictions and labels are known to differ.
    """
    predictions = convert_to_tensor(predictions)
    labels, predictions = remove_squeezable_dimensions(labels, predictions)
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    if weights is not None:
        weights = match_weights(weights, predictions)
    return predictions, labels, weights
