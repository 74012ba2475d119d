"""Exponentials, logarithms, powers and hyperbolic functions of vectors, for float32 and float64.

They follow C's <math.h> for signed zeros, denormals, infinities and NaN. `ERRORS` holds the largest
errors in units in the last place, for float32 and float64; the tests hold them to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from flowgraph.backends.native import coefficients as fits
from flowgraph.backends.native.builder import Vec, fma, horner, where
from flowgraph.backends.native.formats import Format, format_of, in_double

__all__ = ["ERRORS", "FUNCTIONS"]


def _at_most(x: Vec, bound: float) -> Vec:
    return where(x > bound, bound, x)


def _power_of_two(exponent: Vec, form: Format) -> Vec:
    return ((exponent + form.bias) << form.digits).as_float()


def _binary_exponent(x: Vec, form: Format) -> tuple[Vec, Vec]:
    """(integer n, r) with ``x = n * ln(2) + r`` and r as small as can be."""
    shifted = fma(x, 1 / math.log(2), form.round_by)
    n = shifted - form.round_by
    r = fma(n, -form.ln2[1], fma(n, -form.ln2[0], x))
    return shifted.as_int() - _bits_of(form.round_by, x), r


def _bits_of(number: float, x: Vec) -> Vec:
    return x.like(number).as_int()


def _expm1_small(r: Vec, form: Format) -> Vec:
    return fma(r * r, horner(r, form.expm1), r)


def _exp(x: Vec, halvings: int = 0) -> Vec:
    """``exp(x) / 2 ** halvings``, without overflow on the way."""
    form = format_of(x)
    bounded = _at_most(where(x < form.underflows, form.underflows, x), form.overflows)
    n, r = _binary_exponent(bounded, form)
    return _scaled(_expm1_small(r, form) + 1, n - halvings, form)


def _scaled(x: Vec, n: Vec, form: Format) -> Vec:
    # In two steps: 2 ** n itself may be out of range, and the second step rounds denormals once.
    half = n >> 1
    return x * _power_of_two(half, form) * _power_of_two(n - half, form)


def exp(x: Vec) -> Vec:
    return _exp(x)


def expm1(x: Vec) -> Vec:
    form = format_of(x)
    bounded = _at_most(where(x < -2 * form.saturates, -2 * form.saturates, x), form.overflows - 0.5)
    n, r = _binary_exponent(bounded, form)
    half_scale = _power_of_two(n - 1, form)
    result = fma(_expm1_small(r, form), half_scale, half_scale - 0.5)
    return where(x.fabs() < 2.0 ** (-form.digits - 1), x, result + result)


def tanh(x: Vec) -> Vec:
    t = expm1(2 * _at_most(x.fabs(), format_of(x).saturates))
    return (t / (t + 2)).copysign(x)


def sinh(x: Vec) -> Vec:
    a = x.fabs()
    t = expm1(a)
    half = _exp(a, halvings=1)
    return where(a < 1, 0.5 * (t + t / (t + 1)), half - 0.25 / half).copysign(x)


def cosh(x: Vec) -> Vec:
    half = _exp(x.fabs(), halvings=1)
    return half + 0.25 / half


def _decomposed(x: Vec, form: Format) -> tuple[Vec, Vec]:
    """(k, m) with ``x = 2 ** k * m`` and m between sqrt(1/2) and sqrt(2), for positive x."""
    tiny = x < form.smallest
    shift = form.digits + 1
    bits = where(tiny, x * 2.0**shift, x).as_int()
    root = _bits_of(math.sqrt(0.5), x)
    offset = bits - root
    k = (offset >> form.digits) - where(tiny, bits.like(shift), bits.like(0))
    m = ((offset & ((1 << form.digits) - 1)) + root).as_float()
    return k.to(x.dtype), m


def _log_of_parts(k: Vec, f: Vec, correction: Vec | float = 0.0) -> Vec:
    """``k * ln(2) + log(1 + f) + correction``."""
    form = format_of(f)
    square = f * f
    low = fma(k, form.ln2[1], correction)
    if f.dtype == "float32":
        tail = fma(square * f, horner(f, fits.LOG_F32), -0.5 * square) + low
    else:
        s = f / (f + 2)
        z = s * s
        half = 0.5 * square
        tail = fma(s, fma(z, horner(z, fits.LOG_F64), half), low) - half
    return fma(k, form.ln2[0], f + tail)


def _log_limits(x: Vec, zero: float, result: Vec) -> Vec:
    """The values at and beyond the ends of log's domain, which begins at `zero`."""
    result = where(x == math.inf, x, result)
    return where(x > zero, result, where(x == zero, -math.inf, x.like(math.nan)))


def log(x: Vec) -> Vec:
    k, m = _decomposed(x, format_of(x))
    return _log_limits(x, 0.0, _log_of_parts(k, m - 1))


