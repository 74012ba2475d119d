"""The names of `tf.contrib.util`."""

from flowgraph.graph.static_values import const_value as constant_value

__all__ = ["constant_value"]
