"""What the functions that make batches share: lists of tensors, their shapes, sparse ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.static_values import const_value
from flowgraph.graph.tensor import Tensor
from flowgraph.library.training.queue_runner import QueueRunner, add_queue_runner
from flowgraph.ops.cond import cond
from flowgraph.ops.control import no_op, with_dependencies
from flowgraph.ops.partition import dynamic_partition
from flowgraph.ops.queue_base import QueueBase
from flowgraph.ops.sparse_functions import sparse_retain
from flowgraph.ops.sparse_maps import add_many_sparse, add_sparse, take_many_sparse
from flowgraph.shapes import TensorShape

__all__ = [
    "add_enqueuing",
    "as_lists",
    "checked_keep",
    "converted",
    "element_shapes",
    "element_types",
    "in_original_form",
    "restored",
    "stored",
]

# The name sparse tensors are kept under, their rank, their type.
Stored = tuple[str, int | None, Any]


def _tensors(tensors: Any) -> list[Any]:
    """The values of a dict in the order of its keys, or a list."""
    if isinstance(tensors, dict):
        return [tensors[key] for key in sorted(tensors, key=str)]
    return list(tensors)


def as_lists(tensors_list: Any) -> list[list[Any]]:
    """Lists or dicts of tensors as lists.

    Raises:
        ValueError: if there is none, or if dicts have different keys.
    """
    if not tensors_list:
        raise ValueError("Expected at least one set of tensors")
    first = tensors_list[0]
    if isinstance(first, dict) and any(set(each) != set(first) for each in tensors_list):
        raise ValueError("All dictionaries in tensors_list must have the same keys")
    return [_tensors(each) for each in tensors_list]


def converted(tensors: list[Any]) -> list[Any]:
    """Tensors and sparse tensors. Raises ValueError if there is none."""
    if not tensors:
        raise ValueError("Expected at least one tensor in batch().")
    return [each if isinstance(each, SparseTensor) else convert_to_tensor(each) for each in tensors]


def in_original_form(original: Any, tensors: Any) -> Any:
    """What was dequeued, as a dict where what was enqueued is one."""
    if not isinstance(original, dict):
        return tensors
    values = [tensors] if len(original) == 1 else tensors
    return dict(zip(sorted(original, key=str), values, strict=True))


def checked_keep(keep_input: Any, enqueue_many: bool) -> Tensor:
    """Whether to keep an input, as a tensor: a bool scalar, or a vector under `enqueue_many`."""
    keep = convert_to_tensor(keep_input)
    rank = keep.shape.ndims
    if rank is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if rank == 1 and not enqueue_many:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    if rank > 1:
        raise ValueError("`keep_input` must be 0 or 1 dimensions.")
    return keep


def _if_kept(keep: Tensor, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    known = const_value(keep)
    if known is None:
        return cond(keep, then, otherwise)
    return then() if known else otherwise()


def stored(
    lists: list[list[Any]], keep: Tensor, enqueue_many: bool
) -> tuple[list[list[Tensor]], list[Stored | None]]:
    """The tensors with numbers in place of sparse ones, which are kept aside; and where."""
    places: list[Stored | None] = []
    result: list[list[Tensor]] = [[] for _ in lists]
    for column in zip(*lists, strict=True):
        place: Stored | None = None
        for row, tensor in zip(result, column, strict=True):
            if isinstance(tensor, SparseTensor) != isinstance(column[0], SparseTensor):
                raise ValueError(f"Inconsistent SparseTensors list: {lists[0]} vs. {lists}")
            if isinstance(tensor, SparseTensor):
                handle, place = _stored_one(tensor, keep, enqueue_many, place)
                row.append(handle)
            else:
                row.append(tensor)
        places.append(place)
    return result, places


def _stored_one(
    sparse: SparseTensor, keep: Tensor, enqueue_many: bool, place: Stored | None
) -> tuple[Tensor, Stored]:
    rank = sparse.dense_shape.shape.with_rank(1).as_list()[0]
    if keep.shape.ndims == 1:
        sparse = sparse_retain(sparse, apply("GatherV2", keep, sparse.indices[:, 0], 0))
        known = True
    else:
        known = const_value(keep)
    add_one = add_many_sparse if enqueue_many else add_sparse
    name = place[0] if place else ""
    if known is not None and bool(known):
        handle = add_one(sparse, name)
        name = name or handle.op.name
    else:
        # The branch's op has no name that the graph outside knows.
        name = name or get_default_graph().unique_name("sparse_tensors_map")
        one = convert_to_tensor(-1, dtypes.int64)
        none = apply("Fill", sparse.dense_shape[0:1], one) if enqueue_many else one
        handle = _if_kept(keep, lambda: add_one(sparse, name), lambda: none)
        handle.set_shape([None] if enqueue_many else [])
    if enqueue_many and rank is not None:
        rank -= 1
    return apply("ExpandDims", handle, -1), place or (name, rank, sparse.dtype)


def restored(dequeued: Any, places: list[Stored | None]) -> Any:
    """What was dequeued, with the sparse tensors in place of their numbers."""
    if not any(places):
        return dequeued
    several = isinstance(dequeued, list)
    tensors = dequeued if several else [dequeued]
    found = [
        _taken(tensor, place) if place else tensor
        for tensor, place in zip(tensors, places, strict=True)
    ]
    # All are taken in every run, lest some pile up.
    values = [each.values if isinstance(each, SparseTensor) else each for each in found]
    together = [_after(values, each) for each in found]
    return together if several else together[0]


def _taken(handles: Tensor, place: Stored) -> SparseTensor:
    name, rank, dtype = place
    numbers = apply("Squeeze", handles, squeeze_dims=[1])
    return take_many_sparse(name, numbers, None if rank is None else rank + 1, dtype)


def _after(dependencies: list[Tensor], value: Any) -> Any:
    if isinstance(value, SparseTensor):
        return SparseTensor(*(with_dependencies(dependencies, each) for each in value.components()))
    return with_dependencies(dependencies, value)


def element_types(lists: list[list[Tensor]]) -> list[Any]:
    """The types of the components, which must be the same in all lists."""
    rows = [[tensor.dtype.base_dtype for tensor in each] for each in lists]
    for row in rows[1:]:
        if row != rows[0]:
            names = [", ".join(dtype.name for dtype in each) for each in (rows[0], row)]
            raise TypeError(f"Expected types to be consistent: {names[0]} vs. {names[1]}.")
    return rows[0]


def element_shapes(lists: list[list[Tensor]], shapes: Any, enqueue_many: bool) -> Any:
    """`shapes`, or else those of the components of the first list, which must fit the others."""
    if shapes is not None:
        return shapes
    return [_common(column, enqueue_many) for column in zip(*lists, strict=True)]


def _common(tensors: tuple[Tensor, ...], enqueue_many: bool) -> TensorShape:
    found: list[TensorShape] = []
    for tensor in tensors:
        shape = tensor.shape
        if shape.ndims is None:
            raise ValueError(f"Cannot infer Tensor's rank: {tensor}")
        found.append(shape.with_rank_at_least(1)[1:] if enqueue_many else shape)
    for each in found[1:]:
        found[0].assert_is_compatible_with(each)
    return found[0]


def add_enqueuing(
    queue: QueueBase, lists: list[list[Tensor]], threads: int, enqueue_many: bool, keep: Tensor
) -> None:
    """Add a queue runner that enqueues each of the lists, by so many threads."""

    def enqueue(tensors: list[Tensor]) -> Any:
        if keep.shape.ndims == 1:
            which = apply("Cast", keep, DstT=dtypes.int32)
            chosen = [dynamic_partition(each, which, 2)[1] for each in tensors]
            return queue.enqueue_many(chosen)
        put = queue.enqueue_many if enqueue_many else queue.enqueue
        return _if_kept(keep, lambda: put(tensors), no_op)

    operations = [enqueue(tensors) for tensors in lists] * threads
    add_queue_runner(QueueRunner(queue, operations))
