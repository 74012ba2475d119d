"""Drop instructions without effect whose values nobody uses."""

from __future__ import annotations

from flowgraph.compiler.program import Instr, Program, Value
from flowgraph.compiler.regions import drop_unused_loop_variables

__all__ = ["drop_dead"]


def drop_dead(program: Program) -> None:
    """Keep effects, fetches, targets, and what they need."""
    live: set[Value] = {*program.fetches, *program.targets}
    kept: list[Instr] = []
    for instr in reversed(program.instrs):
        if instr.is_effect or any(value in live for value in instr.outputs):
            if instr.type == "While":
                drop_unused_loop_variables(instr, live)
            live.update(instr.inputs)
            kept.append(instr)
    program.instrs = kept[::-1]
