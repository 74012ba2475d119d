"""Native replacements of kernels that change or look up the rows that indices name."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.backends.native.calls import bound_kernel
from flowgraph.backends.native.engine import Engine
from flowgraph.backends.native.rules import RULES
from flowgraph.backends.native.update_kernels import Change, write_gather, write_rows
from flowgraph.backends.native.update_parts import Kernel, change_of, compiled, may_share, overlap
from flowgraph.compiler.program import Instr
from flowgraph.graph.cells import Cell

__all__ = ["gather", "row_update", "segment_sum"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]

# A kernel is bound to sizes; the numbers of indices may vary from run to run.
_MAX_SIZES = 256


def row_update(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    """A kernel that applies a rule to rows, one after the other."""
    rule, change, dtype = RULES[instr.type], change_of(instr), instr.inputs[0].dtype.base_dtype.name
    names = [arg.name for arg in instr.definition.inputs]
    place, at = names.index(rule.gradient), names.index("indices")
    index = instr.inputs[at].dtype.name
    address = compiled(engine, write_rows, change, index)
    cells = rule.cells
    kept = [i for i in range(cells, len(names)) if i not in (place, at)]
    shares = may_share(instr.inputs[place]) or instr.inputs[at].dtype.name == dtype
    vector_only = instr.type.startswith("Sparse")
    fits = rule.fits
    status = np.zeros(1, np.int64)

    @functools.lru_cache(_MAX_SIZES)
    def bound(count: int, shape: Shape) -> Kernel:
        rows, width = shape[0], dims.product(shape[1:])
        arrays = [(dtype, rows * width)] * cells + [(dtype, count * width)]
        arrays += [(dtype, 1)] * change.scalars + [(index, count), ("int64", 1)]
        return bound_kernel(engine, address, [count, width, rows], arrays)[0]

    def update(*arguments: Any) -> Cell:
        targets = [cell.value for cell in arguments[:cells]]
        grad, indices = arguments[place], arguments[at]
        scalars = [arguments[i] for i in kept]
        first = targets[0]
        if first is not None and first.ndim and (indices.ndim == 1 or not vector_only):
            shape = first.shape
            if (
                grad.shape == indices.shape + shape[1:]
                and [getattr(target, "shape", None) for target in targets] == [shape] * cells
                and not (shares and overlap(grad, targets))
                and (fits is None or fits(*scalars))
                and bound(indices.size, shape)(*targets, grad, *scalars, indices, status)
                and status[0]
            ):
                variable: Cell = arguments[0]
                return variable
        result: Cell = numpy(*arguments)
        return result

    return update


def gather(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    """A kernel that looks up rows along the first axis."""
    dtype, index = (value.dtype.name for value in instr.inputs[:2])
    address = compiled(engine, write_gather, dtype, index)
    status = np.zeros(1, np.int64)

    @functools.lru_cache(_MAX_SIZES)
    def bound(count: int, shape: Shape) -> Kernel:
        rows, width = shape[0], dims.product(shape[1:])
        arrays = [(dtype, count * width), (dtype, rows * width), (index, count), ("int64", 1)]
        return bound_kernel(engine, address, [count, width, rows], arrays)[0]

    def look_up(params: Array, indices: Array, *axis: Any, out: Array | None = None) -> Any:
        if params.ndim and not (axis and axis[0] != 0):
            shape = indices.shape + params.shape[1:]
            result = np.empty(shape, params.dtype) if out is None else out
            if (
                result.shape == shape
                and bound(indices.size, params.shape)(result, params, indices, status)
                and status[0]
            ):
                return result
        return numpy(params, indices, *axis, out=out)

    return look_up


def segment_sum(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    """A kernel that sums rows by segment."""
    dtype, index = (value.dtype.name for value in instr.inputs[:2])
    change = Change(RULES[instr.type], (), dtype, scalars=0)
    address = compiled(engine, write_rows, change, index, True)
    status = np.zeros(1, np.int64)

    @functools.lru_cache(_MAX_SIZES)
    def bound(count: int, shape: Shape) -> Kernel:
        rows, width = shape[0], dims.product(shape[1:])
        arrays = [(dtype, rows * width), (dtype, count * width), (index, count), ("int64", 1)]
        return bound_kernel(engine, address, [count, width, rows], arrays)[0]

    def sum_up(data: Array, ids: Array, count: Any) -> Any:
        rank, segments = ids.ndim, int(count)
        if data.shape[:rank] == ids.shape and segments >= 0:
            result = np.zeros((segments, *data.shape[rank:]), data.dtype)
            if bound(ids.size, result.shape)(result, data, ids, status) and status[0]:
                return result
        return numpy(data, ids, count)

    return sum_up
