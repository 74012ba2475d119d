"""Tensors made from nothing but numbers: zeros, ones, fills, ranges, one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, INDEX_TYPE, KINDS, reshape, shape
from flowgraph.ops.kinds import FLOATS, INDEX
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.shapes import TensorShape

__all__ = ["fill", "lin_space", "ones", "ones_like", "range", "zeros", "zeros_like"]

Gradients = list[Any]
_SMALL = 1000


@op("Const", "-> output: dtype", value=attr("tensor"), dtype=ANY_TYPE)
class Const:
    """A fixed value."""

    grad = None

    def shape(*, value: Any) -> Any:
        return value.shape

    def numpy(*, value: Any) -> Any:
        return value


@op("Fill", "dims: index_type, value: T -> output: T", T=ANY_TYPE, index_type=INDEX_TYPE)
class Fill:
    """A tensor of the given shape, all of whose elements are `value`."""

    samples = (
        case([2, 3], np.float64(1.5)),
        case(np.array([3], np.int64), f32(-2)),
        case(np.array([], np.int32), f32(4)),
        case([2, 0], i32(4)),
        case([2], np.array(True)),
        case([2], np.array(b"ab", object)),
        case([-1], f32(1), raises="must be >= 0|non-negative"),
        case([2], f32([1, 2]), raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(size: Operand, value: Operand) -> Dims:
        dims.with_rank(size.dims, 1)
        _check_scalar(value)
        known = size.const_value()
        if known is not None and known.size and known.min() < 0:
            raise ValueError(f"Fill dimensions must be >= 0, got {known.min()}")
        return size.const_dims()

    def numpy(size: Any, value: Any, *, out: Any = None) -> Any:
        if out is not None:
            out.fill(value.item())
            return out
        if size.size and size.min() < 0:
            text = f"Fill dimensions must be >= 0, got {size.min()}"
            raise errors.InvalidArgumentError(None, None, text)
        return np.full(size.tolist(), value, value.dtype)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        axes = apply("Range", 0, apply("Rank", dy), 1)
        return [None, apply("Sum", dy, axes)]


def _check_scalar(operand: Operand) -> None:
    if operand.dims is not None and operand.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(operand.dims)}")


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of one value.

    Args:
        dims: the shape, a vector of integers.
        value: a scalar.
    """
    result: Tensor = apply("Fill", dims, value, name=name)
    return result


@op("ZerosLike", "x: T -> y: T", T=ANY_TYPE)
class ZerosLike:
    """Zeros (False, empty strings) in the shape and type of the input."""

    grad = None
    shape = unchanged_shape
    samples = KINDS

    def numpy(x: Any, *, out: Any = None) -> Any:
        if x.dtype != object:
            if out is None:
                return np.zeros(x.shape, x.dtype)
            out.fill(0)
            return out
        result = np.empty(x.shape, object) if out is None else out
        result.fill(b"")
        return result


ONES = (*FLOATS, *map(dtypes.as_dtype, ("int8", "uint8", "int16", "uint16", "int32", "int64")))


