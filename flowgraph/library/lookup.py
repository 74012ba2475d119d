"""Lookup tables as Python objects."""

from __future__ import annotations

import uuid
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import colocate_with, control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.control import group, no_op
from flowgraph.shapes import TensorShape

__all__ = [
    "HandledTable",
    "HashTable",
    "InitializableLookupTableBase",
    "LookupInterface",
    "StaticHashTable",
    "initialize_all_tables",
    "tables_initializer",
]


def tables_initializer(name: str = "init_all_tables") -> Operation:
    """An operation that fills all tables of the graph that have an initializer."""
    initializers = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(*initializers, name=name) if initializers else no_op(name=name)


def initialize_all_tables(name: str = "init_all_tables") -> Operation:
    """`tables_initializer`, by its older name."""
    return tables_initializer(name)


class LookupInterface:
    """A table that maps keys to values, which live in the session.

    Args:
        key_dtype, value_dtype: the types of keys and values.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        """The type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """The type of the values."""
        return self._value_dtype

    @property
    def name(self) -> str:
        """The name of the table's op, without its scope."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        """How many entries the table has: an int64 scalar."""
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of `keys`."""
        raise NotImplementedError

    def _check_keys(self, keys: Any) -> None:
        if keys.dtype.base_dtype != self._key_dtype:
            raise TypeError(
                f"Signature mismatch. Dtype of argument `keys` must be {self._key_dtype.name}, "
                f"got {keys.dtype.name}."
            )


class HandledTable(LookupInterface):
    """A table with a handle."""

    def __init__(self, key_dtype: Any, value_dtype: Any, handle: Tensor, default: Tensor) -> None:
        super().__init__(key_dtype, value_dtype)
        self._handle = handle
        self._default_value = default

    @property
    def name(self) -> str:
        return self._handle.op.name.rpartition("/")[2]

    @property
    def resource_handle(self) -> Tensor:
        """The handle that ops take."""
        return self._handle

    @property
    def table_ref(self) -> Tensor:
        """The handle, by its older name."""
        return self._handle

    @property
    def default_value(self) -> Tensor:
        """What is found for keys that are not there."""
        return self._default_value

    def size(self, name: str | None = None) -> Tensor:
        with name_scope(name, f"{self.name}_Size", [self._handle]), colocate_with(self._handle):
            made: Tensor = apply("LookupTableSizeV2", self._handle)
        return made

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and their values, in the same order."""
        with (
            name_scope(name, f"{self.name}_{self._export_name}", [self._handle]),
            colocate_with(self._handle),
        ):
            keys, values = apply(
                "LookupTableExportV2",
                self._handle,
                Tkeys=self._key_dtype,
                Tvalues=self._value_dtype,
            )
        return keys, values

    _export_name = "lookup_table_export_values"


class InitializableLookupTableBase(HandledTable):
    """A table that an initializer fills once.

    Args:
        default_value: what is found for keys that are not there: a scalar.
        initializer: fills the table; see `KeyValueTensorInitializer`, `TextFileInitializer`.
        shared_name, name: of the table's op.
    """

    _export_name = "Export"

    def __init__(
        self,
        default_value: Any,
        initializer: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        default = convert_to_tensor(default_value, initializer.value_dtype)
        default.shape.merge_with(TensorShape([]))
        with control_dependencies(None):
            handle = apply(
                "HashTableV2",
                shared_name=shared_name or "",
                key_dtype=initializer.key_dtype,
                value_dtype=initializer.value_dtype,
                name=name or "hash_table",
            )
        super().__init__(initializer.key_dtype, initializer.value_dtype, handle, default)
        self._init_op: Operation = initializer.initialize(self)

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table; `tables_initializer` runs it, too."""
        return self._init_op

    @property
    def init(self) -> Operation:
        """The initializer, by its older name."""
        return self._init_op

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of `keys`, a tensor or `SparseTensor`, with its shape.

        Raises:
            TypeError: if the keys are of another type than the table's.
            FailedPreconditionError: when run, if the table is not initialized.
        """
        self._check_keys(keys)
        flat = keys.values if isinstance(keys, SparseTensor) else keys
        parts = [self._handle, flat, self._default_value]
        with name_scope(name, f"{self.name}_Lookup", parts):
            values = apply("LookupTableFindV2", *parts)
        values.set_shape(flat.shape)
        if isinstance(keys, SparseTensor):
            return SparseTensor(keys.indices, values, keys.dense_shape)
        return values


class StaticHashTable(InitializableLookupTableBase):
    """A table that an initializer fills once.

    Args:
        initializer: fills the table; see `KeyValueTensorInitializer`, `TextFileInitializer`.
        default_value: what is found for keys that are not there.
    """

    def __init__(self, initializer: Any, default_value: Any, name: str | None = None) -> None:
        shared_name = initializer._shared_name or f"hash_table_{uuid.uuid4()}"
        super().__init__(default_value, initializer, shared_name, name)


class HashTable(InitializableLookupTableBase):
    """A table that an initializer fills once; see `StaticHashTable`.

    Args:
        shared_name: tables of one shared name are one table in a session.
    """

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(default_value, initializer, shared_name, name)
