"""Arrays: making, cutting, joining and looking up."""

from flowgraph.ops.scan import arg_max, arg_min, argmax, argmin, cumprod, cumsum
from flowgraph.ops.sums import accumulate_n, add_n

__all__ = ["accumulate_n", "add_n", "arg_max", "arg_min", "argmax", "argmin", "cumprod", "cumsum"]
