"""Numbers and bytes as text: decimal notation and base 64."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.numerals import number_parser
from flowgraph.ops.texts import invalid, mapped, strings, text_array, texts

__all__ = ["as_string", "decode_base64", "encode_base64", "string_to_number"]

_NUMBERS = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)


@op(
    "StringToNumber",
    "string_tensor: string -> output: out_type",
    out_type=types(_NUMBERS, dtypes.float32),
)
class StringToNumber:
    """The number that each string spells."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(texts(b"1.5", b" -2e3 ", b"inf", b".25", b"nan", b"7")),
        case(texts(b"0.1").reshape(()), out_type=dtypes.float64),
        case(texts(b"12", b"-3"), out_type=dtypes.int32),
        case(texts(b"5000000000"), out_type=dtypes.int64),
        case(texts()),
        case(texts(b"1x"), raises="could not correctly convert string: 1x"),
        case(texts(b"1.5"), out_type=dtypes.int32, raises="correctly convert string: 1.5"),
        case(texts(b"3000000000"), out_type=dtypes.int32, raises="correctly convert string"),
        case(texts(b""), raises="could not correctly convert string"),
    )

    def numpy(value: Any, *, out_type: DType) -> Any:
        array = strings(value)
        read = number_parser(out_type)
        result = np.empty(array.size, out_type.np)
        for place, text in enumerate(array.reshape(-1).tolist()):
            number = read(text)
            if number is None:
                shown = text.decode(errors="replace")
                raise invalid(f"StringToNumberOp could not correctly convert string: {shown}")
            result[place] = number
        return result.reshape(array.shape)


_PRINTABLE = (
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.complex64,
    dtypes.complex128,
    dtypes.float32,
    dtypes.float64,
    dtypes.bool,
)


def _decimal(**attrs: Any) -> Any:
    return case(np.array([1.5, -0.000123, 1e10], np.float32), **attrs)


@op(
    "AsString",
    "input: T -> output: string",
    T=types(_PRINTABLE),
    precision=-1,
    scientific=False,
    shortest=False,
    width=-1,
    fill="",
)
class AsString:
    """Each number as C's printf writes it."""

    grad = None
    shape = unchanged_shape
    samples = (
        _decimal(),
        _decimal(precision=2),
        _decimal(scientific=True),
        _decimal(shortest=True, precision=3),
        _decimal(precision=1, width=9, fill="0"),
        _decimal(width=14, fill="-"),
        case(np.array([3, -4], np.int64)),
        case(np.array(7, np.int32), width=4, fill=" "),
        case(np.array([[7]], np.int8), width=4, fill="+"),
        case(np.array([True, False])),
        case(np.array([1 - 2j], np.complex64), precision=1),
        case(np.array([np.inf, -np.inf, np.nan])),
        case(np.array([1]), precision=2, raises="precision not supported"),
        case(np.array([1]), shortest=True, raises="not supported for datatype"),
        _decimal(scientific=True, shortest=True, raises="[Cc]annot"),
        _decimal(fill="ab", raises="one or fewer characters"),
        _decimal(fill="x", raises="not supported"),
    )

    def numpy(
        value: Any, *, precision: int, scientific: bool, shortest: bool, width: int, fill: str
    ) -> Any:
        array = np.asarray(value)
        kind = array.dtype.kind
        pattern = _pattern(kind, precision, scientific, shortest, width, fill)
        flat = array.reshape(-1).tolist()
        if kind == "b":
            found = [b"true" if each else b"false" for each in flat]
        elif kind == "c":
            wide = f"({pattern},{pattern})"
            found = [(wide % (each.real, each.imag)).encode() for each in flat]
        else:
            found = [(pattern % each).encode() for each in flat]
        return text_array(found, array.shape)


def _pattern(
    kind: str, precision: int, scientific: bool, shortest: bool, width: int, fill: str
) -> str:
    """The format, in C's notation, for numbers of a kind of type."""
    if len(fill) > 1:
        raise invalid("Fill string must be one or fewer characters")
    if fill not in ("", " ", "-", "0", "+"):
        raise invalid(f'Fill argument not supported: "{fill}"')
    if scientific and shortest:
        raise invalid("Cannot select both scientific and shortest notation")
    if kind in "ib":
        if scientific or shortest:
            raise invalid("scientific and shortest format not supported for datatype of integers")
        if precision >= 0:
            raise invalid("precision not supported for datatype of integers")
        letter = "d"
    else:
        letter = "e" if scientific else "g" if shortest else "f"
    size = str(width) if width >= 0 else ""
    digits = f".{precision}" if precision >= 0 else ""
    return f"%{fill}{size}{digits}{letter}"


@op("EncodeBase64", "input: string -> output: string", pad=False)
class EncodeBase64:
    """Each string in base 64 with the letters that are safe in addresses."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(texts(b"", b"a", b"ab", b"abc", b"\xff\xfe\xfb")),
        case(texts(b"a", b"ab"), pad=True),
    )

    def numpy(value: Any, *, pad: bool) -> Any:
        def encode(each: bytes) -> bytes:
            found = base64.urlsafe_b64encode(each)
            return found if pad else found.rstrip(b"=")

        return mapped(encode, value)


@op("DecodeBase64", "input: string -> output: string")
class DecodeBase64:
    """The strings that others spell in base 64, with or without padding."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(texts(b"", b"YQ", b"YQ==", b"YWI", b"YWJj", b"__77")),
        case(texts(b"Y!=="), raises="Invalid character found in base64"),
        case(texts(b"YWJjY"), raises="[Bb]ase64|Invalid"),
    )

    def numpy(value: Any) -> Any:
        return mapped(_from_base64, value)


def _from_base64(value: bytes) -> bytes:
    content = value.rstrip(b"=")
    letters = content.translate(_SAFE_LETTERS)
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        raise invalid("Invalid character found in base64.") from None


_SAFE_LETTERS = bytes.maketrans(b"-_+/", b"+/!!")


def string_to_number(
    string_tensor: Any = None,
    out_type: Any = dtypes.float32,
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The numbers that strings spell.

    Args:
        string_tensor: the strings.
        out_type: float32, float64, int32 or int64.
        input: another name of `string_tensor`.

    Raises:
        InvalidArgumentError: when run, if a string is no number of the type.
    """
    source = string_tensor if input is None else input
    made: Tensor = apply("StringToNumber", source, out_type=out_type, name=name)
    return made


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers as text, as C's printf writes them.

    Args:
        precision: digits after the point.
        scientific: with an exponent.
        shortest: with one where that is shorter.
        width: the least number of characters.
        fill: "0" or " " to fill up with, "-" to fill up behind, "+" to write that sign.
    """
    made: Tensor = apply(
        "AsString",
        input,
        precision=precision,
        scientific=scientific,
        shortest=shortest,
        width=width,
        fill=fill,
        name=name,
    )
    return made


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Strings in base 64, with the letters that are safe in addresses; `pad` fills up by ``=``."""
    made: Tensor = apply("EncodeBase64", input, pad=pad, name=name)
    return made


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """The strings that `encode_base64` makes its results of."""
    made: Tensor = apply("DecodeBase64", input, name=name)
    return made
