"""Elementwise arithmetic: sums, products, quotients, absolute values, extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, elementwise, spread
from flowgraph.graph.opdef import op, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import COMPLEX, FLOATS, INEXACT

__all__ = [
    "abs",
    "add",
    "add_v2",
    "maximum",
    "minimum",
    "mul_no_nan",
    "multiply",
    "negative",
    "realdiv",
    "scalar_mul",
    "sign",
    "squared_difference",
    "subtract",
]

Gradients = list[Any]
SMALL_SIGNED = (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)
ADDED = (*FLOATS, dtypes.uint8, *SMALL_SIGNED, *COMPLEX)
MULTIPLIED = (*FLOATS, dtypes.uint8, dtypes.uint16, *SMALL_SIGNED, *COMPLEX)
SIGNED_NUMBERS = (*FLOATS, dtypes.int32, dtypes.int64, *COMPLEX)
ORDERED = (*FLOATS, dtypes.int32, dtypes.int64)

F32 = np.array([[0.5, -1.5, 2.0], [3.25, 0.0, -4.0]], np.float32)
I32 = np.array([[1, -2, 3], [4, 5, -6]], np.int32)
Z64 = np.array([1 + 2j, -3 + 0.5j, 0.25 - 1j], np.complex64)
MISFIT = case(F32, F32[:, :2], raises="Dimensions must be equal, but are 3 and 2")
PAIRS = (
    spread(-2, 2, (2, 3), (2, 3)),
    spread(-2, 2, (2, 3), (3,)),
    spread(-2, 2, (2, 1), (1, 3)),
    spread(-2, 2, (), (2,)),
    spread(-2, 2, (0, 3), (3,)),
    case(F32, np.float32(2.0)),
    case(I32, np.array([2, 3, -1], np.int32)),
    MISFIT,
)
COMPLEX_PAIR = case(Z64, Z64[:1])
SINGLES = (
    spread(-2, 2),
    spread(-2, 2, ()),
    spread(-2, 2, (0, 2)),
    case(F32),
    case(I32),
)


def _add_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy, dy]


def _add_kernel(x: Any, y: Any, *, out: Any = None) -> Any:
    if x.dtype.kind == "O" and out is None:
        return np.asarray(np.add(x, y), object)
    return np.add(x, y, out=out)


add = elementwise(
    "Add",
    "x + y",
    args="x y",
    output="z: T",
    doc="Sum of two tensors, elementwise; of strings, their concatenation.",
    T=(*ADDED, dtypes.string),
    kernel=_add_kernel,
    grad=_add_grad,
    samples=(
        *PAIRS,
        case(np.array([[b"a"], [b"b"]], object), np.array([b"c", b""], object)),
    ),
)

add_v2 = elementwise(
    "AddV2",
    "x + y",
    args="x y",
    output="z: T",
    function="add_v2",
    doc="Sum of two tensors, elementwise.",
    T=ADDED,
    grad=_add_grad,
    samples=(*PAIRS, COMPLEX_PAIR),
)

subtract = elementwise(
    "Sub",
    "x - y",
    args="x y",
    output="z: T",
    function="subtract",
    doc="Difference of two tensors, elementwise.",
    T=MULTIPLIED,
    grad=lambda op, dy: [dy, -dy],
    samples=(*PAIRS, COMPLEX_PAIR),
)


def _multiply_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    return [multiply(dy, conj(y)), multiply(conj(x), dy)]


multiply = elementwise(
    "Mul",
    "x * y",
    args="x y",
    output="z: T",
    function="multiply",
    doc="Product of two tensors, elementwise.",
    T=MULTIPLIED,
    grad=_multiply_grad,
    samples=(*PAIRS, COMPLEX_PAIR),
)


def _mul_no_nan_kernel(x: Any, y: Any, *, out: Any = None) -> Any:
    product = np.asarray(np.multiply(x, y, out=out))
    np.copyto(product, 0, where=np.equal(y, 0))
    return product


def _mul_no_nan_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    return [mul_no_nan(dy, conj(y)), mul_no_nan(conj(x), dy)]


mul_no_nan = elementwise(
    "MulNoNan",
    "where(y == 0, 0, x * y)",
    args="x y",
    output="z: T",
    function="mul_no_nan",
    doc="Product of two tensors, elementwise; 0 where y is 0, even if x is not finite.",
    T=(dtypes.float16, dtypes.float32, dtypes.float64, *COMPLEX),
    kernel=_mul_no_nan_kernel,
    grad=_mul_no_nan_grad,
    samples=(
        spread(0.5, 2, (2, 3), (3,)),
        spread(0.5, 2, (), ()),
        spread(0.5, 2, (0,), ()),
        case(
            np.array([np.inf, np.nan, 2.0], np.float32),
            np.array([0.0, 0.0, 3.0], np.float32),
            grad=False,
        ),
    ),
)

negative = elementwise(
    "Neg",
    "-x",
    function="negative",
    doc="The negative, elementwise.",
    T=SIGNED_NUMBERS,
    grad=lambda op, dy: [-dy],
    samples=(*SINGLES, case(Z64)),
)

_abs = elementwise(
    "Abs",
    "abs(x)",
    doc="The absolute value, elementwise.",
    T=ORDERED,
    grad=lambda op, dy: [dy * sign(op.inputs[0])],
    samples=SINGLES,
)


def abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value, elementwise; of complex numbers, their (real) modulus."""
    tensor = x if type(x) is Tensor else convert_to_tensor(x, name="x")
    result: Tensor
    if tensor.dtype.is_complex:
        dtype = tensor.dtype.real_dtype
        result = apply("ComplexAbs", tensor, Tout=dtype, name=name or "Abs")
    else:
        result = apply("Abs", x, name=name)
    return result


