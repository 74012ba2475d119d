"""Nested structures (`tf.nest`)."""

from flowgraph.graph.structure import (
    assert_same_structure,
    flatten,
    is_sequence,
    map_structure,
    pack_sequence_as,
)
from flowgraph.graph.structure import is_sequence as is_nested

__all__ = [
    "assert_same_structure",
    "flatten",
    "is_nested",
    "is_sequence",
    "map_structure",
    "pack_sequence_as",
]
