"""Confusion matrices."""

from __future__ import annotations

from typing import Any

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.assertions import assert_less, assert_non_negative
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones_like
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.joining import stack
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.scatter import scatter_nd

__all__ = [
    "confusion_matrix",
    "may_end_with_one",
    "remove_squeezable_dimensions",
    "without_last_axis_if",
]


def may_end_with_one(tensor: Tensor) -> bool:
    """True unless the last axis is known to have another length, or none."""
    return tensor.dims is None or bool(tensor.dims and tensor.dims[-1] in (None, 1))


def without_last_axis_if(condition: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` without its last axis, of length 1, if the condition holds in the run."""
    rank = apply("Rank", tensor) - cast(condition, dtypes.int32)
    shape = apply("Slice", apply("Shape", tensor), [0], apply("ExpandDims", rank, 0))
    result: Tensor = apply("Reshape", tensor, shape)
    return result


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Labels and predictions, the one of them with a further last axis of length 1 without it.

    Args:
        expected_rank_diff: the rank of the predictions minus that of the labels that is wanted.

    Returns:
        ``(labels, predictions)``
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions = convert_to_tensor(predictions)
        labels = convert_to_tensor(labels)
        if labels.dims is not None and predictions.dims is not None:
            surplus = len(predictions.dims) - len(labels.dims) - expected_rank_diff
            if surplus == 1 and may_end_with_one(predictions):
                predictions = apply("Squeeze", predictions, squeeze_dims=[-1])
            elif surplus == -1 and may_end_with_one(labels):
                labels = apply("Squeeze", labels, squeeze_dims=[-1])
            return labels, predictions
        difference = apply("Rank", predictions) - apply("Rank", labels)
        if may_end_with_one(predictions):
            too_many = apply("Equal", difference, expected_rank_diff + 1)
            predictions = without_last_axis_if(too_many, predictions)
        if may_end_with_one(labels):
            too_few = apply("Equal", difference, expected_rank_diff - 1)
            labels = without_last_axis_if(too_few, labels)
        return labels, predictions


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """How often each class (column) was predicted for each class (row).

    Args:
        labels: [n] true classes.
        predictions: [n] predicted classes.
        num_classes: by default one more than the largest class.
        dtype: of the result.
        weights: [n]; the sum of these instead of the number of cases.

    Returns:
        [num_classes, num_classes].

    Raises:
        InvalidArgumentError: when run, if a class is negative or not below `num_classes`.
    """
    with name_scope(name, "confusion_matrix", (predictions, labels, num_classes, weights)):
        labels, predictions = remove_squeezable_dimensions(
            convert_to_tensor(labels, name="labels"),
            convert_to_tensor(predictions, name="predictions"),
        )
        predictions = cast(predictions, dtypes.int64)
        labels = cast(labels, dtypes.int64)
        text = "`labels` contains negative values"
        labels = with_dependencies([assert_non_negative(labels, message=text)], labels)
        text = "`predictions` contains negative values"
        predictions = with_dependencies(
            [assert_non_negative(predictions, message=text)], predictions
        )
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            limit = cast(num_classes, dtypes.int64)
            check = assert_less(labels, limit, message="`labels` out of bound")
            labels = with_dependencies([check], labels)
            check = assert_less(predictions, limit, message="`predictions` out of bound")
            predictions = with_dependencies([check], predictions)
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            dims.merge(predictions.dims, weights.dims)
            weights = cast(weights, dtype)
        shape = stack([num_classes, num_classes])
        indices = stack([labels, predictions], 1)
        values = ones_like(predictions, dtype) if weights is None else weights
        matrix: Tensor = scatter_nd(indices, values, cast(shape, dtypes.int64))
        return matrix
