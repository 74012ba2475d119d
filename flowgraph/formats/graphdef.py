"""Graphs as GraphDef messages."""

from __future__ import annotations

from typing import Any

from flowgraph.formats.attributes import attr_value, attr_value_of
from flowgraph.formats.functions import function_defs, function_name
from flowgraph.formats.tensors import shape_proto
from flowgraph.graph import hooks
from flowgraph.graph.function import Function
from flowgraph.graph.graph import Graph
from flowgraph.graph.opdef import MISSING
from flowgraph.graph.tensor import Operation
from flowgraph.protos import AttrValue, GraphDef, NodeDef

__all__ = ["PRODUCER", "graph_def", "node_def", "strip_default_attrs"]

# The version of the op set that TensorFlow 1.15 writes.
PRODUCER = 134


def node_def(op: Operation, add_shapes: bool = False) -> Any:
    """An operation as a NodeDef message.

    Args:
        add_shapes: also tell the static shapes of its outputs, as the attribute ``_output_shapes``.
    """
    node = NodeDef(name=op.name, op=op.type, device=op.device)
    node.input.extend([tensor._as_node_def_input() for tensor in op.inputs])
    node.input.extend(["^" + control.name for control in op.control_inputs])
    for name, spec in op.definition.attrs.items():
        value = op.attrs.get(name)
        if type(value) is Function:
            node.attr[name].func.name = function_name(op, name)
        elif value is not None:
            node.attr[name].CopyFrom(attr_value(spec.kind, value))
    for name, value in (op._attributes or {}).items():
        node.attr[name].CopyFrom(attr_value_of(value))
    if op._gradient_override is not None:
        node.attr["_gradient_op_type"].s = op._gradient_override.encode()
    if add_shapes:
        shapes = AttrValue()
        shapes.list.SetInParent()
        shapes.list.shape.extend([shape_proto(output.dims) for output in op.outputs])
        node.attr["_output_shapes"].CopyFrom(shapes)
    return node


def graph_def(graph: Graph, add_shapes: bool = False) -> Any:
    """A graph as a GraphDef message, its nodes in the order of their creation."""
    message = GraphDef()
    message.versions.producer = PRODUCER
    operations = graph.get_operations()
    message.node.extend([node_def(op, add_shapes) for op in operations])
    message.library.function.extend(function_defs(operations, node_def))
    return message


def strip_default_attrs(graph: Graph, message: Any) -> None:
    """Remove from the nodes of `message`, a GraphDef of `graph`, what their ops default to."""
    for node in message.node:
        definition = graph.get_operation_by_name(node.name).definition
        for name, spec in definition.attrs.items():
            if spec.default is MISSING or spec.default is None or name not in node.attr:
                continue
            if node.attr[name] == attr_value(spec.kind, spec.default):
                del node.attr[name]


hooks.node_def = node_def
hooks.graph_def = graph_def
