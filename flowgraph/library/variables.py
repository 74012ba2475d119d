"""`Variable`: a value that lives in a session and that runs can change."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor, register_tensor_conversion_function
from flowgraph.graph.function import lifted
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.initial_values import attribute_scope, guarded
from flowgraph.library.variable_operators import VariableOperators
from flowgraph.library.variable_protos import (
    SaveSliceInfo,
    VariableAggregation,
    VariableProto,
    VariableSynchronization,
)
from flowgraph.library.variable_writes import VariableWrites
from flowgraph.ops import state
from flowgraph.shapes import TensorShape

__all__ = ["Variable", "VariableAggregation", "VariableSynchronization"]

CREATORS = "variable_creators"


class _Creation(type):
    """Lets the creators of `variable_creator_scope` stand between a call and the construction."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        creators = get_default_graph()._scope_state.get(CREATORS, ())
        make: Callable[..., Any] = super().__call__
        if not creators or cls is not Variable:
            return make(*args, **kwargs)
        for creator in creators:
            make = _link(creator, make)
        return make(**_by_name(args, kwargs))


def _link(creator: Callable[..., Any], following: Callable[..., Any]) -> Callable[..., Any]:
    return lambda **kwargs: creator(following, **kwargs)


_PARAMETERS = (
    "initial_value",
    "trainable",
    "collections",
    "validate_shape",
    "caching_device",
    "name",
    "variable_def",
    "dtype",
    "expected_shape",
    "import_scope",
    "constraint",
    "use_resource",
    "synchronization",
    "aggregation",
    "shape",
)


