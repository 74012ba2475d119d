"""What the native replacements of kernels that change variables have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.backends.native import llvm
from flowgraph.backends.native.engine import Engine
from flowgraph.backends.native.rules import RULES
from flowgraph.backends.native.update_kernels import Change
from flowgraph.compiler.program import Branches, Instr, Loop, Value

__all__ = ["Kernel", "change_of", "compiled", "may_share", "overlap"]

Array = np.ndarray[Any, Any]
Kernel = Callable[..., Any]
Writer = Callable[..., None]

_KERNELS: dict[Any, int] = {}
_LOCK = threading.Lock()


def compiled(engine: Engine, write: Writer, *what: Any) -> int:
    """The address of a kernel, compiled once for all that is the same."""
    key = (engine, write, *what)
    with _LOCK:
        address = _KERNELS.get(key)
        if address is None:
            module = llvm.ir.Module()
            name = f"update{len(_KERNELS)}"
            write(module, name, engine.machine, *what)
            address = _KERNELS[key] = engine.compile(str(module), name)
        return address


def change_of(instr: Instr) -> Change:
    """How an instruction changes its variables."""
    rule = RULES[instr.type]
    others = {rule.gradient, "indices"}
    scalars = [arg for arg in instr.definition.inputs[rule.cells :] if arg.name not in others]
    options = tuple(rule.options(instr.attrs).items())
    return Change(rule, options, instr.inputs[0].dtype.base_dtype.name, len(scalars))


def may_share(value: Value) -> bool:
    """Whether the value may lie in a variable's memory."""
    while value.op.definition.view is not None:
        value = value.op.inputs[value.op.definition.view]
    handed_on = value.op.type in ("_Read", "_Source")
    region = isinstance(value.op.region, Loop | Branches)
    return value.is_cell or handed_on or region


def overlap(grad: Array, targets: list[Array]) -> bool:
    """Whether the gradient lies in memory that is written, but is not what is written there."""
    start = grad.__array_interface__["data"][0]
    return any(
        np.may_share_memory(grad, target) and target.__array_interface__["data"][0] != start
        for target in targets
    )
