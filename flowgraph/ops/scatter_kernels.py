"""Changes of rows of an array, where one row may be named several times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph import errors

__all__ = ["change_rows", "first_bad", "refuse_index", "rounds", "set_rows", "truncated_quotient"]

Array = np.ndarray[Any, Any]

# Turns cost a few calls each; `ufunc.at` costs much per element, however often a row is named.
_MAX_TURNS = 16


def first_bad(indices: Array, limit: int) -> int | None:
    """The flat position of the first index outside ``[0, limit)``, or None."""
    if not indices.size:
        return None
    if indices.min() >= 0 and indices.max() < limit:
        return None
    return int(np.flatnonzero((indices < 0) | (indices >= limit))[0])


def refuse_index(indices: Array, position: int, limit: int) -> errors.InvalidArgumentError:
    """The error for the index at that flat position."""
    place = ",".join(str(int(i)) for i in np.unravel_index(position, indices.shape))
    where = f"indices[{place}]" if place else "indices"
    return errors.InvalidArgumentError(
        None, None, f"{where} = {indices.reshape(-1)[position]} is not in [0, {limit})"
    )


def rounds(indices: Array) -> Iterator[Any]:
    """Positions in `indices`, in rounds in which no index comes twice, earlier ones first."""
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    if not (ordered[1:] == ordered[:-1]).any():
        yield slice(None)
        return
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(ordered)))
    occurrence = np.arange(len(ordered)) - np.repeat(starts, counts)
    by_turn = order[np.argsort(occurrence, kind="stable")]
    yield from np.split(by_turn, np.cumsum(np.bincount(occurrence))[:-1])


def set_rows(target: Array, rows: Array, updates: Array) -> None:
    """``target[rows] = updates``; of several updates of one row the last one stays."""
    if updates.ndim:
        for chosen in rounds(rows):
            target[rows[chosen]] = updates[chosen]
    else:
        target[rows] = updates


def change_rows(function: Callable[..., Any], target: Array, rows: Array, updates: Array) -> None:
    """``target[rows] = function(target[rows], updates)``, one row after the other."""
    turns = list(rounds(rows))
    if isinstance(function, np.ufunc) and len(turns) > _MAX_TURNS:
        function.at(target, rows, updates)
        return
    for chosen in turns:
        places = rows[chosen]
        part = updates[chosen] if updates.ndim else updates
        target[places] = function(target[places], part)


def truncated_quotient(x: Array, y: Array) -> Array:
    """The quotient; of integers, rounded towards zero.

    Raises:
        InvalidArgumentError: if an integer is divided by zero.
    """
    if x.dtype.kind not in "iu":
        return np.divide(x, y, dtype=x.dtype)
    if not np.all(y):
        raise errors.InvalidArgumentError(None, None, "Integer division by zero")
    quotient = np.floor_divide(x, y)
    inexact = (x - quotient * y != 0) & ((x < 0) != (y < 0))
    return np.asarray(quotient + inexact, x.dtype)
