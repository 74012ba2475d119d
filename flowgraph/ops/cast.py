"""Conversions between element types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types, unchanged_shape
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INEXACT, NUMBERS

__all__ = [
    "bitcast",
    "cast",
    "saturate_cast",
    "to_bfloat16",
    "to_complex64",
    "to_complex128",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
]

Gradients = list[Any]
REALS = np.array([[1.5, -2.5, 0.0], [100.25, -0.75, 3.0]], np.float64)
MANTISSA_BITS = {dtypes.float64: 52, dtypes.float32: 23, dtypes.float16: 10, dtypes.bfloat16: 7}


def _cut_mantissa(x: Any, target: DType) -> Any:
    """`x` with those bits of the mantissa zero that `target` cannot hold, so nothing is rounded."""
    source = dtypes.as_dtype(x.dtype)
    surplus = MANTISSA_BITS.get(source, 0) - MANTISSA_BITS.get(target, 0)
    if source not in MANTISSA_BITS or target not in MANTISSA_BITS or surplus <= 0:
        return x
    bits = np.asarray(x).view(f"u{source.size}")
    kept = bits.dtype.type(~((1 << surplus) - 1) & ((1 << 8 * source.size) - 1))
    return (bits & kept).view(source.np)


def _cast_samples() -> list[Any]:
    ints = np.array([[0, 1, -2], [200, -100, 7]], np.int32)
    flags = np.array([True, False])
    numbers = np.array([1 + 2j, 0j])
    return [
        case(REALS, DstT=dtypes.float32),
        case(REALS, DstT=dtypes.float16),
        case(REALS, DstT=dtypes.bfloat16),
        case(REALS, DstT=dtypes.int32),
        case(REALS, DstT=dtypes.bool),
        case(REALS, DstT=dtypes.complex64),
        case(REALS.astype(np.float32), DstT=dtypes.float64),
        case(REALS.astype(np.float32) / 3, DstT=dtypes.bfloat16, Truncate=True),
        case(REALS[:0], DstT=dtypes.float32),
        case(REALS[0, 0], DstT=dtypes.int64),
        case(ints, DstT=dtypes.float32),
        case(ints, DstT=dtypes.uint8),
        case(ints, DstT=dtypes.int64),
        case(ints, DstT=dtypes.bool),
        case(flags, DstT=dtypes.float32),
        case(flags, DstT=dtypes.int32),
        case(numbers, DstT=dtypes.complex64),
        case(numbers, DstT=dtypes.float32, grad=False),
        case(numbers, DstT=dtypes.bool),
    ]


@op("Cast", "x: SrcT -> y: DstT", SrcT=attr("type"), DstT=attr("type"), Truncate=False)
class Cast:
    """The elements converted to another type.

    Floating-point numbers lose their fraction on the way to integers, complex ones their imaginary
    part on the way to reals; everything but 0 becomes True. With `Truncate` a narrower
    floating-point type is reached by cutting, not by rounding.
    """

    shape = unchanged_shape
    samples = _cast_samples

    def numpy(x: Any, *, DstT: DType, Truncate: bool, out: Any = None) -> Any:
        if Truncate:
            x = _cut_mantissa(x, DstT)
        if x.dtype.kind == "c" and DstT.kind in "fiu":
            x = x.real
        if out is None:
            return x.astype(DstT.np)
        np.copyto(out, x, casting="unsafe")
        return out

    def grad(op: Operation, dy: Tensor) -> Gradients:
        source = op.inputs[0].dtype.base_dtype
        if source in INEXACT and dy.dtype.base_dtype in INEXACT:
            return [cast(dy, source)]
        return [None]


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` with elements of type `dtype`; the same tensor if it has that type already.

    Args:
        x: a tensor, `SparseTensor` or `IndexedSlices`, of numbers or bools.
    """
    target = dtypes.as_dtype(dtype).base_dtype
    if type(x) is Tensor:
        if x.dtype.base_dtype is target:
            return x
        return apply("Cast", x, DstT=target, name=name)
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, SparseTensor):
            values = cast(x.values, target, scope)
            return SparseTensor(x.indices, values, x.dense_shape)
        if isinstance(x, IndexedSlices):
            values = cast(x.values, target, scope)
            return IndexedSlices(values, x.indices, x.dense_shape)
        return cast(convert_to_tensor(x, name="x"), target, scope)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """`value` cast to `dtype`, values beyond its limits becoming the nearest limit."""
    target = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "saturate_cast", [value]) as scope:
        value = convert_to_tensor(value, name="value")
        source = value.dtype.base_dtype
        if source.min < target.min:
            value = apply("Maximum", value, convert_to_tensor(target.min, source, "min"))
        if source.max > target.max:
            value = apply("Minimum", value, convert_to_tensor(target.max, source, "max"))
        return cast(value, target, scope)


def _conversion(target: DType, default_name: str) -> Callable[..., Any]:
    def convert(x: Any, name: str | None = default_name) -> Any:
        return cast(x, target, name)

    convert.__name__ = convert.__qualname__ = "to_" + target.name
    convert.__doc__ = f"`x` cast to {target.name}."
    return convert


to_float = _conversion(dtypes.float32, "ToFloat")
to_double = _conversion(dtypes.float64, "ToDouble")
to_int32 = _conversion(dtypes.int32, "ToInt32")
to_int64 = _conversion(dtypes.int64, "ToInt64")
to_bfloat16 = _conversion(dtypes.bfloat16, "ToBFloat16")
to_complex64 = _conversion(dtypes.complex64, "ToComplex64")
to_complex128 = _conversion(dtypes.complex128, "ToComplex128")


@op("Bitcast", "input: T -> output: type", T=types(NUMBERS), type=types(NUMBERS))
class Bitcast:
    """The same bytes read as another type.

    A type of half the size adds an axis of length 2 at the end; one of twice the size takes such an
    axis away.
    """

    grad = None
    samples = (
        case(REALS.astype(np.float32), type=dtypes.int32),
        case(REALS.astype(np.float32), type=dtypes.uint8),
        case(np.arange(8, dtype=np.uint8).reshape(2, 4), type=dtypes.float32),
        case(np.float32(1.5), type=dtypes.uint16),
        case(np.zeros((2, 0), np.int64), type=dtypes.float64),
        case(
            np.zeros((2, 3), np.uint8),
            type=dtypes.float32,
            raises="Cannot bitcast from 4 to 1 due to shape. 3 does not match 4",
        ),
    )

    def shape(x: Operand, *, type: DType) -> Dims:
        old, new = x.dtype.size, type.size
        if x.dims is None or old == new:
            return x.dims
        if old > new:
            return (*x.dims, old // new)
        if not x.dims:
            raise ValueError(
                f"Cannot bitcast from {new} to {old} due to shape. A scalar has no axis to merge"
            )
        last = x.dims[-1]
        if last is not None and last != new // old:
            raise ValueError(
                f"Cannot bitcast from {new} to {old} due to shape. "
                f"{last} does not match {new // old}"
            )
        return x.dims[:-1]

    def numpy(x: Any, *, type: DType) -> Any:
        old, new = x.dtype.itemsize, type.size
        packed = np.array(x, order="C", ndmin=0)
        if old == new:
            return packed.view(type.np)
        if old > new:
            return packed.reshape(*packed.shape, 1).view(type.np)
        return packed.view(type.np).reshape(packed.shape[:-1])


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The bytes of `input` read as elements of `type`.

    Raises:
        ValueError: if the last axis does not hold the bytes of one element of a larger type.
    """
    result: Tensor = apply("Bitcast", input, type=dtypes.as_dtype(type), name=name)
    return result
