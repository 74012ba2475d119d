"""Constants, shapes, and rearrangements of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.shapes import TensorShape

Gradients = list[Any]
GRID = np.arange(6.0).reshape(2, 3)


@op("Const", "-> output: dtype", value=attr("tensor"), dtype=attr("type"))
class Const:
    """A fixed value."""

    grad = None

    def shape(*, value: Any) -> Any:
        return value.shape

    def numpy(*, value: Any) -> Any:
        return value


@op("Placeholder", "-> output: dtype", dtype=attr("type"), shape=attr("shape", TensorShape(None)))
class Placeholder:
    """A value that every run must be fed."""

    grad = None
    stateful = True
    numpy = None

    def shape(*, shape: TensorShape) -> Any:
        return shape._dims


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor whose value is fed to each run.

    Args:
        dtype: the element type of what will be fed.
        shape: its shape, None for sizes that vary; all of it may vary if None.
    """
    made: Tensor = apply("Placeholder", dtype=dtype, shape=TensorShape(shape), name=name)
    return made


@op("Identity", "input: T -> output: T", T=attr("type"))
class Identity:
    """The input."""

    view = 0
    samples = (case(GRID),)

    def shape(x: Operand) -> Dims:
        return x.dims

    def numpy(x: Any) -> Any:
        return x

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [dy]


def identity(input: Any, name: str | None = None) -> Tensor:
    """A tensor with the same value."""
    result: Tensor = apply("Identity", input, name=name)
    return result


@op("Shape", "input: T -> output: out_type", T=attr("type"), out_type=types(INDEX, dtypes.int32))
class Shape:
    """The shape of the input as a vector."""

    grad = None
    samples = (case(GRID),)

    def shape(x: Operand) -> Dims:
        return (None,) if x.dims is None else (len(x.dims),)

    def numpy(x: Any, *, out_type: dtypes.DType) -> Any:
        return np.array(np.shape(x), out_type.np)


def shape(
    input: Any, name: str | None = None, out_type: Any = dtypes.int32, optimize: bool = True
) -> Tensor:
    """The shape of `input`: a constant where it is known."""
    result: Tensor = apply("Shape", input, out_type=out_type, name=name)
    return result


@op("Reshape", "tensor: T, shape: Tshape -> output: T", T=attr("type"), Tshape=types(INDEX, dtypes.int32))
class Reshape:
    """The same elements, in the same order, in another shape; one size may be -1."""

    view = 0
    samples = (case(GRID, [3, 2]), case(GRID, [-1]), case(GRID, [3, -1, 1]))

    def shape(x: Operand, shape: Operand) -> Dims:
        wanted = shape.const_dims()
        if wanted is None:
            return None
        value = shape.const_value()
        open_sizes = [i for i, size in enumerate(wanted) if size is None]
        count = dims.num_elements(x.dims)
        known = dims.product(size for size in wanted if size is not None)
        if not open_sizes:
            if count is not None and count != known:
                raise ValueError(
                    f"Cannot reshape a tensor with {count} elements to shape "
                    f"{dims.show_list(wanted)} ({known} elements)"
                )
            return wanted
        if value is not None and len(open_sizes) > 1:
            raise ValueError("Only one input size may be -1")
        if len(open_sizes) == 1 and count is not None:
            if known == 0 or count % known:
                raise ValueError(
                    f"Dimension size must be evenly divisible by {known} but is {count}"
                )
            place = open_sizes[0]
            return (*wanted[:place], count // known, *wanted[place + 1 :])
        return wanted

    def numpy(x: Any, shape: Any) -> Any:
        return np.reshape(x, tuple(shape.tolist()))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [reshape(dy, shape(op.inputs[0])), None]


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """`tensor` with its elements, in order, in another shape.

    Args:
        shape: sizes (ints or scalar tensors); one may be -1 and is then inferred.

    Raises:
        ValueError: if the number of elements is known not to fit.
    """
    result: Tensor = apply("Reshape", tensor, shape, name=name)
    return result


@op("Tile", "input: T, multiples: Tmultiples -> output: T", T=attr("type"), Tmultiples=types(INDEX, dtypes.int32))
class Tile:
    """The input repeated ``multiples[i]`` times along axis i."""

    samples = (case(GRID, [2, 1]), case(GRID, [1, 3]))

    def shape(x: Operand, multiples: Operand) -> Dims:
        times = multiples.const_dims()
        if x.dims is None or times is None:
            return None if x.dims is None else (None,) * len(x.dims)
        if len(times) != len(x.dims):
            raise ValueError(f"Shape must be rank {len(x.dims)} but is rank {len(times)}")
        return tuple(
            None if a is None or b is None else a * b for a, b in zip(x.dims, times, strict=True)
        )

    def numpy(x: Any, multiples: Any) -> Any:
        return np.tile(x, tuple(multiples.tolist()))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        raise LookupError


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input` repeated ``multiples[i]`` times along axis i."""
    result: Tensor = apply("Tile", input, multiples, name=name)
    return result


@op("Fill", "dims: index_type, value: T -> output: T", T=attr("type"), index_type=types(INDEX, dtypes.int32))
class Fill:
    """A tensor of one value."""

    samples = (case([2, 3], np.float64(1.5)),)

    def shape(size: Operand, value: Operand) -> Dims:
        return size.const_dims()

    def numpy(size: Any, value: Any) -> Any:
        return np.full(tuple(size.tolist()), value, np.asarray(value).dtype)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [None, apply("Sum", dy, apply("Range", 0, apply("Rank", dy), 1))]
