"""Functions that also accept the older spellings of their arguments."""

from flowgraph.api.renaming import accept
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
from flowgraph.ops.pointwise_losses import (
    weighted_cross_entropy_with_logits as _weighted_cross_entropy_with_logits,
)
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
from flowgraph.ops.split import split as _split
from flowgraph.ops.statistics import count_nonzero as _count_nonzero
from flowgraph.ops.statistics import reduce_logsumexp as _reduce_logsumexp

__all__ = [
    "argmax",
    "argmin",
    "batch_norm_with_global_normalization",
    "concat",
    "count_nonzero",
    "expand_dims",
    "l2_normalize",
    "log_softmax",
    "moments",
    "norm",
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
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "split",
    "squeeze",
    "sufficient_statistics",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
]

argmax = accept(_argmax, dimension="axis")
argmin = accept(_argmin, dimension="axis")
batch_norm_with_global_normalization = accept(
    _batch_norm_with_global_normalization, input="t", mean="m", variance="v"
)
concat = accept(_concat, concat_dim="axis")
count_nonzero = accept(
    _count_nonzero, input="input_tensor", keep_dims="keepdims", reduction_indices="axis"
)
expand_dims = accept(_expand_dims, dim="axis")
l2_normalize = accept(_l2_normalize, dim="axis")
log_softmax = accept(_log_softmax, dim="axis")
moments = accept(_moments, keep_dims="keepdims")
norm = accept(_norm, keep_dims="keepdims")
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
softmax = accept(_softmax, dim="axis")
softmax_cross_entropy_with_logits = accept(_softmax_cross_entropy_with_logits, dim="axis")
softmax_cross_entropy_with_logits_v2 = accept(_softmax_cross_entropy_with_logits_v2, dim="axis")
split = accept(_split, split_dim="axis")
squeeze = accept(_squeeze, squeeze_dims="axis")
sufficient_statistics = accept(_sufficient_statistics, keep_dims="keepdims")
weighted_cross_entropy_with_logits = accept(_weighted_cross_entropy_with_logits, targets="labels")
weighted_moments = accept(_weighted_moments, keep_dims="keepdims")
