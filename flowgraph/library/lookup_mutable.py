"""Lookup tables that may change at any time."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.lookup import HandledTable
from flowgraph.library.training.saveables import SaveableObject, SaveSpec

__all__ = ["DenseHashTable", "MutableDenseHashTable", "MutableHashTable"]

_BUCKETS = 1 << 17


class _Changeable(HandledTable):
    """A table that may change at any time."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        handle: Tensor,
        default: Tensor,
        saved_name: str | None,
    ) -> None:
        super().__init__(key_dtype, value_dtype, handle, default)
        if saved_name is not None:
            saveable = _TableSaveable(self, saved_name)
            get_default_graph().add_to_collection(GraphKeys.SAVEABLE_OBJECTS, saveable)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of `keys`; the default for those that are not there."""
        parts = [self._handle, keys, self._default_value]
        with name_scope(name, f"{self.name}_lookup_table_find", parts):
            tensor = convert_to_tensor(keys, self._key_dtype, name="keys")
            with colocate_with(self._handle):
                made = apply("LookupTableFindV2", self._handle, tensor, self._default_value)
        return made

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """An operation that adds entries, in place of those with the same keys."""
        with name_scope(name, f"{self.name}_lookup_table_insert", [self._handle, keys, values]):
            names = convert_to_tensor(keys, self._key_dtype, name="keys")
            contents = convert_to_tensor(values, self._value_dtype, name="values")
            with colocate_with(self._handle):
                made: Operation = apply("LookupTableInsertV2", self._handle, names, contents)
        return made

    def remove(self, keys: Any, name: str | None = None) -> Operation:
        """An operation that removes entries; keys that are not there do no harm.

        Raises:
            TypeError: if the keys are of another type than the table's.
        """
        self._check_keys(keys)
        parts = [self._handle, keys, self._default_value]
        with name_scope(name, f"{self.name}_lookup_table_remove", parts):
            made: Operation = apply("LookupTableRemoveV2", self._handle, keys)
        return made


class _TableSaveable(SaveableObject):
    """Keys and values of a table as two tensors of a checkpoint."""

    def __init__(self, table: _Changeable, name: str) -> None:
        keys, values = table.export()
        specs = [SaveSpec(keys, "", f"{name}-keys"), SaveSpec(values, "", f"{name}-values")]
        super().__init__(table.resource_handle.op, specs, name)
        self._table = table

    def restore(self, restored_tensors: list[Tensor], restored_shapes: Any) -> Operation:
        handle = self._table.resource_handle
        with name_scope(f"{self.name}_table_restore"), colocate_with(handle):
            made: Operation = apply("LookupTableImportV2", handle, *restored_tensors)
        return made


class MutableHashTable(_Changeable):
    """A table that may change at any time; it starts empty.

    Args:
        key_dtype, value_dtype: the types of keys and values.
        default_value: what is found for keys that are not there; it gives the shape of a value, a
            scalar or a vector.
        shared_name: tables of one shared name are one table in a session.
        checkpoint: whether a `Saver` of everything saves the table.
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:
        default = convert_to_tensor(default_value, value_dtype)
        attrs: dict[str, Any] = {
            "shared_name": shared_name or "",
            "use_node_name_sharing": checkpoint and shared_name is None,
            "key_dtype": key_dtype,
            "value_dtype": value_dtype,
            "name": name,
        }
        if default.shape.ndims == 0:
            handle = apply("MutableHashTableV2", **attrs)
        else:
            handle = apply("MutableHashTableOfTensorsV2", value_shape=default.shape, **attrs)
        super().__init__(key_dtype, value_dtype, handle, default, name if checkpoint else None)


class MutableDenseHashTable(_Changeable):
    """A table that may change at any time, whose keys and values may be tensors.

    Args:
        default_value: what is found for keys that are not there; it gives the shape of a value.
        empty_key, deleted_key: keys that never occur; they give the shape of a key.
        initial_num_buckets: accepted for compatibility.
        others: see `MutableHashTable`.
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        shared_name: str | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
    ) -> None:
        default = convert_to_tensor(default_value, value_dtype, name="default_value")
        empty = convert_to_tensor(empty_key, key_dtype, name="empty_key")
        deleted = convert_to_tensor(deleted_key, key_dtype, name="deleted_key")
        handle = apply(
            "MutableDenseHashTableV2",
            empty,
            deleted,
            shared_name=shared_name or "",
            use_node_name_sharing=checkpoint and shared_name is None,
            value_dtype=value_dtype,
            value_shape=default.shape,
            initial_num_buckets=initial_num_buckets or _BUCKETS,
            name=name,
        )
        super().__init__(key_dtype, value_dtype, handle, default, name if checkpoint else None)

    def erase(self, keys: Any, name: str | None = None) -> Operation:
        """`remove`, by another name."""
        return self.remove(keys, name)

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Operation:
        """`insert`, by another name."""
        return self.insert(keys, values, name)


class DenseHashTable(MutableDenseHashTable):
    """`MutableDenseHashTable` without a shared name."""

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
    ) -> None:
        super().__init__(
            key_dtype,
            value_dtype,
            default_value,
            empty_key,
            deleted_key,
            initial_num_buckets,
            None,
            name,
            checkpoint,
        )
