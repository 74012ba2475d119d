"""`variable_scope`: opening variable scopes, alone or with their name scope."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import Any

from flowgraph.graph.build import graph_of
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.library.variable_scope import AUTO_REUSE, VariableScope, scope_stack

__all__ = ["pure_variable_scope", "variable_op_scope", "variable_scope"]

_SETTINGS = (
    "initializer",
    "regularizer",
    "caching_device",
    "partitioner",
    "custom_getter",
    "dtype",
    "use_resource",
    "constraint",
)


def _nested(inner: Callable[..., Any], outer: Callable[..., Any] | None) -> Callable[..., Any]:
    """`inner` with `outer` as its getter."""
    if outer is None:
        return inner

    def getter(getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return inner(functools.partial(outer, getter), *args, **kwargs)

    return getter


def _derived(base: VariableScope, given: dict[str, Any], **changes: Any) -> VariableScope:
    """`base` with what was given for the new scope."""
    for key in _SETTINGS:
        if given.get(key) is not None:
            changes[key] = given[key]
    if "custom_getter" in changes:
        changes["custom_getter"] = _nested(changes["custom_getter"], base.custom_getter)
    return base.copied(**changes)


@contextmanager
def pure_variable_scope(
    name_or_scope: Any, reuse: Any = None, old_name_scope: str | None = None, **given: Any
) -> Iterator[VariableScope]:
    """Enter a variable scope without opening a name scope."""
    stack = scope_stack(get_default_graph())
    outer, counts = stack.current, stack.counts
    if isinstance(name_or_scope, VariableScope):
        stack.opened(name_or_scope.name)
        stack.counts = dict(stack.counts)
        kept = reuse or name_or_scope.reuse
        scope = _derived(name_or_scope, given, reuse=kept)
    else:
        name = f"{outer.name}/{name_or_scope}" if outer.name else name_or_scope
        prefix = name_or_scope if old_name_scope is None else old_name_scope
        scope = _derived(outer, given, reuse=reuse or outer.reuse, name=name, name_scope=prefix)
        stack.opened(name)
    stack.current = scope
    try:
        yield scope
    finally:
        if isinstance(name_or_scope, VariableScope):
            stack.counts = counts
        else:
            stack.close_below(scope.name)
        stack.current = outer


class variable_scope(AbstractContextManager[VariableScope]):  # noqa: N801 (TensorFlow's name)
    """Name and share the variables that `get_variable` makes inside.

    It opens a name scope too. Entering it again under the same name continues the variable scope
    and opens a new name scope; entering a `VariableScope` object jumps to it from anywhere.

    Args:
        name_or_scope: a name inside the current scope, or a `VariableScope`.
        default_name: taken if `name_or_scope` is None; made unique.
        values: tensors whose graph the scope is opened in.
        initializer, regularizer, caching_device, partitioner, dtype, use_resource, constraint:
            defaults for the variables inside; inherited from outside where None.
        custom_getter: called in place of `get_variable`; nested ones call each other.
        reuse: True to share variables, AUTO_REUSE to make them where they are missing; inherited
            where None or False.
        auxiliary_name_scope: False leaves the name scope as it is.

    Raises:
        TypeError, ValueError: if the arguments are not of the right kinds.
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        # Scopes cannot switch inherited reuse off.
        self._reuse = None if reuse is False else reuse
        if self._reuse not in (None, True, AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(
                "The auxiliary_name_scope must be `True` or `False`, while get "
                f"{auxiliary_name_scope}"
            )
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._graph = graph_of(values) if values else None
        self._auxiliary = auxiliary_name_scope
        self._given = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "custom_getter": custom_getter,
            "dtype": dtype,
            "use_resource": use_resource,
            "constraint": constraint,
        }
        self._entered: list[ExitStack] = []

    def __enter__(self) -> VariableScope:
        with ExitStack() as entering:
            graph = get_default_graph()
            if self._graph is not None and self._graph is not graph:
                graph = entering.enter_context(self._graph.as_default())
            scope = entering.enter_context(self._scope(graph, entering))
            self._entered.append(entering.pop_all())
        return scope

    def _scope(self, graph: Graph, entering: ExitStack) -> AbstractContextManager[VariableScope]:
        target = self._name_or_scope
        if target is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            prefix = entering.enter_context(self._name_scope(graph, self._default_name))
            unique = scope_stack(graph).unique(str(self._default_name))
            return pure_variable_scope(unique, None, prefix, **self._given)
        if isinstance(target, str):
            if not target and self._auxiliary:
                return pure_variable_scope(target, self._reuse, **self._given)
            prefix = entering.enter_context(self._name_scope(graph, target))
            return pure_variable_scope(target, self._reuse, prefix, **self._given)
        if not isinstance(target, VariableScope):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        last = target.name.rpartition("/")[2]
        if last or not self._auxiliary:
            entering.enter_context(self._name_scope(graph, last))
        return pure_variable_scope(target, self._reuse, **self._given)

    def _name_scope(self, graph: Graph, name: str | None) -> AbstractContextManager[str]:
        if self._auxiliary:
            return graph.name_scope(name)
        current = graph.get_name_scope()
        return graph.name_scope(current + "/" if current else None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered.pop().__exit__(kind, error, trace)


@contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """`variable_scope` with the argument order of TF before 1.0."""
    arguments = dict(locals())
    with variable_scope(**arguments) as scope:
        yield scope
