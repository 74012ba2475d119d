"""Tensors as text: what Print writes and Assert reports."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["Print", "summary"]

Array = np.ndarray[Any, Any]

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "'": "\\'", "\\": "\\\\"}


def summary(value: Any, limit: int) -> str:
    """The first `limit` elements (all of them if -1), rows in brackets.

    >>> summary(np.array([[1, 2.5], [3, 4]]), 3)
    '[1 2.5][3...]...'
    """
    array = np.asarray(value)
    if limit < 0:
        limit = array.size
    elements = iter([_text(each) for each in array.reshape(-1)[:limit]])
    if not array.ndim:
        text = "".join(elements)
    else:
        text = "".join(_rows(array.shape, _Taken(elements, min(limit, array.size), limit)))
    return text + ("..." if array.size > limit else "")


class _Taken:
    """Elements to be printed, and how many are left."""

    def __init__(self, elements: Iterator[str], left: int, limit: int) -> None:
        self.elements = elements
        self.left = left
        self.used_up = limit == 0

    def take(self) -> str:
        self.left -= 1
        self.used_up = not self.left
        return next(self.elements)


def _rows(shape: tuple[int, ...], taken: _Taken, depth: int = 0) -> Iterator[str]:
    if len(shape) == 1:
        for index in range(shape[0]):
            if not taken.left:
                if depth:
                    yield "..."
                return
            yield (" " if index else "") + taken.take()
        return
    for _ in range(shape[0]):
        if taken.used_up:
            return
        yield "["
        yield from _rows(shape[1:], taken, depth + 1)
        yield "]"


def _text(element: Any) -> str:
    if isinstance(element, bytes | str):
        text = element.decode(errors="backslashreplace") if isinstance(element, bytes) else element
        return "".join(_ESCAPES.get(letter, letter) for letter in text)
    kind = element.dtype.kind
    if kind == "b":
        return str(int(element))
    if kind in "iu":
        return str(element)
    if kind == "c":
        return f"({_text(element.real)},{_text(element.imag)})"
    return _number(element)


def _number(element: Any) -> str:
    """As few digits as tell the number from others of its type, or its type's full precision."""
    value = float(element)
    single = element.dtype.itemsize <= 4
    short = f"{value:.6g}" if single else f"{value:.15g}"
    if value != value or float(np.float32(short) if single else short) == value:
        return short
    return f"{value:.9g}" if single else f"{value:.17g}"


@op(
    "Print",
    "input: T, data: U[] -> output: T",
    T=attr("type"),
    U=attr("list(type)", minimum=0),
    message="",
    first_n=-1,
    summarize=3,
)
class PrintOp:
    """The input; writes `data` to standard error whenever it runs, or the first `first_n` times."""

    stateful = True
    samples = (
        case(np.arange(6.0).reshape(2, 3), [np.array([1, 2]), np.array(b"a")], message="m"),
        case(np.array(b"x"), [np.array([0.5], np.float32)], first_n=0, summarize=1),
        case(np.zeros((0, 2), np.int32), [np.array(True)]),
    )

    def shape(x: Operand, data: list[Operand]) -> Dims:
        return x.dims

    def new_state() -> Any:
        return itertools.count()

    def numpy(
        x: Any, data: list[Any], *, message: str, first_n: int, summarize: int, state: Any
    ) -> Any:
        if first_n < 0 or next(state) < first_n:
            parts = "".join(f"[{summary(each, summarize)}]" for each in data)
            sys.stderr.write(f"{message}{parts}\n")
        return np.array(x)

    def grad(op: Operation, dy: Tensor) -> list[Any]:
        return [dy] + [None] * (len(op.inputs) - 1)


def Print(  # noqa: N802 (TensorFlow's name)
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`, writing `data` to standard error whenever it is computed.

    Args:
        data: a list of tensors.
        message: what to write before them.
        first_n: write only so many times.
        summarize: how many elements of each tensor to write, 3 if None; -1 for all.
    """
    printed: Tensor = apply(
        "Print",
        input_,
        data,
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )
    return printed
