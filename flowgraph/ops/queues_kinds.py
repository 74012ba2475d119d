"""The kinds of queues: in which order elements come out, and how batches are made of them."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.ops.queues_store import Element, Queue

__all__ = ["FIFOQueue", "PaddingFIFOQueue", "PriorityQueue", "RandomShuffleQueue"]


class FIFOQueue(Queue):
    """First in, first out."""

    kind = "FIFOQueue"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._items: deque[Element] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def _put(self, elements: Iterable[Element]) -> None:
        self._items.extend(elements)

    def _take(self, count: int) -> list[Any]:
        return [self._items.popleft() for _ in range(count)]

    def _put_back(self, taken: list[Any]) -> None:
        self._items.extendleft(reversed(taken))


class PaddingFIFOQueue(FIFOQueue):
    """First in, first out; batches are filled up with zeros along the open dimensions."""

    kind = "PaddingFIFOQueue"

    def _batch(self, column: tuple[Any, ...], dtype: DType, shape: Dims) -> Any:
        if not shape or None not in shape:
            return super()._batch(column, dtype, shape)
        sizes = np.max([each.shape for each in column], axis=0)
        fill = b"" if dtype.kind == "O" else 0
        batch = np.full((len(column), *sizes), fill, dtype.np)
        for row, value in zip(batch, column, strict=True):
            row[tuple(slice(size) for size in value.shape)] = value
        return batch


class RandomShuffleQueue(Queue):
    """Elements come out in random order; until it is closed, some stay in.

    Args:
        min_after_dequeue: how many elements must stay.
        seeds: two numbers; any order will do if both are 0.
    """

    kind = "RandomShuffleQueue"

    def __init__(self, *args: Any, min_after_dequeue: int, seeds: tuple[int, int]) -> None:
        super().__init__(*args)
        self._items: list[Element] = []
        self._reserve = min_after_dequeue
        self._random = random.Random(str(seeds) if any(seeds) else None)

    def __len__(self) -> int:
        return len(self._items)

    def _available(self) -> int:
        return len(self._items) - (0 if self._closed else self._reserve)

    def _put(self, elements: Iterable[Element]) -> None:
        self._items.extend(elements)

    def _take(self, count: int) -> list[Any]:
        items, taken = self._items, []
        for _ in range(count):
            place = self._random.randrange(len(items))
            items[place], items[-1] = items[-1], items[place]
            taken.append(items.pop())
        return taken

    def _put_back(self, taken: list[Any]) -> None:
        self._items.extend(taken)


class PriorityQueue(Queue):
    """The smallest first component comes out first; of equals, the one that came first."""

    kind = "PriorityQueue"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._heap: list[tuple[int, int, Element]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def _put(self, elements: Iterable[Element]) -> None:
        for element in elements:
            heapq.heappush(self._heap, (int(element[0]), next(self._count), element))

    def _take(self, count: int) -> list[Any]:
        return [heapq.heappop(self._heap) for _ in range(count)]

    def _put_back(self, taken: list[Any]) -> None:
        for each in taken:
            heapq.heappush(self._heap, each)

    def _element(self, taken: Any) -> Element:
        element: Element = taken[2]
        return element
