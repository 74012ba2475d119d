"""The names of `tf.debugging`."""

from flowgraph.ops.logic import is_finite, is_inf, is_nan

__all__ = ["is_finite", "is_inf", "is_nan"]
