"""Attributes of ops as AttrValue messages, and back; op declarations as OpDef messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.formats.tensors import make_ndarray, make_tensor_proto, shape_proto, tensor_shape
from flowgraph.graph import opdef
from flowgraph.graph.opdef import MISSING
from flowgraph.protos import AttrValue, OpDef

__all__ = ["attr_value", "attr_value_of", "is_neutral", "op_def_proto", "python_value"]


def _encode_text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _decode_text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _type_number(value: Any) -> int:
    return dtypes.as_dtype(value).as_datatype_enum


def _base_dtype(number: int) -> dtypes.DType:
    return dtypes.as_dtype(number).base_dtype


def _same(value: Any) -> Any:
    return value


def _constant(proto: Any) -> Any:
    array = make_ndarray(proto)
    array.flags.writeable = False
    return array


# Per kind of attribute: the field of AttrValue, to the message and from it.
_KINDS: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "string": ("s", _encode_text, _decode_text),
    "int": ("i", int, int),
    "float": ("f", float, float),
    "bool": ("b", bool, bool),
    "type": ("type", _type_number, _base_dtype),
    "shape": ("shape", shape_proto, tensor_shape),
    "tensor": ("tensor", make_tensor_proto, _constant),
    "func": ("func", _same, _same),
}
_MESSAGES = ("shape", "tensor", "func")


def attr_value(kind: str, value: Any) -> Any:
    """`value`, an attribute of a declared kind such as ``"list(type)"``, as an AttrValue."""
    proto = AttrValue()
    if kind.startswith("list("):
        field, encode, _ = _KINDS[kind[5:-1]]
        proto.list.SetInParent()
        getattr(proto.list, field).extend([encode(each) for each in value])
        return proto
    field, encode, _ = _KINDS[kind]
    if field in _MESSAGES:
        getattr(proto, field).CopyFrom(encode(value))
    else:
        setattr(proto, field, encode(value))
    return proto


def python_value(kind: str, proto: Any) -> Any:
    """The value of an AttrValue, which must be of the declared kind.

    Raises:
        ValueError: if it is of another kind.
    """
    found = proto.WhichOneof("value")
    if kind.startswith("list("):
        field, _, decode = _KINDS[kind[5:-1]]
        if found != "list":
            raise ValueError(f"AttrValue must have type {kind}, got {found}")
        values = [decode(each) for each in getattr(proto.list, field)]
        return tuple(values) if kind == "list(type)" else values
    field, _, decode = _KINDS[kind]
    if found != field:
        raise ValueError(f"AttrValue must have type {kind}, got {found}")
    return decode(getattr(proto, field))


_KIND_OF_TYPE: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (bytes, "string"),
    (dtypes.DType, "type"),
)


def attr_value_of(value: Any) -> Any:
    """The AttrValue of an attribute that no declaration describes (``_class``, say)."""
    if isinstance(value, AttrValue):
        return value
    if isinstance(value, list | tuple):
        return attr_value(f"list({_kind_of(value[0]) if value else 'string'})", value)
    return attr_value(_kind_of(value), value)


def _kind_of(value: Any) -> str:
    for python_type, kind in _KIND_OF_TYPE:
        if isinstance(value, python_type):
            return kind
    raise TypeError(f"{value!r} cannot be an attribute of an op.")


def is_neutral(proto: Any) -> bool:
    """True for false, zero and nothing: what a later version of an op defaults to."""
    field = proto.WhichOneof("value")
    if field is None:
        return True
    if field == "list":
        return not proto.list.ByteSize()
    return field in ("s", "i", "f", "b") and not getattr(proto, field)


def op_def_proto(definition: opdef.OpDef) -> Any:
    """The declaration of an op as an OpDef message."""
    proto = OpDef(name=definition.name, is_stateful=definition.stateful)
    for arg in definition.inputs:
        _set_arg(proto.input_arg.add(), arg)
    for arg in definition.outputs:
        _set_arg(proto.output_arg.add(), arg)
    for name, spec in definition.attrs.items():
        attr = proto.attr.add(name=name, type=spec.kind)
        if spec.default is not MISSING and spec.default is not None:
            attr.default_value.CopyFrom(attr_value(spec.kind, spec.default))
        if spec.minimum is not None:
            attr.has_minimum, attr.minimum = True, spec.minimum
        if spec.allowed is not None:
            element = spec.kind.removeprefix("list(").removesuffix(")")
            attr.allowed_values.CopyFrom(attr_value(f"list({element})", spec.allowed))
    return proto


def _set_arg(proto: Any, arg: opdef.Arg) -> None:
    proto.name = arg.name
    proto.is_ref = arg.is_ref
    if arg.dtype is not None:
        proto.type = arg.dtype.as_datatype_enum
    proto.type_attr = arg.type_attr
    proto.number_attr = arg.number_attr
    proto.type_list_attr = arg.type_list_attr
