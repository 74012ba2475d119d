"""Metrics with the older order of arguments, predictions first (`tf.contrib.metrics`)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library.metrics import average_precision, classes, counts, curves, means, thresholds
from flowgraph.library.metrics import top_k as at_k
from flowgraph.library.metrics.accumulators import Result
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_mean, reduce_sum
from flowgraph.ops.rounding import divide

__all__ = [
    "accuracy",
    "aggregate_metric_map",
    "aggregate_metrics",
    "streaming_accuracy",
    "streaming_auc",
    "streaming_false_negatives",
    "streaming_false_negatives_at_thresholds",
    "streaming_false_positives",
    "streaming_false_positives_at_thresholds",
    "streaming_mean",
    "streaming_mean_absolute_error",
    "streaming_mean_cosine_distance",
    "streaming_mean_iou",
    "streaming_mean_relative_error",
    "streaming_mean_squared_error",
    "streaming_mean_tensor",
    "streaming_percentage_less",
    "streaming_precision",
    "streaming_precision_at_thresholds",
    "streaming_recall",
    "streaming_recall_at_thresholds",
    "streaming_root_mean_squared_error",
    "streaming_sensitivity_at_specificity",
    "streaming_sparse_average_precision_at_k",
    "streaming_sparse_precision_at_k",
    "streaming_sparse_recall_at_k",
    "streaming_specificity_at_sensitivity",
    "streaming_true_negatives",
    "streaming_true_negatives_at_thresholds",
    "streaming_true_positives",
    "streaming_true_positives_at_thresholds",
]


def _predictions_first(metric: Callable[..., Any]) -> Callable[..., Any]:
    """The metric with its first two arguments, labels and predictions, the other way round."""

    @functools.wraps(metric)
    def streaming(predictions: Any, labels: Any, *args: Any, **kwargs: Any) -> Any:
        return metric(labels, predictions, *args, **kwargs)

    signature = inspect.signature(metric)
    first, second, *rest = signature.parameters.values()
    vars(streaming)["__signature__"] = signature.replace(parameters=[second, first, *rest])
    streaming.__name__ = "streaming_" + metric.__name__
    return streaming


streaming_mean = means.mean
streaming_mean_tensor = means.mean_tensor
streaming_percentage_less = means.percentage_below
streaming_accuracy = _predictions_first(means.accuracy)
streaming_mean_absolute_error = _predictions_first(means.mean_absolute_error)
streaming_mean_cosine_distance = _predictions_first(means.mean_cosine_distance)
streaming_mean_relative_error = _predictions_first(means.mean_relative_error)
streaming_mean_squared_error = _predictions_first(means.mean_squared_error)
streaming_root_mean_squared_error = _predictions_first(means.root_mean_squared_error)
streaming_mean_iou = _predictions_first(classes.mean_iou)
streaming_auc = _predictions_first(curves.auc)
streaming_sensitivity_at_specificity = _predictions_first(curves.sensitivity_at_specificity)
streaming_specificity_at_sensitivity = _predictions_first(curves.specificity_at_sensitivity)
streaming_precision = _predictions_first(counts.precision)
streaming_recall = _predictions_first(counts.recall)
streaming_true_positives = _predictions_first(counts.true_positives)
streaming_true_negatives = _predictions_first(counts.true_negatives)
streaming_false_positives = _predictions_first(counts.false_positives)
streaming_false_negatives = _predictions_first(counts.false_negatives)
streaming_precision_at_thresholds = _predictions_first(thresholds.precision_at_thresholds)
streaming_recall_at_thresholds = _predictions_first(thresholds.recall_at_thresholds)
streaming_true_positives_at_thresholds = _predictions_first(thresholds.true_positives_at_thresholds)
streaming_true_negatives_at_thresholds = _predictions_first(thresholds.true_negatives_at_thresholds)
streaming_false_positives_at_thresholds = _predictions_first(
    thresholds.false_positives_at_thresholds
)
streaming_false_negatives_at_thresholds = _predictions_first(
    thresholds.false_negatives_at_thresholds
)
streaming_sparse_precision_at_k = _predictions_first(at_k.precision_at_k)
streaming_sparse_recall_at_k = _predictions_first(at_k.recall_at_k)
streaming_sparse_average_precision_at_k = _predictions_first(
    average_precision.average_precision_at_k
)


def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """How many predictions of this batch equal the labels.

    Args:
        predictions, labels: of one type and shape: strings, ints or bools.
        weights: None for 1, or of the same shape.

    Raises:
        ValueError: if types or shapes differ, or are floating point.
    """
    if not (labels.dtype.is_integer or labels.dtype in (dtypes.bool, dtypes.string)):
        raise ValueError(f"Labels should have bool, string or integer dtype, not {labels.dtype}.")
    if predictions.dtype is not labels.dtype:
        raise ValueError(
            "Dtypes of predictions and labels should match. Given: predictions "
            f"({predictions.dtype!r}) and labels ({labels.dtype!r})"
        )
    with name_scope(name, "accuracy", [predictions, labels]):
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        hits = cast(apply("Equal", predictions, labels), dtypes.float32)
        if weights is None:
            mean: Tensor = reduce_mean(hits)
            return mean
        hits = hits * weights
        total = reduce_sum(cast(weights, hits.dtype))
        share: Tensor = divide(reduce_sum(hits), total)
        return share


def aggregate_metrics(*value_update_tuples: Result) -> tuple[list[Any], list[Any]]:
    """The values of metrics in one list, their updates in another.

    Raises:
        ValueError: if there are none.
    """
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


def aggregate_metric_map(
    names_to_tuples: Mapping[str, Result],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of metrics by name, and their updates by name."""
    values = {name: value for name, (value, _) in names_to_tuples.items()}
    updates = {name: update for name, (_, update) in names_to_tuples.items()}
    return values, updates
