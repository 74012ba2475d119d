"""The special functions against the standard library and against identities they must satisfy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flowgraph.graph.opdef import lookup
from flowgraph.ops import special

EULER_GAMMA = 0.5772156649015329


def kernel(op_type: str, *arrays: Any) -> Any:
    with np.errstate(all="ignore"):
        return lookup(op_type).numpy(*(np.asarray(each) for each in arrays))


def grid(low: float, high: float, count: int = 4001) -> Any:
    return np.linspace(low, high, count) + 1e-7


@pytest.mark.parametrize(
    ("op_type", "function", "low", "high"),
    [
        ("Erf", math.erf, -7.0, 7.0),
        ("Erfc", math.erfc, -7.0, 26.0),
        ("Lgamma", math.lgamma, 2.5, 500.0),
    ],
)
def test_relative_error_in_double(
    op_type: str, function: Callable[[float], float], low: float, high: float
) -> None:
    x = grid(low, high)
    expected = np.array([function(each) for each in x])
    np.testing.assert_allclose(kernel(op_type, x), expected, rtol=2e-14)


@pytest.mark.parametrize(("low", "high"), [(1e-6, 2.5), (-6.0, 0.0)])
def test_lgamma_near_its_zeros(low: float, high: float) -> None:
    x = grid(low, high)
    expected = np.array([math.lgamma(each) for each in x])
    np.testing.assert_allclose(kernel("Lgamma", x), expected, rtol=1e-13, atol=4e-15)


def test_erf_in_single_precision() -> None:
    x = grid(-5.0, 5.0).astype(np.float32)
    expected = np.array([math.erf(each) for each in x])
    found = kernel("Erf", x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=5e-7)


def test_digamma_recurrence_and_known_values() -> None:
    x = np.concatenate([grid(0.01, 30.0), grid(-5.4, -5.1)])
    np.testing.assert_allclose(
        kernel("Digamma", x + 1), kernel("Digamma", x) + 1 / x, rtol=1e-13, atol=1e-13
    )
    known = kernel("Digamma", np.array([1.0, 0.5]))
    np.testing.assert_allclose(known, [-EULER_GAMMA, -EULER_GAMMA - 2 * math.log(2)], rtol=1e-14)


def test_zeta_and_polygamma_known_values() -> None:
    found = kernel("Zeta", np.array([2.0, 4.0, 1.0]), np.array([1.0, 1.0, 1.0]))
    np.testing.assert_allclose(found, [math.pi**2 / 6, math.pi**4 / 90, np.inf], rtol=1e-14)
    trigamma = kernel("Polygamma", np.array([1.0, 1.0]), np.array([1.0, 0.5]))
    np.testing.assert_allclose(trigamma, [math.pi**2 / 6, math.pi**2 / 2], rtol=1e-14)


def test_igamma_of_whole_numbers_is_a_poisson_tail() -> None:
    x = grid(0.05, 40.0, 301)
    term, total = np.ones_like(x), np.ones_like(x)
    for a in range(1, 6):
        expected = np.exp(-x) * total
        np.testing.assert_allclose(kernel("Igammac", np.float64(a), x), expected, rtol=1e-12)
        term = term * x / a
        total = total + term


def test_igamma_gradient_by_a_is_the_difference_quotient() -> None:
    a, x = np.array([[0.7], [3.0], [12.0]]), np.array([0.4, 3.0, 15.0])
    step = 1e-6
    quotient = (kernel("Igamma", a + step, x) - kernel("Igamma", a - step, x)) / (2 * step)
    np.testing.assert_allclose(kernel("IgammaGradA", a, x), quotient, rtol=1e-6, atol=1e-9)


def test_bessel_functions_agree_where_series_and_asymptotics_meet() -> None:
    x = np.array([29.999999, 30.000001])
    for op_type in ("BesselI0e", "BesselI1e"):
        below, above = kernel(op_type, x)
        assert math.isclose(below, above, rel_tol=1e-7)
        np.testing.assert_allclose(
            kernel(op_type, -x), (-1 if op_type == "BesselI1e" else 1) * kernel(op_type, x)
        )
    np.testing.assert_allclose(kernel("BesselI0e", np.array([1.0])), 0.46575960759364043)
    np.testing.assert_allclose(kernel("BesselI1e", np.array([1.0])), 0.20791041534970847)


def test_every_special_function_has_a_docstring() -> None:
    for name in special.__all__:
        assert getattr(special, name).__doc__, name
