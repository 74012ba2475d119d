"""Placeholders, shapes, reshaping and repeating: what nearly every graph is held together by."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import f32
from flowgraph.shapes import TensorShape

__all__ = [
    "identity",
    "placeholder",
    "rank",
    "reshape",
    "reshape_to_input",
    "shape",
    "shape_n",
    "size",
    "tile",
]

Gradients = list[Any]
GRID = np.arange(6.0).reshape(2, 3)
WORDS = np.array([[b"a", b"bc"], [b"", b"d"]], object)
EMPTY = np.zeros((0, 3), np.float32)
ANY_TYPE = attr("type")
INDEX_TYPE = types(INDEX, dtypes.int32)
KINDS = (
    case(GRID),
    case(GRID.astype(np.float32)),
    case(f32(2.5)),
    case(EMPTY),
    case(GRID.astype(np.int32)),
    case(np.array([True, False])),
    case(np.array([1 + 2j, -3j], np.complex64)),
    case(WORDS),
)


@op("Placeholder", "-> output: dtype", dtype=ANY_TYPE, shape=attr("shape", TensorShape(None)))
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


@op("Identity", "input: T -> output: T", T=ANY_TYPE)
class Identity:
    """The input."""

    view = 0
    samples = KINDS
    shape = unchanged_shape

    def numpy(x: Any) -> Any:
        return x

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [dy]


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor (or `SparseTensor`) with the same value."""
    if isinstance(input, SparseTensor):
        with name_scope(name, "Identity", [input.values]):
            return SparseTensor(*(apply("Identity", part) for part in input.components()))
    result: Tensor = apply("Identity", input, name=name)
    return result


@op("Shape", "input: T -> output: out_type", T=ANY_TYPE, out_type=INDEX_TYPE)
class Shape:
    """The shape of the input as a vector."""

    grad = None
    samples = (*KINDS, case(GRID, out_type=dtypes.int64))

    def shape(x: Operand) -> Dims:
        return (None,) if x.dims is None else (len(x.dims),)

    def numpy(x: Any, *, out_type: dtypes.DType) -> Any:
        return np.array(x.shape, out_type.np)


@op("ShapeN", "input: N * T -> output: N * out_type", T=ANY_TYPE, out_type=INDEX_TYPE)
class ShapeN:
    """The shapes of all inputs, as vectors."""

    grad = None
    samples = (case([GRID, GRID[0]]), case([GRID, EMPTY.astype(float)], out_type=dtypes.int64))

    def shape(inputs: list[Operand]) -> list[Dims]:
        return [(None,) if x.dims is None else (len(x.dims),) for x in inputs]

    def numpy(inputs: list[Any], *, out_type: dtypes.DType) -> Any:
        return [np.array(x.shape, out_type.np) for x in inputs]


@op("Size", "input: T -> output: out_type", T=ANY_TYPE, out_type=INDEX_TYPE)
class Size:
    """The number of elements."""

    grad = None
    samples = (*KINDS, case(GRID, out_type=dtypes.int64))

    def shape(x: Operand) -> Dims:
        return ()

    def numpy(x: Any, *, out_type: dtypes.DType) -> Any:
        return np.array(x.size, out_type.np)


@op("Rank", "input: T -> output: int32", T=ANY_TYPE)
class Rank:
    """The number of axes."""

    grad = None
    samples = KINDS

    def shape(x: Operand) -> Dims:
        return ()

    def numpy(x: Any) -> Any:
        return np.array(x.ndim, np.int32)


def shape(
    input: Any, name: str | None = None, out_type: Any = dtypes.int32, optimize: bool = True
) -> Tensor:
    """The shape of `input` as a vector: a constant where it is known.

    Args:
        input: a tensor or a `SparseTensor`.
        out_type: int32 or int64.
        optimize: False to compute it in every run, known or not.
    """
    with name_scope(name, "Shape", [input]) as scope:
        if isinstance(input, SparseTensor):
            sparse: Tensor = apply("Cast", input.dense_shape, DstT=out_type, name=scope)
            return sparse
        tensor = convert_to_tensor(input)
        if optimize and dims.is_known(tensor.dims):
            return constant(np.array(tensor.dims), out_type, name=scope)
        result: Tensor = apply("Shape", tensor, out_type=out_type, name=scope)
        return result


