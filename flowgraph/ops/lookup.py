"""Lookup tables: the ops that make them, fill them and look keys up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph import hooks
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.files import path_of
from flowgraph.ops.lookup_store import DenseTable, MutableTable, StaticTable, Table
from flowgraph.ops.numerals import number_parser
from flowgraph.ops.queues import handled
from flowgraph.ops.texts import invalid, text_array
from flowgraph.shapes import TensorShape

__all__ = ["LINE_NUMBER", "WHOLE_LINE"]

WHOLE_LINE = -2
LINE_NUMBER = -1

_TABLE = {
    "container": "",
    "shared_name": "",
    "use_node_name_sharing": False,
    "key_dtype": attr("type"),
    "value_dtype": attr("type"),
}
_SCALAR_SHAPE = TensorShape(())


def _handle_shape() -> Dims:
    return ()


def _handle(*, state: Table) -> Any:
    return state.handle


@op("HashTableV2", "-> table_handle: resource", **_TABLE)
class HashTableV2:
    """A table that is filled once, by an initializer."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(key_dtype: DType, value_dtype: DType) -> Table:
        return StaticTable(key_dtype, value_dtype)


@op("MutableHashTableV2", "-> table_handle: resource", **_TABLE)
class MutableHashTableV2:
    """A table of scalars that may change at any time."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(key_dtype: DType, value_dtype: DType) -> Table:
        return MutableTable(key_dtype, value_dtype)


@op(
    "MutableHashTableOfTensorsV2",
    "-> table_handle: resource",
    value_shape=attr("shape", _SCALAR_SHAPE),
    **_TABLE,
)
class MutableHashTableOfTensorsV2:
    """A table of vectors that may change at any time."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(key_dtype: DType, value_dtype: DType, value_shape: TensorShape) -> Table:
        return MutableTable(key_dtype, value_dtype, _known(value_shape))


@op(
    "MutableDenseHashTableV2",
    "empty_key: key_dtype, deleted_key: key_dtype -> table_handle: resource",
    value_shape=attr("shape", _SCALAR_SHAPE),
    initial_num_buckets=131072,
    max_load_factor=0.8,
    **_TABLE,
)
class MutableDenseHashTableV2:
    """A table of tensors by scalars or vectors; `empty_key` and `deleted_key` are never keys."""

    stateful = True
    grad = None

    def shape(empty_key: Operand, deleted_key: Operand) -> Dims:
        return ()

    def new_state(key_dtype: DType, value_dtype: DType, value_shape: TensorShape) -> Table:
        return DenseTable(key_dtype, value_dtype, _known(value_shape))

    def numpy(empty_key: Any, deleted_key: Any, *, state: DenseTable) -> Any:
        state.reserve(empty_key, deleted_key)
        return state.handle


def _known(shape: TensorShape) -> tuple[int, ...]:
    sizes = shape._dims
    if sizes is None or not dims.is_known(sizes):
        raise invalid(f"The values of a table must have a known shape, not {shape}")
    return sizes  # type: ignore[return-value]


def _entry_shapes(handle: Any) -> tuple[Dims, Dims]:
    """The shapes of a table's keys and values, as far as its op is known."""
    node = handle.op
    if node.type in ("HashTableV2", "MutableHashTableV2"):
        return (), ()
    if node.type == "MutableHashTableOfTensorsV2":
        return (), node.attrs["value_shape"]._dims
    if node.type == "MutableDenseHashTableV2":
        return node.inputs[0].dims, node.attrs["value_shape"]._dims
    return None, None


@op(
    "LookupTableFindV2",
    "table_handle: resource, keys: Tin, default_value: Tout -> values: Tout",
    Tin=attr("type"),
    Tout=attr("type"),
)
class LookupTableFindV2:
    """The values of keys in a table; `default_value` for those that are not there."""

    stateful = True
    grad = None

    def shape(handle: Operand, keys: Operand, default: Operand) -> Dims:
        key, value = _entry_shapes(handle)
        if key is None or value is None or keys.dims is None:
            return None
        return (*keys.dims[: len(keys.dims) - len(key)], *value)

    def numpy(handle: Any, keys: Any, default: Any) -> Any:
        return handled(handle).find(keys, default)


def _no_output(*operands: Operand) -> Any:
    return []


@op(
    "LookupTableInsertV2",
    "table_handle: resource, keys: Tin, values: Tout ->",
    Tin=attr("type"),
    Tout=attr("type"),
)
class LookupTableInsertV2:
    """Add entries to a table, in place of those with the same keys."""

    stateful = True
    grad = None
    shape = _no_output

    def numpy(handle: Any, keys: Any, values: Any) -> tuple[()]:
        handled(handle).insert(keys, values)
        return ()


