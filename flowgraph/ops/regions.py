"""The ops that run graphs inside graphs: loops and conditionals.

They have no NumPy kernel: the compiler lowers their functions to programs of their own, and the
backends run those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph import callsite
from flowgraph.dims import Dims
from flowgraph.graph.function import Function, FunctionGraph
from flowgraph.graph.graph import Graph
from flowgraph.graph.opdef import Operand, attr, lookup, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.shapes import TensorShape

__all__ = ["add_if", "add_while"]


@op(
    "While",
    "input: T[] -> output: T[]",
    T=attr("list(type)", minimum=0),
    cond=attr("func"),
    body=attr("func"),
    output_shapes=attr("list(shape)", []),
    parallel_iterations=10,
)
class While:
    """Apply `body` to the inputs as long as `cond` of them is true: the last values."""

    stateful = True
    numpy = None

    def shape(inputs: list[Operand], *, output_shapes: list[TensorShape]) -> list[Dims]:
        if output_shapes:
            return [shape._dims for shape in output_shapes]
        return [each.dims for each in inputs]


@op(
    "If",
    "cond: Tcond, input: Tin[] -> output: Tout[]",
    Tcond=attr("type"),
    Tin=attr("list(type)", minimum=0),
    Tout=attr("list(type)", minimum=0),
    then_branch=attr("func"),
    else_branch=attr("func"),
    output_shapes=attr("list(shape)", []),
)
class If:
    """`then_branch` of the inputs where the scalar `cond` is true, else `else_branch` of them."""

    stateful = True
    numpy = None

    def shape(
        cond: Operand,
        inputs: list[Operand],
        *,
        output_shapes: list[TensorShape],
        Tout: Sequence[Any],
    ) -> list[Dims]:
        if output_shapes:
            return [shape._dims for shape in output_shapes]
        return [None] * len(Tout)


def add_while(
    graph: Graph,
    name: str,
    inputs: Sequence[Tensor],
    cond: Function,
    body: Function,
    shapes: Sequence[Dims],
    parallel_iterations: int,
) -> Operation:
    """A While node of `graph`. `name` is full; the inputs may be of graphs outside."""
    attrs = {
        "T": tuple(tensor.dtype.base_dtype for tensor in inputs),
        "cond": cond,
        "body": body,
        "output_shapes": [TensorShape(shape) for shape in shapes],
        "parallel_iterations": parallel_iterations,
    }
    return _add(graph, "While", name, inputs, attrs, body.graph)


def add_if(
    graph: Graph,
    name: str,
    condition: Tensor,
    inputs: Sequence[Tensor],
    then_branch: Function,
    else_branch: Function,
    shapes: Sequence[Dims],
) -> Operation:
    """An If node of `graph`. `name` is full; the inputs may be of graphs outside."""
    attrs = {
        "Tcond": condition.dtype.base_dtype,
        "Tin": tuple(tensor.dtype.base_dtype for tensor in inputs),
        "Tout": tuple(tensor.dtype.base_dtype for tensor in then_branch.outputs),
        "then_branch": then_branch,
        "else_branch": else_branch,
        "output_shapes": [TensorShape(shape) for shape in shapes],
    }
    return _add(graph, "If", name, [condition, *inputs], attrs, then_branch.graph)


def _add(
    graph: Graph,
    op_type: str,
    name: str,
    inputs: Sequence[Tensor],
    attrs: dict[str, Any],
    function: FunctionGraph,
) -> Operation:
    before = [*function.outer_controls, *(tensor.op for tensor in function.references)]
    with graph.control_dependencies(before):
        return graph._create_op(lookup(op_type), name, tuple(inputs), attrs, callsite.capture())
