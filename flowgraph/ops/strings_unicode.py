"""Text in other encodings, and as numbers of characters."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.texts import invalid, mapped, strings, text_array, texts

__all__ = ["unicode_transcode"]

_ERRORS = ("strict", "replace", "ignore")
_OUTPUTS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
_DECODING = {
    "input_encoding": attr("string"),
    "errors": attr("string", "replace", allowed=_ERRORS),
    "replacement_char": 65533,
    "replace_control_characters": False,
}
_REPLACEMENT = 65533
_LAST_CONTROL = 31

_MIXED = texts("aÄ€𝄞".encode(), b"", b"a\xff\xc3(\x01\n")


def _codec(encoding: str) -> str:
    try:
        return codecs.lookup(_PYTHON_NAMES.get(encoding.upper(), encoding)).name
    except LookupError:
        raise invalid(f"Could not create converter for input encoding: {encoding}") from None


# Python's codecs of these names look for a byte order mark.
_PYTHON_NAMES = {"UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}


def _characters(
    value: bytes, codec: str, errors: str, replacement: int, no_controls: bool
) -> Iterator[tuple[int, int]]:
    """The characters of a string, each with the place of its first byte."""
    place = 0
    while place < len(value):
        end, bad = len(value), 0
        try:
            good = value[place:].decode(codec)
        except UnicodeDecodeError as error:
            if errors == "strict":
                raise invalid("Invalid formatting on input string") from None
            end, bad = place + error.start, error.end - error.start
            good = value[place:end].decode(codec)
        for letter in good:
            is_control = no_controls and ord(letter) <= _LAST_CONTROL
            if not is_control or errors == "replace":
                yield replacement if is_control else ord(letter), place
            place += len(letter.encode(codec))
        if bad and errors == "replace":
            yield replacement, end
        place = end + bad


@op(
    "UnicodeTranscode",
    "input: string -> output: string",
    output_encoding=attr("string", allowed=_OUTPUTS),
    **_DECODING,
)
class UnicodeTranscode:
    """Each string in another encoding."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(_MIXED, input_encoding="UTF-8", output_encoding="UTF-16-BE"),
        case(_MIXED, input_encoding="UTF-8", output_encoding="UTF-8", errors="ignore"),
        case(
            _MIXED,
            input_encoding="UTF-8",
            output_encoding="UTF-8",
            replacement_char=63,
            replace_control_characters=True,
        ),
        case(texts(b"\xe4"), input_encoding="ISO-8859-1", output_encoding="UTF-32-BE"),
        case(
            _MIXED,
            input_encoding="UTF-8",
            output_encoding="UTF-8",
            errors="strict",
            raises="Invalid formatting on input string",
        ),
        case(
            _MIXED,
            input_encoding="unheard-of",
            output_encoding="UTF-8",
            raises="Could not create converter for input encoding",
        ),
    )

    def numpy(
        value: Any,
        *,
        input_encoding: str,
        output_encoding: str,
        errors: str,
        replacement_char: int,
        replace_control_characters: bool,
    ) -> Any:
        source, target = _codec(input_encoding), _codec(output_encoding)

        def convert(each: bytes) -> bytes:
            found = _characters(each, source, errors, replacement_char, replace_control_characters)
            return "".join(chr(letter) for letter, _ in found).encode(target)

        return mapped(convert, value)


def _ragged_shapes(value: Operand) -> list[Dims]:
    rows: Dims = (None,)
    if value.dims is not None and None not in value.dims:
        count = 1
        for size in value.dims:
            count *= size or 0
        rows = (count + 1,)
    return [rows, (None,)]


def _rows(
    value: Any, encoding: str, errors: str, replacement: int, no_controls: bool
) -> list[list[tuple[int, int]]]:
    codec = _codec(encoding)
    return [
        list(_characters(each, codec, errors, replacement, no_controls))
        for each in strings(value).reshape(-1).tolist()
    ]


def _splits(rows: list[Any], dtype: DType) -> Any:
    return np.cumsum([0, *map(len, rows)], dtype=dtype.np)


_SPLITS = types(INDEX, dtypes.int64)


