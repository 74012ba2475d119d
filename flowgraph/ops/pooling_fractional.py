"""Pooling in cells of unequal sizes, by which images shrink by factors that are no integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.conv_rules import size_list
from flowgraph.ops.pooling import waves
from flowgraph.ops.pooling_grids import (
    cell_areas,
    cell_bounds,
    each_cell,
    new_generator,
    quotient,
    reduce_cells,
)
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.spatial_windows import ranked

__all__ = ["FractionalPool", "fractional_avg_pool", "fractional_max_pool"]

Gradients = list[Any]
Array = np.ndarray[Any, Any]
TYPES = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)
ATTRS: dict[str, Any] = {
    "pooling_ratio": attr("list(float)", minimum=4),
    "pseudo_random": False,
    "overlapping": False,
    "deterministic": False,
    "seed": 0,
    "seed2": 0,
}


def _pool(x: Array, average: bool, attrs: dict[str, Any]) -> tuple[Array, Array, Array]:
    ratios = attrs["pooling_ratio"]
    sizes = [math.floor(size / ratio) for size, ratio in zip(x.shape, ratios, strict=True)]
    if min(sizes[1:3]) < 1:
        text = f"output_size cannot be 0, got {sizes} for an input of shape {list(x.shape)}"
        raise errors.InvalidArgumentError(None, None, text)
    generator = new_generator((attrs["seed"], attrs["seed2"]), attrs["deterministic"])
    rows, columns = (
        cell_bounds(x.shape[axis], sizes[axis], generator, attrs["pseudo_random"])
        for axis in (1, 2)
    )
    overlapping = attrs["overlapping"]
    if not average:
        return reduce_cells(x, (rows, columns), overlapping, np.maximum), rows, columns
    sums = reduce_cells(x, (rows, columns), overlapping, np.add)
    return quotient(sums, cell_areas(rows, columns, overlapping)), rows, columns


def _pooled_dims(x: Operand, ratios: list[float]) -> list[Dims]:
    sizes = ranked(x, 4)
    if len(ratios) != 4:
        raise ValueError("pooling_ratio field must specify 4 dimensions")
    if ratios[0] != 1 or ratios[3] != 1:
        raise ValueError("Fractional pooling is not yet supported on the batch nor channel dim.")
    if min(ratios) < 1:
        raise ValueError(f"pooling_ratio should be >= 1, got {ratios}")
    found = tuple(
        None if size is None else math.floor(size / ratio)
        for size, ratio in zip(sizes, ratios, strict=True)
    )
    ends = [None if size is None else size + 1 for size in found[1:3]]
    return [found, (ends[0],), (ends[1],)]


IMAGES = waves(2, 7, 5, 2)
SEEDED: dict[str, Any] = {"deterministic": True, "seed": 3, "seed2": 5}
RATIO: dict[str, Any] = {"pooling_ratio": [1.0, 1.44, 1.73, 1.0], **SEEDED}
POOLS = (
    case(IMAGES, **RATIO),
    case(IMAGES, pseudo_random=True, **RATIO),
    case(IMAGES, overlapping=True, **RATIO),
    case(IMAGES, pseudo_random=True, overlapping=True, **RATIO),
    case(f32(waves(1, 6, 6, 1)), pooling_ratio=[1.0, 2.0, 3.0, 1.0], **SEEDED),
    case((IMAGES * 9).astype(np.int32), **RATIO),
    case(IMAGES[0], raises="must be rank 4|4-dimensional", **RATIO),
)


@op(
    "FractionalMaxPool",
    "value: T -> output: T, row_pooling_sequence: int64, col_pooling_sequence: int64",
    **ATTRS,
    T=TYPES,
)
class FractionalMaxPool:
    """The largest element of each cell of a random grid, whose cells differ in size by one.

    Images [batch, height, width, channels] shrink by `pooling_ratio`, one factor per axis. The
    cells' bounds are drawn at random, the same at each run if `deterministic`; `overlapping` cells
    share their border.
    """

    stateful = True
    samples = POOLS

    def shape(x: Operand, *, pooling_ratio: list[float]) -> list[Dims]:
        return _pooled_dims(x, pooling_ratio)

    def numpy(
        x: Any,
        *,
        pooling_ratio: list[float],
        pseudo_random: bool,
        overlapping: bool,
        deterministic: bool,
        seed: int,
        seed2: int,
    ) -> tuple[Any, Any, Any]:
        return _pool(x, False, dict(locals()))

    def grad(op: Operation, dy: Tensor, *_: Tensor) -> Gradients:
        overlapping = op.attrs["overlapping"]
        y, rows, columns = op.outputs
        x = op.inputs[0]
        return [apply("FractionalMaxPoolGrad", x, y, dy, rows, columns, overlapping=overlapping)]


@op(
    "FractionalAvgPool",
    "value: T -> output: T, row_pooling_sequence: int64, col_pooling_sequence: int64",
    **ATTRS,
    T=TYPES,
)
class FractionalAvgPool:
    """The mean of each cell of a random grid; see `FractionalMaxPool`."""

    stateful = True
    samples = POOLS

    def shape(x: Operand, *, pooling_ratio: list[float]) -> list[Dims]:
        return _pooled_dims(x, pooling_ratio)

    def numpy(
        x: Any,
        *,
        pooling_ratio: list[float],
        pseudo_random: bool,
        overlapping: bool,
        deterministic: bool,
        seed: int,
        seed2: int,
    ) -> tuple[Any, Any, Any]:
        return _pool(x, True, dict(locals()))

    def grad(op: Operation, dy: Tensor, *_: Tensor) -> Gradients:
        rows, columns = op.outputs[1:]
        shape = apply("Shape", op.inputs[0], out_type=dtypes.int64)
        overlapping = op.attrs["overlapping"]
        dx = apply("FractionalAvgPoolGrad", shape, dy, rows, columns, overlapping=overlapping)
        return [dx]


ROWS, COLUMNS = i64([0, 1, 3, 5, 7]), i64([0, 2, 5])
CELLS = reduce_cells(IMAGES, (ROWS, COLUMNS), False, np.maximum)
SHARED = reduce_cells(IMAGES, (ROWS, COLUMNS), True, np.maximum)
CHANGES = waves(2, 4, 2, 2) + 2


@op(
    "FractionalMaxPoolGrad",
    "orig_input: T, orig_output: T, out_backprop: T, "
    "row_pooling_sequence: int64, col_pooling_sequence: int64 -> output: T",
    overlapping=False,
    T=TYPES,
)
class FractionalMaxPoolGrad:
    """The gradient of FractionalMaxPool: each cell's goes to the first of its largest elements."""

    samples = (
        case(IMAGES, CELLS, CHANGES, ROWS, COLUMNS, grad=False),
        case(IMAGES, SHARED, CHANGES, ROWS, COLUMNS, overlapping=True, grad=False),
        case(f32(IMAGES), f32(CELLS), f32(CHANGES), ROWS, COLUMNS, grad=False),
    )

    def shape(x: Operand, y: Operand, dy: Operand, rows: Operand, columns: Operand) -> Dims:
        return ranked(x, 4)

    def numpy(x: Any, y: Any, dy: Any, rows: Any, columns: Any, *, overlapping: bool) -> Any:
        dx = np.zeros_like(x)
        batch, channels = np.ogrid[: len(x), : x.shape[-1]]
        for i, j, inside in each_cell(rows, columns, overlapping):
            cell, target = x[inside], dx[inside]
            width = cell.shape[2]
            place = cell.reshape(len(x), -1, x.shape[-1]).argmax(1)
            target[batch, place // width, place % width, channels] += dy[:, i, j]
        return dx


@op(
    "FractionalAvgPoolGrad",
    "orig_input_tensor_shape: int64, out_backprop: T, "
    "row_pooling_sequence: int64, col_pooling_sequence: int64 -> output: T",
    overlapping=False,
    T=TYPES,
)
class FractionalAvgPoolGrad:
    """The gradient of FractionalAvgPool: each cell's, shared out evenly to its elements."""

    samples = (
        case(i64([2, 7, 5, 2]), CHANGES, ROWS, COLUMNS),
        case(i64([2, 7, 5, 2]), CHANGES, ROWS, COLUMNS, overlapping=True),
        case(i64([2, 7, 5, 2]), f32(CHANGES), ROWS, COLUMNS),
    )

    def shape(sizes: Operand, dy: Operand, rows: Operand, columns: Operand) -> Dims:
        found = sizes.const_dims()
        return (None,) * 4 if found is None else found

    def numpy(sizes: Any, dy: Any, rows: Any, columns: Any, *, overlapping: bool) -> Any:
        dx = np.zeros(size_list(sizes, 4, "orig_input_tensor_shape"), dy.dtype)
        for i, j, inside in each_cell(rows, columns, overlapping):
            target = dx[inside]
            area = target.shape[1] * target.shape[2]
            target += quotient(dy[:, i, j], area)[:, None, None]
        return dx

    def grad(op: Operation, g: Tensor) -> Gradients:
        means = _cell_means(g, op.inputs[2:], op.attrs["overlapping"])
        return [None, means, None, None]


def _cell_means(x: Tensor, sequences: Sequence[Tensor], overlapping: bool) -> Tensor:
    """The mean of each cell, by differences of cumulative sums."""
    for axis, sequence in enumerate(sequences, 1):
        begin = apply("StridedSlice", sequence, [0], [-1], [1], begin_mask=1)
        end = apply("StridedSlice", sequence, [1], [0], [1], end_mask=1)
        if overlapping:
            last = apply("StridedSlice", sequence, [-1], [0], [1], shrink_axis_mask=1)
            end = apply("Minimum", end + 1, last)
        before = np.zeros((4, 2), np.int32)
        before[axis, 0] = 1
        sums = apply("Pad", apply("Cumsum", x, axis), before)
        difference = apply("GatherV2", sums, end, axis) - apply("GatherV2", sums, begin, axis)
        counts = cast(end - begin, x.dtype.base_dtype)
        spread = [-1, 1, 1] if axis == 1 else [-1, 1]
        x = apply("RealDiv", difference, apply("Reshape", counts, spread))
    return x


class FractionalPool(NamedTuple):
    """The result of `fractional_max_pool` and `fractional_avg_pool`."""

    output: Tensor
    row_pooling_sequence: Tensor
    col_pooling_sequence: Tensor


def fractional_max_pool(
    value: Any,
    pooling_ratio: Sequence[float],
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionalPool:
    """The largest element of each cell of a random grid, whose cells differ in size by one.

    Args:
        value: [batch, height, width, channels].
        pooling_ratio: by how much each axis shrinks; 1 for batch and channels.
        pseudo_random: draw one number per axis, not each cell's size.
        overlapping: whether cells share their border.
        deterministic: draw the same grid at every run.
        seed, seed2: where the draw starts; only if it is deterministic.

    Returns:
        The result, and where the cells begin and end along height and width.
    """
    found = apply(
        "FractionalMaxPool",
        value,
        pooling_ratio=pooling_ratio,
        pseudo_random=pseudo_random,
        overlapping=overlapping,
        deterministic=deterministic,
        seed=seed,
        seed2=seed2,
        name=name,
    )
    return FractionalPool(*found)


def fractional_avg_pool(
    value: Any,
    pooling_ratio: Sequence[float],
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> FractionalPool:
    """The mean of each cell of a random grid; see `fractional_max_pool`."""
    found = apply(
        "FractionalAvgPool",
        value,
        pooling_ratio=pooling_ratio,
        pseudo_random=pseudo_random,
        overlapping=overlapping,
        deterministic=deterministic,
        seed=seed,
        seed2=seed2,
        name=name,
    )
    return FractionalPool(*found)
