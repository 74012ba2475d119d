"""The compiler's own form of a graph: a flat, typed list of instructions in running order.

A `Program` is what the user's graph becomes once fetches and feeds are known. Every `Value` is
assigned once; variables are `Value`s of a reference dtype, read by ``_Read`` instructions and
changed by instructions that take them as inputs. ``print(program)`` shows it::

    f0: float32[100,784] = feed x:0
    v1: float32[784,10] = _Read(W)
    v2: float32[100,10] = MatMul(f0, v1)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.opdef import Arg, Attr, OpDef
from flowgraph.graph.static_values import const_dims, const_value
from flowgraph.graph.tensor import Operation

__all__ = ["READ", "REGIONS", "Branches", "Fused", "Instr", "Loop", "Program", "Value", "source"]

READ = OpDef(
    "_Read",
    inputs=(Arg("ref", type_attr="T", is_ref=True),),
    outputs=(Arg("value", type_attr="T"),),
    attrs={"T": Attr("type"), "copy": Attr("bool", False)},
    doc="The value of a variable at this place of the program.",
    stateful=True,
)
# Instructions that run programs of their own.
REGIONS = frozenset({"While", "If"})
_SOURCE = OpDef("_Source", inputs=(), outputs=(), attrs={}, stateful=True)


class Value:
    """One result: of an instruction, a feed, or (with a reference dtype) a variable's cell."""

    __slots__ = ("_const", "dims", "dtype", "name", "op", "value_index")

    def __init__(self, op: Instr, value_index: int, dtype: DType, shape: Dims, name: str) -> None:
        self.op = op
        self.value_index = value_index
        self.dtype = dtype
        self.dims = shape
        self.name = name
        self._const: Any = None

    def const_value(self) -> Any:
        return const_value(self)  # type: ignore[arg-type]

    def const_dims(self) -> Dims:
        return const_dims(self)  # type: ignore[arg-type]

    @property
    def is_cell(self) -> bool:
        return self.dtype.is_ref_dtype

    def show_type(self) -> str:
        return f"{self.dtype.name}{dims.show_list(self.dims)}"


class Instr:
    """One instruction: an op type applied to values.

    Attributes:
        node: the graph's operation it comes from, for error messages and profiles.
        region: the programs that a loop, a conditional or a fused group runs.
        loose: True if static shapes of the graph do not hold here, as a constant was fed.
    """

    __slots__ = ("attrs", "definition", "inputs", "loose", "node", "outputs", "region", "type")

    def __init__(
        self,
        definition: OpDef,
        inputs: list[Value],
        attrs: dict[str, Any],
        node: Operation | None,
    ) -> None:
        self.type = definition.name
        self.definition = definition
        self.inputs = inputs
        self.attrs = attrs
        self.node = node
        self.outputs: list[Value] = []
        self.region: Loop | Branches | Fused | None = None
        self.loose = False

    @property
    def name(self) -> str:
        return self.type if self.node is None else self.node.name

    @property
    def is_effect(self) -> bool:
        """True if it must run even when no value of it is used."""
        if self.region is not None:
            return any(instr.is_effect for each in self.region.programs for instr in each.instrs)
        return self.definition.stateful and self.type != "_Read"

    @property
    def cells(self) -> list[Value]:
        """The variables it may change."""
        return [] if self.type == "_Read" else [v for v in self.inputs if v.dtype.is_ref_dtype]


@dataclass
class Loop:
    """The programs of a While, both from all of its inputs.

    Attributes:
        cond: to whether there is another turn.
        body: to the next values of the inputs in `varying`; the others stay as they are.
    """

    cond: Program
    body: Program
    varying: list[int]

    @property
    def programs(self) -> list[Program]:
        return [self.cond, self.body]


@dataclass
class Branches:
    """The programs of an If, both from all of its inputs but the condition to its outputs."""

    then: Program
    otherwise: Program

    @property
    def programs(self) -> list[Program]:
        return [self.then, self.otherwise]


@dataclass
class Fused:
    """The program of a group of elementwise instructions, from its inputs to its one result."""

    body: Program

    @property
    def programs(self) -> list[Program]:
        return [self.body]


def source(dtype: DType, shape: Dims, name: str) -> Value:
    """A value that no instruction makes: a feed or a variable's cell."""
    return Value(Instr(_SOURCE, [], {}, None), 0, dtype, shape, name)


class Program:
    """Instructions in running order, with the values that go in and come out.

    Attributes:
        targets: values that are asked for, though nobody looks at them.
        is_region: whether an instruction of another program runs it.
    """

    def __init__(
        self,
        feeds: list[Value],
        instrs: list[Instr],
        fetches: list[Value],
        targets: Iterable[Value] = (),
    ) -> None:
        self.feeds = feeds
        self.instrs = instrs
        self.fetches = fetches
        self.targets = list(targets)
        self.is_region = False

    def nested(self) -> Iterator[Program]:
        """This program and those of its loops and conditionals, the outer ones first."""
        yield self
        for instr in self.instrs:
            if instr.region is not None:
                for program in instr.region.programs:
                    yield from program.nested()

    def replace_results(self, replacements: dict[Value, Value]) -> None:
        """Let what is asked for be the values that `replacements` gives instead."""
        self.fetches = [replacements.get(value, value) for value in self.fetches]
        self.targets = [replacements.get(value, value) for value in self.targets]

    def cells(self) -> list[Value]:
        """The variables used, each once."""
        found = (v for instr in self.instrs for v in instr.inputs if v.is_cell)
        fetched = (v for v in self.fetches if v.is_cell)
        return list(dict.fromkeys([*found, *fetched]))

    def __str__(self) -> str:
        names = self._short_names()
        lines = [f"{names[v]}: {v.show_type()} = feed {v.name}" for v in self.feeds]
        for instr in self.instrs:
            arguments = ", ".join(names.get(v, v.name) for v in instr.inputs)
            results = ", ".join(f"{names[v]}: {v.show_type()}" for v in instr.outputs)
            head = f"{results} = " if results else ""
            lines.append(f"{head}{instr.type}({arguments}){_show_attrs(instr)}")
            if instr.region is not None:
                for program in instr.region.programs:
                    lines.extend("    " + line for line in str(program).splitlines())
        lines.append("return " + ", ".join(names.get(v, v.name) for v in self.fetches))
        return "\n".join(lines)

    def _short_names(self) -> dict[Value, str]:
        names = {value: f"f{i}" for i, value in enumerate(self.feeds)}
        for value in _all_outputs(self.instrs):
            names[value] = f"v{len(names)}"
        return names


def _all_outputs(instrs: Iterable[Instr]) -> Iterable[Value]:
    return (value for instr in instrs for value in instr.outputs)


_HIDDEN = frozenset(
    {"T", "N", "Tin", "Tout", "body", "cond", "container", "dtype", "else_branch", "output_shapes"}
    | {"shared_name", "then_branch"}
)


def _show_attrs(instr: Instr) -> str:
    shown = {}
    for key, value in instr.attrs.items():
        if isinstance(value, np.ndarray):
            shown[key] = value.tolist() if value.size <= 8 else f"array{list(value.shape)}"
        elif key not in _HIDDEN and not isinstance(value, DType):
            spec = instr.definition.attrs.get(key)
            if spec is None or value != spec.default:
                shown[key] = value
    return f" {shown}" if shown else ""
