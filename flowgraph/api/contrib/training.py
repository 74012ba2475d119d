"""Training operations (`tf.contrib.training`)."""

from flowgraph.library.contrib_layers.gradients import add_gradients_summaries, multiply_gradients
from flowgraph.library.contrib_layers.gradients import clip_gradient_norms as clip_gradient_norms
from flowgraph.library.contrib_layers.train_ops import train_op_of as create_train_op
from flowgraph.library.hparams import HParams, parse_values

__all__ = [
    "HParams",
    "add_gradients_summaries",
    "clip_gradient_norms",
    "create_train_op",
    "multiply_gradients",
    "parse_values",
]
