"""Summaries of the distribution of values."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes, protos
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.ops.kinds import REAL
from flowgraph.ops.sample_values import f32

__all__ = ["HistogramSummary", "histogram_of"]

Array = npt.NDArray[Any]

_LARGEST = sys.float_info.max


@functools.cache
def _limits() -> Array:
    """The upper ends of the buckets: 0 and powers of 1.1 times 1e-12, on both sides."""
    positive = []
    value = 1e-12
    while value < 1e20:
        positive.append(value)
        value *= 1.1
    positive.append(_LARGEST)
    return np.array([-each for each in reversed(positive)] + [0.0] + positive)


def histogram_of(values: Array) -> Any:
    """A HistogramProto of finite float64 numbers; a run of empty buckets becomes one."""
    limits = _limits()
    places = np.searchsorted(limits, values, side="right")
    counts = np.bincount(places, minlength=len(limits))
    filled = counts > 0
    # The last of each run of empty buckets stands for all of it.
    kept = filled | np.append(filled[1:], True)
    some = values.size > 0
    return protos.HistogramProto(
        min=float(values.min()) if some else _LARGEST,
        max=float(values.max()) if some else -_LARGEST,
        num=float(values.size),
        sum=float(values.sum()),
        sum_squares=float(np.square(values).sum()),
        bucket_limit=limits[kept].tolist(),
        bucket=counts[kept].tolist(),
    )


def _text(value: str) -> Array:
    return np.array(value.encode(), np.object_)


@op("HistogramSummary", "tag: string, values: T -> summary: string", T=types(REAL, dtypes.float32))
class HistogramSummary:
    """A Summary with the histogram of all values; its buckets widen by a factor of 1.1."""

    grad = None
    samples = (
        case(_text("h"), f32([[0.5, 1.5], [-2.0, 0.5]])),
        case(_text("h"), np.array([0.0, 1e-13, -1e25, 3.0])),
        case(_text("h"), np.array([1, 2, 2, 300], np.int64)),
        case(_text("h"), np.array([1, 255], np.uint8)),
        case(_text("h"), np.array([0.25, 8], np.float16)),
        case(_text("one"), f32(4.0)),
        case(_text("none"), f32([])),
        case(_text("h"), f32([1, np.nan]), raises="Nan in summary histogram for"),
        case(_text("h"), f32([1, np.inf]), raises="Infinity in summary histogram for"),
        case(
            np.array([b"h"], np.object_), f32([1]), raises="Shape must be rank 0 but is rank 1|ta"
        ),
    )

    def shape(tag: Operand, values: Operand) -> Dims:
        if tag.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(tag.dims)}")
        return ()

    def numpy(tag: Any, values: Any) -> Any:
        name = np.asarray(tag, np.object_).item().decode()
        flat = np.asarray(values).reshape(-1).astype(np.float64)
        finite = np.isfinite(flat)
        if not finite.all():
            what = "Nan" if np.isnan(flat[~finite][0]) else "Infinity"
            raise InvalidArgumentError(None, None, f"{what} in summary histogram for: {name}")
        summary = protos.Summary()
        summary.value.add(tag=name, histo=histogram_of(flat))
        return np.array(summary.SerializeToString(), np.object_)
