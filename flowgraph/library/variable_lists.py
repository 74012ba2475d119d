"""Variables by collection, and the operations that initialize them or ask whether they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import control, state

__all__ = [
    "all_variables",
    "assert_variables_initialized",
    "global_variables",
    "global_variables_initializer",
    "is_variable_initialized",
    "local_variables",
    "local_variables_initializer",
    "model_variables",
    "moving_average_variables",
    "report_uninitialized_variables",
    "trainable_variables",
    "variables_initializer",
]


def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that are saved and shared: all but local ones.

    Args:
        scope: a regular expression that their names must match from the start on.
    """
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Any]:
    """The older name of `global_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Any]:
    """The variables of this process only, such as counters."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Any]:
    """The variables that the model needs to be used, not only to be trained."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change by default."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables of which moving averages are kept."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Any], name: str = "init") -> Operation:
    """An operation that initializes all variables of a list."""
    if var_list:
        return control.group(*[variable.initializer for variable in var_list], name=name)
    return control.group(name=name)


def global_variables_initializer() -> Operation:
    """An operation that initializes all global variables there are now."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that initializes all local variables there are now."""
    return variables_initializer(local_variables())


def is_variable_initialized(variable: Any) -> Tensor:
    """Whether a variable has a value in the session that runs this."""
    return state.is_variable_initialized(variable)


def _chosen(var_list: Sequence[Any] | None) -> list[Any]:
    if var_list is not None:
        return list(var_list)
    chosen = global_variables() + local_variables()
    if chosen:
        return chosen
    references = ("Variable", "VariableV2", "AutoReloadVariable")
    return [op.outputs[0] for op in get_default_graph().get_operations() if op.type in references]


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Tensor | None:
    """A tensor that fails with FailedPreconditionError unless all variables have values.

    Args:
        var_list: by default all global and local variables; None is returned if there are none.
    """
    chosen = _chosen(var_list)
    if not chosen:
        return None
    ranks = []
    for variable in chosen:
        with get_default_graph().colocate_with(getattr(variable, "op", variable)):
            # Rank alone would be known without looking at the variable.
            ranks.append(apply("Rank", apply("RefIdentity", variable)))
    if len(ranks) == 1:
        return ranks[0]  # type: ignore[no-any-return]
    packed: Tensor = apply("Pack", ranks, name="stack")
    return packed


def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables that have no value yet, as a vector of strings.

    Args:
        var_list: by default all global and local variables.
    """
    chosen = _chosen(var_list)
    with name_scope(name):
        if not chosen:
            return constant([], dtype="string")
        flags = [state.is_variable_initialized(variable) for variable in chosen]
        missing = apply("LogicalNot", apply("Pack", flags, name="stack"))
        names = constant([variable.name.partition(":")[0] for variable in chosen])
        with name_scope("boolean_mask"):
            rows = apply("Squeeze", apply("Where", missing), squeeze_dims=[1])
            found: Tensor = apply("GatherV2", names, rows, 0)
        return found
