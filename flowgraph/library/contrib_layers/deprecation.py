"""Decorators that warn of functions and arguments that will go (`tf.contrib.framework`)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from flowgraph.library.platform import logs

__all__ = ["deprecated", "deprecated_arg_values", "deprecated_args"]

F = TypeVar("F", bound=Callable[..., Any])


def _when(date: str | None) -> str:
    return "in a future version" if date is None else f"after {date}"


def _warning(
    func: F, date: str | None, instructions: str, warn_once: bool, check: Callable[..., str]
) -> F:
    """`func`, which logs what `check` says of its arguments, if that is anything."""
    warned: set[str] = set()

    @functools.wraps(func)
    def warns(*args: Any, **kwargs: Any) -> Any:
        what = check(*args, **kwargs)
        if what and not (warn_once and what in warned):
            warned.add(what)
            logs.warning("%s and will be removed %s.\n%s", what, _when(date), instructions)
        return func(*args, **kwargs)

    return warns  # type: ignore[return-value]


def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable[[F], F]:
    """A decorator: calls log that the function is deprecated, and what to do.

    Args:
        date: when it goes, "YYYY-MM-DD" or None.
        instructions: what to use in its place.
        warn_once: whether only the first call warns.
    """

    def decorate(func: F) -> F:
        what = f"{func.__name__} (from {func.__module__}) is deprecated"
        return _warning(func, date, instructions, warn_once, lambda *args, **kwargs: what)

    return decorate


def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names: str, warn_once: bool = True
) -> Callable[[F], F]:
    """A decorator: calls that use one of some arguments log that it is deprecated.

    Raises:
        ValueError: if the function has no such argument.
    """

    def decorate(func: F) -> F:
        signature = inspect.signature(func)
        missing = [name for name in deprecated_arg_names if name not in signature.parameters]
        if missing:
            raise ValueError(f"{func.__name__} has no arguments {missing}")

        def used(*args: Any, **kwargs: Any) -> str:
            given = signature.bind_partial(*args, **kwargs).arguments
            found = [name for name in deprecated_arg_names if name in given]
            listed = ", ".join(found)
            return f"calling {func.__name__} with {listed} is deprecated" if found else ""

        return _warning(func, date, instructions, warn_once, used)

    return decorate


def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable[[F], F]:
    """A decorator: calls that give some arguments some values log that they are deprecated."""

    def decorate(func: F) -> F:
        signature = inspect.signature(func)

        def used(*args: Any, **kwargs: Any) -> str:
            given = signature.bind_partial(*args, **kwargs).arguments
            found = [
                f"{name}={value}"
                for name, value in deprecated_kwargs.items()
                if name in given and given[name] == value
            ]
            listed = ", ".join(found)
            return f"calling {func.__name__} with {listed} is deprecated" if found else ""

        return _warning(func, date, instructions, warn_once, used)

    return decorate
