"""Training operations (`tf.contrib.slim.learning`)."""

from flowgraph.library.contrib_layers.gradients import (
    add_gradients_summaries,
    clip_gradient_norms,
    multiply_gradients,
)
from flowgraph.library.contrib_layers.train_ops import create_train_op

__all__ = [
    "add_gradients_summaries",
    "clip_gradient_norms",
    "create_train_op",
    "multiply_gradients",
]
