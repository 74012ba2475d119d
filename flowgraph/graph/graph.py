"""The user's append-only graph: names, scopes, control dependencies, collections, seeds."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from flowgraph import callsite, dims
from flowgraph.graph import devices, hooks
from flowgraph.graph.collection_store import CollectionStore
from flowgraph.graph.names import NameScopes
from flowgraph.graph.opdef import OpDef
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["Graph", "function_being_built", "get_default_graph", "reset_default_graph"]


class _ControlContext:
    """One ``with control_dependencies(...)`` and the ops built inside it."""

    def __init__(self, inputs: list[Operation], previous: list[_ControlContext]) -> None:
        self.inputs = inputs
        self.previous = previous
        self.seen: set[Operation] = set()


class Graph(NameScopes, CollectionStore):
    """A dataflow graph: operations, and the tensors between them.

    Nodes are only ever added. ``with graph.as_default():`` makes it the place where ops are built;
    `finalize` makes it read-only.
    """

    # True for graphs that run inside an op of another (see `flowgraph.graph.function`).
    is_function = False

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._control_stack: list[_ControlContext] = []
        self._device_stack: list[Any] = []
        self._colocation_stack: list[Operation] = []
        self._gradient_overrides: dict[str, str] = {}
        self._attribute_scopes: dict[str, Any] = {}
        self._scope_state: dict[str, Any] = {}
        self._original_op: Operation | None = None
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._version = 0
        self._edits = 0
        # A loop or conditional to the one that its gradient runs in its place.
        self._extended: dict[Operation, Operation] = {}
        self._lock = threading.RLock()
        self.seed: int | None = None

    def _create_op(
        self,
        definition: OpDef,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        frames: callsite.RawFrames,
    ) -> Operation:
        """Append a node. `name` is full and already unique."""
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        for tensor in inputs:
            if tensor.op.graph is not self:
                raise _foreign_input(tensor, name)
        try:
            shapes = definition.infer(inputs, attrs)
        except ValueError as error:
            raise _shape_error(error, definition, name, inputs, frames) from None
        control = self._control_inputs_for(inputs) if self._control_stack else []
        op = Operation(self, name, definition, inputs, attrs, control, frames)
        outputs = op.outputs
        for dtype, shape in zip(definition.output_dtypes(attrs), shapes, strict=True):
            outputs.append(Tensor(op, len(outputs), dtype, shape))
        for tensor in inputs:
            tensor._consumers.append(op)
        self._register(op)
        return op

    def _register(self, op: Operation) -> None:
        if self._device_stack:
            op._device = devices.resolve(self._device_stack, op)
        if self._colocation_stack:
            devices.colocate(op, self._colocation_stack)
        if self._gradient_overrides:
            op._gradient_override = self._gradient_overrides.get(op.type)
        for key, value in self._attribute_scopes.items():
            op._set_attr(key, value)
        op._original_op = self._original_op
        for context in self._control_stack:
            context.seen.add(op)
        with self._lock:
            self._operations.append(op)
            op._id = len(self._operations)
            self._by_name[op.name] = op
            self._version += 1

    def _control_inputs_for(self, inputs: Iterable[Tensor]) -> list[Operation]:
        producers = {tensor.op for tensor in inputs}
        found: list[Operation] = []
        for context in self._control_stack:
            # An op that reads something built inside the context is ordered already.
            if producers.isdisjoint(context.seen):
                found.extend(o for o in context.inputs if o not in producers and o not in found)
        return found

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._version

    @property
    def _last_id(self) -> int:
        return len(self._operations)

    def get_operations(self) -> list[Operation]:
        """All operations in the order of their creation."""
        return list(self._operations)

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """The tensor or operation that an object or a name stands for.

        Raises:
            TypeError: if `obj` is of another kind.
            ValueError: if it belongs to another graph or is no valid name.
            KeyError: if no node has that name.
        """
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        if (isinstance(obj, Tensor) and allow_tensor) or (
            isinstance(obj, Operation) and allow_operation
        ):
            if obj.graph is not self:
                kind = "Tensor" if isinstance(obj, Tensor) else "Operation"
                inside = _INSIDE if obj.graph.is_function else ""
                raise ValueError(f"{kind} {obj!r} is not an element of this graph.{inside}")
            return obj
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._named(obj, allow_tensor, allow_operation)
        wanted = " or ".join(
            kind
            for kind, allowed in (("Tensor", allow_tensor), ("Operation", allow_operation))
            if allowed
        )
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")

    def _named(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        op_name, colon, index = name.partition(":")
        if colon and allow_tensor:
            if not index.isdigit():
                raise ValueError(
                    f"The name {name!r} looks a like a Tensor name, but is not a valid one. "
                    'Tensor names must be of the form "<op_name>:<output_index>".'
                )
            op = self._by_name.get(op_name)
            if op is None or int(index) >= len(op.outputs):
                outputs = "does not exist" if op is None else f"has {len(op.outputs)} outputs"
                raise KeyError(
                    f"The name {name!r} refers to a Tensor which does not exist. "
                    f"The operation, {op_name!r}, {outputs} in the graph."
                )
            return op.outputs[int(index)]
        if colon:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")
        op = self._by_name.get(name)
        if not allow_operation:
            hint = f' Perhaps you meant "{name}:0".' if op is not None else ""
            raise ValueError(
                f"The name {name!r} refers to an Operation, not a Tensor. "
                f'Tensor names must be of the form "<op_name>:<output_index>".{hint}'
            )
        if op is None:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return op

    def get_operation_by_name(self, name: str) -> Operation:
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        found: Operation = self.as_graph_element(name, allow_tensor=False)
        return found

    def get_tensor_by_name(self, name: str) -> Tensor:
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        found: Tensor = self.as_graph_element(name, allow_operation=False)
        return found

    def is_feedable(self, tensor: Tensor) -> bool:
        return tensor not in self._unfeedable

    def is_fetchable(self, element: Any) -> bool:
        return getattr(element, "op", element) not in self._unfetchable

    def prevent_feeding(self, tensor: Tensor) -> None:
        self._unfeedable.add(tensor)

    def prevent_fetching(self, op: Operation) -> None:
        self._unfetchable.add(op)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a GraphDef message."""
        return hooks.graph_def(self, add_shapes=add_shapes)

    def as_default(self) -> AbstractContextManager[Graph]:
        return _default_graph(self)

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[_ControlContext]:
        """Ops built inside run after `control_inputs`; None forgets the surrounding contexts."""
        previous = self._control_stack
        if control_inputs is None:
            context = _ControlContext([], previous)
            self._control_stack = []
        else:
            context = _ControlContext(self._control_operations(control_inputs), previous)
            self._control_stack = [*previous, context]
        try:
            yield context
        finally:
            self._control_stack = previous

    def _control_operations(self, control_inputs: Iterable[Any]) -> list[Operation]:
        found: list[Operation] = []
        for each in control_inputs:
            element = self.as_graph_element(getattr(each, "_as_control_input", lambda e=each: e)())
            op = element.op if isinstance(element, Tensor) else element
            if op not in found:
                found.append(op)
        return found

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Place ops built inside; strings merge with the surrounding device, inner parts
        winning."""
        self._device_stack = [*self._device_stack, devices.checked(device_name_or_function)]
        try:
            yield
        finally:
            self._device_stack = self._device_stack[:-1]

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Place ops built inside on the device of `op`."""
        previous = self._colocation_stack
        if op is None:
            self._colocation_stack = []
        else:
            element = self.as_graph_element(op)
            target = element.op if isinstance(element, Tensor) else element
            self._colocation_stack = [target] if ignore_existing else [*previous, target]
        try:
            yield
        finally:
            self._colocation_stack = previous

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Differentiate ops of the given types built inside by other registered gradients."""
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for key, value in op_type_map.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        previous = self._gradient_overrides
        self._gradient_overrides = {**previous, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = previous

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Accepted for compatibility: a session's resources are its own."""
        yield container_name

    def __repr__(self) -> str:
        return f"<flowgraph.Graph of {len(self._operations)} operations>"


