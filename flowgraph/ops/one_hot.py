"""One-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import ANY_TYPE
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["one_hot"]

F = f32


@op(
    "OneHot",
    "indices: TI, depth: int32, on_value: T, off_value: T -> output: T",
    axis=-1,
    T=ANY_TYPE,
    TI=types((dtypes.uint8, dtypes.int32, dtypes.int64), dtypes.int64),
)
class OneHot:
    """`off_value` everywhere but at the indices along a new axis, where it is `on_value`.

    An index outside ``[0, depth)`` gives a vector of `off_value` only.
    """

    grad = None
    samples = (
        case(i32([0, 2, -1]), 3, F(1), F(0)),
        case(i64([[1], [3]]), 3, 5.0, -1.0),
        case(i32([0, 1]), 3, i32(1), i32(0), axis=0),
        case(i64([[1, 0]]), 2, np.array(True), np.array(False), axis=1),
        case(np.uint8(2), 4, F(1), F(0)),
        case(i32([]), 2, F(1), F(0)),
        case(i32([1]), 0, F(1), F(0)),
        case(i32([1]), 2, np.array(b"y", object), np.array(b"n", object)),
        case(i32([1]), -1, F(1), F(0), raises="depth must be non-negative, got: -1|must be >= 0"),
        case(i32([1]), 2, F(1), F(0), axis=2, raises="axis|Expected axis"),
    )

    def shape(
        indices: Operand, depth: Operand, on_value: Operand, off_value: Operand, *, axis: int
    ) -> Dims:
        for each in (depth, on_value, off_value):
            if each.dims:
                raise ValueError(f"Shape must be rank 0 but is rank {len(each.dims)}")
        known = depth.const_value()
        if known is not None and known < 0:
            raise ValueError(f"depth must be non-negative, got: {known}")
        if axis < -1:
            raise ValueError(f"axis must be >= -1, got {axis}")
        if indices.dims is None:
            return None
        rank = len(indices.dims)
        place = rank if axis == -1 else axis
        if place > rank:
            raise ValueError(f"axis must be in [-1, {rank}], got {axis}")
        size = None if known is None else int(known)
        return (*indices.dims[:place], size, *indices.dims[place:])

    def numpy(
        indices: Any, depth: Any, on_value: Any, off_value: Any, *, axis: int, out: Any = None
    ) -> Any:
        count = int(depth)
        place = indices.ndim if axis == -1 else axis
        if count < 0 or place > indices.ndim:
            text = (
                f"depth must be non-negative, got: {count}"
                if count < 0
                else f"Expected axis {axis}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        if out is None:
            sizes = indices.shape
            out = np.empty((*sizes[:place], count, *sizes[place:]), on_value.dtype)
        out.fill(off_value.item())
        inner = dims.product(indices.shape[place:])
        before = dims.product(indices.shape[:place])
        blocks = out.reshape((before, count, inner))
        keys = indices.reshape((before, inner))
        outer, within = np.nonzero((keys >= 0) & (keys < count))
        blocks[outer, keys[outer, within], within] = on_value.item()
        return out


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """`off_value` everywhere but at the indices along a new axis, where it is `on_value`.

    Args:
        indices: integers; those outside ``[0, depth)`` give vectors of `off_value` only.
        depth: the size of the new axis.
        on_value: 1 if None.
        off_value: 0 if None.
        axis: the index of the new axis; -1, the last one, if None.
        dtype: that of the values, or float32.

    Raises:
        TypeError: if the types of the values and `dtype` differ.
    """
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as scope:
        wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
        values = []
        for label, value in (("on_value", on_value), ("off_value", off_value)):
            tensor = None if value is None else convert_to_tensor(value, preferred_dtype=wanted)
            if tensor is not None:
                found = tensor.dtype.base_dtype
                if dtype is not None and found is not wanted:
                    text = f"dtype {found} of {label} does not match dtype parameter {wanted}"
                    raise TypeError(text)
                if wanted is not None and found is not wanted:
                    raise TypeError(
                        f"dtype {wanted} of on_value does not match dtype {found} of {label}"
                    )
                wanted = found
            values.append(tensor)
        wanted = wanted or dtypes.float32
        on = convert_to_tensor(1, wanted, "on_value") if values[0] is None else values[0]
        off = convert_to_tensor(0, wanted, "off_value") if values[1] is None else values[1]
        place = -1 if axis is None else axis
        result: Tensor = apply("OneHot", indices, depth, on, off, axis=place, name=scope)
        return result
