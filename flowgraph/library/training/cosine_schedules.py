"""Learning rates that follow a cosine."""

from __future__ import annotations

import math
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.seeds import get_seed
from flowgraph.graph.tensor import Tensor
from flowgraph.library.training.schedules import require_step
from flowgraph.ops.cast import cast

__all__ = [
    "cosine_decay",
    "cosine_decay_restarts",
    "linear_cosine_decay",
    "noisy_linear_cosine_decay",
]


def _cosine(periods: Any) -> Tensor:
    """``(1 + cos(pi * periods)) / 2``: from one at 0 to zero at 1."""
    wave: Tensor = 0.5 * (1.0 + apply("Cos", constant(math.pi, periods.dtype) * periods))
    return wave


def _step_within(global_step: Any, steps: Tensor) -> Tensor:
    step: Tensor = apply("Minimum", cast(global_step, steps.dtype.base_dtype), steps)
    return step


def cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``.

    Where step is at most `decay_steps`; Loshchilov and Hutter (2016).

    Args:
        learning_rate: the rate at step 0, a floating-point scalar.
        global_step: the step, an integer scalar.
        decay_steps: how many steps the decay takes.
        alpha: what fraction of the rate is left then.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "cosine_decay")
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps = cast(decay_steps, rate.dtype.base_dtype)
        wave = _cosine(_step_within(global_step, steps) / steps)
        decayed: Tensor = apply("Mul", rate, (1 - alpha) * wave + alpha)
        return decayed


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Cosine decays one after the other; Loshchilov and Hutter (2016).

    Args:
        learning_rate: the rate at step 0, a floating-point scalar.
        global_step: the step, an integer scalar.
        first_decay_steps: how many steps the first decay takes.
        t_mul: by what the length of each further one grows.
        m_mul: by what the rate at each restart changes.
        alpha: what fraction of the rate is left at the end of each.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "cosine decay restarts")
    with name_scope(name, "SGDRDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        first = cast(first_decay_steps, dtype)
        least, growth, change = (cast(each, dtype) for each in (alpha, t_mul, m_mul))
        passed = cast(global_step, dtype) / first
        restart, fraction = _restarts(passed, growth)
        wave = 0.5 * apply("Pow", change, restart)
        wave = wave * (1.0 + apply("Cos", constant(math.pi, dtype) * fraction))
        decayed: Tensor = apply("Mul", rate, (1 - least) * wave + least, name=scope)
        return decayed


def _restarts(passed: Tensor, growth: Tensor) -> tuple[Tensor, Tensor]:
    """How many decays are over, and what part of the present one has passed."""
    equal = apply("Equal", growth, 1.0)
    # With equal lengths the series below would divide by zero; another growth takes its place.
    other = apply("Select", equal, constant(2.0, growth.dtype), growth)
    length = apply("Log", 1.0 - passed * (1.0 - other)) / apply("Log", other)
    growing = apply("Floor", length)
    power = apply("Pow", other, growing)
    over = (1.0 - power) / (1.0 - other)
    steady = apply("Floor", passed)
    restart = apply("Select", equal, steady, growing)
    fraction = apply("Select", equal, passed - steady, (passed - over) / power)
    return restart, fraction


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """``learning_rate * ((alpha + linear) * cosine + beta)``; Bello et al. (2017).

    ``linear = 1 - step / decay_steps`` and ``cosine = (1 + cos(2 pi num_periods step /
    decay_steps)) / 2``, where step is at most `decay_steps`.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "linear_cosine_decay")
    with name_scope(name, "LinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        steps = cast(decay_steps, dtype)
        periods, raised, least = (cast(each, dtype) for each in (num_periods, alpha, beta))
        step = _step_within(global_step, steps)
        linear = (steps - step) / steps
        fraction = step / steps
        wave = _cosine(2.0 * periods * fraction)
        decayed: Tensor = apply("Mul", rate, (raised + linear) * wave + least, name=scope)
        return decayed


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """`linear_cosine_decay` with noise on the linear part; Bello et al. (2017).

    The noise is normal with the variance ``initial_variance / (1 + step) ** variance_decay``.

    Raises:
        ValueError: if `global_step` is None.
    """
    require_step(global_step, "noisy_linear_cosine_decay")
    with name_scope(name, "NoisyLinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        dtype = rate.dtype.base_dtype
        steps = cast(decay_steps, dtype)
        given = (initial_variance, variance_decay, num_periods, alpha, beta)
        variance, falling, periods, raised, least = (cast(each, dtype) for each in given)
        step = _step_within(global_step, steps)
        linear = (steps - step) / steps
        deviation = apply("Sqrt", variance / apply("Pow", 1.0 + step, falling))
        noisy = linear + _normal(deviation, dtype)
        fraction = step / steps
        wave = _cosine(2.0 * periods * fraction)
        decayed: Tensor = apply("Mul", rate, (raised + noisy) * wave + least, name=scope)
        return decayed


def _normal(deviation: Tensor, dtype: dtypes.DType) -> Tensor:
    """A random number of mean zero."""
    with name_scope(None, "random_normal") as scope:
        shape = constant([], dtypes.int32, name="shape")
        mean = constant(0.0, dtype, name="mean")
        seed, seed2 = get_seed(None)
        number = apply("RandomStandardNormal", shape, dtype=dtype, seed=seed or 0, seed2=seed2 or 0)
        sample: Tensor = apply("AddV2", number * deviation, mean, name=scope)
        return sample
