"""From the losses of elements to one loss."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.losses.collected import add_loss
from flowgraph.library.losses.weights import assert_broadcastable, broadcast_weights
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import div_no_nan
from flowgraph.ops.select import where

__all__ = ["Reduction", "compute_weighted_loss", "num_present"]


class Reduction:
    """How weighted losses become one.

    Attributes:
        NONE: they stay as they are.
        SUM: their sum.
        SUM_OVER_BATCH_SIZE: the sum by the number of losses.
        MEAN: the sum by the sum of the weights.
        SUM_BY_NONZERO_WEIGHTS: the sum by the number of weights that are not 0.
        SUM_OVER_NONZERO_WEIGHTS: an older name of the same.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Every value."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: Any) -> None:
        """Raise ValueError unless `key` is one of the values."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


def _safe_mean(losses: Tensor, count: Tensor) -> Tensor:
    mean: Tensor = div_no_nan(reduce_sum(losses), count, name="value")
    return mean


def num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """How many losses have a weight other than 0: in all, or in each row with `per_batch`."""
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = cast(weights, dtypes.float32)
        absent = apply("Equal", weights, 0.0)
        present = where(absent, constants.zeros_like(weights), constants.ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            axes = constants.range(1, array.rank(present))
            count: Tensor = reduce_sum(present, axis=axes, keepdims=True, name=scope)
        else:
            count = reduce_sum(present, name=scope)
        return count


def _num_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        count: Tensor = cast(array.size(losses, name=scope), losses.dtype)
        return count


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """One loss of many: ``losses * weights``, reduced, in the type of `losses`.

    Args:
        losses: floating-point numbers.
        weights: a scalar, or a tensor of the rank of `losses` and of its size or 1 along each axis.
        scope: the name scope.
        loss_collection: the collection that the loss joins; None for none.
        reduction: one of `Reduction`.

    Raises:
        ValueError: if the weights do not fit, or for another reduction.
    """
    Reduction.validate(reduction)
    with (
        name_scope(scope, "weighted_loss", [losses, weights]),
        control_dependencies([assert_broadcastable(weights, losses)]),
    ):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype
        losses = cast(losses, dtypes.float32)
        weights = cast(weights, dtypes.float32)
        loss: Tensor = apply("Mul", losses, weights)
        if reduction != Reduction.NONE:
            loss = reduce_sum(loss)
            if reduction == Reduction.MEAN:
                loss = _safe_mean(loss, reduce_sum(constants.ones_like(losses) * weights))
            elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                loss = _safe_mean(loss, num_present(losses, weights))
            elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                loss = _safe_mean(loss, _num_elements(losses))
        loss = cast(loss, dtype)
        add_loss(loss, loss_collection)
        return loss
