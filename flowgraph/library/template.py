"""Functions that share their variables between calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.scopes import pure_variable_scope, variable_scope
from flowgraph.library.variable_scope import VariableScope, scope_stack

__all__ = ["Template", "make_template"]


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Template:
    """A function that makes variables when first called and shares them ever after.

    Args:
        name_: the scope of the variables, made unique.
        func_: builds part of a graph; its variables must come from `get_variable`.
        create_scope_now_: fix the scope here, not at the first call.
        unique_name_: the exact scope.
        custom_getter_: a custom getter for the scope.
        kwargs: bound to `func_`.

    Raises:
        ValueError: if `name_` is None.
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What `make_template` returns: call it like the function."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Callable[..., Any] | None = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self.func = func
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._first_call = True
        self._scope: VariableScope | None = None
        if create_scope_now:
            chosen = unique_name or scope_stack(get_default_graph()).unique(name)
            with pure_variable_scope(chosen, custom_getter=custom_getter) as scope:
                self._scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._scope is not None:
            with variable_scope(self._scope, reuse=not self._first_call):
                return self._call(args, kwargs)
        with variable_scope(
            self._unique_name, self._name, custom_getter=self._custom_getter
        ) as scope:
            self._scope = scope
            return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        trained = get_default_graph().get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = len(trained)
        result = self.func(*args, **kwargs)
        if not self._first_call and len(trained) != before:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps "
                "you used tf.Variable when you meant tf.get_variable: "
                f"{[variable.name for variable in trained[before:]]}"
            )
        self._first_call = False
        return result

    @property
    def name(self) -> str:
        """The name that was asked for."""
        return self._name

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope of the variables; None before the first call fixes it."""
        return self._scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of that scope, with a slash at the end."""
        return None if self._scope is None else self._scope.name.rstrip("/") + "/"

    def _collected(self, key: str) -> list[Any]:
        return [] if self._scope is None else self._scope.get_collection(key)

    @property
    def trainable_variables(self) -> list[Any]:
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def global_variables(self) -> list[Any]:
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """The global and local variables."""
        return self.global_variables + self.local_variables
