"""Functions that also accept the older spellings of their arguments."""

from typing import Any

import numpy as np

from flowgraph.api.renaming import accept, reorder
from flowgraph.ops.conv_atrous import convolution as _convolution
from flowgraph.ops.conv_functions import conv1d as _conv1d
from flowgraph.ops.conv_functions import conv2d as _conv2d
from flowgraph.ops.conv_functions import conv2d_backprop_input as _conv2d_backprop_input
from flowgraph.ops.conv_functions import conv3d as _conv3d
from flowgraph.ops.conv_separable import depthwise_conv2d as _depthwise_conv2d
from flowgraph.ops.conv_separable import separable_conv2d as _separable_conv2d
from flowgraph.ops.conv_transpose import conv2d_transpose as _conv2d_transpose
from flowgraph.ops.conv_transpose import conv3d_transpose as _conv3d_transpose
from flowgraph.ops.cross_entropy import (
    softmax_cross_entropy_with_logits as _softmax_cross_entropy_with_logits,
)
from flowgraph.ops.cross_entropy import (
    softmax_cross_entropy_with_logits_v2 as _softmax_cross_entropy_with_logits_v2,
)
from flowgraph.ops.dense import l2_normalize as _l2_normalize
from flowgraph.ops.joining import concat as _concat
from flowgraph.ops.layout import expand_dims as _expand_dims
from flowgraph.ops.layout import squeeze as _squeeze
from flowgraph.ops.moments import (
    batch_norm_with_global_normalization as _batch_norm_with_global_normalization,
)
from flowgraph.ops.moments import moments as _moments
from flowgraph.ops.moments import sufficient_statistics as _sufficient_statistics
from flowgraph.ops.moments import weighted_moments as _weighted_moments
from flowgraph.ops.norms import norm as _norm
from flowgraph.ops.patches import extract_image_patches as _extract_image_patches
from flowgraph.ops.pointwise_losses import (
    weighted_cross_entropy_with_logits as _weighted_cross_entropy_with_logits,
)
from flowgraph.ops.pooling_functions import avg_pool as _avg_pool
from flowgraph.ops.pooling_functions import max_pool as _max_pool
from flowgraph.ops.pooling_functions import max_pool_with_argmax as _max_pool_with_argmax
from flowgraph.ops.pooling_general import pool as _pool
from flowgraph.ops.reduce import reduce_all as _reduce_all
from flowgraph.ops.reduce import reduce_any as _reduce_any
from flowgraph.ops.reduce import reduce_max as _reduce_max
from flowgraph.ops.reduce import reduce_mean as _reduce_mean
from flowgraph.ops.reduce import reduce_min as _reduce_min
from flowgraph.ops.reduce import reduce_prod as _reduce_prod
from flowgraph.ops.reduce import reduce_sum as _reduce_sum
from flowgraph.ops.reorder import reverse as _reverse
from flowgraph.ops.reorder import reverse_sequence as _reverse_sequence
from flowgraph.ops.scan import argmax as _argmax
from flowgraph.ops.scan import argmin as _argmin
from flowgraph.ops.softmax import log_softmax as _log_softmax
from flowgraph.ops.softmax import softmax as _softmax
from flowgraph.ops.spatial_batch import batch_to_space as _batch_to_space
from flowgraph.ops.spatial_batch import space_to_batch as _space_to_batch
from flowgraph.ops.spatial_morphology import dilation2d as _dilation2d
from flowgraph.ops.split import split as _split
from flowgraph.ops.statistics import count_nonzero as _count_nonzero
from flowgraph.ops.statistics import reduce_logsumexp as _reduce_logsumexp

__all__ = [
    "argmax",
    "argmin",
    "avg_pool",
    "batch_norm_with_global_normalization",
    "batch_to_space",
    "concat",
    "conv1d",
    "conv2d",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "count_nonzero",
    "depthwise_conv2d",
    "dilation2d",
    "expand_dims",
    "extract_image_patches",
    "l2_normalize",
    "log_softmax",
    "max_pool",
    "max_pool_with_argmax",
    "moments",
    "norm",
    "pool",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reverse",
    "reverse_sequence",
    "separable_conv2d",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "space_to_batch",
    "split",
    "squeeze",
    "sufficient_statistics",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
]


