"""Copies where a variable's value must outlive a write to the variable."""

from __future__ import annotations

from flowgraph.compiler.program import Program, Value

__all__ = ["alias_roots", "protect_reads", "shared_fetches"]


def alias_roots(program: Program) -> dict[Value, Value]:
    """For each value that may share another's memory, the value that owns the memory."""
    roots: dict[Value, Value] = {}
    for instr in program.instrs:
        view = instr.definition.view
        if view is not None and instr.outputs:
            source = instr.inputs[view]
            for value in instr.outputs:
                roots[value] = roots.get(source, source)
    return roots


def shared_fetches(program: Program) -> list[int]:
    """Fetches whose memory is not the run's own: of feeds, constants, variables, or shared."""
    roots = alias_roots(program)
    taken: set[Value] = set()
    found = []
    for index, value in enumerate(program.fetches):
        root = roots.get(value, value)
        made_here = root.op.type not in ("_Source", "_Read", "Const") or root.op.attrs.get("copy")
        if not made_here or root in taken:
            found.append(index)
        taken.add(root)
    return found


def protect_reads(program: Program) -> None:
    """Mark the reads whose value is used, or fetched, by or after a write to their variable.

    A kernel that writes row by row must not see its own writes in what it was given. What a loop or
    a branch fetches lives on while the variable may change.
    """
    roots = alias_roots(program)
    last_use: dict[Value, int] = {}
    for index, instr in enumerate(program.instrs):
        for value in instr.inputs:
            last_use[roots.get(value, value)] = index
    for value in program.fetches:
        last_use[roots.get(value, value)] = len(program.instrs)
    next_write: dict[Value, int] = {}
    for index in range(len(program.instrs) - 1, -1, -1):
        instr = program.instrs[index]
        if instr.type == "_Read":
            value = instr.outputs[0]
            next_writer = next_write.get(instr.inputs[0])
            end = last_use.get(value, index)
            outlives = program.is_region and end == len(program.instrs)
            if outlives or (next_writer is not None and end >= next_writer):
                instr.attrs = {**instr.attrs, "copy": True}
        for cell in instr.cells:
            next_write[cell] = index
