"""Running sums and products along an axis, and places of extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX, NUMBERS, REAL

__all__ = ["arg_max", "arg_min", "argmax", "argmin", "cumprod", "cumsum"]

Gradients = list[Any]
GRID = np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]])
Tidx = types(INDEX, dtypes.int32)
SCANS = (
    case(GRID, 0),
    case(GRID, 1, exclusive=True),
    case(GRID, -1, reverse=True),
    case(GRID, np.int64(-2), exclusive=True, reverse=True),
    case(GRID.astype(np.float32), 1),
    case(np.array([[1, 2], [3, 4]], np.int32), 1, exclusive=True),
    case(GRID[:0], 0, exclusive=True),
    case(GRID[:, :0], 1),
    case(np.array([1 + 1j, 2, -1j], np.complex64), 0),
)


def _scan(ufunc: Any, x: Any, axis: Any, exclusive: bool, reverse: bool) -> Any:
    rank, axis = x.ndim, int(axis)
    if not -rank <= axis < rank:
        message = f"ScanOp: Expected scan axis in the range [{-rank}, {rank}), but got {axis}"
        raise InvalidArgumentError(None, None, message)
    lines = np.moveaxis(x, axis, -1)
    lines = lines[..., ::-1] if reverse else lines
    if exclusive:
        result = np.empty(lines.shape, x.dtype)
        result[..., :1] = ufunc.identity
        ufunc.accumulate(lines[..., :-1], axis=-1, dtype=x.dtype, out=result[..., 1:])
    else:
        result = ufunc.accumulate(lines, axis=-1, dtype=x.dtype)
    result = result[..., ::-1] if reverse else result
    return np.ascontiguousarray(np.moveaxis(result, -1, axis))


def _scanned_shape(x: Operand, axis: Operand) -> Dims:
    if axis.dims not in (None, ()):
        raise ValueError(f"Shape must be rank 0 but is rank {len(axis.dims or ())}")
    return x.dims


@op("Cumsum", "x: T, axis: Tidx -> out: T", exclusive=False, reverse=False, T=NUMBERS, Tidx=Tidx)
class Cumsum:
    """The running sum along an axis.

    ``[a, b, c]`` becomes ``[a, a + b, a + b + c]``; with `exclusive`, ``[0, a, a + b]``; with
    `reverse`, ``[a + b + c, b + c, c]``.
    """

    shape = _scanned_shape
    samples = SCANS

    def numpy(x: Any, axis: Any, *, exclusive: bool, reverse: bool) -> Any:
        return _scan(np.add, x, axis, exclusive, reverse)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        exclusive, reverse = op.attrs["exclusive"], op.attrs["reverse"]
        axis = op.inputs[1]
        return [apply("Cumsum", dy, axis, exclusive=exclusive, reverse=not reverse), None]


@op("Cumprod", "x: T, axis: Tidx -> out: T", exclusive=False, reverse=False, T=NUMBERS, Tidx=Tidx)
class Cumprod:
    """The running product along an axis.

    ``[a, b, c]`` becomes ``[a, ab, abc]``; with `exclusive`, ``[1, a, ab]``; with `reverse`,
    ``[abc, bc, c]``. The gradient divides by x, and is taken to
    be 0 where x is 0.
    """

    shape = _scanned_shape
    samples = SCANS

    def numpy(x: Any, axis: Any, *, exclusive: bool, reverse: bool) -> Any:
        return _scan(np.multiply, x, axis, exclusive, reverse)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, axis = op.inputs
        exclusive, reverse = op.attrs["exclusive"], op.attrs["reverse"]
        product = apply("Cumprod", x, axis, exclusive=exclusive, reverse=reverse)
        total = apply("Cumsum", product * dy, axis, exclusive=exclusive, reverse=not reverse)
        quotient = "RealDiv" if x.dtype.name == "bfloat16" else "DivNoNan"
        return [apply(quotient, total, x), None]


def _running(op_type: str, x: Any, axis: Any, exclusive: bool, reverse: bool, name: Any) -> Tensor:
    with name_scope(name, op_type, [x]) as scope:
        x = convert_to_tensor(x, name="x")
        result: Tensor = apply(op_type, x, axis, exclusive=exclusive, reverse=reverse, name=scope)
        return result


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running sum of `x` along `axis`.

    Args:
        exclusive: leave each element out of its own sum; the first becomes 0.
        reverse: sum from the end.
    """
    return _running("Cumsum", x, axis, exclusive, reverse, name)


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running product of `x` along `axis`.

    Args:
        exclusive: leave each element out of its own product; the first becomes 1.
        reverse: multiply from the end.
    """
    return _running("Cumprod", x, axis, exclusive, reverse, name)


PLACES = (
    case(GRID, 0),
    case(GRID, 1),
    case(GRID.astype(np.float32), -1, output_type=dtypes.int32),
    case(np.array([[1, 5, 5], [2, 2, 0]], np.int32), np.int64(1)),
    case(GRID[:0], 1),
    case(GRID, 3, raises=r"in the range \[-2, 2\)"),
)


def _place_shape(x: Operand, dimension: Operand) -> Dims:
    value = dimension.const_value()
    if x.dims is None:
        return None
    rank = len(x.dims)
    if rank <= 1:
        return ()
    if value is None:
        return (None,) * (rank - 1)
    axis = int(value)
    if not -rank <= axis < rank:
        raise ValueError(
            f"Dimension ({axis}) must be in the range [{-rank}, {rank}), where {rank} is the "
            "number of dimensions in the input."
        )
    return tuple(size for i, size in enumerate(x.dims) if i != axis % rank)


def _place(method: str, x: Any, dimension: Any, dtype: Any, out: Any) -> Any:
    axis, rank = int(dimension), max(x.ndim, 1)
    if out is not None and out.dtype == np.intp and x.size and -x.ndim <= axis < x.ndim:
        return getattr(x, method)(axis, out=out)
    if not -rank <= axis < rank:
        message = f"Expected dimension in the range [{-rank}, {rank}), but got {axis}"
        raise InvalidArgumentError(None, None, message)
    if x.ndim and x.shape[axis] == 0:
        shape = ",".join(map(str, x.shape))
        message = f"Reduction axis {axis} is empty in shape [{shape}]"
        raise InvalidArgumentError(None, None, message)
    place = np.asarray(getattr(x, method)(axis) if x.ndim else 0).astype(dtype, copy=False)
    if out is None:
        return place
    out[...] = place
    return out


SIGNATURE = "input: T, dimension: Tidx -> output: output_type"
INT64 = types(INDEX, dtypes.int64)


@op("ArgMax", SIGNATURE, T=REAL, Tidx=Tidx, output_type=INT64)
class ArgMax:
    """The index of the largest element along an axis, the first one where there are several."""

    grad = None
    shape = _place_shape
    samples = PLACES

    def numpy(x: Any, dimension: Any, *, output_type: DType, out: Any = None) -> Any:
        return _place("argmax", x, dimension, output_type.np, out)


@op("ArgMin", SIGNATURE, T=REAL, Tidx=Tidx, output_type=INT64)
class ArgMin:
    """The index of the smallest element along an axis, the first one where there are several."""

    grad = None
    shape = _place_shape
    samples = PLACES

    def numpy(x: Any, dimension: Any, *, output_type: DType, out: Any = None) -> Any:
        return _place("argmin", x, dimension, output_type.np, out)


def argmax(
    input: Any, axis: Any = None, name: str | None = None, output_type: Any = dtypes.int64
) -> Tensor:
    """The index of the largest element of `input` along `axis` (0 if None).

    Args:
        output_type: int64 or int32.

    Raises:
        ValueError: if `axis` is out of range.
    """
    result: Tensor = apply(
        "ArgMax", input, 0 if axis is None else axis, output_type=output_type, name=name
    )
    return result


def argmin(
    input: Any, axis: Any = None, name: str | None = None, output_type: Any = dtypes.int64
) -> Tensor:
    """The index of the smallest element of `input` along `axis` (0 if None).

    Args:
        output_type: int64 or int32.

    Raises:
        ValueError: if `axis` is out of range.
    """
    result: Tensor = apply(
        "ArgMin", input, 0 if axis is None else axis, output_type=output_type, name=name
    )
    return result


def arg_max(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """`argmax` with the argument order of its older name."""
    return argmax(input, dimension, name, output_type)


def arg_min(
    input: Any, dimension: Any, output_type: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """`argmin` with the argument order of its older name."""
    return argmin(input, dimension, name, output_type)
