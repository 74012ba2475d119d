"""GraphDef messages as nodes of a graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from flowgraph import callsite, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.formats.attributes import is_neutral, python_value
from flowgraph.formats.function_shapes import branch_shapes, loop_functions
from flowgraph.formats.functions import functions_from
from flowgraph.formats.raise_loops import has_raw_control_flow, raise_control_flow
from flowgraph.formats.resource_variables import has_resource_variables, with_references
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import EXTENDS, Function, FunctionGraph
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.opdef import MISSING, OpDef, lookup
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.protos import GraphDef
from flowgraph.shapes import TensorShape

__all__ = ["import_graph_def"]

# Attributes with which later producers mark what a node is for, without effect on its value.
_HINTS = {
    (op_type, name)
    for op_type in ("MatMul", "BatchMatMul", "BatchMatMulV2")
    for name in ("grad_a", "grad_b", "grad_x", "grad_y")
}


def import_graph_def(
    graph_def: Any,
    input_map: Any = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> Any:
    """Add the nodes of a GraphDef to the default graph.

    Args:
        graph_def: a GraphDef message.
        input_map: tensors to use in place of those that the GraphDef names: ``{"x:0": tensor}``;
            ``"^op"`` replaces a control input.
        return_elements: names of operations (``"op"``) or tensors (``"op:0"``) to return.
        name: prefix of the new nodes' names, "import" if None; "" for none.
        op_dict: not used; accepted for compatibility.
        producer_op_list: an OpList of the program that wrote the GraphDef; an attribute that is
            not known here is dropped where it has the value that this list gives as its default.

    Returns:
        The operations and tensors that `return_elements` names; None if it is None.

    Raises:
        TypeError: if an argument is of the wrong kind.
        ValueError: if names in `input_map` or `return_elements` are not in the GraphDef, if a name
            is taken in the graph, or a node does not fit the declaration of its op.
        NotFoundError: if there is no op of a node's type.
    """
    message = _checked_graph_def(graph_def)
    if has_resource_variables(message):
        message = with_references(message)
    if has_raw_control_flow(message):
        message = raise_control_flow(message)
    replaced = _checked_input_map(input_map)
    wanted = _checked_return_elements(return_elements)
    graph = get_default_graph()
    if name == "" and not all(isinstance(value, Tensor | Operation) for value in replaced.values()):
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor "
            "values. Try calling tf.convert_to_tensor() on `input_map` values before calling "
            "tf.import_graph_def()."
        )
    with graph.name_scope("import" if name is None else name) as prefix:
        if not all(isinstance(value, Tensor | Operation) for value in replaced.values()):
            with graph.name_scope("_inputs"):
                replaced = {key: _as_replacement(value) for key, value in replaced.items()}
        importing = _Import(graph, message, prefix, replaced, _producer_defaults(producer_op_list))
        importing.run()
    unused = sorted(set(replaced) - importing.mapped)
    if unused:
        found = ", ".join(unused)
        raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{found}]")
    return None if wanted is None else [importing.element(each) for each in wanted]


def _checked_graph_def(graph_def: Any) -> Any:
    if isinstance(graph_def, GraphDef):
        return graph_def
    # Messages of TensorFlow's own classes describe the same thing.
    serialize = getattr(graph_def, "SerializeToString", None)
    if serialize is None or type(graph_def).__name__ != "GraphDef":
        raise TypeError("graph_def must be a GraphDef proto.")
    return GraphDef.FromString(serialize())


def _checked_input_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, Mapping) or not all(isinstance(key, str) for key in input_map):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    return {_canonical(key): value for key, value in input_map.items()}


def _checked_return_elements(elements: Any) -> tuple[str, ...] | None:
    if elements is None:
        return None
    texts = tuple(elements)
    if not all(isinstance(each, str | bytes) for each in texts):
        raise TypeError("return_elements must be a list of strings.")
    return tuple(each.decode() if isinstance(each, bytes) else each for each in texts)


def _canonical(name: str) -> str:
    """A tensor's name with its index: ``x`` is ``x:0``."""
    return name if name.startswith("^") or ":" in name else name + ":0"


def _as_replacement(value: Any) -> Any:
    return value if isinstance(value, Operation) else convert_to_tensor(value)


def _producer_defaults(op_list: Any) -> dict[tuple[str, str], Any]:
    """Default values by op type and attribute."""
    if op_list is None:
        return {}
    return {
        (op.name, attr.name): attr.default_value
        for op in op_list.op
        for attr in op.attr
        if attr.HasField("default_value")
    }


