"""Regular expressions: whether strings match them, and what stands in place of their matches."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.texts import decoded, encoded, invalid, mapped, strings, texts

__all__ = ["compiled", "regex_full_match", "regex_replace"]

# RE2's spellings of what Python's expressions write otherwise.
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CLASS = re.compile(r"\[:(\w+):\]")
_FLAGS = re.compile(r"^((?:\(\?[a-zA-Z]+\))*)(.*)$", re.DOTALL)


@functools.lru_cache(256)
def compiled(pattern: bytes) -> re.Pattern[str]:
    """A pattern in the syntax of RE2.

    Raises:
        InvalidArgumentError: if it is none.
    """
    text = _CLASS.sub(lambda match: _CLASSES.get(match[1], match[0]), decoded(pattern))
    text = re.sub(r"(?<!\\)((?:\\\\)*)\\z", r"\1\\Z", text)
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        raise invalid(f"Invalid pattern: {decoded(pattern)}, error: {error}") from None


@functools.lru_cache(256)
def _template(rewrite: bytes, groups: int) -> list[str | int]:
    """A rewrite as texts and numbers of groups: ``a\\1`` is the text and group 1."""
    parts: list[str | int] = []
    for piece in re.split(r"(\\.?)", decoded(rewrite), flags=re.DOTALL):
        if not piece.startswith("\\"):
            parts.append(piece)
        elif piece[1:].isdigit() and int(piece[1:]) <= groups:
            parts.append(int(piece[1:]))
        elif piece == "\\\\":
            parts.append("\\")
        else:
            raise invalid(f"Invalid rewrite string: {decoded(rewrite)}")
    return parts


def _replaced(value: bytes, pattern: re.Pattern[str], parts: list[str | int], every: bool) -> bytes:
    text = decoded(value)
    pieces: list[str] = []
    end, last = 0, -1
    for match in pattern.finditer(text):
        # RE2 finds no empty match where another one ends.
        if match.end() == match.start() == last:
            continue
        pieces.append(text[end : match.start()])
        pieces.extend(part if isinstance(part, str) else match[part] or "" for part in parts)
        end = last = match.end()
        if not every:
            break
    return encoded("".join(pieces) + text[end:])


def _replace(value: Any, pattern: bytes, rewrite: bytes, every: bool) -> Any:
    expression = compiled(pattern)
    parts = _template(rewrite, expression.groups)
    return mapped(lambda each: _replaced(each, expression, parts, every), value)


def _scalar(*operands: Operand) -> None:
    for operand in operands:
        if operand.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(operand.dims)}")


_LINES = texts(b"a1b22", b"", b"xyz", "größer".encode())
_DIGITS = np.array(b"[0-9]", np.object_)


@op(
    "RegexReplace",
    "input: string, pattern: string, rewrite: string -> output: string",
    replace_global=True,
)
class RegexReplace:
    r"""Each string with the matches of a pattern rewritten; ``\1`` stands for the first group."""

    grad = None
    samples = (
        case(_LINES, _DIGITS, np.array(b"#", np.object_)),
        case(_LINES, _DIGITS, np.array(b"#", np.object_), replace_global=False),
        case(_LINES, np.array(rb"(\w)(\d)", np.object_), np.array(rb"<\2\1\\\0>", np.object_)),
        case(_LINES, np.array(b"x*", np.object_), np.array(b"-", np.object_)),
        case(_LINES, np.array(b"r.", np.object_), np.array(b"R", np.object_)),
        case(_LINES, np.array(b"[[:digit:][:space:]]+\\z", np.object_), np.array(b"", np.object_)),
        case(_LINES, np.array(b"(", np.object_), _DIGITS, raises="Invalid pattern"),
    )

    def shape(value: Operand, pattern: Operand, rewrite: Operand) -> Dims:
        _scalar(pattern, rewrite)
        return value.dims

    def numpy(value: Any, pattern: Any, rewrite: Any, *, replace_global: bool) -> Any:
        return _replace(value, strings(pattern).item(), strings(rewrite).item(), replace_global)


@op(
    "StaticRegexReplace",
    "input: string -> output: string",
    pattern=attr("string"),
    rewrite=attr("string"),
    replace_global=True,
)
class StaticRegexReplace:
    """RegexReplace by a pattern that is known when the graph is built."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(_LINES, pattern="[0-9]+", rewrite="#"),
        case(_LINES, pattern="(.)(.)", rewrite=r"\2\1", replace_global=False),
    )

    def numpy(value: Any, *, pattern: Any, rewrite: Any, replace_global: bool) -> Any:
        return _replace(value, _content(pattern), _content(rewrite), replace_global)


def _content(value: Any) -> bytes:
    """An attribute as bytes."""
    return value if isinstance(value, bytes) else encoded(value)


@op("RegexFullMatch", "input: string, pattern: string -> output: bool")
class RegexFullMatch:
    """Whether the whole of each string matches a pattern."""

    grad = None
    samples = (
        case(_LINES, np.array(b"[a-z]+", np.object_)),
        case(_LINES, np.array(b"(?i)X.Z|", np.object_)),
        case(_LINES, np.array(b"gr..er", np.object_)),
        case(np.array(b"a", np.object_), np.array(b"a$", np.object_)),
        case(_LINES, np.array(b"a(", np.object_), raises="Invalid pattern"),
        case(_LINES, texts(b"a"), raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(value: Operand, pattern: Operand) -> Dims:
        _scalar(pattern)
        return value.dims

    def numpy(value: Any, pattern: Any) -> Any:
        match = compiled(strings(pattern).item()).fullmatch
        array = strings(value)
        found = [match(decoded(each)) is not None for each in array.reshape(-1).tolist()]
        return np.array(found, np.bool_).reshape(array.shape)


def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Tensor:
    r"""Strings with the matches of a regular expression rewritten.

    Args:
        input: the strings.
        pattern: the expression, in the syntax of RE2; text or a scalar tensor.
        rewrite: what stands in place of a match; ``\1`` is what group 1 matched, ``\0`` all.
        replace_global: rewrite every match, not only the first one.

    Raises:
        InvalidArgumentError: when run, if the expression or the rewrite is malformed.
    """
    if _is_text(pattern) and _is_text(rewrite):
        made: Tensor = apply(
            "StaticRegexReplace",
            input,
            pattern=pattern,
            rewrite=rewrite,
            replace_global=replace_global,
            name=name,
        )
        return made
    made = apply("RegexReplace", input, pattern, rewrite, replace_global=replace_global, name=name)
    return made


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether the whole of each string matches a regular expression; see `regex_replace`."""
    if _is_text(pattern):
        made: Tensor = apply("StaticRegexFullMatch", input, pattern=pattern, name=name)
        return made
    made = apply("RegexFullMatch", input, pattern, name=name)
    return made
