"""The gradient of If: a conditional on the same predicate with the gradients of both branches.

The values of a branch that its gradient reads become further outputs of the forward conditional;
in the other branch, where they do not exist, something empty stands for them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowgraph import dtypes
from flowgraph.autodiff.forward_values import GradientGraph, latest_extension, mark_extension
from flowgraph.autodiff.gradients import Gradient, backpropagate, zeros_of
from flowgraph.autodiff.registry import register_region_gradient
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.regions import add_if
from flowgraph.ops.tensor_list import empty_list

__all__ = ["if_gradient"]


def if_gradient(op: Operation, dys: Sequence[Gradient], wanted: Sequence[bool]) -> list[Gradient]:
    """The gradients of the inputs of an If, None where they are not `wanted`."""
    flowing = [i for i, dy in enumerate(dys) if dy is not None]
    active = [i for i, each in enumerate(wanted[1:]) if each]
    none: list[Gradient] = [None] * len(op.inputs)
    if not flowing or not active:
        return none
    backward = _Backward(get_default_graph(), op, flowing, active)
    results = [backward.branch("then_branch"), backward.branch("else_branch")]
    kept = _extend(op, backward.kept)
    made = backward.add([convert_to_tensor(dys[i]) for i in flowing], kept, results)
    for position, index in enumerate(active):
        none[1 + index] = made.outputs[position]
    return none


class _Backward:
    """The conditional of the gradients while it is built."""

    def __init__(self, outer: Graph, op: Operation, flowing: list[int], active: list[int]) -> None:
        self.outer = outer
        self.op = op
        self.flowing = flowing
        self.active = active
        # Per branch: the value in the forward graph, and what stands for it in this one.
        self.kept: dict[str, list[tuple[Tensor, Tensor]]] = {}
        self._branch = ""
        function: FunctionGraph = op.attrs["then_branch"].graph
        self.graph = GradientGraph(outer, function, self._keep)
        with self.graph.as_default():
            self.gradients = [
                self.graph.placeholder(op.outputs[i].dtype, None, "grad") for i in flowing
            ]

    def _keep(self, tensor: Tensor) -> Tensor:
        stands = self.graph.placeholder(tensor.dtype, tensor.shape, "kept")
        self.kept[self._branch].append((tensor, stands))
        return stands

    def branch(self, name: str) -> list[Tensor]:
        """The gradients of the inputs that matter, by one branch."""
        self._branch = name
        self.kept[name] = []
        function: Function = self.op.attrs[name]
        for index, gradient in zip(self.flowing, self.gradients, strict=True):
            gradient.dims = function.outputs[index].dims
        xs = [function.inputs[i] for i in self.active]
        with self.graph.as_default(), self.graph.control_dependencies(None):
            ys = [function.outputs[i] for i in self.flowing]
            found = backpropagate(self.graph, ys, xs, list(self.gradients))
            results = [
                _nothing(x) if gradient is None else convert_to_tensor(gradient)
                for x, gradient in zip(xs, found, strict=True)
            ]
        # The same tensor of the forward graph may be needed by the other branch, too.
        for tensor, _ in self.kept[name]:
            self.graph._copies.pop(tensor, None)
        return results

    def add(self, dys: list[Tensor], kept: list[Tensor], results: list[list[Tensor]]) -> Operation:
        """Add the conditional to the outer graph."""
        for index, gradient in zip(self.flowing, self.gradients, strict=True):
            gradient.dims = self.op.outputs[index].dims
        stands = [stand for pairs in self.kept.values() for _, stand in pairs]
        inputs = (*self.gradients, *stands, *self.graph.captures.values())
        then, otherwise = (Function(self.graph, inputs, tuple(each)) for each in results)
        return add_if(
            self.outer,
            self.outer._op_name("If"),
            self.op.inputs[0],
            [*dys, *kept, *self.graph.captures],
            then,
            otherwise,
            [self.op.inputs[1 + i].dims for i in self.active],
        )


def _nothing(x: Tensor) -> Tensor:
    """The gradient of what a branch does not read."""
    if x.dtype.base_dtype is dtypes.variant:
        return empty_list(dtypes.float32)
    return zeros_of(x)


def _extend(op: Operation, kept: dict[str, list[tuple[Tensor, Tensor]]]) -> list[Tensor]:
    """Let the forward conditional also return values of its branches: those values."""
    base = latest_extension(op)
    graph = base.graph
    then, otherwise = base.attrs["then_branch"], base.attrs["else_branch"]
    function: FunctionGraph = then.graph
    of_then = [tensor for tensor, _ in kept["then_branch"]]
    of_else = [tensor for tensor, _ in kept["else_branch"]]
    if not of_then and not of_else:
        return []
    with function.as_default(), function.control_dependencies(None):
        for_then, for_else = [_stand_in(t) for t in of_then], [_stand_in(t) for t in of_else]
    known = set(then.inputs)
    new = {out: inner for out, inner in function.captures.items() if inner not in known}
    inputs = (*then.inputs, *new.values())
    with graph.control_dependencies(None):
        made = add_if(
            graph,
            graph._op_name("If"),
            base.inputs[0],
            [*base.inputs[1:], *new],
            Function(function, inputs, (*then.outputs, *of_then, *for_else)),
            Function(function, inputs, (*otherwise.outputs, *for_then, *of_else)),
            [*(tensor.dims for tensor in base.outputs), *([None] * len(of_then + of_else))],
        )
    made._add_control_inputs(base.control_inputs)
    mark_extension(made, base)
    found = made.outputs[len(base.outputs) :]
    for tensor, output in zip(of_then + of_else, found, strict=True):
        output.dims = tensor.dims
    return found


def _stand_in(tensor: Tensor) -> Tensor:
    """Something of the type of `tensor`, for the branch in which that is not computed."""
    if tensor.dtype.base_dtype in (dtypes.variant, dtypes.resource):
        empty = empty_list(dtypes.float32)
        # Nobody reads it, so that any object does.
        empty.dtype = tensor.dtype.base_dtype
        return empty
    if tensor.dtype.base_dtype is dtypes.string:
        return convert_to_tensor(np.zeros(0, object))
    return convert_to_tensor(np.zeros(0, tensor.dtype.np))


register_region_gradient("If", if_gradient)