@op(
    "OnesLike",
    "x: T -> y: T",
    T=(*ONES, dtypes.complex64, dtypes.complex128, dtypes.bool),
)
class OnesLike:
    """Ones (True) in the shape and type of the input."""

    grad = None
    shape = unchanged_shape
    samples = KINDS[:-1]

    def numpy(x: Any, *, out: Any = None) -> Any:
        if out is not None:
            out.fill(1)
            return out
        return np.ones(x.shape, x.dtype)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Zeros; False and empty strings for those types.

    Args:
        shape: a list of integers (scalar tensors too), a `TensorShape`, or a vector tensor.
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    value: Any = {"bool": False, "string": ""}.get(dtype.name, 0)
    return _filled(value, shape, dtype, name, "zeros")


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Ones; True for bools.

    Args:
        shape: a list of integers (scalar tensors too), a `TensorShape`, or a vector tensor.

    Raises:
        TypeError: for strings.
    """
    dtype = dtypes.as_dtype(dtype).base_dtype
    return _filled(True if dtype.is_bool else 1, shape, dtype, name, "ones")


def _filled(value: Any, shape: Any, dtype: Any, name: str | None, default: str) -> Tensor:
    with name_scope(name, default, [shape]) as scope:
        if not isinstance(shape, Tensor):
            sizes = _static(shape)
            # Large constants would swell the graph; the loop below makes them in each run.
            small = sizes is not None and dims.product(sizes) < _SMALL
            if small and not isinstance(shape, int | np.integer):
                return constant(_repeated(value, dtype, sizes), name=scope)
            if sizes is None:
                shape = convert_to_tensor(shape, dtypes.int32)
            else:
                shape = convert_to_tensor(TensorShape(sizes))
        if shape.dims in (None, ()):
            shape = reshape(shape, [-1])
        return fill(shape, constant(value, dtype), name=scope)


def _repeated(value: Any, dtype: dtypes.DType, sizes: Any) -> Any:
    return np.full(sizes, value.encode() if isinstance(value, str) else value, dtype.np)


def _static(shape: Any) -> tuple[int, ...] | None:
    """The sizes, if all of them are numbers."""
    try:
        found = TensorShape(shape)._dims
    except TypeError:
        return None
    if not dims.is_known(found):
        raise ValueError(f"Cannot make a tensor of the partly known shape {TensorShape(found)}")
    return found  # type: ignore[return-value]


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Zeros in the shape of `tensor`.

    Args:
        dtype: the element type, that of `tensor` if None.
        optimize: use what is known of the shape now.
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        wanted = tensor.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        if optimize and dims.is_known(tensor.dims):
            return zeros(tensor.shape, wanted, name=scope)
        if wanted is not tensor.dtype.base_dtype:
            return zeros(shape(tensor, optimize=optimize), wanted, name=scope)
        result: Tensor = apply("ZerosLike", tensor, name=scope)
        return result


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Ones in the shape of `tensor`.

    Args:
        dtype: the element type, that of `tensor` if None.
        optimize: use what is known of the shape now.
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        tensor = convert_to_tensor(tensor, name="tensor")
        wanted = tensor.dtype.base_dtype if dtype is None else dtype
        if optimize and dims.is_known(tensor.dims):
            with name_scope(None, "Shape"):
                sizes = convert_to_tensor(tensor.shape)
        else:
            sizes = shape(tensor, optimize=False)
        result = ones(sizes, wanted, name=scope)
        result.set_shape(tensor.dims)
        return result


_RANGE_TYPES = (dtypes.bfloat16, dtypes.float32, dtypes.float64, *INDEX)


@op(
    "Range",
    "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx",
    Tidx=types(_RANGE_TYPES, dtypes.int32),
)
class Range:
    """The numbers ``start, start + delta, ...`` before `limit`, a vector."""

    grad = None
    samples = (
        case(i32(0), i32(5), i32(1)),
        case(i32(7), i32(1), i32(-2)),
        case(i64(3), i64(3), i64(1)),
        case(f32(0), f32(1), f32(0.25)),
        case(np.float64(-1), np.float64(1), np.float64(0.3)),
        case(f32(1), f32(0), f32(-0.4)),
        case(i32(0), i32(5), i32(0), raises="Requires delta != 0"),
        case(i32(5), i32(0), i32(1), raises="Requires start <= limit when delta > 0"),
        case(i32(0), i32(5), i32(-1), raises="Requires start >= limit when delta < 0"),
    )

    def shape(start: Operand, limit: Operand, delta: Operand) -> Dims:
        for each in (start, limit, delta):
            _check_scalar(each)
        bounds = [each.const_value() for each in (start, limit, delta)]
        numbers = [bound.item() for bound in bounds if bound is not None]
        if len(numbers) < len(bounds):
            return (None,)
        try:
            return (_range_length(*numbers),)
        except errors.InvalidArgumentError as error:
            raise ValueError(error.message) from None

    def numpy(start: Any, limit: Any, delta: Any) -> Any:
        count = _range_length(start.item(), limit.item(), delta.item())
        if start.dtype.kind == "i":
            return np.arange(count, dtype=start.dtype) * delta + start
        # Sums would gather rounding errors; TensorFlow adds up, in the element type.
        steps = np.full(count, delta, start.dtype)
        steps[:1] = start
        return np.add.accumulate(steps, dtype=start.dtype)


def _range_length(start: Any, limit: Any, delta: Any) -> int:
    if delta == 0:
        raise errors.InvalidArgumentError(None, None, "Requires delta != 0: 0")
    if delta > 0 and start > limit:
        text = f"Requires start <= limit when delta > 0: {start}/{limit}"
        raise errors.InvalidArgumentError(None, None, text)
    if delta < 0 and start < limit:
        text = f"Requires start >= limit when delta < 0: {start}/{limit}"
        raise errors.InvalidArgumentError(None, None, text)
    if isinstance(start, int):
        steps: int = -((start - limit) // delta)
        return steps
    return int(np.ceil(abs((limit - start) / delta)))


_HIERARCHY = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """The numbers ``start, start + delta, ...`` before `limit`, a vector.

    Args:
        start: the first number; with `limit` None, the limit, and the first number is 0.
        delta: the step; may be negative.
        dtype: by default the widest type among the arguments.

    Raises:
        ValueError: if the step is 0 or leads away from the limit.
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        given = {"start": start, "limit": limit, "delta": delta}
        bounds = [
            each if isinstance(each, Tensor) else convert_to_tensor(each, dtype, key)
            for key, each in given.items()
        ]
        if dtype is None:
            for bound in bounds:
                if bound.dtype.base_dtype not in _HIERARCHY:
                    raise TypeError(f"range takes no {bound.dtype.name} ({bound}).")
            dtype = max((bound.dtype.base_dtype for bound in bounds), key=_HIERARCHY.index)
        dtype = dtypes.as_dtype(dtype).base_dtype
        cast = [
            bound if bound.dtype.base_dtype is dtype else apply("Cast", bound, DstT=dtype)
            for bound in bounds
        ]
        result: Tensor = apply("Range", *cast, name=scope)
        return result


