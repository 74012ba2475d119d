"""Queues: the ops that make them, fill them, empty them and ask about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.queues_kinds import (
    FIFOQueue,
    PaddingFIFOQueue,
    PriorityQueue,
    RandomShuffleQueue,
)
from flowgraph.ops.queues_store import Queue
from flowgraph.shapes import TensorShape

__all__ = ["handled"]

_COMPONENTS = {
    "component_types": attr("list(type)", minimum=1),
    "shapes": attr("list(shape)", [], minimum=0),
    "capacity": -1,
    "container": "",
    "shared_name": "",
}


def handled(handle: Any) -> Any:
    """The object that a handle stands for."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


def _handle_shape() -> Dims:
    return ()


def _handle(*, state: Queue) -> Any:
    return state.handle


@op("FIFOQueueV2", "-> handle: resource", **_COMPONENTS)
class FIFOQueueV2:
    """A queue whose elements come out in the order in which they went in."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(
        op_name: str,
        shared_name: str,
        component_types: tuple[DType, ...],
        shapes: list[TensorShape],
        capacity: int,
    ) -> Queue:
        return FIFOQueue(op_name, shared_name, component_types, shapes, capacity)


@op("PaddingFIFOQueueV2", "-> handle: resource", **_COMPONENTS)
class PaddingFIFOQueueV2:
    """A first-in first-out queue whose batches are filled up with zeros to one shape."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(
        op_name: str,
        shared_name: str,
        component_types: tuple[DType, ...],
        shapes: list[TensorShape],
        capacity: int,
    ) -> Queue:
        return PaddingFIFOQueue(op_name, shared_name, component_types, shapes, capacity)


@op(
    "RandomShuffleQueueV2",
    "-> handle: resource",
    min_after_dequeue=0,
    seed=0,
    seed2=0,
    **_COMPONENTS,
)
class RandomShuffleQueueV2:
    """A queue whose elements come out in random order; `min_after_dequeue` of them stay in."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(
        op_name: str,
        shared_name: str,
        component_types: tuple[DType, ...],
        shapes: list[TensorShape],
        capacity: int,
        min_after_dequeue: int,
        seed: int,
        seed2: int,
    ) -> Queue:
        return RandomShuffleQueue(
            op_name,
            shared_name,
            component_types,
            shapes,
            capacity,
            min_after_dequeue=min_after_dequeue,
            seeds=(seed, seed2),
        )


@op(
    "PriorityQueueV2",
    "-> handle: resource",
    component_types=attr("list(type)", (), minimum=0),
    shapes=attr("list(shape)", minimum=0),
    capacity=-1,
    container="",
    shared_name="",
)
class PriorityQueueV2:
    """A queue whose smallest element comes out first, by an int64 that precedes the others."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(
        op_name: str,
        shared_name: str,
        component_types: tuple[DType, ...],
        shapes: list[TensorShape],
        capacity: int,
    ) -> Queue:
        types = (dtypes.int64, *component_types)
        all_shapes = [TensorShape(()), *shapes] if shapes or not component_types else []
        return PriorityQueue(op_name, shared_name, types, all_shapes, capacity)


def _element_shapes(handle: Any, count: int) -> list[Dims]:
    """The shapes of a queue's components, as far as its op is known."""
    node = handle.op
    shapes = [shape._dims for shape in node.attrs.get("shapes") or ()]
    if node.type == "PriorityQueueV2" and shapes:
        shapes = [(), *shapes]
    return shapes if len(shapes) == count else [None] * count


def _batch_shapes(handle: Operand, count: int, size: int | None) -> list[Dims]:
    shapes = _element_shapes(handle, count)
    return [None if shape is None else (size, *shape) for shape in shapes]


def _check_timeout(timeout_ms: int) -> None:
    if timeout_ms > 0:
        raise errors.InvalidArgumentError(None, None, "Timeout not supported yet.")


_TIMEOUT = {"timeout_ms": -1}


@op("QueueEnqueueV2", "handle: resource, components: Tcomponents[] ->", **_TIMEOUT)
class QueueEnqueueV2:
    """Put one element into a queue, waiting until there is room."""

    stateful = True
    grad = None

    def shape(handle: Operand, components: list[Operand]) -> Any:
        return []

    def numpy(handle: Any, components: list[Any], *, timeout_ms: int) -> tuple[()]:
        _check_timeout(timeout_ms)
        handled(handle).enqueue(components)
        return ()


