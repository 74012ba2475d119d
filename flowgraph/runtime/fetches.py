"""What `Session.run` is asked for: any nesting of tensors, operations, names and their
composites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowgraph.graph.composite import (
    IndexedSlices,
    IndexedSlicesValue,
    SparseTensor,
    SparseTensorValue,
)
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["Fetches", "fetch_key"]

Builder = Callable[[list[Any]], Any]


def fetch_key(fetches: Any) -> Any:
    """A hashable stand-in for a fetch structure. Raises TypeError for what cannot be one."""
    if isinstance(fetches, list):
        return (list, *[fetch_key(each) for each in fetches])
    if isinstance(fetches, tuple):
        return (type(fetches), *[fetch_key(each) for each in fetches])
    if isinstance(fetches, Mapping):
        return (type(fetches), tuple(fetches), *[fetch_key(each) for each in fetches.values()])
    hash(fetches)
    return fetches


class Fetches:
    """A fetch structure taken apart.

    Attributes:
        tensors: what to compute, each once.
        targets: operations to run for their effect.
        build: makes the result structure from the tensors' values.
    """

    def __init__(self, graph: Graph, fetches: Any) -> None:
        self._graph = graph
        self._index: dict[Tensor, int] = {}
        self.targets: list[Operation] = []
        self.build: Builder = self._part(fetches)
        self.tensors = list(self._index)

    def _part(self, fetch: Any) -> Builder:
        if fetch is None:
            raise TypeError("Fetch argument None has invalid type NoneType")
        if isinstance(fetch, Mapping):
            return _mapping(fetch, [self._part(each) for each in fetch.values()])
        if isinstance(fetch, list | tuple):
            return _sequence(fetch, [self._part(each) for each in fetch])
        if isinstance(fetch, IndexedSlices):
            parts = [self._part(each) for each in fetch.components()]
            if fetch.dense_shape is None:
                parts.append(lambda values: None)
            return lambda values: IndexedSlicesValue(*[part(values) for part in parts])
        if isinstance(fetch, SparseTensor):
            parts = [self._part(each) for each in fetch.components()]
            return lambda values: SparseTensorValue(*[part(values) for part in parts])
        return self._leaf(fetch)

    def _leaf(self, fetch: Any) -> Builder:
        try:
            element = self._graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(
                f"Fetch argument {fetch!r} has invalid type {type(fetch).__name__}, must be a "
                f"string or Tensor. ({error})"
            ) from None
        except (ValueError, KeyError) as error:
            text = error.args[0]
            raise ValueError(
                f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({text})"
            ) from None
        if not self._graph.is_fetchable(element):
            raise ValueError(f"Operation {element.name!r} has been marked as not fetchable.")
        if isinstance(element, Operation):
            self.targets.append(element)
            return lambda values: None
        index = self._index.setdefault(element, len(self._index))
        return lambda values: values[index]


def _sequence(like: Any, parts: list[Builder]) -> Builder:
    if hasattr(like, "_fields"):
        kind = type(like)
        return lambda values: kind(*[part(values) for part in parts])
    if isinstance(like, list):
        return lambda values: [part(values) for part in parts]
    return lambda values: tuple([part(values) for part in parts])


def _mapping(like: Mapping[Any, Any], parts: list[Builder]) -> Builder:
    keys = list(like)
    kind: Any = dict if isinstance(like, dict) and type(like) is dict else type(like)
    return lambda values: kind([(key, part(values)) for key, part in zip(keys, parts, strict=True)])
