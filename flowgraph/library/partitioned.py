"""Variables kept in several parts along one axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.convert import register_tensor_conversion_function
from flowgraph.graph.tensor import Tensor
from flowgraph.library.variable_operators import VariableOperators
from flowgraph.shapes import TensorShape

__all__ = [
    "PartitionInfo",
    "PartitionedVariable",
    "fixed_size_partitioner",
    "min_max_variable_partitioner",
    "partition",
    "variable_axis_size_partitioner",
]

Part = tuple[list[int], list[int]]


class PartitionInfo:
    """What an initializer learns of the variable that it makes a part of.

    Attributes:
        full_shape: the sizes of the whole.
        var_offset: where the part begins, per axis.
    """

    def __init__(self, full_shape: Sequence[Any], var_offset: Sequence[int]) -> None:
        self.full_shape = list(full_shape)
        self.var_offset = list(var_offset)

    def single_offset(self, shape: Sequence[int]) -> int:
        """The start along the axis that is partitioned; 0 if there is none."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis along which a part of that shape differs from the whole."""
        axes = [i for i, (a, b) in enumerate(zip(shape, self.full_shape, strict=True)) if a != b]
        if len(axes) > 1:
            raise ValueError(f"Cannot use single_slice_dim() with shape={shape}: {axes}")
        return axes[0] if axes else None


def partition(
    partitioner: Callable[..., Any], shape: TensorShape, dtype: DType
) -> tuple[list[int], list[Part]]:
    """The number of parts per axis, and offset and size of each part.

    Raises:
        ValueError: if the shape is not known or the partitioner's answer does not fit it.
    """
    if not shape.is_fully_defined():
        raise ValueError(
            f"Shape of a new partitioned variable must be fully defined, but instead was {shape}."
        )
    if shape.ndims == 0:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    answer = partitioner(shape=shape, dtype=dtype)
    if not isinstance(answer, list | tuple):
        raise ValueError(f"Partitioner must return a sequence, but saw: {answer}")
    slicing = [int(each) for each in answer]
    if len(slicing) != shape.ndims:
        raise ValueError(
            "Partitioner returned a partition list that does not match the Variable's rank: "
            f"{slicing} vs. {shape}"
        )
    if any(each < 1 for each in slicing):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {slicing}")
    if sum(each > 1 for each in slicing) > 1:
        raise ValueError(
            f"Can only slice a variable along one dimension: shape: {shape}, partitioning: "
            f"{slicing}"
        )
    sizes = [int(size) for size in shape.as_list() if size is not None]
    return slicing, list(_parts(sizes, slicing))


def _parts(sizes: list[int], slicing: list[int]) -> Iterator[Part]:
    count = max(slicing)
    axis = slicing.index(count)
    shortest, longer = divmod(sizes[axis], count)
    start = 0
    for index in range(count):
        length = shortest + (index < longer)
        offset = [0] * len(sizes)
        offset[axis] = start
        yield offset, [*sizes[:axis], length, *sizes[axis + 1 :]]
        start += length


