"""Vectorised special functions in double precision.

Every function takes a float64 array and returns one. Sources: W. J. Cody, "Rational Chebyshev
approximations for the error function" (1969), in the coefficients of Sun's fdlibm; Abramowitz and
Stegun, "Handbook of Mathematical Functions", chapters 6, 7, 9, 23; W. Gautschi, "A computational
procedure for incomplete gamma functions" (1979). The array is cut into ranges, each of which is
computed only for its own elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["digamma", "erf", "erfc", "lgamma", "piecewise", "polynomial", "zeta"]

Function = Callable[[Any], Any]

_EULER_GAMMA = 0.57721566490153286061
_HALF_LOG_TWO_PI = 0.91893853320467274178
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_TAIL_START = 10.0


def polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """``c[0] + c[1] x + c[2] x^2 + ...``"""
    result = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        result *= x
        result += coefficient
    return result


def piecewise(x: Any, default: float, *pieces: tuple[Any, Function]) -> Any:
    """`default` where no mask holds, else the function of the first mask that does."""
    result = np.full(x.shape, default)
    free = np.ones(x.shape, bool)
    for mask, function in pieces:
        chosen = mask & free
        free &= ~chosen
        if chosen.any():
            result[chosen] = function(x[chosen])
    return result


# Rational approximations of the error function on four ranges of |x|.
_NEAR_ZERO = (
    (
        1.28379167095512558561e-01,
        -3.25042107247001499370e-01,
        -2.84817495755985104766e-02,
        -5.77027029648944159157e-03,
        -2.37630166566501626084e-05,
    ),
    (
        1.0,
        3.97917223959155352819e-01,
        6.50222499887672944485e-02,
        5.08130628187576562776e-03,
        1.32494738004321644526e-04,
        -3.96022827877536812320e-06,
    ),
)
_ERF_AT_ONE = 8.45062911510467529297e-01
_NEAR_ONE = (
    (
        -2.36211856075265944077e-03,
        4.14856118683748331666e-01,
        -3.72207876035701323847e-01,
        3.18346619901161753674e-01,
        -1.10894694282396677476e-01,
        3.54783043256182359371e-02,
        -2.16637559486879084300e-03,
    ),
    (
        1.0,
        1.06420880400844228286e-01,
        5.40397917702171048937e-01,
        7.18286544141962662868e-02,
        1.26171219808761642112e-01,
        1.36370839120290507362e-02,
        1.19844998467991074170e-02,
    ),
)
_MIDDLE = (
    (
        -9.86494403484714822705e-03,
        -6.93858572707181764372e-01,
        -1.05586262253232909814e01,
        -6.23753324503260060396e01,
        -1.62396669462573470355e02,
        -1.84605092906711035994e02,
        -8.12874355063065934246e01,
        -9.81432934416914548592e00,
    ),
    (
        1.0,
        1.96512716674392571292e01,
        1.37657754143519042600e02,
        4.34565877475229228821e02,
        6.45387271733267880336e02,
        4.29008140027567833386e02,
        1.08635005541779435134e02,
        6.57024977031928170135e00,
        -6.04244152148580987438e-02,
    ),
)
_FAR = (
    (
        -9.86494292470009928597e-03,
        -7.99283237680523006574e-01,
        -1.77579549177547519889e01,
        -1.60636384855821916062e02,
        -6.37566443368389627722e02,
        -1.02509513161107724954e03,
        -4.83519191608651397019e02,
    ),
    (
        1.0,
        3.03380607434824582924e01,
        3.25792512996573918826e02,
        1.53672958608443695994e03,
        3.19985821950859553908e03,
        2.55305040643316442583e03,
        4.74528541206955367215e02,
        -2.24409524465858183362e01,
    ),
)


def _ratio(x: Any, table: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    return polynomial(x, table[0]) / polynomial(x, table[1])


def _erf_near_zero(x: Any) -> Any:
    return x + x * _ratio(x * x, _NEAR_ZERO)


def _erfc_tail(x: Any) -> Any:
    """erfc for x >= 1.25."""
    inverse = 1 / (x * x)
    middle = x < 1 / 0.35
    table = np.where(middle, _ratio(inverse, _MIDDLE), _ratio(inverse, _FAR))
    # exp(-x^2) from a rounded x, so that the square is exact, and the small rest.
    rounded = x.astype(np.float32).astype(np.float64)
    scale = np.exp(-rounded * rounded - 0.5625) * np.exp((rounded - x) * (rounded + x) + table)
    return scale / x


def erf(x: Any) -> Any:
    """``2 / sqrt(pi) * integral of exp(-t^2) from 0 to x``."""
    size = np.abs(x)
    positive = piecewise(
        size,
        np.nan,
        (size < 0.84375, _erf_near_zero),
        (size < 1.25, lambda a: _ERF_AT_ONE + _ratio(a - 1, _NEAR_ONE)),
        (size < 6, lambda a: 1 - _erfc_tail(a)),
        (size >= 6, np.ones_like),
    )
    return np.copysign(positive, x)


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, with full relative accuracy where that is small."""
    return piecewise(
        x,
        np.nan,
        (x < -6, lambda a: np.full_like(a, 2.0)),
        (x <= -1.25, lambda a: 2 - _erfc_tail(-a)),
        (x <= -0.84375, lambda a: 1 + _ERF_AT_ONE + _ratio(-a - 1, _NEAR_ONE)),
        (x < 0.25, lambda a: 1 - _erf_near_zero(a)),
        (x < 0.84375, lambda a: 0.5 - ((a - 0.5) + a * _ratio(a * a, _NEAR_ZERO))),
        (x < 1.25, lambda a: (1 - _ERF_AT_ONE) - _ratio(a - 1, _NEAR_ONE)),
        (x < 28, _erfc_tail),
        (x >= 28, np.zeros_like),
    )


