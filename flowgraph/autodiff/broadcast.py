"""Undo broadcasting: the sum over the axes that an operand was repeated along.

Gradients of elementwise ops are written as if their operands had one shape; this is the one place
where they are brought back to each operand's own.
"""

from __future__ import annotations

from flowgraph.graph.build import apply
from flowgraph.graph.opdef import OpDef, broadcast_shape
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["broadcasts", "sum_to_operand"]


def broadcasts(definition: OpDef) -> bool:
    """True for ops whose operands are broadcast against each other."""
    return definition.shape is broadcast_shape


def sum_to_operand(gradient: Tensor, operand: Tensor, op: Operation) -> Tensor:
    """`gradient`, of the shape of `op`'s output, summed to the shape of `operand`."""
    axes = _repeated_axes(operand, op)
    if axes is None:
        return _sum_dynamically(gradient, operand, op)
    if not axes:
        return gradient
    assert operand.dims is not None
    summed: Tensor = apply("Sum", gradient, axes)
    if summed.dims != operand.dims:
        summed = apply("Reshape", summed, apply("Shape", operand))
    return summed


def _repeated_axes(operand: Tensor, op: Operation) -> list[int] | None:
    """The output axes that `operand` is repeated along; None if the shapes do not tell."""
    output = op.outputs[0].dims
    if operand.dims is None or output is None:
        return None
    missing = len(output) - len(operand.dims)
    axes = list(range(missing))
    for axis, size in enumerate(operand.dims, missing):
        if size == 1 and output[axis] != 1:
            if output[axis] is None:
                return None
            axes.append(axis)
        elif size is None and not _alone(operand, op, axis - len(output)):
            return None
    return axes


def _alone(operand: Tensor, op: Operation, axis: int) -> bool:
    """True if every other operand has size 1, or none, along `axis` (counted from the end)."""
    for other in op.inputs:
        if other is operand:
            continue
        if other.dims is None:
            return False
        if len(other.dims) >= -axis and other.dims[axis] != 1:
            return False
    return True


def _sum_dynamically(gradient: Tensor, operand: Tensor, op: Operation) -> Tensor:
    shape = apply("Shape", operand)
    output_shape = apply("Shape", op.outputs[0])
    axes, _ = apply("BroadcastGradientArgs", shape, output_shape)
    summed: Tensor = apply("Reshape", apply("Sum", gradient, axes), shape)
    if operand.dims is not None:
        summed.set_shape(operand.dims)
    return summed
