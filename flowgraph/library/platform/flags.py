"""Defining command-line flags: ``DEFINE_integer("batch_size", 100, "Examples per step.")``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from flowgraph.library.platform.flag_values import (
    FLAGS,
    DuplicateFlagError,
    Error,
    Flag,
    FlagValues,
    IllegalFlagValueError,
    UnparsedFlagAccessError,
    UnrecognizedFlagError,
    ValidationError,
)

__all__ = [
    "FLAGS",
    "DEFINE_bool",
    "DEFINE_boolean",
    "DEFINE_enum",
    "DEFINE_float",
    "DEFINE_integer",
    "DEFINE_list",
    "DEFINE_multi_float",
    "DEFINE_multi_integer",
    "DEFINE_multi_string",
    "DEFINE_spaceseplist",
    "DEFINE_string",
    "DuplicateFlagError",
    "Error",
    "FlagValues",
    "IllegalFlagValueError",
    "UnparsedFlagAccessError",
    "UnrecognizedFlagError",
    "ValidationError",
    "mark_flag_as_required",
    "mark_flags_as_required",
    "register_validator",
    "validator",
]

_TRUE = frozenset({"true", "t", "1", "yes", "y"})
_FALSE = frozenset({"false", "f", "0", "no", "n"})
# What the arguments were called before TensorFlow 1.5.
_OLD_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("Non-boolean argument to boolean flag")


def _integer(value: Any) -> int:
    if isinstance(value, str):
        return int(value, 16 if value[:2].lower() == "0x" else 10)
    if isinstance(value, bool) or int(value) != value:
        raise TypeError(f"Expect argument to be a string or int, found {type(value)}")
    return int(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"flag value must be a string, found {type(value)}")
    return value


def _split_at(separator: str | None) -> Callable[[Any], list[str]]:
    def parse(value: Any) -> list[str]:
        if isinstance(value, list | tuple):
            return list(value)
        return [part.strip() for part in value.split(separator)] if value else []

    return parse


_ARGS = """

Args:
    name: without the dashes.
    default: its value when the command line does not have it; may be None.
    help: what it means.
    flag_values: where it belongs.
    required: whether None is an error.
    args: `short_name`, a second name.

Raises:
    DuplicateFlagError: if the name is taken.
    IllegalFlagValueError: if the default is no such value.
"""


def _accepting_old_names(define: Callable[..., None], doc: str) -> Callable[..., None]:
    @functools.wraps(define)
    def accept(*args: Any, **kwargs: Any) -> None:
        define(*args, **{_OLD_NAMES.get(key, key): value for key, value in kwargs.items()})

    accept.__doc__ = doc + _ARGS
    return accept


def _definer(parse: Callable[[Any], Any], doc: str, **kind: Any) -> Callable[..., None]:
    def define(
        name: str,
        default: Any,
        help: str,
        flag_values: FlagValues = FLAGS,
        required: bool = False,
        **args: Any,
    ) -> None:
        flag_values.define(Flag(name, default, help, parse, required=required, **kind, **args))

    return _accepting_old_names(define, doc)


def _number_definer(number: Callable[[Any], Any], doc: str, **kind: Any) -> Callable[..., None]:
    def define(
        name: str,
        default: Any,
        help: str,
        lower_bound: Any = None,
        upper_bound: Any = None,
        flag_values: FlagValues = FLAGS,
        required: bool = False,
        **args: Any,
    ) -> None:
        def parse(value: Any) -> Any:
            found = number(value)
            if lower_bound is not None and found < lower_bound:
                raise ValueError(f"{value} is less than {lower_bound}")
            if upper_bound is not None and found > upper_bound:
                raise ValueError(f"{value} is greater than {upper_bound}")
            return found

        flag_values.define(Flag(name, default, help, parse, required=required, **kind, **args))

    return _accepting_old_names(define, doc)


DEFINE_string = _definer(_string, "Define a flag whose value is text.")
DEFINE_integer = _number_definer(_integer, "Define a flag whose value is an integer.")
DEFINE_float = _number_definer(float, "Define a flag whose value is a number.")
DEFINE_boolean = _definer(
    _boolean, "Define a flag that is on or off: ``--name``, ``--noname``.", is_boolean=True
)
DEFINE_bool = DEFINE_boolean
DEFINE_list = _definer(_split_at(","), "Define a flag whose value is a list, between commas.")
DEFINE_multi_string = _definer(_string, "Define a flag for several texts.", is_list=True)
DEFINE_multi_integer = _number_definer(
    _integer, "Define a flag for several integers.", is_list=True
)
DEFINE_multi_float = _number_definer(float, "Define a flag for several numbers.", is_list=True)


def DEFINE_spaceseplist(
    name: str,
    default: Any,
    help: str,
    comma_compat: bool = False,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> None:
    """Define a flag whose value is a list, between spaces or, with `comma_compat`, commas.

    Raises:
        DuplicateFlagError: if the name is taken.
    """
    split = _split_at(None)

    def parse(value: Any) -> list[str]:
        is_text = comma_compat and isinstance(value, str)
        return split(value.replace(",", " ") if is_text else value)

    flag_values.define(Flag(name, default, help, parse, required=required, **args))


def DEFINE_enum(
    name: str,
    default: Any,
    enum_values: Iterable[str],
    help: str,
    flag_values: FlagValues = FLAGS,
    required: bool = False,
    **args: Any,
) -> None:
    """Define a flag whose value is one of `enum_values`.

    Raises:
        DuplicateFlagError: if the name is taken.
        IllegalFlagValueError: if the default is none of them.
    """
    allowed = list(enum_values)

    def parse(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"value should be one of <{'|'.join(allowed)}>")
        return value

    flag_values.define(Flag(name, default, help, parse, required=required, **args))


def register_validator(
    flag_name: str,
    checker: Callable[[Any], Any],
    message: str = "Flag validation failed",
    flag_values: FlagValues = FLAGS,
) -> None:
    """Have `checker` look at a flag's value; where it is false, parsing raises ValidationError."""
    flag_values[flag_name].checks.append((checker, message))


def validator(
    flag_name: str,
    message: str = "Flag validation failed",
    flag_values: FlagValues = FLAGS,
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """`register_validator` as a decorator."""

    def register(checker: Callable[[Any], Any]) -> Callable[[Any], Any]:
        register_validator(flag_name, checker, message, flag_values)
        return checker

    return register


def mark_flag_as_required(flag_name: str, flag_values: FlagValues = FLAGS) -> None:
    """Make the value None an error when the command line is read."""
    flag_values[flag_name].required = True


def mark_flags_as_required(flag_names: Iterable[str], flag_values: FlagValues = FLAGS) -> None:
    """`mark_flag_as_required` for several flags."""
    for name in flag_names:
        mark_flag_as_required(name, flag_values)
