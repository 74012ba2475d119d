"""Histograms and buckets."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.cast import cast
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.rounding import floor, truediv
from flowgraph.ops.sample_values import f32, i32
from flowgraph.ops.select import clip_by_value
from flowgraph.ops.sparse_kernels import checked_rank

__all__ = ["histogram_fixed_width", "histogram_fixed_width_bins"]

TYPES = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64)
VALUES = f32([[-1.0, 0.0, 1.5], [2.0, 5.0, 15.0]])


@op(
    "HistogramFixedWidth",
    "values: T, value_range: T, nbins: int32 -> out: dtype",
    T=TYPES,
    dtype=types(INDEX, dtypes.int32),
)
class HistogramFixedWidth:
    """How many values lie in each of `nbins` parts of a range; those outside in the nearest."""

    grad = None
    samples = (
        case(VALUES, f32([0, 5]), np.int32(5)),
        case(VALUES.astype(np.float64), np.array([-3.0, 7]), np.int32(3), dtype=dtypes.int64),
        case(VALUES.astype(np.int32), i32([0, 10]), np.int32(4)),
        case(f32([]), f32([0, 1]), np.int32(2)),
        case(VALUES, f32([5, 0]), np.int32(5), raises=r"value_range\[0\] < value_range\[1\]"),
        case(VALUES, f32([0, 5]), np.int32(0), raises="positive"),
        case(VALUES, f32([0, 5, 6]), np.int32(2), raises="2 but is 3|2 elements"),
    )

    def shape(values: Operand, value_range: Operand, nbins: Operand) -> Dims:
        (count,) = checked_rank(value_range, 1) or (None,)
        if count not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {count}")
        checked_rank(nbins, 0)
        number = nbins.const_value()
        if number is None:
            return (None,)
        if number <= 0:
            raise ValueError(f"Requires nbins > 0: the number of bins must be positive: {number}")
        return (int(number),)

    def numpy(values: Any, value_range: Any, nbins: Any, *, dtype: dtypes.DType) -> Any:
        if value_range.shape != (2,):
            raise InvalidArgumentError(None, None, "value_range should have 2 elements")
        low, high = value_range
        if nbins <= 0:
            message = f"nbins should be a positive number, but got '{nbins}'"
            raise InvalidArgumentError(None, None, message)
        if not low < high:
            message = (
                "value_range should satisfy value_range[0] < value_range[1], but got "
                f"'[{low}, {high}]'"
            )
            raise InvalidArgumentError(None, None, message)
        width = float(high - low) / int(nbins)
        flat = values.reshape(-1)
        places = (np.maximum(flat, low) - low).astype(np.float64) / width
        numbers = np.minimum(places, int(nbins) - 1).astype(np.int64)
        return np.bincount(numbers, minlength=int(nbins)).astype(dtype.np)


def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """How many values lie in each of equal parts of a range.

    Args:
        values: numbers in any shape; those outside count in the nearest part.
        value_range: its ends, ``[low, high]``, of the type of the values.
        nbins: the number of parts.
        dtype: int32 or int64, of the counts.

    Returns:
        [nbins].

    >>> import flowgraph as tf
    >>> counts = tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5)
    >>> with tf.Session() as session:
    ...     session.run(counts).tolist()
    [2, 1, 1, 0, 2]
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        counts: Tensor = apply(
            "HistogramFixedWidth", values, value_range, nbins, dtype=dtype, name=scope
        )
        return counts


def histogram_fixed_width_bins(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Tensor:
    """In which of equal parts of a range each value lies, int32; outside in the nearest.

    Arguments: see `histogram_fixed_width`; `dtype` changes nothing.
    """
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        given = convert_to_tensor(values, name="values")
        shape = array.shape(given)
        flat = array.reshape(given, [-1])
        limits = convert_to_tensor(value_range, name="value_range")
        count = cast(convert_to_tensor(nbins, dtypes.int32, name="nbins"), flat.dtype)
        scaled = truediv(flat - limits[0], limits[1] - limits[0], name="scaled_values")
        numbers = floor(count * scaled, name="indices")
        inside = cast(clip_by_value(numbers, 0, count - 1), dtypes.int32)
        return array.reshape(inside, shape)


@op("Bucketize", "input: T -> output: int32", T=TYPES, boundaries=attr("list(float)"))
class Bucketize:
    """How many of the ascending boundaries are not above each element."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(VALUES, boundaries=[0.0, 1.5, 10.0]),
        case(VALUES.astype(np.int32), boundaries=[0.5, 2.0, 3.0]),
        case(VALUES.astype(np.float64), boundaries=[1.0]),
        case(VALUES.astype(np.int64), boundaries=[]),
        case(f32([]), boundaries=[1.0]),
        case(VALUES, boundaries=[1.0, 0.0], raises="Expected sorted boundaries"),
    )

    def numpy(x: Any, *, boundaries: list[float]) -> Any:
        limits = np.array(boundaries, np.float32)
        if (limits[1:] < limits[:-1]).any():
            raise InvalidArgumentError(None, None, "Expected sorted boundaries")
        return np.searchsorted(limits, x, side="right").astype(np.int32)
