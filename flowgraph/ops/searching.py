"""Searching sorted rows, the n-th smallest element, coordinates of numbered places."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array
from flowgraph.ops.arithmetic import realdiv
from flowgraph.ops.array import ANY_TYPE
from flowgraph.ops.kinds import INDEX, REAL
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.sparse_kernels import checked_rank

__all__ = ["nth_element", "searchsorted", "unravel_index"]

Gradients = list[Any]
SORTED = f32([[0, 3, 3, 9], [1, 2, 4, 8]])
WANTED = f32([[3, -1, 10], [4, 5, 0]])
BOUNDS = (
    case(SORTED, WANTED),
    case(SORTED.astype(np.int32), WANTED.astype(np.int32), out_type=dtypes.int64),
    case(SORTED.astype(np.int64), WANTED.astype(np.int64)),
    case(SORTED.astype(np.float64), WANTED.astype(np.float64)[:, :1], grad=False),
    case(SORTED[:, :0], WANTED),
    case(SORTED, WANTED[:1], raises="must be equal|Leading dim_size"),
)
GRID = np.array([[3.0, 1.0, 2.5, 0.5], [4.0, 4.0, -1.0, 4.5]])


def _bounds_shape(rows: Operand, wanted: Operand) -> Dims:
    (one, _), (other, columns) = (
        dims.with_rank(checked_rank(each, 2), 2) for each in (rows, wanted)
    )
    if None not in (one, other) and one != other:
        raise ValueError(f"Dimensions must be equal, but are {one} and {other}")
    return (other, columns)


def _searched(rows: Any, wanted: Any, side: Any, dtype: dtypes.DType) -> Any:
    if len(rows) != len(wanted):
        message = "Leading dim_size of both tensors must match."
        raise InvalidArgumentError(None, None, message)
    found = np.empty(wanted.shape, dtype.np)
    for result, row, values in zip(found, rows, wanted, strict=True):
        result[...] = np.searchsorted(row, values, side)
    return found


def _declare(name: str, side: str, what: str) -> None:
    @op(
        name,
        "sorted_inputs: T, values: T -> output: out_type",
        T=ANY_TYPE,
        out_type=types(INDEX, dtypes.int32),
    )
    class Bound:
        __doc__ = f"How many elements of an ascending row are {what} each value of the same row."
        grad = None
        shape = _bounds_shape
        samples = BOUNDS

        def numpy(rows: Any, wanted: Any, *, out_type: dtypes.DType) -> Any:
            return _searched(rows, wanted, side, out_type)


_declare("LowerBound", "left", "less than")
_declare("UpperBound", "right", "not above")


def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """Where values are to be inserted into ascending rows so that these stay in order.

    Args:
        sorted_sequence: [..., n], each row ascending.
        values: [..., m], with the same leading axes.
        side: "left", before equal elements; or "right", behind them.
        out_type: int32 or int64.

    Returns:
        Of the shape of `values`.

    Raises:
        ValueError: on another side.
    """
    length = array.shape(sorted_sequence)[-1]
    count = array.shape(values)[-1]
    rows = array.reshape(sorted_sequence, apply("Pack", [-1, length]))
    wanted = array.reshape(values, apply("Pack", [-1, count]))
    op_types = {"left": "LowerBound", "right": "UpperBound"}
    if side not in op_types:
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    found = apply(op_types[side], rows, wanted, out_type=out_type, name=name)
    return array.reshape(found, array.shape(values))


@op("NthElement", "input: T, n: int32 -> values: T", reverse=False, T=REAL)
class NthElement:
    """The n-th smallest element of each row, from 0 on; the n-th largest if `reverse`."""

    samples = (
        case(GRID, np.int32(1)),
        case(GRID, np.int32(0), reverse=True),
        case(GRID, np.int32(2), reverse=True),
        case(GRID[0], np.int32(3)),
        case((GRID * 2).astype(np.int32), np.int32(2)),
        case(f32(GRID), np.int32(2), grad=False),
        case(GRID, np.int32(4), raises="last dimension > n|must have last dimension"),
    )

    def shape(x: Operand, n: Operand) -> Dims:
        checked_rank(n, 0)
        if x.dims is None:
            return None
        if not x.dims:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        number = n.const_value()
        if number is not None and x.dims[-1] is not None and number >= x.dims[-1]:
            raise ValueError(f"Input must have last dimension > n = {number} but is {x.dims[-1]}")
        return x.dims[:-1]

    def numpy(x: Any, n: Any, *, reverse: bool) -> Any:
        number, length = int(n), x.shape[-1]
        if not 0 <= number < length:
            message = f"Input must have at least n+1 columns: last dimension > n = {number}"
            raise InvalidArgumentError(None, None, message)
        place = length - 1 - number if reverse else number
        return np.partition(x, place, axis=-1)[..., place].copy()

    def grad(op: Operation, dy: Tensor) -> Gradients:
        chosen = apply("Equal", apply("ExpandDims", op.outputs[0], -1), op.inputs[0])
        shares = apply("Cast", chosen, DstT=dy.dtype)
        count = apply("Sum", shares, -1, keep_dims=True)
        return [realdiv(shares, count) * apply("ExpandDims", dy, -1), None]


def nth_element(input: Any, n: Any, reverse: bool = False, name: str | None = None) -> Tensor:
    """The n-th smallest element of each row (last axis), from 0 on.

    Args:
        input: [..., m], real numbers.
        n: below m.
        reverse: count from the largest.

    Returns:
        The shape of `input` without its last axis.
    """
    result: Tensor = apply("NthElement", input, n, reverse=reverse, name=name)
    return result


@op("UnravelIndex", "indices: Tidx, dims: Tidx -> output: Tidx", Tidx=types(INDEX, dtypes.int32))
class UnravelIndex:
    """The coordinates of places that are numbered in row-major order, an axis in each row."""

    grad = None
    samples = (
        case(i32([2, 5, 7]), i32([3, 3])),
        case(i64([0, 23]), i64([2, 3, 4])),
        case(np.int32(5), i32([3, 3])),
        case(i32([9]), i32([3, 3]), raises="out of bound"),
    )

    def shape(indices: Operand, sizes: Operand) -> Dims:
        checked_rank(sizes, 1)
        rank = sizes.dims[0] if sizes.dims else None
        if indices.dims is None:
            return None
        if len(indices.dims) > 1:
            raise ValueError(f"Shape must be at most rank 1 but is rank {len(indices.dims)}")
        return (rank, *indices.dims)

    def numpy(indices: Any, sizes: Any) -> Any:
        shape = tuple(int(size) for size in sizes)
        flat = np.asarray(indices)
        if ((flat < 0) | (flat >= dims.product(shape))).any():
            raise InvalidArgumentError(None, None, "index is out of bound as with dims")
        return np.array(np.unravel_index(flat, shape), flat.dtype).reshape(len(shape), *flat.shape)


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """The coordinates of places that are numbered in row-major order.

    Args:
        indices: int32 or int64, a vector or a scalar.
        dims: the shape whose places are numbered.

    Returns:
        [rank, n], or [rank].
    """
    result: Tensor = apply("UnravelIndex", indices, dims, name=name)
    return result
