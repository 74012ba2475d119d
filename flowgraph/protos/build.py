"""Turns the schema tables into protobuf message classes, in a descriptor pool of their own.

The private pool lets TensorFlow be imported into the same process: both define the package
``tensorflow``, and the default pool would refuse the second definition.

A schema line is ``Message: field, field, ...`` or ``enum Name: VALUE, VALUE=7, ...``, continued on
indented lines; nested types are written ``Outer.Inner``. A field is a number, a name and a type:

====================  ==========================================================================
``3 name string``     a scalar type of protobuf, or a message or enum looked up scope by scope
``3 name *string``    repeated
``3 name k->v``       a map
``3 name int64 |x``   a member of the oneof ``x``
====================  ==========================================================================

An enum value without a number follows its predecessor by one, the first being 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper

from flowgraph.protos import (
    schema_data,
    schema_graph,
    schema_monitoring,
    schema_saving,
    schema_session,
)

__all__ = ["enum_class", "message_class"]

_Field = descriptor_pb2.FieldDescriptorProto

_SCALARS = {
    "double": _Field.TYPE_DOUBLE,
    "float": _Field.TYPE_FLOAT,
    "int64": _Field.TYPE_INT64,
    "uint64": _Field.TYPE_UINT64,
    "int32": _Field.TYPE_INT32,
    "uint32": _Field.TYPE_UINT32,
    "fixed32": _Field.TYPE_FIXED32,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}

_PACKAGE = "tensorflow"
_ANY = "google.protobuf.Any"
_ERROR_CODE = "error.Code"


class _FileBuilder:
    """Collects the types of one file of declarations."""

    def __init__(self, name: str, package: str) -> None:
        self.file = descriptor_pb2.FileDescriptorProto(name=name, package=package, syntax="proto3")
        self._messages: dict[str, Any] = {}
        self._enums: set[str] = set()
        self._fields: list[tuple[str, str]] = []

    def declare(self, schema: str) -> None:
        """Adds the types of `schema`; their fields wait until all types are known."""
        for head, body in _declarations(schema):
            if head.startswith("enum "):
                self._declare_enum(head[5:], body)
            else:
                self._messages[head] = self._container(head, "message_type", "nested_type")
                self._fields.append((head, body))

    def build(self) -> descriptor_pb2.FileDescriptorProto:
        for name, body in self._fields:
            message = self._messages[name]
            for field in filter(None, body.split(", ")):
                self._add_field(message, name, field)
        return self.file

    def _container(self, name: str, outermost: str, nested: str) -> Any:
        outer, _, last = name.rpartition(".")
        siblings = (
            getattr(self._messages[outer], nested) if outer else getattr(self.file, outermost)
        )
        return siblings.add(name=last)

    def _declare_enum(self, name: str, body: str) -> None:
        enum = self._container(name, "enum_type", "enum_type")
        self._enums.add(name)
        number = 0
        for item in body.split(", "):
            label, _, explicit = item.partition("=")
            number = int(explicit) if explicit else number
            enum.value.add(name=label, number=number)
            number += 1

    def _add_field(self, message: Any, scope: str, text: str) -> None:
        number, name, kind, *oneof = text.split(" ")
        field = message.field.add(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
        if "->" in kind:
            kind = "*" + self._add_map_entry(message, scope, name, *kind.split("->"))
        if kind.startswith("*"):
            field.label = _Field.LABEL_REPEATED
            kind = kind[1:]
        self._set_type(field, scope, kind)
        if oneof:
            field.oneof_index = _oneof_index(message, oneof[0][1:])

    def _add_map_entry(self, message: Any, scope: str, name: str, key: str, value: str) -> str:
        entry_name = "".join(word.capitalize() for word in name.split("_")) + "Entry"
        entry = message.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        self._messages[f"{scope}.{entry_name}"] = entry
        self._add_field(entry, f"{scope}.{entry_name}", f"1 key {key}")
        self._add_field(entry, f"{scope}.{entry_name}", f"2 value {value}")
        return entry_name

    def _set_type(self, field: Any, scope: str, kind: str) -> None:
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            field.type = scalar
            return
        if kind == _ANY:
            field.type, field.type_name = _Field.TYPE_MESSAGE, "." + _ANY
            return
        full_name = kind if kind == _ERROR_CODE else self._resolve(scope, kind)
        is_enum = kind == _ERROR_CODE or full_name in self._enums
        field.type = _Field.TYPE_ENUM if is_enum else _Field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{full_name}"

    def _resolve(self, scope: str, kind: str) -> str:
        while scope:
            candidate = f"{scope}.{kind}"
            if candidate in self._messages or candidate in self._enums:
                return candidate
            scope = scope.rpartition(".")[0]
        return kind


def _declarations(schema: str) -> Iterator[tuple[str, str]]:
    for declaration in re.split(r"\n(?=\S)", schema.strip()):
        head, _, body = declaration.partition(":")
        yield head, " ".join(body.split())


def _oneof_index(message: Any, name: str) -> int:
    names = [oneof.name for oneof in message.oneof_decl]
    if name not in names:
        names.append(name)
        message.oneof_decl.add(name=name)
    return names.index(name)


def _build_pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    codes = _FileBuilder("flowgraph/error_codes.proto", f"{_PACKAGE}.error")
    codes.declare(schema_session.ERROR_SCHEMA)
    main = _FileBuilder("flowgraph/tensorflow.proto", _PACKAGE)
    for schema in (schema_graph, schema_saving, schema_session, schema_monitoring, schema_data):
        main.declare(schema.SCHEMA)
    main.file.dependency.extend([any_pb2.DESCRIPTOR.name, codes.file.name])
    pool.AddSerializedFile(codes.build().SerializeToString())
    pool.AddSerializedFile(main.build().SerializeToString())
    return pool


_POOL = _build_pool()


def message_class(name: str) -> Any:
    """The class of the message ``tensorflow.<name>``."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def enum_class(name: str) -> Any:
    """The values of the enum ``tensorflow.<name>``, by name and by number."""
    return enum_type_wrapper.EnumTypeWrapper(_POOL.FindEnumTypeByName(f"{_PACKAGE}.{name}"))
