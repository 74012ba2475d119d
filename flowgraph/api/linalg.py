"""The names of `tf.linalg`."""

from flowgraph.ops.linalg import matvec

__all__ = ["matvec"]
