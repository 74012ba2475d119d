"""Nodes and edges of the user's graph: `Operation` and `Tensor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from flowgraph import callsite, dims
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph import hooks
from flowgraph.graph.opdef import OpDef
from flowgraph.shapes import TensorShape, as_dims

if TYPE_CHECKING:
    from flowgraph.graph.graph import Graph

__all__ = ["Operation", "Tensor"]


class Operation:
    """A node of a graph: an op type applied to tensors.

    Attributes:
        name: unique in the graph.
        inputs: the tensors it reads.
        outputs: the tensors it makes.
        control_inputs: operations that must run before it.
    """

    __slots__ = (
        "__weakref__",
        "_attributes",
        "_control_inputs",
        "_device",
        "_frames",
        "_gradient_override",
        "_id",
        "_original_op",
        "attrs",
        "definition",
        "graph",
        "inputs",
        "name",
        "outputs",
        "type",
    )

    def __init__(
        self,
        graph: Graph,
        name: str,
        definition: OpDef,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        control_inputs: list[Operation],
        frames: callsite.RawFrames,
    ) -> None:
        self.graph = graph
        self.name = name
        self.type = definition.name
        self.definition = definition
        self.inputs = inputs
        self.attrs = attrs
        self._control_inputs = control_inputs
        self._frames = frames
        self._device = ""
        self._gradient_override: str | None = None
        self._original_op: Operation | None = None
        self._attributes: dict[str, Any] | None = None
        self.outputs: list[Tensor] = []
        self._id = 0

    @property
    def control_inputs(self) -> list[Operation]:
        return list(self._control_inputs)

    @property
    def op_def(self) -> OpDef:
        return self.definition

    @property
    def device(self) -> str:
        return self._device

    @property
    def traceback(self) -> list[callsite.Frame]:
        """The stack that created the op, outermost frame first."""
        return callsite.stack(self._frames)

    @property
    def user_frame(self) -> callsite.Frame | None:
        """The user's line that created the op."""
        return callsite.user_frame(self._frames)

    @property
    def node_def(self) -> Any:
        """The op as a NodeDef message."""
        return hooks.node_def(self)

    def get_attr(self, name: str) -> Any:
        """The value of an attribute. Raises ValueError if the op has none of that name."""
        if name in self.attrs:
            value = self.attrs[name]
            kind = self.definition.attrs[name].kind if name in self.definition.attrs else ""
            if kind == "string" and isinstance(value, str):
                return value.encode()
            return value
        if self._attributes and name in self._attributes:
            return self._attributes[name]
        raise ValueError(f"Operation {self.name!r} has no attr named {name!r}.")

    def _set_attr(self, name: str, value: Any) -> None:
        """Attach an attribute that is not in the declaration (``_class``, say)."""
        self._attributes = {**(self._attributes or {}), name: value}

    def colocation_groups(self) -> list[bytes]:
        own = [f"loc:@{self.name}".encode()]
        return list((self._attributes or {}).get("_class", own))

    def values(self) -> tuple[Tensor, ...]:
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run the op in `session`, or in the default session."""
        hooks.default_session(session, self.graph, "run").run(self, feed_dict)

    def _add_control_input(self, operation: Operation) -> None:
        self._add_control_inputs([operation])

    def _add_control_inputs(self, operations: list[Operation]) -> None:
        for operation in operations:
            if operation not in self._control_inputs:
                self._control_inputs.append(operation)
        self.graph._edits += 1

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)


class Tensor:
    """One output of an operation: a value that exists only while a session runs.

    ``t.name`` is the operation's name, a colon and the output's index; ``t.shape`` what is known
    of its shape. Operators build graph nodes: ``a + b`` is `flowgraph.add`, ``a[1:, 0]`` a strided
    slice.
    """

    __slots__ = ("__weakref__", "_const", "_consumers", "dims", "dtype", "op", "value_index")

    # NumPy must leave array + tensor to Tensor.__radd__.
    __array_priority__ = 100
    __array_ufunc__ = None

    def __init__(self, op: Operation, value_index: int, dtype: DType, shape: Dims) -> None:
        self.op = op
        self.value_index = value_index
        self.dtype = dtype
        self.dims = shape
        self._consumers: list[Operation] = []
        self._const: Any = None

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.value_index}"

    @property
    def graph(self) -> Graph:
        return self.op.graph

    @property
    def device(self) -> str:
        return self.op.device

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.dims)

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return TensorShape(self.dims)

    def set_shape(self, shape: Any) -> None:
        """Merge what the caller knows into the static shape.

        Raises:
            ValueError: if it contradicts what is known.
        """
        self.dims = dims.merge(self.dims, as_dims(shape))
        self.op.graph._edits += 1

    def consumers(self) -> list[Operation]:
        """The operations that read this tensor."""
        return list(self._consumers)

    def const_value(self) -> Any:
        return hooks.const_value(self)

    def const_dims(self) -> Dims:
        found: Dims = hooks.const_dims(self)
        return found

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value, computed in `session` or in the default session."""
        return hooks.default_session(session, self.graph, "eval").run(self, feed_dict)

    def _as_node_def_input(self) -> str:
        return self.op.name if self.value_index == 0 else self.name

    def __repr__(self) -> str:
        shape = dims.show(self.dims)
        return f"<tf.Tensor '{self.name}' shape={shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self.dims is None else f", shape={dims.show(self.dims)}"
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name}{device})'

    def __len__(self) -> int:
        raise TypeError(
            f"object of type 'Tensor' has no len(): use tf.shape({self.name!r})[0], or .shape"
        )

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed: its value is not known while "
            "the graph is built. Test `t is not None` for presence, or branch with tf.cond "
            f"({self})."
        )

    def __iter__(self) -> Iterator[Any]:
        if self.dims is None:
            raise TypeError("Cannot iterate over a tensor with unknown rank.")
        if not self.dims:
            raise TypeError("Cannot iterate over a scalar tensor.")
        if self.dims[0] is None:
            raise TypeError("Cannot iterate over a tensor with unknown first dimension.")
        return iter([self[i] for i in range(self.dims[0])])

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array: "
            "run it in a session first."
        )

    @staticmethod
    def _override_operator(operator: str, function: Callable[..., Any]) -> None:
        setattr(Tensor, operator, function)

    if TYPE_CHECKING:
        # Set in flowgraph.ops.operators, from the declarations of the ops.
        def __getitem__(self, key: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
