"""Vocabularies: tables from words to their numbers and back, with buckets for unknown words."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.lookup import LookupInterface, StaticHashTable
from flowgraph.library.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIdTableInitializer,
    TextFileIndex,
    TextFileStringTableInitializer,
)
from flowgraph.ops.array import size as size_of
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import range as range_of
from flowgraph.ops.control import no_op
from flowgraph.ops.strings_hash import (
    string_to_hash_bucket,
    string_to_hash_bucket_fast,
    string_to_hash_bucket_strong,
)
from flowgraph.ops.strings_numbers import as_string

__all__ = [
    "FastHashSpec",
    "HasherSpec",
    "IdTableWithHashBuckets",
    "StaticVocabularyTable",
    "StrongHashSpec",
    "index_table_from_file",
    "index_table_from_tensor",
    "index_to_string",
    "index_to_string_table_from_file",
    "index_to_string_table_from_tensor",
    "string_to_index",
]


class HasherSpec(namedtuple("HasherSpec", ["hasher", "key"])):
    """By which hash function unknown words are assigned to buckets: its name and its key."""

    __slots__ = ()


FastHashSpec = HasherSpec("fasthash", None)


class StrongHashSpec(HasherSpec):
    """A hash function with a secret key of two integers, which nobody can foresee."""

    __slots__ = ()

    def __new__(cls, key: Any) -> StrongHashSpec:
        if len(key) != 2:
            raise ValueError(f"key must have size 2, got {len(key)}.")
        if not all(isinstance(each, int) for each in key):
            raise TypeError(f"Invalid key {key}. Must be unsigned integer values.")
        return super().__new__(cls, "stronghash", key)


class IdTableWithHashBuckets(LookupInterface):
    """A table from words to numbers, in which unknown words have numbers of buckets behind it.

    The id of a word that `table` does not know is its hash modulo `num_oov_buckets`, plus the size
    of the table.

    Args:
        table: from strings or int64 to int64; or None: all words go to buckets.
        num_oov_buckets: how many buckets there are.
        hasher_spec: the hash function.
        key_dtype: the type of the keys; that of the table if None.

    Raises:
        TypeError, ValueError: if the arguments do not fit together.
    """

    def __init__(
        self,
        table: Any,
        num_oov_buckets: int,
        hasher_spec: HasherSpec = FastHashSpec,
        name: str | None = None,
        key_dtype: Any = None,
    ) -> None:
        if table is not None:
            _check_id_table(table, key_dtype)
            key_dtype = table.key_dtype if key_dtype is None else key_dtype
            name = name.rstrip("/") if name else table.name
        else:
            if num_oov_buckets <= 0:
                raise ValueError("oov_buckets must be > 0 if no table is supplied.")
            key_dtype = dtypes.string if key_dtype is None else key_dtype
            name = name.rstrip("/") if name else "hash_bucket"
        if not key_dtype.is_integer and key_dtype != dtypes.string:
            raise TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype}.")
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(f"hasher_spec must be of type HasherSpec, got {hasher_spec}")
        super().__init__(key_dtype, dtypes.int64)
        self._table = table
        self._buckets = num_oov_buckets
        self._hasher = hasher_spec
        self._name = name.rpartition("/")[2]

    @property
    def name(self) -> str:
        return self._name

    @property
    def resource_handle(self) -> Tensor | None:
        """The handle of the table, if there is one."""
        return None if self._table is None else self._table.resource_handle

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        if self._table is not None:
            made: Operation = self._table.initializer
            return made
        with name_scope(None, "init"):
            return no_op()

    @property
    def init(self) -> Operation:
        """The initializer, by its older name."""
        return self.initializer

    def size(self, name: str | None = None) -> Tensor:
        """How many numbers there are, buckets included."""
        with name_scope(name, f"{self.name}_Size"):
            if self._table is None:
                known = convert_to_tensor(0, dtypes.int64)
            else:
                known = self._table.size()
            return known + self._buckets

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The numbers of words, a tensor or `SparseTensor`, in its shape.

        Raises:
            TypeError: if they are of another type than the keys.
        """
        self._check_keys(keys)
        words = keys.values if isinstance(keys, SparseTensor) else keys
        if self._table is not None and self._table.key_dtype == dtypes.int64:
            words = cast(words, dtypes.int64)
        if self._buckets:
            with name_scope(name, f"{self.name}_Lookup"):
                ids = self._with_buckets(words)
        else:
            ids = self._table.lookup(words, name=name)
        if isinstance(keys, SparseTensor):
            return SparseTensor(keys.indices, ids, keys.dense_shape)
        return ids

    def _with_buckets(self, words: Tensor) -> Tensor:
        texts = words if words.dtype.base_dtype == dtypes.string else as_string(words)
        buckets = self._hashed(texts)
        if self._table is None:
            return buckets
        ids = self._table.lookup(words)
        behind = apply("Add", buckets, self._table.size())
        is_known = apply("NotEqual", ids, self._table.default_value)
        made: Tensor = apply("SelectV2", is_known, ids, behind)
        return made

    def _hashed(self, texts: Tensor) -> Tensor:
        kind = self._hasher.hasher
        if kind == "fasthash":
            return string_to_hash_bucket_fast(texts, self._buckets, name="hash_bucket")
        if kind == "legacy":
            return string_to_hash_bucket(texts, self._buckets, name="hash_bucket")
        if kind == "stronghash":
            key = self._hasher.key
            return string_to_hash_bucket_strong(texts, self._buckets, key, name="hash_bucket")
        raise ValueError(f"Unknown hasher {kind}")


