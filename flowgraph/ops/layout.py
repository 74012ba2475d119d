"""Axes: adding and dropping those of size 1, changing their order."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import (
    ANY_TYPE,
    EMPTY,
    GRID,
    INDEX_TYPE,
    WORDS,
    rank,
    reshape_to_input,
)
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["expand_dims", "invert_permutation", "matrix_transpose", "squeeze", "transpose"]

Gradients = list[Any]
CUBE = np.sin(np.arange(12.0)).reshape(2, 3, 2)
ROW = GRID[:1, None, :]


@op("ExpandDims", "input: T, dim: Tdim -> output: T", T=ANY_TYPE, Tdim=INDEX_TYPE)
class ExpandDims:
    """The input with a new axis of size 1 at index `dim`."""

    view = 0
    grad = reshape_to_input
    samples = (
        case(GRID, 0),
        case(GRID, -1),
        case(GRID.astype(np.float32), [1]),
        case(GRID.astype(np.int32), i64(2)),
        case(f32(2), 0),
        case(EMPTY, 1),
        case(WORDS, -3),
        case(GRID, 3, raises="dim 3 not in the interval .-3, 2.|Tried to expand dim index 3"),
    )

    def shape(x: Operand, dim: Operand) -> Dims:
        axis = dim.const_value()
        if x.dims is None:
            return None
        count = len(x.dims) + 1
        if axis is None:
            return (None,) * count
        place = _single(axis)
        if not -count <= place < count:
            raise ValueError(f"dim {place} not in the interval [{-count}, {count - 1}].")
        place %= count
        return (*x.dims[:place], 1, *x.dims[place:])

    def numpy(x: Any, dim: Any) -> Any:
        place = _single(dim)
        count = x.ndim + 1
        if not -count <= place < count:
            text = f"Tried to expand dim index {place} for tensor with {x.ndim} dimensions."
            raise errors.InvalidArgumentError(None, None, text)
        return x[(slice(None),) * (place % count) + (None,)]


def _single(value: Any) -> int:
    if value.size != 1:
        text = f"'dim' input must be a tensor with a single value, got {value.size} values"
        raise ValueError(text)
    return int(value.reshape(-1)[0])


def expand_dims(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """`input` with a new axis of size 1.

    Args:
        axis: where it goes; -1 is behind the last axis.

    Raises:
        ValueError: if no axis is given or it is out of range.
    """
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    result: Tensor = apply("ExpandDims", input, axis, name=name)
    return result


@op("Squeeze", "input: T -> output: T", T=ANY_TYPE, squeeze_dims=attr("list(int)", ()))
class Squeeze:
    """The input without the given axes, which have size 1; by default all such axes go."""

    view = 0
    grad = reshape_to_input
    samples = (
        case(ROW),
        case(ROW, squeeze_dims=[0]),
        case(ROW.astype(np.float32), squeeze_dims=[-2, 0]),
        case(i32([[1]])),
        case(GRID),
        case(EMPTY[None], squeeze_dims=[0]),
        case(WORDS[:1]),
        case(
            GRID,
            squeeze_dims=[0],
            raises="Can not squeeze dim.0., expected a dimension of 1, got 2",
        ),
        case(GRID, squeeze_dims=[2], raises=r"not in .*\[-2,\s?2\)"),
    )

    def shape(x: Operand, *, squeeze_dims: Any) -> Dims:
        if x.dims is None:
            return None
        if not squeeze_dims:
            return None if None in x.dims else tuple(size for size in x.dims if size != 1)
        count = len(x.dims)
        dropped = set()
        for each in squeeze_dims:
            if not -count <= each < count:
                raise ValueError(f"squeeze_dims {each} not in [{-count},{count}).")
            axis = each % count
            if x.dims[axis] not in (None, 1):
                size = x.dims[axis]
                raise ValueError(
                    f"Can not squeeze dim[{axis}], expected a dimension of 1, got {size}"
                )
            dropped.add(axis)
        return tuple(size for axis, size in enumerate(x.dims) if axis not in dropped)

    def numpy(x: Any, *, squeeze_dims: Any) -> Any:
        if not squeeze_dims:
            return x.squeeze()
        count = x.ndim
        for each in squeeze_dims:
            if not -count <= each < count:
                text = f"Tried to squeeze dim index {each} for tensor with {count} dimensions."
                raise errors.InvalidArgumentError(None, None, text)
            if x.shape[each] != 1:
                text = (
                    f"Can not squeeze dim[{each % count}], expected a dimension of 1, "
                    f"got {x.shape[each]}"
                )
                raise errors.InvalidArgumentError(None, None, text)
        return x.squeeze(tuple({each % count for each in squeeze_dims}))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Tensor:
    """`input` without axes of size 1.

    Args:
        axis: an index or a list of them; all axes of size 1 if None.

    Raises:
        ValueError: if an axis is known to have another size.
    """
    chosen = [] if axis is None else axis
    if np.isscalar(chosen):
        chosen = [chosen]
    result: Tensor = apply("Squeeze", input, squeeze_dims=chosen, name=name)
    return result


def _permuted(x: Operand, perm: Operand) -> Dims:
    """The shape rule of transpositions."""
    length = None if perm.dims is None else dims.with_rank(perm.dims, 1)[0]
    order = perm.const_value()
    if order is not None:
        length = order.size
    if x.dims is None:
        return None if length is None else (None,) * length
    count = len(x.dims)
    if length is not None and length != count:
        raise ValueError(f"Dimension must be {count} but is {length}")
    if order is None:
        return (None,) * count
    for axis in order.tolist():
        if not -count <= axis < count:
            raise ValueError(f"perm dim {axis} is out of range of input rank {count}")
    return tuple(x.dims[axis] for axis in order.tolist())


def _transposed(x: Any, perm: Any) -> Any:
    try:
        return x.transpose(perm)
    except ValueError:
        raise _order_error(x.ndim, perm.tolist()) from None


def _order_error(rank: int, order: list[int]) -> errors.InvalidArgumentError:
    outside = [axis for axis in order if not -rank <= axis < rank]
    if len(order) != rank:
        text = (
            f"transpose expects a vector of size {rank}. "
            f"But input(1) is a vector of size {len(order)}"
        )
    elif outside:
        text = f"{outside[0]} is out of range [0 .. {rank})"
    else:
        missing = next(axis for axis in range(rank) if axis not in order)
        text = f"{missing} is missing from {{{','.join(map(str, order))}}}."
    return errors.InvalidArgumentError(None, None, text)


TRANSPOSED = (
    case(GRID, [1, 0]),
    case(CUBE, np.array([2, 0, 1], np.int64)),
    case(CUBE.astype(np.float32), [0, 2, 1]),
    case(GRID.astype(np.int32), [0, 1]),
    case(EMPTY, [1, 0]),
    case(f32(1), np.array([], np.int32)),
    case(GRID + 1j * GRID, [1, 0]),
    case(WORDS, [1, 0]),
    case(GRID, [0], raises="Dimension must be 2 but is 1|expects a vector of size 2"),
    case(GRID, [0, 2], raises="perm dim 2 is out of range of input rank 2|2 is out of range"),
)


@op("Transpose", "x: T, perm: Tperm -> y: T", T=ANY_TYPE, Tperm=INDEX_TYPE)
class Transpose:
    """The input with its axes in another order: axis i of the output is axis ``perm[i]`` of x."""

    view = 0
    shape = _permuted
    numpy = _transposed
    samples = TRANSPOSED

    def grad(op: Operation, dy: Tensor) -> Gradients:
        perm = apply("InvertPermutation", op.inputs[1])
        return [apply("Transpose", dy, perm, name="transpose"), None]


@op("ConjugateTranspose", "x: T, perm: Tperm -> y: T", T=ANY_TYPE, Tperm=INDEX_TYPE)
class ConjugateTranspose:
    """The complex conjugate of the input, its axes in another order."""

    shape = _permuted
    samples = TRANSPOSED

    def numpy(x: Any, perm: Any) -> Any:
        y = _transposed(x, perm)
        return np.conjugate(y) if y.dtype.kind == "c" else y.copy()

    def grad(op: Operation, dy: Tensor) -> Gradients:
        perm = apply("InvertPermutation", op.inputs[1])
        return [apply("ConjugateTranspose", dy, perm, name="transpose"), None]


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """`a` with its axes in another order.

    Args:
        perm: axis i of the result is axis ``perm[i]`` of `a`; by default the order is reversed.
        conjugate: take the complex conjugate too.
    """
    with name_scope(name, "transpose", [a]) as scope:
        if not isinstance(a, Tensor):
            a = convert_to_tensor(a, name="a")
        op_type = "ConjugateTranspose" if conjugate and a.dtype.is_complex else "Transpose"
        if perm is None:
            if a.dims is None:
                perm = apply("Range", apply("Rank", a) - 1, -1, -1)
            else:
                perm = np.arange(len(a.dims), dtype=np.int32)[::-1]
        result: Tensor = apply(op_type, a, perm, name=scope)
        return result


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """`a` with its two last axes exchanged.

    Raises:
        ValueError: if it is known to have fewer than two axes.
    """
    with name_scope(name, None, [a]):
        a = convert_to_tensor(a, name="a")
        if a.dims is None:
            count = rank(a)
            front = apply("Range", 0, count - 2, 1)
            perm: Any = apply("ConcatV2", [front, [count - 1, count - 2]], 0, name="concat")
        else:
            axes = len(a.dims)
            if axes < 2:
                raise ValueError(
                    f"Argument 'a' should be a (batch) matrix, with rank >= 2. Found: {a.shape}"
                )
            perm = [*range(axes - 2), axes - 1, axes - 2]
        return transpose(a, perm, conjugate=conjugate)


@op("InvertPermutation", "x: T -> y: T", T=INDEX_TYPE)
class InvertPermutation:
    """The inverse of a permutation: ``y[x[i]] = i``."""

    grad = None
    samples = (
        case(i32([2, 0, 1])),
        case(i64([1, 0])),
        case(np.array([], np.int32)),
        case(i32([1, 1]), raises="1 is duplicated in the input"),
        case(i32([3, 0]), raises=r"3 is not between 0 and 2"),
    )

    def shape(x: Operand) -> Dims:
        return dims.with_rank(x.dims, 1)

    def numpy(x: Any) -> Any:
        count = x.size
        y = np.full(count, -1, x.dtype)
        outside = (x < 0) | (x >= count)
        if outside.any():
            text = f"{x[outside][0]} is not between 0 and {count}"
            raise errors.InvalidArgumentError(None, None, text)
        y[x] = np.arange(count, dtype=x.dtype)
        if (y < 0).any():
            values, counts = np.unique(x, return_counts=True)
            text = f"{values[counts > 1][0]} is duplicated in the input."
            raise errors.InvalidArgumentError(None, None, text)
        return y


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The inverse of the permutation `x` of ``0 ... n - 1``."""
    result: Tensor = apply("InvertPermutation", x, name=name)
    return result
