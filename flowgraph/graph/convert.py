"""Python values to arrays, and anything a user passes to a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dtypes import DType
from flowgraph.graph import build
from flowgraph.graph.tensor import Tensor
from flowgraph.shapes import Dimension, TensorShape

__all__ = ["constant", "convert_to_tensor", "make_array", "register_tensor_conversion_function"]

Array = np.ndarray[Any, Any]

_PYTHON_KINDS: dict[str, tuple[type, ...]] = {
    "f": (int, float, np.integer, np.floating),
    "c": (int, float, complex, np.number),
    "i": (int, np.integer),
    "u": (int, np.integer),
    "b": (bool, np.bool_),
}


def make_array(values: Any, dtype: DType | None = None) -> Array:
    """`values` as an array, by TF1's rules.

    Python floats become float32 and Python ints int32 unless `dtype` says otherwise; NumPy arrays
    and scalars keep their type. Strings are object arrays of bytes.

    Raises:
        TypeError: if the values are not of the kind of `dtype` (a float for an int32, say).
        ValueError: for None, and for lists that are not rectangular.
    """
    if values is None:
        raise ValueError("None values not supported.")
    if isinstance(values, np.ndarray | np.generic):
        return _from_numpy(np.asarray(values), dtype)
    if dtype is not None:
        _check_kinds(values, dtype)
    if dtype is dtypes.string:
        return string_array(values)
    array = _rectangular(values, None if dtype is None else dtype.np)
    if dtype is not None:
        return array
    if array.dtype.kind in "SUO":
        return string_array(values)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64 and _fits_int32(array):
        return array.astype(np.int32)
    dtypes.as_dtype(array.dtype)
    return array


def _from_numpy(array: Array, dtype: DType | None) -> Array:
    if array.dtype.kind in "SUO":
        if dtype not in (None, dtypes.string):
            raise TypeError(f"Expected {dtype.name}, got an array of {array.dtype}.")
        return string_array(array)
    if dtype is None:
        dtypes.as_dtype(array.dtype)
        return array
    if dtype is dtypes.string:
        raise TypeError(f"Expected string, got an array of {array.dtype}.")
    return array.astype(dtype.np, copy=False)


def _fits_int32(array: Array) -> bool:
    if not array.size:
        return True
    info = np.iinfo(np.int32)
    return bool(array.min() >= info.min and array.max() <= info.max)


def _rectangular(values: Any, numpy_dtype: Any) -> Array:
    try:
        return np.array(values, dtype=numpy_dtype)
    except OverflowError:
        raise ValueError(f"{values!r} is out of the range of {numpy_dtype}.") from None
    except ValueError as error:
        if "inhomogeneous" in str(error) or "sequence" in str(error):
            raise ValueError(
                "Argument must be a dense tensor: got a list whose rows have different lengths: "
                f"{_shortened(values)}"
            ) from None
        raise


def _shortened(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 100 else text[:100] + "..."


def _check_kinds(values: Any, dtype: DType) -> None:
    """Raise TypeError on the first leaf that `dtype` cannot hold without a cast."""
    allowed = _PYTHON_KINDS.get(dtype.kind)
    if isinstance(values, list | tuple):
        for each in values:
            _check_kinds(each, dtype)
        return
    if isinstance(values, np.ndarray):
        return
    if dtype is dtypes.string:
        fits = isinstance(values, str | bytes)
    elif isinstance(values, bool):
        fits = dtype is dtypes.bool
    else:
        fits = allowed is None or isinstance(values, (*allowed, Dimension))
    if values is None:
        raise ValueError("None values not supported.")
    if not fits and not hasattr(values, "__array__"):
        kind = type(values).__name__
        raise TypeError(f"Expected {dtype.name}, got {values!r} of type '{kind}' instead.")


def string_array(values: Any) -> Array:
    """An object array of bytes; text is encoded as UTF-8."""
    array = np.array(values, dtype=np.object_)
    flat = [_as_bytes(each) for each in array.reshape(-1).tolist()]
    result = np.empty(len(flat), dtype=np.object_)
    result[:] = flat
    return result.reshape(array.shape)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise TypeError(
        f"Expected a string or a number, got {value!r} of type '{type(value).__name__}'."
    )


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor with a fixed value.

    Args:
        value: a Python number, string, nested list, or NumPy array.
        dtype: the element type; read off `value` if None.
        shape: if given, `value` is reshaped to it, its last element filling what is missing.
        verify_shape: raise instead of filling.

    Raises:
        TypeError: if `value` does not fit `dtype`, or the shape under `verify_shape`.
        ValueError: if `value` has more elements than `shape`.
    """
    if isinstance(value, Tensor):
        raise TypeError("List of Tensors when single Tensor expected")
    array = make_array(value, None if dtype is None else dtypes.as_dtype(dtype).base_dtype)
    if shape is not None:
        array = _filled(array, tuple(TensorShape(shape).as_list()), verify_shape)
    return _const(array, name)


