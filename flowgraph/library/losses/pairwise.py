"""Losses that compare rows of predictions with rows of labels."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.arguments import require, same_shape_floats
from flowgraph.library.losses.collected import add_loss
from flowgraph.library.losses.reduction import Reduction, compute_weighted_loss, num_present
from flowgraph.library.losses.weights import assert_broadcastable
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import div_no_nan
from flowgraph.ops.select import where

__all__ = ["cosine_distance", "mean_pairwise_squared_error"]


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``1 - sum(predictions * labels)`` along `axis`, weighted and reduced.

    Args:
        labels, predictions: of one shape, already of unit length along `axis`.
        axis: the axis of the vectors; it stays with length 1.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `axis`, `labels` or `predictions` is None.
    """
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = same_shape_floats(predictions, labels)
        products = apply("Mul", predictions, labels)
        losses = 1 - reduce_sum(products, axis=(axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
) -> Tensor:
    """How much differences between the elements of a row are off, on average over pairs of them.

    For a row with predictions p and labels z it is the mean of ``((p_i - p_j) - (z_i - z_j)) ** 2``
    over all pairs i != j; the rows' results are added up.

    Args:
        labels, predictions: of one shape; the first axis counts rows.
        weights: a scalar, or one weight per row: ``[rows, 1, ...]``.
        scope: the name scope.
        loss_collection: the collection that the loss joins; None for none.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `predictions` is None.
    """
    require(labels=labels, predictions=predictions)
    values = [predictions, labels, weights]
    with name_scope(scope, "mean_pairwise_squared_error", values) as scope:
        weights = cast(weights, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions, labels = same_shape_floats(predictions, labels)
            errors = apply("Sub", predictions, labels)
            axes = constants.range(1, array.rank(errors))
            squares = reduce_sum(apply("Square", errors), axis=axes, keepdims=True)
            count = num_present(errors, weights, per_batch=True)
            others = apply("Maximum", count - 1, 0)
            from_squares = 2.0 * div_no_nan(squares, others, name="value")
            total = reduce_sum(errors, axis=axes, keepdims=True)
            square = apply("Square", total)
            pairs = apply("Maximum", apply("Mul", count, count - 1), 0)
            from_total = 2.0 * div_no_nan(square, pairs, name="value")
            loss = reduce_sum(apply("Mul", from_squares - from_total, weights))
            any_present = reduce_sum(count) > 0
            mean = where(any_present, loss, constants.zeros_like(loss), name="value")
            add_loss(mean, loss_collection)
            return mean
