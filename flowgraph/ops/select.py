"""Choice by a condition, and clipping."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, broadcast_shape, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import NUMBERS

__all__ = ["clip_by_value", "same_shape", "where", "where_v2"]

Gradients = list[Any]
GRID = np.arange(6.0).reshape(2, 3) - 2.5
MASK = np.array([[True, False, True], [False, False, True]])


def same_shape(a: Dims, b: Dims) -> Dims:
    """The merged shape of two that must be equal.

    Raises:
        ValueError: if their ranks or known sizes differ.
    """
    if a is None or b is None:
        return b if a is None else a
    shown = f"Shapes are {dims.show_list(a)} and {dims.show_list(b)}."
    if len(a) != len(b):
        raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}. {shown}")
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        if x is not None and y is not None and x != y:
            raise ValueError(
                f"Dimension {i} in both shapes must be equal, but are {x} and {y}. {shown}"
            )
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def _select_grad(op: Operation, dy: Tensor) -> Gradients:
    condition = op.inputs[0]
    zeros = apply("ZerosLike", dy)
    choose = op.type
    return [None, apply(choose, condition, dy, zeros), apply(choose, condition, zeros, dy)]


@op("Select", "condition: bool, t: T, e: T -> output: T", T=attr("type"))
class Select:
    """The elements of `t` where the condition is true, those of `e` elsewhere.

    `t` and `e` have the same shape. The condition has it too, or is a vector that chooses along the
    first axis, or a scalar.
    """

    grad = _select_grad
    samples = (
        case(MASK, GRID, -GRID),
        case(MASK[:, 0], GRID, -GRID),
        case(np.array(False), GRID, -GRID),
        case(MASK.T, GRID.T.astype(np.float32), -GRID.T.astype(np.float32)),
        case(MASK, np.int32(MASK), 5 - np.int32(MASK)),
        case(np.array(True), np.array(1.0), np.array(2.0)),
        case(MASK[:0], GRID[:0], GRID[:0]),
        case(MASK[0], np.array([b"a", b"b", b"c"], object), np.array([b"", b"y", b"z"], object)),
        case(MASK, GRID, GRID[:, :2], raises="Dimension 1 in both shapes must be equal"),
        case(MASK[0], GRID, GRID, raises="must be equal, but are 3 and 2"),
    )

    def shape(condition: Operand, t: Operand, e: Operand) -> Dims:
        shape = same_shape(t.dims, e.dims)
        chosen = condition.dims
        if chosen is None or chosen == ():
            return shape
        if len(chosen) == 1:
            if shape is not None and len(shape) > 0:
                return (same_shape(chosen, shape[:1]) or ())[:1] + shape[1:]
            return shape
        return same_shape(chosen, shape)

    def numpy(condition: Any, t: Any, e: Any) -> Any:
        missing = np.ndim(t) - np.ndim(condition)
        if missing and np.ndim(condition) == 1:
            condition = condition.reshape(-1, *(1,) * missing)
        return np.where(condition, t, e)


@op("SelectV2", "condition: bool, t: T, e: T -> output: T", T=attr("type"))
class SelectV2:
    """The elements of `t` where the condition is true, those of `e` elsewhere; all broadcast."""

    grad = _select_grad
    shape = broadcast_shape
    samples = (
        case(MASK, GRID, -GRID),
        case(MASK[0], GRID, np.array(1.0)),
        case(MASK[:, :1], GRID[0].astype(np.float32), np.array([[1.0], [2.0]], np.float32)),
        case(np.array(True), np.int32(1), np.array([2, 3], np.int32)),
        case(MASK[:0], GRID[:0], GRID[0]),
        case(MASK, GRID, GRID[:, :2], raises="Dimensions must be equal"),
    )

    def numpy(condition: Any, t: Any, e: Any) -> Any:
        return np.where(condition, t, e)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """`x` where a condition is true and `y` elsewhere; without both, the places where it is true.

    Args:
        condition: bools of the shape of `x`, or a vector as long as its first axis.
        x: a tensor, or None.
        y: of the type and shape of `x`, or None.

    Returns:
        The chosen elements; or int64 [number of true elements, rank of the condition].

    Raises:
        ValueError: if only one of `x` and `y` is given, or shapes do not fit.
    """
    return _where("Select", condition, x, y, name)


def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """As `where`, with condition, `x` and `y` broadcast against each other."""
    return _where("SelectV2", condition, x, y, name)


def _where(op_type: str, condition: Any, x: Any, y: Any, name: str | None) -> Tensor:
    result: Tensor
    if x is None and y is None:
        with name_scope(name, "Where", [condition]) as scope:
            condition = convert_to_tensor(condition, name="condition", preferred_dtype=dtypes.bool)
            result = apply("Where", condition, name=scope)
            return result
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    result = apply(op_type, condition, x, y, name=name)
    return result


def _summed(dy: Tensor, bound: Tensor) -> Tensor:
    """`dy` summed over the axes that a bound was repeated along."""
    if dy.dims == bound.dims and dy.shape.is_fully_defined():
        return dy
    shape = apply("Shape", bound)
    axes, _ = apply("BroadcastGradientArgs", shape, apply("Shape", dy))
    summed: Tensor = apply("Reshape", apply("Sum", dy, axes), shape)
    return summed


@op("ClipByValue", "t: T, clip_value_min: T, clip_value_max: T -> output: T", T=NUMBERS)
class ClipByValue:
    """``minimum(maximum(t, clip_value_min), clip_value_max)``; the bounds broadcast to `t`."""

    samples = (
        case(GRID, np.array(-1.0), np.array(1.0)),
        case(GRID.astype(np.float32), GRID.astype(np.float32) * 0, np.float32(1.0)),
        case(np.array([1, 5, 9], np.int32), np.int32(2), np.int32(6)),
        case(np.array(3.0), np.array(-1.0), np.array(1.0)),
        case(GRID[:0], np.array(-1.0), np.array(1.0)),
    )

    def shape(t: Operand, low: Operand, high: Operand) -> Dims:
        for bound in (low, high):
            wider = dims.broadcast(t.dims, bound.dims)
            if wider is not None and t.dims is not None and len(wider) > len(t.dims):
                raise ValueError(f"The bounds must broadcast to shape {dims.show_list(t.dims)}")
        return t.dims

    def numpy(t: Any, low: Any, high: Any, *, out: Any = None) -> Any:
        return np.minimum(np.maximum(t, low), high, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        t, low, high = op.inputs
        zeros = apply("ZerosLike", dy)
        below, above = apply("Less", t, low), apply("Greater", t, high)
        inside = apply("LogicalNot", apply("LogicalOr", below, above))
        return [
            apply("SelectV2", inside, dy, zeros),
            _summed(apply("SelectV2", below, dy, zeros), low),
            _summed(apply("SelectV2", above, dy, zeros), high),
        ]


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """``maximum(minimum(t, clip_value_max), clip_value_min)``, elementwise.

    Args:
        t: a tensor or `IndexedSlices`.
        clip_value_min: a scalar, or a tensor that broadcasts to the shape of `t`.
        clip_value_max: likewise.

    Raises:
        ValueError: if a bound would broadcast `t` to a larger shape.
    """
    sparse = isinstance(t, IndexedSlices)
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = convert_to_tensor(t.values if sparse else t, name="t")
        least = apply("Minimum", values, clip_value_max)
        values.shape.merge_with(least.shape)
        clipped = apply("Maximum", least, clip_value_min, name=scope)
        values.shape.merge_with(clipped.shape)
    if sparse:
        return IndexedSlices(clipped, t.indices, t.dense_shape)
    return clipped
