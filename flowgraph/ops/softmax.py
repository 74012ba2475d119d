"""Softmax and its logarithm."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, spread
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array, constants, joining, layout
from flowgraph.ops.kinds import FLOATS

__all__ = ["log_softmax", "row_maxima", "row_sums", "softmax"]

Gradients = list[Any]
# Up to this many columns NumPy finds row maxima faster in a transposed copy.
_NARROW = 48

LOGITS = np.array([[1.0, -2.0, 0.5], [30.0, 30.0, -90.0]], np.float32)
SAMPLES = (
    spread(-2, 2),
    spread(-2, 2, (2, 2, 3)),
    spread(-2, 2, (4,)),
    case(LOGITS),
    case(LOGITS * 100),
    case(LOGITS.astype(np.float16)),
    case(LOGITS[:0]),
    case(np.float32(1.0), raises="Shape must be at least rank 1 but is rank 0"),
)


@lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> Any:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones


def row_maxima(x: Any) -> Any:
    """The largest element of each row of a matrix, as a column."""
    if x.shape[1] <= _NARROW:
        return np.maximum.reduce(np.ascontiguousarray(x.T), axis=0, keepdims=True).T
    return np.maximum.reduce(x, axis=1, keepdims=True)


def row_sums(x: Any) -> Any:
    """The sum of each row of a matrix: a product with ones, as BLAS is faster than a reduction."""
    return np.dot(x, _ones(x.shape[1], x.dtype))


def _at_least_a_vector(logits: Operand) -> Dims:
    if logits.dims is not None and not logits.dims:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    return logits.dims


def _by_rows(function: Any, x: Any, out: Any) -> Any:
    """Apply a function of matrices along the last axis; half precision is widened."""
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    direct = out if out is not None and wide is x else np.empty(x.shape, wide.dtype)
    if x.size:
        columns = x.shape[-1]
        function(wide.reshape(-1, columns), direct.reshape(-1, columns))
    if wide is x:
        return direct
    if out is None:
        return direct.astype(x.dtype)
    out[...] = direct
    return out


def _softmax_rows(x: Any, out: Any) -> None:
    np.subtract(x, row_maxima(x), out=out)
    np.exp(out, out=out)
    np.divide(out, row_sums(out)[:, None], out=out)


def _log_softmax_rows(x: Any, out: Any) -> None:
    np.subtract(x, row_maxima(x), out=out)
    np.subtract(out, np.log(row_sums(np.exp(out)))[:, None], out=out)


@op("Softmax", "logits: T -> softmax: T", T=FLOATS)
class Softmax:
    """``exp(logits) / sum(exp(logits))`` along the last axis, without overflow."""

    shape = _at_least_a_vector
    inplace = (0,)
    samples = SAMPLES

    def numpy(x: Any, *, out: Any = None) -> Any:
        return _by_rows(_softmax_rows, x, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        y = op.outputs[0]
        total = apply("Sum", dy * y, -1, keep_dims=True)
        return [(dy - total) * y]


@op("LogSoftmax", "logits: T -> logsoftmax: T", T=FLOATS)
class LogSoftmax:
    """``logits - log(sum(exp(logits)))`` along the last axis, without overflow."""

    shape = _at_least_a_vector
    inplace = (0,)
    samples = SAMPLES

    def numpy(x: Any, *, out: Any = None) -> Any:
        return _by_rows(_log_softmax_rows, x, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        probabilities = apply("Exp", op.outputs[0])
        return [dy - apply("Sum", dy, -1, keep_dims=True) * probabilities]


def _swapped(tensor: Tensor, axis: Any, last: Tensor, name: str = "transpose") -> Tensor:
    """`tensor` with an axis and its last axis exchanged."""
    before = constants.range(axis)
    between = constants.range(axis + 1, last)
    order = joining.concat([before, [last], between, [axis]], 0)
    return layout.transpose(tensor, order, name=name)


def _along(op_type: str, logits: Any, axis: Any, name: str | None) -> Tensor:
    logits = convert_to_tensor(logits)
    shape = logits.dims
    ndims = None if shape is None else len(shape)
    if isinstance(axis, Tensor) and axis.const_value() is not None:
        axis = int(axis.const_value())
    if isinstance(axis, Tensor) or (ndims is None and axis != -1):
        raise ValueError("softmax needs a known axis, and a known rank unless the axis is -1")
    if axis == -1 or ndims is None or axis == ndims - 1:
        whole: Tensor = apply(op_type, logits, name=name)
        return whole
    if not -ndims <= axis < ndims:
        raise InvalidArgumentError(
            None,
            None,
            f"Dimension ({axis}) must be in the range [{-ndims}, {ndims}) where {ndims} is the "
            "number of dimensions in the input.",
        )
    count = array.rank(logits)
    place = axis + count if axis < 0 else axis
    rank = array.rank(logits)
    place = place % ndims
    moved = _swapped(logits, place, apply("Sub", rank, 1))
    output = apply(op_type, moved)
    result = _swapped(output, place, apply("Sub", rank, 1), name or "transpose")
    result.set_shape(shape)
    return result


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Probabilities proportional to ``exp(logits)``.

    Args:
        logits: of rank 1 or more.
        axis: what the probabilities sum to 1 along; the last axis by default.

    Raises:
        InvalidArgumentError: if the axis is out of range.
    """
    return _along("Softmax", logits, -1 if axis is None else axis, name)


def log_softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """``logits - log(sum(exp(logits)))`` along an axis, the last one by default.

    Raises:
        InvalidArgumentError: if the axis is out of range.
    """
    return _along("LogSoftmax", logits, -1 if axis is None else axis, name)
