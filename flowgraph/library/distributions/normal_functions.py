"""The normal distribution function, its logarithm and its inverse; that of Laplace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.constants import zeros_like
from flowgraph.ops.powers import sqrt, square
from flowgraph.ops.select import where_v2
from flowgraph.ops.special import erf, erfc
from flowgraph.ops.transcendental import exp, log, log1p

__all__ = ["log_cdf_laplace", "log_ndtr", "ndtr", "ndtri"]


def _tensor(x: Any, name: str, function: str) -> Tensor:
    tensor = convert_to_tensor(x, name=name)
    if tensor.dtype.base_dtype not in (dtypes.float32, dtypes.float64):
        raise TypeError(f"{name}.dtype={tensor.dtype} is not handled by {function}.")
    return tensor


def ndtr(x: Any, name: str = "ndtr") -> Tensor:
    """``(1 + erf(x / sqrt(2))) / 2``, the standard normal distribution function.

    Raises:
        TypeError: if x is neither float32 nor float64.
    """
    with name_scope(name, None, [x]):
        return _ndtr(_tensor(x, "x", "ndtr"))


def _ndtr(x: Tensor) -> Tensor:
    half_root = constant(0.5 * math.sqrt(2.0), x.dtype, name="half_sqrt_2")
    w = x * half_root
    z = abs(w)
    outside = where_v2(w > 0.0, 2.0 - erfc(z), erfc(z))
    result: Tensor = 0.5 * where_v2(z < half_root, 1.0 + erf(w), outside)
    return result


# Moshier, "Methods and programs for mathematical functions" (1989), ndtri: numerator and
# denominator near the middle and for two ranges of sqrt(-2 log p); highest power first.
_MIDDLE = (
    (
        -5.99633501014107895267e1,
        9.80010754185999661536e1,
        -5.66762857469070293439e1,
        1.39312609387279679503e1,
        -1.23916583867381258016e0,
    ),
    (
        1.0,
        1.95448858338141759834e0,
        4.67627912898881538453e0,
        8.63602421390890590575e1,
        -2.25462687854119370527e2,
        2.00260212380060660359e2,
        -8.20372256168333339912e1,
        1.59056225126211695515e1,
        -1.18331621121330003142e0,
    ),
)
_NEAR = (
    (
        4.05544892305962419923e0,
        3.15251094599893866154e1,
        5.71628192246421288162e1,
        4.40805073893200834700e1,
        1.46849561928858024014e1,
        2.18663306850790267539e0,
        -1.40256079171354495875e-1,
        -3.50424626827848203418e-2,
        -8.57456785154685413611e-4,
    ),
    (
        1.0,
        1.57799883256466749731e1,
        4.53907635128879210584e1,
        4.13172038254672030440e1,
        1.50425385692907503408e1,
        2.50464946208309415979e0,
        -1.42182922854787788574e-1,
        -3.80806407691578277194e-2,
        -9.33259480895457427372e-4,
    ),
)
_FAR = (
    (
        3.23774891776946035970e0,
        6.91522889068984211695e0,
        3.93881025292474443415e0,
        1.33303460815807542389e0,
        2.01485389549179081538e-1,
        1.23716634817820021358e-2,
        3.01581553508235416007e-4,
        2.65806974686737550832e-6,
        6.23974539184983293730e-9,
    ),
    (
        1.0,
        6.02427039364742014255e0,
        3.67983563856160859403e0,
        1.37702099489081330271e0,
        2.16236993594496635890e-1,
        1.34204006088543189037e-2,
        3.28014464682127739104e-4,
        2.89247864745380683936e-6,
        6.79019408009981274425e-9,
    ),
)


def _horner(x: Tensor, coefficients: tuple[float, ...]) -> Any:
    value: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _ratio(x: Tensor, table: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    return _horner(x, table[0]) / _horner(x, table[1])


def ndtri(p: Any, name: str = "ndtri") -> Tensor:
    """The x with ``ndtr(x) = p``; infinite for p at or beyond 0 and 1.

    Raises:
        TypeError: if p is neither float32 nor float64.
    """
    with name_scope(name, None, [p]):
        p = _tensor(p, "p", "ndtri")
        half = constant(0.5, p.dtype)
        upper = p > 1.0 - math.exp(-2.0)
        lower_part = where_v2(upper, 1.0 - p, p)
        inside = where_v2(lower_part <= 0.0, half, lower_part)
        w = inside - 0.5
        ww = w * w
        middle = -math.sqrt(2.0 * math.pi) * (w + w * ww * _ratio(ww, _MIDDLE))
        z = sqrt(-2.0 * log(inside))
        first = z - log(z) / z
        inverse = 1.0 / z
        tail = first - where_v2(z >= 8.0, _ratio(inverse, _FAR), _ratio(inverse, _NEAR)) / z
        x = where_v2(inside > math.exp(-2.0), middle, tail)
        x = where_v2(upper, x, -x)
        infinity = constant(np.inf, p.dtype)
        return where_v2(p <= 0.0, -infinity, where_v2(p >= 1.0, infinity, x))


_LOWER = {dtypes.float32: -10.0, dtypes.float64: -20.0}
_UPPER = {dtypes.float32: 5.0, dtypes.float64: 8.0}


def log_ndtr(x: Any, series_order: int = 3, name: str = "log_ndtr") -> Tensor:
    """``log(ndtr(x))``, also where ndtr underflows.

    Below a limit it is taken from the asymptotic series
    ``ndtr(x) = exp(-x^2 / 2) / (-x sqrt(2 pi)) * (1 - 1 / x^2 + 1 3 / x^4 - 1 3 5 / x^6 ...)``,
    above another from ``log(1 - y) = -y``.

    Args:
        series_order: how many terms.

    Raises:
        TypeError: if x is neither float32 nor float64, or the order no int.
        ValueError: if the order is negative or above 30.
    """
    if not isinstance(series_order, int):
        raise TypeError("series_order must be a Python integer.")
    if series_order < 0:
        raise ValueError("series_order must be non-negative.")
    if series_order > 30:
        raise ValueError("series_order must be <= 30.")
    with name_scope(name, None, [x]):
        x = _tensor(x, "x", "log_ndtr")
        low, high = _LOWER[x.dtype.base_dtype], _UPPER[x.dtype.base_dtype]
        middle = log(_ndtr(maximum(x, low)))
        series = _log_tail(minimum(x, low), series_order)
        return where_v2(x > high, -_ndtr(-x), where_v2(x > low, middle, series))


def _log_tail(x: Tensor, order: int) -> Tensor:
    squared = square(x)
    scale = -0.5 * squared - log(-x) - 0.5 * math.log(2.0 * math.pi)
    total = 1.0 + zeros_like(x)
    factor, power = 1.0, squared
    for n in range(1, order + 1):
        factor *= 1 - 2 * n
        total = total + factor / power
        power = power * squared
    result: Tensor = scale + log(total)
    return result


def log_cdf_laplace(x: Any, name: str = "log_cdf_laplace") -> Tensor:
    """The logarithm of the distribution function of Laplace's distribution.

    ``log(1/2) + x`` up to 0, then ``log(1 - exp(-x) / 2)``.
    """
    with name_scope(name, None, [x]):
        x = convert_to_tensor(x, name="x")
        below = -math.log(2.0) + x
        above = log1p(-0.5 * exp(-abs(x)))
        return where_v2(x < 0.0, below, above)
