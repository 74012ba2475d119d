"""Variables' storage and the ops that set, change and query all of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.cells import Cell
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.kinds import INDEX, NUMBERS
from flowgraph.shapes import TensorShape

__all__ = [
    "Known",
    "assign",
    "assign_add",
    "assign_sub",
    "check_same_shape",
    "count_up_to",
    "is_variable_initialized",
    "merged_shape",
]


@op(
    "VariableV2",
    "-> ref: dtype&",
    shape=attr("shape"),
    dtype=attr("type"),
    container="",
    shared_name="",
)
class VariableV2:
    """The storage of a variable: one per session."""

    stateful = True
    grad = None
    numpy = None

    def shape(*, shape: TensorShape) -> Dims:
        return shape._dims


@op(
    "Variable",
    "-> ref: dtype&",
    shape=attr("shape"),
    dtype=attr("type"),
    container="",
    shared_name="",
)
class Variable:
    """The storage of a variable, as graphs from before TensorFlow 1.0 have it."""

    stateful = True
    grad = None
    numpy = None

    def shape(*, shape: TensorShape) -> Dims:
        # These graphs wrote unknown shapes as scalars.
        return shape._dims or None


class Known:
    """A shape as an operand of `merged_shape`."""

    def __init__(self, shape: Dims) -> None:
        self.dims = shape


def merged_shape(ref: Operand | Known, value: Operand | Known) -> Dims:
    """The shape that a variable and what is stored in it have in common.

    Raises:
        ValueError: if they differ.
    """
    a, b = ref.dims, value.dims
    if a is None or b is None:
        return b if a is None else a
    if len(a) != len(b):
        raise ValueError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
    for axis, (x, y) in enumerate(zip(a, b, strict=True)):
        if x is not None and y is not None and x != y:
            raise ValueError(
                f"Dimension {axis} in both shapes must be equal, but are {x} and {y}. "
                f"Shapes are {dims.show_list(a)} and {dims.show_list(b)}."
            )
    return dims.merge(a, b)


def check_same_shape(target: Any, value: Any, message: str) -> None:
    """Raise InvalidArgumentError unless both arrays have one shape: NumPy would broadcast."""
    if target.shape != value.shape:
        raise errors.InvalidArgumentError(
            None, None, f"{message} {_listed(target)} {_listed(value)}"
        )


def _grid(kind: Any) -> Any:
    return np.arange(6).reshape(2, 3).astype(kind)


def _change_samples() -> Any:
    return (
        *(case(_grid(t), _grid(t)[::-1] + 1, grad=False) for t in (np.float64, np.float32)),
        case(_grid(np.int32), _grid(np.int32)[:, ::-1], grad=False),
        case(np.complex64(1 + 2j), np.complex64(3 - 1j), grad=False),
        case(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64), grad=False),
        case(_grid(np.int32), np.zeros((2, 2), np.int32), raises="must be equal, but are 3 and 2"),
        case(_grid(np.int32), np.zeros(3, np.int32), raises="equal rank, but are 2 and 1"),
    )


def _store_samples() -> Any:
    return (
        *_change_samples(),
        case(np.array([b"a", b"b"]), np.array([b"cd", b""])),
        case(np.array(True), np.array(False)),
        case(_grid(np.float32), np.zeros(4, np.float32), validate_shape=False, grad=False),
    )


def _listed(array: Any) -> str:
    return dims.show_list(array.shape)


@op(
    "Assign",
    "ref: T&, value: T -> output_ref: T&",
    T=attr("type"),
    validate_shape=True,
    use_locking=True,
)
class Assign:
    """Store `value` in the variable; the output is the variable after that.

    Without `validate_shape` the variable takes the shape of `value`.
    """

    stateful = True
    grad = None
    samples = _store_samples

    def shape(ref: Operand, value: Operand, *, validate_shape: bool) -> Dims:
        return merged_shape(ref, value) if validate_shape else value.dims

    def numpy(ref: Cell, value: Any, *, validate_shape: bool) -> Cell:
        current = ref.dims if ref.value is None else ref.value.shape
        if validate_shape and not dims.compatible(current, value.shape):
            raise errors.InvalidArgumentError(
                None,
                None,
                "Assign requires shapes of both tensors to match. "
                f"lhs shape= {dims.show_list(current)} rhs shape= {dims.show_list(value.shape)}",
            )
        ref.store(value)
        return ref


@op("AssignAdd", "ref: T&, value: T -> output_ref: T&", T=NUMBERS, use_locking=False)
class AssignAdd:
    """Add `value` to the variable: ``ref += value``."""

    stateful = True
    grad = None
    shape = merged_shape
    samples = _change_samples

    def numpy(ref: Cell, value: Any) -> Cell:
        array = ref.read()
        check_same_shape(array, value, "Parameters and update must be the same size")
        np.add(array, value, out=array)
        return ref


@op("AssignSub", "ref: T&, value: T -> output_ref: T&", T=NUMBERS, use_locking=False)
class AssignSub:
    """Subtract `value` from the variable: ``ref -= value``."""

    stateful = True
    grad = None
    shape = merged_shape
    samples = _change_samples

    def numpy(ref: Cell, value: Any) -> Cell:
        array = ref.read()
        check_same_shape(array, value, "Parameters and update must be the same size")
        np.subtract(array, value, out=array)
        return ref


@op("CountUpTo", "ref: T& -> output: T", limit=attr("int"), T=types(INDEX))
class CountUpTo:
    """The value of a scalar variable before it is increased by one.

    At `limit` it fails with OutOfRangeError and leaves the variable alone.
    """

    stateful = True
    grad = None
    samples = (
        case(np.int32(3), limit=5),
        case(np.int64(-2), limit=0),
        case(np.int32(5), limit=5, raises="Reached limit of 5"),
        case(np.array([1, 2], np.int32), limit=5, raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(ref: Operand) -> Dims:
        if ref.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(ref.dims)}")
        return ()

    def numpy(ref: Cell, *, limit: int) -> Any:
        array = ref.read()
        before = array.copy()
        if before >= limit:
            raise errors.OutOfRangeError(None, None, f"Reached limit of {limit}")
        array += 1
        return before


@op("IsVariableInitialized", "ref: dtype& -> is_initialized: bool", dtype=attr("type"))
class IsVariableInitialized:
    """Whether the variable has a value in this session, as a scalar."""

    stateful = True
    grad = None
    samples = (case(np.float32(1)), case(np.zeros((0, 2), np.int32)))

    def shape(ref: Operand) -> Dims:
        return ()

    def numpy(ref: Cell) -> Any:
        return np.array(ref.value is not None)


@op("RefIdentity", "input: T& -> output: T&", T=attr("type"))
class RefIdentity:
    """The variable itself; fails while it is uninitialized."""

    stateful = True
    grad = None
    shape = unchanged_shape
    samples = (case(_grid(np.float32), grad=False), case(np.array([b"a"])))

    def numpy(ref: Cell) -> Cell:
        ref.read()
        return ref


@op("_InitializedValue", "ref: T&, initial_value: T -> value: T", T=attr("type"))
class _InitializedValue:
    """The variable's value, or `initial_value` while it has none."""

    stateful = True
    grad = None
    shape = merged_shape

    def numpy(ref: Cell, initial_value: Any) -> Any:
        return initial_value if ref.value is None else ref.value.copy()


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Any:
    """Store `value` in a variable.

    Args:
        ref: a variable, or the reference tensor of one.
        value: a tensor of its type and shape.
        validate_shape: False lets the variable change its shape.
        use_locking: no other write that asks for it runs meanwhile.

    Returns:
        The variable after the assignment.

    Raises:
        TypeError: if `ref` is not mutable.
        ValueError: if the shapes differ.
    """
    return apply(
        "Assign",
        ref,
        value,
        validate_shape=True if validate_shape is None else validate_shape,
        use_locking=True if use_locking is None else use_locking,
        name=name,
    )


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Add `value` to a variable: ``ref += value``; returns the variable after that."""
    return apply("AssignAdd", ref, value, use_locking=bool(use_locking), name=name)


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Subtract `value` from a variable: ``ref -= value``; returns the variable after that."""
    return apply("AssignSub", ref, value, use_locking=bool(use_locking), name=name)


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """The value of a scalar int variable before it is increased by one.

    Running it when the variable has reached `limit` raises OutOfRangeError.
    """
    value: Tensor = apply("CountUpTo", ref, limit=limit, name=name)
    return value


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """Whether a variable has a value in the session that runs this, as a bool scalar."""
    value: Tensor = apply("IsVariableInitialized", ref, name=name)
    return value