@op(
    "UnicodeDecode",
    "input: string -> row_splits: Tsplits, char_values: int32",
    Tsplits=_SPLITS,
    **_DECODING,
)
class UnicodeDecode:
    """The characters of all strings as numbers, and where each string begins among them."""

    grad = None
    shape = _ragged_shapes
    samples = (
        case(_MIXED, input_encoding="UTF-8"),
        case(_MIXED, input_encoding="UTF-8", errors="ignore", Tsplits=dtypes.int32),
        case(np.array(b"\x00a\x20\xac", np.object_), input_encoding="UTF-16-BE"),
        case(_MIXED, input_encoding="UTF-8", errors="strict", raises="Invalid formatting"),
    )

    def numpy(
        value: Any,
        *,
        input_encoding: str,
        errors: str,
        replacement_char: int,
        replace_control_characters: bool,
        Tsplits: DType,
    ) -> list[Any]:
        rows = _rows(value, input_encoding, errors, replacement_char, replace_control_characters)
        letters = [letter for row in rows for letter, _ in row]
        return [_splits(rows, Tsplits), np.array(letters, np.int32)]


@op(
    "UnicodeDecodeWithOffsets",
    "input: string -> row_splits: Tsplits, char_values: int32, char_to_byte_starts: int64",
    Tsplits=_SPLITS,
    **_DECODING,
)
class UnicodeDecodeWithOffsets:
    """UnicodeDecode with the place of each character's first byte in its string."""

    grad = None
    samples = (
        case(_MIXED, input_encoding="UTF-8"),
        case(_MIXED, input_encoding="UTF-8", errors="ignore", replace_control_characters=True),
    )

    def shape(value: Operand) -> list[Dims]:
        return [*_ragged_shapes(value), (None,)]

    def numpy(
        value: Any,
        *,
        input_encoding: str,
        errors: str,
        replacement_char: int,
        replace_control_characters: bool,
        Tsplits: DType,
    ) -> list[Any]:
        rows = _rows(value, input_encoding, errors, replacement_char, replace_control_characters)
        pairs = [pair for row in rows for pair in row]
        letters, places = np.array(pairs, np.int64).reshape(-1, 2).T
        return [_splits(rows, Tsplits), letters.astype(np.int32), places.copy()]


@op(
    "UnicodeEncode",
    "input_values: int32, input_splits: Tsplits -> output: string",
    errors=attr("string", "replace", allowed=("ignore", "replace", "strict")),
    output_encoding=attr("string", allowed=_OUTPUTS),
    replacement_char=65533,
    Tsplits=_SPLITS,
)
class UnicodeEncode:
    """Strings of the characters between each two places of `input_splits`."""

    grad = None
    samples = (
        case(np.array([97, 8364, 119070]), np.array([0, 1, 1, 3]), output_encoding="UTF-8"),
        case(np.array([97, 0xD800, 98]), np.array([0, 3]), output_encoding="UTF-16-BE"),
        case(np.array([97, -1]), np.array([0, 2]), output_encoding="UTF-8", errors="ignore"),
        case(
            np.array([0x110000]),
            np.array([0, 1]),
            output_encoding="UTF-8",
            errors="strict",
            raises="Code point is out of range for Unicode, or a noncharacter",
        ),
    )

    def shape(values: Operand, splits: Operand) -> Dims:
        size = None if splits.dims is None else splits.dims[0]
        return (None if size is None else size - 1,)

    def numpy(
        values: Any, splits: Any, *, errors: str, output_encoding: str, replacement_char: int
    ) -> Any:
        codec = _codec(output_encoding)
        letters = [_valid(int(each), errors, replacement_char) for each in values]
        pairs = itertools.pairwise(splits.tolist())
        found = ["".join(letters[begin:end]).encode(codec) for begin, end in pairs]
        return text_array(found, (len(found),))


def _valid(letter: int, errors: str, replacement: int) -> str:
    """A character, or what stands for a number that means none."""
    if 0 <= letter < 0xD800 or 0xDFFF < letter <= 0x10FFFF:
        return chr(letter)
    if errors == "strict":
        raise invalid("Code point is out of range for Unicode, or a noncharacter.")
    return chr(replacement) if errors == "replace" else ""


def unicode_transcode(
    input: Any,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = _REPLACEMENT,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """Strings in another encoding.

    Args:
        input: the strings.
        input_encoding: the name of their encoding.
        output_encoding: "UTF-8", "UTF-16-BE" or "UTF-32-BE".
        errors: what to do where bytes mean nothing: "strict", "replace" or "ignore".
        replacement_char: what to put in their place.
        replace_control_characters: treat control characters in the same way.

    Raises:
        InvalidArgumentError: when run, for an unknown encoding, and for such bytes under "strict".
    """
    made: Tensor = apply(
        "UnicodeTranscode",
        input,
        input_encoding=input_encoding,
        output_encoding=output_encoding,
        errors=errors,
        replacement_char=replacement_char,
        replace_control_characters=replace_control_characters,
        name=name,
    )
    return made
