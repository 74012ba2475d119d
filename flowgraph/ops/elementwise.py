"""Elementwise arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import FLOATS, INEXACT, NUMBERS

Gradients = list[Any]
PAIRS = (
    spread(-2, 2, (2, 3), (2, 3)),
    spread(-2, 2, (2, 3), (3,)),
    spread(-2, 2, (2, 1), (1, 3)),
    spread(-2, 2, (), (2,)),
)


def _add_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy, dy]


add_v2 = elementwise(
    "AddV2",
    "x + y",
    args="x y",
    function="add_v2",
    doc="Sum of two tensors, elementwise.",
    T=NUMBERS,
    grad=_add_grad,
    samples=PAIRS,
)

subtract = elementwise(
    "Sub",
    "x - y",
    args="x y",
    function="subtract",
    doc="Difference of two tensors, elementwise.",
    T=NUMBERS,
    grad=lambda op, dy: [dy, -dy],
    samples=PAIRS,
)


def _multiply_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    return [dy * conj(y), dy * conj(x)]


multiply = elementwise(
    "Mul",
    "x * y",
    args="x y",
    function="multiply",
    doc="Product of two tensors, elementwise.",
    T=NUMBERS,
    grad=_multiply_grad,
    samples=PAIRS,
)


def _divide_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    x, y = conj(x), conj(y)
    return [realdiv(dy, y), dy * realdiv(realdiv(-x, y), y)]


realdiv = elementwise(
    "RealDiv",
    "x / y",
    args="x y",
    function="realdiv",
    doc="Quotient of two tensors, elementwise.",
    T=INEXACT,
    grad=_divide_grad,
    samples=(spread(0.5, 2, (2, 3), (2, 3)), spread(0.5, 2, (2, 3), (3,))),
)

negative = elementwise(
    "Neg",
    "-x",
    function="negative",
    doc="The negative, elementwise.",
    T=NUMBERS,
    grad=lambda op, dy: [-dy],
    samples=(spread(-2, 2),),
)

square = elementwise(
    "Square",
    "x * x",
    doc="The square, elementwise.",
    T=NUMBERS,
    grad=lambda op, dy: [dy * (conj(op.inputs[0]) * 2)],
    samples=(spread(-2, 2),),
)

exp = elementwise(
    "Exp",
    "exp(x)",
    doc="The exponential, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [dy * conj(op.outputs[0])],
    samples=(spread(-2, 2),),
)

log = elementwise(
    "Log",
    "log(x)",
    doc="The natural logarithm, elementwise; -inf at 0, nan below.",
    T=INEXACT,
    grad=lambda op, dy: [realdiv(dy, conj(op.inputs[0]))],
    samples=(spread(0.2, 3),),
)

sigmoid = elementwise(
    "Sigmoid",
    "1 / (1 + exp(-x))",
    doc="The logistic function, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [sigmoid_grad(op.outputs[0], dy)],
    samples=(spread(-6, 6),),
)


def _sigmoid_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy = op.inputs
    return [g * dy * (1 - 2 * y), sigmoid_grad(y, g)]


sigmoid_grad = elementwise(
    "SigmoidGrad",
    "dy * y * (1 - y)",
    args="y dy",
    output="z: T",
    function="sigmoid_grad",
    doc="The gradient of the logistic function at its value y.",
    T=INEXACT,
    grad=_sigmoid_grad_grad,
    samples=(spread(0.1, 0.9, (2, 3), (2, 3)),),
)

tanh = elementwise(
    "Tanh",
    "tanh(x)",
    doc="The hyperbolic tangent, elementwise.",
    T=INEXACT,
    grad=lambda op, dy: [tanh_grad(op.outputs[0], dy)],
    samples=(spread(-2, 2),),
)


def _tanh_grad_grad(op: Operation, g: Tensor) -> Gradients:
    y, dy = op.inputs
    return [g * dy * (-2 * y), tanh_grad(y, g)]


tanh_grad = elementwise(
    "TanhGrad",
    "dy * (1 - y * y)",
    args="y dy",
    output="z: T",
    function="tanh_grad",
    doc="The gradient of tanh at its value y.",
    T=INEXACT,
    grad=_tanh_grad_grad,
    samples=(spread(-0.9, 0.9, (2, 3), (2, 3)),),
)


@op("Cast", "x: SrcT -> y: DstT", SrcT=attr("type"), DstT=attr("type"), Truncate=False)
class Cast:
    """The elements converted to another type: floats are cut to integers, numbers != 0 are True."""

    inplace = ()

    def shape(x: Operand) -> Any:
        return x.dims

    def numpy(x: Any, *, DstT: dtypes.DType) -> Any:  # noqa: N803
        if x.dtype.kind == "c" and DstT.kind in "fiu":
            x = x.real
        return x.astype(DstT.np)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        source = op.inputs[0].dtype.base_dtype
        differentiable = (*FLOATS, *dtypes_complex())
        if source in differentiable and dy.dtype.base_dtype in differentiable:
            return [cast(dy, source)]
        return [None]

    samples = (case(np.array([1.5, -2.5]), DstT=dtypes.float32),)


def dtypes_complex() -> tuple[dtypes.DType, ...]:
    return dtypes.complex64, dtypes.complex128


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` with elements of type `dtype`; the same tensor if it has that type already."""
    return apply("Cast", x, DstT=dtype, name=name)


def conj(x: Any, name: str | None = None) -> Any:
    return x
