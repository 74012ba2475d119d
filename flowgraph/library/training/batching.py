"""Batches of what other ops produce one by one, collected in a queue."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.library import summaries
from flowgraph.library.training import batch_parts
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.queue_base import QueueBase
from flowgraph.ops.queue_classes import FIFOQueue, PaddingFIFOQueue, RandomShuffleQueue

__all__ = [
    "batch",
    "batch_join",
    "maybe_batch",
    "maybe_batch_join",
    "maybe_shuffle_batch",
    "maybe_shuffle_batch_join",
    "shuffle_batch",
    "shuffle_batch_join",
]


class _Inputs:
    """The tensors to be enqueued, sparse ones replaced by numbers; made inside the name scope."""

    def __init__(
        self, tensors_list: Any, keep_input: Any, enqueue_many: bool, shapes: Any, threads: int
    ) -> None:
        self._original = tensors_list[0]
        self._enqueue_many = enqueue_many
        self._threads = threads
        lists = [batch_parts.converted(each) for each in batch_parts.as_lists(tensors_list)]
        self._keep = batch_parts.checked_keep(keep_input, enqueue_many)
        self._lists, self._places = batch_parts.stored(lists, self._keep, enqueue_many)
        self.types = batch_parts.element_types(self._lists)
        self.shapes = batch_parts.element_shapes(self._lists, shapes, enqueue_many)

    def enqueue(self, queue: QueueBase) -> None:
        batch_parts.add_enqueuing(queue, self._lists, self._threads, self._enqueue_many, self._keep)

    def dequeued(self, queue: QueueBase, size: Any, smaller: bool, name: str) -> Any:
        """A batch in the form of the inputs."""
        take = queue.dequeue_up_to if smaller else queue.dequeue_many
        return batch_parts.in_original_form(
            self._original, batch_parts.restored(take(size, name=name), self._places)
        )


def _flat(tensors_list: Any, keep_input: Any) -> list[Any]:
    return [each for tensors in batch_parts.as_lists(tensors_list) for each in tensors] + [
        keep_input
    ]


def _in_order(
    tensors_list: Any,
    batch_size: Any,
    keep_input: Any,
    threads: int,
    capacity: int,
    enqueue_many: bool,
    shapes: Any,
    dynamic_pad: bool,
    smaller: bool,
    shared_name: str | None,
    name: str | None,
    default_name: str,
) -> Any:
    with name_scope(name, default_name, _flat(tensors_list, keep_input)) as scope:
        inputs = _Inputs(tensors_list, keep_input, enqueue_many, shapes, threads)
        kind = PaddingFIFOQueue if dynamic_pad else FIFOQueue
        queue = kind(capacity, inputs.types, inputs.shapes, shared_name=shared_name)
        inputs.enqueue(queue)
        full = cast(queue.size(), dtypes.float32) * (1.0 / capacity)
        summaries.scalar(f"fraction_of_{capacity}_full", full)
        return inputs.dequeued(queue, batch_size, smaller, scope)


def _shuffled(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    threads: int,
    seed: int | None,
    enqueue_many: bool,
    shapes: Any,
    smaller: bool,
    shared_name: str | None,
    name: str | None,
    default_name: str,
) -> Any:
    with name_scope(name, default_name, _flat(tensors_list, keep_input)) as scope:
        surplus = capacity - min_after_dequeue
        if surplus <= 0:
            raise ValueError(
                f"capacity {capacity} must be bigger than min_after_dequeue {min_after_dequeue}."
            )
        inputs = _Inputs(tensors_list, keep_input, enqueue_many, shapes, threads)
        queue = RandomShuffleQueue(
            capacity,
            min_after_dequeue,
            inputs.types,
            inputs.shapes,
            seed=seed,
            shared_name=shared_name,
        )
        inputs.enqueue(queue)
        mixed: Tensor = maximum(0, queue.size() - min_after_dequeue)
        full = cast(mixed, dtypes.float32) * (1.0 / surplus)
        summaries.scalar(f"fraction_over_{min_after_dequeue}_of_{surplus}_full", full)
        return inputs.dequeued(queue, batch_size, smaller, scope)


def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of what `tensors` are in successive runs, in order.

    A queue runner computes and enqueues `tensors`; the result dequeues `batch_size` elements.

    Args:
        tensors: a list or dict of tensors (sparse ones, too): one example.
        batch_size: how many examples make a batch.
        num_threads: how many threads compute `tensors`; the order is kept by one only.
        capacity: of the queue.
        enqueue_many: `tensors` are several examples, along their first dimension.
        shapes: the shapes of the components of an example, where they are not known statically.
        dynamic_pad: the shapes may have unknown sizes; batches are filled up with zeros.
        allow_smaller_final_batch: let the last batch be smaller, if nothing more is left.
        shared_name: see `FIFOQueue`.

    Returns:
        Tensors in the form of `tensors`, with a first dimension of `batch_size`; a single one by
        itself.

    Raises:
        ValueError: if a shape is not known.
    """
    return maybe_batch(
        tensors,
        True,
        batch_size,
        num_threads,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`batch` of those examples only for which the bool tensor `keep_input` is true.

    Under `enqueue_many` it may be a vector, one element per example.
    """
    return _in_order(
        [tensors],
        batch_size,
        keep_input,
        num_threads,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
        "batch",
    )


def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`batch` of several sources of examples, each with a thread of its own.

    Args:
        tensors_list: a list of what `batch` takes, of the same types.
        others: see `batch`.
    """
    return maybe_batch_join(
        tensors_list,
        True,
        batch_size,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_batch_join(
    tensors_list: Any,
    keep_input: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`batch_join` of those examples only for which the bool tensor `keep_input` is true."""
    return _in_order(
        tensors_list,
        batch_size,
        keep_input,
        1,
        capacity,
        enqueue_many,
        shapes,
        dynamic_pad,
        allow_smaller_final_batch,
        shared_name,
        name,
        "batch_join",
    )


def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of what `tensors` are in successive runs, in random order.

    Args:
        capacity: of the queue.
        min_after_dequeue: how many examples must be in the queue after each batch, so that they are
            well mixed.
        seed: an op seed.
        others: see `batch`.

    Raises:
        ValueError: if a shape is not known, or `capacity` does not exceed `min_after_dequeue`.
    """
    return maybe_shuffle_batch(
        tensors,
        batch_size,
        capacity,
        min_after_dequeue,
        True,
        num_threads,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`shuffle_batch` of those examples only for which the bool tensor `keep_input` is true."""
    return _shuffled(
        [tensors],
        batch_size,
        capacity,
        min_after_dequeue,
        keep_input,
        num_threads,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
        "shuffle_batch",
    )


def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`shuffle_batch` of several sources of examples, each with a thread of its own."""
    return maybe_shuffle_batch_join(
        tensors_list,
        batch_size,
        capacity,
        min_after_dequeue,
        True,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
    )


def maybe_shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """`shuffle_batch_join` of those examples only for which the tensor `keep_input` is true."""
    return _shuffled(
        tensors_list,
        batch_size,
        capacity,
        min_after_dequeue,
        keep_input,
        1,
        seed,
        enqueue_many,
        shapes,
        allow_smaller_final_batch,
        shared_name,
        name,
        "shuffle_batch_join",
    )
