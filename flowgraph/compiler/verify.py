"""The rules that every `Program` keeps, checked after each pass in tests and under
FLOWGRAPH_CHECK=1."""

from __future__ import annotations

from flowgraph import errors
from flowgraph.compiler.program import Program, Value

__all__ = ["verify"]


def verify(program: Program, stage: str) -> None:
    """Raise InternalError naming the stage and the instruction that breaks a rule.

    The rules: a value is made once and before its use; the number of inputs and outputs is that of
    the declaration; nothing but feeds, cells and constants comes from nowhere.
    """
    made: set[Value] = set(program.feeds)
    for number, instr in enumerate(program.instrs):
        for value in instr.inputs:
            if value not in made and not value.is_cell:
                raise _broken(program, stage, number, f"uses {value.name} before it is made")
        if instr.region is not None:
            for inner in instr.region.programs:
                verify(inner, stage)
        expected = len(instr.definition.output_dtypes(instr.attrs))
        if len(instr.outputs) != expected:
            raise _broken(program, stage, number, f"has {len(instr.outputs)} of {expected} outputs")
        for value in instr.outputs:
            if value in made:
                raise _broken(program, stage, number, f"makes {value.name} again")
            made.add(value)
    for value in program.fetches:
        if value not in made and not value.is_cell:
            raise _broken(program, stage, len(program.instrs), f"fetches unknown {value.name}")


def _broken(program: Program, stage: str, number: int, what: str) -> errors.InternalError:
    near = "\n".join(str(program).splitlines()[max(0, number - 5) : number + 10])
    return errors.InternalError(None, None, f"after {stage}: instruction {number} {what}\n{near}")
