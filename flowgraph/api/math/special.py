"""Special functions (`tf.math.special`)."""

from flowgraph.ops.special import bessel_i0e, bessel_i1e

__all__ = ["bessel_i0e", "bessel_i1e"]
