"""Kernels of the segment reductions: sort by id where needed, then one `ufunc.reduceat`."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError

__all__ = [
    "check_sorted",
    "first_axis",
    "highest",
    "lowest",
    "one",
    "reduce_sorted",
    "reduce_unsorted",
    "with_rank",
    "zero",
]


def zero(dtype: Any) -> Any:
    return 0


def one(dtype: Any) -> Any:
    return 1


def lowest(dtype: Any) -> Any:
    """What the maximum of nothing is."""
    return dtypes.as_dtype(dtype).min


def highest(dtype: Any) -> Any:
    """What the minimum of nothing is."""
    return dtypes.as_dtype(dtype).max


def with_rank(shape: Dims, rank: int) -> Dims:
    """`shape`. Raises ValueError if its rank is known and different."""
    if shape is not None and len(shape) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(shape)}")
    return shape


def first_axis(shape: Dims) -> Dims:
    """`shape`. Raises ValueError if it is that of a scalar."""
    if shape == ():
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    return shape


def _grouped(ufunc: Any, rows: Any, ids: Any, count: int, empty: Any) -> Any:
    """[count, ...] from rows whose ids ascend."""
    result = np.full((count, *rows.shape[1:]), empty(rows.dtype), rows.dtype)
    if len(ids):
        starts = np.concatenate(([0], np.flatnonzero(ids[1:] != ids[:-1]) + 1))
        result[ids[starts]] = ufunc.reduceat(rows, starts, axis=0, dtype=rows.dtype)
    return result


def check_sorted(ids: Any, count: int | None = None) -> int:
    """The number of segments of ascending ids: `count`, or one more than the last.

    Raises:
        InvalidArgumentError: if the ids do not ascend, or leave the range.
    """
    if not len(ids):
        return count or 0
    if np.any(ids[1:] < ids[:-1]):
        raise InvalidArgumentError(None, None, "segment ids are not increasing")
    size = int(ids[-1]) + 1 if count is None else count
    for each in (int(ids[0]), int(ids[-1])):
        if not 0 <= each < size:
            raise InvalidArgumentError(
                None,
                None,
                f"Segment id {each} out of range [0, {max(size, 0)}), possibly because "
                "'segment_ids' input is not sorted.",
            )
    return size


def reduce_sorted(ufunc: Any, rows: Any, ids: Any, empty: Any, count: int | None = None) -> Any:
    """The rows of each segment reduced, for ids that ascend."""
    if len(ids) != len(rows):
        message = "segment_ids should be the same size as dimension 0 of input."
        raise InvalidArgumentError(None, None, message)
    return _grouped(ufunc, rows, ids, check_sorted(ids, count), empty)


def reduce_unsorted(ufunc: Any, data: Any, ids: Any, count: int, empty: Any) -> Any:
    """The elements of each of `count` segments reduced; negative ids are left out.

    Raises:
        InvalidArgumentError: if an id is `count` or more, or shapes do not fit.
    """
    if data.shape[: ids.ndim] != ids.shape:
        message = (
            f"data.shape = {list(data.shape)} does not start with "
            f"segment_ids.shape = {list(ids.shape)}"
        )
        raise InvalidArgumentError(None, None, message)
    flat = ids.reshape(-1)
    rows = data.reshape(flat.size, *data.shape[ids.ndim :])
    if flat.size and flat.max() >= count:
        at = int(np.argmax(flat >= count))
        place = ",".join(str(i) for i in np.unravel_index(at, ids.shape))
        message = f"segment_ids[{place}] = {flat[at]} is out of range [0, {count})"
        raise InvalidArgumentError(None, None, message)
    order = np.argsort(flat, kind="stable")
    order = order[np.searchsorted(flat[order], 0) :]
    return _grouped(ufunc, rows[order], flat[order], count, empty)