@op(
    "LinSpace",
    "start: T, stop: T, num: Tidx -> output: T",
    T=(dtypes.bfloat16, dtypes.float32, dtypes.float64),
    Tidx=INDEX_TYPE,
)
class LinSpace:
    """`num` numbers from `start` to `stop`, both included, at equal distances."""

    grad = None
    samples = (
        case(f32(0), f32(1), i32(5)),
        case(np.float64(3), np.float64(-2), i64(4)),
        case(f32(3), f32(9), i32(1)),
        case(f32(3), f32(9), i32(0), raises="Requires num > 0: 0"),
    )

    def shape(start: Operand, stop: Operand, num: Operand) -> Dims:
        for each in (start, stop, num):
            _check_scalar(each)
        count = num.const_value()
        if count is None:
            return (None,)
        if count <= 0:
            raise ValueError(f"Requires num > 0: {count}")
        return (int(count),)

    def numpy(start: Any, stop: Any, num: Any) -> Any:
        count = int(num)
        if count <= 0:
            raise errors.InvalidArgumentError(None, None, f"Requires num > 0: {count}")
        dtype = start.dtype
        if count == 1:
            return np.full(1, start, dtype)
        step = (stop - start) / np.asarray(count - 1, dtype)
        values = np.asarray(start + step * np.arange(count).astype(dtype), dtype)
        values[-1] = stop
        return values


def lin_space(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """`num` floating numbers from `start` to `stop`, both included, at equal distances."""
    result: Tensor = apply("LinSpace", start, stop, num, name=name)
    return result
