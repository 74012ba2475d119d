"""The data sets of `tf.contrib.learn`."""

from flowgraph.api.contrib.learn import datasets

__all__ = ["datasets"]
