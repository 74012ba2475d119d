"""The straight-line backend: the whole program as one generated Python function.

Kernels are bound as constants, results go to buffers of one arena, views of those buffers are made
when the function is, and instructions on buffers alone become a single call. The function may be
entered by one thread at a time; the arena is its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flowgraph.backends.context import RunContext
from flowgraph.backends.python_writer import Writer
from flowgraph.backends.reference import run_error
from flowgraph.compiler.program import Program

__all__ = ["PythonExecutable"]


class PythonExecutable:
    """A program compiled to a Python function, bound to one session's variables.

    Args:
        native: take native kernels where there are any.

    Attributes:
        source: the text of the function.
        arena: where results lie.
    """

    def __init__(self, program: Program, context: RunContext, native: bool = False) -> None:
        self.program = program
        writer = Writer(program, context, native)
        self.arena = writer.arena
        self.source = writer.source()
        self._lines = writer.line_instrs
        self._clock = context.clock
        self._made_at = context.clock.time
        self.lock = threading.Lock()
        namespace = writer.namespace
        exec(compile(self.source, _FILE, "exec"), namespace)
        self._step: Callable[..., list[Any]] = namespace["step"]

    @property
    def stale(self) -> bool:
        """True if a variable was initialized or changed its shape since the function was made."""
        return self._clock.time != self._made_at

    def run(self, feeds: list[Any]) -> list[Any]:
        """The fetched values; they may share memory with feeds, constants and variables."""
        try:
            return self._step(*feeds)
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        trace = error.__traceback__
        line = 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == _FILE:
                line = trace.tb_lineno
                values = trace.tb_frame.f_locals
                namespace = trace.tb_frame.f_globals
            trace = trace.tb_next
        entry = self._lines.get(line)
        if entry is None:
            return error
        instr, names = entry
        return run_error(error, instr, [values.get(n, namespace.get(n)) for n in names])


_FILE = "<flowgraph step>"
