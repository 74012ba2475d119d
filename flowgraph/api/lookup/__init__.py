"""Lookup tables (`tf.lookup`)."""

from flowgraph.api.lookup import experimental
from flowgraph.library.lookup import StaticHashTable
from flowgraph.library.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIndex,
    TextFileInitializer,
)
from flowgraph.library.lookup_vocabulary import StaticVocabularyTable

__all__ = [
    "KeyValueTensorInitializer",
    "StaticHashTable",
    "StaticVocabularyTable",
    "TextFileIndex",
    "TextFileInitializer",
    "experimental",
]
