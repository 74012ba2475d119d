"""Argument scopes: defaults for the keyword arguments of functions, inside a `with` block."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

__all__ = [
    "add_arg_scope",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "current_arg_scope",
    "has_arg_scope",
]

Scope = dict[str, dict[str, Any]]
F = TypeVar("F", bound=Callable[..., Any])

_CURRENT: ContextVar[Scope | None] = ContextVar("arg_scope", default=None)
# The keyword arguments of every decorated function, by key.
_DECORATED: dict[str, tuple[str, ...]] = {}


def current_arg_scope() -> Scope:
    """The defaults that hold now: arguments by function key."""
    return _CURRENT.get() or {}


def arg_scope_func_key(op: Any) -> str:
    """What stands for a function in a scope."""
    key: str = getattr(op, "_key_op", str(op))
    return key


def has_arg_scope(func: Any) -> bool:
    """Whether `func` was decorated with `add_arg_scope`."""
    return arg_scope_func_key(func) in _DECORATED


def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The names of the arguments of `func` that have defaults.

    Raises:
        KeyError: if it was not decorated with `add_arg_scope`.
    """
    return _DECORATED[arg_scope_func_key(func)]


def add_arg_scope(func: F) -> F:
    """Let `arg_scope` set defaults for keyword arguments of `func`; a decorator."""

    @functools.wraps(func)
    def with_scope(*args: Any, **kwargs: Any) -> Any:
        defaults = current_arg_scope().get(key)
        return func(*args, **({**defaults, **kwargs} if defaults else kwargs))

    key = arg_scope_func_key(func)
    parameters = inspect.signature(func).parameters.values()
    _DECORATED[key] = tuple(p.name for p in parameters if p.default is not p.empty)
    vars(with_scope)["_key_op"] = key
    return with_scope  # type: ignore[return-value]


@contextmanager
def arg_scope(list_ops_or_scope: Sequence[Any] | Scope, **kwargs: Any) -> Iterator[Scope]:
    """Give functions other defaults for keyword arguments, inside the block.

    >>> from flowgraph.contrib.framework import add_arg_scope, arg_scope
    >>> @add_arg_scope
    ... def scaled(x, factor=1):
    ...     return x * factor
    >>> with arg_scope([scaled], factor=3):
    ...     scaled(2), scaled(2, factor=5)
    (6, 10)

    Args:
        list_ops_or_scope: functions decorated with `add_arg_scope`, or a scope that an earlier
            `arg_scope` yielded, to hold again.
        kwargs: the defaults.

    Raises:
        TypeError: if the first argument is neither a list nor a scope.
        ValueError: for a function that is not decorated, or defaults beside a scope.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(
                "When attempting to re-use a scope by suppling a dictionary, kwargs must be empty."
            )
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, list | tuple):
        scope = dict(current_arg_scope())
        for op in list_ops_or_scope:
            if not has_arg_scope(op):
                names = (getattr(op, "__module__", None), getattr(op, "__name__", str(op)))
                raise ValueError(f"{names} is not decorated with @add_arg_scope")
            key = arg_scope_func_key(op)
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
    token = _CURRENT.set(scope)
    try:
        yield scope
    finally:
        _CURRENT.reset(token)
