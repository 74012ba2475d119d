"""Losses of `tf.contrib.nn`."""

from flowgraph.library.sampled_losses import sampled_sparse_softmax_loss
from flowgraph.ops.searching import nth_element

__all__ = ["nth_element", "sampled_sparse_softmax_loss"]
