"""Reductions over axes: sums, means, products, extremes, "all" and "any"."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import realdiv
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import INDEX, NUMBERS
from flowgraph.ops.reduce_axes import (
    axes_of,
    default_axes,
    group_size,
    kept,
    known_axes,
    reduced_shape,
    scalar_if_all,
    spread_back,
)

__all__ = [
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
]

Gradients = list[Any]
GRID = np.arange(6.0).reshape(2, 3) * 0.75 - 1.25
CUBE = np.sin(np.arange(12.0)).reshape(2, 3, 2)
Tidx = types(INDEX, dtypes.int32)
SIGNATURE = "input: T, reduction_indices: Tidx -> output: T"
SAMPLES = (
    case(GRID, [0]),
    case(GRID, [-1], keep_dims=True),
    case(GRID, 1),
    case(GRID, [0, 1]),
    case(CUBE, [2, -3]),
    case(CUBE, np.array([1], np.int64), keep_dims=True),
    case(GRID, np.array([], np.int32)),
    case(GRID.astype(np.float32), [1]),
    case(GRID.astype(np.float16), [1]),
    case((GRID * 4).astype(np.int32), [0]),
    case((GRID * 4).astype(np.int64), [0, 1]),
    case(np.float32(2.5), np.array([], np.int32)),
    case(np.zeros((2, 0, 3), np.float32), [1]),
    case(np.zeros((2, 0, 3), np.float32), [0]),
    case(GRID, [2], raises=r"Invalid reduction dimension \(?2 for input with 2 dimension"),
)
COMPLEX_CASE = case((GRID + 1j).astype(np.complex64), [0])


def _accumulator(dtype: Any) -> Any:
    """Half-precision numbers are summed in float32, everything else in its own type."""
    return np.dtype(np.float32) if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def _accumulate(reduce: Any, x: Any, axes: Any, keep_dims: bool, out: Any) -> Any:
    dtype = x.dtype
    wide = _accumulator(dtype)
    axis = axes_of(x, axes)
    if wide is dtype:
        return reduce(x, axis=axis, dtype=dtype, out=out, keepdims=keep_dims)
    result = reduce(x.astype(wide), axis=axis, keepdims=keep_dims).astype(dtype)
    if out is None:
        return result
    out[...] = result
    return out


@op("Sum", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class Sum:
    """The sum over some axes; `keep_dims` leaves them at length 1."""

    shape = reduced_shape
    samples = (*SAMPLES, COMPLEX_CASE)

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return _accumulate(np.add.reduce, x, axes, keep_dims, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [spread_back(op, dy), None]


@op("Mean", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class Mean:
    """The mean over some axes: their sum by their number of elements; of integers it is cut."""

    shape = reduced_shape
    samples = (*SAMPLES, COMPLEX_CASE)

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        dtype = x.dtype
        if _accumulator(dtype) is not dtype:
            wide = np.asarray(Mean.numpy(x.astype(np.float32), axes, keep_dims=keep_dims))
            return _stored(wide, dtype, out)
        axis = axes_of(x, axes)
        count = group_size(x, axis)
        total = np.add.reduce(x, axis=axis, dtype=dtype, out=out, keepdims=keep_dims)
        if dtype.kind in "iu":
            return _stored(np.trunc(np.divide(total, max(count, 1))), dtype, out)
        if type(total) is np.ndarray:
            return np.divide(total, count, out=total)
        # NumPy's scalars raise on division by zero where arrays give nan.
        return np.divide(total, dtype.type(count))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        total = spread_back(op, dy)
        count = dims.num_elements(op.inputs[0].dims)
        groups = dims.num_elements(op.outputs[0].dims)
        if count is not None and groups is not None:
            factor = constant(np.array(count // max(groups, 1), total.dtype.np))
        else:
            factor = _elements_per_group(op, total.dtype)
        return [apply("RealDiv", total, factor, name="truediv"), None]


def _stored(result: Any, dtype: Any, out: Any) -> Any:
    result = result.astype(dtype)
    if out is None:
        return result
    out[...] = result
    return out


def _elements_per_group(op: Operation, dtype: Any) -> Tensor:
    counts = [
        apply("Prod", apply("Shape", tensor), constant(np.array([0], np.int32)))
        for tensor in (op.inputs[0], op.outputs[0])
    ]
    quotient = apply("FloorDiv", counts[0], apply("Maximum", counts[1], 1), name="floordiv")
    factor: Tensor = apply("Cast", quotient, DstT=dtype)
    return factor


@op("Prod", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class Prod:
    """The product over some axes; `keep_dims` leaves them at length 1."""

    shape = reduced_shape
    samples = (*SAMPLES, COMPLEX_CASE, case(np.array([[2.0, 0.0], [3.0, 4.0]]), [1]))

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return _accumulate(np.multiply.reduce, x, axes, keep_dims, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [spread_back(op, dy) * conj(_product_of_others(op)), None]


def _product_of_others(op: Operation) -> Tensor:
    """For each element the product of the others it is multiplied with; zeros are no obstacle."""
    x = op.inputs[0]
    axes = known_axes(op)
    if axes is None:
        return _product_of_others_unknown_axes(op)
    others: Tensor | None = None
    rest = x
    for axis in axes:
        loo = _left_out(rest, axis)
        others = loo if others is None else others * loo
        rest = apply("Prod", rest, axis, keep_dims=True)
    return apply("OnesLike", x) if others is None else others


def _left_out(x: Tensor, axis: Any) -> Tensor:
    before = apply("Cumprod", x, axis, exclusive=True)
    after = apply("Cumprod", x, axis, exclusive=True, reverse=True)
    product: Tensor = before * after
    return product


def _product_of_others_unknown_axes(op: Operation) -> Tensor:
    """The same with the reduced axes moved to the front and merged into one."""
    x, axes = op.inputs
    axes = apply("Cast", apply("Reshape", axes, [-1]), DstT=dtypes.int32)
    rank = apply("Rank", x)
    axes = apply("FloorMod", axes + rank, rank)
    remaining, _ = apply("ListDiff", apply("Range", 0, rank, 1), axes)
    order = apply("ConcatV2", [axes, remaining], 0)
    moved = apply("Transpose", x, order)
    count = apply("Prod", apply("GatherV2", apply("Shape", x), axes, 0), [0], keep_dims=True)
    flat = apply("Reshape", moved, apply("ConcatV2", [count, [-1]], 0))
    others = apply("Reshape", _left_out(flat, 0), apply("Shape", moved))
    result: Tensor = apply("Transpose", others, apply("InvertPermutation", order))
    return result


def _extreme(reduce: Any, x: Any, axes: Any, keep_dims: bool, out: Any, lowest: bool) -> Any:
    axis = axes_of(x, axes)
    if x.size:
        return reduce(x, axis=axis, out=out, keepdims=keep_dims)
    if x.dtype.kind in "iu":
        limit: Any = np.iinfo(x.dtype).min if lowest else np.iinfo(x.dtype).max
    else:
        limit = -np.inf if lowest else np.inf
    return reduce(x, axis=axis, out=out, keepdims=keep_dims, initial=x.dtype.type(limit))


def _extreme_grad(op: Operation, dy: Tensor) -> Gradients:
    """Shared equally by all elements that equal the extreme."""
    x = op.inputs[0]
    y, dy = kept(op, op.outputs[0], dy)
    chosen = apply("Cast", apply("Equal", y, x), DstT=dy.dtype)
    count = apply("Sum", chosen, op.inputs[1], keep_dims=True)
    return [realdiv(chosen, count) * dy, None]


TIES = case(np.array([[1.0, 2.0, 2.0], [3.0, -1.0, 3.0]]), [1], grad=False)
EXTREMES = (*SAMPLES, TIES, case(np.zeros((0, 2), np.int32), [0]))


@op("Max", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class Max:
    """The largest element along some axes, nan if one is nan; the lowest number of none."""

    shape = reduced_shape
    samples = EXTREMES
    grad = _extreme_grad

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return _extreme(np.maximum.reduce, x, axes, keep_dims, out, lowest=True)


@op("Min", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class Min:
    """The smallest element along some axes, nan if one is nan; the highest number of none."""

    shape = reduced_shape
    samples = EXTREMES
    grad = _extreme_grad

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return _extreme(np.minimum.reduce, x, axes, keep_dims, out, lowest=False)


@op("EuclideanNorm", SIGNATURE, keep_dims=False, T=NUMBERS, Tidx=Tidx)
class EuclideanNorm:
    """``sqrt(sum(x * conj(x)))`` over some axes."""

    shape = reduced_shape
    samples = (
        case(GRID, [0]),
        case(GRID, [-1], keep_dims=True),
        case(CUBE.astype(np.float32), [0, 2]),
        case(np.array([[3, 4], [6, 8]], np.int32), [1]),
        case(np.zeros((2, 0), np.float32), [1]),
        case(np.float32(-2.0), np.array([], np.int32)),
        COMPLEX_CASE,
    )

    def numpy(x: Any, axes: Any, *, keep_dims: bool) -> Any:
        wide = x if x.dtype.kind in "fc" else x.astype(np.float64)
        squares = (wide * np.conjugate(wide)).real
        total = _accumulate(np.add.reduce, squares, axes, keep_dims, None)
        return np.asarray(np.sqrt(total)).astype(x.dtype)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        y, dy = kept(op, op.outputs[0], dy)
        return [op.inputs[0] * realdiv(dy, y), None]


FLAGS = np.array([[True, False, True], [True, True, True]])
LOGICAL = (
    case(FLAGS, [0]),
    case(FLAGS, [-1], keep_dims=True),
    case(FLAGS, [0, 1]),
    case(FLAGS, np.array([], np.int64)),
    case(np.array(True), np.array([], np.int32)),
    case(FLAGS[:0], [0]),
)
LOGICAL_SIGNATURE = "input: bool, reduction_indices: Tidx -> output: bool"


@op("All", LOGICAL_SIGNATURE, keep_dims=False, Tidx=Tidx)
class All:
    """Whether all elements along some axes are true."""

    grad = None
    shape = reduced_shape
    samples = LOGICAL

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return np.logical_and.reduce(x, axis=axes_of(x, axes), out=out, keepdims=keep_dims)


@op("Any", LOGICAL_SIGNATURE, keep_dims=False, Tidx=Tidx)
class AnyOp:
    """Whether any element along some axes is true."""

    grad = None
    shape = reduced_shape
    samples = LOGICAL

    def numpy(x: Any, axes: Any, *, keep_dims: bool, out: Any = None) -> Any:
        return np.logical_or.reduce(x, axis=axes_of(x, axes), out=out, keepdims=keep_dims)


def _reduction(op_type: str, name: str, what: str) -> Any:
    def reduction(
        input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
    ) -> Tensor:
        axes = default_axes(input_tensor, axis)
        result = apply(op_type, input_tensor, axes, keep_dims=bool(keepdims), name=name)
        return scalar_if_all(result, axis, keepdims)

    reduction.__name__ = reduction.__qualname__ = name
    reduction.__doc__ = f"""{what} of `input_tensor` over `axis`.

    Args:
        axis: an int, a list of them, or an integer tensor; negative ones count from the end. None
            stands for all axes.
        keepdims: leave the reduced axes at length 1.

    Raises:
        ValueError: if an axis is out of range.
    """
    return reduction


reduce_sum = _reduction("Sum", "reduce_sum", "The sum")
reduce_mean = _reduction("Mean", "reduce_mean", "The mean")
reduce_prod = _reduction("Prod", "reduce_prod", "The product")
reduce_max = _reduction("Max", "reduce_max", "The largest element")
reduce_min = _reduction("Min", "reduce_min", "The smallest element")
reduce_all = _reduction("All", "reduce_all", "The logical and")
reduce_any = _reduction("Any", "reduce_any", "The logical or")
reduce_euclidean_norm = _reduction("EuclideanNorm", "reduce_euclidean_norm", "The Euclidean norm")
