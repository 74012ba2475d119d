"""Rounding to the integers of a number of bits and back; the gradient passes straight through."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.sample_values import f32
from flowgraph.ops.sparse_kernels import checked_rank

__all__ = ["quantize_and_dequantize"]

Gradients = list[Any]
TYPES = (dtypes.float16, dtypes.float32, dtypes.float64)
MODE = attr("string", "HALF_TO_EVEN", allowed=("HALF_TO_EVEN", "HALF_UP"))
GRID = f32([[-1.5, -0.3, 0.26], [1.0, 2.49, 3.0]])
LOW, HIGH = np.float32(-2), np.float32(2.5)


def _round(x: Any, mode: str) -> Any:
    return np.rint(x) if mode == "HALF_TO_EVEN" else np.floor(x + x.dtype.type(0.5))


def _quantized(
    x: Any,
    low: Any,
    high: Any,
    signed: bool,
    bits: int,
    given: bool,
    mode: str = "HALF_TO_EVEN",
    narrow: bool = False,
) -> Any:
    """`x` in steps of the scale by which [low, high] just fits into the integers."""
    if not 1 <= bits <= (62 if signed else 63):
        raise InvalidArgumentError(None, None, f"num_bits is out of range: {bits}")
    if low.ndim or high.ndim:
        raise InvalidArgumentError(None, None, "input_min and input_max must be scalars")
    if given and low > high:
        message = f"Invalid range: input_min {low} > input_max {high}"
        raise InvalidArgumentError(None, None, message)
    if not given:
        if not x.size:
            return x.copy()
        low, high = x.min(), x.max()
    kind = x.dtype.type
    first = -(1 << (bits - 1)) + narrow if signed else 0
    last = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1
    low, high, first, last = kind(low), kind(high), kind(first), kind(last)
    infinite = kind(np.finfo(x.dtype).max)
    from_low = first / low if first * low > 0 else infinite
    from_high = last / high if last * high > 0 else infinite
    if from_low < from_high:
        scale, step = from_low, low / first
        high = last * step
    else:
        scale, step = from_high, high / last
        low = first * step
    inside = np.clip(x, low, high) if given else x
    return (_round(inside * scale, mode) * step).astype(x.dtype)


def _straight(op: Operation, dy: Tensor) -> Gradients:
    return [dy, *(None for _ in op.inputs[1:])]


def _shape(x: Operand, *rest: Operand) -> Dims:
    for each in rest:
        checked_rank(each, 0)
    return x.dims


@op(
    "QuantizeAndDequantizeV2",
    "input: T, input_min: T, input_max: T -> output: T",
    signed_input=True,
    num_bits=8,
    range_given=False,
    T=TYPES,
    round_mode=MODE,
    narrow_range=False,
)
class QuantizeAndDequantizeV2:
    """Each element in steps by which a range just fits into the integers of `num_bits`.

    The range is that of the elements, or from `input_min` to `input_max` if `range_given`.
    """

    grad = _straight
    shape = _shape
    samples = (
        case(GRID, LOW, HIGH),
        case(GRID, LOW, HIGH, range_given=True, num_bits=4),
        case(GRID, LOW, HIGH, range_given=True, round_mode="HALF_UP", narrow_range=True),
        case(GRID + 2, LOW + 2, HIGH + 2, signed_input=False, range_given=True, num_bits=3),
        case(GRID.astype(np.float64), np.float64(-2), np.float64(2), num_bits=5, grad=False),
        case(GRID, HIGH, LOW, range_given=True, raises="Invalid range"),
        case(GRID, LOW, HIGH, num_bits=70, raises="num_bits is out of range"),
    )

    def numpy(
        x: Any,
        low: Any,
        high: Any,
        *,
        signed_input: bool,
        num_bits: int,
        range_given: bool,
        round_mode: str,
        narrow_range: bool,
    ) -> Any:
        return _quantized(
            x, low, high, signed_input, num_bits, range_given, round_mode, narrow_range
        )


@op(
    "QuantizeAndDequantizeV3",
    "input: T, input_min: T, input_max: T, num_bits: int32 -> output: T",
    signed_input=True,
    range_given=True,
    T=TYPES,
    narrow_range=False,
)
class QuantizeAndDequantizeV3:
    """As QuantizeAndDequantizeV2; the number of bits is an input."""

    grad = _straight
    shape = _shape
    samples = (
        case(GRID, LOW, HIGH, np.int32(8)),
        case(GRID, LOW, HIGH, np.int32(4), range_given=False),
        case(GRID, LOW, HIGH, np.int32(5), narrow_range=True),
    )

    def numpy(
        x: Any,
        low: Any,
        high: Any,
        num_bits: Any,
        *,
        signed_input: bool,
        range_given: bool,
        narrow_range: bool,
    ) -> Any:
        bits = int(num_bits)
        return _quantized(x, low, high, signed_input, bits, range_given, narrow=narrow_range)


def quantize_and_dequantize(
    input: Any,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
) -> Tensor:
    """`input` rounded to the integers of a number of bits, at the scale that just fits.

    Args:
        input: floating-point numbers.
        input_min, input_max: the range that must fit, if `range_given`; otherwise it is that of
            the input.
        signed_input: whether the integers are signed.
        num_bits: their number of bits.
        round_mode: "HALF_TO_EVEN" or "HALF_UP".
        narrow_range: leave the least integer out.
    """
    result: Tensor = apply(
        "QuantizeAndDequantizeV2",
        input,
        input_min,
        input_max,
        signed_input=signed_input,
        num_bits=num_bits,
        range_given=range_given,
        round_mode=round_mode,
        narrow_range=narrow_range,
        name=name,
    )
    return result