def _zeta_minus_one(k: int) -> Any:
    """Riemann's zeta(k) - 1 by direct summation and the Euler-Maclaurin tail."""
    n = 50
    total = math.fsum(float(i) ** -k for i in range(2, n))
    total += n ** (1 - k) / (k - 1) + 0.5 * n**-k + k * n ** (-k - 1) / 12
    total -= k * (k + 1) * (k + 2) * n ** (-k - 3) / 720
    return total + k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * n ** (-k - 5) / 30240


# lgamma(2 + w) = (1 - gamma) w + sum over k >= 2 of (-1)^k (zeta(k) - 1) w^k / k   (A&S 6.1.33)
_LGAMMA_AT_TWO = (
    0.0,
    1 - _EULER_GAMMA,
    *((-1) ** k * _zeta_minus_one(k) / k for k in range(2, 30)),
)
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))


def _lgamma_at_two(x: Any) -> Any:
    return polynomial(x - 2, _LGAMMA_AT_TWO)


def _stirling(x: Any) -> Any:
    inverse = 1 / x
    tail = inverse * polynomial(inverse * inverse, _STIRLING)
    return (x - 0.5) * np.log(x) - x + _HALF_LOG_TWO_PI + tail


def _lgamma_shifted(x: Any) -> Any:
    """For 2.5 < x < 10: down to around 2 by ``lgamma(x) = log(x - 1) + lgamma(x - 1)``."""
    product = np.ones_like(x)
    x = x.copy()
    for _ in range(8):
        high = x > 2.5
        x = np.where(high, x - 1, x)
        product = np.where(high, product * x, product)
    return np.log(product) + _lgamma_at_two(x)


def _lgamma_positive(x: Any) -> Any:
    return piecewise(
        x,
        np.nan,
        (x < 0.5, lambda a: _lgamma_at_two(a + 2) - np.log1p(a) - np.log(a)),
        (x < 1.5, lambda a: polynomial(a - 1, _LGAMMA_AT_TWO) - np.log1p(a - 1)),
        (x <= 2.5, _lgamma_at_two),
        (x < _TAIL_START, _lgamma_shifted),
        (x < np.inf, _stirling),
        (x == np.inf, lambda a: a),
    )


