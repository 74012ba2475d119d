"""`get_variable` and the scopes that name variables and let them be shared."""

from __future__ import annotations

import enum
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.variable_store import VariableStore, accepts
from flowgraph.library.variables import CREATORS, VariableAggregation, VariableSynchronization

__all__ = [
    "AUTO_REUSE",
    "VariableScope",
    "get_local_variable",
    "get_variable",
    "get_variable_scope",
    "no_regularizer",
    "variable_creator_scope",
]


class _ReuseMode(enum.Enum):
    """Values of the argument `reuse` besides True, False and None."""

    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE


class ScopeStack(threading.local):
    """One graph's current variable scope in one thread, and how often each name was opened."""

    def __init__(self) -> None:
        self.current = VariableScope(False)
        self.counts: dict[str, int] = {}

    def opened(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def close_below(self, name: str) -> None:
        for key in self.counts:
            if not name or key.startswith(name + "/"):
                self.counts[key] = 0

    def unique(self, prefix: str) -> str:
        """`prefix`, numbered if the current scope has opened it already."""
        full = f"{self.current.name}/{prefix}" if self.current.name else prefix
        if not self.counts.get(full):
            return prefix
        number = 1
        while self.counts.get(f"{full}_{number}"):
            number += 1
        return f"{prefix}_{number}"


def scope_stack(graph: Graph) -> ScopeStack:
    """The variable scopes of a graph."""
    with graph._lock:
        found: ScopeStack = graph._scope_state.setdefault("variable_scopes", None) or ScopeStack()
        graph._scope_state["variable_scopes"] = found
    return found


def variable_store(graph: Graph) -> VariableStore:
    """What `get_variable` made in a graph."""
    with graph._lock:
        found = graph._scope_state.get("variable_store")
        if found is None:
            found = graph._scope_state["variable_store"] = VariableStore()
    return found


class VariableScope:
    """The prefix and the defaults that `get_variable` uses.

    Attributes:
        name: the prefix of variables' names.
        original_name_scope: the name scope that was opened with it.
        reuse: whether variables are shared (True), made (False) or whichever fits (AUTO_REUSE).
        initializer, regularizer, caching_device, partitioner, custom_getter, dtype, constraint,
        use_resource: defaults of the arguments of `get_variable`.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self.name = name
        self.reuse = reuse
        self.initializer = initializer
        self.regularizer = regularizer
        self.caching_device = caching_device
        self.partitioner = partitioner
        self.custom_getter = custom_getter
        self.original_name_scope = name_scope
        self.dtype = dtype
        self.use_resource = use_resource
        self.constraint = constraint

    def copied(self, **changes: Any) -> VariableScope:
        """A scope like this one, but for `changes`."""
        kept = {
            "reuse": self.reuse,
            "name": self.name,
            "initializer": self.initializer,
            "regularizer": self.regularizer,
            "caching_device": self.caching_device,
            "partitioner": self.partitioner,
            "custom_getter": self.custom_getter,
            "name_scope": self.original_name_scope,
            "dtype": self.dtype,
            "use_resource": self.use_resource,
            "constraint": self.constraint,
        }
        return VariableScope(**{**kept, **changes})

    def reuse_variables(self) -> None:
        """From here on, `get_variable` finds variables and makes none."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        self.initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        self.dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        self.use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        self.regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        self.caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        self.partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        self.custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """The items of a collection whose names lie in this scope."""
        scope = self.name + "/" if self.name else ""
        return get_default_graph().get_collection(name, scope)

    def trainable_variables(self) -> list[Any]:
        """The scope's variables that optimizers change."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The scope's global variables."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The scope's local variables."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        custom_getter: Any = None,
        constraint: Any = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
    ) -> Any:
        """The variable ``scope/name``, with this scope's defaults; see `get_variable`."""
        getter = self.custom_getter if custom_getter is None else custom_getter
        if getter is not None and not callable(getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {getter}")
        # A variable's name follows from variable scopes alone, not from name scopes.
        with get_default_graph().name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                _check_initializer_type(initializer, dtype)
            arguments = {
                "name": f"{self.name}/{name}" if self.name else name,
                "shape": shape,
                "dtype": self.dtype if dtype is None else dtype,
                "initializer": self.initializer if initializer is None else initializer,
                "regularizer": self.regularizer if regularizer is None else regularizer,
                "reuse": self.reuse if reuse is None else reuse,
                "trainable": trainable,
                "collections": collections,
                "caching_device": (
                    self.caching_device if caching_device is None else caching_device
                ),
                "partitioner": self.partitioner if partitioner is None else partitioner,
                "validate_shape": validate_shape,
                "use_resource": self.use_resource if use_resource is None else use_resource,
                "synchronization": synchronization,
                "aggregation": aggregation,
                "constraint": self.constraint if constraint is None else constraint,
            }
            if getter is None:
                return var_store.get(**arguments)
            for late in ("constraint", "synchronization", "aggregation"):
                if not accepts(getter, late):
                    del arguments[late]
            return getter(getter=functools.partial(_store_getter, var_store), **arguments)


def _store_getter(
    var_store: VariableStore,
    name: str,
    shape: Any = None,
    dtype: Any = dtypes.float32,
    initializer: Any = None,
    regularizer: Any = None,
    reuse: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """What custom getters receive as ``getter``."""
    arguments = dict(locals())
    return arguments.pop("var_store").get(**arguments)


def _check_initializer_type(initializer: Any, dtype: Any) -> None:
    wanted = dtypes.as_dtype(dtype).base_dtype
    found = convert_to_tensor(initializer).dtype.base_dtype
    if found is not wanted:
        raise ValueError(
            f"Initializer type '{found!r}' and explicit dtype '{wanted!r}' don't match."
        )


def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    return scope_stack(get_default_graph()).current


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """A variable by name: made, or found again where the current scope reuses.

    Args:
        name: its name inside the current variable scope.
        shape: its shape; not given together with a constant initializer.
        dtype: its element type, the scope's by default.
        initializer: a function of shape and type, or a value; by default the scope's, else Glorot's
            uniform distribution, or zeros for types that are not floating point.
        regularizer: a function of the variable; its result joins
            `GraphKeys.REGULARIZATION_LOSSES`.
        partitioner: a function of shape and type to the number of parts along each axis.
        custom_getter: called as ``f(getter, name, ...)`` in place of this function.

    Raises:
        ValueError: if the variable exists and may not be reused, must be reused and does not exist,
            or does not fit.
    """
    arguments = dict(locals())
    graph = get_default_graph()
    return get_variable_scope().get_variable(variable_store(graph), **arguments)


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """`get_variable` for local variables: not trained, not saved."""
    arguments = dict(locals())
    arguments["trainable"] = False
    arguments["collections"] = [*(collections or ()), GraphKeys.LOCAL_VARIABLES]
    return get_variable(**arguments)


def no_regularizer(_: Any) -> None:
    """A regularizer that adds no loss: keeps the scope's from being applied."""
    return None


@contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Let a function stand between calls of `Variable` and the construction.

    Args:
        variable_creator: ``f(next_creator, **kwargs)``; returns what the call returns, usually
            ``next_creator(**kwargs)``.
    """
    state = get_default_graph()._scope_state
    previous = state.get(CREATORS, ())
    state[CREATORS] = (*previous, variable_creator)
    try:
        yield
    finally:
        state[CREATORS] = previous
