"""Groups of elementwise instructions become one instruction each, for a backend that compiles them.

A group has one result; what it computes on the way is used by nobody else, so it can run where its
last member stood. Members have the shape of the result, inputs broadcast to it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

from flowgraph import dims
from flowgraph.compiler.passes.protect import alias_roots
from flowgraph.compiler.program import Fused, Instr, Program, Value, source
from flowgraph.dims import Dims
from flowgraph.graph.opdef import OpDef
from flowgraph.graph.signature import Arg

__all__ = ["fuse"]

_MAXIMAL_MEMBERS = 100
_MAXIMAL_INPUTS = 24
# The fewest members of a group with many elements, and of one with less.
_FEW, _SOME = 2, 3
_MANY_ELEMENTS = 2048

Supports = Callable[[Instr], bool]


def fuse(program: Program, supports: Supports) -> None:
    """Replace groups by ``_Fused`` instructions, in the program and in those of its regions.

    Args:
        supports: whether the backend can compute an instruction as a part of a group.
    """
    for each in list(program.nested()):
        _Groups(each, supports).replace()


class _Groups:
    def __init__(self, program: Program, supports: Supports) -> None:
        self.program = program
        self.index = {instr: i for i, instr in enumerate(program.instrs)}
        self.roots = alias_roots(program)
        self.fits = {instr: _is_elementwise(instr) and supports(instr) for instr in program.instrs}
        self.users: dict[Value, set[Instr]] = {}
        for instr in program.instrs:
            for value in instr.inputs:
                self.users.setdefault(value, set()).add(instr)
        self.asked = {*program.fetches, *program.targets}
        self.writes: dict[Value, list[int]] = {}
        for instr in program.instrs:
            for cell in instr.cells:
                self.writes.setdefault(cell, []).append(self.index[instr])

    def replace(self) -> None:
        taken: set[Instr] = set()
        fused: dict[Instr, Instr] = {}
        for instr in reversed(self.program.instrs):
            if instr in taken or not self.fits[instr]:
                continue
            members = self._group(instr)
            if members is not None:
                taken.update(members)
                fused[instr] = self._made(members)
        if fused:
            self.program.instrs = [
                fused.get(instr, instr)
                for instr in self.program.instrs
                if instr not in taken or instr in fused
            ]
            self._drop_unused_constants()

    def _group(self, last: Instr) -> list[Instr] | None:
        """The largest group that ends with an instruction, in running order."""
        members = {last}
        inputs = set(last.inputs)
        # The latest candidate first: then all of its users have been decided on.
        waiting = [(-self.index[v.op], id(v.op), v.op) for v in inputs if v.op in self.index]
        heapq.heapify(waiting)
        while waiting and len(members) < _MAXIMAL_MEMBERS:
            candidate = heapq.heappop(waiting)[2]
            if candidate in members or not self._joins(candidate, members, last):
                continue
            wider = (inputs - {candidate.outputs[0]}) | set(candidate.inputs)
            if len(wider) > _MAXIMAL_INPUTS:
                continue
            inputs = wider
            members.add(candidate)
            for value in candidate.inputs:
                if value.op in self.index:
                    heapq.heappush(waiting, (-self.index[value.op], id(value.op), value.op))
        if len(members) < (_FEW if _elements(last) >= _MANY_ELEMENTS else _SOME):
            return None
        return sorted(members, key=self.index.__getitem__)

    def _joins(self, candidate: Instr, members: set[Instr], last: Instr) -> bool:
        """True if an instruction may run where `last` stands, and only the members use it."""
        if not self.fits[candidate]:
            return False
        result = candidate.outputs[0]
        return (
            result not in self.asked
            and result.dims == last.outputs[0].dims
            and self.users[result] <= members
            and not any(self._changes(value, candidate, last) for value in candidate.inputs)
        )

    def _changes(self, value: Value, start: Instr, end: Instr) -> bool:
        """True if `value` may be a variable's memory that is written between two instructions."""
        reading = self.roots.get(value, value).op
        if reading.type != "_Read":
            return False
        written = self.writes.get(reading.inputs[0], ())
        return any(self.index[start] < place <= self.index[end] for place in written)

    def _made(self, members: list[Instr]) -> Instr:
        """The instruction that stands for a group."""
        last = members[-1]
        inside = {member.outputs[0] for member in members}
        given = dict.fromkeys(v for member in members for v in member.inputs if v not in inside)
        constants = [value for value in given if _is_number(value)]
        inputs = [value for value in given if not _is_number(value)]
        feeds = [source(value.dtype, value.dims, value.name) for value in inputs]
        renamed = dict(zip(inputs, feeds, strict=True))
        body = Program(feeds, [], [], ())
        body.is_region = True
        for value in constants:
            copied = Instr(value.op.definition, [], value.op.attrs, value.op.node)
            renamed[value] = _new_output(copied, value)
            body.instrs.append(copied)
        for member in members:
            copied = Instr(
                member.definition,
                [renamed[value] for value in member.inputs],
                member.attrs,
                member.node,
            )
            renamed[member.outputs[0]] = _new_output(copied, member.outputs[0])
            body.instrs.append(copied)
        result = last.outputs[0]
        body.fetches = [renamed[result]]
        made = Instr(_definition(inputs, result, self.roots), inputs, {}, last.node)
        made.region = Fused(body)
        made.outputs = [result]
        result.op = made
        return made

    def _drop_unused_constants(self) -> None:
        used = {value for instr in self.program.instrs for value in instr.inputs} | self.asked
        self.program.instrs = [
            instr
            for instr in self.program.instrs
            if instr.type != "Const" or instr.outputs[0] in used
        ]


def _is_elementwise(instr: Instr) -> bool:
    """True if inputs broadcast to the output, all of known shapes, and the output is no scalar."""
    if len(instr.outputs) != 1 or instr.region is not None or instr.definition.stateful:
        return False
    shape = instr.outputs[0].dims
    if not shape or not dims.is_known(shape):
        return False
    return all(
        not value.is_cell and dims.is_known(value.dims) and _broadcasts(value.dims, shape)
        for value in instr.inputs
    )


def _broadcasts(shape: Dims, output: Dims) -> bool:
    assert shape is not None and output is not None
    if len(shape) > len(output):
        return False
    last = output[len(output) - len(shape) :]
    return all(a in (1, b) for a, b in zip(shape, last, strict=True))


def _elements(instr: Instr) -> int:
    return dims.num_elements(instr.outputs[0].dims) or 0


def _is_number(value: Value) -> bool:
    return value.op.type == "Const" and value.op.attrs["value"].ndim == 0


def _new_output(instr: Instr, like: Value) -> Value:
    value = Value(instr, 0, like.dtype, like.dims, like.name)
    instr.outputs = [value]
    return value


def _definition(inputs: list[Value], result: Value, roots: dict[Value, Value]) -> OpDef:
    """The declaration of one group. Its result may overwrite an input of its type and shape whose
    memory no other input shares."""
    owners = [roots.get(value, value) for value in inputs]
    return OpDef(
        "_Fused",
        inputs=tuple(Arg(f"x{i}", dtype=value.dtype) for i, value in enumerate(inputs)),
        outputs=(Arg("y", dtype=result.dtype),),
        attrs={},
        doc="A group of elementwise instructions.",
        inplace=tuple(
            index
            for index, value in enumerate(inputs)
            if value.dtype is result.dtype
            and value.dims == result.dims
            and owners.count(owners[index]) == 1
        ),
        has_out=True,
    )
