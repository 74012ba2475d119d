"""Specialise shapes: what the feeds' shapes tell about every value."""

from __future__ import annotations

from flowgraph import dims
from flowgraph.compiler.program import REGIONS, Program, Value
from flowgraph.compiler.regions import passed_through, specialise

__all__ = ["infer"]


def infer(program: Program) -> None:
    """Run the shape rules again, in order, with the feeds' actual shapes.

    A rule that objects is left alone: the kernel will raise with the values at hand.
    """
    unchanged: dict[Value, Value] = {}
    for instr in program.instrs:
        if unchanged:
            instr.inputs = [unchanged.get(value, value) for value in instr.inputs]
        if instr.type in REGIONS:
            specialise(instr, infer)
            unchanged.update(passed_through(instr))
            continue
        if not instr.outputs or all(dims.is_known(v.dims) for v in instr.outputs):
            continue
        if instr.type == "_Read":
            instr.outputs[0].dims = instr.inputs[0].dims
            continue
        try:
            shapes = instr.definition.infer(instr.inputs, instr.attrs)
            merged = [
                dims.merge(value.dims, shape)
                for value, shape in zip(instr.outputs, shapes, strict=True)
            ]
        except ValueError:
            continue
        for value, shape in zip(instr.outputs, merged, strict=True):
            value.dims = shape
    program.replace_results(unchanged)
