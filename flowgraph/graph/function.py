"""Graphs inside a graph: the bodies of loops and the branches of conditionals.

A `FunctionGraph` is built while another graph, its outer one, waits. What its ops read from outside
is captured: it becomes a placeholder here and an input of the op that runs the function there.
Names, collections and scopes are those of the outer graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from flowgraph import callsite
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.opdef import OpDef, lookup
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.shapes import TensorShape

__all__ = [
    "EXTENDS",
    "Function",
    "FunctionGraph",
    "depth",
    "functions_of",
    "init_scope",
    "lifted",
    "origins",
    "root_of",
]

# The attribute that names the op which another one extends (see `Graph._extended`).
EXTENDS = "_extends"
_MAX_COPIED_ELEMENTS = 64


@dataclass(frozen=True, eq=False)
class Function:
    """Some tensors of a function graph as a function of others.

    Attributes:
        inputs: placeholders of `graph`.
        outputs: tensors of `graph`.
    """

    graph: FunctionGraph
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def operations(self) -> list[Operation]:
        """What the outputs depend on, but for the inputs, in the order of creation."""
        inputs = {tensor.op for tensor in self.inputs}
        found: set[Operation] = set()
        stack = [tensor.op for tensor in self.outputs]
        while stack:
            op = stack.pop()
            if op not in found and op not in inputs:
                found.add(op)
                stack.extend([tensor.op for tensor in op.inputs])
                stack.extend(op.control_inputs)
        return sorted(found, key=lambda op: op._id)

    def __repr__(self) -> str:
        return f"<function of {len(self.inputs)} in {self.graph.scope!r}>"


def functions_of(op: Operation) -> list[Function]:
    """The functions that `op` runs."""
    return [value for value in op.attrs.values() if type(value) is Function]


class FunctionGraph(Graph):
    """A graph whose ops run inside one op of the graph `outer`.

    Attributes:
        captures: tensors of the outer graph, and the placeholders that stand for them here.
        references: variables of the outer graph, and what stands for them here.
        outer_controls: operations outside that must have run before.
        scope: the name scope in which it was begun.
    """

    is_function = True

    def __init__(self, outer: Graph) -> None:
        self.outer = outer
        super().__init__()
        self.captures: dict[Tensor, Tensor] = {}
        self.references: dict[Tensor, Tensor] = {}
        self.outer_controls: list[Operation] = []
        self.scope = outer._name_scope
        self.seed = outer.seed
        self._copies: dict[Tensor, Tensor] = {}
        self._names_in_use = outer._names_in_use
        self._name_scope = outer._name_scope
        self._collections = outer._collections
        self._scope_state = outer._scope_state
        self._device_stack = outer._device_stack
        self._attribute_scopes = outer._attribute_scopes

    @property
    def _gradient_overrides(self) -> dict[str, str]:
        """Also those that are begun on the graph outside meanwhile."""
        return {**self.outer._gradient_overrides, **self._own_overrides}

    @_gradient_overrides.setter
    def _gradient_overrides(self, overrides: dict[str, str]) -> None:
        self._own_overrides = overrides

    @property
    def _last_id(self) -> int:
        return self.outer._last_id + len(self._operations)

    def _create_op(
        self,
        definition: OpDef,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        frames: callsite.RawFrames,
    ) -> Operation:
        captured = tuple([t if t.op.graph is self else self.capture(t) for t in inputs])
        return super()._create_op(definition, name, captured, attrs, frames)

    def placeholder(self, dtype: Any, shape: Any, name: str) -> Tensor:
        """A new input of the functions of this graph."""
        attrs = {"dtype": dtype.base_dtype, "shape": TensorShape(shape)}
        with self._outside_of_controls():
            full_name = self.unique_name(name)
            op = Graph._create_op(
                self, lookup("Placeholder"), full_name, (), attrs, callsite.capture()
            )
        self._unfetchable.add(op)
        return op.outputs[0]

    @contextmanager
    def _outside_of_controls(self) -> Iterator[None]:
        with self.control_dependencies(None):
            yield

    def capture(self, tensor: Tensor) -> Tensor:
        """What stands here for a tensor of a graph outside.

        Raises:
            ValueError: if the tensor is of no surrounding graph.
        """
        if tensor.op.graph is self:
            return tensor
        known = self.captures.get(tensor, self._copies.get(tensor))
        if known is not None:
            return known
        if tensor.dtype.is_ref_dtype:
            return self._reference(tensor)
        made = self._capture_new(tensor)
        value = _small_constant(tensor)
        if value is not None:
            made._const = value
        return made

    def _capture_new(self, tensor: Tensor) -> Tensor:
        outside = self._from_outside(tensor)
        if outside is not tensor and outside in self.captures:
            made = self.captures[outside]
        else:
            made = self.placeholder(outside.dtype, outside.shape, tensor.op.name.split("/")[-1])
            self.captures[outside] = made
        if outside is not tensor:
            self._copies[tensor] = made
        return made

    def _from_outside(self, tensor: Tensor) -> Tensor:
        """`tensor` as a tensor of the graph just outside."""
        if tensor.op.graph is self.outer:
            return tensor
        if isinstance(self.outer, FunctionGraph):
            return self.outer.capture(tensor)
        raise ValueError(
            f"{tensor} must be from the same graph: it was built in a loop, a branch or a graph "
            "that is not around this place; return it from there instead."
        )

    def _reference(self, tensor: Tensor) -> Tensor:
        """A variable under its own name: variables belong to the session, not to a graph."""
        outside = self._from_outside(tensor)
        op = outside.op
        if op.inputs:
            # The variable after a change; the change is made outside.
            if op not in self.outer_controls:
                self.outer_controls.append(op)
            while op.inputs:
                outside = op.inputs[0]
                op = outside.op
        if outside not in self.references:
            with self._outside_of_controls():
                twin = Graph._create_op(self, op.definition, op.name, (), op.attrs, op._frames)
            self.references[outside] = twin.outputs[0]
        return self.references[outside]

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """As in any graph; nodes of the graphs outside are found, too."""
        convert = getattr(obj, "_as_graph_element", None)
        element = obj if convert is None else convert()
        if isinstance(element, Tensor | Operation) and element.graph is not self:
            return self.outer.as_graph_element(element, allow_tensor, allow_operation)
        if isinstance(element, str | bytes):
            text = element.decode() if isinstance(element, bytes) else element
            if text.partition(":")[0] not in self._by_name:
                return self.outer.as_graph_element(text, allow_tensor, allow_operation)
        return super().as_graph_element(element, allow_tensor, allow_operation)

    def _control_operations(self, control_inputs: Any) -> list[Operation]:
        inside = []
        for op in super()._control_operations(control_inputs):
            if op.graph is self:
                inside.append(op)
            elif op not in self.outer_controls:
                self.outer_controls.append(op)
        return inside


def _small_constant(tensor: Tensor) -> Any:
    """The value of a small tensor, if it is known and nothing can be differentiated by it."""
    if tensor.dtype.kind in "fc" or tensor.dtype.np.kind == "O":
        return None
    value = tensor.const_value()
    return None if value is None or value.size > _MAX_COPIED_ELEMENTS else value


def root_of(graph: Graph) -> Graph:
    """The graph that is inside no other."""
    while isinstance(graph, FunctionGraph):
        graph = graph.outer
    return graph


def depth(graph: Graph) -> int:
    """In how many graphs the graph is inside."""
    count = 0
    while isinstance(graph, FunctionGraph):
        graph = graph.outer
        count += 1
    return count


def origins(graph: Graph) -> dict[Operation, Tensor]:
    """What stands in the graph, and in those around it, for tensors of the graph just outside."""
    found: dict[Operation, Tensor] = {}
    while isinstance(graph, FunctionGraph):
        for outside, inside in (*graph.captures.items(), *graph.references.items()):
            found[inside.op] = outside
        graph = graph.outer
    return found


@contextmanager
def lifted(graph: Graph | None = None) -> Iterator[Graph]:
    """Build outside of all loops, branches and control dependencies, under the same name scope.

    Args:
        graph: where the loop or branch is; the default graph if None.
    """
    inner = get_default_graph() if graph is None else graph
    root = root_of(inner)
    previous = root._name_scope
    root._name_scope = inner._name_scope
    try:
        with root.as_default(), root.control_dependencies(None):
            yield root
    finally:
        root._name_scope = previous


def init_scope() -> AbstractContextManager[Graph]:
    """``with init_scope():`` builds outside of all loops, branches and control dependencies.

    What is built there under the current name scope is made once, as variables are.
    """
    return lifted()
