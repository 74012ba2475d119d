"""What TensorFlow 1 keeps in `tf.contrib`."""

from flowgraph.api.contrib import util

__all__ = ["util"]
