"""Constant folding: values known before running become constants."""

from __future__ import annotations

from flowgraph.compiler.program import Program, Value
from flowgraph.compiler.regions import bind_constants
from flowgraph.graph.opdef import lookup

__all__ = ["fold", "make_const"]


def make_const(value: Value) -> bool:
    """Turn the instruction of `value` into a Const if its value is known. True if it was."""
    instr = value.op
    found = value.const_value()
    if found is None:
        return False
    instr.definition = lookup("Const")
    instr.type = "Const"
    instr.inputs = []
    instr.attrs = {"value": found, "dtype": value.dtype}
    value.dims = found.shape
    return True


def fold(program: Program) -> None:
    """Evaluate small instructions whose inputs are constants, with their own kernels."""
    for instr in program.instrs:
        if instr.region is not None:
            bind_constants(instr)
        if instr.type == "Const" or len(instr.outputs) != 1 or instr.definition.stateful:
            continue
        make_const(instr.outputs[0])