class PartitionedVariable(VariableOperators):
    """Several variables that together hold one value, cut along one axis.

    Where a tensor is expected they are concatenated.

    Args:
        name: the name of the whole.
        shape: its shape.
        dtype: its element type.
        variable_list: the parts in order.
        partitions: the number of parts per axis.
    """

    def __init__(
        self, name: str, shape: Any, dtype: Any, variable_list: Sequence[Any], partitions: Any
    ) -> None:
        if not isinstance(variable_list, list | tuple):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not all(part._get_save_slice_info() for part in variable_list):
            raise ValueError("All variables must have a save_slice_info available.")
        self._name = name
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._variable_list = list(variable_list)
        self._partitions = list(partitions)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        return self._shape

    def get_shape(self) -> TensorShape:
        return self._shape

    @property
    def graph(self) -> Any:
        return self._variable_list[0].graph

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> list[int]:
        return self._partitions

    def _partition_axes(self) -> list[int]:
        axes = [axis for axis, count in enumerate(self._partitions) if count > 1]
        return axes or [0]

    def as_tensor(self) -> Tensor:
        """The whole as one tensor."""
        graph = self.graph
        with graph.as_default(), graph.control_dependencies(None):
            whole = self._variable_list[0]
            if len(self._variable_list) > 1:
                with graph.name_scope(self._name + "/ConcatPartitions/"):
                    axis = self._partition_axes()[0]
                    whole = apply("ConcatV2", self._variable_list, axis, name="concat")
            with graph.name_scope(None):
                tensor: Tensor = apply("Identity", whole, name=self._name)
        return tensor

    def _each(self, method: str, value: Any, use_locking: bool, name: Any, read: bool) -> Any:
        axis = self._partition_axes()[0]
        start = 0
        written = []
        for part in self._variable_list:
            sizes = part.shape.as_list()
            begin = [start if i == axis else 0 for i in range(len(sizes))]
            piece = value[tuple(slice(b, b + s) for b, s in zip(begin, sizes, strict=True))]
            start += sizes[axis]
            written.append(getattr(part, method)(piece, use_locking, name, read))
        return written

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Store a tensor or array of the whole shape; returns one result per part."""
        return self._each("assign", value, use_locking, name, read_value)

    def assign_add(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add a tensor or array of the whole shape; returns one result per part."""
        return self._each("assign_add", value, use_locking, name, read_value)

    def assign_sub(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract a tensor or array of the whole shape; returns one result per part."""
        return self._each("assign_sub", value, use_locking, name, read_value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        return len(self._variable_list)

    def _AsTensor(self) -> Tensor:
        return self.as_tensor()


def _as_tensor(
    value: PartitionedVariable, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible type conversion requested to type '{dtypes.as_dtype(dtype).name}' for "
            f"variable of type '{value.dtype.name}'"
        )
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _as_tensor)


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Callable[..., list[int]]:
    """A partitioner that cuts every variable into `num_shards` parts along `axis`.

    >>> fixed_size_partitioner(2, axis=1)(TensorShape([4, 6]), dtypes.float32)
    [1, 2]
    """

    def partitioner(shape: Any, dtype: Any = None, **_: Any) -> list[int]:
        counts = [1] * len(TensorShape(shape).as_list())
        counts[axis] = num_shards
        return counts

    return partitioner


def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Callable[..., list[int]]:
    """A partitioner that makes as many parts along `axis` as keep each below `max_shard_bytes`.

    Raises:
        ValueError: if a limit is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError(
            "Both max_shard_bytes and bytes_per_string_element must be positive. Currently: "
            f"max_shard_bytes={max_shard_bytes}, "
            f"bytes_per_string_element={bytes_per_string_element}"
        )
    if max_shards is not None and max_shards < 1:
        raise ValueError(f"max_shards must be positive. Currently: {max_shards}")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes = _checked_sizes(shape)
        others = math.prod(sizes[:axis] + sizes[axis + 1 :])
        row_bytes = max(1, others * _element_bytes(dtype, bytes_per_string_element))
        rows_per_shard = max(1, max_shard_bytes // row_bytes)
        count = min(math.ceil(sizes[axis] / rows_per_shard), max_shards or sizes[axis])
        return [count if i == axis else 1 for i in range(len(sizes))]

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Callable[..., list[int]]:
    """A partitioner that makes at most `max_partitions` parts, of at least `min_slice_size` bytes.

    Raises:
        ValueError: if a limit is not positive.
    """
    limits = (max_partitions, min_slice_size, bytes_per_string_element)
    if min(limits) < 1:
        raise ValueError(
            "max_partitions, min_slice_size and bytes_per_string_element must be positive. "
            f"Currently: {limits}"
        )

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes = _checked_sizes(shape)
        total = math.prod(sizes) * _element_bytes(dtype, bytes_per_string_element)
        count = max(1, min(max_partitions, sizes[axis], math.ceil(total / min_slice_size)))
        return [count if i == axis else 1 for i in range(len(sizes))]

    return partitioner


def _checked_sizes(shape: Any) -> list[int]:
    known = TensorShape(shape)
    if not known.is_fully_defined():
        raise ValueError(f"Shape must be fully defined, but is {known}.")
    return [int(size) for size in known.as_list() if size is not None]


def _element_bytes(dtype: Any, bytes_per_string_element: int) -> int:
    kind = dtypes.as_dtype(dtype)
    return bytes_per_string_element if kind.base_dtype is dtypes.string else kind.size
