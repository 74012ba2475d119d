"""The signature of an op: named inputs, outputs and attributes, as TF's OpDefs have them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType

__all__ = ["MISSING", "Arg", "Attr", "arity", "as_attr", "attr", "parse_args", "types"]


class _Missing:
    """Stands for "not given" where None has a meaning."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()


@dataclass(frozen=True, slots=True)
class Arg:
    """An input or output: ``name: T``, ``int32``, ``T&`` (reference), ``N*T`` or ``Ts[]``
    (lists)."""

    name: str
    dtype: DType | None = None
    type_attr: str = ""
    number_attr: str = ""
    type_list_attr: str = ""
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        return bool(self.number_attr or self.type_list_attr)


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute: TF's kind name, its default (MISSING if required) and its limits."""

    kind: str
    default: Any = MISSING
    allowed: tuple[Any, ...] | None = None
    minimum: int | None = None


def attr(
    kind: str,
    default: Any = MISSING,
    *,
    allowed: Iterable[Any] | None = None,
    minimum: int | None = None,
) -> Attr:
    """An attribute whose kind cannot be read off its default, or that is required."""
    return Attr(kind, default, None if allowed is None else tuple(allowed), minimum)


def types(allowed: Iterable[DType], default: Any = MISSING) -> Attr:
    """A type attribute restricted to `allowed`."""
    return Attr("type", default, tuple(allowed))


def arity(arg: Arg, attrs: dict[str, Any]) -> int:
    """How many tensors a list argument stands for."""
    if arg.number_attr:
        return int(attrs[arg.number_attr])
    return len(attrs[arg.type_list_attr])


_ARG = re.compile(
    r"(?P<name>\w+)\s*:\s*(?:(?P<number>\w+)\s*\*\s*)?(?P<type>\w+)(?P<suffix>&|\[\])?"
)


def parse_args(text: str) -> tuple[Arg, ...]:
    args = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _ARG.fullmatch(part)
        if match is None:
            raise ValueError(f"cannot read the argument {part!r}")
        type_name, suffix = match["type"], match["suffix"]
        fixed = getattr(dtypes, type_name, None)
        fixed = fixed if isinstance(fixed, DType) else None
        args.append(
            Arg(
                name=match["name"],
                dtype=fixed,
                type_attr="" if fixed is not None or suffix == "[]" else type_name,
                number_attr=match["number"] or "",
                type_list_attr=type_name if suffix == "[]" else "",
                is_ref=suffix == "&",
            )
        )
    return tuple(args)


_KINDS: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "string"}


def as_attr(value: Any) -> Attr:
    if isinstance(value, Attr):
        return value
    if isinstance(value, DType):
        return Attr("type", value)
    if isinstance(value, tuple):
        return types(value)
    return Attr(_KINDS[type(value)], value)
