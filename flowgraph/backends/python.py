"""The straight-line backend: the whole program as one generated Python function.

Kernels are bound as constants, results go to buffers of one arena, views of those buffers are made
when the function is, and instructions on buffers alone become a single call. The function may be
entered by one thread at a time; the arena is its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.backends.context import RunContext
from flowgraph.backends.reference import bind_kernel, run_error
from flowgraph.compiler.memory import Arena, plan_memory
from flowgraph.compiler.program import Instr, Program, Value

__all__ = ["PythonExecutable"]


class PythonExecutable:
    """A program compiled to a Python function, bound to one session's variables.

    Attributes:
        source: the text of the function.
        arena: where results lie.
    """

    def __init__(self, program: Program, context: RunContext) -> None:
        self.program = program
        writer = _Writer(program, context)
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


class _Writer:
    """Writes the source of the step function and the constants it is bound to."""

    def __init__(self, program: Program, context: RunContext) -> None:
        self.program = program
        self.context = context
        self.arena: Arena = plan_memory(program)
        self.memory = np.empty(self.arena.size + 64, np.uint8)
        start = -self.memory.ctypes.data % 64
        self.memory = self.memory[start : start + self.arena.size]
        self.namespace: dict[str, Any] = {}
        self.names: dict[Value, str] = {}
        self.bound: dict[Value, Any] = {}
        self.lines: list[str] = []
        self.line_instrs: dict[int, tuple[Instr, list[str]]] = {}
        self._kernels: dict[int, str] = {}

    def source(self) -> str:
        for index, value in enumerate(self.program.feeds):
            self.names[value] = f"f{index}"
        for index, value in enumerate(self.program.cells()):
            self.names[value] = f"cell{index}"
            self.namespace[f"cell{index}"] = self.context.cell(value)
        parameters = ", ".join(f"f{i}" for i in range(len(self.program.feeds)))
        self.lines.append(f"def step({parameters}):")
        for instr in self.program.instrs:
            self._write(instr)
        fetched = ", ".join(self.names[value] for value in self.program.fetches)
        self.lines.append(f"    return [{fetched}]")
        return "\n".join(self.lines)

    def _bind(self, value: Value, constant: Any) -> None:
        """Let `value` be a constant of the function: a Const, a buffer, or a view of one."""
        name = f"b{len(self.bound)}"
        self.bound[value] = constant
        self.names[value] = name
        self.namespace[name] = constant

    def _write(self, instr: Instr) -> None:
        if instr.type == "Const":
            self._bind(instr.outputs[0], instr.attrs["value"])
        elif instr.type == "_Read":
            self._write_read(instr)
        elif not self._bind_view(instr):
            self._write_call(instr)

    def _write_read(self, instr: Instr) -> None:
        value, cell = instr.outputs[0], self.names[instr.inputs[0]]
        name = self._local(value)
        self._line(instr, f"{name} = {cell}.value", [cell])
        self._line(instr, f"if {name} is None: {cell}.read()", [cell])
        if instr.attrs["copy"]:
            self._line(instr, f"{name} = {name}.copy()", [cell])

    def _bind_view(self, instr: Instr) -> bool:
        """Make a view of a buffer now; False if it must be made in every run."""
        view = instr.definition.view
        if view is None or len(instr.outputs) != 1:
            return False
        source_value = instr.inputs[view]
        others = (value for value in instr.inputs if value is not source_value)
        if source_value not in self.bound or not all(v.op.type == "Const" for v in others):
            return False
        source = self.bound[source_value]
        arguments = instr.definition.group((self.bound[v] for v in instr.inputs), instr.attrs)
        kernel = bind_kernel(instr, self.context)
        try:
            made = kernel(*arguments)
        except Exception:
            return False
        if not isinstance(made, np.ndarray) or not np.may_share_memory(made, source):
            return False
        self._bind(instr.outputs[0], made)
        return True

    def _write_call(self, instr: Instr) -> None:
        names = [self.names[value] for value in instr.inputs]
        grouped = instr.definition.group(names, instr.attrs)
        arguments = [f"[{', '.join(e)}]" if isinstance(e, list) else e for e in grouped]
        outputs = instr.outputs
        if len(outputs) == 1 and outputs[0] in self.arena.offsets:
            buffer = self._buffer(outputs[0])
            self._bind(outputs[0], buffer)
            arguments.append(f"out={self.names[outputs[0]]}")
            self._line(instr, f"{self._kernel(instr)}({', '.join(arguments)})", names)
            return
        call = f"{self._kernel(instr)}({', '.join(arguments)})"
        if not outputs:
            self._line(instr, call, names)
            return
        specs = instr.definition.outputs
        single = len(specs) == 1 and not specs[0].is_list
        targets = [self._local(value) for value in outputs]
        left = targets[0] if single else "(" + ", ".join(targets) + ",)"
        self._line(instr, f"{left} = {call}", names)

    def _buffer(self, value: Value) -> Any:
        offset = self.arena.offsets[value]
        shape = value.dims
        assert shape is not None
        count = dims.num_elements(shape)
        assert count is not None
        raw = self.memory[offset : offset + count * value.dtype.np.itemsize]
        return raw.view(value.dtype.np).reshape(shape)

    def _kernel(self, instr: Instr) -> str:
        kernel = bind_kernel(instr, self.context)
        key = id(kernel)
        name = self._kernels.get(key)
        if name is None:
            name = f"k{len(self._kernels)}"
            self._kernels[key] = name
            self.namespace[name] = kernel
        return name

    def _local(self, value: Value) -> str:
        name = self.names.get(value)
        if name is None:
            name = self.names[value] = f"v{len(self.names)}"
        return name

    def _line(self, instr: Instr, text: str, names: list[str]) -> None:
        self.lines.append("    " + text)
        self.line_instrs[len(self.lines)] = (instr, names)
