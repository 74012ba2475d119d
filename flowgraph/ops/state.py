"""Variables' storage and the ops that change it."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.cells import Cell
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.kinds import NUMBERS
from flowgraph.shapes import TensorShape


@op("VariableV2", "-> ref: dtype&", shape=attr("shape"), dtype=attr("type"), container="", shared_name="")
class VariableV2:
    """The storage of a variable: one per session."""

    stateful = True
    grad = None
    numpy = None

    def shape(*, shape: TensorShape) -> Dims:
        return shape._dims


def _same_shape(ref: Operand, value: Operand) -> Dims:
    a, b = ref.dims, value.dims
    if a is not None and b is not None:
        if len(a) != len(b):
            raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            if x is not None and y is not None and x != y:
                raise ValueError(
                    f"Dimension {i} in both shapes must be equal, but are {x} and {y}"
                )
    return dims.merge(a, b)


@op("Assign", "ref: T&, value: T -> output_ref: T&", T=attr("type"), validate_shape=True, use_locking=True)
class Assign:
    """Store `value` in the variable; the output is the variable after that."""

    stateful = True
    grad = None

    def shape(ref: Operand, value: Operand, *, validate_shape: bool) -> Dims:
        return _same_shape(ref, value) if validate_shape else value.dims

    def numpy(ref: Cell, value: Any) -> Cell:
        ref.store(np.asarray(value))
        return ref


@op("AssignAdd", "ref: T&, value: T -> output_ref: T&", T=NUMBERS, use_locking=False)
class AssignAdd:
    """Add `value` to the variable."""

    stateful = True
    grad = None
    shape = _same_shape

    def numpy(ref: Cell, value: Any) -> Cell:
        np.add(ref.value, value, out=ref.value)
        return ref


@op("ApplyGradientDescent", "var: T&, alpha: T, delta: T -> out: T&", T=NUMBERS, use_locking=False)
class ApplyGradientDescent:
    """``var -= alpha * delta``."""

    stateful = True
    grad = None

    def shape(var: Operand, alpha: Operand, delta: Operand) -> Dims:
        return _same_shape(var, delta)

    def numpy(var: Cell, alpha: Any, delta: Any) -> Cell:
        var.value -= alpha * delta
        return var


@op("NoOp", "->")
class NoOp:
    """Does nothing; carries control dependencies."""

    stateful = True
    grad = None

    def shape() -> Any:
        return []

    def numpy() -> tuple[()]:
        return ()


_ = dtypes
