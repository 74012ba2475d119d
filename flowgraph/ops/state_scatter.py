"""Changes of parts of a variable: rows by `scatter_*`, elements or slices by `scatter_nd_*`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.cells import Cell
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, define, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import scatter_kernels as kernels
from flowgraph.ops.kinds import FLOATS, INDEX, NUMBERS
from flowgraph.ops.state import Known, merged_shape

__all__ = [
    "batch_scatter_update",
    "scatter_add",
    "scatter_div",
    "scatter_max",
    "scatter_min",
    "scatter_mul",
    "scatter_nd_add",
    "scatter_nd_sub",
    "scatter_nd_update",
    "scatter_sub",
    "scatter_update",
]

Array = np.ndarray[Any, Any]
Change = Callable[[Array, Array, Array], None]


def _rows_shape(ref: Operand, indices: Operand, updates: Operand) -> Dims:
    """``updates.shape = indices.shape + ref.shape[1:]``, or a scalar."""
    if ref.dims is not None and not ref.dims:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    if updates.dims and ref.dims is not None and indices.dims is not None:
        merged_shape(updates, Known((*indices.dims, *ref.dims[1:])))
    return ref.dims


def _rows_kernel(change: Change) -> Callable[..., Cell]:
    def numpy(ref: Cell, indices: Array, updates: Array) -> Cell:
        target = ref.read()
        wanted = (*indices.shape, *target.shape[1:])
        if updates.shape != wanted and updates.shape:
            raise errors.InvalidArgumentError(
                None,
                None,
                "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = "
                f"[], got updates.shape {dims.show_list(updates.shape)}, indices.shape "
                f"{dims.show_list(indices.shape)}, params.shape {dims.show_list(target.shape)}",
            )
        bad = kernels.first_bad(indices, target.shape[0])
        if bad is not None:
            raise kernels.refuse_index(indices, bad, target.shape[0])
        rows = indices.reshape(-1)
        part = updates.reshape(len(rows), *target.shape[1:]) if updates.shape else updates
        change(target, rows, part)
        return ref

    return numpy


def _changing(function: Callable[..., Any]) -> Change:
    return lambda target, rows, part: kernels.change_rows(function, target, rows, part)


_GRID = np.arange(6.0).reshape(3, 2) + 1
_ROWS = np.array([[2.0, 4.0], [0.5, 8.0], [2.0, 2.0]])


def _rows_samples() -> Any:
    return (
        case(_GRID, [0, 2, 0], _ROWS, grad=False),
        case(np.float32(_GRID), np.array([[2], [1]]), np.float32(_ROWS[:2, None]), grad=False),
        case(_GRID.astype(np.int32), 1, np.array([2, -4], np.int32), grad=False),
        case(_GRID[:, 0], [1, 1], np.float64(2), grad=False),
        case(_GRID, np.array([], np.int32), _ROWS[:0], grad=False),
        case(_GRID, [0, 3], _ROWS[:2], raises=r"indices\[1\] = 3 is not in \[0, 3\)"),
        case(_GRID, -1, _ROWS[0], raises=r"indices = -1 is not in \[0, 3\)"),
        case(_GRID, [0, 1], _ROWS, raises="Dimension 0 in both shapes must be equal"),
    )


def _define_rows(name: str, allowed: Any, change: Change, doc: str, locking: bool = False) -> None:
    define(
        name,
        "ref: T&, indices: Tindices, updates: T -> output_ref: T&",
        {"T": allowed, "Tindices": types(INDEX), "use_locking": locking},
        doc=doc,
        shape=_rows_shape,
        numpy=_rows_kernel(change),
        grad=None,
        stateful=True,
        samples=_rows_samples,
    )


_ORDERED = (*FLOATS, *INDEX)
_define_rows(
    "ScatterUpdate",
    attr("type"),
    kernels.set_rows,
    "``ref[indices[i], ...] = updates[i, ...]``; the last of several updates of a row stays.",
    locking=True,
)
_define_rows(
    "ScatterAdd", NUMBERS, _changing(np.add), "``ref[indices[i], ...] += updates[i, ...]``"
)
_define_rows(
    "ScatterSub", NUMBERS, _changing(np.subtract), "``ref[indices[i], ...] -= updates[i, ...]``"
)
_define_rows(
    "ScatterMul", NUMBERS, _changing(np.multiply), "``ref[indices[i], ...] *= updates[i, ...]``"
)
_define_rows(
    "ScatterDiv",
    NUMBERS,
    _changing(kernels.truncated_quotient),
    "``ref[indices[i], ...] /= updates[i, ...]``; integer quotients are cut towards zero.",
)
_define_rows(
    "ScatterMin",
    _ORDERED,
    _changing(np.minimum),
    "``ref[indices[i], ...] = min(ref[indices[i], ...], updates[i, ...])``",
)
_define_rows(
    "ScatterMax",
    _ORDERED,
    _changing(np.maximum),
    "``ref[indices[i], ...] = max(ref[indices[i], ...], updates[i, ...])``",
)


def _places_shape(ref: Operand, indices: Operand, updates: Operand) -> Dims:
    """``updates.shape = indices.shape[:-1] + ref.shape[indices.shape[-1]:]``"""
    for operand in (ref, indices):
        if operand.dims is not None and not operand.dims:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
    places, parts = indices.dims, updates.dims
    if places is None or parts is None:
        return ref.dims
    outer = len(places) - 1
    merged_shape(Known(places[:outer]), Known(parts[:outer]))
    depth = places[-1]
    if depth is not None and ref.dims is not None:
        merged_shape(Known(ref.dims[depth:]), Known(parts[outer:]))
    return ref.dims


def _places_kernel(change: Change) -> Callable[..., Cell]:
    def numpy(ref: Cell, indices: Array, updates: Array) -> Cell:
        target = ref.read()
        depth = indices.shape[-1]
        outer, inner = target.shape[:depth], target.shape[depth:]
        if depth > target.ndim or updates.shape != (*indices.shape[:-1], *inner):
            raise errors.InvalidArgumentError(
                None,
                None,
                "Must have updates.shape = indices.shape[:-1] + ref.shape[indices.shape[-1]:], got "
                f"updates.shape {dims.show_list(updates.shape)}, indices.shape "
                f"{dims.show_list(indices.shape)}, ref.shape {dims.show_list(target.shape)}",
            )
        places = indices.reshape(-1, depth)
        _check_places(places, target.shape, depth)
        rows = np.zeros(len(places), np.int64)
        for axis, size in enumerate(outer):
            rows = rows * size + places[:, axis]
        flat = target.reshape(-1, *inner) if depth else target[np.newaxis]
        change(flat, rows, updates.reshape(len(rows), *inner))
        return ref

    return numpy


def _check_places(places: Array, shape: tuple[int, ...], depth: int) -> None:
    bad = (places < 0) | (places >= np.array(shape[:depth], np.int64))
    if bad.any():
        position = int(np.flatnonzero(bad.any(axis=1))[0])
        index = ", ".join(str(each) for each in places[position].tolist())
        raise errors.InvalidArgumentError(
            None,
            None,
            f"indices[{position}] = [{index}] does not index into shape {dims.show_list(shape)}",
        )


def _places_samples() -> Any:
    return (
        case(_GRID, [[0], [2], [0]], _ROWS, grad=False),
        case(np.float32(_GRID), [[0, 1], [2, 0], [0, 1]], np.float32(_ROWS[:, 0]), grad=False),
        case(_GRID.astype(np.int32), np.array([[1]]), np.array([[2, -4]], np.int32), grad=False),
        case(_GRID, np.zeros((0, 2), np.int64), _ROWS[:0, 0], grad=False),
        case(_GRID, [[0], [3]], _ROWS[:2], raises=r"indices\[1\] = \[3\] does not index into"),
        case(_GRID, [[0], [1]], _ROWS, raises="Dimension 0 in both shapes must be equal"),
    )


def _define_places(name: str, allowed: Any, change: Change, doc: str, locking: bool) -> None:
    define(
        name,
        "ref: T&, indices: Tindices, updates: T -> output_ref: T&",
        {"T": allowed, "Tindices": types(INDEX), "use_locking": locking},
        doc=doc + " where ``indices[i, ...]`` names an element or, being shorter, a slice.",
        shape=_places_shape,
        numpy=_places_kernel(change),
        grad=None,
        stateful=True,
        samples=_places_samples,
    )


_define_places(
    "ScatterNdUpdate", attr("type"), kernels.set_rows, "``ref[indices[i]] = updates[i]``", True
)
_define_places(
    "ScatterNdAdd", NUMBERS, _changing(np.add), "``ref[indices[i]] += updates[i]``", False
)
_define_places(
    "ScatterNdSub", NUMBERS, _changing(np.subtract), "``ref[indices[i]] -= updates[i]``", False
)


def _scatter(
    op_type: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None
) -> Any:
    return apply(op_type, ref, indices, updates, use_locking=use_locking, name=name)


def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Store rows in a variable: ``ref[indices[i], ...] = updates[i, ...]``.

    Args:
        ref: a variable.
        indices: int32 or int64 of any shape; rows of `ref`.
        updates: ``indices.shape + ref.shape[1:]``, or a scalar.

    Returns:
        The variable after the change.

    Raises:
        ValueError: if the shapes do not fit.
        InvalidArgumentError: when run, if an index is out of range.
    """
    return _scatter("ScatterUpdate", ref, indices, updates, use_locking, name)


