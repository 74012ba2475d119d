"""The random grids of fractional pooling, and reductions over their cells.

Source: Graham, Fractional Max-Pooling (2015).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.graph.philox import WORDS_PER_BLOCK, PhiloxState
from flowgraph.ops.random_kernels import random_shuffle
from flowgraph.ops.random_math import uniform_double

__all__ = [
    "cell_areas",
    "cell_bounds",
    "cell_spans",
    "each_cell",
    "new_generator",
    "quotient",
    "reduce_cells",
]

Array = np.ndarray[Any, Any]


def new_generator(state: tuple[int, int], deterministic: bool) -> PhiloxState:
    """A generator for one run: the same at every run if that is to be deterministic."""
    if deterministic:
        return PhiloxState(*state)
    if state != (0, 0):
        text = "Both seed and seed2 should be 0 if deterministic is false."
        raise errors.InvalidArgumentError(None, None, text)
    return PhiloxState(0, 0)


def cell_bounds(length: int, cells: int, generator: PhiloxState, pseudo_random: bool) -> Array:
    """Where cells begin and end along an axis: ascending, from 0 to its length."""
    widths = _widths(length, cells, generator, pseudo_random)
    return np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)


def _widths(length: int, cells: int, generator: PhiloxState, pseudo_random: bool) -> Array:
    least = length // cells
    if not pseudo_random:
        widths = np.full(cells, least, np.int64)
        widths[: length % cells] += 1
        shuffled: Array = random_shuffle(generator, widths)
        if cells % WORDS_PER_BLOCK == 1:
            # TensorFlow sets a number aside for each cell; a shuffle needs one less.
            generator.reserve(1)
        return shuffled
    ratio = length / cells
    limit = min((least + 2) / ratio - 1, (length + 1 - least) / ratio - (cells - 1))
    words = generator.blocks(generator.reserve(1), 1)
    shift = float(uniform_double(words).reshape(-1)[0]) * limit
    bounds = [1, *(math.ceil(ratio * (i + shift)) for i in range(1, cells)), length + 1]
    return np.diff(np.array(bounds, np.int64))


def cell_spans(sequence: Array, overlapping: bool) -> list[slice]:
    """The elements of each cell."""
    bounds = sequence.tolist()
    last = bounds[-1]
    return [slice(begin, min(end + overlapping, last)) for begin, end in itertools.pairwise(bounds)]


def reduce_cells(x: Array, sequences: tuple[Array, Array], overlapping: bool, reduce: Any) -> Array:
    """`reduce` (a ufunc) over each cell, rows first."""
    for axis, sequence in enumerate(sequences):
        parts = []
        for span in cell_spans(sequence, overlapping):
            part = x[(slice(None),) * (axis + 1) + (span,)]
            parts.append(reduce.reduce(part, axis=axis + 1, dtype=x.dtype, keepdims=True))
        x = np.concatenate(parts, axis + 1)
    return x


def cell_areas(rows: Array, columns: Array, overlapping: bool) -> Array:
    """How many elements each cell holds."""
    heights, widths = (
        np.array([span.stop - span.start for span in cell_spans(each, overlapping)])
        for each in (rows, columns)
    )
    found: Array = np.multiply.outer(heights, widths)[..., None]
    return found


def quotient(sums: Array, count: Any) -> Array:
    """The quotient in the type of `sums`, truncated towards zero where that is an integer's."""
    if sums.dtype.kind == "i":
        found: Array = np.sign(sums) * (np.abs(sums) // count)
    else:
        found = sums / count
    return found.astype(sums.dtype, copy=False)


def each_cell(
    rows: Array, columns: Array, overlapping: bool
) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
    """Each cell's place in the output, and its slices of the input."""
    for i, span in enumerate(cell_spans(rows, overlapping)):
        for j, other in enumerate(cell_spans(columns, overlapping)):
            yield i, j, (slice(None), span, other)
