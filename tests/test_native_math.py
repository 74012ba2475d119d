"""The native backend's elementary functions, held to their errors over all magnitudes."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from flowgraph.backends.native import angles
from flowgraph.backends.native import math as exponentials
from flowgraph.backends.native.engine import Engine, Machine
from flowgraph.backends.native.kernels import call_of
from flowgraph.backends.native.recipe import Recipe, Step

Array = np.ndarray[Any, Any]

ERRORS = {**exponentials.ERRORS, **angles.ERRORS}
TWO_ARGUMENTS = ("arctan2", "power")
SPECIAL = [
    0.0,
    -0.0,
    1,
    -1,
    0.5,
    -0.5,
    2,
    3,
    -3,
    math.inf,
    -math.inf,
    math.nan,
    2.0**24,
    -(2.0**53),
]
# Sums, roots and quotients of these overflow or underflow.
EXTREME = [np.finfo(np.float32).max, np.finfo(np.float32).tiny, 1e-45, 1e300, 5e-324, 89.4, 710.4]


@functools.cache
def engine(vector_bytes: int) -> Engine:
    return Engine(Machine.host(limit=vector_bytes))


def computed(function: str, *arrays: Array, vector_bytes: int = 64) -> Array:
    """The function of arrays of one shape, by its native kernel."""
    dtype = arrays[0].dtype.name
    recipe = Recipe((dtype,) * len(arrays), (Step(function, tuple(range(len(arrays))), dtype),))
    shapes = [array.shape for array in arrays]
    kernel, _ = call_of(recipe, shapes[0], shapes, engine(vector_bytes))
    result = np.full_like(arrays[0], 7)
    assert kernel(result, *arrays)
    return result


def numbers(dtype: Any, per_exponent: int) -> Array:
    """Numbers of every sign and exponent, the denormals, infinities and NaN included, and more of
    those of everyday size."""
    rng = np.random.default_rng(1)
    form = np.finfo(dtype)
    bits = np.dtype(f"u{form.bits // 8}")
    heads = np.arange(1 << (form.bits - form.nmant), dtype=bits)[:, None]
    tails = rng.integers(0, 1 << form.nmant, (heads.size, per_exponent), dtype=bits)
    tails[:, 0] = 0
    tails[:, 1] = (1 << form.nmant) - 1
    spread = (heads << bits.type(form.nmant) | tails).view(dtype).ravel()
    usual = [rng.uniform(-size, size, 5000) for size in (0.5, 1, 2, 10, 100, 720)]
    with np.errstate(all="ignore"):
        return np.concatenate([spread, *usual, SPECIAL, EXTREME]).astype(dtype)


def arguments(function: str, dtype: Any, per_exponent: int) -> list[Array]:
    first = numbers(dtype, per_exponent)
    if function not in TWO_ARGUMENTS:
        return [first]
    rng = np.random.default_rng(2)
    second = rng.permutation(first)
    second[: first.size // 2] = rng.uniform(-30, 30, first.size // 2)
    second[: first.size // 8] = np.rint(second[: first.size // 8])
    moderate = np.exp(rng.uniform(-5, 5, 20000)), rng.uniform(-120, 120, 20000)
    pairs = np.meshgrid(SPECIAL + EXTREME, SPECIAL + EXTREME)
    with np.errstate(all="ignore"):
        return [
            np.concatenate([some, more, pair.ravel()]).astype(dtype)
            for some, more, pair in zip((first, second), moderate, pairs, strict=True)
        ]


def exact(function: str, *arrays: Array) -> Array:
    """The function in the next wider format."""
    wider = np.float64 if arrays[0].dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"):
        wide = [each.astype(wider) for each in arrays]
        if function == "erf":
            return np.array([math.erf(each) for each in wide[0].tolist()])
        return np.asarray(getattr(np, function)(*wide))


def ulps(found: Array, expected: Array) -> Array:
    """Errors in units in the last place; infinite where a NaN, infinity or sign is wrong."""
    with np.errstate(all="ignore"):
        nearest = expected.astype(found.dtype)
        unit = np.spacing(np.abs(nearest)).astype(expected.dtype)
        error = np.abs(found.astype(expected.dtype) - expected) / unit
    regular = np.isfinite(nearest) & np.isfinite(found)
    same = (nearest == found) | (np.isnan(nearest) & np.isnan(found))
    error = np.where(regular, error, np.where(same, 0, np.inf))
    wrong_sign = (np.signbit(nearest) != np.signbit(found)) & ~np.isnan(nearest)
    return np.where(wrong_sign, np.inf, error).astype(np.float64)


@pytest.mark.parametrize("function", sorted(ERRORS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_errors_are_within_the_documented_limits(function: str, dtype: Any) -> None:
    if dtype is np.float64 and np.finfo(np.longdouble).nmant <= 52:
        pytest.skip("there is no wider format to compare with")
    given = arguments(function, dtype, 400 if dtype is np.float32 else 25)
    error = ulps(computed(function, *given), exact(function, *given))
    worst = int(np.argmax(error))
    limit = ERRORS[function][dtype is np.float64]
    assert error[worst] <= limit, [each[worst] for each in given]


@pytest.mark.parametrize("function", sorted(ERRORS))
@pytest.mark.parametrize("vector_bytes", [16, 32])
def test_the_width_of_vectors_changes_no_bit(function: str, vector_bytes: int) -> None:
    for dtype in (np.float32, np.float64):
        given = [each[::37].copy() for each in arguments(function, dtype, 5)]
        expected = computed(function, *given)
        found = computed(function, *given, vector_bytes=vector_bytes)
        np.testing.assert_array_equal(found.view(np.uint8), expected.view(np.uint8))


def test_every_function_has_its_limit() -> None:
    assert set(ERRORS) == {*exponentials.FUNCTIONS, *angles.FUNCTIONS}
