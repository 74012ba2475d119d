"""The functions of loops and conditionals as FunctionDef messages, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.dims import Dims
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import Graph
from flowgraph.graph.opdef import lookup
from flowgraph.graph.signature import arity
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.protos import FunctionDef, GraphDef, NodeDef

__all__ = ["function_defs", "function_name", "functions_from"]

NodeOf = Callable[[Operation], Any]


def function_name(op: Operation, attribute: str) -> str:
    """The name in a library of the function that `op` has as an attribute."""
    return re.sub(r"\W", "_", f"{op.name}_{attribute}")


def function_defs(operations: Iterable[Operation], node_of: NodeOf) -> list[Any]:
    """The functions that operations run, and those that these run, as FunctionDef messages."""
    found = []
    for op in operations:
        for attribute, value in op.attrs.items():
            if type(value) is Function:
                inner = value.operations()
                found.append(_function_def(function_name(op, attribute), value, inner, node_of))
                found.extend(function_defs(inner, node_of))
    return found


def _function_def(
    name: str, function: Function, operations: list[Operation], node_of: NodeOf
) -> Any:
    message = FunctionDef()
    message.signature.name = name
    references: dict[Tensor, str] = {}
    for index, tensor in enumerate(function.inputs):
        number = tensor.dtype.base_dtype.as_datatype_enum
        message.signature.input_arg.add(name=f"x_{index}", type=number)
        references[tensor] = f"x_{index}"
    for op in operations:
        references.update(_references(op))
        node = node_of(op)
        del node.input[:]
        node.input.extend([references[tensor] for tensor in op.inputs])
        node.input.extend(["^" + control.name for control in op.control_inputs])
        message.node_def.append(node)
    for index, tensor in enumerate(function.outputs):
        number = tensor.dtype.base_dtype.as_datatype_enum
        message.signature.output_arg.add(name=f"y_{index}", type=number)
        message.ret[f"y_{index}"] = references[tensor]
    return message


def _references(op: Operation) -> dict[Tensor, str]:
    """How the outputs of a node are named in a function: ``node:argument:index``."""
    texts = _output_texts(op.type, op.attrs)
    return {tensor: f"{op.name}:{text}" for tensor, text in zip(op.outputs, texts, strict=True)}


def _output_texts(op_type: str, attrs: dict[str, Any]) -> list[str]:
    texts: list[str] = []
    for arg in lookup(op_type).outputs:
        count = arity(arg, attrs) if arg.is_list else 1
        texts.extend(f"{arg.name}:{index}" for index in range(count))
    return texts


def functions_from(
    library: dict[str, Any],
    names: list[str],
    inputs: list[Tensor],
    shapes: list[Dims],
    outer: Graph,
    prefix: str,
    run: Callable[[FunctionGraph, Any, dict[str, Tensor]], Callable[[str], Tensor]],
) -> list[Function]:
    """Functions of a library, built in one function graph with the same inputs.

    Args:
        library: FunctionDef messages by name.
        inputs: what the op that runs the functions is given.
        shapes: what is known of the shapes of the functions' inputs.
        prefix: of the names of what is imported.
        run: imports a GraphDef into the graph, where some names are known already; it returns what
            finds a tensor of it.

    Raises:
        ValueError: if the library lacks a function.
    """
    graph = FunctionGraph(outer)
    missing = [name for name in names if name not in library]
    if missing:
        raise ValueError(f"The GraphDef's library has no function {missing[0]!r}.")
    with graph.as_default(), graph.control_dependencies(None):
        placeholders = [
            graph.placeholder(tensor.dtype, shape, f"x_{index}")
            for index, (tensor, shape) in enumerate(zip(inputs, shapes, strict=True))
        ]
        found = []
        for name in names:
            message = library[name]
            known = {
                f"{arg.name}:0": tensor
                for arg, tensor in zip(message.signature.input_arg, placeholders, strict=True)
            }
            nodes, texts = _as_graph_def(message, graph, known, prefix)
            tensor_of = run(graph, nodes, known)
            outputs = tuple(tensor_of(text) for text in texts)
            found.append(Function(graph, tuple(placeholders), outputs))
    for outside, inside, result in zip(inputs, placeholders, found[-1].outputs, strict=False):
        if inside is result:
            graph.captures.setdefault(outside, inside)
    return found


def _as_graph_def(
    message: Any, graph: FunctionGraph, known: dict[str, Tensor], prefix: str
) -> tuple[Any, list[str]]:
    """A function's nodes with their inputs named as in a GraphDef; the names of its results.

    Variables of the graphs outside are added to `known`.
    """
    texts = {}
    for node in message.node_def:
        attrs = _arity_attrs(node)
        for index, text in enumerate(_output_texts(node.op, attrs)):
            texts[f"{node.name}:{text}"] = f"{node.name}:{index}"
    result = GraphDef()
    for node in message.node_def:
        variable = graph.outer._by_name.get(prefix + node.name)
        if variable is not None and node.op in ("Variable", "VariableV2"):
            known[f"{node.name}:0"] = known[f"^{node.name}"] = graph.capture(variable.outputs[0])
            continue
        copy = NodeDef()
        copy.CopyFrom(node)
        del copy.input[:]
        copy.input.extend([texts.get(text, text) for text in node.input])
        result.node.append(copy)
    names = [message.ret[arg.name] for arg in message.signature.output_arg]
    return result, [texts.get(text, f"{text}:0") for text in names]


def _arity_attrs(node: Any) -> dict[str, Any]:
    """The attributes that tell how many outputs a node has."""
    found: dict[str, Any] = {}
    for arg in lookup(node.op).outputs:
        if arg.number_attr:
            found[arg.number_attr] = node.attr[arg.number_attr].i
        elif arg.type_list_attr:
            found[arg.type_list_attr] = list(node.attr[arg.type_list_attr].list.type)
    return found
