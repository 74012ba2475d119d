"""How a function accepts the older spellings of its arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["accept", "reorder"]


def accept(function: Callable[..., Any], **renamed: str) -> Callable[..., Any]:
    """`function`, with further names for some of its arguments.

    Args:
        function: the function with the names of today.
        renamed: older name to name of today.

    Raises:
        ValueError: from the result, when a call uses both names of one argument.
    """
    order = list(inspect.signature(function).parameters)
    renames = [(old, new, order.index(new)) for old, new in renamed.items()]

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            for old, new, position in renames:
                if old not in kwargs:
                    continue
                value = kwargs.pop(old)
                if value is None:
                    continue
                if kwargs.get(new) is not None or len(args) > position:
                    raise ValueError(
                        f"{function.__name__}() cannot specify both {old!r} and {new!r}."
                    )
                kwargs[new] = value
        return function(*args, **kwargs)

    vars(call)["renamed"] = renamed
    return call


def reorder(
    function: Callable[..., Any], order: tuple[int, ...], is_old: Callable[..., bool]
) -> Callable[..., Any]:
    """`function`, which also takes its first arguments in the order they once had.

    Args:
        order: for each of the first arguments, where the old order has it.
        is_old: tells from that many positional arguments whether they are in the old order; it
            must be False of all that `function` itself takes.
    """
    count = len(order)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) >= count and is_old(*args[:count]):
            args = (*(args[place] for place in order), *args[count:])
        return function(*args, **kwargs)

    return call
