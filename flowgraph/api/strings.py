"""Text (`tf.strings`)."""

from flowgraph.ops.io import string_join as join

__all__ = ["join"]
