"""What loops and branches pass around: nested structures of tensors and of things made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import flatten, pack_sequence_as
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.tensor_array import TensorArray

__all__ = ["components", "rebuilt"]


def components(structure: Any) -> list[Tensor]:
    """The tensors that a structure is made of: an array of tensors stands for its flow."""
    return [part for leaf in flatten(structure) for part in _parts(leaf)]


def _parts(leaf: Any) -> list[Tensor]:
    if isinstance(leaf, TensorArray):
        return [leaf.flow]
    if isinstance(leaf, SparseTensor):
        return [leaf.indices, leaf.values, leaf.dense_shape]
    if isinstance(leaf, IndexedSlices):
        shape = [] if leaf.dense_shape is None else [leaf.dense_shape]
        return [leaf.values, leaf.indices, *shape]
    return [convert_to_tensor(leaf)]


def rebuilt(structure: Any, tensors: Iterable[Tensor]) -> Any:
    """The structure with its tensors replaced in the order of `components`."""
    remaining = iter(tensors)
    leaves = [_rebuilt_leaf(leaf, remaining) for leaf in flatten(structure)]
    return pack_sequence_as(structure, leaves)


def _rebuilt_leaf(leaf: Any, tensors: Iterator[Tensor]) -> Any:
    if isinstance(leaf, TensorArray):
        return leaf._with_flow(next(tensors))
    if isinstance(leaf, SparseTensor):
        return SparseTensor(next(tensors), next(tensors), next(tensors))
    if isinstance(leaf, IndexedSlices):
        values, indices = next(tensors), next(tensors)
        return IndexedSlices(values, indices, None if leaf.dense_shape is None else next(tensors))
    return next(tensors)
