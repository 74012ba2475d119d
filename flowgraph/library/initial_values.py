"""Initial values that depend on other variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph import callsite
from flowgraph.graph.graph import Graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["attribute_scope", "guarded"]

_VARIABLES = ("Variable", "VariableV2")
_SAFE = ("IsVariableInitialized", "_InitializedValue")


@contextmanager
def attribute_scope(graph: Graph, key: str, value: Any) -> Iterator[None]:
    """Attach an attribute to all ops built inside."""
    previous = graph._attribute_scopes
    graph._attribute_scopes = {**previous, key: value}
    try:
        yield
    finally:
        graph._attribute_scopes = previous


def guarded(initial_value: Tensor, scope: str) -> Tensor:
    """`initial_value`, with each variable it reads replaced by that one's initialized value.

    So that variables may be initialized in any order. The ops between are built again, named after
    the old ones and the new variable: ``mul_Variable_1``.
    """
    needed = _ancestors(initial_value.op)
    if not any(op.type in _VARIABLES for op in needed):
        return initial_value
    replaced: dict[Tensor, Tensor] = {}
    for op in needed:
        if op.type in _VARIABLES:
            value = _initialized_value(op)
            if value is not None:
                replaced[op.outputs[0]] = value
        elif op.type not in _SAFE and any(tensor in replaced for tensor in op.inputs):
            copy = _rebuilt(op, replaced, scope)
            replaced.update(zip(op.outputs, copy.outputs, strict=True))
    return replaced.get(initial_value, initial_value)


def _ancestors(op: Operation) -> list[Operation]:
    """The operations that `op` needs, itself last."""
    found = {op}
    stack = [op]
    while stack:
        current = stack.pop()
        if current.type in _SAFE:
            continue
        for tensor in current.inputs:
            if tensor.op not in found:
                found.add(tensor.op)
                stack.append(tensor.op)
    return sorted(found, key=lambda each: each._id)


def _initialized_value(variable: Operation) -> Tensor | None:
    graph = variable.graph
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for each in graph.get_collection(key):
            if getattr(each, "op", None) is variable:
                value: Tensor = each.initialized_value()
                return value
    return None


def _rebuilt(op: Operation, replaced: dict[Tensor, Tensor], scope: str) -> Operation:
    graph = op.graph
    name = _free_name(graph, f"{op.name}_{scope.rstrip('/')}")
    inputs = tuple(replaced.get(tensor, tensor) for tensor in op.inputs)
    return graph._create_op(op.definition, name, inputs, dict(op.attrs), callsite.capture())


def _free_name(graph: Graph, name: str) -> str:
    """`name` as a full name, made unique."""
    previous = graph._name_scope
    graph._name_scope = ""
    try:
        return graph.unique_name(name)
    finally:
        graph._name_scope = previous
