"""MNIST in batches (`tf.contrib.learn.datasets.mnist`)."""

from flowgraph.datasets.input_data import DataSet, Datasets, read_data_sets

__all__ = ["DataSet", "Datasets", "read_data_sets"]
