"""Areas under curves of counts at thresholds, and single points on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.tensor import Tensor
from flowgraph.library.metrics.accumulators import Result, collect, quotient
from flowgraph.library.metrics.thresholds import Counts, confusion_at_thresholds
from flowgraph.library.platform import logs
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import constants, scan
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_min, reduce_sum
from flowgraph.ops.rounding import divide
from flowgraph.ops.select import where

__all__ = ["auc", "sensitivity_at_specificity", "specificity_at_sensitivity"]

# Moves the outermost thresholds off 0 and 1, which predictions may equal.
_MARGIN = 1e-7
_METHODS = ("trapezoidal", "careful_interpolation", "minoring", "majoring")


def _inner_thresholds(number: int) -> list[float]:
    return [(i + 1) * 1.0 / (number - 1) for i in range(number - 2)]


def _interpolated_area(counts: Counts) -> Tensor:
    """The area under the precision-recall curve, true and false positives interpolated linearly
    between thresholds (Davis and Goadrich 2006).
    """
    hits, alarms, missed = counts["tp"], counts["fp"], counts["fn"]
    last = int(hits.get_shape()[0]) - 1
    gained = hits[:last] - hits[1:]
    positives = hits + alarms
    slope = quotient(gained, positives[:last] - positives[1:], name="prec_slope")
    intercept = hits[1:] - apply("Mul", slope, positives[1:])
    ratio = where(
        apply("LogicalAnd", positives[:last] > 0, positives[1:] > 0),
        quotient(positives[:last], positives[1:], name="recall_relative_ratio"),
        constants.ones_like(positives[1:]),
    )
    gain = slope * (gained + intercept * apply("Log", ratio))
    pieces = quotient(gain, hits[1:] + missed[1:], name="pr_auc_increment")
    area: Tensor = reduce_sum(pieces, name="interpolate_pr_auc")
    return area


def _area(counts: Counts, curve: str, method: str, name: str) -> Tensor:
    if curve == "PR":
        if method == "careful_interpolation":
            return _interpolated_area(counts)
        if method == "trapezoidal":
            logs.warning(
                "The trapezoidal rule overestimates areas under precision-recall curves; "
                "use summation_method='careful_interpolation'."
            )
    epsilon = 1e-6
    hits, missed = counts["tp"], counts["fn"]
    alarms, quiet = counts["fp"], counts["tn"]
    recall = divide(hits + epsilon, hits + missed + epsilon)
    if curve == "ROC":
        x, y = divide(alarms, alarms + quiet + epsilon), recall
    else:
        x, y = recall, divide(hits + epsilon, hits + alarms + epsilon)
    last = int(hits.get_shape()[0]) - 1
    width = x[:last] - x[1:]
    if method == "minoring":
        height = apply("Minimum", y[:last], y[1:])
    elif method == "majoring":
        height = apply("Maximum", y[:last], y[1:])
    else:
        height = (y[:last] + y[1:]) / 2.0
    area: Tensor = reduce_sum(apply("Mul", width, height), name=name)
    return area


def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Sequence[float] | None = None,
) -> Result:
    """The area under a curve, from counts at thresholds.

    Args:
        labels: cast to bool.
        predictions: probabilities, of the shape of `labels`.
        weights: None for 1; a scalar, or a tensor of the rank of `labels` that broadcasts to it.
        num_thresholds: how many thresholds to spread evenly over [0, 1].
        metrics_collections, updates_collections: collections that the two results join.
        curve: "ROC": recall over false-positive rate; "PR": precision over recall.
        name: the variable scope.
        summation_method: "trapezoidal"; "minoring" or "majoring" for the sum of the lesser or the
            greater heights; "careful_interpolation", which for "PR" interpolates the counts.
        thresholds: the thresholds between 0 and 1 themselves.

    Returns:
        ``(value, update)``: the area so far, and the op that takes a batch in and returns the area
        after it.

    Raises:
        ValueError: if shapes do not fit, or for another curve or method.
        InvalidArgumentError: when run, if a prediction is not in [0, 1].
    """
    with variable_scope(name, "auc", [labels, predictions, weights]):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"Curve must be either ROC or PR. Curve {curve} is unknown.")
        if summation_method not in _METHODS:
            raise ValueError(f"Invalid summation_method: {summation_method}")
        inner = _inner_thresholds(num_thresholds) if thresholds is None else sorted(thresholds)
        limits = [0.0 - _MARGIN, *inner, 1.0 + _MARGIN]
        variables, updates = confusion_at_thresholds(labels, predictions, limits, weights)
        value = _area(variables, curve, summation_method, "value")
        collect(metrics_collections, value)
        update = _area(updates, curve, summation_method, "update_op")
        collect(updates_collections, update)
        return value, update


def _check_share(name: str, value: float) -> None:
    if value < 0 or value > 1:
        raise ValueError(f"`{name}` must be in the range [0, 1]. Currently, `{name}` is {value}.")


def _point(
    last_threshold: float,
    found: Callable[[Counts, str], Tensor],
    arguments: tuple[Any, Any, Any],
    num_thresholds: int,
    collections: tuple[Any, Any],
) -> Result:
    labels, predictions, weights = arguments
    limits = [0.0 - _MARGIN, *_inner_thresholds(num_thresholds), last_threshold]
    variables, updates = confusion_at_thresholds(labels, predictions, limits, weights)
    value = found(variables, "value")
    collect(collections[0], value)
    update = found(updates, "update_op")
    collect(collections[1], update)
    return value, update


def sensitivity_at_specificity(
    labels: Any,
    predictions: Any,
    specificity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The recall at the threshold whose specificity is nearest to the one given.

    Args:
        specificity: the wanted share of the false examples that are predicted so.
        num_thresholds: how many thresholds to try, spread evenly over [0, 1].

    The other arguments, results and errors are those of `auc`.
    """
    _check_share("specificity", specificity)

    def found(counts: Counts, kind: str) -> Tensor:
        hits, missed = counts["tp"], counts["fn"]
        shares = divide(counts["tn"], counts["tn"] + counts["fp"] + _MARGIN)
        nearest = scan.argmin(apply("Abs", shares - specificity), 0)
        place = cast(nearest, dtypes.int32)
        share: Tensor = divide(hits[place], hits[place] + missed[place] + _MARGIN, kind)
        return share

    with variable_scope(name, "sensitivity_at_specificity", [predictions, labels, weights]):
        arguments = (labels, predictions, weights)
        collections = (metrics_collections, updates_collections)
        return _point(1.0 + _MARGIN, found, arguments, num_thresholds, collections)


