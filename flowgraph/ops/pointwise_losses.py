"""Losses of independent outputs: the logistic loss, also weighted, and the Poisson loss."""

from __future__ import annotations

import math
from typing import Any

from flowgraph import dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import constants, select
from flowgraph.ops.cross_entropy import check_named

__all__ = [
    "log_poisson_loss",
    "sigmoid_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
]


def _check_same_shape(first: Tensor, second: Tensor, names: str) -> None:
    if not dims.compatible(first.dims, second.dims):
        raise ValueError(f"{names} must have the same shape ({first.shape} vs {second.shape})")


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """The logistic loss, elementwise: the cross-entropy of sigmoid(logits) with labels.

    ``max(x, 0) - x * z + log(1 + exp(-|x|))`` for logits x and labels z, which equals
    ``-z * log(sigmoid(x)) - (1 - z) * log(1 - sigmoid(x))`` and does not overflow.

    Args:
        labels: probabilities, of the type and shape of `logits`.
        logits: floating-point numbers.

    Raises:
        ValueError: if arguments are not given by name, or the shapes differ.
    """
    check_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels, "logits and labels")
        zeros = constants.zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zeros
        rectified = select.where(positive, logits, zeros)
        negative = select.where(positive, -logits, logits)
        rest = apply("Log1p", apply("Exp", negative))
        loss: Tensor = apply("Add", rectified - logits * labels, rest, name=scope)
        return loss


def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None
) -> Tensor:
    """The logistic loss with positive labels weighted, elementwise.

    ``-pos_weight * z * log(sigmoid(x)) - (1 - z) * log(1 - sigmoid(x))`` for logits x, labels z.

    Args:
        labels: probabilities, of the type and shape of `logits`.
        logits: floating-point numbers.
        pos_weight: the weight of positive labels; above 1 it favours recall over precision.

    Raises:
        ValueError: if the shapes differ.
    """
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels, "logits and targets")
        weight = 1 + (pos_weight - 1) * labels
        linear = (1 - labels) * logits
        smooth = apply("Log1p", apply("Exp", -abs(logits)))
        curved = weight * (smooth + apply("Relu", -logits))
        loss: Tensor = apply("Add", linear, curved, name=scope)
        return loss


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """The negative log-likelihood of counts under Poisson distributions, elementwise.

    ``exp(c) - c * z`` for log-rates c and counts z, without the constant ``log(z!)``.

    Args:
        targets: counts, of the type and shape of `log_input`.
        log_input: the logarithms of the rates.
        compute_full_loss: add Stirling's approximation of ``log(z!)`` where z > 1.

    Raises:
        ValueError: if the shapes differ.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        _check_same_shape(log_input, targets, "log_input and targets")
        loss: Tensor = apply("Exp", log_input) - log_input * targets
        if compute_full_loss:
            loss = loss + _log_factorial(targets)
        return loss


def _log_factorial(counts: Tensor) -> Tensor:
    half = constant(0.5, counts.dtype)
    full_turn = constant(2 * math.pi, counts.dtype)
    leading = counts * apply("Log", counts) - counts
    stirling = leading + half * apply("Log", full_turn * counts)
    zeros = constants.zeros_like(counts, dtype=counts.dtype)
    ones = constants.ones_like(counts, dtype=counts.dtype)
    small = apply("LogicalAnd", counts >= zeros, counts <= ones)
    chosen: Tensor = select.where(small, zeros, stirling)
    return chosen
