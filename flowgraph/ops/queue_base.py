"""What Python's queue objects share: the ops on a queue, as methods."""

from __future__ import annotations

import functools
from typing import Any

from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.shapes import TensorShape, as_shape

__all__ = ["QueueBase"]


class QueueBase:
    """A queue of elements, each one or several tensors (components) that travel together.

    Threads that enqueue wait while the queue is full, those that dequeue while there is not enough
    in it; `close` ends that. The elements live in the session. Use one of the kinds:
    `FIFOQueue`, `RandomShuffleQueue`, `PaddingFIFOQueue`, `PriorityQueue`.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Tensor) -> None:
        count = len(dtypes)
        if shapes is not None and len(shapes) != count:
            raise ValueError(
                "Queue shapes must have the same length as dtypes, "
                f"received len(shapes)={len(shapes)}, len(dtypes)={count}"
            )
        if names is not None and len(names) != count:
            raise ValueError(
                "Queue names must have the same length as dtypes, "
                f"received len(names)={len(names)}, len(dtypes)={count}"
            )
        self._dtypes: list[DType] = list(dtypes)
        self._shapes = [as_shape(each) for each in shapes or [None] * count]
        self._names: list[str] | None = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.rpartition("/")[2]

    @staticmethod
    def from_list(index: Any, queues: list[QueueBase]) -> QueueBase:
        """The queue of a list that a tensor chooses when the graph runs.

        Args:
            index: an int32 scalar.
            queues: queues with the same types and names of components.

        Raises:
            TypeError: if they differ in that.
        """
        is_list = isinstance(queues, list) and bool(queues)
        if not is_list or not all(isinstance(each, QueueBase) for each in queues):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(each.dtypes != first.dtypes for each in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(each.names != first.names for each in queues):
            raise TypeError("Queues do not have matching component names.")
        columns = zip(*(each.shapes for each in queues), strict=True)
        shapes = [functools.reduce(_common_shape, column) for column in columns]
        handles = apply("Pack", [each.queue_ref for each in queues], name="stack")
        chosen = apply("GatherV2", handles, index, 0)
        return QueueBase(first.dtypes, shapes, first.names, chosen)

    @property
    def queue_ref(self) -> Tensor:
        """The handle that ops take."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the queue's op."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[DType]:
        """The types of the components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """The shapes of the components."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """The names of the components, if they have any."""
        return self._names

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts one element in, waiting while the queue is full.

        Args:
            vals: a tensor, a list of one tensor per component, or a dict of them by the
                components' names.

        Raises:
            CancelledError: when run, if the queue is closed.
        """
        with name_scope(name, f"{self._name}_enqueue", _values(vals)) as scope:
            components = self._components(vals)
            for tensor, shape in zip(components, self._shapes, strict=True):
                tensor.shape.assert_is_compatible_with(shape)
            made: Operation = apply("QueueEnqueueV2", self._queue_ref, components, name=scope)
        return made

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts in an element per row of the tensors, waiting for room.

        Args:
            vals: as for `enqueue`, each tensor with an additional first dimension of one size.
        """
        with name_scope(name, f"{self._name}_EnqueueMany", _values(vals)) as scope:
            components = self._components(vals)
            rows = TensorShape([None])
            for tensor, shape in zip(components, self._shapes, strict=True):
                full = tensor.shape.with_rank_at_least(1)
                rows = rows.merge_with(full[:1])
                full[1:].assert_is_compatible_with(shape)
            made: Operation = apply("QueueEnqueueManyV2", self._queue_ref, components, name=scope)
        return made

    def _components(self, vals: Any) -> list[Tensor]:
        if isinstance(vals, dict):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if set(vals) != set(self._names):
                raise ValueError(
                    "Keys in dictionary to enqueue do not match names of Queue.  Dictionary: "
                    f"{sorted(vals)}, Queue: {sorted(self._names)}"
                )
            vals = [vals[name] for name in self._names]
        elif self._names:
            raise ValueError("You must enqueue a dictionary in a Queue with names")
        elif not isinstance(vals, list | tuple):
            vals = [vals]
        if len(vals) != len(self._dtypes):
            raise ValueError(
                f"The queue {self.name} has {len(self._dtypes)} components, got {len(vals)}."
            )
        return [
            convert_to_tensor(value, dtype, name=f"component_{index}")
            for index, (value, dtype) in enumerate(zip(vals, self._dtypes, strict=True))
        ]

    def dequeue(self, name: str | None = None) -> Any:
        """One element, waiting for it: a tensor, a list of components, or a dict by their names.

        Raises:
            OutOfRangeError: when run, if the queue is closed and empty.
        """
        outputs = apply(
            "QueueDequeueV2",
            self._queue_ref,
            component_types=self._dtypes,
            name=name or f"{self._name}_Dequeue",
        )
        for output, shape in zip(outputs, self._shapes, strict=True):
            output.set_shape(shape)
        return self._returned(outputs)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """`n` elements, waiting for them; the components have an additional first dimension.

        Raises:
            OutOfRangeError: when run, if the queue is closed and holds fewer.
        """
        return self._dequeue_batch("QueueDequeueManyV2", n, name or f"{self._name}_DequeueMany")

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """As `dequeue_many`, but of a closed queue what is left, if that is not nothing."""
        return self._dequeue_batch("QueueDequeueUpToV2", n, name or f"{self._name}_DequeueUpTo")

    def _dequeue_batch(self, op_type: str, n: Any, name: str) -> Any:
        outputs = apply(op_type, self._queue_ref, n, component_types=self._dtypes, name=name)
        for output, shape in zip(outputs, self._shapes, strict=True):
            output.set_shape(TensorShape([None]).concatenate(shape))
        return self._returned(outputs)

    def _returned(self, outputs: list[Tensor]) -> Any:
        if self._names:
            return dict(zip(self._names, outputs, strict=True))
        return outputs[0] if len(outputs) == 1 else outputs

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation after which nothing more goes in, and dequeues fail once it is empty.

        Args:
            cancel_pending_enqueues: fail those who wait for room, instead of letting them in first.
        """
        made: Operation = apply(
            "QueueCloseV2",
            self._queue_ref,
            cancel_pending_enqueues=cancel_pending_enqueues,
            name=name or f"{self._name}_Close",
        )
        return made

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether the queue is closed."""
        made: Tensor = apply(
            "QueueIsClosedV2", self._queue_ref, name=name or f"{self._name}_Is_Closed"
        )
        return made

    def size(self, name: str | None = None) -> Tensor:
        """How many elements the queue holds: an int32 scalar."""
        made: Tensor = apply("QueueSizeV2", self._queue_ref, name=name or f"{self._name}_Size")
        return made


def _values(vals: Any) -> list[Any]:
    if isinstance(vals, dict):
        return list(vals.values())
    return list(vals) if isinstance(vals, list | tuple) else [vals]


def _common_shape(a: TensorShape, b: TensorShape) -> TensorShape:
    """What is known of a shape that may be `a` or `b`."""
    if a.ndims is None or b.ndims is None or a.ndims != b.ndims:
        return TensorShape(None)
    sizes = zip(a.as_list(), b.as_list(), strict=True)
    return TensorShape([x if x == y else None for x, y in sizes])
