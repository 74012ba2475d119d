"""Graphs in which the gradient of a loop's body or of a branch is built.

The gradient needs values that the function computed on the way forward. A `GradientGraph` gets hold
of them when its ops ask for them, in the way that its op has: one value of a branch, or the values
of all turns of a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import callsite
from flowgraph.graph.build import apply
from flowgraph.graph.function import EXTENDS, FunctionGraph, functions_of
from flowgraph.graph.graph import Graph
from flowgraph.graph.opdef import OpDef, lookup
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["GradientGraph", "latest_extension", "mark_extension"]

# What these tell of a tensor is kept in place of the tensor itself.
_FACTS = ("Shape", "Size", "Rank")


class GradientGraph(FunctionGraph):
    """A function graph that also reads tensors of the function graph it differentiates.

    Args:
        outer: the graph in which the gradient's op stands.
        forward: what is differentiated.
        keep: makes what stands in this graph for a tensor that only exists while `forward` runs.
    """

    def __init__(
        self, outer: Graph, forward: FunctionGraph, keep: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__(outer)
        self._forward = forward
        self._keep = keep
        self._origins = {inner: outside for outside, inner in forward.captures.items()}
        self._origins.update({inner: outside for outside, inner in forward.references.items()})

    def _create_op(
        self,
        definition: OpDef,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        frames: callsite.RawFrames,
    ) -> Operation:
        if definition.name in _FACTS and inputs[0].op.graph is self._forward:
            with self._forward.as_default(), self._forward.control_dependencies(None):
                fact = apply(definition.name, *inputs, **attrs)
            return super()._create_op(lookup("Identity"), name, (fact,), {"T": fact.dtype}, frames)
        return super()._create_op(definition, name, inputs, attrs, frames)

    def capture(self, tensor: Tensor) -> Tensor:
        """As in any function graph; tensors of the forward graph are kept for this one."""
        return super().capture(self._origins.get(tensor, tensor))

    def _capture_new(self, tensor: Tensor) -> Tensor:
        if tensor.op.graph is not self._forward:
            return super()._capture_new(tensor)
        made = self._copies[tensor] = self._keep(tensor)
        return made


def latest_extension(op: Operation) -> Operation:
    """The op that computes what `op` does and all that earlier gradients needed of it."""
    extended = op.graph._extended
    graphs = [function.graph for function in functions_of(op)]
    while op in extended and [each.graph for each in functions_of(extended[op])] == graphs:
        op = extended[op]
    return op


def mark_extension(op: Operation, base: Operation) -> None:
    """Tell that `op` computes what `base` does, and more, so that it may run in its place."""
    op.graph._extended[base] = op
    op._set_attr(EXTENDS, base.name)
