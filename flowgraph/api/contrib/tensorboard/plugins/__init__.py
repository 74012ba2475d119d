"""Plugins of TensorBoard (`tf.contrib.tensorboard.plugins`)."""

from flowgraph.api.contrib.tensorboard.plugins import projector

__all__ = ["projector"]
