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
        self._states: dict[Any, Any] = {}
        self._lock = threading.Lock()
        self._cleared = False
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
        """The state of a stateful kernel, made at its first use.

        Ops of one kind with the same ``shared_name`` have one state. What makes it may also ask for
        the ``op_name``.
        """
        make = instr.definition.new_state
        if make is None:
            return None
        key = (make, instr.attrs.get("shared_name") or instr.name)
        with self._lock:
            if key not in self._states:
                code = make.__code__
                names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
                known = {"op_name": instr.name, **instr.attrs}
                state = self._states[key] = make(**{name: known[name] for name in names})
                if self._cleared:
                    _cancel(state)
            return self._states[key]

    def clear(self) -> None:
        """Forget everything, waking the threads that wait for a state (a queue's elements)."""
        with self._lock:
            states = list(self._states.values())
            self._cells.clear()
            self._states.clear()
            self._cleared = True
        for state in states:
            _cancel(state)


def _cancel(state: Any) -> None:
    """Let nobody wait for a state any more, where that is possible."""
    if hasattr(state, "cancel"):
        state.cancel()
