"""Loops and conditionals: their functions as programs, for the shapes of what goes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowgraph import dims
from flowgraph.compiler.lower import lower
from flowgraph.compiler.program import Branches, Instr, Loop, Program, Value
from flowgraph.dims import Dims
from flowgraph.graph.function import Function
from flowgraph.graph.opdef import lookup

__all__ = ["bind_constants", "drop_unused_loop_variables", "passed_through", "specialise"]

Infer = Callable[[Program], None]

_MAX_ROUNDS = 4


def specialise(instr: Instr, infer: Infer) -> None:
    """Give a loop or conditional its programs, and its outputs the shapes that follow."""
    if instr.type == "While":
        _specialise_loop(instr, infer)
    else:
        _specialise_branches(instr, infer)


@dataclass
class _Given:
    """What a region's functions are given.

    Attributes:
        values: for their inputs.
        variables: which of them are values of variables that the region changes: their names.
        loose: True if static shapes of the graph do not hold.
    """

    values: list[Value]
    variables: dict[int, str]
    loose: bool


def _lowered(function: Function, shapes: list[Dims], infer: Infer, given: _Given) -> Program:
    constants = {
        index: given.values[index].const_value()
        for index, tensor in enumerate(function.inputs)
        if tensor._const is not None and tensor.const_value() is not None
    }
    if given.loose or any(value is None for value in constants.values()):
        replaced, fed = set(function.inputs), shapes
    else:
        replaced, fed = set(), _merged(function, shapes)
    own = {tensor.op.name: tensor.op for tensor in function.graph.references.values()}
    read = {
        function.inputs[index]: own[name] for index, name in given.variables.items() if name in own
    }
    program = lower(list(function.outputs), [], list(function.inputs), fed, read, replaced)
    for index, value in constants.items():
        program.feeds[index]._const = value
    program.is_region = True
    infer(program)
    return program


def _merged(function: Function, shapes: list[Dims]) -> list[Dims]:
    return [
        dims.merge(tensor.dims, shape) if dims.compatible(tensor.dims, shape) else shape
        for tensor, shape in zip(function.inputs, shapes, strict=True)
    ]


def _variables_read(values: list[Value], instr: Instr) -> dict[int, str]:
    """Which of the values are those of variables that the region itself changes: their names.

    The region reads such a variable anew where it needs it.
    """
    changed = set(instr.cells)
    return {
        index: value.op.inputs[0].name
        for index, value in enumerate(values)
        if value.op.type == "_Read" and value.op.inputs[0] in changed
    }


def _specialise_loop(instr: Instr, infer: Infer) -> None:
    """Find shapes that stay true from turn to turn, beginning with those of the first values."""
    cond, body = instr.attrs["cond"], instr.attrs["body"]
    shapes = [value.dims for value in instr.inputs if not value.is_cell]
    variables = {
        index: name
        for index, name in _variables_read(instr.inputs, instr).items()
        if body.outputs[index] is body.inputs[index]
    }
    given = _Given(instr.inputs, variables, instr.loose)
    for turn in range(_MAX_ROUNDS):
        program = _lowered(body, shapes, infer, given)
        found = [value.dims for value in program.fetches]
        if turn == _MAX_ROUNDS - 1:
            found = [a if a == b else None for a, b in zip(shapes, found, strict=True)]
        wider = [dims.generalized(a, b) for a, b in zip(shapes, found, strict=True)]
        if wider == shapes:
            break
        shapes = wider
    else:
        program = _lowered(body, shapes, infer, given)
    varying = [
        index
        for index, (before, after) in enumerate(zip(body.inputs, body.outputs, strict=True))
        if after is not before
    ]
    program.fetches = [program.fetches[index] for index in varying]
    instr.region = Loop(_lowered(cond, shapes, infer, given), program, varying)
    for value, shape in zip(instr.outputs, shapes, strict=True):
        value.dims = shape


def _specialise_branches(instr: Instr, infer: Infer) -> None:
    shapes = [value.dims for value in instr.inputs[1:] if not value.is_cell]
    values = instr.inputs[1:]
    given = _Given(values, _variables_read(values, instr), instr.loose)
    then = _lowered(instr.attrs["then_branch"], shapes, infer, given)
    otherwise = _lowered(instr.attrs["else_branch"], shapes, infer, given)
    instr.region = Branches(then, otherwise)
    for value, a, b in zip(instr.outputs, then.fetches, otherwise.fetches, strict=True):
        value.dims = dims.generalized(a.dims, b.dims)


def passed_through(instr: Instr) -> dict[Value, Value]:
    """The outputs of a loop that are inputs which no turn changes, and those inputs."""
    if not isinstance(instr.region, Loop):
        return {}
    varying = set(instr.region.varying)
    return {
        value: instr.inputs[index]
        for index, value in enumerate(instr.outputs)
        if index not in varying
    }


def bind_constants(instr: Instr) -> None:
    """Let the programs of a region know the inputs that are constants and never change."""
    region = instr.region
    inputs = instr.inputs if isinstance(region, Loop) else instr.inputs[1:]
    varying = set(region.varying) if isinstance(region, Loop) else set()
    known = {
        index: value.op.attrs["value"]
        for index, value in enumerate(inputs)
        if value.op.type == "Const" and index not in varying
    }
    assert region is not None
    for program in region.programs:
        replaced: dict[Value, Value] = {}
        constants: list[Instr] = []
        for index, array in known.items():
            feed = program.feeds[index]
            constant = Instr(lookup("Const"), [], {"value": array, "dtype": feed.dtype}, None)
            constant.outputs = [Value(constant, 0, feed.dtype, array.shape, feed.name)]
            replaced[feed] = constant.outputs[0]
            constants.append(constant)
        if replaced:
            for each in program.instrs:
                each.inputs = [replaced.get(value, value) for value in each.inputs]
            program.replace_results(replaced)
            program.instrs = [*constants, *program.instrs]


def drop_unused_loop_variables(instr: Instr, used: set[Value]) -> None:
    """Keep in a loop's body only what its condition, its effects and its used results need.

    Args:
        used: values that the rest of the program reads.
    """
    loop = instr.region
    assert isinstance(loop, Loop)
    live = {index for index, value in enumerate(instr.outputs) if value in used}
    live |= _feeds_read(loop.cond, [*loop.cond.fetches])
    live |= _feeds_read(loop.body, [])
    while True:
        wanted = [
            fetch
            for index, fetch in zip(loop.varying, loop.body.fetches, strict=True)
            if index in live
        ]
        found = live | _feeds_read(loop.body, wanted)
        if found == live:
            break
        live = found
    kept = [
        (index, fetch)
        for index, fetch in zip(loop.varying, loop.body.fetches, strict=True)
        if index in live
    ]
    loop.varying = [index for index, _ in kept]
    loop.body.fetches = [fetch for _, fetch in kept]


def _feeds_read(program: Program, results: list[Value]) -> set[int]:
    """The feeds that `results`, and the effects of the program, are computed from."""
    live = set(results)
    for instr in reversed(program.instrs):
        if instr.is_effect or any(value in live for value in instr.outputs):
            live.update(instr.inputs)
    return {index for index, feed in enumerate(program.feeds) if feed in live}
