"""Images (`tf.image`)."""

from flowgraph.ops.random import random_crop

__all__ = ["random_crop"]
