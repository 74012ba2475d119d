"""Lookup tables (`tf.contrib.lookup`)."""

from flowgraph.api.renaming import accept
from flowgraph.library.lookup import (
    HashTable,
    InitializableLookupTableBase,
    LookupInterface,
)
from flowgraph.library.lookup_initializers import (
    KeyValueTensorInitializer,
    TableInitializerBase,
    TextFileIdTableInitializer,
    TextFileIndex,
    TextFileInitializer,
    TextFileStringTableInitializer,
)
from flowgraph.library.lookup_mutable import MutableDenseHashTable, MutableHashTable
from flowgraph.library.lookup_vocabulary import (
    FastHashSpec,
    HasherSpec,
    IdTableWithHashBuckets,
    StrongHashSpec,
    index_table_from_file,
    index_to_string,
    index_to_string_table_from_file,
    string_to_index,
)
from flowgraph.library.lookup_vocabulary import (
    index_table_from_file as string_to_index_table_from_file,
)
from flowgraph.library.lookup_vocabulary import (
    index_table_from_tensor as _index_table_from_tensor,
)
from flowgraph.library.lookup_vocabulary import (
    index_to_string_table_from_tensor as _index_to_string_table_from_tensor,
)

__all__ = [
    "FastHashSpec",
    "HashTable",
    "HasherSpec",
    "IdTableWithHashBuckets",
    "InitializableLookupTableBase",
    "KeyValueTensorInitializer",
    "LookupInterface",
    "MutableDenseHashTable",
    "MutableHashTable",
    "StrongHashSpec",
    "TableInitializerBase",
    "TextFileIdTableInitializer",
    "TextFileIndex",
    "TextFileInitializer",
    "TextFileStringTableInitializer",
    "index_table_from_file",
    "index_table_from_tensor",
    "index_to_string",
    "index_to_string_table_from_file",
    "index_to_string_table_from_tensor",
    "string_to_index",
    "string_to_index_table_from_file",
    "string_to_index_table_from_tensor",
]

index_table_from_tensor = accept(_index_table_from_tensor, mapping="vocabulary_list")
index_to_string_table_from_tensor = accept(
    _index_to_string_table_from_tensor, mapping="vocabulary_list"
)
string_to_index_table_from_tensor = index_table_from_tensor
