"""The gradient of While: a loop that runs backwards over what the forward loop kept.

For every value of the body that the gradient reads, the forward loop is extended by a list to which
each turn pushes that value; the backward loop pops them in reverse order. It carries the gradients
of the loop variables from turn to turn and sums up those of what the body reads from outside.
Since lists are values, and have gradients, so has the backward loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowgraph import dims, dtypes
from flowgraph.autodiff.forward_values import GradientGraph, latest_extension, mark_extension
from flowgraph.autodiff.gradients import Gradient, backpropagate, differentiable, zeros_of
from flowgraph.autodiff.registry import register_region_gradient
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.regions import add_while
from flowgraph.ops.tensor_list import empty_list, pop, push

__all__ = ["while_gradient"]


@dataclass(frozen=True)
class _KeptValue:
    """A list of the values that a tensor of the body had, turn by turn.

    Attributes:
        dtype: the type of the values.
        before, after: the list in the forward body, before and after the push.
        given, left: the list in the backward body, before and after the pop.
    """

    dtype: DType
    before: Tensor
    after: Tensor
    given: Tensor
    left: Tensor


def while_gradient(
    op: Operation, dys: Sequence[Gradient], wanted: Sequence[bool]
) -> list[Gradient]:
    """The gradients of the inputs of a While, None where they are not `wanted`."""
    if (op._attributes or {}).get("_stop_gradient"):
        return [None] * len(op.inputs)
    body: Function = op.attrs["body"]
    active = _active(body, dys, wanted)
    if not active:
        return [None] * len(op.inputs)
    backward = _Backward(get_default_graph(), body, active)
    backward.build()
    turns, lists = _extend(op, backward.kept)
    first = {index: _first_gradient(op, body, index, dys[index]) for index in active}
    made = backward.add(op.name, turns, first, lists)
    found: list[Gradient] = [None] * len(op.inputs)
    for position, index in enumerate(active):
        if wanted[index]:
            gradient = found[index] = made.outputs[1 + position]
            gradient.dims = dims.merge(gradient.dims, op.inputs[index].dims)
    return found


def _active(body: Function, dys: Sequence[Gradient], wanted: Sequence[bool]) -> list[int]:
    """The inputs that depend on what is wanted and that the gradients of the outputs depend on."""
    reads = [_inputs_read(body, output) for output in body.outputs]
    moved = {i for i, each in enumerate(wanted) if each and differentiable(body.inputs[i])}
    reached = {i for i, dy in enumerate(dys) if dy is not None}
    for found, spread in ((moved, _downstream), (reached, _upstream)):
        while True:
            new = spread(reads, found) - found
            if not new:
                break
            found |= new
    return sorted(i for i in moved & reached if differentiable(body.inputs[i]))


def _downstream(reads: list[set[int]], found: set[int]) -> set[int]:
    return {i for i, read in enumerate(reads) if read & found}


def _upstream(reads: list[set[int]], found: set[int]) -> set[int]:
    return {source for i in found for source in reads[i]}


def _inputs_read(body: Function, output: Tensor) -> set[int]:
    """The inputs that an output is computed from, through numbers and lists of them only."""
    places = {tensor: index for index, tensor in enumerate(body.inputs)}
    found: set[int] = set()
    seen: set[Tensor] = set()
    stack = [output]
    while stack:
        tensor = stack.pop()
        if tensor in seen or not differentiable(tensor):
            continue
        seen.add(tensor)
        if tensor in places:
            found.add(places[tensor])
        stack.extend(tensor.op.inputs)
    return found


def _first_gradient(op: Operation, body: Function, index: int, dy: Gradient) -> Tensor:
    """What the backward loop begins with for a loop variable."""
    if dy is not None:
        return convert_to_tensor(dy)
    output = op.outputs[index]
    if output.dtype.base_dtype is dtypes.variant:
        return _empty_like(body.inputs[index])
    return zeros_of(output)


def _empty_like(variable: Tensor) -> Tensor:
    """An empty list for elements of the type that a list among the loop variables has."""
    readers = (op.attrs.get("element_dtype") for op in variable.consumers())
    return empty_list(next(filter(None, readers), dtypes.float32))


class _Backward:
    """The backward loop while it is built."""

    def __init__(self, outer: Graph, body: Function, active: list[int]) -> None:
        self.outer = outer
        self.body = body
        self.active = active
        self.kept: list[_KeptValue] = []
        self.graph = GradientGraph(outer, body.graph, self._keep)
        self.results: list[Tensor] = []
        with self.graph.as_default():
            self.remaining = self.graph.placeholder(dtypes.int32, (), "remaining")
            self.gradients = [
                self.graph.placeholder(body.inputs[index].dtype, body.inputs[index].shape, "grad")
                for index in active
            ]

    def _keep(self, tensor: Tensor) -> Tensor:
        forward = self.body.graph
        with forward.as_default(), forward.control_dependencies(None):
            before = forward.placeholder(dtypes.variant, (), "kept")
            after = push(before, tensor)
        with self.graph.as_default(), self.graph.control_dependencies(None):
            given = self.graph.placeholder(dtypes.variant, (), "kept")
            left, value = pop(given, tensor)
        self.kept.append(_KeptValue(tensor.dtype, before, after, given, left))
        return value

    def build(self) -> None:
        """Build the backward body: gradients of the outputs to gradients of the inputs."""
        body = self.body
        with self.graph.as_default(), self.graph.control_dependencies(None):
            seeds = dict(zip(self.active, self.gradients, strict=True))
            turning = [i for i in self.active if body.outputs[i] is not body.inputs[i]]
            found = backpropagate(
                self.graph,
                [body.outputs[i] for i in turning],
                [body.inputs[i] for i in self.active],
                [seeds[i] for i in turning],
            )
            for index, gradient in zip(self.active, found, strict=True):
                result = None if gradient is None else convert_to_tensor(gradient)
                self.results.append(self._next(index, seeds[index], result, index in turning))

    def _next(self, index: int, seed: Tensor, found: Tensor | None, turning: bool) -> Tensor:
        """The gradient that the turn before receives for a loop variable."""
        if turning:
            if found is not None:
                return found
            variable = self.body.inputs[index]
            is_list = variable.dtype.base_dtype is dtypes.variant
            return _empty_like(variable) if is_list else zeros_of(variable)
        # What no turn changes collects from all of them.
        return seed if found is None else seed + found

    def add(
        self, name: str, turns: Tensor, first: dict[int, Tensor], lists: list[Tensor]
    ) -> Operation:
        """Add the backward loop to the outer graph."""
        with self.graph.as_default(), self.graph.control_dependencies(None):
            goes_on = self.remaining > 0
            left = self.remaining - 1
        captured = list(self.graph.captures.values())
        given = [kept.given for kept in self.kept]
        inputs = (self.remaining, *self.gradients, *given, *captured)
        after = [kept.left for kept in self.kept]
        initial = [turns, *(first[index] for index in self.active), *lists]
        return add_while(
            self.outer,
            self.outer._op_name("While"),
            [*initial, *self.graph.captures],
            Function(self.graph, inputs, (goes_on,)),
            Function(self.graph, inputs, (left, *self.results, *after, *captured)),
            [tensor.dims for tensor in inputs],
            parallel_iterations=10,
        )


def _extend(op: Operation, kept: list[_KeptValue]) -> tuple[Tensor, list[Tensor]]:
    """Let the forward loop also count its turns and keep values: the count, and the lists.

    The graph only grows: another While does all that the latest one does, and more; the compiler
    runs the last of them in place of the others.
    """
    base = latest_extension(op)
    graph = base.graph
    cond, body = base.attrs["cond"], base.attrs["body"]
    function: FunctionGraph = body.graph
    with graph.as_default(), graph.control_dependencies(None):
        lists = [empty_list(each.dtype) for each in kept]
        initial = [convert_to_tensor(0, name="turns"), *lists]
    with function.as_default(), function.control_dependencies(None):
        turn = function.placeholder(dtypes.int32, (), "turn")
        next_turn = apply("AddV2", turn, 1)
    known = set(body.inputs)
    new = {out: inner for out, inner in function.captures.items() if inner not in known}
    inputs = (*body.inputs, *new.values(), turn, *(each.before for each in kept))
    outputs = (*body.outputs, *new.values(), next_turn, *(each.after for each in kept))
    with graph.control_dependencies(None):
        made = add_while(
            graph,
            graph._op_name("While"),
            [*base.inputs, *new, *initial],
            Function(function, inputs, cond.outputs),
            Function(function, inputs, outputs),
            [
                *(tensor.dims for tensor in base.outputs),
                *(tensor.dims for tensor in new),
                *(tensor.dims for tensor in initial),
            ],
            base.attrs["parallel_iterations"],
        )
    made._add_control_inputs(base.control_inputs)
    mark_extension(made, base)
    added = made.outputs[len(base.outputs) + len(new) :]
    return added[0], added[1:]


register_region_gradient("While", while_gradient)
