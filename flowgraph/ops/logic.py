"""Comparisons, logical ops, tests of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case, elementwise, function_of
from flowgraph.graph.expr import parse
from flowgraph.graph.opdef import Operand, broadcast_shape, define, op, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.kinds import COMPLEX, FLOATS, NUMBERS, REAL
from flowgraph.ops.select import same_shape

__all__ = [
    "approximate_equal",
    "equal",
    "greater",
    "greater_equal",
    "is_finite",
    "is_inf",
    "is_nan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]

A32 = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
B32 = np.array([[1, 3, 2], [4, 0, 6]], np.int32)
F32 = np.array([0.5, np.nan, np.inf, -1.0], np.float32)
MISFIT = case(A32, A32[:, :2], raises="Dimensions must be equal, but are 3 and 2")
PAIRS = (
    case(A32, B32),
    case(A32, B32[0]),
    case(A32.astype(np.uint8), B32.astype(np.uint8)),
    case(F32, np.float32(0.5)),
    case(F32.astype(np.float64), F32[::-1].astype(np.float64)),
    case(F32.astype(np.float16), F32.astype(np.float16)),
    case(A32[:0], B32[0]),
    case(np.float64(1.0), np.float64(2.0)),
    MISFIT,
)
WORDS = np.array([b"a", b"b", b""], object)
EQUAL_TYPES = (
    *FLOATS,
    dtypes.uint8,
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    *COMPLEX,
    dtypes.string,
    dtypes.bool,
)


def _comparison(op_type: str, sign: str, function: str, doc: str) -> Callable[..., Any]:
    return elementwise(
        op_type,
        f"x {sign} y",
        args="x y",
        output="z: bool",
        function=function,
        doc=doc,
        T=REAL,
        grad=None,
        samples=PAIRS,
    )


less = _comparison("Less", "<", "less", "Whether x is less than y, elementwise.")
less_equal = _comparison("LessEqual", "<=", "less_equal", "Whether x is at most y, elementwise.")
greater = _comparison("Greater", ">", "greater", "Whether x is greater than y, elementwise.")
greater_equal = _comparison(
    "GreaterEqual", ">=", "greater_equal", "Whether x is at least y, elementwise."
)


def _equality(op_type: str, sign: str, function: str, ufunc: Any, doc: str) -> Callable[..., Any]:
    def kernel(x: Any, y: Any, *, out: Any = None) -> Any:
        if x.dtype.kind == "O":
            found = np.asarray(ufunc(x, y, dtype=object)).astype(bool)
            return np.logical_and(found, found, out=out)
        return ufunc(x, y, out=out)

    return elementwise(
        op_type,
        f"x {sign} y",
        args="x y",
        output="z: bool",
        function=function,
        doc=doc,
        T=EQUAL_TYPES,
        kernel=kernel,
        grad=None,
        samples=(
            *PAIRS,
            case(WORDS, WORDS[:1]),
            case(WORDS[0:1].reshape(()), WORDS[0:1].reshape(())),
            case(np.array([True, False]), np.array([[True], [False]])),
            case(np.array([1 + 2j, 1j]), np.array([1 + 2j, -1j])),
        ),
    )


equal = _equality("Equal", "==", "equal", np.equal, "Whether x equals y, elementwise.")
not_equal = _equality(
    "NotEqual", "!=", "not_equal", np.not_equal, "Whether x differs from y, elementwise."
)


@op("ApproximateEqual", "x: T, y: T -> z: bool", T=NUMBERS, tolerance=1e-5)
class ApproximateEqual:
    """Whether ``|x - y| < tolerance``, elementwise."""

    grad = None
    samples = (
        case(np.array([1, 1, 1], np.float32), np.array([1, 1 + 5e-6, 1.1], np.float32)),
        case(np.array([1, 2], np.float64), np.array([1.05, 2.2], np.float64), tolerance=0.1),
        case(np.float32(1), np.float32(1)),
        case(np.zeros((0, 2)), np.zeros((0, 2))),
        case(A32, A32[:, :2], raises="Dimension 1 in both shapes must be equal"),
    )

    def shape(x: Operand, y: Operand) -> Dims:
        return same_shape(x.dims, y.dims)

    def numpy(x: Any, y: Any, *, tolerance: float) -> Any:
        return np.abs(np.subtract(x, y)) < tolerance


def approximate_equal(x: Any, y: Any, tolerance: float = 1e-5, name: str | None = None) -> Tensor:
    """Whether ``|x - y| < tolerance``, elementwise."""
    result: Tensor = apply("ApproximateEqual", x, y, tolerance=tolerance, name=name)
    return result


FLAG_PAIRS = (
    case(np.array([True, False, True]), np.array([True, True, False])),
    case(np.array([[True], [False]]), np.array([True, False])),
    case(np.array(True), np.array(False)),
    case(np.zeros((0, 2), bool), np.array([True, False])),
)


def _logical(op_type: str, function: str, doc: str) -> Callable[..., Any]:
    define(
        op_type,
        "x: bool, y: bool -> z: bool",
        {},
        doc=doc,
        shape=broadcast_shape,
        numpy=getattr(np, function),
        expr=parse(f"{function}(x, y)", ("x", "y")),
        inplace=(0, 1),
        grad=None,
        samples=FLAG_PAIRS,
    )
    return function_of(op_type, function)


logical_and = _logical("LogicalAnd", "logical_and", "Whether both are true, elementwise.")
logical_or = _logical("LogicalOr", "logical_or", "Whether at least one is true, elementwise.")


define(
    "LogicalNot",
    "x: bool -> y: bool",
    {},
    doc="The opposite, elementwise.",
    shape=unchanged_shape,
    numpy=np.logical_not,
    expr=parse("logical_not(x)", ("x",)),
    inplace=(0,),
    grad=None,
    samples=(case(np.array([True, False])), case(np.array(True)), case(np.zeros((0,), bool))),
)
logical_not = function_of("LogicalNot", "logical_not")


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether exactly one is true, elementwise."""
    either = apply("LogicalOr", x, y)
    both = apply("LogicalAnd", x, y)
    result: Tensor = apply("LogicalAnd", either, apply("LogicalNot", both), name=name)
    return result


def _number_test(op_type: str, function: str, name: str, doc: str) -> Callable[..., Any]:
    return elementwise(
        op_type,
        f"{function}(x)",
        output="y: bool",
        function=name,
        doc=doc,
        T=FLOATS,
        grad=None,
        samples=(
            case(F32),
            case(-F32.astype(np.float64)),
            case(F32.astype(np.float16)),
            case(F32[:0]),
            case(F32[0]),
        ),
    )


is_finite = _number_test(
    "IsFinite", "isfinite", "is_finite", "Whether x is neither nan nor infinite, elementwise."
)
is_inf = _number_test("IsInf", "isinf", "is_inf", "Whether x is infinite, elementwise.")
is_nan = _number_test("IsNan", "isnan", "is_nan", "Whether x is nan, elementwise.")
