"""The names of `tf.math`."""

from flowgraph.ops.logic import logical_xor
from flowgraph.ops.reduce import reduce_all, reduce_any, reduce_euclidean_norm
from flowgraph.ops.rounding import floordiv, truediv
from flowgraph.ops.scan import argmax, argmin, cumprod, cumsum
from flowgraph.ops.sums import accumulate_n, add_n

__all__ = [
    "accumulate_n",
    "add_n",
    "argmax",
    "argmin",
    "cumprod",
    "cumsum",
    "floordiv",
    "logical_xor",
    "reduce_all",
    "reduce_any",
    "reduce_euclidean_norm",
    "truediv",
]
