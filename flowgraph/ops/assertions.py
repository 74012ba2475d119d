"""Checks of values: at once where they are known, otherwise whenever the op runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.control import no_op
from flowgraph.ops.printing import summary
from flowgraph.ops.reduce import reduce_all

__all__ = [
    "Assert",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "is_non_decreasing",
    "is_strictly_increasing",
    "message_prefix",
]


@op(
    "Assert",
    "condition: bool, data: T[] ->",
    T=attr("list(type)", minimum=1),
    summarize=3,
)
class AssertOp:
    """Fails with InvalidArgumentError, showing `data`, if the scalar `condition` is false."""

    stateful = True
    grad = None
    samples = (
        case(np.array(True), [np.array([1, 2])]),
        case(
            np.array(False),
            [np.array(b"bad"), np.arange(5), np.array([0.5], np.float32)],
            raises=r"assertion failed: \[bad\] \[0 1 2...\] \[0.5\]",
        ),
        case(np.array(False), [np.arange(5)], summarize=4, raises=r"\[0 1 2 3...\]"),
        case(np.array([True]), [np.arange(5)], raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(condition: Operand, data: list[Operand]) -> Any:
        if condition.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(condition.dims)}")
        return []

    def numpy(condition: Any, data: list[Any], *, summarize: int) -> tuple[()]:
        if not condition:
            listed = " ".join(f"[{summary(each, summarize)}]" for each in data)
            raise errors.InvalidArgumentError(None, None, f"assertion failed: {listed}")
        return ()


def Assert(  # noqa: N802 (TensorFlow's name)
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> Operation:
    """An operation that fails unless `condition` is true; let what relies on it depend on it.

    Args:
        condition: a bool scalar.
        data: a list of tensors and strings to show.
        summarize: how many elements of each to show, 3 if None.

    Raises:
        InvalidArgumentError: when run, if the condition is false.
    """
    with name_scope(name, "Assert", [condition, *data]):
        # TensorFlow looks at the types of the data, which leaves constants behind.
        for each in data:
            convert_to_tensor(each)
        limit = 3 if summarize is None else summarize
        made: Operation = apply("Assert", condition, list(data), summarize=limit, name="Assert")
    return made


def message_prefix(message: str | None) -> str:
    """How a user's message begins a text that goes on."""
    return f"{message}.  " if message else ""


def _fail_now(data: list[Any]) -> None:
    lines = [str(each.const_value()) if isinstance(each, Tensor) else str(each) for each in data]
    raise errors.InvalidArgumentError(None, None, "\n".join(lines))


