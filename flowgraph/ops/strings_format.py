"""Tensors written into texts, and strings joined by segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.printing import summary
from flowgraph.ops.texts import decoded, encoded, invalid, strings, text_array, texts

__all__ = ["string_format", "unsorted_segment_join"]


def shown(value: Any, ends: int) -> str:
    """A tensor as text, rows on lines; of a dimension at most `ends` entries at either end.

    >>> print(shown(np.arange(12).reshape(3, 4), 1))
    [[0 ... 3]
     ...
     [8 ... 11]]
    """
    array = np.asarray(value)
    if ends < 0:
        ends = max(array.shape, default=0)
    return _shown(array, 0, array.ndim, ends)


def _shown(array: Any, depth: int, rank: int, ends: int) -> str:
    if depth == rank:
        text = summary(array, 1)
        is_text = isinstance(array, bytes) or np.asarray(array).dtype.kind == "O"
        return f'"{text}"' if is_text else text
    count = len(array)
    places: list[int | None] = list(range(min(ends, count)))
    if count > 2 * ends:
        places.append(None)
    places += range(max(ends, count - ends), count)
    parts = [
        "..." if place is None else _shown(array[place], depth + 1, rank, ends) for place in places
    ]
    last = depth == rank - 1
    gap = " " if last else "\n" * (rank - depth - 1) + " " * (depth + 1)
    return "[" + gap.join(parts) + "]"


@op(
    "StringFormat",
    "inputs: T[] -> output: string",
    T=attr("list(type)", minimum=0),
    template="%s",
    placeholder="%s",
    summarize=3,
)
class StringFormat:
    """A text with tensors written in place of its placeholders."""

    grad = None
    samples = (
        case([np.array(1.5, np.float32), np.arange(10)], template="x = %s, y = %s."),
        case([np.arange(12).reshape(3, 4)], template="{}", placeholder="{}", summarize=1),
        case([np.arange(24.0).reshape(2, 3, 4)], summarize=-1),
        case([texts(b"a", b'b"')], template="<{}>", placeholder="{}"),
        case([np.array(b"a", np.object_)]),
        case([np.array([True, False]), np.zeros((0, 2))], template="%s%s"),
    )

    def shape(inputs: list[Operand]) -> Dims:
        return ()

    def numpy(inputs: list[Any], *, template: str, placeholder: str, summarize: int) -> Any:
        pieces = template.split(placeholder)
        if len(pieces) != len(inputs) + 1:
            raise invalid(
                f"num placeholders in template and num inputs must match: {len(pieces) - 1} vs. "
                f"{len(inputs)}"
            )
        written = [shown(each, summarize) for each in inputs]
        text = pieces[0] + "".join(
            value + piece for value, piece in zip(written, pieces[1:], strict=True)
        )
        return np.array(encoded(text), np.object_)


def string_format(
    template: Any,
    inputs: Any,
    placeholder: str = "{}",
    summarize: int = 3,
    name: str | None = None,
) -> Tensor:
    """A text with tensors written in place of its placeholders.

    Args:
        template: the text.
        inputs: a tensor or a list of them, as many as there are placeholders.
        placeholder: what to look for in the text.
        summarize: how many entries to write at either end of a dimension; -1 for all.

    Raises:
        ValueError: if there are more or fewer placeholders than tensors.
    """
    values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    text = decoded(template) if isinstance(template, bytes) else template
    if text.count(placeholder) != len(values):
        raise ValueError(
            f"{text.count(placeholder)} placeholder(s) in template does not match "
            f"{len(values)} tensor(s) provided as input"
        )
    made: Tensor = apply(
        "StringFormat",
        values,
        template=text,
        placeholder=placeholder,
        summarize=summarize,
        name=name,
    )
    return made


@op(
    "UnsortedSegmentJoin",
    "inputs: string, segment_ids: Tindices, num_segments: Tnumsegments -> output: string",
    separator="",
    Tindices=types(INDEX),
    Tnumsegments=types(INDEX, dtypes.int32),
)
class UnsortedSegmentJoin:
    """The strings of each segment joined, in their order."""

    grad = None
    samples = (
        case(texts(b"a", b"b", b"c"), np.array([1, 0, 1]), np.int32(3), separator="-"),
        case(texts(b"a", b"b", b"c", b"d").reshape(2, 2), np.array([1, 1]), np.int64(2)),
        case(texts(b"a", b"b").reshape(1, 2), np.array([[0, 0]]), np.int32(1)),
        case(texts(b"a"), np.array([2]), np.int32(1), raises="segment"),
    )

    def shape(inputs: Operand, ids: Operand, count: Operand) -> Dims:
        if inputs.dims is None or ids.dims is None:
            return None
        dims.merge(inputs.dims[: len(ids.dims)], ids.dims)
        known = count.const_value()
        return (None if known is None else int(known), *inputs.dims[len(ids.dims) :])

    def numpy(inputs: Any, ids: Any, count: Any, *, separator: str) -> Any:
        array, places = strings(inputs), np.asarray(ids)
        total, rest = int(count), array.shape[places.ndim :]
        if places.size and not 0 <= places.min() <= places.max() < total:
            raise invalid(f"segment ids must be in [0, {total})")
        columns = array.reshape(places.size, -1)
        joint = encoded(separator)
        rows: list[list[Any]] = [[] for _ in range(total)]
        for place, row in zip(places.reshape(-1).tolist(), columns, strict=True):
            rows[place].append(row)
        width = columns.shape[1]
        found = [
            joint.join(row[column] for row in each) for each in rows for column in range(width)
        ]
        return text_array(found, (total, *rest))


def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: str = "", name: str | None = None
) -> Tensor:
    """The strings of each segment joined.

    Args:
        inputs: the strings.
        segment_ids: the number of the segment of each string; its shape is a prefix of theirs.
        num_segments: how many segments there are.
        separator: put between the strings.
    """
    made: Tensor = apply(
        "UnsortedSegmentJoin", inputs, segment_ids, num_segments, separator=separator, name=name
    )
    return made
