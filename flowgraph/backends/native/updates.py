"""Native kernels in the place of NumPy's, where ops change variables or look up rows.

A replacement takes what the op's NumPy kernel takes. What its machine code is not made for (arrays
that are not contiguous, shapes that do not fit, an index out of range) goes to the NumPy kernel,
which computes it or raises the error.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.backends.native import llvm
from flowgraph.backends.native.calls import bound_kernel
from flowgraph.backends.native.engine import Engine, host_engine
from flowgraph.backends.native.fused import unusable_because
from flowgraph.backends.native.pool import add_pool
from flowgraph.backends.native.rules import RULES
from flowgraph.backends.native.update_kernels import Change, write_gather, write_rows, write_whole
from flowgraph.compiler.program import Instr, Value
from flowgraph.graph.cells import Cell

__all__ = ["replaces", "replacement"]

Array = np.ndarray[Any, Any]
Kernel = Callable[..., Any]
Writer = Callable[..., None]

_DTYPES = frozenset({"float32", "float64"})
_LOOKED_UP = frozenset({"float32", "float64", "int32", "int64"})
# One call of NumPy is as good, unless several threads share the work.
_LARGE_ONLY = frozenset({"AssignAdd", "AssignSub"})
# A kernel is bound to sizes; the numbers of indices may vary from run to run.
_MAX_SIZES = 256


def replaces(instr: Instr) -> bool:
    """True if there may be a native kernel for the instruction."""
    if instr.type == "UnsortedSegmentSum":
        return instr.inputs[0].dtype.name in _DTYPES
    if instr.type in ("Gather", "GatherV2"):
        return instr.inputs[0].dtype.name in _LOOKED_UP and not instr.attrs.get("batch_dims")
    return instr.type in RULES and instr.inputs[0].dtype.base_dtype.name in _DTYPES


def replacement(instr: Instr, kernel: Kernel, engine: Engine | None = None) -> Kernel:
    """The native kernel of an instruction that `replaces` accepts.

    Where there is no native code, or it does not compile (of which a warning tells), it is `kernel`.

    Args:
        kernel: NumPy's, with all attributes bound.
        engine: that of this machine, unless another one is given.
    """
    if engine is None and unusable_because():
        return kernel
    try:
        return _maker(instr)(instr, kernel, engine or host_engine())
    except Exception as error:
        message = f"no native code for ops of type {instr.type}: {error!r}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return kernel


def _maker(instr: Instr) -> Callable[[Instr, Kernel, Engine], Kernel]:
    if instr.type == "UnsortedSegmentSum":
        return _segment_sum
    if instr.type not in RULES:
        return _gather
    names = [arg.name for arg in instr.definition.inputs]
    return _rows if "indices" in names else _whole


def _whole(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    rule, change, dtype = RULES[instr.type], _change_of(instr), instr.inputs[0].dtype.base_dtype.name
    address = _compiled(engine, write_whole, change)
    cells = rule.cells
    names = [arg.name for arg in instr.definition.inputs]
    place = names.index(rule.gradient)
    may_share = _may_share(instr.inputs[place])
    least = change.split_from if instr.type in _LARGE_ONLY else 0
    fits = rule.fits
    bound: dict[int, Kernel] = {}

    def bind(size: int) -> Kernel:
        arrays = [(dtype, size)] * (cells + 1) + [(dtype, 1)] * change.scalars
        bound.clear()
        bound[size] = made = bound_kernel(engine, address, [size], arrays)[0]
        return made

    def update(*arguments: Any) -> Cell:
        targets = [cell.value for cell in arguments[:cells]]
        grad = arguments[place]
        scalars = [*arguments[cells:place], *arguments[place + 1 :]]
        shape, size = grad.shape, grad.size
        if (
            size >= least
            and all([target is not None and target.shape == shape for target in targets])
            and not (may_share and _overlap(grad, targets))
            and (fits is None or fits(*scalars))
            and (bound.get(size) or bind(size))(*targets, grad, *scalars)
        ):
            variable: Cell = arguments[0]
            return variable
        result: Cell = numpy(*arguments)
        return result

    return update


def _rows(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    rule, change, dtype = RULES[instr.type], _change_of(instr), instr.inputs[0].dtype.base_dtype.name
    names = [arg.name for arg in instr.definition.inputs]
    place, at = names.index(rule.gradient), names.index("indices")
    index = instr.inputs[at].dtype.name
    address = _compiled(engine, write_rows, change, index)
    cells = rule.cells
    kept = [i for i in range(cells, len(names)) if i not in (place, at)]
    may_share = _may_share(instr.inputs[place]) or instr.inputs[at].dtype.name == dtype
    vector_only = instr.type.startswith("Sparse")
    fits = rule.fits
    status = np.zeros(1, np.int64)
    bound: dict[tuple[int, int], Kernel] = {}

    def bind(key: tuple[int, int], shape: tuple[int, ...]) -> Kernel:
        count, size = key
        width = size // shape[0] if shape[0] else 0
        arrays = [(dtype, size)] * cells + [(dtype, count * width)]
        arrays += [(dtype, 1)] * change.scalars + [(index, count), ("int64", 1)]
        _make_room(bound)
        turns = [count, width, shape[0]]
        bound[key] = made = bound_kernel(engine, address, turns, arrays)[0]
        return made

    def update(*arguments: Any) -> Cell:
        targets = [cell.value for cell in arguments[:cells]]
        grad, indices = arguments[place], arguments[at]
        scalars = [arguments[i] for i in kept]
        first = targets[0]
        if first is not None and first.ndim and (indices.ndim == 1 or not vector_only):
            shape = first.shape
            key = (indices.size, first.size)
            if (
                grad.shape == indices.shape + shape[1:]
                and all([target is not None and target.shape == shape for target in targets])
                and not (may_share and _overlap(grad, targets))
                and (fits is None or fits(*scalars))
            ):
                call = bound.get(key) or bind(key, shape)
                if call(*targets, grad, *scalars, indices, status) and status[0]:
                    variable: Cell = arguments[0]
                    return variable
        result: Cell = numpy(*arguments)
        return result

    return update


def _gather(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    dtype, index = (value.dtype.name for value in instr.inputs[:2])
    address = _compiled(engine, write_gather, dtype, index)
    status = np.zeros(1, np.int64)
    bound: dict[tuple[int, int], Kernel] = {}

    def bind(key: tuple[int, int], rows: int) -> Kernel:
        count, size = key
        width = size // rows if rows else 0
        arrays = [(dtype, count * width), (dtype, size), (index, count), ("int64", 1)]
        _make_room(bound)
        bound[key] = made = bound_kernel(engine, address, [count, width, rows], arrays)[0]
        return made

    def gather(params: Array, indices: Array, *axis: Any, out: Array | None = None) -> Any:
        if params.ndim and not (axis and axis[0] != 0):
            shape = indices.shape + params.shape[1:]
            result = np.empty(shape, params.dtype) if out is None else out
            key = (indices.size, params.size)
            if result.shape == shape:
                call = bound.get(key) or bind(key, params.shape[0])
                if call(result, params, indices, status) and status[0]:
                    return result
        return numpy(params, indices, *axis, out=out)

    return gather


def _segment_sum(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    dtype, index = (value.dtype.name for value in instr.inputs[:2])
    change = Change(RULES[instr.type], (), dtype, scalars=0)
    address = _compiled(engine, write_rows, change, index, True)
    status = np.zeros(1, np.int64)
    bound: dict[tuple[int, int, int], Kernel] = {}

    def bind(key: tuple[int, int, int]) -> Kernel:
        count, width, segments = key
        arrays = [(dtype, segments * width), (dtype, count * width), (index, count), ("int64", 1)]
        _make_room(bound)
        bound[key] = made = bound_kernel(engine, address, key, arrays)[0]
        return made

    def segment_sum(data: Array, ids: Array, count: Any) -> Any:
        rank, segments = ids.ndim, int(count)
        if data.shape[:rank] == ids.shape and segments >= 0:
            result = np.zeros((segments, *data.shape[rank:]), data.dtype)
            width = result.size // segments if segments else 0
            key = (ids.size, width, segments)
            call = bound.get(key) or bind(key)
            if call(result, data, ids, status) and status[0]:
                return result
        return numpy(data, ids, count)

    return segment_sum


def _change_of(instr: Instr) -> Change:
    rule = RULES[instr.type]
    others = {rule.gradient, "indices"}
    scalars = [arg for arg in instr.definition.inputs[rule.cells :] if arg.name not in others]
    options = tuple(rule.options(instr.attrs).items())
    return Change(rule, options, instr.inputs[0].dtype.base_dtype.name, len(scalars))


def _may_share(value: Value) -> bool:
    """Whether the value may lie in a variable's memory."""
    while value.op.definition.view is not None:
        value = value.op.inputs[value.op.definition.view]
    computed = value.op.definition.numpy is not None and value.op.type != "_Read"
    return value.is_cell or value.op.region is not None or not computed


def _overlap(grad: Array, targets: list[Array]) -> bool:
    """Whether the gradient lies in memory that is written, but not as it is read."""
    start = grad.__array_interface__["data"][0]
    return any(
        np.may_share_memory(grad, target) and target.__array_interface__["data"][0] != start
        for target in targets
    )


def _make_room(bound: dict[Any, Kernel]) -> None:
    if len(bound) >= _MAX_SIZES:
        bound.clear()


_KERNELS: dict[Any, int] = {}
_LOCK = threading.Lock()


def _compiled(engine: Engine, write: Writer, *what: Any) -> int:
    """The address of a kernel, compiled once for all that is the same."""
    key = (engine, write, *what)
    with _LOCK:
        address = _KERNELS.get(key)
        if address is None:
            add_pool(engine)
            module = llvm.ir.Module()
            name = f"update{len(_KERNELS)}"
            write(module, name, engine.machine, *what)
            address = _KERNELS[key] = engine.compile(str(module), name)
        return address
