"""Algebraic simplification: instructions whose result is one of their inputs, or a cheaper form.

Every rule keeps the value bit by bit: ``x * 1`` and ``x - 0`` are dropped, ``x + 0`` is not, for
it turns -0.0 into 0.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.compiler.program import Instr, Program, Value
from flowgraph.graph.opdef import lookup

__all__ = ["simplify"]

Rule = Callable[[Instr], Value | None]


def simplify(program: Program) -> None:
    """Apply the rules of `RULES` in running order."""
    replacements: dict[Value, Value] = {}
    for instr in program.instrs:
        instr.inputs = [replacements.get(value, value) for value in instr.inputs]
        rule = RULES.get(instr.type)
        if rule is None:
            continue
        found = rule(instr)
        if found is not None and found.dtype.base_dtype is instr.outputs[0].dtype:
            replacements[instr.outputs[0]] = found
    program.replace_results(replacements)


def _first_input(instr: Instr) -> Value | None:
    return None if instr.inputs[0].is_cell else instr.inputs[0]


def _same_shape(instr: Instr) -> Value | None:
    """The input, where input and output are known to have one shape."""
    x, y = instr.inputs[0], instr.outputs[0]
    if x.dims is not None and None not in x.dims and x.dims == y.dims:
        return x
    return None


def _reshape(instr: Instr) -> Value | None:
    source = instr.inputs[0].op
    if source.type == "Reshape":
        instr.inputs = [source.inputs[0], *instr.inputs[1:]]
    return _same_shape(instr)


def _no_axes(instr: Instr) -> Value | None:
    axes = instr.inputs[1].const_value()
    return instr.inputs[0] if axes is not None and axes.size == 0 else None


def _cast(instr: Instr) -> Value | None:
    return instr.inputs[0] if instr.inputs[0].dtype is instr.outputs[0].dtype else None


def _transpose(instr: Instr) -> Value | None:
    permutation = instr.inputs[1].const_value()
    if permutation is None:
        return None
    order = permutation.tolist()
    return instr.inputs[0] if order == sorted(order) else None


def _double_negative(instr: Instr) -> Value | None:
    source = instr.inputs[0].op
    return source.inputs[0] if source.type == "Neg" else None


def _is_filled_with(value: Value, number: float) -> bool:
    known = value.const_value()
    return known is not None and known.dtype.kind in "fiuc" and bool(np.all(known == number))


def _keeps_shape(instr: Instr, other: Value) -> bool:
    shape = other.dims
    return shape is not None and None not in shape and shape == instr.outputs[0].dims


def _neutral(number: float, both_sides: bool) -> Rule:
    """The rule that drops an operand equal to `number`."""

    def rule(instr: Instr) -> Value | None:
        x, y = instr.inputs
        if _is_filled_with(y, number) and _keeps_shape(instr, x):
            return x
        if both_sides and _is_filled_with(x, number) and _keeps_shape(instr, y):
            return y
        return None

    return rule


def _power(instr: Instr) -> Value | None:
    x, exponent = instr.inputs
    if not _keeps_shape(instr, x):
        return None
    if _is_filled_with(exponent, 1):
        return x
    if _is_filled_with(exponent, 2):
        _become(instr, "Square", [x], {"T": instr.attrs["T"]})
    return None


def _become(instr: Instr, op_type: str, inputs: list[Value], attrs: dict[str, Any]) -> None:
    instr.definition = lookup(op_type)
    instr.type = op_type
    instr.inputs = inputs
    instr.attrs = attrs


def _matmul(instr: Instr) -> Value | None:
    """Take transposes of the operands into the product's flags."""
    for index, flag in enumerate(("transpose_a", "transpose_b")):
        source = instr.inputs[index].op
        if source.type != "Transpose":
            continue
        permutation = source.inputs[1].const_value()
        if permutation is not None and permutation.tolist() == [1, 0]:
            instr.inputs = [*instr.inputs]
            instr.inputs[index] = source.inputs[0]
            instr.attrs = {**instr.attrs, flag: not instr.attrs[flag]}
    return None


def _add_n(instr: Instr) -> Value | None:
    return instr.inputs[0] if len(instr.inputs) == 1 else None


RULES: dict[str, Rule] = {
    "Identity": _first_input,
    "StopGradient": _first_input,
    "PreventGradient": _first_input,
    "Snapshot": _first_input,
    "Reshape": _reshape,
    "ExpandDims": _same_shape,
    "Squeeze": _same_shape,
    "BroadcastTo": _same_shape,
    "Tile": _same_shape,
    "Sum": _no_axes,
    "Mean": _no_axes,
    "Max": _no_axes,
    "Min": _no_axes,
    "Prod": _no_axes,
    "Cast": _cast,
    "Transpose": _transpose,
    "Neg": _double_negative,
    "Mul": _neutral(1, both_sides=True),
    "RealDiv": _neutral(1, both_sides=False),
    "Sub": _neutral(0, both_sides=False),
    "Pow": _power,
    "MatMul": _matmul,
    "AddN": _add_n,
}
