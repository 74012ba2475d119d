"""Indexable data sets, and a loader that cuts them into batches."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["ArrayDataset", "DataLoader", "Dataset", "collate"]


class Dataset(ABC):
    """Samples that are numbered from 0; subclasses say how many there are and what each is."""

    @abstractmethod
    def __len__(self) -> int:
        """The number of samples."""

    @abstractmethod
    def __getitem__(self, index: int) -> Any:
        """One sample: an array, a number, a string, or a tuple, list or mapping of such."""


class ArrayDataset(Dataset):
    """Samples taken from the same place of each of several arrays.

    Args:
        arrays: one or more, with the same first dimension n.

    A sample is a tuple with a row of each array.

    Raises:
        ValueError: if there are no arrays, or their first dimensions differ.

    >>> data = ArrayDataset(np.arange(6).reshape(3, 2), [7, 8, 9])
    >>> len(data), data[1]
    (3, (array([2, 3]), np.int64(8)))
    """

    def __init__(self, *arrays: Any) -> None:
        self._arrays = tuple(np.asarray(array) for array in arrays)
        if not arrays or any(array.ndim == 0 for array in self._arrays):
            raise ValueError("ArrayDataset needs arrays of at least one dimension")
        lengths = [len(array) for array in self._arrays]
        if len(set(lengths)) > 1:
            raise ValueError(f"the arrays differ in their first dimension: {lengths}")

    def __len__(self) -> int:
        return len(self._arrays[0])

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(array[index] for array in self._arrays)

    def take(self, indices: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        """The batch that `collate` makes of these samples, without taking them one by one."""
        return tuple(array[indices] for array in self._arrays)


def collate(samples: Sequence[Any]) -> Any:
    """Stacks samples into one batch, keeping their structure.

    Mappings become a dict of batches, tuples (named ones too) and lists a tuple or list of them;
    arrays and numbers are stacked along a new first dimension; strings and bytes become an array of
    objects.

    Raises:
        ValueError: if there are no samples, or they differ in shape, keys or length.

    >>> collate([{"x": np.zeros(2), "y": 0}, {"x": np.ones(2), "y": 1}])
    {'x': array([[0., 0.],
           [1., 1.]]), 'y': array([0, 1])}
    """
    if not samples:
        raise ValueError("cannot make a batch of no samples")
    first = samples[0]
    if isinstance(first, Mapping):
        if any(sample.keys() != first.keys() for sample in samples):
            raise ValueError(f"samples differ in their keys; the first has {list(first)}")
        return {key: collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(sample) != len(first) for sample in samples):
            raise ValueError(f"samples differ in their length; the first has {len(first)} parts")
        parts = [collate(column) for column in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, str | bytes):
        return np.array(samples, dtype=object)
    arrays = [np.asarray(sample) for sample in samples]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ValueError(f"samples differ in shape: {sorted(shapes)}")
    return np.stack(arrays)


class DataLoader:
    """Goes through a data set in batches; each iteration over the loader is one epoch.

    Args:
        dataset: anything with ``__len__`` and ``__getitem__``.
        batch_size: samples per batch. The last batch of an epoch holds what is left.
        shuffle: draw a new order for every epoch.
        seed: of the shuffling: two loaders with one seed give the same orders.
        collate: makes a batch of a list of samples.
        drop_last: leave out a last batch that is not full.
        prefetch: how many batches a background thread prepares ahead; 0 for no thread. Samples are
            then read from that thread.

    Raises:
        ValueError: if `batch_size` is not positive or `prefetch` is negative.

    >>> loader = DataLoader(ArrayDataset(np.arange(5)), batch_size=2)
    >>> len(loader), [batch.tolist() for batch, in loader]
    (3, [[0, 1], [2, 3], [4]])
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int | None = None,
        collate: Callable[[Sequence[Any]], Any] = collate,
        drop_last: bool = False,
        prefetch: int = 0,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be positive, not {batch_size}")
        if prefetch < 0:
            raise ValueError(f"prefetch must not be negative, not {prefetch}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self._shuffle = shuffle
        self._random = np.random.RandomState(seed)
        self._collate = collate
        self._prefetch = prefetch

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = np.arange(len(self.dataset))
        if self._shuffle:
            # Here and not in the generator, so that orders follow the calls of iter().
            self._random.shuffle(order)
        batches = self._batches(order)
        return _prefetched(batches, self._prefetch) if self._prefetch else batches

    def _batches(self, order: np.ndarray[Any, Any]) -> Generator[Any]:
        for number in range(len(self)):
            yield self._batch(order[number * self.batch_size : (number + 1) * self.batch_size])

    def _batch(self, indices: np.ndarray[Any, Any]) -> Any:
        if isinstance(self.dataset, ArrayDataset) and self._collate is collate:
            return self.dataset.take(indices)
        return self._collate([self.dataset[index] for index in indices.tolist()])


class _End:
    """Ends the queue of a prefetching thread; holds the error that stopped it, if any."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def _prefetched(batches: Generator[Any], ahead: int) -> Generator[Any]:
    """The same batches, prepared by a thread that lives as long as this generator."""
    ready: queue.Queue[Any] = queue.Queue(ahead)
    stop = threading.Event()
    thread = threading.Thread(
        target=_fill, args=(batches, ready, stop), name="flowgraph-prefetch", daemon=True
    )
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        # The thread may be waiting for room to put one more batch.
        while thread.is_alive():
            _drain(ready)
            thread.join(0.01)


def _fill(batches: Generator[Any], ready: queue.Queue[Any], stop: threading.Event) -> None:
    end = _End()
    try:
        for batch in batches:
            if stop.is_set():
                return
            ready.put(batch)
    except BaseException as error:
        end = _End(error)
    ready.put(end)


def _drain(ready: queue.Queue[Any]) -> None:
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        pass
