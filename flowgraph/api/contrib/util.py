"""The names of `tf.contrib.util`."""

from flowgraph.formats.tensors import make_ndarray, make_tensor_proto
from flowgraph.graph.static_values import const_value as constant_value

__all__ = ["constant_value", "make_ndarray", "make_tensor_proto"]
