"""Data sets (`tf.contrib.learn.datasets`)."""

from flowgraph.api.contrib.learn.datasets import mnist

__all__ = ["mnist"]
