"""Module-level scope functions, acting on the default graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from flowgraph.graph import build
from flowgraph.graph.graph import Graph, get_default_graph

__all__ = [
    "add_to_collection",
    "add_to_collections",
    "colocate_with",
    "container",
    "control_dependencies",
    "device",
    "get_collection",
    "get_collection_ref",
    "name_scope",
    "op_scope",
]


@contextmanager
def name_scope(name: str | None, default_name: Any = None, values: Any = None) -> Iterator[str]:
    """Build the ops inside under a name scope; yields its prefix, which ends with a slash.

    Args:
        name: the scope; if None, `default_name` is used.
        default_name: the name of an op made of several, when the user gives none.
        values: the op's arguments; the scope opens in their graph.

    Raises:
        TypeError: if values are given but no name at all.
    """
    scope = default_name if name is None else name
    if scope is None and values is not None:
        raise TypeError("At least one of name (None) and default_name (None) must be provided.")
    graph: Graph = build.graph_of(values) if values else get_default_graph()
    with graph.as_default(), graph.name_scope(scope) as prefix:
        yield prefix


@contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Iterator[str]:
    """`name_scope` with the argument order of TF before 1.0."""
    with name_scope(name, default_name, values) as prefix:
        yield prefix


def control_dependencies(control_inputs: Any) -> AbstractContextManager[Any]:
    """Ops built inside run after `control_inputs` (operations, tensors or variables)."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Place the ops built inside."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Place the ops built inside on the device of `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[str]:
    """Accepted for compatibility: a session's resources are its own."""
    return get_default_graph().container(container_name)


def add_to_collection(name: Any, value: Any) -> None:
    """Append to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Append to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """A collection of the default graph itself: changes to the list stay."""
    return get_default_graph().get_collection_ref(key)