def _compare(
    symbol: str,
    op_type: str,
    default_name: str,
    test: Callable[..., Any],
    x: Any,
    y: Any,
    data: Any,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Operation:
    with name_scope(name, default_name, [x, y]):
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, name="y", preferred_dtype=x.dtype.base_dtype)
        if x is y and op_type == "Equal":
            return no_op()
        if data is None:
            data = [] if message is None else [message]
            data += [
                f"Condition x {symbol} y did not hold element-wise:",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        condition = reduce_all(apply(op_type, x, y))
        known_x, known_y = x.const_value(), y.const_value()
        if known_x is not None and known_y is not None and not np.all(test(known_x, known_y)):
            _fail_now(data)
        return Assert(condition, data, summarize)


def assert_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x == y`` for all elements.

    Args:
        x, y: numbers of one type, of shapes that broadcast together.
        data: what to show instead of the values.
        summarize: how many elements of each to show.
        message: what to show before them.

    Raises:
        InvalidArgumentError: at once if both are known and differ, otherwise when run.
    """
    return _compare("==", "Equal", "assert_equal", np.equal, x, y, data, summarize, message, name)


def assert_none_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x != y`` for all elements; see `assert_equal`."""
    return _compare(
        "!=", "NotEqual", "assert_none_equal", np.not_equal, x, y, data, summarize, message, name
    )


def assert_less(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x < y`` for all elements; see `assert_equal`."""
    return _compare("<", "Less", "assert_less", np.less, x, y, data, summarize, message, name)


def assert_less_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x <= y`` for all elements; see `assert_equal`."""
    return _compare(
        "<=", "LessEqual", "assert_less_equal", np.less_equal, x, y, data, summarize, message, name
    )


def assert_greater(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x > y`` for all elements; see `assert_equal`."""
    return _compare(
        ">", "Greater", "assert_greater", np.greater, x, y, data, summarize, message, name
    )


def assert_greater_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``x >= y`` for all elements; see `assert_equal`."""
    return _compare(
        ">=",
        "GreaterEqual",
        "assert_greater_equal",
        np.greater_equal,
        x,
        y,
        data,
        summarize,
        message,
        name,
    )


def _against_zero(
    symbol: str,
    default_name: str,
    check: Callable[[Tensor, Tensor, Any], Operation],
    x: Any,
    data: Any,
    message: str | None,
    name: str | None,
) -> Operation:
    with name_scope(name, default_name, [x]):
        x = convert_to_tensor(x, name="x")
        if data is None:
            shown = f"Condition x {symbol} 0 did not hold element-wise:"
            data = [message_prefix(message), shown, f"x ({x.name}) = ", x]
        zero = constant(0, dtype=x.dtype.base_dtype)
        return check(x, zero, data)


def assert_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless all elements are greater than 0; see `assert_equal`."""
    return _against_zero(
        ">",
        "assert_positive",
        lambda x, zero, shown: assert_less(zero, x, shown, summarize),
        x,
        data,
        message,
        name,
    )


def assert_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless all elements are less than 0; see `assert_equal`."""
    return _against_zero(
        "<",
        "assert_negative",
        lambda x, zero, shown: assert_less(x, zero, shown, summarize),
        x,
        data,
        message,
        name,
    )


def assert_non_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails if an element is less than 0; see `assert_equal`."""
    return _against_zero(
        ">=",
        "assert_non_negative",
        lambda x, zero, shown: assert_less_equal(zero, x, shown, summarize),
        x,
        data,
        message,
        name,
    )


def assert_non_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails if an element is greater than 0; see `assert_equal`."""
    return _against_zero(
        "<=",
        "assert_non_positive",
        lambda x, zero, shown: assert_less_equal(x, zero, shown, summarize),
        x,
        data,
        message,
        name,
    )


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails unless ``|x - y| < atol + rtol * |y|`` for all elements.

    Args:
        rtol, atol: ten times the distance from 1 to the next number of the type if None.
    """
    with name_scope(name, "assert_near", [x, y]):
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        y = convert_to_tensor(y, dtype, "y")
        step = 10 * float(np.finfo(dtype.np).eps)
        rtol = convert_to_tensor(step if rtol is None else rtol, dtype, "rtol")
        atol = convert_to_tensor(step if atol is None else atol, dtype, "atol")
        if data is None:
            data = [
                message_prefix(message),
                f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        tolerance = atol + rtol * apply("Abs", y)
        distance = apply("Abs", x - y)
        return Assert(reduce_all(apply("Less", distance, tolerance)), data, summarize)


def _ordered(x: Any, default_name: str, op_type: str, name: str | None) -> Tensor:
    with name_scope(name, default_name, [x]):
        flat = apply("Reshape", convert_to_tensor(x), [-1])
        later = apply("StridedSlice", flat, [1], [0], [1], end_mask=1)
        earlier = apply("StridedSlice", flat, [0], [-1], [1], begin_mask=1)
        ordered: Tensor = reduce_all(apply(op_type, later, earlier))
        return ordered


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element, in row-major order, is less than the one before: a bool scalar."""
    return _ordered(x, "is_non_decreasing", "GreaterEqual", name)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element, in row-major order, exceeds the one before: a bool scalar."""
    return _ordered(x, "is_strictly_increasing", "Greater", name)
