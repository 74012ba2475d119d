"""Texts as numbers, by the rules of C."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flowgraph.dtypes import DType

__all__ = ["number_parser"]

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_HEX_FLOAT = re.compile(rb"[+-]?0[xX][0-9a-fA-F.]+([pP][+-]?[0-9]+)?")
_FLOAT = re.compile(
    rb"[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|inf(inity)?|nan)",
    re.IGNORECASE,
)


def number_parser(dtype: DType) -> Callable[[bytes], Any]:
    """A function that reads a number of the type, or gives None for any other text.

    >>> from flowgraph import dtypes
    >>> [number_parser(dtypes.int32)(text) for text in (b" 12 ", b"1.5", b"3000000000")]
    [12, None, None]
    """
    if dtype.is_integer:
        low, high = dtype.min, dtype.max

        def integer(text: bytes) -> int | None:
            text = text.strip()
            if not _INTEGER.fullmatch(text):
                return None
            value = int(text)
            return value if low <= value <= high else None

        return integer
    kind = dtype.np.type

    def floating(text: bytes) -> Any:
        text = text.strip()
        if _FLOAT.fullmatch(text):
            return kind(text)
        return kind(float.fromhex(text.decode())) if _HEX_FLOAT.fullmatch(text) else None

    return floating
