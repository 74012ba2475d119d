"""Values made of several tensors: `IndexedSlices` and `SparseTensor`."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph import build, convert
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.shapes import TensorShape

__all__ = ["IndexedSlices", "IndexedSlicesValue", "SparseTensor", "SparseTensorValue"]

IndexedSlicesValue = namedtuple("IndexedSlicesValue", ["values", "indices", "dense_shape"])
SparseTensorValue = namedtuple("SparseTensorValue", ["indices", "values", "dense_shape"])


class IndexedSlices:
    """Rows of a larger tensor: ``dense[indices[i]] += values[i]``.

    The gradient of `gather` comes in this form, so that an optimizer touches only the rows that
    were looked up. Where a dense tensor is needed it is summed up by UnsortedSegmentSum.
    """

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        self.values = values
        self.indices = indices
        self.dense_shape = dense_shape

    @property
    def name(self) -> str:
        return self.values.name

    @property
    def op(self) -> Operation:
        return self.values.op

    @property
    def dtype(self) -> dtypes.DType:
        return self.values.dtype

    @property
    def device(self) -> str:
        return self.values.device

    @property
    def graph(self) -> Graph:
        return self.values.graph

    @property
    def shape(self) -> TensorShape:
        if self.dense_shape is None:
            return TensorShape(None)
        return TensorShape(self.dense_shape.const_dims())

    def components(self) -> list[Tensor]:
        parts = [self.values, self.indices]
        return parts if self.dense_shape is None else [*parts, self.dense_shape]

    def consumers(self) -> list[Operation]:
        return self.values.consumers()

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __repr__(self) -> str:
        dense = "" if self.dense_shape is None else f", dense_shape={self.dense_shape}"
        return f"IndexedSlices(indices={self.indices}, values={self.values}{dense})"


def _densify(
    value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    if value.dense_shape is None:
        raise ValueError(
            "Tensor conversion requested for IndexedSlices without dense_shape: "
            f"{value.values.name}"
        )
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for IndexedSlices "
            f"with dtype {value.dtype.name}"
        )
    rows = build.apply("StridedSlice", value.dense_shape, [0], [1], [1], shrink_axis_mask=1)
    dense: Tensor = build.apply(
        "UnsortedSegmentSum", value.values, value.indices, rows, name=name or "UnsortedSegmentSum"
    )
    dense.set_shape(value.shape)
    return dense


convert.register_tensor_conversion_function(IndexedSlices, _densify)


class SparseTensor:
    """Non-zero elements with their places.

    Args:
        indices: int64 [n, rank], the places.
        values: [n], the elements.
        dense_shape: int64 [rank].
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        graph = build.graph_of((indices, values, dense_shape))
        with graph.as_default(), graph.name_scope("SparseTensor"):
            self._indices = convert.convert_to_tensor(indices, dtypes.int64, "indices")
            self._values = convert.convert_to_tensor(values, name="values")
            self._dense_shape = convert.convert_to_tensor(dense_shape, dtypes.int64, "dense_shape")
        rows = self._indices.shape.with_rank(2)
        count = self._values.shape.with_rank(1)
        rank = self._dense_shape.shape.with_rank(1)
        rows[0].merge_with(count[0])
        rows[1].merge_with(rank[0])

    @classmethod
    def from_value(cls, value: Any) -> SparseTensor:
        """A sparse tensor from a `SparseTensorValue` or itself."""
        if isinstance(value, SparseTensor):
            return value
        return cls(value.indices, value.values, value.dense_shape)

    @property
    def indices(self) -> Tensor:
        return self._indices

    @property
    def values(self) -> Tensor:
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        return self._dense_shape

    @property
    def op(self) -> Operation:
        return self._values.op

    @property
    def graph(self) -> Graph:
        return self._values.graph

    @property
    def dtype(self) -> dtypes.DType:
        return self._values.dtype

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._dense_shape.const_dims())

    def get_shape(self) -> TensorShape:
        return self.shape

    def components(self) -> list[Tensor]:
        return [self._indices, self._values, self._dense_shape]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        indices, values, shape = self.components()
        run = Tensor.eval
        return SparseTensorValue(
            *(np.asarray(run(each, feed_dict, session)) for each in (indices, values, shape))
        )

    def __repr__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )

    if TYPE_CHECKING:
        # Set in flowgraph.ops.sparse_elementwise.
        def __mul__(self, other: Any) -> SparseTensor: ...
        def __rmul__(self, other: Any) -> SparseTensor: ...
        def __truediv__(self, other: Any) -> SparseTensor: ...
