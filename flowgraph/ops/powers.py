"""Squares, roots, reciprocals, powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dtypes import float16, float32, float64
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import MISFIT, SIGNED_NUMBERS, SINGLES, multiply
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import COMPLEX, INEXACT
from flowgraph.ops.slopes import slope
from flowgraph.ops.transcendental import log, samples_of

__all__ = [
    "inv",
    "pow",
    "reciprocal",
    "rsqrt",
    "sqrt",
    "square",
    "xdivy",
    "xlogy",
]

Gradients = list[Any]
NO_NAN = (float16, float32, float64, *COMPLEX)


def _square_grad(op: Operation, dy: Tensor) -> Gradients:
    two = constant(2, op.inputs[0].dtype)
    return [multiply(dy, multiply(conj(op.inputs[0]), two))]


square = elementwise(
    "Square",
    "square(x)",
    doc="The square, elementwise.",
    T=SIGNED_NUMBERS,
    grad=_square_grad,
    samples=(*SINGLES, case(np.array([1 + 2j, -0.5j], np.complex64))),
)

sqrt = elementwise(
    "Sqrt",
    "sqrt(x)",
    doc="The square root, elementwise; nan below 0.",
    T=INEXACT,
    grad=lambda op, dy: [apply("SqrtGrad", op.outputs[0], dy)],
    samples=samples_of(0.2, 3, 0, -1),
)


def _sqrt_grad_grad(op: Operation, g: Tensor) -> Gradients:
    quotient = g / op.inputs[0]
    return [-conj(quotient) * op.outputs[0], 0.5 * quotient]


slope(
    "SqrtGrad",
    "dy * 0.5 / conjugate(y)",
    "The gradient of the square root at its value y.",
    _sqrt_grad_grad,
)

rsqrt = elementwise(
    "Rsqrt",
    "1 / sqrt(x)",
    doc="The reciprocal of the square root, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [apply("RsqrtGrad", op.outputs[0], dy)],
    samples=samples_of(0.2, 3, 0, -1),
)


def _rsqrt_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy = conj(op.inputs[0]), op.inputs[1]
    g = conj(g)
    return [-1.5 * g * dy * square(y), apply("RsqrtGrad", y, g)]


slope(
    "RsqrtGrad",
    "dy * (-0.5 * conjugate(y)) * (conjugate(y) * conjugate(y))",
    "The gradient of the reciprocal square root at its value y.",
    _rsqrt_grad_grad,
)


def _reciprocal_grad_of(op: Operation, dy: Tensor) -> Gradients:
    return [apply("ReciprocalGrad", op.outputs[0], dy)]


RECIPROCALS = (*samples_of(0.3, 2, 0), spread(-2, -0.5))

reciprocal = elementwise(
    "Reciprocal",
    "1 / x",
    doc="The reciprocal, elementwise.",
    T=INEXACT,
    grad=_reciprocal_grad_of,
    samples=RECIPROCALS,
)

inv = elementwise(
    "Inv",
    "1 / x",
    doc="The reciprocal, elementwise, under its older name.",
    T=INEXACT,
    grad=lambda op, dy: [apply("InvGrad", op.outputs[0], dy)],
    samples=RECIPROCALS,
)


def _reciprocal_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy, g = conj(op.inputs[0]), op.inputs[1], conj(g)
    return [g * -2 * dy * y, apply(op.type, y, g)]


for _name in ("ReciprocalGrad", "InvGrad"):
    slope(
        _name,
        "-dy * conjugate(y) * conjugate(y)",
        "The gradient of the reciprocal at its value y.",
        _reciprocal_grad_grad,
    )


def _pow_kernel(x: Any, y: Any, *, out: Any = None) -> Any:
    if x.dtype.kind == "i" and np.any(np.less(y, 0)):
        message = "Integers to negative integer powers are not allowed"
        raise InvalidArgumentError(None, None, message)
    return np.power(x, y, out=out)


def _pow_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    z = conj(op.outputs[0])
    dx = dy * y * pow(x, y - 1)
    zeros = apply("ZerosLike", x)
    if x.dtype.is_complex:
        inside = apply("NotEqual", x, 0)
    else:
        inside = apply("Greater", x, 0)
    safe = apply("Select", inside, x, apply("OnesLike", x))
    return [dx, dy * z * apply("Select", inside, log(safe), zeros)]


pow = elementwise(
    "Pow",
    "power(x, y)",
    args="x y",
    output="z: T",
    doc="x to the power of y, elementwise.",
    T=SIGNED_NUMBERS,
    kernel=_pow_kernel,
    grad=_pow_grad,
    samples=(
        spread(0.5, 2, (2, 3), (2, 3)),
        spread(0.5, 2, (2, 3), (3,)),
        spread(0.5, 2, (), (2,)),
        spread(0.5, 2, (0, 3), ()),
        case(np.array([-2.0, 3.0]), np.array([2.0, 3.0]), grad=False),
        case(np.array([[1.5, 2.0]], np.float32), np.array([[2.0], [0.5]], np.float32)),
        case(np.array([2, -3, 0], np.int32), np.array([3, 2, 0], np.int32)),
        case(np.array([1 + 2j, -1j], np.complex64), np.array([2, 0.5], np.complex64)),
        MISFIT,
    ),
)

XY = (
    spread(0.5, 2, (2, 3), (3,)),
    spread(0.5, 2, (), ()),
    spread(0.5, 2, (0,), ()),
    case(
        np.array([0, 0, 2, -1], np.float32), np.array([0, np.inf, 3, 0.5], np.float32), grad=False
    ),
    case(np.array([0.0], np.float32), np.array([np.nan], np.float32), grad=False),
)


def _zero_aware(function: Any) -> Any:
    """A kernel that gives 0 where x is 0, whatever y is."""

    def kernel(x: Any, y: Any) -> Any:
        return np.where(np.equal(x, 0), np.zeros_like(x), function(x, y))

    return kernel


def _not_zero(x: Tensor) -> Tensor:
    mask: Tensor = apply("Cast", apply("NotEqual", x, 0), DstT=x.dtype.base_dtype)
    return mask


def _xlogy_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [dy * xlogy(_not_zero(x), y), dy * xdivy(x, y)]


def _xdivy_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [dy * xdivy(_not_zero(x), y), dy * xdivy(-x, square(y))]


xlogy = elementwise(
    "Xlogy",
    "where(x == 0, 0, x * log(y))",
    args="x y",
    output="z: T",
    doc="``x log(y)``, elementwise, 0 where x is 0.",
    T=NO_NAN,
    kernel=_zero_aware(lambda x, y: x * np.log(y)),
    grad=_xlogy_grad,
    samples=XY,
)

xdivy = elementwise(
    "Xdivy",
    "where(x == 0, 0, x / y)",
    args="x y",
    output="z: T",
    doc="``x / y``, elementwise, 0 where x is 0.",
    T=NO_NAN,
    kernel=_zero_aware(lambda x, y: x / y),
    grad=_xdivy_grad,
    samples=XY,
)
