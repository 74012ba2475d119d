"""Arrays: making, cutting, joining and looking up."""

from flowgraph.ops.array import identity, placeholder, rank, reshape, shape, shape_n, size, tile
from flowgraph.ops.constants import fill, lin_space, ones, ones_like, range, zeros, zeros_like
from flowgraph.ops.constants import lin_space as linspace
from flowgraph.ops.io import string_join
from flowgraph.ops.scan import arg_max, arg_min, cumprod, cumsum
from flowgraph.ops.sums import accumulate_n, add_n
from flowgraph.ops.trigonometry import acos, asin, atan, atan2, cos, sin, tan

from flowgraph.api.deprecated import argmax, argmin, count_nonzero, reduce_logsumexp

__all__ = [
    "accumulate_n",
    "acos",
    "add_n",
    "arg_max",
    "arg_min",
    "argmax",
    "argmin",
    "asin",
    "atan",
    "atan2",
    "cos",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "fill",
    "identity",
    "lin_space",
    "linspace",
    "ones",
    "ones_like",
    "placeholder",
    "range",
    "rank",
    "reduce_logsumexp",
    "reshape",
    "shape",
    "shape_n",
    "sin",
    "size",
    "string_join",
    "tan",
    "tile",
    "zeros",
    "zeros_like",
]
