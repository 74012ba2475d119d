"""The methods by which a variable is changed."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import state, state_scatter

__all__ = ["VariableWrites"]


def _result(written: Tensor, read_value: bool) -> Any:
    return written if read_value else written.op


class VariableWrites:
    """Assignments to a variable, whole or by rows.

    They build an operation of the variable's graph; nothing changes until it runs. All return the
    variable's reference after the change.
    """

    _variable: Tensor

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Store `value`; with ``read_value=False`` the operation is returned."""
        written = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return _result(written, read_value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add `delta`."""
        written = state.assign_add(self._variable, delta, use_locking=use_locking, name=name)
        return _result(written, read_value)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract `delta`."""
        written = state.assign_sub(self._variable, delta, use_locking=use_locking, name=name)
        return _result(written, read_value)

    def count_up_to(self, limit: int) -> Tensor:
        """The value before it is increased by one; OutOfRangeError at `limit`."""
        return state.count_up_to(self._variable, limit)

    def _scatter(
        self, op_type: str, sparse_delta: Any, use_locking: bool, name: str | None
    ) -> Tensor:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        written: Tensor = apply(
            op_type,
            self._variable,
            sparse_delta.indices,
            sparse_delta.values,
            use_locking=use_locking,
            name=name,
        )
        return written

    def scatter_add(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Add the slices to the rows they name."""
        return self._scatter("ScatterAdd", sparse_delta, use_locking, name)

    def scatter_sub(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Subtract the slices from the rows they name."""
        return self._scatter("ScatterSub", sparse_delta, use_locking, name)

    def scatter_mul(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Multiply the rows by the slices that name them."""
        return self._scatter("ScatterMul", sparse_delta, use_locking, name)

    def scatter_div(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Divide the rows by the slices that name them."""
        return self._scatter("ScatterDiv", sparse_delta, use_locking, name)

    def scatter_max(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Take the greater of rows and slices."""
        return self._scatter("ScatterMax", sparse_delta, use_locking, name)

    def scatter_min(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Take the lesser of rows and slices."""
        return self._scatter("ScatterMin", sparse_delta, use_locking, name)

    def scatter_update(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Store the slices in the rows they name."""
        return self._scatter("ScatterUpdate", sparse_delta, use_locking, name)

    def batch_scatter_update(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """`scatter_update` per batch: the indices are of the last axis they have."""
        return state_scatter.batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name
        )

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Add `updates` at the places ``indices[..., :]``."""
        return state_scatter.scatter_nd_add(self, indices, updates, use_locking=True, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtract `updates` at the places ``indices[..., :]``."""
        return state_scatter.scatter_nd_sub(self, indices, updates, use_locking=True, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Store `updates` at the places ``indices[..., :]``."""
        return state_scatter.scatter_nd_update(self, indices, updates, use_locking=True, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements or slices at the places ``indices[..., :]``."""
        found: Tensor = apply("GatherNd", self, indices, name=name)
        return found

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """The rows that `indices` names."""
        found: Tensor = apply("GatherV2", self, indices, 0, name=name or "Gather")
        return found
