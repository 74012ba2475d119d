"""Complex numbers and their parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import broadcast_shape, op, types, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import COMPLEX

__all__ = ["angle", "complex", "complex_abs", "conj", "imag", "real"]

Gradients = list[Any]
Z = np.array([[1 + 2j, -0.5 + 0.25j], [3 - 1j, -2 - 2j]])
Z64 = Z.astype(np.complex64)
REAL_PART = (dtypes.float32, dtypes.float64)
SINGLE = types(COMPLEX, dtypes.complex64)
REAL_OUT = types(REAL_PART, dtypes.float32)
PARTS = (
    case(Z, Tout=dtypes.float64),
    case(Z64, Tout=dtypes.float32),
    case(Z64[:0], Tout=dtypes.float32),
    case(Z64[0, 0], Tout=dtypes.float32),
)


@op(
    "Complex",
    "real: T, imag: T -> out: Tout",
    T=types(REAL_PART, dtypes.float32),
    Tout=SINGLE,
)
class Complex:
    """Complex numbers of two real tensors, elementwise: ``out = real + i imag``."""

    shape = broadcast_shape
    samples = (
        case(np.array([1.0, -2.0]), np.array([0.5, 3.0]), Tout=dtypes.complex128),
        case(
            np.array([[1.0], [2.0]], np.float32),
            np.array([3.0, 4.0], np.float32),
            Tout=dtypes.complex64,
        ),
        case(np.float32(1.0), np.float32(2.0), Tout=dtypes.complex64),
    )

    def numpy(real: Any, imag: Any, *, Tout: DType) -> Any:
        result = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), Tout.np)
        result.real = real
        result.imag = imag
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [real(dy), imag(dy)]


@op("Real", "input: T -> output: Tout", T=SINGLE, Tout=REAL_OUT)
class Real:
    """The real part, elementwise."""

    shape = unchanged_shape
    samples = PARTS

    def numpy(x: Any, *, Tout: DType) -> Any:
        return np.real(x).astype(Tout.np)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [complex(dy, apply("ZerosLike", dy))]


@op("Imag", "input: T -> output: Tout", T=SINGLE, Tout=REAL_OUT)
class Imag:
    """The imaginary part, elementwise."""

    shape = unchanged_shape
    samples = PARTS

    def numpy(x: Any, *, Tout: DType) -> Any:
        return np.imag(x).astype(Tout.np)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        # A change of the imaginary part by dy is i dy; TensorFlow's sign convention.
        return [complex(apply("ZerosLike", dy), dy)]


@op("Conj", "input: T -> output: T", T=SINGLE)
class Conj:
    """The complex conjugate, elementwise: ``a + ib`` becomes ``a - ib``."""

    shape = unchanged_shape
    inplace = (0,)
    samples = (case(Z), case(Z64), case(Z64[:0]), case(Z64[0, 0]))

    def numpy(x: Any, *, out: Any = None) -> Any:
        return np.conjugate(x, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [conj(dy)]


@op("Angle", "input: T -> output: Tout", T=SINGLE, Tout=REAL_OUT)
class Angle:
    """The argument of complex numbers, elementwise: ``atan2(imag, real)``, in (-pi, pi]."""

    shape = unchanged_shape
    samples = PARTS

    def numpy(x: Any, *, Tout: DType) -> Any:
        return np.arctan2(np.imag(x), np.real(x)).astype(Tout.np, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x = op.inputs[0]
        rotated = complex(imag(x), real(x))
        return [-complex(dy, apply("ZerosLike", dy)) * apply("Reciprocal", rotated)]


@op("ComplexAbs", "x: T -> y: Tout", T=SINGLE, Tout=REAL_OUT)
class ComplexAbs:
    """The absolute value of complex numbers, elementwise: ``sqrt(real^2 + imag^2)``."""

    shape = unchanged_shape
    samples = PARTS

    def numpy(x: Any, *, Tout: DType) -> Any:
        return np.abs(x).astype(Tout.np, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [complex(dy, apply("ZerosLike", dy)) * apply("Sign", op.inputs[0])]


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Complex numbers of their parts: ``real + i imag``.

    Args:
        real: float32 or float64.
        imag: of the same type and a shape that broadcasts with `real`.

    Raises:
        TypeError: if the types differ or are not float32 or float64.
    """
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    pair = (real.dtype.base_dtype, imag.dtype.base_dtype)
    if pair == (dtypes.float64, dtypes.float64):
        out = dtypes.complex128
    elif pair == (dtypes.float32, dtypes.float32):
        out = dtypes.complex64
    else:
        raise TypeError(f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}")
    result: Tensor = apply("Complex", real, imag, Tout=out, name=name)
    return result


def _part(op_type: str, value: Any, argument: str, name: str | None) -> Tensor:
    """One of the ops from complex to real numbers, or `value` itself where it is real."""
    with name_scope(name, op_type, [value]) as scope:
        tensor = convert_to_tensor(value, name=argument)
        if not tensor.dtype.is_complex:
            return tensor
        result: Tensor = apply(op_type, tensor, Tout=tensor.dtype.real_dtype, name=scope)
        return result


def real(input: Any, name: str | None = None) -> Tensor:
    """The real part; `input` itself if its type is real."""
    return _part("Real", input, "input", name)


def _part_or_zeros(op_type: str, value: Any, name: str | None) -> Tensor:
    with name_scope(name, op_type, [value]) as scope:
        tensor = convert_to_tensor(value, name="input")
        result: Tensor
        if tensor.dtype.is_complex:
            result = apply(op_type, tensor, Tout=tensor.dtype.real_dtype, name=scope)
        else:
            result = apply("ZerosLike", tensor, name="zeros_like")
        return result


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part, elementwise; zeros where the type of `input` is real."""
    return _part_or_zeros("Imag", input, name)


def angle(input: Any, name: str | None = None) -> Tensor:
    """The argument of complex numbers, elementwise; zeros where the type of `input` is real."""
    return _part_or_zeros("Angle", input, name)


def complex_abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value of complex numbers, elementwise."""
    return _part("ComplexAbs", x, "x", name)


def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate, elementwise; `x` itself if its type is real.

    Raises:
        TypeError: if `x` is not numeric.
    """
    tensor = x if type(x) is Tensor else convert_to_tensor(x, name="x")
    kind = tensor.dtype.kind
    if kind == "c":
        result: Tensor = apply("Conj", tensor, name=name)
        return result
    if kind in "fiu":
        return tensor
    raise TypeError(f"Expected numeric or variant tensor, got dtype {tensor.dtype!r}")
