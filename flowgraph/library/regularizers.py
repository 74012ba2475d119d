"""Regularizers of `tf.contrib.layers`: functions of weights to losses."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.bias import l2_loss
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.sums import add_n

__all__ = [
    "apply_regularization",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "sum_regularizer",
]

Regularizer = Callable[[Any], Any]


def _nothing(_: Any) -> None:
    return None


def _check_scale(scale: Any) -> None:
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real) and scale < 0.0:
        raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale:g}.")


def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer: ``scale * sum(|weights|)``, no loss if the scale is 0.

    Raises:
        ValueError: if the scale is negative or an integer.
    """
    _check_scale(scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        return _nothing

    def l1(weights: Any, name: str | None = None) -> Tensor:
        with name_scope(scope, "l1_regularizer", [weights]) as inner:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            total = reduce_sum(apply("Abs", weights))
            loss: Tensor = apply("Mul", factor, total, name=inner)
            return loss

    return l1


def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """A regularizer: ``scale * sum(weights ** 2) / 2``, no loss if the scale is 0.

    Raises:
        ValueError: if the scale is negative or an integer.
    """
    _check_scale(scale)
    if isinstance(scale, numbers.Real) and scale == 0.0:
        return _nothing

    def l2(weights: Any) -> Tensor:
        with name_scope(scope, "l2_regularizer", [weights]) as inner:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            loss: Tensor = apply("Mul", factor, l2_loss(weights), name=inner)
            return loss

    return l2


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> Regularizer:
    """The sum of `l1_regularizer` and `l2_regularizer`.

    Raises:
        ValueError: if a scale is negative or an integer.
    """
    for scale in (scale_l1, scale_l2):
        if isinstance(scale, numbers.Integral):
            raise ValueError(f"scale cannot be an integer: {scale}")
    chosen = scope or "l1_l2_regularizer"
    both: Regularizer = sum_regularizer(
        [l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=chosen
    )
    return both


def sum_regularizer(
    regularizer_list: Sequence[Regularizer | None], scope: str | None = None
) -> Any:
    """The sum of several regularizers; None among them, or if there are none, is no loss."""
    chosen = [each for each in regularizer_list if each is not None]
    if not chosen:
        return None

    def total(weights: Any) -> Tensor | None:
        with name_scope(scope, "sum_regularizer", [weights]) as inner:
            losses = [loss for loss in (each(weights) for each in chosen) if loss is not None]
            return add_n(losses, name=inner) if losses else None

    return total


def apply_regularization(
    regularizer: Regularizer, weights_list: Sequence[Any] | None = None
) -> Tensor:
    """The sum of a regularizer's losses of all weights; it joins the regularization losses.

    Args:
        weights_list: by default the collection `GraphKeys.WEIGHTS`.

    Raises:
        ValueError: if the regularizer does not return scalars, or there are no weights.
    """
    graph = get_default_graph()
    weights = graph.get_collection(GraphKeys.WEIGHTS) if weights_list is None else weights_list
    if not weights:
        raise ValueError("No weights to regularize.")
    with name_scope("get_regularization_penalty", None, list(weights)) as scope:
        penalties = [regularizer(each) for each in weights]
        penalties = [constant(0.0) if each is None else each for each in penalties]
        for penalty in penalties:
            if penalty.get_shape().ndims != 0:
                raise ValueError(
                    f"regularizer must return a scalar Tensor instead of a Tensor with rank "
                    f"{penalty.get_shape().ndims}."
                )
        summed = add_n(penalties, name=scope)
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, summed)
        return summed
