"""Sizes of states and zeros of those sizes."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.structure import map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constants import zeros
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims
from flowgraph.shapes import TensorShape

__all__ = ["best_batch_size", "joined_shape", "known_size", "static_joined_shape", "zeros_of_size"]


def _sizes(part: Any) -> Any:
    """A part of a shape as a vector tensor; None if it is not fully known."""
    if isinstance(part, Tensor):
        if part.shape.ndims == 0:
            return expand_dims(part, 0)
        if part.shape.ndims != 1:
            raise ValueError(f"prefix tensor must be either a scalar or vector, but saw {part}")
        return part
    shape = _as_shape(part)
    return constant(shape.as_list(), dtypes.int32) if shape.is_fully_defined() else None


def _as_shape(part: Any) -> TensorShape:
    if isinstance(part, Tensor):
        value = part.const_value()
        return TensorShape(value if value is None else value.reshape(-1).tolist())
    if isinstance(part, TensorShape):
        return part
    is_one_size = part is not None and hasattr(part, "__index__")
    return TensorShape([part] if is_one_size else part)


def joined_shape(prefix: Any, suffix: Any) -> Tensor:
    """The shape ``prefix + suffix`` as a tensor; each is a size, a shape or a tensor.

    Raises:
        ValueError: if a part is not fully known.
    """
    first, second = _sizes(prefix), _sizes(suffix)
    if first is None or second is None:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return concat([first, second], 0)


def static_joined_shape(prefix: Any, suffix: Any) -> TensorShape:
    """What is known of ``prefix + suffix`` before running."""
    unknown_size = isinstance(prefix, Tensor) and prefix.shape.ndims == 0
    first = _as_shape(prefix)
    if unknown_size and first.ndims is None:
        first = TensorShape([None])
    return first.concatenate(_as_shape(suffix))


def zeros_of_size(size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros of shape ``[batch_size, *size]`` for every size of a nested structure.

    Args:
        size: sizes or shapes without the batch, nested at will.
        batch_size: a number or a scalar tensor.
        dtype: of all the zeros.
    """

    def filled(each: Any) -> Tensor:
        made = zeros(joined_shape(batch_size, each), dtype)
        made.set_shape(static_joined_shape(batch_size, each))
        return made

    return map_structure(filled, size)


def known_size(tensor: Any, axis: int) -> Any:
    """The size of an axis: a number if it is known before running, else a scalar tensor."""
    sizes = tensor.get_shape()._dims
    known = None if sizes is None else sizes[axis]
    return apply("Shape", tensor)[axis] if known is None else known


def best_batch_size(flat_input: list[Tensor], axis: int = 1) -> Any:
    """The size of `axis`, static if any of the inputs tells it, else that of the first one."""
    for each in flat_input:
        if each.dims is None:
            continue
        if len(each.dims) < 2:
            raise ValueError(f"Expected input tensor {each.name} to have rank at least 2")
        if each.dims[axis] is not None:
            return each.dims[axis]
    return apply("Shape", flat_input[0])[axis]
