"""Rounding, and division in all its integer forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import operators
from flowgraph.ops.arithmetic import MISFIT, MULTIPLIED, ORDERED
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import COMPLEX, FLOATS

__all__ = [
    "ceil",
    "div",
    "div_no_nan",
    "divide",
    "floor",
    "floor_div",
    "floordiv",
    "floormod",
    "rint",
    "round",
    "truediv",
    "truncatediv",
    "truncatemod",
]

Gradients = list[Any]
HALVES = np.array([[-2.5, -1.5, -0.5], [0.5, 1.5, 2.5], [0.3, -0.7, 4.0]])
ROUNDED = (
    case(HALVES),
    case(HALVES.astype(np.float32)),
    case(np.float32(-1.75)),
    case(HALVES[:0]),
    case(np.array([np.nan, np.inf, -np.inf], np.float32)),
)


def _rounding(op_type: str, function: str, doc: str, types: Any = FLOATS) -> Callable[..., Any]:
    return elementwise(
        op_type, f"{function}(x)", doc=doc, T=types, grad=lambda op, dy: [None], samples=ROUNDED
    )


floor = _rounding("Floor", "floor", "The largest integer not above x, elementwise.")
ceil = _rounding("Ceil", "ceil", "The smallest integer not below x, elementwise.")
rint = _rounding("Rint", "rint", "The nearest integer, elementwise; of two, the even one.")
_round = _rounding("Round", "rint", "The nearest integer, elementwise; of two, the even one.")


def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest integer, elementwise; halves go to the even one. Integers stay as they are."""
    tensor = convert_to_tensor(x, name="x")
    if tensor.dtype.is_integer:
        return tensor
    result: Tensor = apply("Round", tensor, name=name)
    return result


def _integer_aware(floats: Any, integers: Any) -> Any:
    """A kernel with one function for floating-point numbers and one for integers."""

    def kernel(x: Any, y: Any, *, out: Any = None) -> Any:
        if x.dtype.kind not in "iu":
            return floats(x, y, out=out)
        if np.any(np.equal(y, 0)):
            raise InvalidArgumentError(None, None, "Integer division by zero")
        return integers(x, y, out=out)

    return kernel


def _floor_quotient(x: Any, y: Any, out: Any = None) -> Any:
    # np.floor_divide corrects for the rounding of x / y; TensorFlow does not.
    return np.floor(np.divide(x, y), out=out)


def _cut_quotient(x: Any, y: Any, out: Any = None) -> Any:
    if x.dtype.kind == "c":
        return np.divide(x, y, out=out)
    return np.trunc(np.divide(x, y), out=out)


def _cut_integer_quotient(x: Any, y: Any, out: Any = None) -> Any:
    if x.dtype.kind == "u":
        return np.floor_divide(x, y, out=out)
    return np.floor_divide(np.subtract(x, np.fmod(x, y)), y, out=out)


SEVEN = np.array([[7, -7], [7, -7]], np.int32)
TWO = np.array([[2, 2], [-2, -2]], np.int32)
QUOTIENTS = (
    case(SEVEN, TWO),
    case(SEVEN, np.int32(3)),
    case(SEVEN.astype(np.int64), TWO.astype(np.int64)),
    case(SEVEN[:0], TWO[0]),
    MISFIT,
)
UNSIGNED = case(np.array([7, 200], np.uint8), np.array([2, 9], np.uint8))
REAL_QUOTIENTS = (
    spread(0.5, 3, (2, 3), (3,)),
    spread(-3, -0.5, (), ()),
    case(
        np.array([7, -7, 1, 5.5], np.float32), np.array([2, 2, 0.1, -1.5], np.float32), grad=False
    ),
)

floor_div = elementwise(
    "FloorDiv",
    "floor(x / y)",
    args="x y",
    output="z: T",
    function="floor_div",
    doc="The largest integer not above the quotient, elementwise.",
    T=MULTIPLIED,
    kernel=_integer_aware(_floor_quotient, np.floor_divide),
    grad=lambda op, dy: [None, None],
    samples=(*QUOTIENTS, UNSIGNED, *REAL_QUOTIENTS),
)