def _producer_of(text: str) -> str:
    return text.removeprefix("^").partition(":")[0]


class _Import:
    """One GraphDef on its way into a graph."""

    def __init__(
        self,
        graph: Graph,
        message: Any,
        prefix: str,
        replaced: dict[str, Any],
        defaults: dict[tuple[str, str], Any],
    ) -> None:
        self.graph = graph
        self.nodes = {node.name: node for node in message.node}
        if len(self.nodes) != len(message.node):
            raise ValueError("The GraphDef has several nodes of the same name.")
        self.prefix = prefix
        self.replaced = replaced
        self.defaults = defaults
        self.library = {each.signature.name: each for each in message.library.function}
        self.mapped: set[str] = set()
        self.made: dict[str, Operation] = {}
        self.frames = callsite.capture()

    def run(self) -> None:
        ordered = self._ordered()
        definitions = [self._definition(node) for node in ordered]
        for node in ordered:
            if self.prefix + node.name in self.graph._by_name:
                raise ValueError(
                    f"Node name '{self.prefix + node.name}' already exists in the Graph"
                )
        with self.graph.name_scope(None):
            for node, definition in zip(ordered, definitions, strict=True):
                self.made[node.name] = self._make(node, definition)
            for node in ordered:
                base = (
                    self.made.get(node.attr[EXTENDS].s.decode()) if EXTENDS in node.attr else None
                )
                if base is not None:
                    self.graph._extended[base] = self.made[node.name]

    def _definition(self, node: Any) -> OpDef:
        try:
            return lookup(node.op)
        except ValueError:
            raise errors.NotFoundError(
                None, None, f"Op type not registered '{node.op}' (of the node '{node.name}')"
            ) from None

    def _ordered(self) -> list[Any]:
        """The nodes, each after those it reads; otherwise in the order of the message."""
        waiting: dict[str, int] = {}
        readers: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            sources = {_producer_of(text) for text in node.input if not self._is_replaced(text)}
            for source in sources:
                if source not in self.nodes:
                    raise ValueError(f"Node '{node.name}': Unknown input node '{source}'")
                readers[source].append(node.name)
            waiting[node.name] = len(sources)
        ready = deque(name for name, count in waiting.items() if not count)
        ordered = []
        while ready:
            name = ready.popleft()
            ordered.append(self.nodes[name])
            for reader in readers[name]:
                waiting[reader] -= 1
                if not waiting[reader]:
                    ready.append(reader)
        if len(ordered) < len(self.nodes):
            stuck = next(name for name, count in waiting.items() if count)
            raise ValueError(f"The GraphDef has a cycle through the node '{stuck}'.")
        return self._as_in_message(ordered)

    def _as_in_message(self, ordered: list[Any]) -> list[Any]:
        """The message's own order where that is topological, which it nearly always is."""
        seen: set[str] = set()
        for node in self.nodes.values():
            for text in node.input:
                if not self._is_replaced(text) and _producer_of(text) not in seen:
                    return ordered
            seen.add(node.name)
        return list(self.nodes.values())

    def _is_replaced(self, text: str) -> bool:
        return _canonical(text) in self.replaced

    def _source(self, text: str, node: Any) -> Tensor:
        key = _canonical(text)
        if key in self.replaced:
            self.mapped.add(key)
            tensor: Tensor = self.replaced[key]
            return tensor
        outputs = self.made[_producer_of(text)].outputs
        index = int(key.partition(":")[2])
        if index >= len(outputs):
            raise ValueError(
                f"Node '{node.name}': Connecting to invalid output {index} of source node "
                f"{_producer_of(text)} which has {len(outputs)} outputs."
            )
        return outputs[index]

    def _control(self, text: str) -> Operation:
        if text in self.replaced:
            self.mapped.add(text)
            target = self.replaced[text]
            return target if isinstance(target, Operation) else target.op
        return self.made[_producer_of(text)]

    def _make(self, node: Any, definition: OpDef) -> Operation:
        data = [text for text in node.input if not text.startswith("^")]
        inputs = tuple([self._source(text, node) for text in data])
        attrs = self._attributes(node, definition)
        _check_inputs(node, definition, inputs, attrs)
        self._find_functions(definition, inputs, attrs)
        graph = self.graph
        full_name = graph.unique_name(self.prefix + node.name)
        op = graph._create_op(definition, full_name, inputs, attrs, self.frames)
        controls = [self._control(text) for text in node.input if text.startswith("^")]
        if controls:
            op._add_control_inputs(controls)
        if node.device:
            op._device = node.device
        self._set_private_attributes(op, node)
        return op

    def _find_functions(
        self, definition: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any]
    ) -> None:
        """Replace the names of functions among the attributes by the functions."""
        keys = [name for name, spec in definition.attrs.items() if spec.kind == "func"]
        if not keys:
            return
        given = list(inputs[len(inputs) - len(attrs.get("T", attrs.get("Tin", ()))) :])
        names = [attrs[key].name for key in keys]

        def build(shapes: list[Dims]) -> list[Function]:
            return functions_from(
                self.library, names, given, shapes, self.graph, self.prefix, self._import_function
            )

        shapes = [tensor.dims for tensor in given]
        if attrs["output_shapes"]:
            if definition.name == "While":
                shapes = [shape._dims for shape in attrs["output_shapes"]]
            found = build(shapes)
        elif definition.name == "While":
            shapes, found = loop_functions(build, shapes, self.graph)
            attrs["output_shapes"] = [TensorShape(shape) for shape in shapes]
        else:
            found = build(shapes)
            attrs["output_shapes"] = branch_shapes(found)
        attrs.update(zip(keys, found, strict=True))

    def _import_function(
        self, graph: FunctionGraph, message: Any, known: dict[str, Any]
    ) -> Callable[[str], Tensor]:
        importing = _Import(graph, message, self.prefix, known, self.defaults)
        importing.library = self.library
        importing.run()
        return lambda text: known[text] if text in known else importing.element(text)

    def _attributes(self, node: Any, definition: OpDef) -> dict[str, Any]:
        attrs: dict[str, Any] = {}
        for name, spec in definition.attrs.items():
            if name in node.attr:
                try:
                    attrs[name] = python_value(spec.kind, node.attr[name])
                except ValueError as error:
                    raise ValueError(f"Node '{node.name}': attr '{name}': {error}") from None
            elif spec.default is MISSING:
                raise ValueError(f"NodeDef '{node.name}' missing attr '{name}' from Op {node.op}")
            else:
                attrs[name] = spec.default
        for name, value in node.attr.items():
            if not name.startswith("_") and name not in attrs and (node.op, name) not in _HINTS:
                default = self.defaults.get((node.op, name))
                if value != default and not (default is None and is_neutral(value)):
                    raise ValueError(
                        f"NodeDef '{node.name}' mentions attr '{name}' not in Op {node.op}"
                    )
        return attrs

    def _set_private_attributes(self, op: Operation, node: Any) -> None:
        for name, value in node.attr.items():
            if name == "_class":
                groups = [self._moved_group(group) for group in value.list.s]
                op._set_attr(name, groups)
            elif name == "_gradient_op_type":
                op._gradient_override = value.s.decode()
            elif name.startswith("_") and name != "_output_shapes":
                op._set_attr(name, value)

    def _moved_group(self, group: bytes) -> bytes:
        """A colocation group by the name that its op has in the graph."""
        target = group.removeprefix(b"loc:@")
        if target == group or target.decode() not in self.nodes:
            return group
        return b"loc:@" + self.prefix.encode() + target

    def element(self, name: str) -> Any:
        op = self.made.get(_producer_of(name))
        index = name.partition(":")[2]
        if op is not None and not index:
            return op
        if op is not None and index.isdigit() and int(index) < len(op.outputs):
            return op.outputs[int(index)]
        raise ValueError(f"Requested return_element {name!r} not found in graph_def.")


def _check_inputs(
    node: Any, definition: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any]
) -> None:
    """Compare the inputs of a node with what its op's declaration and attributes demand."""
    expected: list[tuple[dtypes.DType, bool]] = []
    for arg in definition.inputs:
        if arg.type_list_attr:
            types = list(attrs[arg.type_list_attr])
        else:
            count = attrs[arg.number_attr] if arg.number_attr else 1
            types = [arg.dtype or attrs[arg.type_attr]] * count
        expected.extend((dtype, arg.is_ref) for dtype in types)
    if len(expected) != len(inputs):
        raise ValueError(
            f"NodeDef '{node.name}' expected {len(expected)} inputs of Op {node.op} do not match "
            f"the {len(inputs)} inputs specified"
        )
    for index, ((dtype, is_ref), tensor) in enumerate(zip(expected, inputs, strict=True)):
        if tensor.dtype.base_dtype is not dtype or (is_ref and not tensor.dtype.is_ref_dtype):
            wanted = dtype.as_ref.name if is_ref else dtype.name
            raise ValueError(
                f"Input {index} of node {node.name} was passed {tensor.dtype.name} from "
                f"{tensor.name} incompatible with expected {wanted}."
            )
