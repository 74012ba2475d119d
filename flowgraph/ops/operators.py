"""The operators of `Tensor`: ``x + y`` is an AddV2 node named "add", and so on.

A Python value beside a tensor becomes a constant of the tensor's type, named ``add/y`` or
``add/x``. ``==`` compares identity, as tensors are keys of feeds and dictionaries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import linalg

__all__ = ["and_", "division", "invert", "or_", "true_division", "xor"]

Function = Callable[[Any, Any, str], Any]

_TRUE_QUOTIENT = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.int32: dtypes.float64,
    dtypes.int64: dtypes.float64,
}
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, np.generic, np.ndarray, Tensor)


def _node(op_type: str) -> Function:
    def build(x: Any, y: Any, name: str) -> Any:
        return apply(op_type, x, y, name=name)

    return build


def _operands(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Both as tensors, a Python value taking the type of the tensor beside it where it can."""
    if type(x) is not Tensor and type(y) is Tensor:
        x = convert_to_tensor(x, name="x", preferred_dtype=y.dtype.base_dtype)
    else:
        x = convert_to_tensor(x, name="x")
    return x, convert_to_tensor(y, name="y", preferred_dtype=x.dtype.base_dtype)


def true_division(x: Any, y: Any, name: str) -> Tensor:
    """The quotient; integers are cast to floating point first (32 bits and more to float64).

    Raises:
        TypeError: if the types differ, or are not numbers.
    """
    with name_scope(name, None, [x, y]) as scope:
        x, y = _operands(x, y)
        dtype, other = x.dtype.base_dtype, y.dtype.base_dtype
        if dtype is not other:
            raise TypeError(f"`x` and `y` must have the same dtype, got {dtype!r} != {other!r}.")
        if not (dtype.is_floating or dtype.is_complex):
            wanted = _TRUE_QUOTIENT.get(dtype)
            if wanted is None:
                raise TypeError(f"Invalid dtype {dtype!r} in __truediv__.")
            x = apply("Cast", x, DstT=wanted)
            y = apply("Cast", y, DstT=wanted)
        quotient: Tensor = apply("RealDiv", x, y, name=scope)
        return quotient


def _true_division(x: Any, y: Any, name: str) -> Tensor:
    tensor = x if type(x) is Tensor else y
    other = y if tensor is x else x
    if tensor.dtype.kind in "fc" and type(other) is not Tensor:
        quotient: Tensor = apply("RealDiv", x, y, name=name)
        return quotient
    return true_division(x, y, name)


def division(x: Any, y: Any, name: str) -> Tensor:
    """Python 2's division: the exact quotient of floats, the floor of that of integers."""
    with name_scope(name, None, [x, y]) as scope:
        x, y = _operands(x, y)
        op_type = "RealDiv" if x.dtype.kind in "fc" else "FloorDiv"
        quotient: Tensor = apply(op_type, x, y, name=scope)
        return quotient


def _is_bool(x: Any, y: Any) -> bool:
    tensor = x if type(x) is Tensor else y
    return type(tensor) is Tensor and tensor.dtype.is_bool


def and_(x: Any, y: Any, name: str = "and") -> Any:
    """Logical "and" of bools, bitwise "and" of integers."""
    return apply("LogicalAnd" if _is_bool(x, y) else "BitwiseAnd", x, y, name=name)


def or_(x: Any, y: Any, name: str = "or") -> Any:
    """Logical "or" of bools, bitwise "or" of integers."""
    return apply("LogicalOr" if _is_bool(x, y) else "BitwiseOr", x, y, name=name)


def xor(x: Any, y: Any, name: str = "xor") -> Any:
    """Logical "exclusive or" of bools, bitwise of integers."""
    if not _is_bool(x, y):
        return apply("BitwiseXor", x, y, name=name)
    with name_scope(name, None, [x, y]) as scope:
        either = apply("LogicalOr", x, y)
        both = apply("LogicalAnd", x, y)
        return apply("LogicalAnd", either, apply("LogicalNot", both), name=scope)


def invert(x: Any) -> Any:
    """Logical "not" of bools, the bitwise complement of integers."""
    return apply("LogicalNot" if x.dtype.is_bool else "Invert", x)


def _matmul(x: Any, y: Any, name: str) -> Any:
    with name_scope(name, None, [x, y]) as scope:
        x, y = _operands(x, y)
        return linalg.matmul(x, y, name=scope)


def _forward(function: Function, name: str) -> Callable[[Any, Any], Any]:
    reflected = f"__r{name}__"

    def operator(x: Any, y: Any) -> Any:
        if type(y) is SparseTensor:
            return NotImplemented
        try:
            return function(x, y, name)
        except TypeError:
            # A class that is no tensor may know how to combine itself with one.
            if isinstance(y, _PLAIN) or not hasattr(type(y), reflected):
                raise
            return NotImplemented

    return operator


def _reflected(function: Function, name: str) -> Callable[[Any, Any], Any]:
    def operator(y: Any, x: Any) -> Any:
        return function(x, y, name)

    return operator


_BINARY: dict[str, Function] = {
    "add": _node("AddV2"),
    "sub": _node("Sub"),
    "mul": _node("Mul"),
    "div": division,
    "truediv": _true_division,
    "floordiv": _node("FloorDiv"),
    "mod": _node("FloorMod"),
    "pow": _node("Pow"),
    "matmul": _matmul,
    "and": and_,
    "or": or_,
    "xor": xor,
}
_ORDER = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}


def _comparison(op_type: str) -> Callable[[Any, Any], Any]:
    return lambda x, y: apply(op_type, x, y)


def _absolute(x: Tensor) -> Any:
    if x.dtype.is_complex:
        return apply("ComplexAbs", x, Tout=x.dtype.real_dtype, name="Abs")
    return apply("Abs", x)


def _register() -> None:
    override = Tensor._override_operator
    for name, function in _BINARY.items():
        override(f"__{name}__", _forward(function, name))
        override(f"__r{name}__", _reflected(function, name))
    for name, op_type in _ORDER.items():
        override(f"__{name}__", _comparison(op_type))
    override("__neg__", lambda x: apply("Neg", x))
    override("__abs__", _absolute)
    override("__invert__", invert)


_register()