@op("QueueEnqueueManyV2", "handle: resource, components: Tcomponents[] ->", **_TIMEOUT)
class QueueEnqueueManyV2:
    """Put the rows of tensors into a queue as its elements, waiting until there is room."""

    stateful = True
    grad = None

    def shape(handle: Operand, components: list[Operand]) -> Any:
        return []

    def numpy(handle: Any, components: list[Any], *, timeout_ms: int) -> tuple[()]:
        _check_timeout(timeout_ms)
        handled(handle).enqueue_many(components)
        return ()


@op("QueueDequeueV2", "handle: resource -> components: component_types[]", **_TIMEOUT)
class QueueDequeueV2:
    """Take one element out of a queue, waiting for it; fails at the end of a closed queue."""

    stateful = True
    grad = None

    def shape(handle: Operand, *, component_types: tuple[DType, ...]) -> list[Dims]:
        return _element_shapes(handle, len(component_types))

    def numpy(handle: Any, *, component_types: tuple[DType, ...], timeout_ms: int) -> list[Any]:
        _check_timeout(timeout_ms)
        return _typed(handled(handle).dequeue(), component_types)


@op("QueueDequeueManyV2", "handle: resource, n: int32 -> components: component_types[]", **_TIMEOUT)
class QueueDequeueManyV2:
    """Take `n` elements out of a queue, waiting for them, joined along a new first dimension."""

    stateful = True
    grad = None

    def shape(handle: Operand, n: Operand, *, component_types: tuple[DType, ...]) -> list[Dims]:
        count = n.const_value()
        if count is not None and int(count) < 0:
            raise ValueError(f"Input 'n' must be non-negative, but is {int(count)}")
        size = None if count is None else int(count)
        return _batch_shapes(handle, len(component_types), size)

    def numpy(
        handle: Any, n: Any, *, component_types: tuple[DType, ...], timeout_ms: int
    ) -> list[Any]:
        _check_timeout(timeout_ms)
        return _typed(handled(handle).dequeue_many(int(n)), component_types)


@op("QueueDequeueUpToV2", "handle: resource, n: int32 -> components: component_types[]", **_TIMEOUT)
class QueueDequeueUpToV2:
    """Take `n` elements out of a queue, or what is left of a closed one."""

    stateful = True
    grad = None

    def shape(handle: Operand, n: Operand, *, component_types: tuple[DType, ...]) -> list[Dims]:
        return _batch_shapes(handle, len(component_types), None)

    def numpy(
        handle: Any, n: Any, *, component_types: tuple[DType, ...], timeout_ms: int
    ) -> list[Any]:
        _check_timeout(timeout_ms)
        return _typed(handled(handle).dequeue_many(int(n), few_will_do=True), component_types)


def _typed(values: list[Any], types: tuple[DType, ...]) -> list[Any]:
    """`values`, if they are what the graph takes them for."""
    kinds = [value.dtype for value in values]
    if kinds != [dtype.np for dtype in types]:
        raise errors.InvalidArgumentError(
            None, None, f"Expected components of types {types}, got {kinds}"
        )
    return values


@op("QueueCloseV2", "handle: resource ->", cancel_pending_enqueues=False)
class QueueCloseV2:
    """Let a queue take no further elements; those that wait for room go in, or are cancelled."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> Any:
        return []

    def numpy(handle: Any, *, cancel_pending_enqueues: bool) -> tuple[()]:
        handled(handle).close(cancel_pending_enqueues)
        return ()


def _scalar(handle: Operand) -> Dims:
    return ()


@op("QueueIsClosedV2", "handle: resource -> is_closed: bool")
class QueueIsClosedV2:
    """Whether a queue is closed."""

    stateful = True
    grad = None
    shape = _scalar

    def numpy(handle: Any) -> Any:
        return np.array(handled(handle).is_closed())


@op("QueueSizeV2", "handle: resource -> size: int32")
class QueueSizeV2:
    """How many elements a queue holds."""

    stateful = True
    grad = None
    shape = _scalar

    def numpy(handle: Any) -> Any:
        return np.array(handled(handle).size(), np.int32)