_INSIDE = " It belongs to a loop or a branch and is not fetchable outside: return it from there."


def _foreign_input(tensor: Tensor, name: str) -> ValueError:
    inside = _INSIDE if tensor.op.graph.is_function else ""
    return ValueError(f"{tensor} must be from the same graph as the op {name!r}.{inside}")


def _shape_error(
    error: ValueError,
    definition: OpDef,
    name: str,
    inputs: tuple[Tensor, ...],
    frames: callsite.RawFrames,
) -> ValueError:
    shapes = ", ".join(dims.show_list(tensor.dims) for tensor in inputs)
    where = callsite.render(frames)
    created = f"\n  created at {where}" if where else ""
    return ValueError(
        f"{error} for '{name}' (op: '{definition.name}') with input shapes: {shapes}.{created}"
    )


class _GraphStack(threading.local):
    def __init__(self) -> None:
        self.graphs: list[Graph] = []


_stack = _GraphStack()


def function_being_built() -> Graph | None:
    """The default graph, if it is the body of a loop or a branch."""
    if _stack.graphs and _stack.graphs[-1].is_function:
        return _stack.graphs[-1]
    return None


_global_graph: Graph | None = None


def get_default_graph() -> Graph:
    """The graph that ops are added to in this thread."""
    global _global_graph
    if _stack.graphs:
        return _stack.graphs[-1]
    if _global_graph is None:
        _global_graph = Graph()
    return _global_graph


def reset_default_graph() -> None:
    """Replace the global default graph by an empty one.

    Raises:
        AssertionError: inside a ``with graph.as_default():`` block.
    """
    global _global_graph
    if _stack.graphs:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
            "graph, exit the nesting and create a new graph."
        )
    _global_graph = None


@contextmanager
def _default_graph(graph: Graph) -> Iterator[Graph]:
    _stack.graphs.append(graph)
    try:
        yield graph
    finally:
        _stack.graphs.pop()