def _filled(array: Array, shape: tuple[Any, ...], verify: bool) -> Array:
    if verify and array.shape != shape:
        raise TypeError(f"Expected Tensor's shape: {shape}, got {array.shape}.")
    size = int(np.prod(shape, dtype=np.int64))
    if size == 0 and array.size <= 1:
        return np.empty(shape, array.dtype)
    if array.size > size:
        raise ValueError(
            f"Too many elements provided. Needed at most {size}, but received {array.size}"
        )
    if array.size == size:
        return array.reshape(shape)
    if array.size == 0:
        raise ValueError(f"Cannot fill shape {shape} from an empty value.")
    flat = array.reshape(-1)
    return np.concatenate([flat, np.repeat(flat[-1:], size - array.size)]).reshape(shape)


def _const(array: Array, name: str | None) -> Tensor:
    # The node owns its value: a later change of the caller's array must not reach it.
    array = array.copy() if array.flags.writeable else array
    array.flags.writeable = False
    dtype = dtypes.as_dtype(array.dtype)
    tensor: Tensor = build.apply("Const", name=name, value=array, dtype=dtype)
    return tensor


ConversionFunction = Callable[..., Any]
_conversions: list[tuple[int, tuple[type, ...], ConversionFunction]] = []


def register_tensor_conversion_function(
    base_type: type | tuple[type, ...],
    conversion_func: ConversionFunction,
    priority: int = 100,
) -> None:
    """Let values of `base_type` stand wherever a tensor is expected.

    Args:
        base_type: a class or a tuple of classes.
        conversion_func: called as ``f(value, dtype=None, name=None, as_ref=False)``; returns a
            tensor, or NotImplemented to pass.
        priority: lower ones are asked first.
    """
    bases = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(base, type) for base in bases):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _conversions.append((priority, bases, conversion_func))
    _conversions.sort(key=lambda entry: entry[0])


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Tensor:
    """`value` as a tensor of the default graph.

    Args:
        value: a tensor, variable, number, string, list (of tensors too), array, or an object of a
            registered type.
        dtype: the type the result must have.
        preferred_dtype: the type it gets where the value allows.

    Raises:
        TypeError: if `value` is of no known kind or does not fit `dtype`.
        ValueError: if it is a tensor of another type.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if type(value) is Tensor:
        if wanted is not None and value.dtype.base_dtype is not wanted:
            raise _conversion_error(value, wanted)
        return value
    preferred = preferred_dtype if preferred_dtype is not None else dtype_hint
    if wanted is None and preferred is not None:
        try:
            return _convert(value, dtypes.as_dtype(preferred).base_dtype, name)
        except (TypeError, ValueError):
            pass
    return _convert(value, wanted, name)


def _convert(value: Any, wanted: DType | None, name: str | None) -> Tensor:
    for _, bases, function in _conversions:
        if isinstance(value, bases):
            converted = function(value, dtype=wanted, name=name, as_ref=False)
            if converted is NotImplemented:
                continue
            if wanted is not None and converted.dtype.base_dtype is not wanted:
                raise _conversion_error(converted, wanted)
            return converted  # type: ignore[no-any-return]
    if isinstance(value, list | tuple) and _contains_tensor(value):
        return _pack(value, wanted, name)
    if isinstance(value, TensorShape):
        return _shape_constant(value, wanted, name)
    if isinstance(value, Dimension):
        value = int(value)
    if isinstance(value, dict | set) or callable(value) or value is Ellipsis:
        raise TypeError(
            f"Failed to convert object of type {type(value)} to Tensor. Contents: {value!r}. "
            "Consider casting elements to a supported type."
        )
    return _const(make_array(value, wanted), name or "Const")


def _shape_constant(value: TensorShape, wanted: DType | None, name: str | None) -> Tensor:
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    return _const(np.array(value.as_list(), (wanted or dtypes.int32).np), name or "shape_as_tensor")


def _conversion_error(value: Any, wanted: DType) -> errors.DTypeMismatchError:
    return errors.DTypeMismatchError(
        f"Tensor conversion requested dtype {wanted.name} for Tensor with dtype "
        f"{value.dtype.name}: {str(value)!r}"
    )


def _is_tensor_like(value: Any) -> bool:
    return isinstance(value, Tensor) or any(
        isinstance(value, bases) for _, bases, _ in _conversions
    )


def _contains_tensor(values: Sequence[Any]) -> bool:
    return any(
        _contains_tensor(each) if isinstance(each, list | tuple) else _is_tensor_like(each)
        for each in values
    )


def first_tensor_dtype(values: Any) -> DType | None:
    """The type of the first tensor in a nested list."""
    if isinstance(values, list | tuple):
        found = (first_tensor_dtype(each) for each in values)
        return next((dtype for dtype in found if dtype is not None), None)
    if _is_tensor_like(values):
        return getattr(values, "dtype", None) and values.dtype.base_dtype
    return None


def _pack(values: Sequence[Any], wanted: DType | None, name: str | None) -> Tensor:
    dtype = wanted or first_tensor_dtype(values)
    with build.graph_of(list(values)).name_scope(name or "packed") as scope:
        elements = [
            convert_to_tensor(each, dtype, name=str(index)) for index, each in enumerate(values)
        ]
        packed: Tensor = build.apply("Pack", elements, name=scope)
    return packed
