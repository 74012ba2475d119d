"""Broadcasting made explicit, and grids."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, GRID, INDEX_TYPE, WORDS, reshape, shape, size
from flowgraph.ops.constants import ones
from flowgraph.ops.joining import stack
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.shapes import TensorShape, as_shape

__all__ = ["broadcast_dynamic_shape", "broadcast_static_shape", "broadcast_to", "meshgrid"]

Gradients = list[Any]
ROW = GRID[:1]


@op("BroadcastTo", "input: T, shape: Tidx -> output: T", T=ANY_TYPE, Tidx=INDEX_TYPE)
class BroadcastTo:
    """The input repeated along its axes of size 1, and along new axes in front, to a shape."""

    view = 0
    samples = (
        case(ROW, [2, 3]),
        case(GRID, i64([2, 2, 3])),
        case(f32(2), [2, 1]),
        case(i32([[1], [2]]), [2, 2]),
        case(ROW.astype(np.float32), [0, 3]),
        case(WORDS[:1], [2, 2]),
        case(GRID, [2, 3]),
        case(GRID, [3, 3], raises="Dimensions must be equal|Incompatible shapes"),
        case(GRID, [3], raises="Rank of input \\(2\\) must be no greater than rank of output"),
    )

    def shape(x: Operand, shape: Operand) -> Dims:
        wanted = shape.const_dims()
        if wanted is None or x.dims is None:
            return wanted
        if len(x.dims) > len(wanted):
            raise ValueError(
                f"Rank of input ({len(x.dims)}) must be no greater than rank of output shape "
                f"({len(wanted)})."
            )
        padded = (1,) * (len(wanted) - len(x.dims)) + x.dims
        for a, b in zip(padded, wanted, strict=True):
            if a not in (None, 1) and b is not None and a != b:
                raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
        return tuple(a if b is None and a != 1 else b for a, b in zip(padded, wanted, strict=True))

    def numpy(x: Any, shape: Any) -> Any:
        wanted = shape.tolist()
        try:
            return np.broadcast_to(x, wanted)
        except ValueError:
            shown = dims.show_list(tuple(wanted))
            text = f"Incompatible shapes: {dims.show_list(x.shape)} vs. {shown}"
            raise errors.InvalidArgumentError(None, None, text) from None

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, wanted = op.inputs
        x_shape = shape(x, out_type=wanted.dtype)
        _, axes = apply("BroadcastGradientArgs", wanted, x_shape)
        dx = reshape(apply("Sum", dy, axes, keep_dims=True), x_shape)
        dx.set_shape(x.dims)
        return [dx, None]


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input` repeated along axes of size 1, and along new axes in front, to `shape`.

    Raises:
        ValueError: if it is known not to fit.
    """
    result: Tensor = apply("BroadcastTo", input, shape, name=name)
    return result


def _common(a: Any, b: Any) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(tuple(a.tolist()), tuple(b.tolist()))
    except ValueError:
        shown = [dims.show_list(tuple(each.tolist())) for each in (a, b)]
        text = f"Incompatible shapes: {shown[0]} vs. {shown[1]}"
        raise errors.InvalidArgumentError(None, None, text) from None


SHAPE_PAIRS = (
    case([2, 3], [3]),
    case([2, 1], [1, 4]),
    case(i64([5]), i64([5])),
    case([3, 1, 2], [4, 1]),
    case(np.array([], np.int32), [2, 2]),
    case([2, 1], [2, 1]),
    case([0, 1], [1]),
    case([2], [3], raises="ncompatible shapes"),
)


@op("BroadcastArgs", "s0: T, s1: T -> r0: T", T=INDEX_TYPE)
class BroadcastArgs:
    """The shape that tensors of two shapes are broadcast to."""

    grad = None
    samples = SHAPE_PAIRS

    def shape(s0: Operand, s1: Operand) -> Dims:
        a, b = (dims.with_rank(each.dims, 1)[0] for each in (s0, s1))
        return (None if a is None or b is None else max(a, b),)

    def numpy(s0: Any, s1: Any) -> Any:
        return np.array(_common(s0, s1), s0.dtype)


@op("BroadcastGradientArgs", "s0: T, s1: T -> r0: T, r1: T", T=INDEX_TYPE)
class BroadcastGradientArgs:
    """The axes along which tensors of two shapes are repeated when they are broadcast together.

    An axis of size 1 in both shapes counts as repeated in both.
    """

    grad = None
    samples = SHAPE_PAIRS

    def shape(s0: Operand, s1: Operand) -> list[Dims]:
        a, b = s0.const_value(), s1.const_value()
        if a is None or b is None:
            return [(None,), (None,)]
        try:
            return [(len(axes),) for axes in _repeated(a, b)]
        except errors.InvalidArgumentError:
            return [(None,), (None,)]

    def numpy(s0: Any, s1: Any) -> Any:
        return tuple(np.array(axes, s0.dtype) for axes in _repeated(s0, s1))


def _repeated(a: Any, b: Any) -> list[list[int]]:
    whole = _common(a, b)
    if a.tolist() == b.tolist():
        return [[], []]
    found = []
    for each in (a.tolist(), b.tolist()):
        padded = [1] * (len(whole) - len(each)) + each
        found.append([axis for axis, length in enumerate(padded) if length == 1])
    return found


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape that tensors of two shapes (vectors of integers) are broadcast to."""
    result: Tensor = apply("BroadcastArgs", shape_x, shape_y)
    return result


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The `TensorShape` that tensors of two static shapes are broadcast to.

    Raises:
        ValueError: if they do not fit.
    """
    a, b = as_shape(shape_x), as_shape(shape_y)
    try:
        return TensorShape(dims.broadcast(a._dims, b._dims))
    except ValueError:
        raise ValueError(f"Incompatible shapes for broadcasting: {a} and {b}") from None


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """The coordinates of the points of a grid, one tensor per axis.

    Args:
        args: vectors, the coordinates along each axis.
        indexing: "xy" (the first vector runs along the second axis) or "ij".

    Raises:
        ValueError: on another `indexing`.
        TypeError: on other keywords.
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"{next(iter(kwargs))!r} is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` must be either 'xy' or 'ij', got {indexing!r}")
    with name_scope(name, "meshgrid", list(args)):
        count = len(args)
        single = [1] * count
        axes = [reshape(stack(x), [*single[:i], -1, *single[i + 1 :]]) for i, x in enumerate(args)]
        lengths = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            axes[0] = reshape(axes[0], [1, -1, *single[2:]])
            axes[1] = reshape(axes[1], [-1, 1, *single[2:]])
            lengths[0], lengths[1] = lengths[1], lengths[0]
        whole = ones(lengths, dtype)
        return [each * whole for each in axes]
