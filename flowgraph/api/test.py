"""The names of `tf.test`."""

from flowgraph.autodiff.check import compute_gradient, compute_gradient_error

__all__ = ["compute_gradient", "compute_gradient_error"]
