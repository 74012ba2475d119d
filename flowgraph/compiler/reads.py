"""Which operations read which variables, and which change them."""

from __future__ import annotations

from flowgraph.dims import Dims
from flowgraph.graph.function import functions_of
from flowgraph.graph.tensor import Operation, Tensor

__all__ = [
    "Feeds",
    "is_snapshot",
    "read_variables",
    "reading_op",
    "variable_of",
    "variable_read_by",
    "written_variables",
]


class Feeds(dict[Tensor, Dims]):
    """The shapes of what is fed.

    Attributes:
        variables: of the feeds that stand for the value of a variable which may change meanwhile.
    """

    variables: dict[Tensor, Operation]


def variable_of(tensor: Tensor) -> Operation:
    """The variable op that a reference tensor belongs to."""
    op = tensor.op
    while op.inputs and op.inputs[0].dtype.is_ref_dtype:
        op = op.inputs[0].op
    return op


def is_snapshot(op: Operation) -> bool:
    """True for the Identity through which a variable is read (``W/read``)."""
    return op.type == "Identity" and op.inputs[0].dtype.is_ref_dtype


def reading_op(variable: Operation) -> Operation:
    """The op that stands for reading a variable: its snapshot, if it has one."""
    readers = variable.outputs[0]._consumers
    return next((reader for reader in readers if is_snapshot(reader)), variable)


def variable_read_by(tensor: Tensor, fed: Feeds) -> Operation | None:
    """The variable whose value `tensor` is, directly or through a snapshot."""
    if tensor in fed:
        return fed.variables.get(tensor)
    if tensor.dtype.is_ref_dtype:
        return variable_of(tensor)
    if is_snapshot(tensor.op) and tensor.op.inputs[0] not in fed:
        return variable_of(tensor.op.inputs[0])
    return None


def read_variables(op: Operation, fed: Feeds) -> list[tuple[int, Operation]]:
    """(input index, variable) for the inputs of `op` that read a variable's value."""
    if is_snapshot(op):
        return []
    found = []
    for position, (arg_is_ref, tensor) in enumerate(_with_ref_flags(op)):
        variable = None if arg_is_ref else variable_read_by(tensor, fed)
        if variable is not None:
            found.append((position, variable))
    return found


def _with_ref_flags(op: Operation) -> list[tuple[bool, Tensor]]:
    specs = op.definition.inputs
    if not op.definition.has_list_inputs:
        return [(spec.is_ref, tensor) for spec, tensor in zip(specs, op.inputs, strict=True)]
    flags: list[bool] = []
    for spec, group in zip(specs, op.definition.group(op.inputs, op.attrs), strict=True):
        flags.extend([spec.is_ref] * (len(group) if spec.is_list else 1))
    return list(zip(flags, op.inputs, strict=True))


def written_variables(op: Operation) -> list[Operation]:
    """The variables whose storage `op`, or a function that it runs, receives by reference."""
    found = [variable_of(tensor) for is_ref, tensor in _with_ref_flags(op) if is_ref]
    for function in functions_of(op):
        found.extend(variable_of(tensor) for tensor in function.graph.references)
    return list(dict.fromkeys(found))
