"""The incomplete beta function, and Bessel functions made of their scaled forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.dtypes import float32, float64
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import special_series
from flowgraph.ops.select import same_shape
from flowgraph.ops.special import bessel_i0e, bessel_i1e, lgamma

__all__ = ["bessel_i0", "bessel_i1", "betainc"]

A = np.array([[0.5, 2.0, 30.0], [1.5, 4.0, 0.25]])
B = np.array([[0.75, 3.0, 20.0], [1.25, 0.5, 8.0]])
X = np.array([[0.3, 0.7, 0.55], [0.1, 0.9, 0.02]])


@op("Betainc", "a: T, b: T, x: T -> z: T", T=(float32, float64))
class Betainc:
    """The regularised incomplete beta function I_x(a, b), elementwise.

    ``z = integral of t^(a-1) (1-t)^(b-1) from 0 to x / integral from 0 to 1``; nan unless a and b
    are positive and x is in [0, 1]. The inputs have one shape, or are scalars.
    """

    samples = (
        case(A, B, X, grad=False),
        case(A.astype(np.float32), B.astype(np.float32), X.astype(np.float32)),
        case(A, B, np.array(0.4), grad=False),
        case(np.array(2.0), np.array(3.0), X, grad=False),
        case(np.array(2.0), np.array(3.0), np.array([0.0, 1.0, np.nan]), grad=False),
        case(A, B[:, :2], X, raises="must be equal|same shape"),
    )

    def shape(a: Operand, b: Operand, x: Operand) -> Dims:
        whole: Dims = None
        for each in (a, b, x):
            if each.dims:
                whole = same_shape(whole, each.dims)
        return () if all(each.dims == () for each in (a, b, x)) else whole

    def numpy(a: Any, b: Any, x: Any) -> Any:
        shapes = {np.shape(each) for each in (a, b, x)} - {()}
        if len(shapes) > 1:
            raise InvalidArgumentError(
                None, None, "a, b and x must have the same shape or be scalars"
            )
        wide = [np.asarray(each).astype(np.float64) for each in (a, b, x)]
        with np.errstate(all="ignore"):
            return special_series.betainc(*wide).astype(a.dtype)

    def grad(op: Operation, dy: Tensor) -> list[Any]:
        # By a and b there is no closed form.
        a, b, x = op.inputs
        log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
        exponent = (b - 1) * apply("Log1p", -x) + (a - 1) * apply("Log", x) - log_beta
        return [None, None, apply("Exp", exponent) * dy]


betainc = function_of("Betainc", "betainc")


def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 0, elementwise: ``exp(|x|) bessel_i0e(x)``."""
    with name_scope(name, "bessel_i0", [x]):
        x = convert_to_tensor(x)
        result: Tensor = apply("Exp", abs(x)) * bessel_i0e(x)
        return result


def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of order 1, elementwise: ``exp(|x|) bessel_i1e(x)``."""
    with name_scope(name, "bessel_i1", [x]):
        x = convert_to_tensor(x)
        result: Tensor = apply("Exp", abs(x)) * bessel_i1e(x)
        return result
