"""What the drawings read of a graph: TF1's public face, and nothing else.

Anything with these members can be drawn, so an imported graph, a function body and the default
graph are treated alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast


class ShapeLike(Protocol):
    """A static shape; `as_list()` raises `ValueError` where the rank is unknown."""

    def as_list(self) -> list[int | None]: ...


class DTypeLike(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...


class TensorLike(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def op(self) -> OperationLike: ...

    @property
    def dtype(self) -> DTypeLike: ...

    @property
    def shape(self) -> ShapeLike: ...


class OperationLike(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def inputs(self) -> Sequence[TensorLike]: ...

    @property
    def outputs(self) -> Sequence[TensorLike]: ...

    @property
    def control_inputs(self) -> Sequence[OperationLike]: ...

    @property
    def attrs(self) -> Mapping[str, object]: ...


class GraphLike(Protocol):
    def get_operations(self) -> Sequence[OperationLike]: ...


def dimensions(tensor: TensorLike) -> list[int | None] | None:
    """The static shape as a list, with None for an unknown size; None for an unknown rank."""
    try:
        return tensor.shape.as_list()
    except ValueError:
        return None


def shape_text(dims: Sequence[int | None] | None) -> str:
    """A shape as people write it.

    >>> shape_text([None, 784]), shape_text([]), shape_text(None)
    ('?×784', 'scalar', 'unknown')
    """
    if dims is None:
        return "unknown"
    if not dims:
        return "scalar"
    return "×".join("?" if size is None else str(size) for size in dims)


def held_value(op: OperationLike) -> tuple[list[int | None] | None, str]:
    """Shape and dtype name of a first output, or of what a variable holds.

    The output of a resource variable is a handle; the value is described by attributes.
    """
    dtype = op.attrs.get("dtype")
    shape = op.attrs.get("shape")
    if op.outputs[0].dtype.name != "resource" or dtype is None:
        return dimensions(op.outputs[0]), value_dtype(op.outputs[0])
    if isinstance(shape, list | tuple):
        return list(shape), str(getattr(dtype, "name", dtype))
    try:
        dims = cast(ShapeLike, shape).as_list() if hasattr(shape, "as_list") else None
    except ValueError:
        dims = None
    return dims, str(getattr(dtype, "name", dtype))


def value_dtype(tensor: TensorLike) -> str:
    """The dtype's name; a reference to a variable counts as its value."""
    return tensor.dtype.name.removesuffix("_ref")


def element_count(dims: Sequence[int | None] | None) -> int:
    """The number of elements, unknown sizes taken as 1: a lower bound good enough to draw with."""
    count = 1
    for size in dims or ():
        count *= 1 if size is None else size
    return count


def _op_of(target: TensorLike | OperationLike) -> OperationLike:
    op = getattr(target, "op", target)
    return cast(OperationLike, op)


def ancestors(targets: Sequence[TensorLike | OperationLike]) -> list[OperationLike]:
    """The ops that the targets need, through data and control edges, producers first."""
    roots = [_op_of(target) for target in targets]
    found: dict[str, OperationLike] = {}
    entered: set[str] = set()
    stack = [(op, False) for op in reversed(roots)]
    while stack:
        op, inputs_done = stack.pop()
        if inputs_done:
            found[op.name] = op
        elif op.name not in entered:
            entered.add(op.name)
            stack.append((op, True))
            stack.extend((source, False) for source in op.control_inputs)
            stack.extend((tensor.op, False) for tensor in op.inputs)
    return list(found.values())
