"""What TensorFlow 1 keeps in `tf.contrib`."""

from flowgraph.api.contrib import framework, layers, util

__all__ = ["framework", "layers", "util"]
