"""Special functions: error, gamma, zeta and Bessel functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.dtypes import float32, float64
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.declare import case, function_of, spread
from flowgraph.graph.opdef import broadcast_shape, op, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import special_kernels as kernels
from flowgraph.ops import special_series as series
from flowgraph.ops.kinds import FLOATS

__all__ = [
    "bessel_i0e",
    "bessel_i1e",
    "digamma",
    "erf",
    "erfc",
    "igamma",
    "igammac",
    "lbeta",
    "lgamma",
    "polygamma",
    "zeta",
]

Gradients = list[Any]
Kernel = Callable[..., Any]
DOUBLE = (float32, float64)


def _erf_single(x: Any) -> Any:
    """The error function of float32: an odd rational function of x, clipped where it is 1.

    The coefficients are those of Eigen's `generic_fast_erf_float`, of relative error 3e-7.
    """
    x = np.clip(x, np.float32(-4), np.float32(4))
    square = x * x
    top = kernels.polynomial(
        square,
        (
            -1.60960333262415e-02,
            -2.95459980854025e-03,
            -7.34990630326855e-04,
            -5.69250639462346e-05,
            -2.10102402082508e-06,
            2.77068142495902e-08,
            -2.72614225801306e-10,
        ),
    )
    bottom = kernels.polynomial(
        square,
        (
            -1.42647390514189e-02,
            -7.37332916720468e-03,
            -1.68282697438203e-03,
            -2.13374055278905e-04,
            -1.45660718464996e-05,
        ),
    )
    return x * top / bottom


def _erf_kernel(x: Any) -> Any:
    array = np.asarray(x)
    if array.dtype == np.float64:
        return kernels.erf(array)
    return _erf_single(array.astype(np.float32, copy=False)).astype(array.dtype, copy=False)


def _in_double(function: Kernel) -> Kernel:
    """A kernel that computes in float64 and rounds once."""

    def kernel(*arrays: Any) -> Any:
        wide = [np.asarray(each).astype(np.float64, copy=False) for each in arrays]
        with np.errstate(all="ignore"):
            return function(*wide).astype(arrays[0].dtype)

    return kernel


def points(low: float, high: float, *special: float) -> tuple[Any, ...]:
    grid = np.linspace(low, high, 8).reshape(2, 4)
    return (
        case(grid),
        case(grid.astype(np.float32)),
        case(grid.astype(np.float16)),
        case(grid[0, 0]),
        case(grid[:0]),
        case(np.array([*special, np.nan], np.float64), grad=False),
    )


def _unary(op_type: str, kernel: Kernel, gradient: Any, cases: Any, doc: str) -> Kernel:
    @op(op_type, "x: T -> y: T", T=FLOATS)
    class Unary:
        __doc__ = doc
        shape = unchanged_shape
        numpy = kernel
        grad = gradient
        samples = cases

    name = {"BesselI0e": "bessel_i0e", "BesselI1e": "bessel_i1e"}.get(op_type, op_type.lower())
    return function_of(op_type, name)


def _gaussian_slope(sign: int) -> Kernel:
    def grad(op: Operation, dy: Tensor) -> Gradients:
        factor = constant(sign * 2 / math.sqrt(math.pi), dy.dtype.base_dtype)
        return [dy * factor * apply("Exp", -apply("Square", op.inputs[0]))]

    return grad


erf = _unary(
    "Erf",
    _erf_kernel,
    _gaussian_slope(1),
    points(-3, 3, 0, 1e-10, 7, -7),
    "The error function ``2 / sqrt(pi) * integral of exp(-t^2) from 0 to x``, elementwise.",
)
erfc = _unary(
    "Erfc",
    _in_double(kernels.erfc),
    _gaussian_slope(-1),
    points(-3, 5, 0, 25, -7, np.inf, -np.inf),
    "The complementary error function ``1 - erf(x)``, elementwise.",
)


def _lgamma_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy * digamma(op.inputs[0])]


lgamma = _unary(
    "Lgamma",
    _in_double(kernels.lgamma),
    _lgamma_grad,
    (*points(0.2, 12, 0, -1, -0.5, 1e-5, 1e5, np.inf), spread(-1.8, -1.2)),
    "The logarithm of the absolute value of the gamma function, elementwise.",
)


def _digamma_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy * polygamma(constant(1, dy.dtype.base_dtype), op.inputs[0])]


digamma = _unary(
    "Digamma",
    _in_double(kernels.digamma),
    _digamma_grad,
    (*points(0.2, 12, 0, -1, -0.5, 1e-3, 1e5, np.inf), spread(-1.8, -1.2)),
    "The derivative of `lgamma`, elementwise; nan at 0 and the negative integers.",
)


def _bessel_i0e_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs[0], op.outputs[0]
    return [dy * (bessel_i1e(x) - apply("Sign", x) * y)]


def _bessel_i1e_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs[0], op.outputs[0]
    # At 0 the quotient y / x is 1/2.
    tiny = np.finfo(np.float32 if x.dtype.size < 8 else np.float64).eps
    is_zero = apply("Less", apply("Abs", x), float(tiny))
    safe = apply("Select", is_zero, apply("OnesLike", x), x)
    slope = bessel_i0e(safe) - y * (apply("Sign", safe) + apply("Reciprocal", safe))
    half = apply("OnesLike", x) * 0.5
    return [dy * apply("Select", is_zero, half, slope)]


bessel_i0e = _unary(
    "BesselI0e",
    _in_double(series.bessel_i0e),
    _bessel_i0e_grad,
    points(-5, 6, 0, 29, 31, 1000),
    "The modified Bessel function of order 0 times ``exp(-|x|)``, elementwise.",
)
bessel_i1e = _unary(
    "BesselI1e",
    _in_double(series.bessel_i1e),
    _bessel_i1e_grad,
    points(-5, 6, 0, 29, -31, 1000),
    "The modified Bessel function of order 1 times ``exp(-|x|)``, elementwise.",
)


def _binary(op_type: str, args: str, kernel: Kernel, gradient: Any, cases: Any, doc: str) -> Kernel:
    first, second = args.split()

    @op(op_type, f"{first}: T, {second}: T -> z: T", T=DOUBLE)
    class Binary:
        __doc__ = doc
        shape = broadcast_shape
        numpy = _in_double(kernel)
        grad = gradient
        samples = cases

    return function_of(op_type, op_type.lower())


def _zeta_grad(op: Operation, dy: Tensor) -> Gradients:
    x, q = op.inputs
    return [None, dy * (-x * zeta(x + 1, q))]


ORDERS = np.array([[2.0], [3.5]])
zeta = _binary(
    "Zeta",
    "x q",
    kernels.zeta,
    _zeta_grad,
    (
        case(ORDERS, np.array([0.5, 1.0, 12.0]), grad=False),
        case(ORDERS.astype(np.float32), np.array([0.5, 1.0, 12.0], np.float32), grad=False),
        case(np.array([1.0, 2.0, 3.0, 0.5]), np.array([1.0, -1.0, -0.5, 1.0]), grad=False),
        case(np.array(2.0), np.array(1.0), grad=False),
        case(ORDERS[:0], np.array([0.5]), grad=False),
    ),
    "Hurwitz' zeta function, the sum of ``(k + q)^-x`` over k >= 0, elementwise.",
)


def _polygamma(a: Any, x: Any) -> Any:
    a, x = np.broadcast_arrays(a, x)
    result = np.full(a.shape, np.nan)
    chosen = (a >= 0) & (a == np.floor(a))
    order = a[chosen]
    sign = np.where(order % 2 == 0, -1.0, 1.0)
    value = sign * np.exp(kernels.lgamma(order + 1)) * kernels.zeta(order + 1, x[chosen])
    result[chosen] = np.where(order == 0, kernels.digamma(x[chosen]), value)
    return result


def _polygamma_grad(op: Operation, dy: Tensor) -> Gradients:
    n, x = op.inputs
    return [None, dy * polygamma(n + 1, x)]


polygamma = _binary(
    "Polygamma",
    "a x",
    _polygamma,
    _polygamma_grad,
    (
        case(np.array([[1.0], [2.0]]), np.array([0.5, 1.0, 12.0]), grad=False),
        case(np.array([0, 1, 2, 3], np.float32), np.float32(1.5), grad=False),
        case(np.array([1.5, -1.0, 0.0]), np.array([1.0, 1.0, -0.5]), grad=False),
        case(np.array(1.0), np.array(2.0), grad=False),
        case(ORDERS[:0], np.array([0.5]), grad=False),
    ),
    "The derivative of order `a` of `digamma` at x, elementwise; nan unless a is a whole number.",
)


def _igamma_grad(sign: int) -> Kernel:
    def grad(op: Operation, dy: Tensor) -> Gradients:
        a, x = op.inputs
        slope = apply("Exp", -x + (a - 1) * apply("Log", x) - lgamma(a))
        by_a = apply("IgammaGradA", a, x)
        return [sign * dy * by_a, sign * dy * slope]

    return grad


GAMMA_PAIRS = (
    case(np.array([[0.5], [4.0]]), np.array([0.3, 2.0, 9.0])),
    case(np.array([[0.5], [4.0]], np.float32), np.array([0.3, 2.0, 9.0], np.float32)),
    case(np.array([1.0, -1.0, 2.0, 1.0]), np.array([0.0, 1.0, np.inf, -1.0]), grad=False),
    case(np.array(2.0), np.array(1.0)),
    case(ORDERS[:0], np.array([0.5])),
)
igamma = _binary(
    "Igamma",
    "a x",
    series.igamma,
    _igamma_grad(1),
    GAMMA_PAIRS,
    "The lower regularised incomplete gamma function P(a, x), elementwise.",
)
igammac = _binary(
    "Igammac",
    "a x",
    series.igammac,
    _igamma_grad(-1),
    GAMMA_PAIRS,
    "The upper regularised incomplete gamma function ``1 - P(a, x)``, elementwise.",
)
_binary(
    "IgammaGradA",
    "a x",
    series.igamma_grad_a,
    None,
    tuple(case(*each.inputs, grad=False) for each in GAMMA_PAIRS if each.grad),
    "The derivative of the lower regularised incomplete gamma function by a, elementwise.",
)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """``log |Beta(x)|`` along the last axis: the sum of lgamma(x) less lgamma of the sum of x.

    Args:
        x: [..., n] of a floating-point type.
    """
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        numerator = apply("Sum", lgamma(x), [-1])
        denominator = lgamma(apply("Sum", x, [-1]))
        result: Tensor = numerator - denominator
        return result
