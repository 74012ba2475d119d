"""Variables of models: made, listed and chosen (`tf.contrib.framework`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import device as placed
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.outputs import get_variable_collections
from flowgraph.library.partitioned import PartitionedVariable
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.library.variables import Variable, VariableAggregation, VariableSynchronization

__all__ = [
    "add_model_variable",
    "add_to_variable_collections",
    "filter_variables",
    "get_local_variables",
    "get_model_variables",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variable_full_name",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "global_variable",
    "local_variable",
    "model_variable",
    "renaming_getter",
    "variable",
]


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """A variable by name, as `get_variable` makes or finds it.

    Args:
        collections: `GraphKeys.GLOBAL_VARIABLES` if None.
        device: where it is placed.
        custom_getter: called in place of `get_variable`.
    """
    kept_in = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
    getter: Callable[..., Any] = get_variable
    if custom_getter is not None:
        getter = functools.partial(custom_getter, reuse=get_variable_scope().reuse)
    with placed(device or ""):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=list(dict.fromkeys(kept_in)),
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = dtypes.float32,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Any:
    """A `variable` that also joins `GraphKeys.MODEL_VARIABLES`."""
    kept_in = [*(collections or ()), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=kept_in,
        caching_device=caching_device,
        device=device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def renaming_getter(**renamed: str) -> Callable[..., Any]:
    """A custom getter that makes model variables, some under other names.

    Args:
        renamed: last part of a name to its replacement.
    """

    def getter(getter: Callable[..., Any], name: str, **settings: Any) -> Any:
        head, slash, last = name.rpartition("/")
        for ignored in ("reuse", "validate_shape", "constraint"):
            settings.pop(ignored, None)
        return model_variable(
            head + slash + renamed.get(last, last), custom_getter=getter, **settings
        )

    return getter


def local_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: Any = None,
) -> Variable:
    """A variable of `GraphKeys.LOCAL_VARIABLES`: not trained, not saved."""
    return Variable(
        initial_value,
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES],
        validate_shape=validate_shape,
        use_resource=use_resource,
        name=name,
    )


def global_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: Any = None,
) -> Variable:
    """A variable of `GraphKeys.GLOBAL_VARIABLES` that is not trained."""
    return Variable(
        initial_value,
        trainable=False,
        collections=[GraphKeys.GLOBAL_VARIABLES],
        validate_shape=validate_shape,
        use_resource=use_resource,
        name=name,
    )


def add_model_variable(var: Any) -> None:
    """Add a variable to `GraphKeys.MODEL_VARIABLES` unless it is there."""
    graph = get_default_graph()
    if not any(var is each for each in graph.get_collection(GraphKeys.MODEL_VARIABLES)):
        graph.add_to_collection(GraphKeys.MODEL_VARIABLES, var)


def add_to_variable_collections(added: Any, collections_set: Any, name: str) -> None:
    """Add a variable, or its parts, to the collections for variables of that name."""
    graph = get_default_graph()
    parts = list(added) if isinstance(added, PartitionedVariable) else [added]
    for collection in get_variable_collections(collections_set, name) or ():
        known = graph.get_collection(collection)
        for part in parts:
            if not any(part is each for each in known):
                graph.add_to_collection(collection, part)


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """The variables of a collection.

    Args:
        scope: a variable scope, or a regular expression that names must match from the start on.
        suffix: what names must end with.
    """
    prefix = scope if scope is None or isinstance(scope, str) else scope.name
    if suffix is not None:
        if ":" not in suffix:
            suffix += ":"
        prefix = f"{prefix or ''}.*{suffix}"
    return get_default_graph().get_collection(collection, prefix)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The model's variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The local variables; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables that are trained; see `get_variables`."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The global variables whose last part of the name is `given_name`."""
    suffix = f"/{given_name}:|^{given_name}:"
    prefix = scope if scope is None or isinstance(scope, str) else scope.name
    found = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, prefix)
    return [each for each in found if re.search(suffix, each.name)]


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The global variables whose names end with `suffix`."""
    return get_variables(scope=scope, suffix=suffix)


def get_unique_variable(var_op_name: str) -> Any:
    """The global variable of exactly that name.

    Raises:
        ValueError: if there is none, or several.
    """
    candidates = get_variables(scope=var_op_name)
    if not candidates:
        raise ValueError(f"Couldn't find variable {var_op_name}")
    for candidate in candidates:
        if candidate.op.name == var_op_name:
            return candidate
    raise ValueError(f"Variable {var_op_name} does not uniquely identify a variable")


def get_variable_full_name(var: Any) -> str:
    """The name under which a checkpoint keeps a variable: that of the whole, for a part."""
    info = getattr(var, "_save_slice_info", None)
    if info:
        return info.full_name  # type: ignore[no-any-return]
    name: str = var.op.name
    return name


def get_variables_to_restore(
    include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> list[Any]:
    """The global variables of some scopes, but for others.

    Args:
        include: scopes; all if None.
        exclude: scopes; none if None.

    Raises:
        TypeError: if either is given and no list.
    """
    if include is None:
        chosen = get_variables()
    else:
        if not isinstance(include, list | tuple):
            raise TypeError("include is provided but is not a list or a tuple.")
        chosen = [each for scope in include for each in get_variables(scope)]
    left_out: set[Any] = set()
    if exclude is not None:
        if not isinstance(exclude, list | tuple):
            raise TypeError("exclude is provided but is not a list or a tuple.")
        left_out = {id(each) for scope in exclude for each in get_variables(scope)}
    return [each for each in chosen if id(each) not in left_out]


def filter_variables(
    var_list: Sequence[Any],
    include_patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables whose names match a pattern to include, if there are any, and none to exclude.

    Args:
        include_patterns, exclude_patterns: regular expressions.
        reg_search: whether they may match anywhere, not only from the start on.
    """
    matches = re.search if reg_search else re.match
    chosen = list(var_list)
    if include_patterns is not None:
        chosen = [
            each
            for each in chosen
            if any(matches(pattern, each.op.name) for pattern in include_patterns)
        ]
    if exclude_patterns is not None:
        chosen = [
            each
            for each in chosen
            if not any(matches(pattern, each.op.name) for pattern in exclude_patterns)
        ]
    return chosen
