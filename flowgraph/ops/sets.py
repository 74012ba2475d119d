"""Distinct elements and differences of lists."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.ops.array import ANY_TYPE, INDEX_TYPE
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = ["ListDiff", "Unique", "UniqueWithCounts", "setdiff1d", "unique", "unique_with_counts"]

Unique = namedtuple("Unique", ["y", "idx"])
UniqueWithCounts = namedtuple("UniqueWithCounts", ["y", "idx", "count"])
ListDiff = namedtuple("ListDiff", ["out", "idx"])
LISTS = (
    case(i32([3, 1, 3, 2, 1])),
    case(f32([0.5, -1, 0.5])),
    case(np.array([], np.int64)),
    case(np.array([b"b", b"a", b"b"], object)),
    case(i64([7, 7]), out_idx=dtypes.int64),
)


def _distinct(x: Any) -> tuple[Any, Any, Any]:
    """The distinct elements in order of appearance, where each element went, and the counts."""
    found, first, where, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return found[order], rank[where.reshape(-1)], counts[order]


@op("Unique", "x: T -> y: T, idx: out_idx", T=ANY_TYPE, out_idx=INDEX_TYPE)
class _Unique:
    """The distinct elements of a vector in order of appearance: ``x[i] = y[idx[i]]``."""

    grad = None
    samples = LISTS

    def shape(x: Operand) -> list[Dims]:
        return [(None,), dims.with_rank(x.dims, 1)]

    def numpy(x: Any, *, out_idx: dtypes.DType) -> Any:
        y, idx, _ = _distinct(x)
        return y, idx.astype(out_idx.np)


@op(
    "UniqueWithCounts",
    "x: T -> y: T, idx: out_idx, count: out_idx",
    T=ANY_TYPE,
    out_idx=INDEX_TYPE,
)
class _UniqueWithCounts:
    """The distinct elements of a vector in order of appearance, and how often each occurs."""

    grad = None
    samples = LISTS

    def shape(x: Operand) -> list[Dims]:
        return [(None,), dims.with_rank(x.dims, 1), (None,)]

    def numpy(x: Any, *, out_idx: dtypes.DType) -> Any:
        y, idx, count = _distinct(x)
        return y, idx.astype(out_idx.np), count.astype(out_idx.np)


@op("ListDiff", "x: T, y: T -> out: T, idx: out_idx", T=ANY_TYPE, out_idx=INDEX_TYPE)
class _ListDiff:
    """The elements of x that are not in y, in order, and their indices in x."""

    grad = None
    samples = (
        case(i32([1, 2, 3, 2, 5]), i32([2, 4])),
        case(f32([1, 2]), f32([])),
        case(np.array([b"a", b"b"], object), np.array([b"a"], object)),
        case(i64([1, 2]), i64([2, 1]), out_idx=dtypes.int64),
    )

    def shape(x: Operand, y: Operand) -> list[Dims]:
        dims.with_rank(x.dims, 1)
        dims.with_rank(y.dims, 1)
        return [(None,), (None,)]

    def numpy(x: Any, y: Any, *, out_idx: dtypes.DType) -> Any:
        kept = np.flatnonzero(~np.isin(x, y))
        return x[kept], kept.astype(out_idx.np)


def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Unique:
    """The distinct elements of a vector in order of appearance.

    Returns:
        A named tuple ``(y, idx)`` with ``x[i] = y[idx[i]]``.
    """
    return Unique(*apply("Unique", x, out_idx=out_idx, name=name))


def unique_with_counts(
    x: Any, out_idx: Any = dtypes.int32, name: str | None = None
) -> UniqueWithCounts:
    """The distinct elements of a vector in order of appearance, and how often each occurs.

    Returns:
        A named tuple ``(y, idx, count)`` with ``x[i] = y[idx[i]]``.
    """
    return UniqueWithCounts(*apply("UniqueWithCounts", x, out_idx=out_idx, name=name))


def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> ListDiff:
    """The elements of x that are not in y, in order.

    Returns:
        A named tuple ``(out, idx)`` with ``out[i] = x[idx[i]]``.
    """
    return ListDiff(*apply("ListDiff", x, y, out_idx=index_dtype, name=name))