truncatediv = elementwise(
    "TruncateDiv",
    "trunc(x / y)",
    args="x y",
    output="z: T",
    function="truncatediv",
    doc="The quotient cut to an integer, elementwise.",
    T=MULTIPLIED,
    kernel=_integer_aware(_cut_quotient, _cut_integer_quotient),
    grad=lambda op, dy: [None, None],
    samples=(*QUOTIENTS, UNSIGNED),
)


def _div_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [apply("Div", dy, y), dy * apply("Div", apply("Div", -x, y), y)]


elementwise(
    "Div",
    "x / y",
    args="x y",
    output="z: T",
    doc="The quotient, elementwise; that of integers is cut to an integer.",
    T=MULTIPLIED,
    kernel=_integer_aware(np.divide, _cut_integer_quotient),
    grad=_div_grad,
    samples=(*QUOTIENTS, UNSIGNED, *REAL_QUOTIENTS),
)


def _div_no_nan_kernel(x: Any, y: Any, *, out: Any = None) -> Any:
    quotient = np.asarray(np.divide(x, y, out=out))
    np.copyto(quotient, 0, where=np.equal(y, 0))
    return quotient


def _div_no_nan_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [div_no_nan(dy, y), dy * div_no_nan(div_no_nan(-x, y), y)]


_div_no_nan = elementwise(
    "DivNoNan",
    "where(y == 0, 0, x / y)",
    args="x y",
    output="z: T",
    doc="The quotient, elementwise; 0 where the denominator is 0.",
    T=(dtypes.float16, dtypes.float32, dtypes.float64, *COMPLEX),
    kernel=_div_no_nan_kernel,
    grad=_div_no_nan_grad,
    samples=(
        spread(0.5, 3, (2, 3), (3,)),
        spread(0.5, 3, (), ()),
        spread(0.5, 3, (0,), ()),
        case(np.array([1, 0, np.inf], np.float32), np.array([0, 0, 0], np.float32), grad=False),
    ),
)


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient, elementwise; 0 where the denominator is 0."""
    result: Tensor = apply("DivNoNan", x, y, name=name or "div_no_nan")
    return result


def _floor_mod_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    return [dy, dy * -floor_div(x, y)]


def _remainder(op_type: str, function: str, doc: str, name: str, **fields: Any) -> Any:
    ufunc = getattr(np, function)
    return elementwise(
        op_type,
        f"{function}(x, y)",
        args="x y",
        output="z: T",
        function=name,
        doc=doc,
        T=ORDERED,
        kernel=_integer_aware(ufunc, ufunc),
        samples=(*QUOTIENTS, *REAL_QUOTIENTS),
        **fields,
    )


floormod = _remainder(
    "FloorMod",
    "mod",
    "The remainder of flooring division, elementwise; it has the sign of y.",
    "floormod",
    grad=_floor_mod_grad,
)
truncatemod = _remainder(
    "TruncateMod",
    "fmod",
    "The remainder of truncating division, elementwise; it has the sign of x.",
    "truncatemod",
)
_remainder("Mod", "fmod", "The remainder of truncating division, elementwise.", "mod")


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The largest integer not above the quotient, elementwise."""
    result: Tensor = apply("FloorDiv", x, y, name=name or "floordiv")
    return result


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient, elementwise; integers are cast to floating point first.

    Integers of 8 and 16 bits become float32, those of 32 and 64 bits float64.

    Raises:
        TypeError: if the types differ.
    """
    return operators.true_division(x, y, name or "truediv")


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient by the rule of Python 3, elementwise: `truediv`."""
    return operators.true_division(x, y, name or "truediv")


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient by the rule of Python 2, elementwise: that of integers is floored."""
    return operators.division(x, y, name or "div")
