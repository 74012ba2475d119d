"""Weights of losses and metrics: what shapes they may have, and their broadcast to the values."""

from __future__ import annotations

from typing import Any

from flowgraph import dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array, constants
from flowgraph.ops.assertions import Assert
from flowgraph.ops.control import no_op
from flowgraph.ops.reduce import reduce_all

__all__ = ["assert_broadcastable", "broadcast_weights"]

_REFUSED = "weights can not be broadcast to values."


def _described(value: Any, role: str) -> tuple[Tensor, Tensor, Tensor]:
    """A tensor, its shape and its rank."""
    with name_scope(None, role, [value]) as scope:
        tensor = convert_to_tensor(value, name=scope)
        return tensor, array.shape(tensor, name="shape"), array.rank(tensor, name="rank")


def _known_to_fit(weights: Tensor, values: Tensor) -> str:
    """The name of the check that holds while building, or "" if that takes a run.

    Raises:
        ValueError: if the weights are known not to fit.
    """
    if weights.dims is None or values.dims is None:
        return ""
    if not weights.dims:
        return "static_scalar_check_success"
    if len(weights.dims) != len(values.dims):
        raise ValueError(
            f"{_REFUSED} values.rank={len(values.dims)}. weights.rank={len(weights.dims)}. "
            f"values.shape={dims.show(values.dims)}. weights.shape={dims.show(weights.dims)}."
        )
    if not (dims.is_known(weights.dims) and dims.is_known(values.dims)):
        return ""
    for axis, (weight, value) in enumerate(zip(weights.dims, values.dims, strict=True)):
        if weight not in (1, value):
            raise ValueError(
                f"{_REFUSED} Mismatch at dim {axis}. values.shape={dims.show(values.dims)}, "
                f"weights.shape={dims.show(weights.dims)}."
            )
    return "static_dims_check_success"


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """An operation that fails unless `weights` fit `values`.

    They fit as a scalar, or with the rank of `values` and along each axis its size or 1.

    Raises:
        ValueError: if they are known not to.
        InvalidArgumentError: otherwise, when run.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        weights, weights_shape, weights_rank = _described(weights, "weights")
        values, values_shape, values_rank = _described(values, "values")
        fits = _known_to_fit(weights, values)
        if fits:
            return no_op(name=fits)
        is_scalar = apply("Equal", 0, weights_rank, name="is_scalar")
        data = [
            _REFUSED,
            "weights.shape=",
            weights.name,
            weights_shape,
            "values.shape=",
            values.name,
            values_shape,
            "is_scalar=",
            is_scalar,
        ]
        with name_scope("is_valid_shape") as valid_scope:
            # As many axes as both have, so that the comparison is defined whatever the ranks are.
            shared = apply("Pack", [apply("Minimum", weights_rank, values_rank)], name="stack")
            ours = apply("Slice", weights_shape, [0], shared)
            theirs = apply("Slice", values_shape, [0], shared)
            each = apply("LogicalOr", apply("Equal", ours, 1), apply("Equal", ours, theirs))
            same_rank = apply("Equal", values_rank, weights_rank, name="is_same_rank")
            alike = apply("LogicalAnd", same_rank, reduce_all(each))
            valid = apply("LogicalOr", is_scalar, alike, name=valid_scope)
        return Assert(valid, data, name=scope)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """`weights` in the shape of `values`; see `assert_broadcastable`."""
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert_to_tensor(values, name="values")
        spread: Tensor = convert_to_tensor(weights, values.dtype.base_dtype, name="weights")
        if not dims.is_known(spread.dims) or spread.dims != values.dims:
            with control_dependencies([assert_broadcastable(spread, values)]):
                spread = apply("Mul", spread, constants.ones_like(values), name=scope)
        return spread
