"""Incomplete gamma and Bessel functions by their series and continued fractions.

Sources: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.5.29, 6.5.31, 9.6.10, 9.7.1;
W. Gautschi, "A computational procedure for incomplete gamma functions" (1979). All functions take
and return float64 arrays; loops run over terms, never over elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.ops.special_kernels import digamma, lgamma

__all__ = [
    "bessel_i0e",
    "bessel_i1e",
    "betainc",
    "gamma_sample_derivative",
    "igamma",
    "igamma_grad_a",
    "igammac",
]

_EPSILON = 2.0**-53
_MOST_TERMS = 5000


def _prefactor(a: Any, x: Any) -> Any:
    """``x^a exp(-x) / gamma(a)``."""
    return np.exp(a * np.log(x) - x - lgamma(a))


def _igamma_series(a: Any, x: Any) -> Any:
    """P(a, x) for x < a + 1, all terms positive."""
    term = np.ones_like(x)
    total = np.ones_like(x)
    divisor = a.copy()
    for _ in range(_MOST_TERMS):
        divisor += 1
        term = term * (x / divisor)
        total += term
        if not np.any(term > total * _EPSILON):
            break
    return total * _prefactor(a, x) / a


def _igammac_fraction(a: Any, x: Any) -> Any:
    """Q(a, x) for x >= a + 1, by Lentz's evaluation of the continued fraction."""
    tiny = 1e-300
    b = x + 1 - a
    c = np.full_like(x, 1 / tiny)
    d = 1 / b
    value = d.copy()
    for i in range(1, _MOST_TERMS):
        numerator = -i * (i - a)
        b = b + 2
        d = numerator * d + b
        d = 1 / np.where(np.abs(d) < tiny, tiny, d)
        c = b + numerator / c
        c = np.where(np.abs(c) < tiny, tiny, c)
        step = c * d
        value *= step
        if not np.any(np.abs(step - 1) > _EPSILON):
            break
    return value * _prefactor(a, x)


def _regularised(a: Any, x: Any, lower: bool) -> Any:
    a, x = np.broadcast_arrays(a, x)
    result = np.full(a.shape, np.nan)
    inside = (a > 0) & (x >= 0)
    edges = inside & ((x == 0) | np.isinf(x))
    result[edges] = (x[edges] > 0) == lower
    small = inside & ~edges & (x < a + 1)
    large = inside & ~edges & ~small
    if small.any():
        value = _igamma_series(a[small], x[small])
        result[small] = value if lower else 1 - value
    if large.any():
        value = _igammac_fraction(a[large], x[large])
        result[large] = 1 - value if lower else value
    return result


def igamma(a: Any, x: Any) -> Any:
    """The lower regularised incomplete gamma function P(a, x); nan for a <= 0 or x < 0."""
    return _regularised(a, x, lower=True)


def igammac(a: Any, x: Any) -> Any:
    """The upper regularised incomplete gamma function ``Q(a, x) = 1 - P(a, x)``."""
    return _regularised(a, x, lower=False)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """The derivative of P(a, x) by a, from the terms of its series."""
    a, x = np.broadcast_arrays(a, x)
    result = np.where((a > 0) & (x >= 0), 0.0, np.nan)
    inside = (a > 0) & (x > 0) & np.isfinite(x)
    if inside.any():
        chosen_a, chosen_x = a[inside], x[inside]
        result[inside] = _grad_a_series(chosen_a, chosen_x, _prefactor(chosen_a, chosen_x))
    return result


def gamma_sample_derivative(a: Any, x: Any) -> Any:
    """``-(dP/da) / (dP/dx)`` for P(a, x); the factor that both derivatives share cancels."""
    a, x = np.broadcast_arrays(a, x)
    result = np.where((a > 0) & (x >= 0), 0.0, np.nan)
    inside = (a > 0) & (x > 0) & np.isfinite(x)
    if inside.any():
        result[inside] = -_grad_a_series(a[inside], x[inside], x[inside])
    return result


