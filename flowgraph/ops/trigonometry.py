"""Elementwise trigonometric functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import FLOATS, INEXACT
from flowgraph.ops.transcendental import samples_of

__all__ = ["acos", "asin", "atan", "atan2", "cos", "sin", "tan"]

Gradients = list[Any]

sin = elementwise(
    "Sin",
    "sin(x)",
    doc="The sine, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy * apply("Cos", conj(op.inputs[0]))],
    samples=samples_of(-4, 4, 1e4),
)

cos = elementwise(
    "Cos",
    "cos(x)",
    doc="The cosine, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [-dy * sin(conj(op.inputs[0]))],
    samples=samples_of(-4, 4, 1e4),
)


def _tan_grad(op: Operation, dy: Tensor) -> Gradients:
    secant = apply("Reciprocal", cos(conj(op.inputs[0])))
    return [apply("Square", secant) * dy]


tan = elementwise(
    "Tan",
    "tan(x)",
    doc="The tangent, elementwise.",
    T=INEXACT,
    grad=_tan_grad,
    samples=samples_of(-1.2, 1.2, 100),
)


def _arc_derivative(x: Tensor) -> Any:
    """``1 / sqrt(1 - x^2)``."""
    one = constant(1, x.dtype)
    return apply("Reciprocal", apply("Sqrt", apply("Sub", one, apply("Square", x))))


asin = elementwise(
    "Asin",
    "arcsin(x)",
    doc="The inverse of the sine on [-1, 1], elementwise; nan outside.",
    T=INEXACT,
    grad=lambda op, dy: [dy * _arc_derivative(conj(op.inputs[0]))],
    samples=samples_of(-0.8, 0.8, 1, 2),
)

acos = elementwise(
    "Acos",
    "arccos(x)",
    doc="The inverse of the cosine on [-1, 1], elementwise; nan outside.",
    T=INEXACT,
    grad=lambda op, dy: [-dy * _arc_derivative(conj(op.inputs[0]))],
    samples=samples_of(-0.8, 0.8, 1, 2),
)


def _atan_grad(op: Operation, dy: Tensor) -> Gradients:
    x = conj(op.inputs[0])
    one = constant(1, x.dtype)
    return [dy * apply("Reciprocal", apply("AddV2", one, apply("Square", x), name="Add"))]


atan = elementwise(
    "Atan",
    "arctan(x)",
    doc="The inverse of the tangent, elementwise, in [-pi/2, pi/2].",
    T=INEXACT,
    grad=_atan_grad,
    samples=samples_of(-3, 3, 1e8),
)


def _atan2_grad(op: Operation, dy: Tensor) -> Gradients:
    y, x = op.inputs
    scaled = dy / (apply("Square", x) + apply("Square", y))
    return [x * scaled, -y * scaled]


atan2 = elementwise(
    "Atan2",
    "arctan2(y, x)",
    args="y x",
    output="z: T",
    doc="The angle of the point (x, y), elementwise, in [-pi, pi].",
    T=FLOATS,
    grad=_atan2_grad,
    samples=(
        spread(0.5, 2, (2, 3), (2, 3)),
        spread(-2, -0.5, (2, 3), (3,)),
        spread(0.5, 2, (), (2,)),
        spread(0.5, 2, (0, 2), ()),
        case(
            np.array([0.0, -0.0, 1.0, -1.0], np.float32),
            np.array([-1.0, -1.0, 0.0, -0.0], np.float32),
            grad=False,
        ),
    ),
)
