"""Distributing the rows of a tensor over several, and putting them together again."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, GRID, WORDS, reshape, shape
from flowgraph.ops.sample_values import f32, i32
from flowgraph.ops.select import same_shape

__all__ = ["dynamic_partition", "dynamic_stitch"]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)


@op(
    "DynamicPartition",
    "data: T, partitions: int32 -> outputs: num_partitions * T",
    num_partitions=attr("int", minimum=1),
    T=ANY_TYPE,
)
class DynamicPartition:
    """The elements of `data` distributed over several tensors: output k gets those whose partition
    is k, in order."""

    samples = (
        case(GRID, i32([1, 0]), num_partitions=2),
        case(F32, i32([[0, 2, 0], [2, 2, 0]]), num_partitions=3),
        case(I32, i32([1, 1]), num_partitions=2),
        case(f32(3), i32(1), num_partitions=2),
        case(WORDS, i32([0, 1]), num_partitions=2),
        case(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), num_partitions=1),
        case(GRID, i32([2, 0]), num_partitions=2, raises="partitions.0. = 2 is not in .0, 2."),
        case(GRID, i32([0, 0, 1]), num_partitions=2, raises="must start with|must be equal"),
    )

    def shape(data: Operand, partitions: Operand, *, num_partitions: int) -> list[Dims]:
        d, p = data.dims, partitions.dims
        if d is None or p is None:
            return [None] * num_partitions
        if len(d) < len(p):
            raise ValueError(f"data.shape must start with partitions.shape: {d} and {p}")
        same_shape(d[: len(p)], p)
        return [(None, *d[len(p) :])] * num_partitions

    def numpy(data: Any, partitions: Any, *, num_partitions: int) -> Any:
        rank = partitions.ndim
        if data.shape[:rank] != partitions.shape:
            text = (
                f"data.shape must start with partitions.shape, got data.shape = "
                f"{dims.show_list(data.shape)}, partitions.shape = "
                f"{dims.show_list(partitions.shape)}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        _check_partitions(partitions, num_partitions)
        rows = data.reshape(-1, *data.shape[rank:])
        keys = partitions.reshape(-1)
        return [rows[keys == part] for part in range(num_partitions)]

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        data, partitions = op.inputs
        count = op.attrs["num_partitions"]
        prefix = shape(partitions)
        numbers = apply("Range", 0, apply("Prod", prefix, [0]), 1, name="range")
        places = apply(
            "DynamicPartition", reshape(numbers, prefix), partitions, num_partitions=count
        )
        merged = apply("ParallelDynamicStitch", places, list(dys))
        return [reshape(merged, shape(data)), None]


def _check_partitions(partitions: Any, count: int) -> None:
    outside = np.argwhere((partitions < 0) | (partitions >= count))
    if len(outside):
        first = outside[0]
        place = f"[{','.join(map(str, first))}]" if first.size else ""
        text = f"partitions{place} = {partitions[tuple(first)]} is not in [0, {count})"
        raise errors.InvalidArgumentError(None, None, text)


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The elements of `data` distributed over several tensors.

    Args:
        partitions: int32, the number of the tensor that each element (or block) goes to; its
            shape is a prefix of that of `data`.
        num_partitions: how many tensors there are.
    """
    parts: list[Tensor] = apply(
        "DynamicPartition", data, partitions, num_partitions=num_partitions, name=name
    )
    return parts


def _stitched_shape(indices: list[Operand], data: list[Operand]) -> Dims:
    rest: Dims = None
    known = True
    largest = -1
    for where, values in zip(indices, data, strict=True):
        value = where.const_value()
        if value is None:
            known = False
        elif value.size:
            largest = max(largest, int(value.max()))
        if where.dims is None or values.dims is None:
            continue
        count = len(where.dims)
        if len(values.dims) < count:
            raise ValueError(f"Shape must be at least rank {count} but is rank {len(values.dims)}")
        same_shape(where.dims, values.dims[:count])
        rest = same_shape(rest, values.dims[count:])
    if rest is None:
        return None
    return (largest + 1 if known else None, *rest)


def _stitch(indices: list[Any], data: list[Any]) -> Any:
    keys = [where.reshape(-1) for where in indices]
    size = max((int(key.max()) + 1 for key in keys if key.size), default=0)
    blocks = data[0].shape[indices[0].ndim :]
    merged = np.zeros((size, *blocks), data[0].dtype)
    for where, key, values in zip(indices, keys, data, strict=True):
        if values.shape != (*where.shape, *blocks):
            text = (
                "Need data[i].shape = indices[i].shape + constant, got "
                f"{dims.show_list(values.shape)} for indices of shape {dims.show_list(where.shape)}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        if key.size and key.min() < 0:
            raise errors.InvalidArgumentError(None, None, f"indices = {key.min()} is out of range")
        merged[key] = values.reshape(-1, *blocks)
    return merged


def _stitch_grad(op: Operation, dy: Tensor) -> Gradients:
    count = op.attrs["N"]
    indices = op.inputs[:count]
    rows = [apply("GatherV2", dy, where, 0) for where in indices]
    return [*[None] * count, *rows]


STITCHED = (
    case([i32([0, 2]), i32(1)], [GRID, GRID[0] + 10]),
    case([i32([[3], [0]]), i32([1, 2])], [F32[:, :1], F32[0, :2]]),
    case([i32([1, 0])], [I32]),
    case([i32([0]), i32([])], [WORDS[:1], WORDS[:0]]),
    case([i32([0, 1]), i32([1])], [GRID, GRID[:1]], grad=False),
)


@op("DynamicStitch", "indices: N * int32, data: N * T -> merged: T", T=ANY_TYPE)
class DynamicStitch:
    """``merged[indices[m][i, ...], ...] = data[m][i, ..., ...]``; the last one wins a place."""

    shape = _stitched_shape
    numpy = _stitch
    grad = _stitch_grad
    samples = STITCHED


@op("ParallelDynamicStitch", "indices: N * int32, data: N * T -> merged: T", T=ANY_TYPE)
class ParallelDynamicStitch:
    """DynamicStitch for indices that are all different."""

    shape = _stitched_shape
    numpy = _stitch
    grad = _stitch_grad
    samples = STITCHED[:-1]


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """One tensor from several: ``merged[indices[m][i, ...], ...] = data[m][i, ..., ...]``.

    Args:
        indices: a list of int32 tensors; where an index comes twice, the last one wins.
        data: a list of tensors, each of its indices' shape plus one that is common to all.
    """
    result: Tensor = apply("DynamicStitch", indices, data, name=name)
    return result
