"""Learning rates that change with the global step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast

__all__ = [
    "exponential_decay",
    "inverse_time_decay",
    "natural_exp_decay",
    "piecewise_constant",
    "polynomial_decay",
]

_CASTS_OF_BOUNDARIES = (dtypes.int32, dtypes.int64)


def require_step(global_step: Any, what: str) -> None:
    if global_step is None:
        raise ValueError(f"global_step is required for {what}.")


def _periods(global_step: Any, decay_steps: Any, dtype: dtypes.DType, staircase: bool) -> Tensor:
    """``global_step / decay_steps``, whole periods only if `staircase`."""
    passed: Tensor = cast(global_step, dtype) / decay_steps
    return apply("Floor", passed) if staircase else passed


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * decay_rate ** (global_step / decay_steps)``.

    Args:
        learning_rate: the rate at step 0, a floating-point scalar.
        global_step: the step, an integer scalar.
        decay_steps: after how many steps the rate has decayed by `decay_rate`.
        decay_rate: by what the rate is multiplied.
        staircase: let the exponent grow in whole numbers.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "exponential_decay")
    with name_scope(name, "ExponentialDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        steps = cast(decay_steps, dtype)
        base = cast(decay_rate, dtype)
        power = apply("Pow", base, _periods(global_step, steps, dtype, staircase))
        decayed: Tensor = apply("Mul", rate, power, name=scope)
        return decayed


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * exp(-decay_rate * global_step / decay_steps)``.

    Arguments and errors are those of `exponential_decay`.
    """
    require_step(global_step, "natural_exp_decay")
    base = apply("Exp", apply("Neg", decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, base, staircase, name)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> Tensor:
    """``learning_rate / (1 + decay_rate * global_step / decay_steps)``.

    Arguments and errors are those of `exponential_decay`.
    """
    require_step(global_step, "inverse_time_decay")
    with name_scope(name, "InverseTimeDecay", [learning_rate, global_step, decay_rate]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        steps = cast(decay_steps, dtype)
        factor = cast(decay_rate, dtype)
        periods = _periods(global_step, steps, dtype, staircase)
        one = cast(constant(1), dtype)
        divisor = apply("AddV2", one, apply("Mul", factor, periods), name="Add")
        decayed: Tensor = apply("RealDiv", rate, divisor, name=scope)
        return decayed


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From `learning_rate` to `end_learning_rate` within `decay_steps` steps, and no further.

    ``(learning_rate - end) * (1 - min(global_step, decay_steps) / decay_steps) ** power + end``

    Args:
        learning_rate: the rate at step 0, a floating-point scalar.
        global_step: the step, an integer scalar.
        decay_steps: how many steps the decay takes.
        end_learning_rate: the rate after that.
        power: 1.0 for a straight line.
        cycle: after `decay_steps` steps rise again, as if the decay took twice as long, and so on.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "polynomial_decay")
    with name_scope(name, "PolynomialDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        end = cast(end_learning_rate, dtype)
        exponent = cast(power, dtype)
        step = cast(global_step, dtype)
        steps = cast(decay_steps, dtype)
        if cycle:
            started = apply("Ceil", step / steps)
            one = constant(1.0, dtype)
            steps = apply("Mul", steps, apply("Select", apply("Equal", step, 0), one, started))
        else:
            step = apply("Minimum", step, steps)
        passed = step / steps
        span = rate - end
        left = apply("Pow", 1.0 - passed, exponent)
        decayed: Tensor = apply("AddV2", apply("Mul", span, left), end, name=scope)
        return decayed


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> Tensor:
    """``values[i]`` where `x` lies above ``boundaries[i - 1]`` and not above ``boundaries[i]``.

    Args:
        x: a scalar, usually the global step.
        boundaries: rising numbers or scalar tensors.
        values: one more than boundaries, all of one type.

    Raises:
        ValueError: if the numbers of boundaries and values do not fit, or types differ.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError(
            "The length of boundaries should be 1 less than the length of values, got "
            f"{len(boundaries)} and {len(values)}."
        )
    with name_scope(name, "PiecewiseConstant", [x, *boundaries, *values]) as scope:
        step = convert_to_tensor(x)
        limits = [_boundary(each, step.dtype.base_dtype) for each in boundaries]
        pieces = [convert_to_tensor(each) for each in values]
        for piece in pieces[1:]:
            if piece.dtype.base_dtype is not pieces[0].dtype.base_dtype:
                raise ValueError(
                    f"Values must have elements all with the same dtype ({piece.dtype.name} vs "
                    f"{pieces[0].dtype.name})."
                )
        found = pieces[-1]
        for limit, piece in reversed(list(zip(limits, pieces, strict=False))):
            found = apply("Select", apply("LessEqual", step, limit), piece, found)
        result: Tensor = apply("Identity", found, name=scope)
        return result


def _boundary(value: Any, dtype: dtypes.DType) -> Tensor:
    limit = convert_to_tensor(value)
    own = limit.dtype.base_dtype
    if own is dtype:
        return limit
    # Small Python ints become int32, whatever the type of the step.
    if (own, dtype) != _CASTS_OF_BOUNDARIES:
        raise ValueError(f"Boundaries ({own.name}) must have the same dtype as x ({dtype.name}).")
    converted: Tensor = cast(limit, dtype)
    return converted
