"""Ops that order others: no_op, group, tuple, control dependencies as values."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import control_dependencies, device, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.opdef import op
from flowgraph.graph.structure import flatten
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["group", "no_op", "timestamp", "tuple_", "with_dependencies"]


@op("NoOp", "->")
class NoOp:
    """Does nothing; carries control dependencies."""

    stateful = True
    grad = None

    def shape() -> Any:
        return []

    def numpy() -> tuple[()]:
        return ()


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing, for others to depend on."""
    made: Operation = apply("NoOp", name=name)
    return made


def _operation_of(value: Any) -> Operation:
    element = getattr(value, "_as_graph_element", lambda: value)()
    if isinstance(element, Operation):
        return element
    found = getattr(element, "op", None)
    if not isinstance(found, Operation):
        raise TypeError(
            f"Expected tf.Tensor|tf.Operation in group inputs, got {value!r} of type "
            f"'{type(value).__name__}'."
        )
    return found


def _no_op_after(operations: Iterable[Operation], on: str, name: str | None) -> Operation:
    with control_dependencies(operations):
        if not on:
            return no_op(name=name)
        with device(on):
            return no_op(name=name)


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that has run when all of `inputs` have.

    Args:
        inputs: operations, tensors or variables, and nested lists of them; None is left out.

    Raises:
        TypeError: for anything else.
    """
    leaves = [leaf for leaf in flatten(list(inputs)) if leaf is not None]
    operations = [_operation_of(leaf) for leaf in leaves]
    with name_scope(name, "group_deps", leaves) as scope:
        if not operations:
            return no_op(name=scope)
        by_device: dict[str, list[Operation]] = {}
        for operation in operations:
            by_device.setdefault(operation.device, []).append(operation)
        if len(by_device) == 1:
            ((on, members),) = by_device.items()
            return _no_op_after(members, on, scope)
        # One node per device, then one for all: what waits for the group hears from each device
        # once.
        parts = [_no_op_after(members, on, None) for on, members in sorted(by_device.items())]
        return _no_op_after(parts, "", scope)


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """`output_tensor`, available only after `dependencies` (operations, tensors) have run."""
    values = [*dependencies, output_tensor]
    with name_scope(name, "control_dependency", values) as scope:
        graph = output_tensor.graph if hasattr(output_tensor, "graph") else get_default_graph()
        with graph.colocate_with(output_tensor), control_dependencies(dependencies):
            if isinstance(output_tensor, IndexedSlices):
                values_after = apply("Identity", output_tensor.values, name=scope)
                return IndexedSlices(values_after, output_tensor.indices, output_tensor.dense_shape)
            tensor = convert_to_tensor(output_tensor)
            return apply("Identity", tensor, name=scope)


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """`tensors`, each available only after all of them (and `control_inputs`) are computed.

    Args:
        tensors: a list of tensors, `IndexedSlices` or None; None stays None.

    Raises:
        ValueError: if there is no tensor among them.
        TypeError: if `control_inputs` holds anything but operations and tensors.
    """
    with name_scope(name, "tuple", tensors):
        gates = [_operation_of(each) for each in tensors if each is not None]
        for extra in control_inputs or ():
            if not isinstance(extra, Tensor | Operation):
                raise TypeError(
                    "`control_inputs` must only contain Operation or Tensor. "
                    f"Received: {type(extra)}"
                )
            gates.append(_operation_of(extra))
        gates = sorted(set(gates), key=lambda each: each._id)
        if not gates:
            raise ValueError("`tensors` must have at least one Tensor.")
        gate = group(*gates)
        return [None if each is None else with_dependencies([gate], each) for each in tensors]


@op("Timestamp", "-> ts: float64")
class Timestamp:
    """The seconds since 1970 at the time it runs."""

    stateful = True
    grad = None

    def shape() -> Any:
        return ()

    def numpy() -> Any:
        return np.array(time.time())


def timestamp(name: str | None = None) -> Tensor:
    """The seconds since the epoch, as a float64 scalar, at the time it runs."""
    now: Tensor = apply("Timestamp", name=name)
    return now