def _grad_a_series(a: Any, x: Any, factor: Any) -> Any:
    """The sum of ``x^(a+n) exp(-x) / gamma(a+n+1) * (log(x) - digamma(a+n+1))`` over n, with
    `factor` in place of ``x^a exp(-x) / gamma(a)``.
    """
    log_x = np.log(x)
    divisor = a + 1
    slope = digamma(divisor)
    term = factor / a
    total = term * (log_x - slope)
    for _ in range(_MOST_TERMS):
        term = term * (x / divisor)
        slope = slope + 1 / divisor
        divisor = divisor + 1
        step = term * (log_x - slope)
        total += step
        if np.all((np.abs(step) <= np.abs(total) * _EPSILON) & (divisor > x)):
            break
    return total


_BESSEL_SERIES_UP_TO = 30.0


def _bessel_series(size: Any, order: int) -> Any:
    """``exp(-x) (x/2)^order * sum of (x^2/4)^k / (k! (k+order)!)``, all terms positive."""
    quarter = size * size / 4
    term = np.exp(-size) * (size / 2) ** order
    total = term.copy()
    for k in range(1, 100):
        term = term * (quarter / (k * (k + order)))
        total += term
    return total


def _bessel_far(size: Any, order: int) -> Any:
    """The asymptotic series of ``exp(-x) I_order(x)``."""
    term = np.ones_like(size)
    total = np.ones_like(size)
    for k in range(1, 30):
        term = term * -((4 * order**2 - (2 * k - 1) ** 2) / (8 * k * size))
        total += term
    return total / np.sqrt(2 * np.pi * size)


def _bessel(x: Any, order: int) -> Any:
    size = np.abs(x)
    near = size <= _BESSEL_SERIES_UP_TO
    value = np.where(near, _bessel_series(np.minimum(size, _BESSEL_SERIES_UP_TO), order), 0.0)
    far = _bessel_far(np.maximum(size, _BESSEL_SERIES_UP_TO), order)
    value = np.where(near | np.isnan(x), value, far)
    value = np.where(np.isnan(x), np.nan, value)
    return np.copysign(value, x) if order else value


def bessel_i0e(x: Any) -> Any:
    """``exp(-|x|) I_0(x)``, the scaled modified Bessel function of order 0."""
    return _bessel(x, 0)


def bessel_i1e(x: Any) -> Any:
    """``exp(-|x|) I_1(x)``, the scaled modified Bessel function of order 1."""
    return _bessel(x, 1)


def _beta_fraction(a: Any, b: Any, x: Any) -> Any:
    """I_x(a, b) for x < (a + 1) / (a + b + 2), by Lentz's evaluation of A&S 26.5.8."""
    tiny = 1e-300
    c = np.ones_like(x)
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / np.where(np.abs(d) < tiny, tiny, d)
    value = d.copy()
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 + numerator * d
            d = 1 / np.where(np.abs(d) < tiny, tiny, d)
            c = 1 + numerator / c
            c = np.where(np.abs(c) < tiny, tiny, c)
            step = c * d
            value *= step
        if not np.any(np.abs(step - 1) > 2 * _EPSILON):
            break
    log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
    return value * np.exp(a * np.log(x) + b * np.log1p(-x) - log_beta) / a


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function I_x(a, b); nan unless a, b > 0 and 0 <= x <= 1."""
    a, b, x = np.broadcast_arrays(a, b, x)
    result = np.full(a.shape, np.nan)
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    edges = valid & ((x == 0) | (x == 1))
    result[edges] = x[edges]
    inside = valid & ~edges
    near = inside & (x < (a + 1) / (a + b + 2))
    far = inside & ~near
    if near.any():
        result[near] = _beta_fraction(a[near], b[near], x[near])
    if far.any():
        result[far] = 1 - _beta_fraction(b[far], a[far], 1 - x[far])
    return result
