"""Checks of ranks and types, mostly decided while the graph is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flowgraph import dtypes
from flowgraph.dims import show
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.assertions import Assert, message_prefix
from flowgraph.ops.control import group, no_op, with_dependencies
from flowgraph.ops.identities import check_numerics

__all__ = [
    "add_check_numerics_ops",
    "assert_integer",
    "assert_proper_iterable",
    "assert_rank",
    "assert_rank_at_least",
    "assert_rank_in",
    "assert_same_float_dtype",
    "assert_scalar",
    "assert_type",
    "is_numeric_tensor",
    "verify_tensor_all_finite",
]

_STATIC = "static_checks_determined_all_ok"


def _check_rank(
    x: Any,
    ranks: list[Any],
    holds: Callable[[int, list[int]], bool],
    comparison: str,
    words: str,
    data: Any,
    summarize: int | None,
    message: str | None,
) -> Operation:
    x = convert_to_tensor(x, name="x")
    wanted = [convert_to_tensor(rank, name="rank") for rank in ranks]
    prefix = message_prefix(message)
    if data is None:
        shown = [f"Tensor {x.name} must have rank {words}".rstrip(), *wanted]
        data = [prefix, *shown, "Received shape: ", apply("Shape", x)]
    for rank in wanted:
        assert_type(rank, dtypes.int32)
        if rank.dims is not None and rank.dims:
            raise ValueError("Rank must be a scalar.")
    known = [rank.const_value() for rank in wanted]
    if x.dims is not None and all(rank is not None for rank in known):
        numbers = [int(rank) for rank in known if rank is not None]
        if not holds(len(x.dims), numbers):
            listed = str(numbers[0]) if len(numbers) == 1 else str(tuple(numbers))
            raise ValueError(
                f"{prefix}Tensor {x.name} must have rank {words + ' ' if words else ''}{listed}.  "
                f"Received rank {len(x.dims)}, shape {show(x.dims)}"
            )
        return no_op(name=_STATIC)
    actual = apply("Rank", x)
    condition = apply(comparison, actual, wanted[0])
    for rank in wanted[1:]:
        condition = apply("LogicalOr", condition, apply(comparison, actual, rank))
    return Assert(condition, data, summarize)


def assert_rank(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless `x` has the given rank.

    Raises:
        ValueError: at once, if both are known and differ.
        InvalidArgumentError: otherwise, when run.
    """
    with name_scope(name, "assert_rank", [x]):
        return _check_rank(
            x, [rank], lambda found, n: found == n[0], "Equal", "", data, summarize, message
        )


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails if the rank of `x` is less than `rank`; see `assert_rank`."""
    with name_scope(name, "assert_rank_at_least", [x]):
        return _check_rank(
            x,
            [rank],
            lambda found, n: found >= n[0],
            "GreaterEqual",
            "at least",
            data,
            summarize,
            message,
        )


def assert_rank_in(
    x: Any,
    ranks: Iterable[Any],
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless the rank of `x` is one of `ranks`; see `assert_rank`."""
    with name_scope(name, "assert_rank_in", [x]):
        return _check_rank(
            x, list(ranks), lambda found, n: found in n, "Equal", "in", data, summarize, message
        )


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Operation:
    """Raise TypeError unless `tensor` has elements of that type; an operation without effect."""
    wanted = dtypes.as_dtype(tf_type)
    with name_scope(name, "assert_type", [tensor]):
        if not isinstance(tensor, SparseTensor):
            tensor = convert_to_tensor(tensor, name="tensor")
        if tensor.dtype.base_dtype is not wanted.base_dtype:
            what = getattr(tensor, "name", "tensor")
            raise TypeError(
                f"{message_prefix(message)}{what} must be of type {wanted!r}; got {tensor.dtype!r}"
            )
        return no_op(name="statically_determined_correct_type")


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Raise TypeError unless `x` has an integer type; an operation without effect."""
    with name_scope(name, "assert_integer", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message_prefix(message)}Expected "x" to be integer type.  Found: {x.name} of '
                f"dtype {x.dtype!r}"
            )
        return no_op(name="statically_determined_was_integer")


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """The tensor. Raises ValueError unless it is known to be a scalar."""
    with name_scope(name, "assert_scalar", [tensor]):
        scalar = convert_to_tensor(tensor)
        if scalar.dims != ():
            raise ValueError(
                f"{message_prefix(message)}Expected scalar shape for {scalar.name}, saw shape: "
                f"{show(scalar.dims)}."
            )
        return scalar


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> DType:
    """The one floating-point type of all tensors, `dtype` if it is given, float32 for none.

    Raises:
        ValueError: if types differ or are not floating point.
    """
    found = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    first: Any = None
    for tensor in tensors or ():
        if tensor is None:
            continue
        kind = tensor.dtype.base_dtype
        if found is None:
            found, first = kind, tensor
        elif kind is not found:
            beside = f" as {first.name}" if first is not None else ""
            raise ValueError(
                f"{tensor.name}, type={kind!r}, must be of the same type ({found!r}){beside}."
            )
    found = found or dtypes.float32
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found!r}.")
    return found


def assert_proper_iterable(values: Any) -> None:
    """Raise TypeError unless `values` is a collection of values, and neither tensor nor array."""
    whole = (Tensor, SparseTensor, IndexedSlices, str, bytes)
    if isinstance(values, whole) or hasattr(values, "__array__"):
        raise TypeError(f'Expected argument "values" to be a "proper" iterable.  Found: {values}')
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether `tensor` is a tensor of numbers."""
    return isinstance(tensor, Tensor) and tensor.dtype.base_dtype.kind in "iufc"


def verify_tensor_all_finite(
    t: Any = None,
    msg: str | None = None,
    name: str | None = None,
    x: Any = None,
    message: Any = None,
) -> Tensor:
    """`t`, checked to hold neither infinities nor NaN.

    Args:
        msg: what the error says first.
        x, message: other names of the same arguments.

    Raises:
        InvalidArgumentError: when run.
    """
    value = t if x is None else x
    text = msg if message is None else message
    with name_scope(name, "VerifyFinite", [value]):
        value = convert_to_tensor(value, name="t")
        with get_default_graph().colocate_with(value):
            check = check_numerics(value, message=str(text or ""))
            checked: Tensor = with_dependencies([check], value)
    return checked


def add_check_numerics_ops() -> Operation:
    """An operation that fails if a floating-point tensor of the graph is infinite or NaN.

    It computes every tensor there is now: whatever a placeholder leads to must be fed.
    """
    checks: list[Tensor] = []
    for operation in get_default_graph().get_operations():
        for output in operation.outputs:
            if output.dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
                # In order, so that the first op that goes wrong is the one reported.
                with control_dependencies(checks[-1:]):
                    checks.append(check_numerics(output, message=output.name))
    return group(*checks)
