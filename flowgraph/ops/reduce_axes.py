"""What all reductions share: axes, shapes, and bringing gradients back to the input's shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.opdef import Operand
from flowgraph.graph.tensor import Operation, Tensor

__all__ = [
    "axes_of",
    "default_axes",
    "group_size",
    "kept",
    "known_axes",
    "reduced_shape",
    "scalar_if_all",
    "spread_back",
]


def _checked_axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ValueError(f"Invalid reduction dimension {axis} for input with {rank} dimensions.")
    return axis % rank


def reduced_shape(x: Operand, axes: Operand, *, keep_dims: bool) -> Dims:
    """The shape rule of all reductions."""
    if x.dims is None:
        return None
    rank = len(x.dims)
    value = axes.const_value()
    if value is None:
        return (None,) * rank if keep_dims else None
    chosen = {_checked_axis(int(axis), rank) for axis in value.reshape(-1)}
    if keep_dims:
        return tuple(1 if i in chosen else size for i, size in enumerate(x.dims))
    return tuple(size for i, size in enumerate(x.dims) if i not in chosen)


def axes_of(x: Any, axes: Any) -> int | tuple[int, ...] | None:
    """A kernel's axes, as NumPy takes them fastest: None for all, an int for a single one.

    Raises:
        InvalidArgumentError: if one is out of range or given twice.
    """
    rank = x.ndim
    listed = axes.tolist()
    chosen: list[int] = [listed] if type(listed) is int else listed
    for axis in chosen:
        if not -rank <= axis < rank:
            message = f"Invalid reduction dimension ({axis} for input with {rank} dimension(s)"
            raise InvalidArgumentError(None, None, message)
    if len(chosen) == 1:
        return chosen[0]
    distinct = tuple({axis % rank for axis in chosen})
    if len(distinct) < len(chosen):
        message = "Invalid reduction arguments: Axes contains duplicate dimension"
        raise InvalidArgumentError(None, None, message)
    return None if len(distinct) == rank else distinct


def group_size(x: Any, axis: int | tuple[int, ...] | None) -> int:
    """How many elements are reduced to one."""
    if axis is None:
        return int(x.size)
    if isinstance(axis, int):
        return int(x.shape[axis])
    return dims.product(x.shape[i] for i in axis)


def default_axes(x: Any, axis: Any) -> Any:
    """`axis`, or a tensor of all axes of `x` where it is None."""
    if axis is not None:
        return axis
    if type(x) is Tensor and x.dims is not None:
        return constant(np.arange(len(x.dims), dtype=np.int32))
    with name_scope(None, "Rank", [x]) as scope:
        tensor = convert_to_tensor(x)
        if tensor.dims is None:
            rank = apply("Rank", tensor, name=scope)
        else:
            rank = constant(len(tensor.dims), dtypes.int32, name=scope)
    return apply("Range", 0, rank, 1, name="range")


def scalar_if_all(result: Tensor, axis: Any, keepdims: Any) -> Tensor:
    """`result` known to be a scalar if it was reduced over everything."""
    if axis is None and not keepdims and result.dims is None:
        result.set_shape(())
    return result


def known_axes(op: Operation) -> tuple[int, ...] | None:
    """The axes that a reduction removes, ascending, where they are known while building."""
    rank = op.inputs[0].shape.ndims
    value = op.inputs[1].const_value()
    if rank is None or value is None:
        return None
    return tuple(sorted({int(axis) % rank for axis in value.reshape(-1)}))


def _kept_shape(op: Operation) -> Tensor:
    """The shape of the input as a tensor, with 1 for each reduced axis."""
    shape = apply("Shape", op.inputs[0])
    axes = apply("Reshape", op.inputs[1], [-1])
    if axes.dtype.base_dtype is not dtypes.int32:
        axes = apply("Cast", axes, DstT=dtypes.int32)
    rank = apply("Size", shape)
    axes = apply("FloorMod", axes + rank, rank)
    places = apply("Range", 0, rank, 1)
    ones = apply("Fill", apply("Shape", axes), 1)
    kept: Tensor = apply("DynamicStitch", [places, axes], [shape, ones])
    return kept


def kept(op: Operation, *tensors: Tensor) -> list[Tensor]:
    """Tensors of the output's shape with the reduced axes put back at length 1."""
    if op.attrs["keep_dims"]:
        return list(tensors)
    axes = known_axes(op)
    sizes = op.inputs[0].dims
    if axes is None or sizes is None:
        shape: Any = _kept_shape(op)
    elif len(axes) == len(sizes):
        shape = [1] * len(sizes)
    elif None not in sizes:
        shape = [1 if i in axes else size for i, size in enumerate(sizes)]
    else:
        return [_expanded(tensor, axes) for tensor in tensors]
    return [apply("Reshape", tensor, shape) for tensor in tensors]


def _expanded(tensor: Tensor, axes: tuple[int, ...]) -> Tensor:
    for axis in axes:
        tensor = apply("ExpandDims", tensor, axis)
    return tensor


def spread_back(op: Operation, dy: Tensor) -> Tensor:
    """`dy` repeated along the reduced axes: the gradient of a sum."""
    axes = known_axes(op)
    sizes = op.inputs[0].dims
    (dy,) = kept(op, dy)
    if axes is None or sizes is None:
        spread: Tensor = apply("BroadcastTo", dy, apply("Shape", op.inputs[0]))
    elif len(axes) == len(sizes):
        known = None not in sizes
        shape = constant(np.array(sizes, np.int32)) if known else apply("Shape", op.inputs[0])
        spread = apply("Tile", dy, shape)
    elif None not in sizes:
        times = [size if i in axes else 1 for i, size in enumerate(sizes)]
        spread = apply("Tile", dy, times)
    else:
        spread = apply("BroadcastTo", dy, apply("Shape", op.inputs[0]))
    return spread
