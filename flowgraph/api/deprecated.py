"""Functions that also accept the older spellings of their arguments."""

from flowgraph.api.renaming import accept
from flowgraph.ops import reduce, scan, statistics

__all__ = [
    "argmax",
    "argmin",
    "count_nonzero",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
]

argmax = accept(scan.argmax, dimension="axis")
argmin = accept(scan.argmin, dimension="axis")
count_nonzero = accept(
    statistics.count_nonzero, input="input_tensor", keep_dims="keepdims", reduction_indices="axis"
)
reduce_all = accept(reduce.reduce_all, keep_dims="keepdims", reduction_indices="axis")
reduce_any = accept(reduce.reduce_any, keep_dims="keepdims", reduction_indices="axis")
reduce_logsumexp = accept(
    statistics.reduce_logsumexp, keep_dims="keepdims", reduction_indices="axis"
)
reduce_max = accept(reduce.reduce_max, keep_dims="keepdims", reduction_indices="axis")
reduce_mean = accept(reduce.reduce_mean, keep_dims="keepdims", reduction_indices="axis")
reduce_min = accept(reduce.reduce_min, keep_dims="keepdims", reduction_indices="axis")
reduce_prod = accept(reduce.reduce_prod, keep_dims="keepdims", reduction_indices="axis")
reduce_sum = accept(reduce.reduce_sum, keep_dims="keepdims", reduction_indices="axis")
