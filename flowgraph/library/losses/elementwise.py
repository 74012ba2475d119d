"""Losses that compare predictions with labels element by element."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.arguments import require, same_shape_floats
from flowgraph.library.losses.reduction import Reduction, compute_weighted_loss
from flowgraph.ops import constants

__all__ = [
    "absolute_difference",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_squared_error",
]


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``|predictions - labels|``, weighted and reduced.

    Args:
        labels: of the shape of `predictions`.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `predictions` is None.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = same_shape_floats(predictions, labels)
        losses = apply("Abs", apply("Sub", predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``(predictions - labels) ** 2``, weighted and reduced.

    Args:
        labels: of the shape of `predictions`.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `predictions` is None.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = same_shape_floats(predictions, labels)
        losses = apply("SquaredDifference", predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Huber's loss of the errors ``d = |predictions - labels|``, weighted and reduced.

    ``d ** 2 / 2`` up to `delta`, and from there on the line ``delta * (d - delta / 2)``.

    Args:
        labels: of the shape of `predictions`.
        delta: where the square ends.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `predictions` is None.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as scope:
        predictions, labels = same_shape_floats(predictions, labels)
        error = apply("Abs", apply("Sub", predictions, labels))
        within = apply("Minimum", error, delta)
        beyond = apply("Sub", error, within)
        half = convert_to_tensor(0.5, within.dtype)
        squared = apply("Mul", half, apply("Mul", within, within))
        losses = apply("Add", squared, apply("Mul", delta, beyond))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``-z * log(p + epsilon) - (1 - z) * log(1 - p + epsilon)`` for probabilities p and labels z,
    weighted and reduced.

    Args:
        labels: of the shape of `predictions`.
        epsilon: keeps the logarithms finite.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `predictions` is None.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = same_shape_floats(predictions, labels)
        positive = -apply("Mul", labels, apply("Log", predictions + epsilon))
        negative = apply("Mul", 1 - labels, apply("Log", 1 - predictions + epsilon))
        return compute_weighted_loss(
            positive - negative, weights, scope, loss_collection, reduction
        )


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``max(0, 1 - s * logits)`` for the signs ``s = 2 * labels - 1``, weighted and reduced.

    Args:
        labels: 0 or 1, of the shape of `logits`.
        weights, scope, loss_collection, reduction: see `compute_weighted_loss`.

    Raises:
        ValueError: if shapes do not fit, or `labels` or `logits` is None.
    """
    require(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as scope:
        logits, labels = same_shape_floats(logits, labels)
        ones = constants.ones_like(labels)
        signs = apply("Sub", 2 * labels, ones)
        losses = apply("Relu", apply("Sub", ones, apply("Mul", signs, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)
