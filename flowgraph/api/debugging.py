"""Checks that run with the graph (`tf.debugging`)."""

from flowgraph.ops.identities import check_numerics
from flowgraph.ops.logic import is_finite, is_inf, is_nan

__all__ = ["check_numerics", "is_finite", "is_inf", "is_nan"]
