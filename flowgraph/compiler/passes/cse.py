"""Common subexpressions: equal instructions on equal inputs run once."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.compiler.program import Instr, Program, Value

__all__ = ["merge_common"]

_MAX_CONST_BYTES = 256


def merge_common(program: Program) -> None:
    """Let later equal instructions use the outputs of the first. Stateful ones are left alone."""
    first: dict[Any, Instr] = {}
    replacements: dict[Value, Value] = {}
    kept: list[Instr] = []
    for instr in program.instrs:
        instr.inputs = [replacements.get(value, value) for value in instr.inputs]
        key = _key(instr)
        twin = None if key is None else first.setdefault(key, instr)
        if twin is None or twin is instr:
            kept.append(instr)
            continue
        replacements.update(zip(instr.outputs, twin.outputs, strict=True))
    program.instrs = kept
    program.replace_results(replacements)


def _key(instr: Instr) -> Any:
    if instr.definition.stateful or any(v.is_cell for v in instr.inputs):
        return None
    attrs = []
    for name, value in instr.attrs.items():
        if isinstance(value, np.ndarray):
            if value.nbytes > _MAX_CONST_BYTES or value.dtype.kind == "O":
                return None
            value = (value.shape, value.dtype.str, value.tobytes())
        elif isinstance(value, list | dict):
            value = repr(value)
        attrs.append((name, value))
    try:
        key = (instr.type, tuple(instr.inputs), tuple(attrs))
        hash(key)
    except TypeError:
        return None
    return key
