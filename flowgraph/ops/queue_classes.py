"""Queues as Python objects, under the names of `tf.queue`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.seeds import get_seed
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.queue_base import QueueBase
from flowgraph.shapes import TensorShape, as_shape

__all__ = ["FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "RandomShuffleQueue"]


def _type_list(types: Any) -> list[DType]:
    if not isinstance(types, list | tuple):
        types = [types]
    return [dtypes.as_dtype(each) for each in types]


def _shape_list(shapes: Any) -> list[TensorShape] | None:
    """One shape or a list of them, as a list; all sizes must be known."""
    if shapes is None:
        return None
    if isinstance(shapes, TensorShape) or _is_one_shape(shapes):
        shapes = [shapes]
    if not isinstance(shapes, list | tuple):
        raise TypeError(f"Shapes must be a TensorShape or a list of them, got {type(shapes)}.")
    found = [as_shape(each) for each in shapes]
    if not all(each.is_fully_defined() for each in found):
        raise ValueError(f"All shapes must be fully defined: {found}")
    return found


def _is_one_shape(shapes: Any) -> bool:
    return isinstance(shapes, list | tuple) and all(
        each is None or isinstance(each, int) for each in shapes
    )


def _name_list(names: Any, types: list[DType]) -> list[str] | None:
    if names is None:
        return None
    found = list(names) if isinstance(names, list | tuple) else [names]
    if len(found) != len(types):
        raise ValueError(
            "List of names must have the same length as the list of dtypes, received "
            f"len(names)={len(found)}, len(dtypes)={len(types)}"
        )
    return found


def _made(op_type: str, name: str | None, shared_name: str | None, **attrs: Any) -> Tensor:
    attrs["shapes"] = attrs["shapes"] or []
    handle: Tensor = apply(op_type, shared_name=shared_name or "", name=name, **attrs)
    return handle


class FIFOQueue(QueueBase):
    """A queue whose elements come out in the order in which they went in.

    Args:
        capacity: how many elements there is room for.
        dtypes: the types of the components.
        shapes: their shapes, all sizes known; needed by `dequeue_many`.
        names: names of the components, which then travel as dicts.
        shared_name: queues of one shared name are one queue in a session.
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str | None = "fifo_queue",
    ) -> None:
        types, sizes = _type_list(dtypes), _shape_list(shapes)
        labels = _name_list(names, types)
        with control_dependencies(None):
            handle = _made(
                "FIFOQueueV2",
                name,
                shared_name,
                component_types=types,
                shapes=sizes,
                capacity=capacity,
            )
        super().__init__(types, sizes, labels, handle)


class RandomShuffleQueue(QueueBase):
    """A queue whose elements come out in random order.

    Args:
        min_after_dequeue: how many elements must stay in until the queue is closed, so that the
            order is well mixed.
        seed: an op seed.
        others: see `FIFOQueue`.
    """

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str | None = "random_shuffle_queue",
    ) -> None:
        types, sizes = _type_list(dtypes), _shape_list(shapes)
        labels = _name_list(names, types)
        first, second = get_seed(seed)
        if first is not None and seed is None and shared_name is not None:
            # Two graphs that share a queue need not number their ops alike.
            digest = hashlib.md5(f"{first}{shared_name}".encode()).hexdigest()
            second = int(digest[:8], 16) & 0x7FFFFFFF
        handle = _made(
            "RandomShuffleQueueV2",
            name,
            shared_name,
            component_types=types,
            shapes=sizes,
            capacity=capacity,
            min_after_dequeue=min_after_dequeue,
            seed=first or 0,
            seed2=second or 0,
        )
        super().__init__(types, sizes, labels, handle)


class PaddingFIFOQueue(QueueBase):
    """A first-in first-out queue of tensors that differ in size.

    `dequeue_many` fills the elements of a batch up with zeros (or empty strings) to the largest
    size among them.

    Args:
        shapes: a list of one shape per component; None where sizes differ.
        others: see `FIFOQueue`.
    """

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str | None = "padding_fifo_queue",
    ) -> None:
        types = _type_list(dtypes)
        if not isinstance(shapes, Sequence) or not shapes or _is_some_size(shapes):
            raise ValueError("When providing partial shapes, a list of shapes must be provided.")
        sizes = [as_shape(each) for each in shapes]
        if any(each.ndims is None for each in sizes):
            raise ValueError(f"All shapes must have a defined rank: {sizes}")
        labels = _name_list(names, types)
        if len(types) != len(sizes):
            raise ValueError(
                "Shapes must be provided for all components, "
                f"but received {len(types)} dtypes and {len(sizes)} shapes."
            )
        handle = _made(
            "PaddingFIFOQueueV2",
            name,
            shared_name,
            component_types=types,
            shapes=sizes,
            capacity=capacity,
        )
        super().__init__(types, sizes, labels, handle)


def _is_some_size(shapes: Any) -> bool:
    return any(each is None or isinstance(each, int) for each in shapes)


class PriorityQueue(QueueBase):
    """A queue whose smallest element comes out first.

    Args:
        types: the types of the components; before them, each element has an int64 scalar, its
            priority.
        others: see `FIFOQueue`.
    """

    def __init__(
        self,
        capacity: int,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str | None = "priority_queue",
    ) -> None:
        kinds, sizes = _type_list(types), _shape_list(shapes)
        handle = _made(
            "PriorityQueueV2",
            name,
            shared_name,
            component_types=kinds,
            shapes=sizes,
            capacity=capacity,
        )
        full = [as_shape([]), *sizes] if sizes else sizes
        super().__init__([dtypes.int64, *kinds], full, names, handle)
