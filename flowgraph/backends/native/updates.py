"""Native kernels in the place of NumPy's, where ops change variables or look up rows.

A replacement takes what the op's NumPy kernel takes. What its machine code is not made for (arrays
that are not contiguous, shapes that do not fit, an index out of range) goes to the NumPy kernel,
which computes it or raises the error.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from flowgraph.backends.native.calls import bound_kernel
from flowgraph.backends.native.engine import Engine, host_engine
from flowgraph.backends.native.fused import unusable_because
from flowgraph.backends.native.pool import add_pool
from flowgraph.backends.native.row_updates import gather, row_update, segment_sum
from flowgraph.backends.native.rules import RULES
from flowgraph.backends.native.update_kernels import write_whole
from flowgraph.backends.native.update_parts import Kernel, change_of, compiled, may_share, overlap
from flowgraph.compiler.program import Instr
from flowgraph.graph.cells import Cell

__all__ = ["replacement", "replaces"]

_DTYPES = frozenset({"float32", "float64"})
_LOOKED_UP = frozenset({"float32", "float64", "int32", "int64"})
# One call of NumPy is as good, unless several threads share the work.
_LARGE_ONLY = frozenset({"AssignAdd", "AssignSub"})
# Kernels are bound to sizes; a variable seldom changes its.
_MAX_SIZES = 4


def replaces(instr: Instr) -> bool:
    """True if there may be a native kernel for the instruction."""
    if instr.type == "UnsortedSegmentSum":
        return instr.inputs[0].dtype.name in _DTYPES
    if instr.type in ("Gather", "GatherV2"):
        return instr.inputs[0].dtype.name in _LOOKED_UP and not instr.attrs.get("batch_dims")
    return instr.type in RULES and instr.inputs[0].dtype.base_dtype.name in _DTYPES


def replacement(instr: Instr, kernel: Kernel, engine: Engine | None = None) -> Kernel:
    """The native kernel of an instruction that `replaces` accepts.

    It is `kernel` itself where there is no native code, or where it does not compile, of which a
    warning tells.

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
        return segment_sum
    if instr.type not in RULES:
        return gather
    names = [arg.name for arg in instr.definition.inputs]
    return row_update if "indices" in names else _whole


def _whole(instr: Instr, numpy: Kernel, engine: Engine) -> Kernel:
    rule, change, dtype = RULES[instr.type], change_of(instr), instr.inputs[0].dtype.base_dtype.name
    add_pool()
    address = compiled(engine, write_whole, change)
    cells = rule.cells
    names = [arg.name for arg in instr.definition.inputs]
    place = names.index(rule.gradient)
    shares = may_share(instr.inputs[place])
    least = change.split_from if instr.type in _LARGE_ONLY else 0
    fits = rule.fits

    @functools.lru_cache(_MAX_SIZES)
    def bound(size: int) -> Kernel:
        arrays = [(dtype, size)] * (cells + 1) + [(dtype, 1)] * change.scalars
        return bound_kernel(engine, address, [size], arrays)[0]

    def update(*arguments: Any) -> Cell:
        targets = [cell.value for cell in arguments[:cells]]
        grad = arguments[place]
        scalars = [*arguments[cells:place], *arguments[place + 1 :]]
        shape, size = grad.shape, grad.size
        if (
            size >= least
            and [getattr(target, "shape", None) for target in targets] == [shape] * cells
            and not (shares and overlap(grad, targets))
            and (fits is None or fits(*scalars))
            and bound(size)(*targets, grad, *scalars)
        ):
            variable: Cell = arguments[0]
            return variable
        result: Cell = numpy(*arguments)
        return result

    return update
