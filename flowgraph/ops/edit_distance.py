"""Distances of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor, SparseTensorValue
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import ANY_TYPE
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.sparse_kernels import check_parts, keys_of, sparse_shapes

__all__ = ["edit_distance"]

HYPOTHESIS = (i64([[0, 0], [0, 1], [2, 0], [3, 0], [3, 1]]), i32([1, 2, 3, 4, 4]), i64([4, 2]))
TRUTH = (
    i64([[0, 0], [1, 0], [1, 1], [3, 0], [3, 1], [3, 2]]),
    i32([2, 5, 6, 4, 1, 4]),
    i64([4, 3]),
)
TEXTS = np.array([b"s", b"i", b"t", b"k", b"i", b"t"], object)
PLACES = i64([[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 1, 0], [1, 1, 1], [1, 1, 2]])


def _padded(indices: Any, values: Any, groups: Any) -> tuple[Any, Any]:
    """The sequences [groups, longest], and their lengths."""
    count = dims.product(int(size) for size in groups)
    rows = keys_of(groups, indices[:, :-1])[0]
    if len(rows) and (rows.min() < 0 or rows.max() >= count):
        raise InvalidArgumentError(None, None, "got group index outside of the output shape")
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    lengths = np.bincount(rows, minlength=count)
    sequences = np.full((count, int(lengths.max(initial=0))), -1)
    within = np.arange(len(rows)) - (np.cumsum(lengths) - lengths)[rows]
    sequences[rows, within] = values[order]
    return sequences, lengths


def _distances(first: Any, first_lengths: Any, second: Any, second_lengths: Any) -> Any:
    """Levenshtein's distance of each pair of rows."""
    groups = np.arange(len(first))
    columns = np.arange(second.shape[1] + 1)
    row = np.broadcast_to(columns, (len(first), len(columns))).copy()
    result = row[groups, second_lengths].copy()
    for step in range(first.shape[1]):
        best = np.empty_like(row)
        best[:, 0] = step + 1
        replaced = row[:, :-1] + (first[:, step : step + 1] != second)
        np.minimum(row[:, 1:] + 1, replaced, out=best[:, 1:])
        # What is inserted after place k costs 1 for each place from there on.
        row = np.minimum.accumulate(best - columns, axis=1) + columns
        done = first_lengths == step + 1
        result[done] = row[done, second_lengths[done]]
    return result


@op(
    "EditDistance",
    "hypothesis_indices: int64, hypothesis_values: T, hypothesis_shape: int64, "
    "truth_indices: int64, truth_values: T, truth_shape: int64 -> output: float32",
    normalize=True,
    T=ANY_TYPE,
)
class EditDistance:
    """Levenshtein's distance of each row of a sparse tensor to the same row of another.

    `normalize` divides it by the length of the second; that of something and nothing is infinite.
    """

    grad = None
    samples = (
        case(*HYPOTHESIS, *TRUTH),
        case(*HYPOTHESIS, *TRUTH, normalize=False),
        case(
            PLACES[[0, 1, 2]],
            TEXTS[:3],
            i64([1, 1, 3]),
            PLACES[[0, 1, 2]],
            TEXTS[3:],
            i64([1, 1, 3]),
        ),
        case(PLACES, TEXTS, i64([2, 2, 3]), PLACES[:2], TEXTS[3:5], i64([2, 2, 4])),
        case(*HYPOTHESIS, TRUTH[0][:0], TRUTH[1][:0], TRUTH[2]),
        case(*HYPOTHESIS, PLACES, i32(range(6)), i64([2, 2, 3]), raises="rank|equal"),
    )

    def shape(
        places: Operand,
        values: Operand,
        shape: Operand,
        truth_places: Operand,
        truth_values: Operand,
        truth_shape: Operand,
    ) -> Dims:
        _, rank = sparse_shapes(places, values, shape)
        _, other = sparse_shapes(truth_places, truth_values, truth_shape)
        if None not in (rank, other) and rank != other:
            raise ValueError(f"Ranks must be equal, but are {rank} and {other}")
        known, truth_known = shape.const_dims(), truth_shape.const_dims()
        if known is None or truth_known is None:
            found = rank if rank is not None else other
            return None if found is None else (None,) * (found - 1)
        return tuple(
            None if a is None or b is None else max(a, b)
            for a, b in zip(known[:-1], truth_known[:-1], strict=True)
        )

    def numpy(
        places: Any,
        values: Any,
        shape: Any,
        truth_places: Any,
        truth_values: Any,
        truth_shape: Any,
        *,
        normalize: bool,
    ) -> Any:
        check_parts(places, values, shape)
        check_parts(truth_places, truth_values, truth_shape)
        if len(shape) != len(truth_shape):
            message = f"Expected hypothesis of rank {len(truth_shape)} but got {len(shape)}"
            raise InvalidArgumentError(None, None, message)
        groups = np.maximum(shape[:-1], truth_shape[:-1])
        _, numbers = np.unique(np.concatenate([values, truth_values]), return_inverse=True)
        own, truth = np.split(numbers.reshape(-1), [len(values)])
        first, lengths = _padded(places, own, groups)
        second, truth_lengths = _padded(truth_places, truth, groups)
        distance = _distances(first, lengths, second, truth_lengths).astype(np.float32)
        if normalize:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = distance / truth_lengths.astype(np.float32)
            distance = np.where(distance == 0, np.float32(0), ratio)
        return distance.reshape(tuple(groups.tolist()))


def edit_distance(
    hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance"
) -> Tensor:
    """Levenshtein's distance of each row (last axis) of a sparse tensor to that of another.

    The least number of elements to insert, delete or replace.

    Args:
        hypothesis: a sparse tensor of rank 2 or more.
        truth: another of the same type and rank.
        normalize: divide by the length of the row of `truth`; infinite where that is empty and the
            other is not.

    Returns:
        float32, of their shape without the last axis.

    Raises:
        TypeError: if one is not sparse.
    """
    for what, value in {"Hypothesis": hypothesis, "Truth": truth}.items():
        if not isinstance(value, SparseTensor | SparseTensorValue):
            raise TypeError(f"{what} must be a SparseTensor.")
    distance: Tensor = apply(
        "EditDistance",
        hypothesis.indices,
        hypothesis.values,
        hypothesis.dense_shape,
        truth.indices,
        truth.values,
        truth.dense_shape,
        normalize=normalize,
        name=name,
    )
    return distance
