"""Trigonometric functions of vectors and their inverses, for float32 and float64.

They follow C's <math.h> for signed zeros, denormals, infinities and NaN. `ERRORS` holds the largest
errors in units in the last place, for float32 and float64; the tests hold them to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowgraph.backends.native import coefficients as fits
from flowgraph.backends.native import llvm
from flowgraph.backends.native.builder import Vec, fma, horner, where
from flowgraph.backends.native.formats import format_of, in_double

__all__ = ["ERRORS", "FUNCTIONS"]

# What float64's pi lacks.
_PI_LOW = 1.2246467991473532e-16


def _turned(x: Vec) -> tuple[Vec, Vec, Vec]:
    """(q, sin r, cos r) with ``x = q * pi / 2 + r``, for x within `Format.turns`."""
    form = format_of(x)
    shifted = fma(x, 2 / math.pi, form.round_by)
    n = shifted - form.round_by
    r = x
    for part in form.half_pi:
        r = fma(n, -part, r)
    z = r * r
    sine = where(r == 0, r, fma(r * z, horner(z, form.sin), r))
    cosine = fma(z * z, horner(z, form.cos), fma(z, -0.5, 1.0))
    return shifted.as_int(), sine, cosine


def _far(x: Vec, usual: Vec, *names: str) -> Vec:
    """`usual`, but the quotient of the C library's functions where x is too large for `_turned`."""
    lanes, b, ir = x.lanes, x.lanes.ir, llvm.ir
    double = ir.DoubleType()

    def exact(element: Any) -> Any:
        wide = element if x.dtype == "float64" else b.fpext(element, double)
        values = [lanes.call(name, double, [wide]) for name in names]
        value = values[0] if len(values) == 1 else b.fdiv(*values)
        return value if x.dtype == "float64" else b.fptrunc(value, element.type)

    return lanes.repaired(usual, x.fabs() > format_of(x).turns, x, exact)


def _chosen(q: Vec, even: Vec, odd: Vec) -> Vec:
    """What belongs to quadrant q, negated in the lower half of the circle."""
    sign = (q & 2) << (q.bits - 2)
    return (where((q & 1) != 0, odd, even).as_int() ^ sign).as_float()


def sin(x: Vec) -> Vec:
    q, sine, cosine = _turned(x)
    return _far(x, _chosen(q, sine, cosine), "sin")


def cos(x: Vec) -> Vec:
    q, sine, cosine = _turned(x)
    return _far(x, _chosen(q + 1, sine, cosine), "cos")


def tan(x: Vec) -> Vec:
    q, sine, cosine = _turned(x)
    odd = (q & 1) != 0
    return _far(x, where(odd, -cosine, sine) / where(odd, sine, cosine), "sin", "cos")


def _arctan_ratio(y: Vec, x: Vec) -> Vec:
    """``arctan(y / x)`` for positive y and x."""
    large, middle = y > x * math.tan(3 * math.pi / 8), y > x * math.tan(math.pi / 8)
    above = where(large, -x, where(middle, y - x, y))
    below = where(large, y, where(middle, y + x, x))
    t = above / below
    z = t * t
    high = where(large, math.pi / 2, where(middle, math.pi / 4, y.like(0)))
    low = where(large, _PI_LOW / 2, where(middle, _PI_LOW / 4, y.like(0)))
    return high + (t + fma(t * z, horner(z, fits.ATAN_F64), low))


def _arctan(x: Vec) -> Vec:
    return _arctan_ratio(x.fabs(), x.like(1)).copysign(x)


def _arctan2(y: Vec, x: Vec) -> Vec:
    # Sums of the largest numbers must not overflow.
    scale = where((x.fabs() > 2.0**1000) | (y.fabs() > 2.0**1000), 0.0625, x.like(1))
    up, across = y.fabs() * scale, x.fabs() * scale
    level = (up == across) & ((up == 0) | (up == math.inf))
    # 0 / 0 and inf / inf count as 0 / 1 and 1 / 1.
    angle = _arctan_ratio(
        where(level, where(up == 0, 0.0, up.like(1)), up), where(level, 1.0, across)
    )
    left = x.as_int() < 0
    turned = (math.pi - angle) + _PI_LOW
    result = where(left, turned, angle).copysign(y)
    return where((x != x) | (y != y), math.nan, result)


def _arcsin(x: Vec) -> Vec:
    return _arctan2(x, ((1 - x) * (1 + x)).sqrt())


def _arccos(x: Vec) -> Vec:
    return 2 * _arctan2((1 - x).sqrt(), (1 + x).sqrt())


FUNCTIONS: dict[str, Callable[..., Vec]] = {
    "arccos": in_double(_arccos),
    "arcsin": in_double(_arcsin),
    "arctan": in_double(_arctan),
    "arctan2": in_double(_arctan2),
    "cos": cos,
    "sin": sin,
    "tan": tan,
}

ERRORS = {
    "arccos": (1, 4),
    "arcsin": (1, 4),
    "arctan": (1, 3),
    "arctan2": (1, 3),
    "cos": (2, 2),
    "sin": (2, 2),
    "tan": (4, 4),
}
