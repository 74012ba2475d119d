"""The names of `tf.manip`."""

from flowgraph.ops.array import tile

__all__ = ["tile"]
