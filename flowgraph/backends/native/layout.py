"""How the arrays of a group lie to each other: which axes an input is repeated along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Layout", "layout_of"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """The axes of a kernel's loops, with neighbours joined where no input tells them apart.

    Attributes:
        varies: per input and loop, whether the input has that axis; else it is repeated.
    """

    varies: tuple[tuple[bool, ...], ...]
    loops: int


def layout_of(output: Shape, inputs: Sequence[Shape]) -> tuple[Layout, Shape]:
    """The layout of arrays that broadcast to `output`, and the numbers of turns of its loops.

    >>> layout_of((8, 5, 3), [(8, 5, 3), (3,), (8, 1, 1), ()])
    (Layout(varies=((True, True, True), (False, False, True), (True, False, False),
    (False, False, False)), loops=3), (8, 5, 3))
    >>> layout_of((8, 5, 3), [(8, 5, 3), (5, 3)])[1]
    (8, 15)
    """
    padded = [(1,) * (len(output) - len(shape)) + shape for shape in inputs]
    columns: list[tuple[bool, ...]] = []
    turns: list[int] = []
    for axis, size in enumerate(output):
        if size == 1:
            continue
        column = tuple(shape[axis] != 1 for shape in padded)
        if columns and columns[-1] == column:
            turns[-1] *= size
        else:
            columns.append(column)
            turns.append(size)
    if not columns:
        columns, turns = [(False,) * len(padded)], [1]
    varies = tuple(zip(*columns, strict=True)) if inputs else ()
    return Layout(varies, len(turns)), tuple(turns)
