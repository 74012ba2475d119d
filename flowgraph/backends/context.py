"""What a program needs of a session: the cells of its variables and the states of its kernels."""

from __future__ import annotations

import threading
from typing import Any

from flowgraph.compiler.program import Instr, Value
from flowgraph.graph.cells import Cell, Clock

__all__ = ["RunContext"]


class RunContext:
    """Variables and kernel states, by the name of the op that owns them."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}
        self._states: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.clock = Clock()
        # Held by the writes that ask for it: NumPy lets other threads run inside a kernel.
        self.write_lock = threading.Lock()

    def cell(self, value: Value) -> Cell:
        """The storage of the variable that `value` stands for."""
        with self._lock:
            found = self._cells.get(value.name)
            if found is None:
                found = self._cells[value.name] = Cell(
                    value.name, value.dtype.base_dtype, self.clock, value.dims
                )
            return found

    def state_of(self, instr: Instr) -> Any:
        """The state of a stateful kernel, made at its first use."""
        make = instr.definition.new_state
        if make is None:
            return None
        with self._lock:
            if instr.name not in self._states:
                code = make.__code__
                names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
                attrs = {name: instr.attrs[name] for name in names}
                self._states[instr.name] = make(**attrs)
            return self._states[instr.name]

    def clear(self) -> None:
        with self._lock:
            self._cells.clear()
            self._states.clear()
