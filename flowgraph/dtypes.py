"""Element types: TensorFlow's names, numbers and limits over NumPy's dtypes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

__all__ = [
    "DType",
    "as_dtype",
    "bfloat16",
    "bool",
    "complex64",
    "complex128",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "resource",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "variant",
]

_REF_OFFSET = 100
_py_bool = bool


class DType:
    """The type of a tensor's elements.

    Compares equal to anything `as_dtype` turns into the same type::

        >>> float32 == np.float32, float32 == "float32", float32 == int32
        (True, True, False)
        >>> float32
        tf.float32
        >>> float32.max
        3.4028234663852886e+38
    """

    __slots__ = ("_base", "_ref", "as_datatype_enum", "as_numpy_dtype", "kind", "name", "np")

    def __init__(self, name: str, enum: int, numpy_type: Any) -> None:
        self.name = name
        self.as_datatype_enum = enum
        self.as_numpy_dtype = numpy_type
        self.np: np.dtype[Any] = np.dtype(numpy_type)
        self.kind = "f" if name == "bfloat16" else self.np.kind
        self._base = self
        self._ref: DType = self

    @property
    def base_dtype(self) -> DType:
        """The type itself, without the mark of a variable's reference."""
        return self._base

    @property
    def real_dtype(self) -> DType:
        """The type of the real part: float32 for complex64, float64 for complex128."""
        return {"complex64": float32, "complex128": float64}.get(self._base.name, self)

    @property
    def is_ref_dtype(self) -> _py_bool:
        return self._base is not self

    @property
    def as_ref(self) -> DType:
        return self._ref

    @property
    def is_floating(self) -> _py_bool:
        return self.kind == "f"

    @property
    def is_complex(self) -> _py_bool:
        return self.kind == "c"

    @property
    def is_integer(self) -> _py_bool:
        return self.kind in "iu"

    @property
    def is_unsigned(self) -> _py_bool:
        return self.kind == "u"

    @property
    def is_bool(self) -> _py_bool:
        return self.kind == "b"

    @property
    def is_numpy_compatible(self) -> _py_bool:
        return self._base not in (resource, variant)

    @property
    def size(self) -> int:
        """Bytes per element; 1 for strings and handles, whose size is not fixed."""
        return 1 if self.kind == "O" else self.np.itemsize

    def _limits(self) -> Any:
        if self.name.startswith("bfloat16"):
            return ml_dtypes.finfo(ml_dtypes.bfloat16)  # type: ignore[no-untyped-call]
        if self.kind in "fc":
            return np.finfo(self.np)
        if self.kind in "iu":
            return np.iinfo(self.np)
        raise TypeError(f"Cannot find minimum or maximum value of {self.name}.")

    @property
    def min(self) -> Any:
        """The smallest value of the type."""
        return False if self.kind == "b" else _python_number(self._limits().min)

    @property
    def max(self) -> Any:
        """The largest value of the type."""
        return True if self.kind == "b" else _python_number(self._limits().max)

    @property
    def limits(self) -> tuple[Any, Any]:
        return self.min, self.max

    def is_compatible_with(self, other: Any) -> _py_bool:
        """True if the base types are the same."""
        return self._base is as_dtype(other)._base

    def __eq__(self, other: object) -> _py_bool:
        if self is other:
            return True
        if isinstance(other, DType):
            return False
        if other is None:
            return False
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __ne__(self, other: object) -> _py_bool:
        return not self == other

    __hash__ = object.__hash__

    def __int__(self) -> int:
        return self.as_datatype_enum

    def __repr__(self) -> str:
        return "tf." + self.name

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


def _python_number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


float32 = DType("float32", 1, np.float32)
float64 = DType("float64", 2, np.float64)
int32 = DType("int32", 3, np.int32)
uint8 = DType("uint8", 4, np.uint8)
int16 = DType("int16", 5, np.int16)
int8 = DType("int8", 6, np.int8)
string = DType("string", 7, np.object_)
complex64 = DType("complex64", 8, np.complex64)
int64 = DType("int64", 9, np.int64)
bool = DType("bool", 10, np.bool_)
bfloat16 = DType("bfloat16", 14, ml_dtypes.bfloat16)
uint16 = DType("uint16", 17, np.uint16)
complex128 = DType("complex128", 18, np.complex128)
float16 = DType("float16", 19, np.float16)
resource = DType("resource", 20, np.object_)
variant = DType("variant", 21, np.object_)
uint32 = DType("uint32", 22, np.uint32)
uint64 = DType("uint64", 23, np.uint64)
half = float16
double = float64

ALL_TYPES = (
    float32,
    float64,
    int32,
    uint8,
    int16,
    int8,
    string,
    complex64,
    int64,
    bool,
    bfloat16,
    uint16,
    complex128,
    float16,
    resource,
    variant,
    uint32,
    uint64,
)


def _make_ref(base: DType) -> DType:
    ref = DType(base.name + "_ref", base.as_datatype_enum + _REF_OFFSET, base.as_numpy_dtype)
    ref.kind = base.kind
    ref._base = base
    ref._ref = ref
    base._ref = ref
    return ref


_BY_KEY: dict[Any, DType] = {}
for _dtype in ALL_TYPES:
    for _each in (_dtype, _make_ref(_dtype)):
        _BY_KEY[_each] = _each
        _BY_KEY[_each.name] = _each
        _BY_KEY[_each.as_datatype_enum] = _each
    if _dtype not in (resource, variant):
        _BY_KEY[_dtype.as_numpy_dtype] = _dtype
        _BY_KEY[_dtype.np] = _dtype
_BY_KEY.update({"half": float16, "float": float32, "double": float64, float: float32, int: int32})
_BY_KEY.update({_py_bool: bool, str: string, bytes: string, np.str_: string, np.bytes_: string})


def as_dtype(value: Any) -> DType:
    """The `DType` that a name, NumPy type, Python type or enum number stands for.

    Raises:
        TypeError: if there is none.
    """
    found = _BY_KEY.get(value) if value.__hash__ is not None else None
    if found is not None:
        return found
    try:
        numpy_dtype = np.dtype(value)
    except (TypeError, ValueError):
        numpy_dtype = None
    if numpy_dtype is not None and value is not None:
        if numpy_dtype.kind in "SU":
            return string
        found = _BY_KEY.get(numpy_dtype.newbyteorder("="))
        if found is not None:
            return found
    raise TypeError(f"Cannot convert value {value!r} to a TensorFlow DType.")