def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors of one type, as vectors."""
    result: list[Tensor] = apply("ShapeN", input, out_type=out_type, name=name)
    return result


def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The number of elements of `input`, a scalar: a constant where it is known.

    Args:
        input: a tensor or a `SparseTensor` (whose dense size is meant).
        out_type: int32 or int64.
    """
    with name_scope(name, "Size", [input]) as scope:
        if isinstance(input, SparseTensor):
            sizes = apply("Cast", input.dense_shape, DstT=out_type)
            sparse: Tensor = apply("Prod", sizes, 0, name=scope)
            return sparse
        tensor = convert_to_tensor(input)
        count = (
            0 if tensor.dims is not None and 0 in tensor.dims else dims.num_elements(tensor.dims)
        )
        if count is not None:
            return constant(count, out_type, name=scope)
        result: Tensor = apply("Size", tensor, out_type=out_type, name=scope)
        return result


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of `input`, an int32 scalar: a constant where it is known."""
    with name_scope(name, "Rank", [input]) as scope:
        if isinstance(input, SparseTensor):
            sparse: Tensor = apply("Size", input.dense_shape, name=scope)
            return sparse
        tensor = convert_to_tensor(input)
        if tensor.dims is not None:
            return constant(len(tensor.dims), dtypes.int32, name=scope)
        result: Tensor = apply("Rank", tensor, name=scope)
        return result


def _known_count(sizes: Dims) -> int | None:
    """The number of elements; one size of 0 is enough to know it."""
    return 0 if sizes is not None and 0 in sizes else dims.num_elements(sizes)


def _check_reshape(wanted: tuple[Any, ...], count: int | None) -> None:
    if count is None:
        return
    known = dims.product(wanted)
    if count != known:
        shown = dims.show_list(wanted)
        raise ValueError(
            f"Cannot reshape a tensor with {count} elements to shape {shown} ({known} elements)"
        )


def reshape_to_input(op: Operation, dy: Tensor) -> Gradients:
    """The gradient of ops that only change the shape of their first input."""
    x = op.inputs[0]
    return [reshape(dy, shape(x)), *[None] * (len(op.inputs) - 1)]


@op("Reshape", "tensor: T, shape: Tshape -> output: T", T=ANY_TYPE, Tshape=INDEX_TYPE)
class Reshape:
    """The same elements, in the same order, in another shape; one size may be -1."""

    view = 0
    grad = reshape_to_input
    samples = (
        case(GRID, [3, 2]),
        case(GRID, [-1]),
        case(GRID, [3, -1, 1]),
        case(GRID.astype(np.float32), np.array([2, -1], np.int64)),
        case(GRID.astype(np.int32), [6]),
        case(WORDS, [4]),
        case(EMPTY, [3, 0]),
        case(EMPTY, [-1, 3]),
        case(f32(1.5), [1, 1]),
        case(f32([1.5]), np.array([], np.int32)),
        case(GRID, [4], raises="Cannot reshape a tensor with 6 elements to shape .4. .4 elements."),
        case(GRID, [4, -1], raises="Dimension size must be evenly divisible by 4 but is 6"),
    )

    def shape(x: Operand, shape: Operand) -> Dims:
        if shape.dims is not None and len(shape.dims) > 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(shape.dims)}")
        wanted = shape.const_dims()
        if wanted is None:
            return None
        count = _known_count(x.dims)
        free = [i for i, each in enumerate(wanted) if each is None]
        if not free:
            _check_reshape(wanted, count)
            return wanted
        if len(free) > 1 or count is None:
            return wanted
        # One size is open: whether it is -1 or only not known yet, the element count fixes it.
        known = dims.product(each for each in wanted if each is not None)
        if known == 0:
            return wanted
        if count % known:
            raise ValueError(f"Dimension size must be evenly divisible by {known} but is {count}")
        place = free[0]
        return (*wanted[:place], count // known, *wanted[place + 1 :])

    def numpy(x: Any, shape: Any) -> Any:
        wanted = shape.tolist()
        try:
            return x.reshape(wanted)
        except ValueError:
            raise _reshape_error(x, wanted) from None


def _reshape_error(x: Any, wanted: list[int]) -> errors.InvalidArgumentError:
    open_sizes = [i for i, each in enumerate(wanted) if each == -1]
    known = dims.product(each for each in wanted if each != -1)
    shown = "[" + ",".join(map(str, wanted)) + "]"
    if len(open_sizes) > 1:
        first, second = open_sizes[:2]
        text = f"Only one input size may be -1, not both {first} and {second}"
    elif known < 0:
        index = next(i for i, each in enumerate(wanted) if each < -1)
        text = f"Size {index} must be non-negative, not {wanted[index]}"
    elif open_sizes and known == 0:
        text = (
            "Reshape cannot infer the missing input size for an empty tensor unless all specified "
            "input sizes are non-zero"
        )
    elif open_sizes:
        text = (
            f"Input to reshape is a tensor with {x.size} values, but the requested shape requires "
            f"a multiple of {known}"
        )
    else:
        text = (
            f"Input to reshape is a tensor with {x.size} values, but the requested shape has "
            f"{known} {shown}"
        )
    return errors.InvalidArgumentError(None, None, text)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """`tensor` with its elements, in order, in another shape.

    Args:
        shape: sizes (ints or scalar tensors); one may be -1 and is then inferred.

    Raises:
        ValueError: if the number of elements is known not to fit.
    """
    result: Tensor = apply("Reshape", tensor, shape, name=name)
    return result


def _tile_grad(op: Operation, dy: Tensor) -> Gradients:
    x, multiples = op.inputs
    x_shape = shape(x, out_type=multiples.dtype)
    # Each axis is taken apart into (copies, elements), and the copies are summed.
    pairs = apply("Transpose", apply("Pack", [multiples, x_shape], name="stack"), [1, 0])
    apart = reshape(pairs, [-1])
    axes = apply("Range", 0, size(apart), 2, name="range")
    dx = apply("Sum", reshape(dy, apart), axes)
    dx.set_shape(x.dims)
    return [dx, None]


@op("Tile", "input: T, multiples: Tmultiples -> output: T", T=ANY_TYPE, Tmultiples=INDEX_TYPE)
class Tile:
    """The input repeated ``multiples[i]`` times along axis i."""

    grad = _tile_grad
    samples = (
        case(GRID, [2, 1]),
        case(GRID, [1, 3]),
        case(GRID, [0, 1]),
        case(GRID.astype(np.float32), np.array([2, 2], np.int64)),
        case(GRID.astype(np.int32), [1, 1]),
        case(f32(2.5), np.array([], np.int32)),
        case(WORDS, [1, 2]),
        case(GRID, [2], raises="Shape must be rank 1 but is rank 2"),
    )

    def shape(x: Operand, multiples: Operand) -> Dims:
        times = multiples.const_dims()
        if x.dims is None and times is None:
            return None
        if x.dims is None and times is not None:
            return tuple(0 if count == 0 else None for count in times)
        if x.dims is None or times is None:
            return (None,) * len(x.dims or ())
        if len(times) != len(x.dims):
            raise ValueError(f"Shape must be rank {len(times)} but is rank {len(x.dims)}")
        return tuple(
            0 if 0 in (a, b) else None if a is None or b is None else a * b
            for a, b in zip(x.dims, times, strict=True)
        )

    def numpy(x: Any, multiples: Any, *, out: Any = None) -> Any:
        times = multiples.tolist()
        for index, count in enumerate(times):
            if count < 0:
                text = f"Expected multiples[{index}] >= 0, but got {count}"
                raise errors.InvalidArgumentError(None, None, text)
        sizes = x.shape
        if out is None:
            whole = [count * length for count, length in zip(times, sizes, strict=True)]
            out = np.empty(whole, x.dtype)
        apart = [each for pair in zip(times, sizes, strict=True) for each in pair]
        out.reshape(apart)[...] = x.reshape([each for length in sizes for each in (1, length)])
        return out


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input` repeated ``multiples[i]`` times along axis i."""
    result: Tensor = apply("Tile", input, multiples, name=name)
    return result