def _sin_pi(x: Any) -> Any:
    """``|sin(pi x)|`` without the rounding of pi x."""
    return np.sin(np.pi * np.abs(x - np.rint(x)))


def lgamma(x: Any) -> Any:
    """``log |gamma(x)|``; infinite at 0, at the negative integers and at both infinities."""

    def reflected(a: Any) -> Any:
        pole = a == np.rint(a)
        product = np.where(pole, 1.0, np.abs(a) * _sin_pi(a))
        value = np.log(np.pi / product) - _lgamma_positive(-a)
        return np.where(pole, np.inf, value)

    return piecewise(
        x,
        np.nan,
        (np.isinf(x) | (x == 0), lambda a: np.full_like(a, np.inf)),
        (x > 0, _lgamma_positive),
        (x < 0, reflected),
    )


_DIGAMMA_TAIL = tuple(-b / (2 * k) for k, b in enumerate(_BERNOULLI, 1))


def _digamma_positive(x: Any) -> Any:
    x = x.copy()
    shift = np.zeros_like(x)
    for _ in range(10):
        low = x < _TAIL_START
        shift = np.where(low, shift - 1 / x, shift)
        x = np.where(low, x + 1, x)
    inverse = 1 / (x * x)
    return shift + np.log(x) - 0.5 / x + inverse * polynomial(inverse, _DIGAMMA_TAIL)


def digamma(x: Any) -> Any:
    """The derivative of `lgamma`; nan at 0 and at the negative integers."""

    def reflected(a: Any) -> Any:
        tangent = np.tan(np.pi * (a - np.rint(a)))
        return _digamma_positive(1 - a) - np.pi / tangent

    pole = (x <= 0) & (x == np.rint(x))
    return piecewise(
        x,
        np.nan,
        (pole, lambda a: np.full_like(a, np.nan)),
        (x == np.inf, lambda a: a),
        (x > 0, _digamma_positive),
        ((x < 0) & (x > -np.inf), reflected),
    )


_ZETA_TERMS = 10
_ZETA_TAIL = (*_BERNOULLI, 43867 / 798, -174611 / 330, 854513 / 138, -236364091 / 2730)


def _hurwitz(x: Any, q: Any) -> Any:
    """The sum of ``(k + q)^-x`` over k >= 0 by Euler-Maclaurin summation, q > -10."""
    total = np.zeros_like(x)
    for k in range(_ZETA_TERMS):
        total += (q + k) ** -x
    start = q + _ZETA_TERMS
    # Few terms may be negative or small; the tail needs a start of at least 10.
    while np.any(start < _ZETA_TERMS):
        short = start < _ZETA_TERMS
        total = np.where(short, total + start**-x, total)
        start = np.where(short, start + 1, start)
    power = start**-x
    total += power * start / (x - 1) + 0.5 * power
    term = x * power / start
    for k, bernoulli in enumerate(_ZETA_TAIL, 1):
        total += term * (bernoulli / math.factorial(2 * k))
        term = term * (x + 2 * k - 1) * (x + 2 * k) / (start * start)
    return total


def zeta(x: Any, q: Any) -> Any:
    """Hurwitz' zeta function, for x > 1 and q > 0; A&S 23.2.7.

    inf at x = 1 and where q is 0 or a negative integer; nan for x < 1, and for other q < 0 unless x
    is an integer.
    """
    x, q = np.broadcast_arrays(x, q)
    integer_x, integer_q = x == np.floor(x), q == np.floor(q)
    valid = (x > 1) & ((q > 0) | (integer_x & ~integer_q))
    result = np.where((x == 1) | ((x > 1) & (q <= 0) & integer_q), np.inf, np.nan)
    chosen = valid & np.isfinite(x) & np.isfinite(q)
    if chosen.any():
        result[chosen] = _hurwitz(x[chosen], q[chosen])
    return result