def log1p(x: Vec) -> Vec:
    form = format_of(x)
    u = x + 1
    k, m = _decomposed(u, form)
    # What was lost in 1 + x.
    lost = where(k > 1, 1 - (u - x), x - (u - 1)) / u
    near = k == 0
    result = _log_of_parts(k, where(near, x, m - 1), where(near, 0.0, lost))
    return where(x.fabs() < 2.0 ** (-form.digits - 1), x, _log_limits(x, -1.0, result))


def arcsinh(x: Vec) -> Vec:
    a = x.fabs()
    large = a > 2.0 ** (format_of(x).digits + 2)
    square = a * a
    u = where(large, a, a + square / ((square + 1).sqrt() + 1))
    return (log1p(u) + where(large, math.log(2), a.like(0))).copysign(x)


def arccosh(x: Vec) -> Vec:
    large = x > 2.0 ** (format_of(x).digits + 2)
    t = x - 1
    u = where(large, t, t + (t * (t + 2)).sqrt())
    result = log1p(u) + where(large, math.log(2), x.like(0))
    return where(x < 1, math.nan, result)


def arctanh(x: Vec) -> Vec:
    a = x.fabs()
    return (0.5 * log1p(2 * a / (1 - a))).copysign(x)


def _log_in_two_parts(x: Vec) -> tuple[Vec, Vec]:
    """log of a positive float64 as an unevaluated sum, with some 65 bits."""
    form = format_of(x)
    k, m = _decomposed(x, form)
    f = m - 1
    below = f + 2
    s = f / below
    s_low = (fma(-s, below, f) - s * (f - (below - 2))) / below
    z = s * s
    z_low = fma(s, s, -z) + 2 * s * s_low
    cube = z * s
    cube_low = fma(z, s, -cube) + z * s_low + z_low * s
    # The series after its first term: cube * (2/3 + z * ...).
    small = fma(z, horner(z, fits.POW_F64), _TWO_THIRDS[1])
    factor = small + _TWO_THIRDS[0]
    factor_low = small - (factor - _TWO_THIRDS[0])
    rest = cube * factor
    rest_low = fma(cube, factor, -rest) + cube * factor_low + cube_low * factor
    high = 2 * s + rest
    low = (rest - (high - 2 * s)) + rest_low + 2 * s_low
    shift = k * form.ln2[0]
    total = shift + high
    low = (high - (total - shift)) + fma(k, form.ln2[1], low)
    result = total + low
    return result, low - (result - total)


_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)


def power(x: Vec, y: Vec) -> Vec:
    """``x ** y``; NaN where x is negative and y is no integer."""
    if x.dtype == "float32":
        magnitude = _power_in_double(x.fabs(), y)
    else:
        magnitude = _power_of_magnitude(x.fabs(), y)
    whole, half = y.rint() == y, 0.5 * y
    odd = whole & (half.rint() != half)
    result = where(odd, magnitude.copysign(x), magnitude)
    result = where((x < 0) & (x > -math.inf) & ~whole, math.nan, result)
    certain = (y == 0) | (x == 1) | ((x == -1) & (y.fabs() == math.inf))
    return where(certain, 1.0, result)


# Rounding to float32 hides the errors of log and exp.
_power_in_double = in_double(lambda x, y: _exp(y * log(x)))


def _power_of_magnitude(x: Vec, y: Vec) -> Vec:
    form = format_of(x)
    high, low = _log_in_two_parts(x)
    finite = (x > 0) & (x < math.inf)
    high = where(finite, high, where(x == 0, -math.inf, x))
    exponent = y * high
    finite = finite & (exponent.fabs() < -2 * form.underflows)
    correction = where(finite, fma(y, high, -exponent) + y * low, exponent.like(0))
    bounded = where(exponent < form.underflows, form.underflows, exponent)
    n, r = _binary_exponent(_at_most(bounded, form.overflows), form)
    return _scaled(_expm1_small(r + correction, form) + 1, n, form)


def erf(x: Vec) -> Vec:
    form = format_of(x)
    a = x.fabs()
    near = x * horner(x * x, form.erf_small)
    far = (1 - exp(horner(_at_most(a, form.erf_range) - 1, form.erf_large))).copysign(x)
    return where(a < 1, near, far)


FUNCTIONS: dict[str, Callable[..., Vec]] = {
    "arccosh": arccosh,
    "arcsinh": arcsinh,
    "arctanh": arctanh,
    "cosh": cosh,
    "erf": erf,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "power": power,
    "sinh": sinh,
    "tanh": tanh,
}

ERRORS = {
    "arccosh": (4, 4),
    "arcsinh": (4, 4),
    "arctanh": (4, 4),
    "cosh": (3, 3),
    "erf": (3, 3),
    "exp": (2, 2),
    "expm1": (3, 3),
    "log": (2, 2),
    "log1p": (2, 2),
    "power": (1, 2),
    "sinh": (3, 3),
    "tanh": (3, 3),
}
