"""What the kernels and shape rules of sparse tensors share: keys, order, groups, checks."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.composite import SparseTensor, SparseTensorValue
from flowgraph.graph.opdef import Operand
from flowgraph.ops.segment_kernels import with_rank

__all__ = [
    "as_sparse",
    "check_indices",
    "check_parts",
    "check_same_shape",
    "checked_rank",
    "group_numbers",
    "is_ascending",
    "keys_of",
    "positions",
    "same_dims",
    "sparse_shapes",
]

_MAX_INT64 = 2**63 - 1


def as_sparse(value: Any) -> SparseTensor:
    """`value`, a sparse tensor or the value of one. Raises TypeError on anything else."""
    if isinstance(value, SparseTensor | SparseTensorValue):
        return SparseTensor.from_value(value)
    raise TypeError("Input must be a SparseTensor.")


def checked_rank(operand: Operand, rank: int) -> Dims:
    """The operand's shape, its sizes unknown where nothing is known."""
    with_rank(operand.dims, rank)
    return dims.with_rank(operand.dims, rank)


def sparse_shapes(indices: Operand, values: Operand, shape: Operand) -> tuple[int | None, ...]:
    """The number of elements and the rank of a sparse operand, as far as they are known."""
    rows = checked_rank(indices, 2)
    count = checked_rank(values, 1)
    rank = checked_rank(shape, 1)
    assert rows is not None and count is not None and rank is not None
    for name, (one, other) in {"0": (rows[0], count[0]), "1": (rows[1], rank[0])}.items():
        if None not in (one, other) and one != other:
            raise ValueError(f"Dimensions must be equal, but are {one} and {other} (axis {name})")
    known = shape.const_dims()
    return (
        rows[0] if rows[0] is not None else count[0],
        rows[1] if rows[1] is not None else rank[0] if known is None else len(known),
    )


def same_dims(a: Dims, b: Dims) -> Dims:
    """What is known of one shape from two sources. Raises ValueError if they differ."""
    if a is not None and b is not None:
        if len(a) != len(b):
            raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
        for axis, (one, other) in enumerate(zip(a, b, strict=True)):
            if None not in (one, other) and one != other:
                raise ValueError(
                    f"Dimension {axis} in both shapes must be equal, but are {one} and {other}. "
                    f"Shapes are {dims.show_list(a)} and {dims.show_list(b)}."
                )
    return dims.merge(a, b)


def keys_of(shape: Any, *indices: Any) -> list[Any]:
    """The elements' places in row-major order, one array of int64 for each array of indices.

    Where the tensor is too large to number its places, they are numbered among the indices given.
    """
    sizes = [int(size) for size in shape]
    if dims.product(max(size, 1) for size in sizes) <= _MAX_INT64:
        steps = np.ones(len(sizes), np.int64)
        for axis in range(len(sizes) - 1, 0, -1):
            steps[axis - 1] = steps[axis] * max(sizes[axis], 1)
        return [each.astype(np.int64, copy=False) @ steps for each in indices]
    together = np.concatenate(indices)
    _, ranks = np.unique(together, axis=0, return_inverse=True)
    ends = np.cumsum([len(each) for each in indices])[:-1]
    return np.split(ranks.reshape(-1), ends)


def is_ascending(keys: Any) -> bool:
    return bool((keys[1:] >= keys[:-1]).all())


def group_numbers(keys: Any) -> tuple[Any, Any]:
    """For each key the number of its group, and for each group an element of it."""
    if is_ascending(keys):
        first = np.ones(len(keys), bool)
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        return np.cumsum(first) - 1, np.flatnonzero(first)
    _, members, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return numbers.reshape(-1), members


def positions(places: Any, among: Any) -> tuple[Any, Any]:
    """Where each place stands among others, and whether it is there at all."""
    top = np.concatenate([places, among]).max(axis=0, initial=0) + 1
    keys, others = keys_of(top, places, among)
    order = np.argsort(others, kind="stable")
    at = np.searchsorted(others[order], keys)
    at = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(keys), np.intp)
    return at, (others[at] == keys) if len(order) else np.zeros(len(keys), bool)


def check_parts(indices: Any, values: Any, shape: Any) -> None:
    """Raises InvalidArgumentError unless the three parts fit together."""
    if indices.ndim != 2:
        _refuse(f"Input indices should be a matrix but received shape {list(indices.shape)}")
    if values.ndim != 1:
        _refuse(f"Input values should be a vector but received shape {list(values.shape)}")
    if shape.ndim != 1:
        _refuse(f"Input shape should be a vector but received shape {list(shape.shape)}")
    if len(indices) != len(values):
        _refuse(f"Number of values ({len(values)}) must match rows of indices ({len(indices)})")
    if indices.shape[1] != len(shape):
        _refuse(f"Index rank {indices.shape[1]} and shape rank {len(shape)} do not match")


def check_indices(indices: Any, shape: Any, ordered: bool = True) -> None:
    """Raises InvalidArgumentError unless all indices lie inside and, `ordered`, ascend."""
    outside = ((indices < 0) | (indices >= shape)).any(axis=1)
    if outside.any():
        at = int(np.argmax(outside))
        sizes = ",".join(map(str, shape))
        _refuse(f"{_shown(indices, at)} is out of bounds: need 0 <= index < [{sizes}]")
    if not ordered or len(indices) < 2:
        return
    steps = np.diff(keys_of(shape, indices)[0])
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        if steps[at] == 0:
            _refuse(f"{_shown(indices, at + 1)} is repeated")
        _refuse(
            f"{_shown(indices, at + 1)} is out of order. Many sparse ops require sorted indices. "
            "Use `tf.sparse.reorder` to create a correctly ordered copy."
        )


def check_same_shape(a: Any, b: Any) -> None:
    """Raises InvalidArgumentError unless two sparse operands have the same dense shape."""
    if not np.array_equal(a, b):
        _refuse(f"Operands' shapes do not match: got {list(a)} and {list(b)}")


def _shown(indices: Any, at: int) -> str:
    return f"indices[{at}] = [{','.join(map(str, indices[at].tolist()))}]"


def _refuse(message: str) -> NoReturn:
    raise InvalidArgumentError(None, None, message)