def _check_id_table(table: Any, key_dtype: Any) -> None:
    if table.key_dtype not in (dtypes.int64, dtypes.string):
        raise TypeError(f"Invalid key dtype, expected int64 or string, but got {key_dtype}.")
    if key_dtype is not None and table.key_dtype.is_integer != key_dtype.is_integer:
        kind = "integer" if key_dtype.is_integer else "non-integer"
        raise TypeError(f"Invalid key dtype, expected {kind} but got {table.key_dtype}.")
    if table.value_dtype != dtypes.int64:
        raise TypeError(f"Invalid value dtype, expected int64 but got {table.value_dtype}.")


class StaticVocabularyTable(IdTableWithHashBuckets):
    """A vocabulary with buckets for unknown words.

    Args:
        initializer: from words to their numbers; or None: all words go to buckets.
        num_oov_buckets: how many buckets there are, at least one.
        lookup_key_dtype: the type of the keys; that of the initializer if None.
    """

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: str | None = None,
    ) -> None:
        if num_oov_buckets <= 0:
            raise ValueError("oov_buckets must be > 0.")
        if initializer is None:
            super().__init__(None, num_oov_buckets, name=name, key_dtype=dtypes.string)
            return
        _check_id_table(initializer, lookup_key_dtype)
        table = StaticHashTable(initializer, default_value=-1)
        super().__init__(table, num_oov_buckets, name=name, key_dtype=lookup_key_dtype)


def _check_vocabulary_size(vocab_size: int | None) -> None:
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}.")


def _check_index_arguments(num_oov_buckets: int, key_dtype: Any) -> None:
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if not key_dtype.is_integer and key_dtype.base_dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    key_dtype: Any = dtypes.string,
    name: str | None = None,
    key_column_index: int = TextFileIndex.WHOLE_LINE,
    value_column_index: int = TextFileIndex.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """A table from the words of a file, one on each line, to their numbers.

    Args:
        vocabulary_file: the name of the file.
        num_oov_buckets: how many buckets there are for unknown words.
        vocab_size: how many words to read; all if None.
        default_value: the number of unknown words, where there are no buckets.
        hasher_spec: how they are assigned to buckets.
        key_dtype: string, or an integer type.
        key_column_index, value_column_index, delimiter: see `TextFileInitializer`.
    """
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    _check_vocabulary_size(vocab_size)
    _check_index_arguments(num_oov_buckets, key_dtype)
    with name_scope(name, "string_to_index"):
        with name_scope(None, "hash_table"):
            kind = dtypes.int64 if key_dtype.is_integer else key_dtype
            initializer = TextFileIdTableInitializer(
                vocabulary_file,
                key_column_index,
                value_column_index,
                vocab_size,
                delimiter,
                "table_init",
                kind,
            )
            table = StaticHashTable(initializer, default_value)
        if not num_oov_buckets:
            return table
        return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=key_dtype)


def index_table_from_tensor(
    vocabulary_list: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: HasherSpec = FastHashSpec,
    dtype: Any = dtypes.string,
    name: str | None = None,
) -> Any:
    """A table from the words of a vector to their places in it.

    Args:
        vocabulary_list: the words.
        dtype: the type of the keys.
        others: see `index_table_from_file`.
    """
    if vocabulary_list is None:
        raise ValueError("vocabulary_list must be specified.")
    _check_index_arguments(num_oov_buckets, dtype)
    with name_scope(name, "string_to_index"):
        words = convert_to_tensor(vocabulary_list)
        if words.dtype.is_integer != dtype.is_integer:
            kind = "integer" if dtype.is_integer else "non-integer"
            raise ValueError(f"Expected {kind}, got {words.dtype.name}.")
        if not dtype.is_integer and words.dtype.base_dtype != dtype:
            raise ValueError(f"Expected {dtype.name}, got {words.dtype.name}.")
        places = cast(range_of(size_of(words)), dtypes.int64)
        with name_scope(None, "hash_table"):
            keys = cast(words, dtypes.int64) if words.dtype.is_integer else words
            initializer = KeyValueTensorInitializer(
                keys, places, keys.dtype.base_dtype, dtypes.int64, name="table_init"
            )
            table = StaticHashTable(initializer, default_value)
        if not num_oov_buckets:
            return table
        return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = TextFileIndex.LINE_NUMBER,
    value_column_index: int = TextFileIndex.WHOLE_LINE,
    delimiter: str = "\t",
) -> StaticHashTable:
    """A table from numbers to the words of a file; see `index_table_from_file`."""
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    _check_vocabulary_size(vocab_size)
    with name_scope(name, "index_to_string"):
        initializer = TextFileStringTableInitializer(
            vocabulary_file,
            key_column_index,
            value_column_index,
            vocab_size,
            delimiter,
            "table_init",
        )
        return StaticHashTable(initializer, default_value)


def index_to_string_table_from_tensor(
    vocabulary_list: Any, default_value: str = "UNK", name: str | None = None
) -> StaticHashTable:
    """A table from places in a vector to its words."""
    if vocabulary_list is None:
        raise ValueError("vocabulary_list must be specified.")
    with name_scope(name, "index_to_string"):
        words = convert_to_tensor(vocabulary_list, dtypes.string)
        places = cast(range_of(size_of(words)), dtypes.int64)
        initializer = KeyValueTensorInitializer(
            places, words, dtypes.int64, dtypes.string, name="table_init"
        )
        return StaticHashTable(initializer, default_value)


def string_to_index(
    tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None
) -> Any:
    """The places of the strings of `tensor` in the vector `mapping`."""
    table = index_table_from_tensor(mapping, default_value=default_value, name=name)
    return table.lookup(tensor)


def index_to_string(
    tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """The strings at the places `tensor` of the vector `mapping`."""
    table = index_to_string_table_from_tensor(mapping, default_value, name)
    return table.lookup(tensor)
