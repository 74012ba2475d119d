"""MNIST in batches (`tensorflow.examples.tutorials.mnist.input_data`)."""

from flowgraph.datasets.input_data import DataSet, Datasets, read_data_sets

__all__ = ["DataSet", "Datasets", "read_data_sets"]
