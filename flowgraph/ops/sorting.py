"""Sorting along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import shape
from flowgraph.ops.layout import transpose

__all__ = ["argsort", "sort"]


def sort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """The elements in order along an axis.

    Args:
        values: numbers.
        direction: "ASCENDING" or "DESCENDING".

    Raises:
        ValueError: on another direction, or an axis that is out of range.
    """
    with name_scope(name, "sort"):
        values = convert_to_tensor(values, name="values")
        if _is_descending(direction):
            return _fallen(values, axis)[0]
        return _mirrored(_fallen(_mirrored(values), axis)[0])


def argsort(
    values: Any,
    axis: int = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Tensor:
    """The int32 indices that put the elements in order along an axis.

    Args:
        values: numbers.
        direction: "ASCENDING" or "DESCENDING".
        stable: accepted; equal elements always keep their order.

    Raises:
        ValueError: on another direction, or an axis that is out of range.
    """
    with name_scope(name, "argsort"):
        values = convert_to_tensor(values, name="values")
        falling = _is_descending(direction)
        return _fallen(values if falling else _mirrored(values), axis)[1]


def _is_descending(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction must be 'ASCENDING' or 'DESCENDING', got {direction!r}")
    return direction == "DESCENDING"


def _mirrored(values: Tensor) -> Tensor:
    """The values with their order reversed, without overflow for integers."""
    if values.dtype.is_floating:
        return -values
    limit = values.dtype.max if values.dtype.is_unsigned else -1
    return limit - values


def _fallen(values: Tensor, axis: int) -> list[Tensor]:
    """The values in falling order along the axis, and their indices."""
    size = shape(values)[axis]
    if axis == -1 or (values.dims is not None and axis + 1 == len(values.dims)):
        return list(apply("TopKV2", values, size))
    if values.dims is None:
        raise ValueError(f"The rank of {values} must be known to sort along axis {axis}.")
    rank = len(values.dims)
    order = np.arange(rank)
    order[[axis, -1]] = order[[-1, axis]]
    return [transpose(each, order) for each in apply("TopKV2", transpose(values, order), size)]
