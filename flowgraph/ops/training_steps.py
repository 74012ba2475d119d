"""The optimizers' update rules on arrays, and how they are applied to whole variables or rows.

A rule changes its variable and slots in place and keeps what is between in `Scratch`. Large
variables pass in blocks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.cells import Cell
from flowgraph.graph.opdef import Operand
from flowgraph.ops.scatter_kernels import first_bad, rounds
from flowgraph.ops.state import Known, check_same_shape, merged_shape

__all__ = ["dense_shape", "sparse_shape", "update", "update_rows"]

Array = np.ndarray[Any, Any]
Rule = Callable[..., None]

BLOCK_BYTES = 1 << 20


class Scratch:
    """Uninitialized arrays of one shape and type, made once per run and handed out by number."""

    def __init__(self, like: Array) -> None:
        self._like = like
        self._arrays: list[Array] = []

    def take(self, count: int, size: int | None) -> list[Array]:
        """`count` arrays; of the first `size` elements, for the last block."""
        while len(self._arrays) < count:
            self._arrays.append(np.empty_like(self._like))
        return [each if size is None else each[:size] for each in self._arrays[:count]]


def _scalar(value: Any) -> Any:
    # A Python number takes the type of the array beside it, and costs less than a 0-d array.
    return value.item()


def _separate(grad: Array, targets: list[Array]) -> Array:
    """`grad`, copied where it shares memory with what will be written before it was read."""
    var = targets[0]
    if np.may_share_memory(grad, var):
        # Rules write each element of the variable after the last look at that of the gradient.
        aligned = grad.ctypes.data == var.ctypes.data and grad.strides == var.strides
        return grad if aligned else grad.copy()
    if any(np.may_share_memory(grad, slot) for slot in targets[1:]):
        return grad.copy()
    return grad


def _blocks(arrays: list[Array]) -> Iterator[list[Array]]:
    flat = [array.reshape(-1) for array in arrays]
    length = max(1, BLOCK_BYTES // flat[0].itemsize)
    for start in range(0, flat[0].size, length):
        yield [each[start : start + length] for each in flat]


def update(
    rule: Rule, cells: list[Cell], grad: Array, *scalars: Any, temporaries: int = 1, **options: Any
) -> Cell:
    """Apply a rule to a variable and its slots; returns the variable.

    Args:
        rule: ``rule(var, *slots, grad, scratch, *scalars, **options)``, elementwise.
        cells: the variable, then its slots.
        grad: of the variable's shape.
        temporaries: how many arrays of scratch the rule needs.

    Raises:
        InvalidArgumentError: if the shapes differ.
    """
    targets = [cell.read() for cell in cells]
    for target in targets[1:]:
        check_same_shape(targets[0], target, "var and its slots do not have the same shape")
    check_same_shape(targets[0], grad, "var and grad do not have the same shape")
    numbers = [_scalar(each) for each in scalars]
    if grad.base is not None or any(grad is target for target in targets):
        grad = _separate(grad, targets)
    arrays = [*targets, grad]
    if targets[0].nbytes <= BLOCK_BYTES:
        scratch = Scratch(targets[0]).take(temporaries, None)
        rule(*arrays, scratch, *numbers, **options)
        return cells[0]
    shared: Scratch | None = None
    for block in _blocks(arrays):
        shared = shared or Scratch(block[0])
        rule(*block, shared.take(temporaries, block[0].size), *numbers, **options)
    return cells[0]


def update_rows(
    rule: Rule,
    cells: list[Cell],
    grad: Array,
    indices: Array,
    *scalars: Any,
    temporaries: int = 1,
    **options: Any,
) -> Cell:
    """Apply a rule to the rows ``indices`` of a variable and its slots, one after the other.

    Args:
        grad: ``[len(indices), ...]``, one row per index; the same index may come again.

    Raises:
        InvalidArgumentError: if an index is out of range or the shapes differ.
    """
    targets = [cell.read() for cell in cells]
    for target in targets[1:]:
        check_same_shape(targets[0], target, "var and its slots do not have the same shape")
    _check_rows(targets[0], grad, indices)
    numbers = [_scalar(each) for each in scalars]
    for chosen in rounds(indices):
        rows = indices[chosen]
        parts = [np.ascontiguousarray(target[rows]) for target in targets]
        scratch = Scratch(parts[0]).take(temporaries, None)
        rule(*parts, np.ascontiguousarray(grad[chosen]), scratch, *numbers, **options)
        for target, part in zip(targets, parts, strict=True):
            target[rows] = part
    return cells[0]


def _check_rows(var: Array, grad: Array, indices: Array) -> None:
    if grad.shape != (*indices.shape, *var.shape[1:]) or indices.ndim != 1:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"var and grad must match in all but dimension 0, and grad and indices in that: "
            f"{dims.show_list(var.shape)}, {dims.show_list(grad.shape)}, "
            f"{dims.show_list(indices.shape)}",
        )
    bad = first_bad(indices, var.shape[0])
    if bad is not None:
        raise errors.InvalidArgumentError(
            None, None, f"Index {indices[bad]} at offset {bad} in indices is out of range"
        )


def dense_shape(slots: int, grad: int) -> Callable[..., Dims]:
    """The shape rule of an update: `slots` references first, `grad` in its place, else scalars."""

    def shape(*operands: Operand) -> Dims:
        found = operands[0].dims
        for place, operand in enumerate(operands[1:], 1):
            if place < slots or place == grad:
                found = merged_shape(Known(found), operand)
            else:
                _check_scalar(operand)
        return found

    return shape


def sparse_shape(slots: int, grad: int, indices: int) -> Callable[..., Dims]:
    """`dense_shape` where `grad` holds the rows that `indices` names."""

    def shape(*operands: Operand) -> Dims:
        found = operands[0].dims
        for place, operand in enumerate(operands[1:], 1):
            if place < slots:
                found = merged_shape(Known(found), operand)
            elif place not in (grad, indices):
                _check_scalar(operand)
        rows, places = operands[grad].dims, operands[indices].dims
        if places is not None and len(places) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(places)}")
        if rows is not None:
            if not rows:
                raise ValueError("Shape must be at least rank 1 but is rank 0")
            merged_shape(Known(rows[:1]), Known(places))
            found = merged_shape(Known(found), Known((None, *rows[1:])))
        return found

    return shape


def _check_scalar(operand: Operand) -> None:
    if operand.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(operand.dims)}")
