"""Real data: the MNIST family, digits that come with the package, and batches of anything."""

from flowgraph.datasets import digits, idx, input_data, mnist
from flowgraph.datasets.batches import ArrayDataset, DataLoader, Dataset, collate
from flowgraph.datasets.input_data import read_data_sets

__all__ = [
    "ArrayDataset",
    "DataLoader",
    "Dataset",
    "collate",
    "digits",
    "idx",
    "input_data",
    "mnist",
    "read_data_sets",
]
