"""Counting integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.reduce import reduce_max, reduce_prod
from flowgraph.ops.sample_values import f32, i32
from flowgraph.ops.sparse_kernels import checked_rank

__all__ = ["bincount"]

NUMBERS = i32([[1, 3, 1], [0, 7, 3]])


@op(
    "Bincount",
    "arr: int32, size: int32, weights: T -> bins: T",
    T=(dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64),
)
class Bincount:
    """How often each number below `size` occurs, or the sum of the weights where it does.

    The weights are of the shape of the numbers, or there are none. Larger numbers are not counted.
    """

    grad = None
    samples = (
        case(NUMBERS, np.int32(8), i32([])),
        case(NUMBERS, np.int32(4), f32([])),
        case(NUMBERS, np.int32(9), np.arange(6.0).reshape(2, 3)),
        case(NUMBERS[0], np.int32(5), np.array([5, 6, 7], np.int64)),
        case(i32([]), np.int32(3), i32([])),
        case(NUMBERS, np.int32(0), i32([])),
        case(-NUMBERS, np.int32(4), i32([]), raises="must be non-negative"),
        case(NUMBERS, i32([4]), i32([]), raises="must be rank 0 but is rank 1|scalar"),
    )

    def shape(arr: Operand, size: Operand, weights: Operand) -> Dims:
        checked_rank(size, 0)
        count = size.const_value()
        return (None,) if count is None else (max(int(count), 0),)

    def numpy(arr: Any, size: Any, weights: Any) -> Any:
        if size.ndim:
            raise InvalidArgumentError(None, None, "size must be a scalar")
        if size < 0:
            raise InvalidArgumentError(None, None, f"size ({size}) must be non-negative")
        if arr.size and arr.min() < 0:
            raise InvalidArgumentError(None, None, "Input arr must be non-negative!")
        flat = arr.reshape(-1)
        counted = flat < size
        if not weights.size:
            return np.bincount(flat[counted], minlength=int(size)).astype(weights.dtype)
        if weights.size != arr.size:
            message = f"weights of shape {list(weights.shape)} do not fit arr {list(arr.shape)}"
            raise InvalidArgumentError(None, None, message)
        chosen = weights.reshape(-1)[counted]
        if weights.dtype.kind == "f":
            sums = np.bincount(flat[counted], chosen, minlength=int(size))
            return sums.astype(weights.dtype)
        result = np.zeros(int(size), weights.dtype)
        np.add.at(result, flat[counted], chosen)
        return result


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
) -> Tensor:
    """How often each of the numbers 0, 1, ... occurs; or the sums of the weights where it does.

    Args:
        arr: int32, of any shape, not negative.
        weights: of the shape of `arr`; the sums have their type.
        minlength: the least length of the result; by default it ends with the largest number.
        maxlength: the greatest length of the result.
        dtype: of the counts, without weights.
    """
    with name_scope("bincount"):
        numbers = convert_to_tensor(arr, dtypes.int32, name="arr")
        some = reduce_prod(array.shape(numbers)) > 0
        size = cast(some, dtypes.int32) * (reduce_max(numbers) + 1)
        if minlength is not None:
            size = maximum(convert_to_tensor(minlength, dtypes.int32, name="minlength"), size)
        if maxlength is not None:
            size = minimum(convert_to_tensor(maxlength, dtypes.int32, name="maxlength"), size)
        counts: Tensor
        if weights is None:
            counts = apply("Bincount", numbers, size, constant([], dtype))
            return counts
        counts = apply(
            "UnsortedSegmentSum", convert_to_tensor(weights, name="weights"), numbers, size
        )
        return counts
