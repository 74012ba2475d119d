"""Bitwise ops on integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.graph.declare import case, elementwise, function_of
from flowgraph.graph.opdef import broadcast_shape, op, unchanged_shape
from flowgraph.ops.kinds import INTEGERS

__all__ = [
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "invert",
    "left_shift",
    "population_count",
    "right_shift",
]

X32 = np.array([[12, -7, 255], [0, 1, -1]], np.int32)
Y32 = np.array([10, 3, -128], np.int32)
PAIRS = (
    case(X32, Y32),
    case(X32, X32[::-1]),
    case(X32.astype(np.uint8), Y32.astype(np.uint8)),
    case(X32.astype(np.int64), Y32.astype(np.int64)),
    case(np.int16(5), np.int16(6)),
    case(X32[:0], Y32),
    case(X32, X32[:, :2], raises="Dimensions must be equal, but are 3 and 2"),
)
SHIFTS = (
    case(X32, np.array([0, 3, 7], np.int32)),
    case(X32.astype(np.uint8), np.array([0, 3, 7], np.uint8)),
    case(X32.astype(np.int64), np.int64(2)),
    case(np.int32(5), np.int32(1)),
    case(X32[:0], Y32),
)


def _bitwise(op_type: str, function: str, doc: str) -> Callable[..., Any]:
    return elementwise(
        op_type,
        f"{function}(x, y)",
        args="x y",
        output="z: T",
        function=function,
        doc=doc,
        T=INTEGERS,
        grad=None,
        samples=PAIRS,
    )


bitwise_and = _bitwise("BitwiseAnd", "bitwise_and", "The bits set in both, elementwise.")
bitwise_or = _bitwise("BitwiseOr", "bitwise_or", "The bits set in at least one, elementwise.")
bitwise_xor = _bitwise("BitwiseXor", "bitwise_xor", "The bits set in exactly one, elementwise.")

invert = elementwise(
    "Invert",
    "invert(x)",
    doc="The complement of all bits, elementwise.",
    T=INTEGERS,
    grad=None,
    samples=(
        case(X32),
        case(X32.astype(np.uint8)),
        case(X32.astype(np.int64)),
        case(np.int8(5)),
        case(X32[:0]),
    ),
)


def _clamped(shift: Any, dtype: Any) -> Any:
    """Shifts beyond the width are undefined in C; they act as the largest one allowed."""
    return np.clip(shift, 0, 8 * dtype.itemsize - 1)


def _shift(op_type: str, ufunc: Any, function: str, doc: str) -> Callable[..., Any]:
    @op(op_type, "x: T, y: T -> z: T", T=INTEGERS)
    class Shift:
        __doc__ = doc
        grad = None
        shape = broadcast_shape
        samples = SHIFTS

        def numpy(x: Any, y: Any, *, out: Any = None) -> Any:
            return ufunc(x, _clamped(y, x.dtype), out=out)

    return function_of(op_type, function)


left_shift = _shift(
    "LeftShift",
    np.left_shift,
    "left_shift",
    "``x * 2^y`` without the bits that leave the type, elementwise, for 0 <= y < width.",
)
right_shift = _shift(
    "RightShift",
    np.right_shift,
    "right_shift",
    "``floor(x / 2^y)``, elementwise, for 0 <= y < width; the sign is kept.",
)


@op("PopulationCount", "x: T -> y: uint8", T=INTEGERS)
class PopulationCount:
    """The number of bits set in the two's complement, elementwise."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(X32),
        case(X32.astype(np.uint8)),
        case(X32.astype(np.int64)),
        case(np.int16(-1)),
        case(X32[:0]),
    )

    def numpy(x: Any) -> Any:
        unsigned = np.asarray(x).astype(f"u{x.dtype.itemsize}")
        return np.bitwise_count(unsigned)


population_count = function_of("PopulationCount", "population_count")
