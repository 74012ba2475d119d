"""Weights of one axis more or less than the values, brought to the same rank."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.confusion import may_end_with_one, without_last_axis_if

__all__ = ["add_last_axis_if", "drop_extra_axis", "match_weights"]


def add_last_axis_if(condition: Tensor, tensor: Tensor) -> Tensor:
    """`tensor` with a last axis of length 1 if the condition holds in the run."""
    extra = apply("Fill", apply("Pack", [cast(condition, dtypes.int32)], name="stack"), 1)
    shape = apply("ConcatV2", [apply("Shape", tensor), extra], 0, name="concat")
    result: Tensor = apply("Reshape", tensor, shape)
    return result


def drop_extra_axis(weights: Any, values: Tensor) -> Tensor:
    """Weights without their last axis if they have one more than `values`."""
    found: Tensor = convert_to_tensor(weights)
    if values.dims is not None and found.dims is not None:
        if len(found.dims) - len(values.dims) == 1:
            found = apply("Squeeze", found, squeeze_dims=[-1])
    elif may_end_with_one(found):
        surplus = apply("Rank", found) - apply("Rank", values)
        found = without_last_axis_if(apply("Equal", 1, surplus), found)
    return found


def match_weights(weights: Any, values: Tensor) -> Tensor:
    """Weights with a last axis of length 1 more or less, if that gives the rank of `values`.

    Scalars stay.
    """
    found: Tensor = convert_to_tensor(weights)
    if found.dims == ():
        return found
    if values.dims is not None and found.dims is not None:
        surplus = len(found.dims) - len(values.dims)
        if surplus == 1:
            found = apply("Squeeze", found, squeeze_dims=[-1])
        elif surplus == -1:
            found = apply("ExpandDims", found, [-1])
        return found
    rank = apply("Rank", found)
    difference = rank - apply("Rank", values)
    if may_end_with_one(found):
        found = without_last_axis_if(apply("Equal", difference, 1) & (rank > 0), found)
    return add_last_axis_if(apply("Equal", difference, -1) & (rank > 0), found)
