"""Elementwise exponentials, logarithms, logistic and hyperbolic functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import subtract
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import INEXACT
from flowgraph.ops.slopes import slope

__all__ = [
    "acosh",
    "asinh",
    "atanh",
    "cosh",
    "exp",
    "expm1",
    "log",
    "log1p",
    "log_sigmoid",
    "sigmoid",
    "sinh",
    "tanh",
]

Gradients = list[Any]


def samples_of(low: float, high: float, *special: float) -> tuple[Any, ...]:
    """Samples between two bounds of each precision, of rank 0, empty and complex."""
    points = np.linspace(low, high, 7)
    return (
        spread(low, high),
        spread(low, high, ()),
        spread(low, high, (0, 2)),
        case(points.astype(np.float32)),
        case(points.astype(np.float16)),
        case((points + 0.25j).astype(np.complex64)),
        case(np.array([*special, np.nan, np.inf, -np.inf], np.float32), grad=False),
    )


exp = elementwise(
    "Exp",
    "exp(x)",
    doc="The exponential, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy * conj(op.outputs[0])],
    samples=samples_of(-2, 2, 1000, -1000),
)

expm1 = elementwise(
    "Expm1",
    "expm1(x)",
    doc="The exponential less 1, elementwise; exact to the last digits near 0.",
    T=INEXACT,
    grad=lambda op, dy: [dy * conj(exp(op.inputs[0]))],
    samples=samples_of(-1, 1, 1e-8),
)

log = elementwise(
    "Log",
    "log(x)",
    doc="The natural logarithm, elementwise; -inf at 0, nan below.",
    T=INEXACT,
    grad=lambda op, dy: [dy * apply("Reciprocal", conj(op.inputs[0]))],
    samples=samples_of(0.2, 3, 0, -1),
)

log1p = elementwise(
    "Log1p",
    "log1p(x)",
    doc="The natural logarithm of 1 + x, elementwise; exact to the last digits near 0.",
    T=INEXACT,
    grad=lambda op, dy: [dy * apply("Reciprocal", 1 + conj(op.inputs[0]))],
    samples=samples_of(-0.5, 2, 1e-8, -1, -2),
)

sigmoid = elementwise(
    "Sigmoid",
    "1 / (1 + exp(-x))",
    doc="The logistic function, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [apply("SigmoidGrad", conj(op.outputs[0]), dy)],
    samples=samples_of(-6, 6, -80, 80, 1000),
)


def _sigmoid_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    scaled = g * dy
    return [scaled - 2 * scaled * y, apply("SigmoidGrad", y, g)]


slope(
    "SigmoidGrad",
    "dy * y * (1 - y)",
    "The gradient of the logistic function at its value y.",
    _sigmoid_grad_grad,
)

tanh = elementwise(
    "Tanh",
    "tanh(x)",
    doc="The hyperbolic tangent, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [apply("TanhGrad", conj(op.outputs[0]), dy)],
    samples=samples_of(-2, 2, 20, -20, 1e-6),
)


def _tanh_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    return [g * -2 * dy * y, apply("TanhGrad", y, g)]


slope(
    "TanhGrad",
    "dy * (1 - y * y)",
    "The gradient of tanh at its value y.",
    _tanh_grad_grad,
)

sinh = elementwise(
    "Sinh",
    "sinh(x)",
    doc="The hyperbolic sine, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy * apply("Cosh", conj(op.inputs[0]))],
    samples=samples_of(-2, 2, 100),
)

cosh = elementwise(
    "Cosh",
    "cosh(x)",
    doc="The hyperbolic cosine, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy * sinh(conj(op.inputs[0]))],
    samples=samples_of(-2, 2, 100),
)

asinh = elementwise(
    "Asinh",
    "arcsinh(x)",
    doc="The inverse of the hyperbolic sine, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy / cosh(conj(op.outputs[0]))],
    samples=samples_of(-2, 2, 1e6),
)

acosh = elementwise(
    "Acosh",
    "arccosh(x)",
    doc="The inverse of the hyperbolic cosine on [1, inf), elementwise; nan below 1.",
    T=INEXACT,
    grad=lambda op, dy: [dy / sinh(conj(op.outputs[0]))],
    samples=samples_of(1.2, 3, 1, 0.5),
)


def _atanh_grad(op: Operation, dy: Tensor) -> Gradients:
    x = conj(op.inputs[0])
    return [dy * apply("Reciprocal", subtract(1, apply("Square", x)))]


atanh = elementwise(
    "Atanh",
    "arctanh(x)",
    doc="The inverse of the hyperbolic tangent on (-1, 1), elementwise.",
    T=INEXACT,
    grad=_atanh_grad,
    samples=samples_of(-0.8, 0.8, 1, -1, 2),
)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the logistic function, ``-softplus(-x)``, finite for very negative `x`."""
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        result: Tensor = apply("Neg", apply("Softplus", -x), name=scope)
        return result
