"""Rounding to the numbers that quantized arithmetic has, while computing in float32.

With the range [min, max] moved so that 0 is one of ``2**num_bits`` equal steps, a number becomes
the nearest step. Its gradient passes inside the range, and belongs to its ends outside.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.sample_values import f32
from flowgraph.ops.segment_kernels import with_rank
from flowgraph.ops.sparse_kernels import checked_rank, same_dims

__all__ = [
    "fake_quant_with_min_max_args",
    "fake_quant_with_min_max_args_gradient",
    "fake_quant_with_min_max_vars",
    "fake_quant_with_min_max_vars_gradient",
    "fake_quant_with_min_max_vars_per_channel",
    "fake_quant_with_min_max_vars_per_channel_gradient",
]

Gradients = list[Any]
HALF = np.float32(0.5)
GRID = f32([[-7.5, -0.3, 0.26], [1.0, 5.99, 6.5]])
SLOPES = f32([[1, 2, 3], [4, 5, 6]])
LOWS, HIGHS = f32([-6, -1, 0]), f32([6, 0.5, 0])
BITS: dict[str, Any] = {"num_bits": 8, "narrow_range": False}


def _check_bits(num_bits: int) -> None:
    if not 2 <= num_bits <= 16:
        raise ValueError(f"num_bits must be between 2 and 16, inclusive, got {num_bits}")


def _nudged(low: Any, high: Any, num_bits: int, narrow: bool) -> tuple[Any, Any, Any, Any]:
    """The range moved so that 0 is a step, the length of a step, and its inverse."""
    first, last = np.float32(narrow), np.float32(2**num_bits - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = ((high - low) / (last - first)).astype(np.float32)
        inverse = ((last - first) / (high - low)).astype(np.float32)
        zero = first - low / step
    # Half away from 0; these are not negative.
    zero = np.floor(np.clip(np.nan_to_num(zero), first, last) + HALF).astype(np.float32)
    return (first - zero) * step, (last - zero) * step, step, inverse


def _rounded(x: Any, low: Any, high: Any, num_bits: int, narrow: bool, divide: bool) -> Any:
    least, most, step, inverse = _nudged(low, high, num_bits, narrow)
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.floor(-least * inverse + HALF)
        shifted = np.clip(x, least, most) - least
        places = shifted / step if divide else shifted * inverse
        result = np.floor(places - zero + HALF) * step
    return np.where((low == 0) & (high == 0), np.float32(0), result).astype(np.float32)


def _regions(x: Any, low: Any, high: Any, num_bits: int, narrow: bool) -> tuple[Any, Any, Any]:
    """Where the input lies inside the range, below, and above; an empty range has no outside."""
    least, most, _, _ = _nudged(low, high, num_bits, narrow)
    empty = (low == 0) & (high == 0)
    below, above = (x < least) & ~empty, (x > most) & ~empty
    return ~below & ~above, below, above


def _checked_range(low: float, high: float) -> tuple[Any, Any]:
    if not low < high:
        raise InvalidArgumentError(
            None, None, f"min has to be smaller than max, was: {low} >= {high}"
        )
    return np.float32(low), np.float32(high)


@op(
    "FakeQuantWithMinMaxArgs",
    "inputs: float32 -> outputs: float32",
    min=-6.0,
    max=6.0,
    **BITS,
)
class FakeQuantWithMinMaxArgs:
    """Each element rounded to one of ``2**num_bits`` steps between `min` and `max`."""

    samples = (
        case(GRID),
        case(GRID, num_bits=4, min=-1.0, max=2.0),
        case(GRID, narrow_range=True, num_bits=3),
        case(GRID, min=0.0, max=3.0),
        case(f32([]), grad=False),
    )

    def shape(x: Operand, *, num_bits: int) -> Dims:
        _check_bits(num_bits)
        return x.dims

    def numpy(x: Any, *, min: float, max: float, num_bits: int, narrow_range: bool) -> Any:
        return _rounded(x, *_checked_range(min, max), num_bits, narrow_range, divide=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("FakeQuantWithMinMaxArgsGradient", dy, op.inputs[0], **op.attrs)]


@op(
    "FakeQuantWithMinMaxArgsGradient",
    "gradients: float32, inputs: float32 -> backprops: float32",
    min=-6.0,
    max=6.0,
    **BITS,
)
class FakeQuantWithMinMaxArgsGradient:
    """The gradients where the input lies inside the range, and 0 elsewhere."""

    grad = None
    samples = (
        case(SLOPES, GRID, grad=False),
        case(SLOPES, GRID, min=0.0, max=3.0, num_bits=5, grad=False),
        case(SLOPES, GRID[:1], raises="must be equal|same size"),
    )

    def shape(dy: Operand, x: Operand) -> Dims:
        return same_dims(dy.dims, x.dims)

    def numpy(dy: Any, x: Any, *, min: float, max: float, num_bits: int, narrow_range: bool) -> Any:
        if dy.shape != x.shape:
            message = "gradient and input must be the same size"
            raise InvalidArgumentError(None, None, message)
        inside, _, _ = _regions(x, *_checked_range(min, max), num_bits, narrow_range)
        return dy * inside


@op(
    "FakeQuantWithMinMaxVars",
    "inputs: float32, min: float32, max: float32 -> outputs: float32",
    **BITS,
)
class FakeQuantWithMinMaxVars:
    """Each element rounded to one of ``2**num_bits`` steps between two scalars."""

    samples = (
        case(GRID, np.float32(-6), np.float32(6)),
        case(GRID, np.float32(-1), np.float32(2), num_bits=4, narrow_range=True),
        case(GRID, np.float32(0), np.float32(0), grad=False),
        case(GRID, LOWS, HIGHS, raises="must be rank 0 but is rank 1|scalar"),
    )

    def shape(x: Operand, low: Operand, high: Operand, *, num_bits: int) -> Dims:
        _check_bits(num_bits)
        checked_rank(low, 0)
        checked_rank(high, 0)
        return x.dims

    def numpy(x: Any, low: Any, high: Any, *, num_bits: int, narrow_range: bool) -> Any:
        if low.ndim or high.ndim:
            raise InvalidArgumentError(None, None, "`min` and `max` must be scalar")
        return _rounded(x, low, high, num_bits, narrow_range, divide=True)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return list(apply("FakeQuantWithMinMaxVarsGradient", dy, *op.inputs, **op.attrs))


@op(
    "FakeQuantWithMinMaxVarsGradient",
    "gradients: float32, inputs: float32, min: float32, max: float32 -> "
    "backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32",
    **BITS,
)
class FakeQuantWithMinMaxVarsGradient:
    """The gradients inside the range, and the sums of those below and above it."""

    grad = None
    samples = (
        case(SLOPES, GRID, np.float32(-6), np.float32(6), grad=False),
        case(SLOPES, GRID, np.float32(-0.5), np.float32(1), num_bits=4, grad=False),
        case(SLOPES, GRID, np.float32(0), np.float32(0), grad=False),
    )

    def shape(dy: Operand, x: Operand, low: Operand, high: Operand) -> list[Dims]:
        checked_rank(low, 0)
        checked_rank(high, 0)
        return [same_dims(dy.dims, x.dims), (), ()]

    def numpy(dy: Any, x: Any, low: Any, high: Any, *, num_bits: int, narrow_range: bool) -> Any:
        if dy.shape != x.shape:
            message = "gradient and input must be the same size"
            raise InvalidArgumentError(None, None, message)
        inside, below, above = _regions(x, low, high, num_bits, narrow_range)
        sums = [np.asarray((dy * part).sum(dtype=np.float32)) for part in (below, above)]
        return dy * inside, *sums


def _channels(x: Dims, low: Operand, high: Operand) -> tuple[Dims, Dims]:
    """The shape of the input, and that of the ends, one for each channel (last axis)."""
    if x == ():
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    ends = same_dims(with_rank(low.dims, 1), with_rank(high.dims, 1))
    if x is None:
        return None, (None,) if ends is None else ends
    count = same_dims((x[-1],), ends)
    return (*x[:-1], *(count or (None,))), count


def _check_channels(x: Any, low: Any, high: Any) -> None:
    for name, each in {"min": low, "max": high}.items():
        if each.shape != x.shape[-1:]:
            message = f"{name} has incorrect size, expected {x.shape[-1]} was {each.size}"
            raise InvalidArgumentError(None, None, message)


@op(
    "FakeQuantWithMinMaxVarsPerChannel",
    "inputs: float32, min: float32, max: float32 -> outputs: float32",
    **BITS,
)
class FakeQuantWithMinMaxVarsPerChannel:
    """Each element rounded to one of ``2**num_bits`` steps in the range of its channel."""

    samples = (
        case(GRID, LOWS, HIGHS),
        case(GRID[0], LOWS, HIGHS, num_bits=5, narrow_range=True),
        case(np.stack([GRID, -GRID]), LOWS, HIGHS, num_bits=3),
        case(GRID, LOWS[:2], HIGHS[:2], raises="must be equal|incorrect size"),
    )

    def shape(x: Operand, low: Operand, high: Operand, *, num_bits: int) -> Dims:
        _check_bits(num_bits)
        return _channels(x.dims, low, high)[0]

    def numpy(x: Any, low: Any, high: Any, *, num_bits: int, narrow_range: bool) -> Any:
        _check_channels(x, low, high)
        return _rounded(x, low, high, num_bits, narrow_range, divide=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return list(apply("FakeQuantWithMinMaxVarsPerChannelGradient", dy, *op.inputs, **op.attrs))


@op(
    "FakeQuantWithMinMaxVarsPerChannelGradient",
    "gradients: float32, inputs: float32, min: float32, max: float32 -> "
    "backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32",
    **BITS,
)
class FakeQuantWithMinMaxVarsPerChannelGradient:
    """The gradients inside the range of each channel, and the sums of those below and above it."""

    grad = None
    samples = (
        case(SLOPES, GRID, LOWS, HIGHS, grad=False),
        case(SLOPES[0], GRID[0], LOWS, HIGHS, num_bits=4, narrow_range=True, grad=False),
    )

    def shape(dy: Operand, x: Operand, low: Operand, high: Operand) -> list[Dims]:
        whole, count = _channels(same_dims(dy.dims, x.dims), low, high)
        return [whole, count, count]

    def numpy(dy: Any, x: Any, low: Any, high: Any, *, num_bits: int, narrow_range: bool) -> Any:
        if dy.shape != x.shape:
            message = "gradient and input must be the same size"
            raise InvalidArgumentError(None, None, message)
        _check_channels(x, low, high)
        inside, below, above = _regions(x, low, high, num_bits, narrow_range)
        axes = tuple(range(x.ndim - 1))
        sums = [np.asarray((dy * part).sum(axes, np.float32)) for part in (below, above)]
        return dy * inside, *sums


fake_quant_with_min_max_args = function_of(
    "FakeQuantWithMinMaxArgs", "fake_quant_with_min_max_args"
)
fake_quant_with_min_max_args_gradient = function_of(
    "FakeQuantWithMinMaxArgsGradient", "fake_quant_with_min_max_args_gradient"
)
fake_quant_with_min_max_vars = function_of(
    "FakeQuantWithMinMaxVars", "fake_quant_with_min_max_vars"
)
fake_quant_with_min_max_vars_gradient = function_of(
    "FakeQuantWithMinMaxVarsGradient", "fake_quant_with_min_max_vars_gradient"
)
fake_quant_with_min_max_vars_per_channel = function_of(
    "FakeQuantWithMinMaxVarsPerChannel", "fake_quant_with_min_max_vars_per_channel"
)
fake_quant_with_min_max_vars_per_channel_gradient = function_of(
    "FakeQuantWithMinMaxVarsPerChannelGradient",
    "fake_quant_with_min_max_vars_per_channel_gradient",
)
