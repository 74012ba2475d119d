"""Layers as functions (`tf.contrib.slim.layers`)."""

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

__all__ = [
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
    "layer_norm",
    "linear",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "one_hot_encoding",
    "poincare_normalize",
    "relu",
    "relu6",
    "repeat",
    "separable_conv2d",
    "separable_convolution2d",
    "softmax",
    "spatial_softmax",
    "stack",
    "unit_norm",
]
