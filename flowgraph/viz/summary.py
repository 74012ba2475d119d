"""The table of a model's variables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from flowgraph.viz.interface import DTypeLike, ShapeLike, shape_text


class NamedLike(Protocol):
    @property
    def name(self) -> str: ...


class BaseDTypeLike(Protocol):
    @property
    def base_dtype(self) -> DTypeLike: ...


class VariableLike(Protocol):
    """What the table reads of a variable."""

    @property
    def op(self) -> NamedLike: ...

    @property
    def shape(self) -> ShapeLike: ...

    @property
    def dtype(self) -> BaseDTypeLike: ...

    @property
    def trainable(self) -> bool: ...


_HEADER = ("Variable", "Shape", "Dtype", "Parameters", "Trainable")
_RIGHT_ALIGNED = 3


def summary(variables: Iterable[VariableLike]) -> str:
    """A table of the variables: name, shape, dtype and number of parameters, and their totals.

    A variable whose shape is not fully known shows "?" parameters and adds nothing to the totals.
    """
    rows: list[tuple[str, ...]] = []
    parameters = {True: 0, False: 0}
    size_in_bytes = 0
    for variable in variables:
        dims = _dimensions(variable)
        dtype = variable.dtype.base_dtype
        count = _count(dims)
        trainable = bool(variable.trainable)
        if count is not None:
            parameters[trainable] += count
            size_in_bytes += count * dtype.size
        shown = "?" if count is None else f"{count:,}"
        row = (variable.op.name, shape_text(dims), dtype.name, shown, "yes" if trainable else "no")
        rows.append(row)
    table = _table(rows)
    total = parameters[True] + parameters[False]
    return "\n".join(
        [
            *table,
            f"Parameters: {total:,} ({bytes_text(size_in_bytes)})",
            f"  trainable:     {parameters[True]:,}",
            f"  not trainable: {parameters[False]:,}",
        ]
    )


def bytes_text(count: float) -> str:
    """A size in memory, to three digits.

    >>> bytes_text(512), bytes_text(2_500_000)
    ('512 B', '2.38 MiB')
    """
    if count < 1024:
        return f"{count:.0f} B"
    power = min(3, (int(count).bit_length() - 1) // 10)
    scaled = count / 1024**power
    number = f"{scaled:.3g}" if scaled < 1000 else f"{scaled:,.0f}"
    return f"{number} {('B', 'KiB', 'MiB', 'GiB')[power]}"


def _dimensions(variable: VariableLike) -> list[int | None] | None:
    try:
        return variable.shape.as_list()
    except ValueError:
        return None


def _count(dims: list[int | None] | None) -> int | None:
    if dims is None:
        return None
    count = 1
    for size in dims:
        if size is None:
            return None
        count *= size
    return count


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in [_HEADER, *rows]) for column in range(len(_HEADER))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_aligned(_HEADER, widths), rule]
    lines.extend(_aligned(row, widths) for row in rows)
    lines.append(rule)
    return lines


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.rjust(width) if column == _RIGHT_ALIGNED else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
