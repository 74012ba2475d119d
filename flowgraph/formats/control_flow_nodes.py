"""What raising control flow needs to know of NodeDefs: their kinds, inputs and outputs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flowgraph import errors
from flowgraph.graph.opdef import OpDef, lookup
from flowgraph.graph.signature import Arg
from flowgraph.protos import FunctionDef, NodeDef

__all__ = [
    "Library",
    "Output",
    "Region",
    "controls",
    "data",
    "kind",
    "make_node",
    "parts",
    "producer",
    "reference",
    "set_inputs",
]

_BARE = ("Switch", "Merge", "Enter", "Exit", "NextIteration")
_KINDS = {name: name for name in (*_BARE, "LoopCond", "ControlTrigger")}
_KINDS.update({"Ref" + name: name for name in _BARE})


def kind(node: Any) -> str:
    """What a node of TensorFlow 1's control flow does: "Switch", "Merge"...; "" for others."""
    return _KINDS.get(node.op, "") if node is not None else ""


def parts(text: str) -> tuple[str, int]:
    """The node and the index of the output that an input names."""
    name, _, index = text.partition(":")
    return name, int(index or 0)


def reference(name: str, index: int = 0) -> str:
    """An output as an input names it."""
    return f"{name}:{index}" if index else name


def producer(text: str) -> str:
    """The name of the node that an input, of data or of control, comes from."""
    return text.removeprefix("^").partition(":")[0]


def data(node: Any) -> list[str]:
    """The tensors that a node reads."""
    return [reference(*parts(text)) for text in node.input if not text.startswith("^")]


def controls(node: Any) -> list[str]:
    """The names of the nodes that a node waits for."""
    return [text[1:] for text in node.input if text.startswith("^")]


def set_inputs(node: Any, tensors: Iterable[str], before: Iterable[str]) -> None:
    """Let a node read tensors, and wait for nodes."""
    del node.input[:]
    node.input.extend(tensors)
    node.input.extend(["^" + name for name in dict.fromkeys(before)])


def make_node(
    op_type: str, name: str, tensors: Iterable[str] = (), before: Iterable[str] = (), **types: Any
) -> Any:
    """A NodeDef; `types` are attributes, each a type's number or a list of them."""
    node = NodeDef(name=name, op=op_type)
    set_inputs(node, tensors, before)
    for key, value in types.items():
        if isinstance(value, list):
            node.attr[key].list.SetInParent()
            node.attr[key].list.type.extend(value)
        else:
            node.attr[key].type = value
    return node


@dataclass(frozen=True)
class Output:
    """An output of a node.

    Attributes:
        text: its name in a function, after the node's: ``argument:index``.
        dtype: the number of its type.
    """

    text: str
    dtype: int
    is_ref: bool


def _outputs(node: Any) -> list[Output]:
    if kind(node) in _BARE:
        dtype = node.attr["T"].type
        is_ref = node.op.startswith("Ref")
        return [Output("output:0", dtype, is_ref), Output("output:1", dtype, is_ref)]
    try:
        definition = lookup(node.op)
    except ValueError:
        raise errors.NotFoundError(
            None, None, f"Op type not registered '{node.op}' (of the node '{node.name}')"
        ) from None
    found = []
    for arg in definition.outputs:
        for index, dtype in enumerate(_types(node, definition, arg)):
            found.append(Output(f"{arg.name}:{index}", dtype, arg.is_ref))
    return found


def _types(node: Any, definition: OpDef, arg: Arg) -> list[int]:
    if arg.type_list_attr:
        return list(node.attr[arg.type_list_attr].list.type)
    count = node.attr[arg.number_attr].i if arg.number_attr else 1
    if arg.dtype is not None:
        return [arg.dtype.as_datatype_enum] * count
    if arg.type_attr in node.attr:
        return [node.attr[arg.type_attr].type] * count
    default = definition.attrs[arg.type_attr].default
    return [getattr(default, "as_datatype_enum", 0)] * count


