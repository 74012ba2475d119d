"""Arrays as TensorProto messages, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph import hooks
from flowgraph.graph.convert import make_array
from flowgraph.protos import TensorProto, TensorShapeProto
from flowgraph.shapes import TensorShape, as_dims

__all__ = ["make_ndarray", "make_tensor_proto", "shape_proto", "tensor_shape"]

Array = np.ndarray[Any, Any]

# The typed field of each element type, and the type that its values have in the message.
_FIELDS: dict[str, tuple[str, Any]] = {
    "float32": ("float_val", np.float32),
    "float64": ("double_val", np.float64),
    "int32": ("int_val", np.int32),
    "uint8": ("int_val", np.int32),
    "int16": ("int_val", np.int32),
    "int8": ("int_val", np.int32),
    "uint16": ("int_val", np.int32),
    "string": ("string_val", np.object_),
    "complex64": ("scomplex_val", np.float32),
    "int64": ("int64_val", np.int64),
    "bool": ("bool_val", np.bool_),
    "bfloat16": ("half_val", np.int32),
    "float16": ("half_val", np.int32),
    "complex128": ("dcomplex_val", np.float64),
    "uint32": ("uint32_val", np.uint32),
    "uint64": ("uint64_val", np.uint64),
}


def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False
) -> Any:
    """A TensorProto of `values`.

    Args:
        values: a number, string, nested list or array.
        dtype: the element type; read off `values` if None.
        shape: its shape; a single value fills it.
        verify_shape: require that `values` has exactly that shape.

    Raises:
        TypeError: if the values do not fit `dtype`, or `shape` under `verify_shape`.
        ValueError: if there are more values than `shape` has elements, or None is among them.
    """
    if isinstance(values, TensorProto):
        return values
    array = make_array(values, None if dtype is None else dtypes.as_dtype(dtype).base_dtype)
    dims = array.shape
    if shape is not None:
        dims = tuple(int(size) for size in TensorShape(shape).as_list())  # type: ignore[arg-type]
        if verify_shape and dims != array.shape:
            raise TypeError(f"Expected Tensor's shape: {dims}, got {array.shape}.")
        if array.size > np.prod(dims, dtype=np.int64):
            raise ValueError(
                f"Too many elements provided. Needed at most {np.prod(dims, dtype=np.int64)}, "
                f"but received {array.size}"
            )
    element_type = dtypes.as_dtype(array.dtype)
    proto = TensorProto(dtype=element_type.as_datatype_enum, tensor_shape=shape_proto(dims))
    if array.size > 1 and element_type is not dtypes.string and dims == array.shape:
        proto.tensor_content = _little_endian(array).tobytes()
    else:
        field, _ = _FIELDS[element_type.name]
        getattr(proto, field).extend(_field_values(array, element_type))
    return proto


def _little_endian(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _field_values(array: Array, dtype: dtypes.DType) -> list[Any]:
    flat = array.reshape(-1)
    if dtype.kind == "c":
        return flat.view(flat.real.dtype).tolist()
    if dtype in (dtypes.float16, dtypes.bfloat16):
        return flat.view(np.uint16).tolist()
    return flat.tolist()


def make_ndarray(tensor: Any) -> Array:
    """The array that a TensorProto holds; strings as an array of bytes objects.

    Raises:
        TypeError: if its element type is none that arrays have.
        ValueError: if its content does not fit its shape.
    """
    dtype = dtypes.as_dtype(tensor.dtype).base_dtype
    if dtype.name not in _FIELDS:
        raise TypeError(f"Unsupported tensor type: {dtype.name}")
    dims = tuple(dim.size for dim in tensor.tensor_shape.dim)
    count = int(np.prod(dims, dtype=np.int64))
    if tensor.tensor_content and dtype is not dtypes.string:
        stored = np.frombuffer(tensor.tensor_content, dtype.np.newbyteorder("<"))
        if stored.size != count:
            raise ValueError(f"A tensor of shape {dims} cannot have {stored.size} elements.")
        return stored.astype(dtype.np).reshape(dims)
    return _filled(_listed_values(tensor, dtype), count, dtype).reshape(dims)


def _listed_values(tensor: Any, dtype: dtypes.DType) -> Array:
    field, field_type = _FIELDS[dtype.name]
    values = getattr(tensor, field)
    if dtype is dtypes.string:
        listed = np.empty(len(values), np.object_)
        listed[:] = list(values)
        return listed
    listed = np.array(values, field_type)
    if dtype.kind == "c":
        return listed.view(dtype.np)
    if dtype in (dtypes.float16, dtypes.bfloat16):
        return listed.astype(np.uint16).view(dtype.np)
    return listed.astype(dtype.np)


def _filled(values: Array, count: int, dtype: dtypes.DType) -> Array:
    """`values` up to `count` elements: the last one stands for all that follow, none for zeros."""
    if values.size > count:
        raise ValueError(f"A tensor of {count} elements cannot hold {values.size} values.")
    if values.size == count:
        return values
    fill = values[-1] if values.size else (b"" if dtype is dtypes.string else 0)
    filled = np.full(count, fill, dtype.np)
    filled[: values.size] = values
    return filled


def shape_proto(shape: Any) -> Any:
    """A static shape as a TensorShapeProto; -1 stands for an unknown size."""
    dims = as_dims(shape)
    if dims is None:
        return TensorShapeProto(unknown_rank=True)
    proto = TensorShapeProto()
    for size in dims:
        proto.dim.add(size=-1 if size is None else size)
    return proto


def tensor_shape(proto: Any) -> TensorShape:
    """The static shape that a TensorShapeProto describes."""
    return TensorShape(as_dims(proto))


hooks.tensor_value = make_ndarray
