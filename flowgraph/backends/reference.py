"""The reference backend: every instruction by its NumPy kernel, one after the other.

It allocates each result anew, holds no buffers between runs, and may therefore be entered from many
threads at once. It is the oracle for the other backends, the way a plan runs for the first time,
and the one that profiles.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.backends.context import RunContext
from flowgraph.backends.native.updates import replacement, replaces
from flowgraph.backends.regions import region_kernel
from flowgraph.compiler.program import Instr, Program, Value
from flowgraph.graph.cells import Cell

__all__ = ["ReferenceExecutable", "bind_kernel", "read_cell", "run_error"]


def read_cell(cell: Cell, copy: bool) -> Any:
    """The value of a variable. Raises FailedPreconditionError if it is uninitialized."""
    value = cell.read()
    return value.copy() if copy else value


def bind_kernel(instr: Instr, context: RunContext, native: bool = False) -> Callable[..., Any]:
    """The instruction as a function of its grouped inputs, with attributes and state bound.

    Args:
        native: take the native kernel where there is one.
    """
    if instr.region is not None:
        return region_kernel(instr, functools.partial(_interpreted, context=context))
    definition = instr.definition
    keywords = definition.kernel_keywords(instr.attrs)
    if definition.wants_state:
        keywords["state"] = context.state_of(instr)
    kernel = definition.numpy
    if keywords:
        kernel = functools.partial(kernel, **keywords)
    if native and replaces(instr):
        kernel = replacement(instr, kernel)
    if instr.attrs.get("use_locking"):
        kernel = _locking(kernel, context)
    bound: Callable[..., Any] = kernel
    return bound


def _interpreted(program: Program, context: RunContext) -> Callable[..., list[Any]]:
    executable = ReferenceExecutable(program, context)
    return lambda *feeds: executable.run(list(feeds))


def _locking(kernel: Callable[..., Any], context: RunContext) -> Callable[..., Any]:
    """`kernel`, called by one thread of the session at a time."""

    def call(*args: Any, **keywords: Any) -> Any:
        with context.write_lock:
            return kernel(*args, **keywords)

    return call


def run_error(error: Exception, instr: Instr, values: list[Any]) -> errors.OpError:
    """The error that the user sees: TF's class, the op, its inputs' shapes and the user's line."""
    node = instr.node
    described = ", ".join(_describe(value) for value in values)
    where = node.user_frame if node is not None else None
    place = f"\n  created at {where.filename}:{where.lineno}: {where.line}" if where else ""
    name = f" [[node {instr.name} ({instr.type})]]"
    inputs = f"\n  with inputs {described}" if described else ""
    kind = errors.InvalidArgumentError
    text = str(error)
    if isinstance(error, errors.OpError):
        if error.op is not None:
            return error
        kind = type(error)  # type: ignore[assignment]
    elif isinstance(error, MemoryError):
        kind = errors.ResourceExhaustedError  # type: ignore[assignment]
        text = f"OOM when allocating: {error}"
    return kind(None, node, f"{text}\n\t{name}{inputs}{place}")


def _describe(value: Any) -> str:
    if isinstance(value, Cell):
        return f"variable {value.name}"
    if isinstance(value, list):
        return "[" + ", ".join(_describe(each) for each in value) + "]"
    array = np.asarray(value)
    return f"{array.dtype}{list(array.shape)}"


class ReferenceExecutable:
    """A program bound to the variables and states of one session."""

    def __init__(self, program: Program, context: RunContext) -> None:
        self.program = program
        self.context = context
        slots: dict[Value, int] = {}
        for value in program.feeds:
            slots[value] = len(slots)
        self._cells: list[tuple[int, Cell]] = []
        for value in program.cells():
            slots[value] = len(slots)
            self._cells.append((slots[value], context.cell(value)))
        for instr in program.instrs:
            for value in instr.outputs:
                slots[value] = len(slots)
        self._size = len(slots)
        dying = _last_readers(program, slots)
        self._steps = [self._step(instr, slots, dying.get(instr, ())) for instr in program.instrs]
        self._fetches = [slots[value] for value in program.fetches]

    def _step(self, instr: Instr, slots: dict[Value, int], dying: Sequence[int]) -> tuple[Any, ...]:
        inputs: Any = [slots[value] for value in instr.inputs]
        if instr.type == "_Read":
            copy = instr.attrs["copy"]
            kernel: Callable[..., Any] = lambda cell: read_cell(cell, copy)  # noqa: E731
        else:
            kernel = bind_kernel(instr, self.context)
        grouped = instr.definition.group(inputs, instr.attrs)
        outputs = [slots[value] for value in instr.outputs]
        specs = instr.definition.outputs
        single = len(specs) == 1 and not specs[0].is_list
        return kernel, grouped, outputs, single, dying, instr

    def run(self, feeds: list[Any], observe: Callable[..., None] | None = None) -> list[Any]:
        """The fetched values; they may share memory with feeds, constants and variables.

        Args:
            observe: called after each instruction with it and its results, for profiles.
        """
        slots: list[Any] = [None] * self._size
        slots[: len(feeds)] = feeds
        for index, cell in self._cells:
            slots[index] = cell
        for kernel, grouped, outputs, single, dying, instr in self._steps:
            arguments = [
                [slots[i] for i in entry] if type(entry) is list else slots[entry]
                for entry in grouped
            ]
            try:
                result = kernel(*arguments)
            except Exception as error:
                raise run_error(error, instr, arguments) from error
            if single:
                slots[outputs[0]] = result
            else:
                for index, each in zip(outputs, result or (), strict=False):
                    slots[index] = each
            if observe is not None:
                observe(instr, result)
            for index in dying:
                slots[index] = None
        return [slots[index] for index in self._fetches]


def _last_readers(program: Program, slots: dict[Value, int]) -> dict[Instr, list[int]]:
    """Per instruction, the results that nobody needs after it."""
    kept = {*program.feeds, *program.fetches, *program.cells()}
    last: dict[Value, Instr] = {}
    for instr in program.instrs:
        for value in (*instr.inputs, *instr.outputs):
            last[value] = instr
    dying: dict[Instr, list[int]] = {}
    for value, instr in last.items():
        if value not in kept:
            dying.setdefault(instr, []).append(slots[value])
    return dying