def _by_name(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return {**dict(zip(_PARAMETERS, args, strict=False)), **kwargs}


class Variable(VariableOperators, VariableProto, VariableWrites, metaclass=_Creation):
    """A value that lives in a session, is read like a tensor and changed by `assign` and kin.

    It must be initialized before it is read: run `global_variables_initializer()`, or its own
    `initializer`. Operators and functions take it wherever they take a tensor.

    Args:
        initial_value: what `initializer` stores: a tensor, an array, a number, a list, or a
            function that builds one. Other variables in it stand for their initialized values.
        trainable: whether optimizers change it by default.
        collections: the graph collections it joins; `GraphKeys.GLOBAL_VARIABLES` if None.
        validate_shape: False lets it have an initial value, and take values, of any shape.
        caching_device: where what is read from it is kept.
        name: its name, "Variable" if None; made unique.
        variable_def: a VariableDef message: the variable is found in the graph, not built.
        dtype: the type that `initial_value` is converted to.
        expected_shape: no longer used.
        import_scope: prefix of the names in `variable_def`.
        constraint: a function from the updated to the permitted value, applied by optimizers.
        use_resource: accepted for compatibility: both kinds of variable behave alike.
        synchronization, aggregation: accepted for compatibility.
        shape: its static shape, where that of `initial_value` says too much.

    Raises:
        ValueError: without an initial value, or if its shape is not known.
        TypeError: if the arguments are not of the right kinds.
    """

    SaveSliceInfo = SaveSliceInfo

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        self._save_slice_info: SaveSliceInfo | None = None
        self._caching_device = caching_device
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError(
                    "variable_def and initial_value are mutually exclusive: both were given."
                )
            self._synchronization = VariableSynchronization.AUTO
            self._aggregation = VariableAggregation.NONE
            self._constraint = None
            self._init_from_proto(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        on_read = synchronization is VariableSynchronization.ON_READ
        self._trainable = not on_read if trainable is None else bool(trainable)
        kept_in = _collections(collections, self._trainable)
        declared = None if shape is None else TensorShape(shape)
        graph = get_default_graph() if callable(initial_value) else _graph_of(initial_value)
        if graph.is_function and isinstance(initial_value, Tensor):
            raise ValueError(
                f"Cannot use {initial_value} as initial value: it is built inside a loop or a "
                "branch, and variables are outside of them. Pass a function that builds it."
            )
        with lifted(graph) as root:
            self._build(root, initial_value, name, dtype, declared, validate_shape)
            root.add_to_collections(kept_in, self)

    def _build(
        self,
        graph: Graph,
        initial_value: Any,
        name: str | None,
        dtype: Any,
        shape: TensorShape | None,
        validate_shape: bool,
    ) -> None:
        with name_scope(name, "Variable") as scope:
            if callable(initial_value):
                own = [b"loc:@" + scope[:-1].encode()]
                with (
                    attribute_scope(graph, "_class", own),
                    graph.name_scope("Initializer"),
                    graph.device(None),
                ):
                    value = convert_to_tensor(initial_value(), dtype, "initial_value")
            else:
                value = convert_to_tensor(initial_value, dtype, "initial_value")
            if validate_shape and not value.shape.is_fully_defined():
                raise ValueError(f"initial_value must have a shape specified: {value}")
            if shape is None:
                shape = value.shape if validate_shape else TensorShape(None)
            base = value.dtype.base_dtype
            self._initial_value = value
            self._variable: Tensor = apply("VariableV2", shape=shape, dtype=base, name=scope)
            self._initializer_op: Operation
            start = guarded(value, scope)
            with graph.colocate_with(self._variable):
                stored = state.assign(self._variable, start, validate_shape=validate_shape)
                self._initializer_op = stored.op
            with self._cached(graph):
                self._snapshot: Tensor = apply("Identity", self._variable, name="read")

    def _cached(self, graph: Graph) -> AbstractContextManager[None]:
        """Where what is read is kept."""
        if self._caching_device is not None:
            return graph.device(self._caching_device)
        return graph.colocate_with(self._variable)

    @property
    def name(self) -> str:
        return self._variable.name

    @property
    def _shared_name(self) -> str:
        """The name without ``:0``: the key in checkpoints."""
        return self.name.partition(":")[0]

    @property
    def dtype(self) -> DType:
        """The type of its reference: ``float32_ref``; `base_dtype` of that is the elements'."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        return self._variable.shape

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self._variable.shape

    def set_shape(self, shape: Any) -> None:
        """Merge what the caller knows into the static shape."""
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def op(self) -> Operation:
        """The operation that owns the storage."""
        return self._variable.op

    @property
    def graph(self) -> Graph:
        return self._variable.graph

    @property
    def device(self) -> str:
        return self._variable.device

    @property
    def trainable(self) -> bool:
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        return self._aggregation

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function that optimizers pass the updated value through."""
        return self._constraint

    @property
    def initializer(self) -> Operation:
        """The operation that stores the initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        """The tensor that `initializer` stores."""
        return self._initial_value

    def value(self) -> Tensor:
        """The tensor through which the variable is read."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A tensor that reads the variable where it is built: control dependencies apply."""
        value: Tensor = apply("Identity", self._variable, name="read")
        return value

    def initialized_value(self) -> Tensor:
        """The value, or the initial value while the variable is not initialized."""
        graph = self.graph
        with graph.as_default(), graph.control_dependencies(None):
            value: Tensor = apply(
                "_InitializedValue",
                self._variable,
                self._initializer_op.inputs[1],
                name="initialized_value",
            )
        return value

    def eval(self, session: Any = None) -> Any:
        """The value in `session`, or in the default session."""
        return self._variable.eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Store an array in `session`, or in the default session, without building an operation."""
        self.initializer.run({self.initializer.inputs[1]: value}, session)

    def _ref(self) -> Tensor:
        """The reference that ops write through."""
        return self._variable

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _AsTensor(self) -> Tensor:
        return self._snapshot

    def __iter__(self) -> Any:
        raise TypeError("'Variable' object is not iterable.")

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        return repr(self)


def _graph_of(value: Any) -> Graph:
    graph = getattr(value, "graph", None)
    return graph if isinstance(graph, Graph) else get_default_graph()


def _collections(collections: Any, trainable: bool) -> list[Any]:
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, list | tuple | set):
        raise ValueError(
            "collections argument to Variable constructor must be a list, tuple, or set. Got "
            f"{collections} of type {type(collections)}"
        )
    kept_in = list(collections)
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in kept_in:
        kept_in.append(GraphKeys.TRAINABLE_VARIABLES)
    return kept_in


def _as_tensor(
    value: Variable, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype.base_dtype):
        raise ValueError(
            "Incompatible type conversion requested to type "
            f"'{dtypes.as_dtype(dtype).name}' for variable of type '{value.dtype.name}'"
        )
    return value._ref() if as_ref else value._AsTensor()


register_tensor_conversion_function(Variable, _as_tensor)
