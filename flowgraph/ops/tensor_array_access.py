"""What the ops of arrays share: checks, and the array of gradients that an access goes to."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.function import FunctionGraph
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.opdef import Operand
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.tensor_array_kernels import Elements

__all__ = ["FLOW", "gradients_to_read", "gradients_to_write", "invalid", "static_size", "typed"]

FLOW = np.float32(0)


def invalid(text: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, text)


def static_size(operand: Operand, rank: int) -> int | None:
    """The first size of an operand of `rank`, where it has one and it is known."""
    if operand.dims is None:
        return None
    if len(operand.dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    return operand.dims[0] if rank else None


def typed(array: Elements, dtype: DType) -> Elements:
    if array.dtype is not dtype:
        raise invalid(
            f"TensorArray dtype is {array.dtype.name} but Op requested dtype {dtype.name}."
        )
    return array


def _backward_pass(op: Operation, dy: Any) -> str:
    """A text for the call of `gradients` that differentiates `op` just now.

    It is the name scope of the call. The gradient of `op` stands in a scope named after `op` in
    it; if that is the gradient of a loop's body, in one named after the loop.
    """
    graph = get_default_graph()
    differentiated: Operation | None = op
    scope = graph._name_scope
    while differentiated is not None:
        match = re.fullmatch(rf"(.*?){re.escape(differentiated.name)}_grad(_\d+)?/", scope)
        if match is None:
            break
        scope = match[1]
        if not isinstance(graph, FunctionGraph) or scope != graph.scope:
            return scope.removesuffix("/")
        graph = graph.outer
        differentiated = graph._original_op
    parts = dy.name.split("/")
    calls = [place for place, part in enumerate(parts) if part.startswith("gradients")]
    if not calls:
        raise ValueError(
            "Expected op/tensor name to start with gradients (excluding scope), got: "
            f"{dy.name}. Let the names of calls of tf.gradients start so."
        )
    return "/".join(parts[: calls[-1] + 1])


def gradients_to_write(op: Operation, flow: Tensor, dy: Any) -> TensorArray:
    """The array of gradients for what `op` has read in the state `flow`."""
    array = TensorArray(op.attrs["dtype"], handle=op.inputs[0], flow=flow)
    return array.grad(_backward_pass(op, dy), flow)


def gradients_to_read(op: Operation, dflow: Tensor) -> tuple[TensorArray, Tensor]:
    """The array of gradients for what `op` has written, and the flow that it is read in."""
    source = _backward_pass(op, dflow)
    # A loop's gradient runs after the loop in any case.
    after = [op] if op.graph is get_default_graph() else []
    with control_dependencies(after):
        flow = apply("Identity", dflow, name="write_barrier")
    array = TensorArray(op.attrs["T"], handle=op.inputs[0], flow=flow)
    return array.grad(source, flow), flow
