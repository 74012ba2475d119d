"""Layers as functions, initializers and regularizers (`tf.contrib.layers`)."""

from flowgraph.library.contrib_initializers import (
    variance_scaling_initializer,
    xavier_initializer,
    xavier_initializer_conv2d,
)
from flowgraph.library.contrib_layers.convolutions import (
    convolution,
    convolution1d,
    convolution2d,
    convolution2d_transpose,
    convolution3d,
    convolution3d_transpose,
)
from flowgraph.library.contrib_layers.convolutions import convolution as conv
from flowgraph.library.contrib_layers.convolutions import convolution1d as conv1d
from flowgraph.library.contrib_layers.convolutions import convolution2d as conv2d
from flowgraph.library.contrib_layers.convolutions import (
    convolution2d_transpose as conv2d_transpose,
)
from flowgraph.library.contrib_layers.convolutions import convolution3d as conv3d
from flowgraph.library.contrib_layers.convolutions import (
    convolution3d_transpose as conv3d_transpose,
)
from flowgraph.library.contrib_layers.dense import bias_add, dropout, fully_connected, linear
from flowgraph.library.contrib_layers.dense import relu6_layer as relu6
from flowgraph.library.contrib_layers.dense import relu_layer as relu
from flowgraph.library.contrib_layers.embeddings import (
    bow_encoder,
    dense_to_sparse,
    embed_sequence,
    embedding_lookup_unique,
)
from flowgraph.library.contrib_layers.group_norms import group_norm, instance_norm, layer_norm
from flowgraph.library.contrib_layers.normalization import batch_norm
from flowgraph.library.contrib_layers.optimize_loss import (
    OPTIMIZER_CLS_NAMES,
    OPTIMIZER_SUMMARIES,
    optimize_loss,
)
from flowgraph.library.contrib_layers.pooling import avg_pool2d, avg_pool3d, max_pool2d, max_pool3d
from flowgraph.library.contrib_layers.separable import (
    convolution2d_in_plane,
    separable_convolution2d,
)
from flowgraph.library.contrib_layers.separable import convolution2d_in_plane as conv2d_in_plane
from flowgraph.library.contrib_layers.separable import separable_convolution2d as separable_conv2d
from flowgraph.library.contrib_layers.shaping import (
    flatten,
    maxout,
    one_hot_encoding,
    poincare_normalize,
    repeat,
    softmax,
    spatial_softmax,
    stack,
    unit_norm,
)
from flowgraph.library.contrib_layers.summaries import (
    summarize_activation,
    summarize_activations,
    summarize_biases,
    summarize_collection,
    summarize_tensor,
    summarize_tensors,
    summarize_variables,
    summarize_weights,
)
from flowgraph.library.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from flowgraph.ops.sparse_embedding import safe_embedding_lookup_sparse

__all__ = [
    "OPTIMIZER_CLS_NAMES",
    "OPTIMIZER_SUMMARIES",
    "apply_regularization",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bias_add",
    "bow_encoder",
    "conv",
    "conv1d",
    "conv2d",
    "conv2d_in_plane",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "convolution1d",
    "convolution2d",
    "convolution2d_in_plane",
    "convolution2d_transpose",
    "convolution3d",
    "convolution3d_transpose",
    "dense_to_sparse",
    "dropout",
    "embed_sequence",
    "embedding_lookup_unique",
    "flatten",
    "fully_connected",
    "group_norm",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "linear",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "one_hot_encoding",
    "optimize_loss",
    "poincare_normalize",
    "relu",
    "relu6",
    "repeat",
    "safe_embedding_lookup_sparse",
    "separable_conv2d",
    "separable_convolution2d",
    "softmax",
    "spatial_softmax",
    "stack",
    "sum_regularizer",
    "summarize_activation",
    "summarize_activations",
    "summarize_biases",
    "summarize_collection",
    "summarize_tensor",
    "summarize_tensors",
    "summarize_variables",
    "summarize_weights",
    "unit_norm",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