def specificity_at_sensitivity(
    labels: Any,
    predictions: Any,
    sensitivity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Result:
    """The specificity at the last threshold whose recall is nearest to the one given.

    Args:
        sensitivity: the wanted share of the true examples that are predicted so.
        num_thresholds: how many thresholds to try, spread evenly over [0, 1].

    The other arguments, results and errors are those of `auc`.
    """
    _check_share("sensitivity", sensitivity)

    def found(counts: Counts, kind: str) -> Tensor:
        quiet, alarms = counts["tn"], counts["fp"]
        shares = divide(counts["tp"], counts["tp"] + counts["fn"] + _MARGIN)
        least = reduce_min(apply("Abs", shares - sensitivity))
        nearest = apply("Equal", apply("Abs", shares - sensitivity), least)
        running = scan.cumsum(cast(nearest, dtypes.int64))
        place = cast(scan.argmax(running, 0), dtypes.int32)
        share: Tensor = divide(quiet[place], quiet[place] + alarms[place] + _MARGIN, kind)
        return share

    with variable_scope(name, "specificity_at_sensitivity", [predictions, labels, weights]):
        arguments = (labels, predictions, weights)
        collections = (metrics_collections, updates_collections)
        return _point(1.0 - _MARGIN, found, arguments, num_thresholds, collections)