@op("LookupTableRemoveV2", "table_handle: resource, keys: Tin ->", Tin=attr("type"))
class LookupTableRemoveV2:
    """Remove entries from a table; keys that are not there do no harm."""

    stateful = True
    grad = None
    shape = _no_output

    def numpy(handle: Any, keys: Any) -> tuple[()]:
        handled(handle).remove(keys)
        return ()


@op("LookupTableSizeV2", "table_handle: resource -> size: int64")
class LookupTableSizeV2:
    """How many entries a table has."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> Dims:
        return ()

    def numpy(handle: Any) -> Any:
        return np.array(handled(handle).size(), np.int64)


@op(
    "LookupTableExportV2",
    "table_handle: resource -> keys: Tkeys, values: Tvalues",
    Tkeys=attr("type"),
    Tvalues=attr("type"),
)
class LookupTableExportV2:
    """All keys of a table and their values."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> list[Dims]:
        return [None if each is None else (None, *each) for each in _entry_shapes(handle)]

    def numpy(handle: Any) -> tuple[Any, Any]:
        keys, values = handled(handle).export()
        return keys, values


def _fill(handle: Any, keys: Any, values: Any) -> tuple[()]:
    handled(handle).fill(keys, values)
    return ()


@op(
    "LookupTableImportV2",
    "table_handle: resource, keys: Tin, values: Tout ->",
    Tin=attr("type"),
    Tout=attr("type"),
)
class LookupTableImportV2:
    """Let a table have these entries and no others."""

    stateful = True
    grad = None
    shape = _no_output
    numpy = _fill


@op(
    "InitializeTableV2",
    "table_handle: resource, keys: Tkey, values: Tval ->",
    Tkey=attr("type"),
    Tval=attr("type"),
)
class InitializeTableV2:
    """Fill a table that is filled once."""

    stateful = True
    grad = None
    shape = _no_output
    numpy = _fill


@op(
    "InitializeTableFromTextFileV2",
    "table_handle: resource, filename: string ->",
    key_index=attr("int", minimum=-2),
    value_index=attr("int", minimum=-2),
    vocab_size=attr("int", -1, minimum=-1),
    delimiter="\t",
)
class InitializeTableFromTextFileV2:
    """Fill a table from a text file, each line an entry.

    Keys and values are columns of the file, or -1 for the line's number, or -2 for the whole line.
    """

    stateful = True
    grad = None

    def shape(handle: Operand, filename: Operand) -> Any:
        if filename.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(filename.dims)}")
        return []

    def numpy(
        handle: Any,
        filename: Any,
        *,
        key_index: int,
        value_index: int,
        vocab_size: int,
        delimiter: str,
    ) -> tuple[()]:
        table, path = handled(handle), path_of(filename)
        lines = list(_lines(path, vocab_size))
        if 0 <= len(lines) < vocab_size:
            raise invalid(
                f"Invalid vocab_size in {path}: expected {vocab_size} but got {len(lines)}"
            )
        separator = delimiter.encode()
        columns = [
            _column(lines, index, dtype, separator, path)
            for index, dtype in ((key_index, table.key_dtype), (value_index, table.value_dtype))
        ]
        table.fill(*columns)
        return ()


def _lines(path: str, limit: int) -> Iterator[bytes]:
    """The lines of a file, so many of them unless that is negative."""
    with hooks.file_errors(path), open(path, "rb") as file:
        for number, line in enumerate(file):
            if number == limit:
                return
            yield line.rstrip(b"\n").replace(b"\r", b"")


def _column(lines: list[bytes], index: int, dtype: DType, separator: bytes, path: str) -> Any:
    if index == LINE_NUMBER:
        return np.arange(len(lines), dtype=dtype.np)
    texts = lines
    if index != WHOLE_LINE:
        rows = [line.split(separator) for line in lines]
        for number, row in enumerate(rows):
            if len(row) <= index:
                raise invalid(
                    f"Invalid number of columns in {path} line {number} "
                    f"({lines[number].decode(errors='replace')}) : expected at least {index + 1} "
                    f"got {len(row)}"
                )
        texts = [row[index] for row in rows]
    if dtype.kind == "O":
        return text_array(texts, (len(texts),))
    read = number_parser(dtype)
    numbers = [read(text) for text in texts]
    for number, value in enumerate(numbers):
        if value is None:
            shown = texts[number].decode(errors="replace")
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Field {shown} in line {number} is not a valid {dtype.name}.",
            )
    return np.array(numbers, dtype.np)
