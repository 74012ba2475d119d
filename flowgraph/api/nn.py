"""The names of `tf.nn`."""

from flowgraph.ops.activations import (
    crelu,
    elu,
    leaky_relu,
    relu,
    relu6,
    selu,
    softplus,
    softsign,
    swish,
)
from flowgraph.ops.activations import swish as silu
from flowgraph.ops.bias import bias_add, l2_loss
from flowgraph.ops.cross_entropy import (
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.transcendental import log_sigmoid, sigmoid, tanh

__all__ = [
    "bias_add",
    "crelu",
    "elu",
    "l2_loss",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "swish",
    "tanh",
]