def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] += updates[i, ...]``; updates of one row add up."""
    return _scatter("ScatterAdd", ref, indices, updates, use_locking, name)


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] -= updates[i, ...]``"""
    return _scatter("ScatterSub", ref, indices, updates, use_locking, name)


def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] *= updates[i, ...]``"""
    return _scatter("ScatterMul", ref, indices, updates, use_locking, name)


def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] /= updates[i, ...]``"""
    return _scatter("ScatterDiv", ref, indices, updates, use_locking, name)


def scatter_max(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] = max(ref[indices[i], ...], updates[i, ...])``"""
    return _scatter("ScatterMax", ref, indices, updates, use_locking, name)


def scatter_min(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i], ...] = min(ref[indices[i], ...], updates[i, ...])``"""
    return _scatter("ScatterMin", ref, indices, updates, use_locking, name)


def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Store elements or slices in a variable: ``ref[indices[i]] = updates[i]``.

    Args:
        ref: a variable.
        indices: ``[..., k]`` with k at most the rank of `ref`: places of elements, or for smaller k
            of slices.
        updates: ``indices.shape[:-1] + ref.shape[k:]``.
    """
    return _scatter("ScatterNdUpdate", ref, indices, updates, use_locking, name)


def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i]] += updates[i]``; see `scatter_nd_update`."""
    return _scatter("ScatterNdAdd", ref, indices, updates, use_locking, name)


def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """``ref[indices[i]] -= updates[i]``; see `scatter_nd_update`."""
    return _scatter("ScatterNdSub", ref, indices, updates, use_locking, name)


def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """`scatter_update` in every batch: ``ref[b, indices[b, j], ...] = updates[b, j, ...]``.

    Args:
        ref: a variable of shape ``batch + [n, ...]``.
        indices: ``batch + [m]``, of known shape.
        updates: ``batch + [m, ...]``.

    Raises:
        ValueError: if the shape of `indices` is not known.
    """
    places = convert_to_tensor(indices, name="indices")
    sizes = places.dims
    if sizes is None or None in sizes:
        raise ValueError(f"The shape of the indices must be known, but is {places.shape}.")
    dtype = places.dtype.base_dtype.np
    batch = np.indices([int(size or 0) for size in sizes], dtype)[:-1]
    full: Tensor = apply("Pack", [*map(convert_to_tensor, batch), places], axis=len(sizes))
    return scatter_nd_update(ref, full, updates, use_locking, name)
