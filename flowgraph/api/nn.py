"""What neural networks are made of (`tf.nn`)."""

from flowgraph.api.deprecated import (
    batch_norm_with_global_normalization,
    l2_normalize,
    log_softmax,
    moments,
    softmax,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sufficient_statistics,
    weighted_cross_entropy_with_logits,
    weighted_moments,
)
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
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.dense import dropout, relu_layer, xw_plus_b, zero_fraction
from flowgraph.ops.embedding import embedding_lookup, embedding_lookup_sparse
from flowgraph.ops.moments import batch_normalization, normalize_moments
from flowgraph.ops.pointwise_losses import log_poisson_loss, sigmoid_cross_entropy_with_logits
from flowgraph.ops.reorder import in_top_k, top_k
from flowgraph.ops.transcendental import log_sigmoid, sigmoid, tanh

__all__ = [
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "crelu",
    "dropout",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "log_poisson_loss",
    "log_sigmoid",
    "log_softmax",
    "moments",
    "normalize_moments",
    "relu",
    "relu6",
    "relu_layer",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "xw_plus_b",
    "zero_fraction",
]
