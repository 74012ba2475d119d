"""What neural networks are made of (`tf.nn`)."""

from typing import TYPE_CHECKING, Any

from flowgraph.api.deprecated import (
    avg_pool,
    batch_norm_with_global_normalization,
    conv1d,
    conv2d,
    conv2d_backprop_input,
    conv2d_transpose,
    conv3d,
    conv3d_transpose,
    convolution,
    depthwise_conv2d,
    dilation2d,
    l2_normalize,
    log_softmax,
    max_pool,
    max_pool_with_argmax,
    moments,
    pool,
    separable_conv2d,
    softmax,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    space_to_batch,
    sufficient_statistics,
    weighted_cross_entropy_with_logits,
    weighted_moments,
)
from flowgraph.api.deprecated import avg_pool as avg_pool2d
from flowgraph.api.late import load
from flowgraph.library.sampled_losses import nce_loss, sampled_softmax_loss
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
from flowgraph.ops.batch_norm import fused_batch_norm
from flowgraph.ops.bias import bias_add, l2_loss
from flowgraph.ops.candidate import (
    all_candidate_sampler,
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from flowgraph.ops.conv_atrous import atrous_conv2d, atrous_conv2d_transpose, with_space_to_batch
from flowgraph.ops.conv_functions import conv2d_backprop_filter, conv3d_backprop_filter
from flowgraph.ops.conv_functions import conv3d_backprop_filter as conv3d_backprop_filter_v2
from flowgraph.ops.conv_separable import (
    depthwise_conv2d_native,
    depthwise_conv2d_native_backprop_filter,
    depthwise_conv2d_native_backprop_input,
)
from flowgraph.ops.conv_separable import (
    depthwise_conv2d_native_backprop_filter as depthwise_conv2d_backprop_filter,
)
from flowgraph.ops.conv_separable import (
    depthwise_conv2d_native_backprop_input as depthwise_conv2d_backprop_input,
)
from flowgraph.ops.conv_transpose import conv1d_transpose, conv_transpose
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.ctc import (
    ctc_beam_search_decoder,
    ctc_beam_search_decoder_v2,
    ctc_greedy_decoder,
    ctc_loss,
)
from flowgraph.ops.ctc_dense import collapse_repeated, ctc_loss_v2
from flowgraph.ops.dense import dropout, relu_layer, xw_plus_b, zero_fraction
from flowgraph.ops.embedding import embedding_lookup, embedding_lookup_sparse
from flowgraph.ops.moments import batch_normalization, normalize_moments
from flowgraph.ops.pointwise_losses import log_poisson_loss, sigmoid_cross_entropy_with_logits
from flowgraph.ops.pooling_fractional import fractional_avg_pool, fractional_max_pool
from flowgraph.ops.pooling_functions import (
    avg_pool1d,
    avg_pool3d,
    avg_pool_v2,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    max_pool_v2,
)
from flowgraph.ops.reorder import in_top_k, top_k
from flowgraph.ops.sparse_embedding import safe_embedding_lookup_sparse
from flowgraph.ops.spatial_blocks import depth_to_space, space_to_depth
from flowgraph.ops.spatial_lrn import local_response_normalization
from flowgraph.ops.spatial_lrn import local_response_normalization as lrn
from flowgraph.ops.spatial_morphology import erosion2d
from flowgraph.ops.transcendental import log_sigmoid, sigmoid, tanh

if TYPE_CHECKING:
    from flowgraph.api import rnn_cell
    from flowgraph.api.contrib import legacy_seq2seq as seq2seq
    from flowgraph.library.rnn.dynamic import bidirectional_dynamic_rnn, dynamic_rnn
    from flowgraph.library.rnn.raw import raw_rnn
    from flowgraph.library.rnn.static import (
        static_bidirectional_rnn,
        static_rnn,
        static_state_saving_rnn,
    )
    from flowgraph.library.rnn.static import static_bidirectional_rnn as bidirectional_rnn
    from flowgraph.library.rnn.static import static_rnn as rnn
    from flowgraph.library.rnn.static import static_state_saving_rnn as state_saving_rnn

__all__ = [
    "all_candidate_sampler",
    "atrous_conv2d",
    "atrous_conv2d_transpose",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "avg_pool_v2",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "bidirectional_dynamic_rnn",
    "bidirectional_rnn",
    "collapse_repeated",
    "compute_accidental_hits",
    "conv1d",
    "conv1d_transpose",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_backprop_filter",
    "conv3d_backprop_filter_v2",
    "conv3d_transpose",
    "conv_transpose",
    "convolution",
    "crelu",
    "ctc_beam_search_decoder",
    "ctc_beam_search_decoder_v2",
    "ctc_greedy_decoder",
    "ctc_loss",
    "ctc_loss_v2",
    "depth_to_space",
    "depthwise_conv2d",
    "depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_backprop_input",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "dilation2d",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "erosion2d",
    "fixed_unigram_candidate_sampler",
    "fractional_avg_pool",
    "fractional_max_pool",
    "fused_batch_norm",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "learned_unigram_candidate_sampler",
    "local_response_normalization",
    "log_poisson_loss",
    "log_sigmoid",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool_v2",
    "max_pool_with_argmax",
    "moments",
    "nce_loss",
    "normalize_moments",
    "pool",
    "raw_rnn",
    "relu",
    "relu6",
    "relu_layer",
    "rnn",
    "rnn_cell",
    "safe_embedding_lookup_sparse",
    "sampled_softmax_loss",
    "selu",
    "separable_conv2d",
    "seq2seq",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_batch",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "state_saving_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "uniform_candidate_sampler",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "with_space_to_batch",
    "xw_plus_b",
    "zero_fraction",
]

_LATE = {
    "bidirectional_dynamic_rnn": "flowgraph.library.rnn.dynamic:bidirectional_dynamic_rnn",
    "bidirectional_rnn": "flowgraph.library.rnn.static:static_bidirectional_rnn",
    "dynamic_rnn": "flowgraph.library.rnn.dynamic:dynamic_rnn",
    "raw_rnn": "flowgraph.library.rnn.raw:raw_rnn",
    "rnn": "flowgraph.library.rnn.static:static_rnn",
    "rnn_cell": "flowgraph.api.rnn_cell",
    "seq2seq": "flowgraph.api.contrib.legacy_seq2seq",
    "state_saving_rnn": "flowgraph.library.rnn.static:static_state_saving_rnn",
    "static_bidirectional_rnn": "flowgraph.library.rnn.static:static_bidirectional_rnn",
    "static_rnn": "flowgraph.library.rnn.static:static_rnn",
    "static_state_saving_rnn": "flowgraph.library.rnn.static:static_state_saving_rnn",
}


def __getattr__(name: str) -> Any:
    return load(name, globals(), _LATE)
