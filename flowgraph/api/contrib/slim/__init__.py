"""Layers, argument scopes, losses and training in short (`tf.contrib.slim`)."""

from flowgraph.api.contrib import losses, metrics
from flowgraph.api.contrib.slim import (
    initializers,
    layers,
    learning,
    model_analyzer,
    regularizers,
    utils,
    variables,
)
from flowgraph.library.arg_scope import (
    add_arg_scope,
    arg_scope,
    arg_scope_func_key,
    arg_scoped_arguments,
    current_arg_scope,
    has_arg_scope,
)
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
from flowgraph.library.contrib_layers.pooling import avg_pool2d, avg_pool3d, max_pool2d, max_pool3d
from flowgraph.library.contrib_layers.restoring import (
    assign_from_checkpoint,
    assign_from_checkpoint_fn,
    assign_from_values,
    assign_from_values_fn,
)
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
from flowgraph.library.contrib_layers.variables import (
    add_model_variable,
    filter_variables,
    get_local_variables,
    get_model_variables,
    get_trainable_variables,
    get_unique_variable,
    get_variable_full_name,
    get_variables,
    get_variables_by_name,
    get_variables_by_suffix,
    get_variables_to_restore,
    global_variable,
    local_variable,
    model_variable,
    variable,
)
from flowgraph.library.regularizers import (
    apply_regularization,
    l1_l2_regularizer,
    l1_regularizer,
    l2_regularizer,
    sum_regularizer,
)
from flowgraph.library.training.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)

__all__ = [
    "add_arg_scope",
    "add_model_variable",
    "apply_regularization",
    "arg_scope",
    "arg_scope_func_key",
    "arg_scoped_arguments",
    "assert_global_step",
    "assign_from_checkpoint",
    "assign_from_checkpoint_fn",
    "assign_from_values",
    "assign_from_values_fn",
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
    "create_global_step",
    "current_arg_scope",
    "dense_to_sparse",
    "dropout",
    "embed_sequence",
    "embedding_lookup_unique",
    "filter_variables",
    "flatten",
    "fully_connected",
    "get_global_step",
    "get_local_variables",
    "get_model_variables",
    "get_or_create_global_step",
    "get_trainable_variables",
    "get_unique_variable",
    "get_variable_full_name",
    "get_variables",
    "get_variables_by_name",
    "get_variables_by_suffix",
    "get_variables_to_restore",
    "global_variable",
    "group_norm",
    "has_arg_scope",
    "initializers",
    "instance_norm",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "layer_norm",
    "layers",
    "learning",
    "linear",
    "local_variable",
    "losses",
    "max_pool2d",
    "max_pool3d",
    "maxout",
    "metrics",
    "model_analyzer",
    "model_variable",
    "one_hot_encoding",
    "poincare_normalize",
    "regularizers",
    "relu",
    "relu6",
    "repeat",
    "separable_conv2d",
    "separable_convolution2d",
    "softmax",
    "spatial_softmax",
    "stack",
    "sum_regularizer",
    "unit_norm",
    "utils",
    "variable",
    "variables",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
