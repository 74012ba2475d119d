"""Cutting a GraphDef down to what is needed to run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.formats.tensors import make_tensor_proto
from flowgraph.graph.tensor import Operation
from flowgraph.protos.messages import GraphDef, NodeDef

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "must_run_on_cpu",
    "remove_training_nodes",
    "tensor_shape_from_node_def_name",
]

_VARIABLE_TYPES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
_CHECK_TYPES = frozenset({"CheckNumerics", "Identity"})


def _node_name(input_name: str) -> str:
    """The node that an input of a NodeDef names: ``^a`` and ``a:1`` stand for ``a``."""
    return input_name.removeprefix("^").partition(":")[0]


def _needed(nodes: dict[str, Any], names: Iterable[str]) -> set[str]:
    """The names of the nodes that `names` depend on, themselves included."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [_node_name(each) for each in nodes[name].input]
    return found


def extract_sub_graph(graph_def: Any, dest_nodes: list[str]) -> Any:
    """A GraphDef of the nodes that `dest_nodes` depend on, themselves included.

    Raises:
        TypeError: if `graph_def` is no GraphDef, or `dest_nodes` a string.
        AssertionError: if there is no node of such a name.
    """
    if not isinstance(graph_def, GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    nodes = {node.name: node for node in graph_def.node}
    for name in dest_nodes:
        assert name in nodes, f"{name} is not in graph"
    kept = _needed(nodes, dest_nodes)
    result = GraphDef()
    result.node.extend(node for node in graph_def.node if node.name in kept)
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    return result


def _frozen(nodes: Iterable[Any], allow: Any, deny: Any) -> Iterator[Any]:
    """The variables among `nodes` that are to become constants."""
    for node in nodes:
        listed = allow is None or node.name in allow
        if node.op in _VARIABLE_TYPES and listed and not (deny and node.name in deny):
            yield node


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: list[str],
    variable_names_whitelist: Any = None,
    variable_names_blacklist: Any = None,
) -> Any:
    """A GraphDef of what the outputs need, with the variables' values in it as constants.

    Args:
        sess: the session that holds the values.
        input_graph_def: the GraphDef of its graph.
        output_node_names: names of nodes, without ``:0``.
        variable_names_whitelist: the variables to convert; all if None.
        variable_names_blacklist: variables to leave as they are.

    Raises:
        AssertionError: if there is no node of such a name.
        FailedPreconditionError: if a variable is not initialized.
    """
    graph_def = extract_sub_graph(input_graph_def, output_node_names)
    frozen = list(_frozen(graph_def.node, variable_names_whitelist, variable_names_blacklist))
    names = [node.name for node in frozen]
    values = dict(zip(names, sess.run([f"{name}:0" for name in names]), strict=True))
    result = GraphDef()
    result.library.CopyFrom(graph_def.library)
    result.versions.CopyFrom(graph_def.versions)
    for node in graph_def.node:
        if node.name in values:
            result.node.append(_constant(node, values[node.name]))
        else:
            result.node.append(node)
            if node.op == "ReadVariableOp" and _node_name(node.input[0]) in values:
                _become_identity(result.node[-1])
    return result


def _constant(variable: Any, value: Any) -> Any:
    dtype = dtypes.as_dtype(variable.attr["dtype"].type)
    node = NodeDef(name=variable.name, op="Const", device=variable.device)
    node.attr["dtype"].CopyFrom(variable.attr["dtype"])
    proto = make_tensor_proto(np.asarray(value), dtype=dtype, shape=np.shape(value))
    node.attr["value"].tensor.CopyFrom(proto)
    return node


def _become_identity(node: Any) -> None:
    dtype = node.attr["dtype"].type
    node.op = "Identity"
    node.attr.clear()
    node.attr["T"].type = dtype


def remove_training_nodes(input_graph: Any, protected_nodes: Any = None) -> Any:
    """A GraphDef without the nodes that only hand their input on or check it.

    `CheckNumerics` nodes go first, then `Identity` nodes; users of such a node get its input.
    A node stays if it is protected, has control inputs, or another node waits for it.
    """
    protected = set(protected_nodes or ())
    waited_for = {
        each[1:] for node in input_graph.node for each in node.input if each.startswith("^")
    }
    replaced: dict[str, str] = {}
    for node in input_graph.node:
        has_control = any(each.startswith("^") for each in node.input)
        stays = node.name in protected or node.name in waited_for or has_control
        if node.op in _CHECK_TYPES and not stays:
            replaced[node.name] = node.input[0]
    result = GraphDef()
    result.library.CopyFrom(input_graph.library)
    result.versions.CopyFrom(input_graph.versions)
    for node in input_graph.node:
        if node.name not in replaced:
            copy = result.node.add()
            copy.CopyFrom(node)
            copy.input[:] = [_source(each, replaced) for each in node.input]
    return result


def _source(input_name: str, replaced: dict[str, str]) -> str:
    name = input_name
    while name.removesuffix(":0") in replaced:
        name = replaced[name.removesuffix(":0")]
    return name


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether a node holds strings or small integers, which no accelerator takes."""
    node_def = node.node_def if isinstance(node, Operation) else node
    if pin_variables_on_cpu and node_def.op in _VARIABLE_TYPES:
        return True
    if node_def.op == "Const":
        return bool(node_def.attr["dtype"].type in (dtypes.string, dtypes.int32))
    return node_def.op in ("DynamicStitch", "ParallelDynamicStitch") and bool(
        node_def.attr["T"].type == dtypes.int32
    )


def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The static shape of the tensor that an input of a NodeDef names."""
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).get_shape()
