"""Writes the source of a program's function, and makes the constants that it is bound to.

Loops and conditionals become Python's own; their programs' buffers lie in arenas of their own.
Scalars are computed by operators, which is several times faster than a call of NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.backends.context import RunContext
from flowgraph.backends.native.fused import native_call
from flowgraph.backends.reference import bind_kernel
from flowgraph.backends.regions import owned, truth
from flowgraph.compiler.memory import Arena, plan_memory
from flowgraph.compiler.passes.protect import shared_fetches
from flowgraph.compiler.program import Branches, Fused, Instr, Loop, Program, Value

__all__ = ["Writer"]

_ALIGNMENT = 64
_SCALAR_TYPES = frozenset({"float32", "float64", "int32", "int64", "bool"})
_OPERATORS = {
    "Add": "+",
    "AddV2": "+",
    "Sub": "-",
    "Mul": "*",
    "RealDiv": "/",
    "Less": "<",
    "LessEqual": "<=",
    "Greater": ">",
    "GreaterEqual": ">=",
    "Equal": "==",
    "NotEqual": "!=",
    "LogicalAnd": "&",
    "LogicalOr": "|",
}


class Writer:
    """Writes the function of one program.

    Attributes:
        namespace: the function's globals.
        line_instrs: per line, the instruction it comes from and the names of its inputs.
    """

    def __init__(self, program: Program, context: RunContext, native: bool = False) -> None:
        self.program = program
        self.context = context
        self.native = native
        self.namespace: dict[str, Any] = {"empty": np.empty, "owned": owned, "truth": truth}
        self.names: dict[Value, str] = {}
        self.bound: dict[Value, Any] = {}
        self.lines: list[str] = []
        self.line_instrs: dict[int, tuple[Instr, list[str]]] = {}
        self._buffers: dict[Value, Any] = {}
        self._kernels: dict[int, str] = {}
        self._indent = "    "
        self._loops = 0
        self.arena = self._reserve(program)

    def source(self) -> str:
        program = self.program
        for index, value in enumerate(program.feeds):
            self.names[value] = f"f{index}"
        parameters = ", ".join(f"f{i}" for i in range(len(program.feeds)))
        self.lines.append(f"def step({parameters}):")
        self._write_all(program)
        fetched = ", ".join(self.names[value] for value in program.fetches)
        self.lines.append(f"    return [{fetched}]")
        return "\n".join(self.lines)

    def _reserve(self, program: Program) -> Arena:
        """Make the buffers of a program's results."""
        arena = plan_memory(program)
        memory = np.empty(arena.size + _ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % _ALIGNMENT
        memory = memory[start : start + arena.size]
        for value, offset in arena.offsets.items():
            shape = value.dims
            assert shape is not None
            count = dims.num_elements(shape)
            assert count is not None
            raw = memory[offset : offset + count * value.dtype.np.itemsize]
            self._buffers[value] = raw.view(value.dtype.np).reshape(shape)
        return arena

    def _write_all(self, program: Program) -> None:
        for value in program.cells():
            cell = self.context.cell(value)
            self.names[value] = f"cell{id(cell)}"
            self.namespace[self.names[value]] = cell
        for instr in program.instrs:
            self._write(instr)

    def _bind(self, value: Value, constant: Any) -> None:
        """Let `value` be a constant of the function: a Const, a buffer, or a view of one."""
        name = f"b{len(self.bound)}"
        self.bound[value] = constant
        self.names[value] = name
        self.namespace[name] = constant

    def _write(self, instr: Instr) -> None:
        if instr.type == "Const":
            self._write_constant(instr)
        elif instr.type == "_Read":
            self._write_read(instr)
        elif isinstance(instr.region, Loop):
            self._write_loop(instr, instr.region)
        elif isinstance(instr.region, Branches):
            self._write_branches(instr, instr.region)
        elif isinstance(instr.region, Fused):
            self._write_fused(instr)
        elif not self._bind_view(instr) and not self._write_operator(instr):
            self._write_call(instr)

    def _write_constant(self, instr: Instr) -> None:
        value, array = instr.outputs[0], instr.attrs["value"]
        self._bind(value, array[()] if _is_scalar(value) else array)

    def _write_read(self, instr: Instr) -> None:
        value, cell = instr.outputs[0], self.names[instr.inputs[0]]
        name = self._local(value)
        self._line(instr, f"{name} = {cell}.value", [cell])
        self._line(instr, f"if {name} is None: {cell}.read()", [cell])
        if instr.attrs["copy"]:
            self._line(instr, f"{name} = {name}.copy()", [cell])

    def _write_operator(self, instr: Instr) -> bool:
        """Write a scalar operation as an operator; False where there is none."""
        operator = _OPERATORS.get(instr.type)
        if operator is None or not all(map(_is_scalar, [*instr.inputs, *instr.outputs])):
            return False
        first, second = (self.names[value] for value in instr.inputs)
        self._line(instr, f"{self._local(instr.outputs[0])} = {first} {operator} {second}", [])
        return True

    def _write_loop(self, instr: Instr, loop: Loop) -> None:
        self._loops += 1
        prefix = f"loop{self._loops}"
        varying = {index: f"{prefix}_{index}" for index in loop.varying}
        given = [self.names[value] for value in instr.inputs]
        for index, name in varying.items():
            self._line(instr, f"{name} = {given[index]}", given)
        self._line(instr, f"{prefix}_turned = False", [])
        self._line(instr, "while True:", [])
        indent = self._indent
        self._indent += "    "
        for program in (loop.cond, loop.body):
            for index, feed in enumerate(program.feeds):
                self.names[feed] = varying.get(index, given[index])
        self._reserve(loop.cond)
        self._write_all(loop.cond)
        goes_on = loop.cond.fetches[0]
        condition = self.names[goes_on]
        test = condition if _is_scalar(goes_on) else f"truth({condition})"
        self._line(instr, f"if not {test}: break", [condition])
        self._reserve(loop.body)
        self._write_all(loop.body)
        results = [self.names[value] for value in loop.body.fetches]
        if results:
            self._line(instr, f"{', '.join(varying.values())} = {', '.join(results)}", results)
        self._line(instr, f"{prefix}_turned = True", [])
        self._indent = indent
        borrowed = {loop.varying[index] for index in shared_fetches(loop.body)}
        for index, value in enumerate(instr.outputs):
            if index not in varying:
                self.names[value] = given[index]
                continue
            name = self.names[value] = varying[index]
            copied = f"{name} = owned({name})"
            if index in borrowed:
                self._line(instr, copied, [])
            else:
                self._line(instr, f"if not {prefix}_turned: {copied}", [])

    def _write_branches(self, instr: Instr, branches: Branches) -> None:
        given = [self.names[value] for value in instr.inputs]
        outputs = [self._local(value) for value in instr.outputs]
        condition = given[0] if _is_scalar(instr.inputs[0]) else f"truth({given[0]})"
        indent = self._indent
        for program, head in ((branches.then, f"if {condition}:"), (branches.otherwise, "else:")):
            self._line(instr, head, given[:1])
            self._indent += "    "
            for feed, name in zip(program.feeds, given[1:], strict=False):
                self.names[feed] = name
            self._reserve(program)
            self._write_all(program)
            borrowed = set(shared_fetches(program))
            for index, (output, value) in enumerate(zip(outputs, program.fetches, strict=True)):
                result = self.names[value]
                text = f"owned({result})" if index in borrowed else result
                self._line(instr, f"{output} = {text}", [result])
            self._line(instr, "pass", [])
            self._indent = indent

    def _write_fused(self, instr: Instr) -> None:
        """Write the call of a native kernel: the builtin, and what copies if it refuses."""
        calls = native_call(instr)
        if calls is None:
            self._write_call(instr)
            return
        names = [self.names[value] for value in instr.inputs]
        result = instr.outputs[0]
        if result in self._buffers:
            self._bind(result, self._buffers[result])
        else:
            dtype = f"dtype_{result.dtype.name}"
            self.namespace[dtype] = result.dtype.np
            self._line(instr, f"{self._local(result)} = empty({result.dims}, {dtype})", [])
        arguments = ", ".join([self.names[result], *names])
        number = len(self._kernels)
        for prefix, function in zip("kc", calls, strict=True):
            self._kernels[id(function)] = f"{prefix}{number}"
            self.namespace[f"{prefix}{number}"] = function
        self._line(instr, f"k{number}({arguments}) or c{number}({arguments})", names)

    def _bind_view(self, instr: Instr) -> bool:
        """Make a view of a buffer now; False if it must be made in every run."""
        view = instr.definition.view
        if view is None or instr.definition.stateful or len(instr.outputs) != 1:
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
        if len(outputs) == 1 and outputs[0] in self._buffers:
            self._bind(outputs[0], self._buffers[outputs[0]])
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

    def _kernel(self, instr: Instr) -> str:
        kernel = bind_kernel(instr, self.context, self.native)
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
        self.lines.append(self._indent + text)
        self.line_instrs[len(self.lines)] = (instr, names)


def _is_scalar(value: Value) -> bool:
    """True for a number that NumPy's scalars can compute with."""
    return value.dims == () and value.dtype.name in _SCALAR_TYPES