@op("Sign", "x: T -> y: T", T=SIGNED_NUMBERS)
class Sign:
    """The sign, elementwise: -1, 0 or 1; of complex numbers ``x / |x|``, or 0."""

    shape = unchanged_shape
    inplace = (0,)
    # TensorFlow's gradient is 0 for complex numbers too, which it is not.
    samples = (
        *SINGLES,
        case(Z64, grad=False),
        case(np.array([0.0, -0.0, np.nan], np.float32), grad=False),
    )

    def numpy(x: Any, *, out: Any = None) -> Any:
        if x.dtype.kind != "c":
            return np.sign(x, out=out)
        size = np.abs(x)
        return np.divide(x, np.where(size == 0, 1, size).astype(size.dtype), out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, y = op.inputs[0], op.outputs[0]
        if not x.dtype.is_complex:
            return [apply("ZerosLike", x)]
        # Only the part of dy at right angles to y turns it.
        real = x.dtype.real_dtype
        along = apply("Real", apply("Conj", dy) * y, Tout=real)
        inverse_size = apply("DivNoNan", apply("OnesLike", along), abs(x))
        across = dy - y * apply("Cast", along, DstT=x.dtype)
        return [across * apply("Cast", inverse_size, DstT=x.dtype)]


def sign(x: Any, name: str | None = None) -> Tensor:
    """The sign, elementwise: -1, 0 or 1; of complex numbers ``x / |x|``, or 0."""
    result: Tensor = apply("Sign", x, name=name)
    return result


def _difference_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    dx = multiply(multiply(2.0 if dy.dtype.kind in "fc" else 2, dy), x - y)
    return [conj(dx), conj(-dx)]


squared_difference = elementwise(
    "SquaredDifference",
    "square(x - y)",
    args="x y",
    output="z: T",
    function="squared_difference",
    doc="The square of the difference of two tensors, elementwise; of complex ones, |x - y|^2.",
    T=SIGNED_NUMBERS,
    grad=_difference_grad,
    samples=PAIRS,
)


def _chosen_grad(selector: str) -> Any:
    """The gradient of an extreme: all of it goes to the operand that was chosen, ties to x."""

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, y = op.inputs
        zeros = apply("ZerosLike", dy)
        first = apply(selector, x, y)
        return [apply("Select", first, dy, zeros), apply("Select", first, zeros, dy)]

    return grad


maximum = elementwise(
    "Maximum",
    "maximum(x, y)",
    args="x y",
    output="z: T",
    doc="The larger of two numbers, elementwise; nan if one is nan.",
    T=ORDERED,
    grad=_chosen_grad("GreaterEqual"),
    samples=(
        *PAIRS,
        case(np.array([np.nan, 1.0], np.float32), np.array([1.0, np.nan], np.float32), grad=False),
    ),
)

minimum = elementwise(
    "Minimum",
    "minimum(x, y)",
    args="x y",
    output="z: T",
    doc="The smaller of two numbers, elementwise; nan if one is nan.",
    T=ORDERED,
    grad=_chosen_grad("LessEqual"),
    samples=(
        *PAIRS,
        case(np.array([np.nan, 1.0], np.float32), np.array([1.0, np.nan], np.float32), grad=False),
    ),
)


def _divide_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    x, y = conj(x), conj(y)
    return [realdiv(dy, y), dy * realdiv(realdiv(-x, y), y)]


realdiv = elementwise(
    "RealDiv",
    "x / y",
    args="x y",
    output="z: T",
    function="realdiv",
    doc="Quotient of two tensors, elementwise.",
    T=INEXACT,
    grad=_divide_grad,
    samples=(
        spread(0.5, 2, (2, 3), (2, 3)),
        spread(0.5, 2, (2, 3), (3,)),
        spread(0.5, 2, (), ()),
        spread(0.5, 2, (0, 2), (2,)),
        case(np.array([1.0, -1.0, 0.0], np.float32), np.float32(0.0), grad=False),
        COMPLEX_PAIR,
        MISFIT,
    ),
)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A tensor or `IndexedSlices` times a scalar.

    Args:
        scalar: rank 0, of the type of `x`.

    Raises:
        ValueError: if `scalar` is not of rank 0.
    """
    scalar = convert_to_tensor(scalar, x.dtype.base_dtype, "scalar")
    if scalar.dims not in (None, ()):
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(multiply(scalar, x.values, name), x.indices, x.dense_shape)
    return multiply(scalar, x, name)
