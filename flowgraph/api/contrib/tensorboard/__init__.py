"""What TensorBoard is told (`tf.contrib.tensorboard`)."""

from flowgraph.api.contrib.tensorboard import plugins

__all__ = ["plugins"]
