"""Tables that may change (`tf.lookup.experimental`)."""

from flowgraph.library.lookup_mutable import DenseHashTable

__all__ = ["DenseHashTable"]
