"""Any op of TensorFlow by its type, inputs and attributes."""

from __future__ import annotations

from typing import Any

__all__ = ["apply_op", "default_of", "inferred_attrs", "op_def_of"]


def op_def_of(op_type: str) -> Any:
    """The OpDef message of an op type, None where TensorFlow has none."""
    from tensorflow.python.framework import op_def_registry

    return op_def_registry.get(op_type)


def inferred_attrs(op_def: Any) -> set[str]:
    """The attributes that follow from the inputs."""
    names = set()
    for arg in op_def.input_arg:
        names |= {arg.type_attr, arg.number_attr, arg.type_list_attr}
    return names


def default_of(attr: Any) -> Any:
    """The default of an attribute as plain values: types by their enum, shapes as lists.

    Tensors are dicts of dtype, shape and value.
    """
    from google.protobuf import json_format
    from tensorflow.python.framework import tensor_util

    value = attr.default_value
    kind = value.WhichOneof("value")
    if kind == "list":
        return [each for _, field in value.list.ListFields() for each in field]
    if kind == "s":
        return value.s.decode("latin-1")
    if kind == "shape":
        unknown = value.shape.unknown_rank
        return None if unknown else [size.size for size in value.shape.dim]
    if kind == "tensor":
        array = tensor_util.MakeNdarray(value.tensor)
        return {"dtype": array.dtype.name, "shape": list(array.shape), "value": array.tolist()}
    if kind == "func":
        return json_format.MessageToDict(value.func)
    return getattr(value, kind)


def apply_op(op_type: str, inputs: dict[str, Any], attrs: dict[str, Any]) -> Any:
    """Add an op to the default graph; attributes that are not given get their defaults."""
    from tensorflow.python.framework import op_def_library

    op_def = op_def_of(op_type)
    inferred = inferred_attrs(op_def)
    defaults = {
        attr.name: default_of(attr)
        for attr in op_def.attr
        if attr.HasField("default_value") and attr.name not in inferred
    }
    return op_def_library.apply_op(op_type, **inputs, **{**defaults, **attrs})
