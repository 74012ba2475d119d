"""Where in the user's program an op was created.

A frame is kept as its raw ``(code, lasti)`` pair, which costs about a tenth of a microsecond, and
is turned into file, line and source text only when an error is shown.
"""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from types import CodeType
from typing import NamedTuple

__all__ = ["Frame", "capture", "render", "stack", "user_frame"]

RawFrames = tuple[CodeType | int, ...]

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_STDLIB = sysconfig.get_paths()["stdlib"] + os.sep


class Frame(NamedTuple):
    """One line of a stack: as in `traceback.FrameSummary`."""

    filename: str
    lineno: int
    name: str
    line: str


def capture(limit: int = 32) -> RawFrames:
    """The caller's stack, innermost first, as a flat tuple code, lasti, code, lasti, ..."""
    frame = sys._getframe(2)
    raw: list[CodeType | int] = []
    while frame is not None and limit:
        raw.append(frame.f_code)
        raw.append(frame.f_lasti)
        frame = frame.f_back  # type: ignore[assignment]
        limit -= 1
    return tuple(raw)


def _line_number(code: CodeType, lasti: int) -> int:
    for start, end, line in code.co_lines():
        if start <= lasti < end and line is not None:
            return line
    return code.co_firstlineno


def stack(raw: RawFrames) -> list[Frame]:
    """The captured frames, outermost first."""
    frames = []
    for code, lasti in zip(raw[::2], raw[1::2], strict=True):
        assert isinstance(code, CodeType) and isinstance(lasti, int)
        number = _line_number(code, lasti)
        text = linecache.getline(code.co_filename, number).strip()
        frames.append(Frame(code.co_filename, number, code.co_name, text))
    return frames[::-1]


def _is_internal(filename: str) -> bool:
    if "site-packages" in filename:
        return False
    return filename.startswith((_PACKAGE, _STDLIB, "<frozen", "<function of", "<expression"))


def user_frame(raw: RawFrames) -> Frame | None:
    """The innermost captured frame outside flowgraph and the standard library."""
    for code, lasti in zip(raw[::2], raw[1::2], strict=True):
        assert isinstance(code, CodeType) and isinstance(lasti, int)
        if not _is_internal(code.co_filename):
            number = _line_number(code, lasti)
            text = linecache.getline(code.co_filename, number).strip()
            return Frame(code.co_filename, number, code.co_name, text)
    return None


def render(raw: RawFrames) -> str:
    """``file.py:12, in build: y = tf.matmul(a, b)``, or an empty string if no user line is
    known."""
    frame = user_frame(raw)
    if frame is None:
        return ""
    return f"{frame.filename}:{frame.lineno}, in {frame.name}: {frame.line}"