def _axis_first(axis: Any, values: Any) -> bool:
    return _is_index(axis) and isinstance(values, list | tuple)


def _axis_and_count_first(axis: Any, count: Any, value: Any) -> bool:
    return _is_index(axis) and _is_index(count) and not _is_index(value)


def _is_index(value: Any) -> bool:
    return isinstance(value, int | np.integer)


argmax = accept(_argmax, dimension="axis")
argmin = accept(_argmin, dimension="axis")
avg_pool = accept(_avg_pool, input="value")
batch_norm_with_global_normalization = accept(
    _batch_norm_with_global_normalization, input="t", mean="m", variance="v"
)
batch_to_space = accept(_batch_to_space, block_shape="block_size")
concat = reorder(accept(_concat, concat_dim="axis"), (1, 0), _axis_first)
conv1d = accept(_conv1d, input="value")
conv2d = accept(_conv2d, filters="filter")
conv2d_backprop_input = accept(_conv2d_backprop_input, filters="filter")
conv2d_transpose = accept(_conv2d_transpose, input="value", filters="filter")
conv3d = accept(_conv3d, filters="filter")
conv3d_transpose = accept(_conv3d_transpose, input="value", filters="filter")
convolution = accept(_convolution, filters="filter", dilations="dilation_rate")
count_nonzero = accept(
    _count_nonzero, input="input_tensor", keep_dims="keepdims", reduction_indices="axis"
)
depthwise_conv2d = accept(_depthwise_conv2d, dilations="rate")
dilation2d = accept(_dilation2d, filters="filter", dilations="rates")
expand_dims = accept(_expand_dims, dim="axis")
extract_image_patches = accept(_extract_image_patches, sizes="ksizes")
l2_normalize = accept(_l2_normalize, dim="axis")
log_softmax = accept(_log_softmax, dim="axis")
max_pool = accept(_max_pool, input="value")
max_pool_with_argmax = accept(_max_pool_with_argmax, output_dtype="Targmax")
moments = accept(_moments, keep_dims="keepdims")
norm = accept(_norm, keep_dims="keepdims")
pool = accept(_pool, dilations="dilation_rate")
reduce_all = accept(_reduce_all, keep_dims="keepdims", reduction_indices="axis")
reduce_any = accept(_reduce_any, keep_dims="keepdims", reduction_indices="axis")
reduce_logsumexp = accept(_reduce_logsumexp, keep_dims="keepdims", reduction_indices="axis")
reduce_max = accept(_reduce_max, keep_dims="keepdims", reduction_indices="axis")
reduce_mean = accept(_reduce_mean, keep_dims="keepdims", reduction_indices="axis")
reduce_min = accept(_reduce_min, keep_dims="keepdims", reduction_indices="axis")
reduce_prod = accept(_reduce_prod, keep_dims="keepdims", reduction_indices="axis")
reduce_sum = accept(_reduce_sum, keep_dims="keepdims", reduction_indices="axis")
reverse = accept(_reverse, dims="axis")
reverse_sequence = accept(_reverse_sequence, batch_dim="batch_axis", seq_dim="seq_axis")
separable_conv2d = accept(_separable_conv2d, dilations="rate")
softmax = accept(_softmax, dim="axis")
softmax_cross_entropy_with_logits = accept(_softmax_cross_entropy_with_logits, dim="axis")
softmax_cross_entropy_with_logits_v2 = accept(_softmax_cross_entropy_with_logits_v2, dim="axis")
space_to_batch = accept(_space_to_batch, block_shape="block_size")
split = reorder(
    accept(_split, split_dim="axis", num_split="num_or_size_splits"),
    (2, 1, 0),
    _axis_and_count_first,
)
squeeze = accept(_squeeze, squeeze_dims="axis")
sufficient_statistics = accept(_sufficient_statistics, keep_dims="keepdims")
weighted_cross_entropy_with_logits = accept(_weighted_cross_entropy_with_logits, targets="labels")
weighted_moments = accept(_weighted_moments, keep_dims="keepdims")
