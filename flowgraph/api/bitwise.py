"""The names of `tf.bitwise`."""

from flowgraph.ops.operators import invert

__all__ = ["invert"]
