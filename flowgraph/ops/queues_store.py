"""What a queue is while a session runs: elements, and threads that wait for them or for room.

Those who wait are served in the order of their coming. An element is a tuple of arrays, one per
component.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.waiting import wait_until
from flowgraph.shapes import TensorShape

__all__ = ["Element", "Queue"]

Element = tuple[Any, ...]

_numbers = itertools.count()


class _Attempt:
    """Someone's wish to enqueue, dequeue or close; what is still wanted, and what came of it."""

    __slots__ = ("closes", "done", "elements", "error", "few_will_do", "wanted")

    def __init__(self, elements: Iterable[Any] = (), wanted: int = 0) -> None:
        self.elements: deque[Any] = deque(elements)
        self.wanted = wanted
        self.few_will_do = False
        self.closes = False
        self.done = False
        self.error: errors.OpError | None = None

    def finish(self, error: errors.OpError | None = None) -> None:
        self.done = True
        self.error = error


class Queue:
    """The parts that all kinds of queues share.

    Args:
        op_name: names the queue in messages, together with a number.
        types: one per component.
        shapes: one per component; unknown ones are not checked.
        capacity: how many elements there is room for; any number if negative.
    """

    kind = "Queue"

    def __init__(
        self,
        op_name: str,
        shared_name: str,
        types: Iterable[DType],
        shapes: Iterable[TensorShape],
        capacity: int,
    ) -> None:
        self.name = shared_name or f"_{next(_numbers)}_{op_name}"
        self.types = tuple(types)
        known = [shape._dims for shape in shapes]
        self.shapes: list[Dims] = known or [None] * len(self.types)
        self.has_shapes = bool(known)
        self.capacity = float("inf") if capacity < 0 else capacity
        self.handle = np.empty((), np.object_)
        self.handle[()] = self
        self._changed = threading.Condition()
        self._enqueues: deque[_Attempt] = deque()
        self._dequeues: deque[_Attempt] = deque()
        self._closed = False
        self._cancelled = False

    # The store of a kind of queue.

    def __len__(self) -> int:
        raise NotImplementedError

    def _put(self, elements: Iterable[Element]) -> None:
        """Take elements in."""
        raise NotImplementedError

    def _take(self, count: int) -> list[Any]:
        """Remove so many elements, as many as there are, in the form that `_put_back` takes."""
        raise NotImplementedError

    def _put_back(self, taken: list[Any]) -> None:
        """Undo a `_take`."""
        raise NotImplementedError

    def _element(self, taken: Any) -> Element:
        """What was taken, as an element."""
        element: Element = taken
        return element

    def _available(self) -> int:
        """How many elements may be taken now."""
        return len(self)

    # What the ops do.

    def enqueue(self, components: list[Any]) -> None:
        """Add one element, waiting for room.

        Raises:
            CancelledError: if the queue is closed, or closes with its pending enqueues cancelled.
            InvalidArgumentError: if the components do not fit.
        """
        self._check_types(components)
        for index, (value, shape) in enumerate(zip(components, self.shapes, strict=True)):
            self._check_shape(index, np.shape(value), shape)
        self._attempt(self._enqueues, _Attempt([tuple(_owned(each) for each in components)]))

    def enqueue_many(self, components: list[Any]) -> None:
        """Add the rows of `components`, one element after the other, waiting for room."""
        self._check_types(components)
        if not np.ndim(components[0]):
            raise _invalid("Shape must be at least rank 1 but is rank 0")
        count = len(components[0])
        for index, (value, shape) in enumerate(zip(components, self.shapes, strict=True)):
            found = np.shape(value)
            full = (count, *found[1:]) if shape is None else (count, *shape)
            self._check_shape(index, found, full)
        if count:
            rows = [list(np.array(value)) for value in components]
            self._attempt(self._enqueues, _Attempt(zip(*rows, strict=True)))

    def dequeue(self) -> list[Any]:
        """Remove one element, waiting for it.

        Raises:
            OutOfRangeError: if the queue is closed and empty.
            CancelledError: if the session closes.
        """
        (element,) = self._dequeue_elements(1, few_will_do=False)
        return [_as_array(value, dtype) for value, dtype in zip(element, self.types, strict=True)]

    def dequeue_many(self, count: int, few_will_do: bool = False) -> list[Any]:
        """Remove `count` elements, waiting for them; each component becomes one array.

        Args:
            few_will_do: take what is left of a closed queue, if it is not empty.
        """
        if count < 0:
            raise _invalid(f"DequeueManyOp requested {count} < 0 elements")
        self._check_batchable()
        elements = self._dequeue_elements(count, few_will_do) if count else []
        if not elements:
            sizes = [(0, *(size or 0 for size in shape or ())) for shape in self.shapes]
            return [np.empty(size, t.np) for size, t in zip(sizes, self.types, strict=True)]
        columns = zip(*elements, strict=True)
        return [
            self._batch(column, dtype, shape)
            for column, dtype, shape in zip(columns, self.types, self.shapes, strict=True)
        ]

    def close(self, cancel_pending_enqueues: bool) -> None:
        """Refuse further elements, after those that wait for room or instead of them.

        Raises:
            CancelledError: if the queue is closed.
        """
        if not cancel_pending_enqueues:
            attempt = _Attempt()
            attempt.closes = True
            self._attempt(self._enqueues, attempt)
            return
        with self._changed:
            self._closed = True
            self._give_up(self._enqueues, "Enqueue operation was cancelled")
            self._serve()

    def is_closed(self) -> bool:
        with self._changed:
            return self._closed

    def size(self) -> int:
        with self._changed:
            return len(self)

    def cancel(self) -> None:
        """Wake everybody who waits: the session closes."""
        with self._changed:
            self._cancelled = True
            self._give_up(self._enqueues, "Enqueue operation was cancelled")
            self._give_up(self._dequeues, "Dequeue operation was cancelled")
            self._changed.notify_all()

    # How attempts are served; all of it runs under the lock.

    def _attempt(self, line: deque[_Attempt], attempt: _Attempt) -> None:
        with self._changed:
            if self._cancelled:
                raise errors.CancelledError(None, None, "The session has been closed.")
            line.append(attempt)
            self._serve()
            try:
                wait_until(self._changed, lambda: attempt.done)
            except BaseException:
                if attempt in line:
                    line.remove(attempt)
                if line is self._dequeues and attempt.error is None:
                    self._put_back(list(attempt.elements))
                self._serve()
                raise
        if attempt.error is not None:
            raise attempt.error

    def _dequeue_elements(self, count: int, few_will_do: bool) -> list[Element]:
        attempt = _Attempt(wanted=count)
        attempt.few_will_do = few_will_do
        self._attempt(self._dequeues, attempt)
        return [self._element(taken) for taken in attempt.elements]

    def _serve(self) -> None:
        """Go on with the first in each line while anything changes."""
        while self._advance(self._enqueues, self._try_enqueue) | self._advance(
            self._dequeues, self._try_dequeue
        ):
            pass
        self._changed.notify_all()

    def _advance(self, line: deque[_Attempt], step: Callable[[_Attempt], bool]) -> bool:
        changed = False
        while line:
            head = line[0]
            changed = step(head) or changed
            if not head.done:
                break
            line.popleft()
            changed = True
        return changed

    def _try_enqueue(self, attempt: _Attempt) -> bool:
        """Put in what there is room for. True if that was something."""
        if self._closed:
            what = "is already closed" if attempt.closes else "is closed"
            kind = "Queue" if attempt.closes else self.kind
            attempt.finish(errors.CancelledError(None, None, f"{kind} '{self.name}' {what}."))
            return True
        if attempt.closes:
            self._closed = True
            attempt.finish()
            return True
        count = int(min(self.capacity - len(self), len(attempt.elements)))
        if count > 0:
            self._put([attempt.elements.popleft() for _ in range(count)])
        if not attempt.elements:
            attempt.finish()
        return count > 0

    def _try_dequeue(self, attempt: _Attempt) -> bool:
        """Take out what there is. True if that was something."""
        if self._closed and len(self) < attempt.wanted:
            return self._end(attempt)
        count = min(self._available(), attempt.wanted)
        if count > 0:
            attempt.elements.extend(self._take(count))
            attempt.wanted -= count
        if not attempt.wanted:
            attempt.finish()
        return count > 0

    def _end(self, attempt: _Attempt) -> bool:
        """Finish a dequeue of more elements than a closed queue has."""
        size = len(self)
        if attempt.few_will_do and size + len(attempt.elements):
            attempt.elements.extend(self._take(size))
            attempt.finish()
            return True
        self._put_back(list(attempt.elements))
        attempt.elements.clear()
        attempt.finish(
            errors.OutOfRangeError(
                None,
                None,
                f"{self.kind} '{self.name}' is closed and has insufficient elements "
                f"(requested {attempt.wanted}, current size {size})",
            )
        )
        return True

    def _give_up(self, line: deque[_Attempt], why: str) -> None:
        for attempt in line:
            if line is self._dequeues:
                self._put_back(list(attempt.elements))
            attempt.finish(errors.CancelledError(None, None, why))
        line.clear()

    # Components.

    def _check_types(self, components: list[Any]) -> None:
        if len(components) != len(self.types):
            raise _invalid(
                f"Wrong number of components in tuple. Expected {len(self.types)}, "
                f"got {len(components)}"
            )
        for index, (value, dtype) in enumerate(zip(components, self.types, strict=True)):
            found = np.asarray(value).dtype
            if found != dtype.np and not (dtype.kind == "O" and found.kind in "SO"):
                raise _invalid(
                    f"Type mismatch in tuple component {index}. Expected {dtype.name}, got {found}"
                )

    def _check_shape(self, index: int, found: tuple[int, ...], expected: Dims) -> None:
        if not dims.compatible(found, expected):
            raise _invalid(
                f"Shape mismatch in tuple component {index}. Expected "
                f"{dims.show_list(expected)}, got {dims.show_list(found)}"
            )

    def _check_batchable(self) -> None:
        if not self.has_shapes:
            raise _invalid(
                f"{self.kind}'s DequeueMany and DequeueUpTo require the components to have "
                "specified shapes."
            )

    def _batch(self, column: tuple[Any, ...], dtype: DType, shape: Dims) -> Any:
        if shape:
            return np.stack(column)
        batch = np.empty(len(column), dtype.np)
        batch[:] = column
        return batch


def _owned(value: Any) -> Any:
    """A copy of a component: kernels' results may lie in memory that is used again."""
    return np.array(value)[()]


def _as_array(value: Any, dtype: DType) -> Any:
    return value if isinstance(value, np.ndarray) else np.array(value, dtype.np)


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)
