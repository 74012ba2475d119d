"""Sparse tensors kept aside, so that numbers can stand for them in queues."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Tensor
from flowgraph.shapes import TensorShape

__all__ = ["add_many_sparse", "add_sparse", "take_many_sparse"]

_SHARING = {"container": "", "shared_name": ""}


class SparseMap:
    """Sparse tensors by number."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, Any, Any]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def add(self, indices: Any, values: Any, shape: Any) -> int:
        """Keep copies; the number by which `take` returns them once."""
        copies = (np.array(indices), np.array(values), np.array(shape))
        with self._lock:
            number = next(self._numbers)
            self._kept[number] = copies
        return number

    def take(self, number: int) -> tuple[Any, Any, Any]:
        with self._lock:
            found = self._kept.pop(number, None)
        if found is None:
            raise errors.InvalidArgumentError(None, None, f"Unable to find SparseTensor: {number}")
        return found


def _new_map() -> SparseMap:
    return SparseMap()


def _check_ranks(indices: Operand, values: Operand, shape: Operand) -> None:
    for operand, rank in ((indices, 2), (values, 1), (shape, 1)):
        if operand.dims is not None and len(operand.dims) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")


@op(
    "AddSparseToTensorsMap",
    "sparse_indices: int64, sparse_values: T, sparse_shape: int64 -> sparse_handle: int64",
    T=attr("type"),
    **_SHARING,
)
class AddSparseToTensorsMap:
    """Keep a sparse tensor aside; the number that stands for it."""

    stateful = True
    grad = None
    new_state = _new_map

    def shape(indices: Operand, values: Operand, shape: Operand) -> Dims:
        _check_ranks(indices, values, shape)
        return ()

    def numpy(indices: Any, values: Any, shape: Any, *, state: SparseMap) -> Any:
        return np.array(state.add(indices, values, shape), np.int64)


@op(
    "AddManySparseToTensorsMap",
    "sparse_indices: int64, sparse_values: T, sparse_shape: int64 -> sparse_handles: int64",
    T=attr("type"),
    **_SHARING,
)
class AddManySparseToTensorsMap:
    """Keep the rows of a sparse tensor aside, each by itself; the numbers that stand for them."""

    stateful = True
    grad = None
    new_state = _new_map

    def shape(indices: Operand, values: Operand, shape: Operand) -> Dims:
        _check_ranks(indices, values, shape)
        return (None,)

    def numpy(indices: Any, values: Any, shape: Any, *, state: SparseMap) -> Any:
        count = int(shape[0])
        order = np.argsort(indices[:, 0], kind="stable")
        rows = indices[order, 0]
        ends = np.searchsorted(rows, np.arange(count + 1))
        numbers = []
        for begin, end in itertools.pairwise(ends):
            part = order[begin:end]
            numbers.append(state.add(indices[part, 1:], values[part], shape[1:]))
        return np.array(numbers, np.int64)


@op(
    "TakeManySparseFromTensorsMap",
    "sparse_handles: int64 -> sparse_indices: int64, sparse_values: dtype, sparse_shape: int64",
    dtype=attr("type"),
    **_SHARING,
)
class TakeManySparseFromTensorsMap:
    """The sparse tensors that numbers stand for, stacked along a new first dimension."""

    stateful = True
    grad = None
    new_state = _new_map

    def shape(handles: Operand) -> list[Dims]:
        if handles.dims is not None and len(handles.dims) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(handles.dims)}")
        return [(None, None), (None,), (None,)]

    def numpy(handles: Any, *, dtype: Any, state: SparseMap) -> list[Any]:
        taken = [state.take(int(number)) for number in handles]
        if not taken:
            return [np.zeros((0, 1), np.int64), np.zeros(0, dtype.np), np.zeros(1, np.int64)]
        ranks = {len(shape) for _, _, shape in taken}
        if len(ranks) > 1:
            raise errors.InvalidArgumentError(
                None, None, f"Inconsistent rank across SparseTensors: {sorted(ranks)}"
            )
        counts = [len(values) for _, values, _ in taken]
        rows = np.repeat(np.arange(len(taken)), counts)[:, np.newaxis]
        places = np.concatenate([indices for indices, _, _ in taken])
        sizes = np.max([shape for _, _, shape in taken], axis=0)
        return [
            np.concatenate([rows, places], axis=1).astype(np.int64),
            np.concatenate([values for _, values, _ in taken]),
            np.concatenate([[len(taken)], sizes]).astype(np.int64),
        ]


def add_sparse(sparse: SparseTensor, shared_name: str | None = None) -> Tensor:
    """The number of a sparse tensor that is kept aside under the name `shared_name`."""
    made: Tensor = apply(
        "AddSparseToTensorsMap", *sparse.components(), shared_name=shared_name or ""
    )
    return made


def add_many_sparse(sparse: SparseTensor, shared_name: str | None = None) -> Tensor:
    """The numbers of the rows of a sparse tensor."""
    made: Tensor = apply(
        "AddManySparseToTensorsMap", *sparse.components(), shared_name=shared_name or ""
    )
    return made


def take_many_sparse(
    shared_name: str, handles: Tensor, rank: int | None, dtype: Any
) -> SparseTensor:
    """The sparse tensors that were given these numbers.

    Args:
        shared_name: of the op that has kept them, or else its name.
        rank: of the result: one more than of what was kept.
    """
    indices, values, shape = apply(
        "TakeManySparseFromTensorsMap", handles, dtype=dtype, shared_name=shared_name
    )
    indices.set_shape(TensorShape([None, rank]))
    shape.set_shape(TensorShape([rank]))
    return SparseTensor(indices, values, shape)
