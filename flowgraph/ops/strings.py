"""Strings elementwise: their length, case and parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.texts import invalid, mapped, strings, text_array, texts

__all__ = ["string_length", "string_lower", "string_strip", "string_upper", "substr"]

_UNITS = ("BYTE", "UTF8_CHAR")
_WORDS = texts(b"Ab c", b"", "Größe".encode())


@op(
    "StringLength",
    "input: string -> output: int32",
    unit=attr("string", "BYTE", allowed=_UNITS),
)
class StringLength:
    """How many bytes, or characters of UTF-8, each string has."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(_WORDS),
        case(_WORDS, unit="UTF8_CHAR"),
        case(np.array(b"abc", np.object_)),
        case(texts()),
    )

    def numpy(value: Any, *, unit: str) -> Any:
        array = strings(value)
        flat = array.reshape(-1).tolist()
        counts = [len(each) if unit == "BYTE" else len(_starts(each)) for each in flat]
        return np.array(counts, np.int32).reshape(array.shape)


def _starts(value: bytes) -> list[int]:
    """Where the characters of UTF-8 begin."""
    return [place for place, byte in enumerate(value) if byte & 0xC0 != 0x80]


def _check_encoding(encoding: str) -> bool:
    """Whether text is UTF-8, else ASCII."""
    if encoding not in ("", "utf-8"):
        raise invalid(f"only utf-8 or '' (no encoding) is supported, received {encoding}")
    return bool(encoding)


@op("StringLower", "input: string -> output: string", encoding="")
class StringLower:
    """Each string in lower case; only ASCII letters change unless the encoding is utf-8."""

    grad = None
    shape = unchanged_shape
    samples = (case(_WORDS), case(_WORDS, encoding="utf-8"), case(np.array(b"XY", np.object_)))

    def numpy(value: Any, *, encoding: str) -> Any:
        if _check_encoding(encoding):
            return mapped(lambda each: each.decode(errors="replace").lower().encode(), value)
        return mapped(bytes.lower, value)


@op("StringUpper", "input: string -> output: string", encoding="")
class StringUpper:
    """Each string in upper case; only ASCII letters change unless the encoding is utf-8."""

    grad = None
    shape = unchanged_shape
    samples = (case(_WORDS), case(_WORDS, encoding="utf-8"), case(np.array(b"xy", np.object_)))

    def numpy(value: Any, *, encoding: str) -> Any:
        if _check_encoding(encoding):
            return mapped(lambda each: each.decode(errors="replace").upper().encode(), value)
        return mapped(bytes.upper, value)


@op("StringStrip", "input: string -> output: string")
class StringStrip:
    """Each string without the white space at its ends."""

    grad = None
    shape = unchanged_shape
    samples = (case(texts(b" a b\t", b"\n\r\x0b\x0c", b"x")), case(np.array(b" y ", np.object_)))

    def numpy(value: Any) -> Any:
        return mapped(bytes.strip, value)


@op(
    "Substr",
    "input: string, pos: T, len: T -> output: string",
    T=types(INDEX),
    unit=attr("string", "BYTE", allowed=_UNITS),
)
class Substr:
    """The part of each string that begins at `pos`, at most `len` long; counts from the end if
    negative."""

    grad = None
    samples = (
        case(texts(b"hello", b"world!"), np.int32(1), np.int32(3)),
        case(texts(b"hello", b"world!"), np.array([-2, 0]), np.array([9, 2])),
        case(np.array(b"hello", np.object_), np.int64(-3), np.int64(2)),
        case("aÄöÜ€".encode(), np.int32(1), np.int32(3), unit="UTF8_CHAR"),
        case("aÄöÜ€".encode(), np.int32(-2), np.int32(3), unit="UTF8_CHAR"),
        case(
            texts(b"ab", b"cd", b"ef").reshape(3, 1),
            np.array([[0, 1]], np.int32),
            np.array([[1, 2]], np.int32),
        ),
        case(texts().reshape(0, 2), np.int32(1), np.int32(1)),
        case(texts(b"ab", b"c"), np.int32(2), np.int32(1), raises="pos 2 out of range for string"),
        case(texts(b"ab"), np.int32(-3), np.int32(1), raises="pos -3 out of range for string"),
        case(texts(b"ab"), np.int32(1), np.array([1], np.int32), raises="rank"),
    )

    def shape(value: Operand, pos: Operand, length: Operand) -> Dims:
        if pos.dims is not None and length.dims is not None and len(pos.dims) != len(length.dims):
            raise ValueError(
                f"Shapes must be equal rank, but are {len(pos.dims)} and {len(length.dims)}"
            )
        if pos.dims == ():
            return value.dims
        return dims.broadcast(value.dims, dims.merge(pos.dims, length.dims))

    def numpy(value: Any, pos: Any, length: Any, *, unit: str) -> Any:
        wide, begins, counts = np.broadcast_arrays(strings(value), pos, length)
        cut = _bytes_of if unit == "BYTE" else _characters_of
        flat = zip(
            wide.reshape(-1).tolist(),
            begins.reshape(-1).tolist(),
            counts.reshape(-1).tolist(),
            strict=True,
        )
        return text_array([cut(*each) for each in flat], wide.shape)


def _bytes_of(value: bytes, begin: int, count: int) -> bytes:
    start = _checked_start(value, begin, len(value))
    return value[start : start + max(count, 0)]


def _characters_of(value: bytes, begin: int, count: int) -> bytes:
    places = [*_starts(value), len(value)]
    start = _checked_start(value, begin, len(places) - 1)
    return value[places[start] : places[min(start + max(count, 0), len(places) - 1)]]


def _checked_start(value: bytes, begin: int, length: int) -> int:
    if not -length <= begin <= length or begin == length > 0:
        shown = value.decode(errors="replace")
        raise invalid(f"pos {begin} out of range for string b'{shown}'")
    return begin + length if begin < 0 else begin


def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The lengths of strings, int32: in bytes, or in characters where `unit` is "UTF8_CHAR"."""
    made: Tensor = apply("StringLength", input, unit=unit, name=name)
    return made


def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in lower case; only ASCII letters change unless `encoding` is "utf-8"."""
    made: Tensor = apply("StringLower", input, encoding=encoding, name=name)
    return made


def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in upper case; only ASCII letters change unless `encoding` is "utf-8"."""
    made: Tensor = apply("StringUpper", input, encoding=encoding, name=name)
    return made


def string_strip(input: Any, name: str | None = None) -> Tensor:
    """Strings without the white space at their ends."""
    made: Tensor = apply("StringStrip", input, name=name)
    return made


def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """Parts of strings.

    Args:
        input: the strings.
        pos: where the part begins; from the end if negative.
        len: how long it may be; of the shape of `pos`. Both are broadcast against `input`.
        unit: "BYTE", or "UTF8_CHAR" to count characters.

    Raises:
        InvalidArgumentError: when run, if a string does not reach to `pos`.
    """
    made: Tensor = apply("Substr", input, pos, len, unit=unit, name=name)
    return made
