"""The names of `tf.sparse`."""

from flowgraph.graph.composite import SparseTensor

__all__ = ["SparseTensor"]