@dataclass
class Region:
    """Nodes of one frame and branch, or of the whole graph.

    Attributes:
        nodes: by name; inputs that name none of them name `arguments`.
        arguments: names and types of what comes from outside.
    """

    nodes: dict[str, Any]
    arguments: dict[str, int] = field(default_factory=dict)

    def output(self, text: str, reader: str) -> Output:
        """What is known of a tensor. Raises ValueError, naming `reader`, if it does not exist."""
        name, index = parts(text)
        if name in self.arguments:
            return Output("", self.arguments[name], False)
        if name not in self.nodes:
            raise ValueError(f"Node '{reader}': Unknown input node '{name}'")
        found = _outputs(self.nodes[name])
        if index >= len(found):
            raise ValueError(
                f"Node '{reader}': Connecting to invalid output {index} of source node {name} "
                f"which has {len(found)} outputs."
            )
        return found[index]

    def variable(self, text: str) -> tuple[str, list[str]]:
        """The variable that a reference belongs to, and the nodes that change it on the way."""
        changes = []
        node = self.nodes.get(producer(text))
        while node is not None and data(node):
            if not kind(node):
                changes.append(node.name)
            node = self.nodes.get(producer(data(node)[0]))
        if node is None:
            raise ValueError(f"The reference '{text}' belongs to no variable of the GraphDef.")
        return node.name, changes

    def ordered(self, back: Callable[[Any, Any], bool] | None = None) -> list[Any]:
        """The nodes, each after those it reads; otherwise in the order in which they stand.

        Args:
            back: says of a node and one that it reads whether it need not stand after that.

        Raises:
            ValueError: if there is a cycle.
        """
        nodes = self.nodes
        places = {name: place for place, name in enumerate(nodes)}
        readers: dict[str, list[str]] = {name: [] for name in nodes}
        waiting = {}
        for node in nodes.values():
            sources = {producer(text) for text in node.input} & nodes.keys()
            if back is not None:
                sources = {source for source in sources if not back(node, nodes[source])}
            for source in sources:
                readers[source].append(node.name)
            waiting[node.name] = len(sources)
        ready = [places[name] for name, count in waiting.items() if not count]
        heapq.heapify(ready)
        names = list(nodes)
        found = []
        while ready:
            name = names[heapq.heappop(ready)]
            found.append(nodes[name])
            for reader in readers[name]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    heapq.heappush(ready, places[reader])
        if len(found) < len(nodes):
            stuck = next(name for name, count in waiting.items() if count)
            raise ValueError(f"The GraphDef has a cycle through the node '{stuck}'.")
        return found

    def needed(self, texts: Iterable[str]) -> set[str]:
        """The names of the nodes that tensors and nodes depend on, and of their own."""
        stack = [producer(text) for text in texts]
        found: set[str] = set()
        while stack:
            name = stack.pop()
            if name not in found and name in self.nodes:
                found.add(name)
                stack.extend([producer(text) for text in self.nodes[name].input])
        return found


class Library:
    """Names in use, and the functions that are made.

    Attributes:
        variables: the variables of the graph by name. Functions hold copies of them.
    """

    def __init__(self, message: Any) -> None:
        self.functions: list[Any] = []
        self._names = {node.name for node in message.node}
        self._functions = {each.signature.name for each in message.library.function}
        self.variables = {
            node.name: node for node in message.node if node.op in ("Variable", "VariableV2")
        }
        self._argument = "x_"
        while any(name.startswith(self._argument) for name in self._names):
            self._argument = "x" + self._argument

    def argument(self, index: int) -> str:
        """The name of a function's argument."""
        return f"{self._argument}{index}"

    def unique(self, name: str) -> str:
        """A name that no node has."""
        return _unique(name, self._names)

    def add(self, name: str, region: Region, results: Iterable[str]) -> str:
        """Add a function that computes `results` from the region's arguments: its name."""
        found = _unique("".join(c if c.isalnum() else "_" for c in name), self._functions)
        message = FunctionDef()
        message.signature.name = found
        for argument, dtype in region.arguments.items():
            message.signature.input_arg.add(name=argument, type=dtype)
        values = [self._value(region, text) for text in results]
        kept = region.needed(values)
        for node in region.ordered():
            if node.name in kept:
                copy = message.node_def.add()
                copy.CopyFrom(node)
                texts = [_in_function(region, text, node.name) for text in data(node)]
                set_inputs(copy, texts, controls(node))
        for index, text in enumerate(values):
            dtype = region.output(text, name).dtype
            message.signature.output_arg.add(name=f"y_{index}", type=dtype)
            message.ret[f"y_{index}"] = _in_function(region, text, name)
        self.functions.append(message)
        return found

    def _value(self, region: Region, text: str) -> str:
        """A result of a function: the value, where `text` names a variable itself."""
        output = region.output(text, text)
        if not output.is_ref:
            return text
        node = make_node("Identity", self.unique(producer(text) + "/value"), [text], T=output.dtype)
        region.nodes[node.name] = node
        return str(node.name)


def _unique(name: str, used: set[str]) -> str:
    found, number = name, 0
    while found in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found)
    return found


def _in_function(region: Region, text: str, reader: str) -> str:
    name, _ = parts(text)
    return name if name in region.arguments else f"{name}:{region.output(text, reader).text}"
