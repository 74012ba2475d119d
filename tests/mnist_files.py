"""A small data set in the form of MNIST, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flowgraph.datasets import idx, mnist

__all__ = ["write_mnist"]


def write_mnist(folder: Path, train: int = 60, test: int = 20, suffix: str = ".gz") -> mnist.Splits:
    """Puts the four files into a folder; image i is full of i mod 256, its label is i mod 10."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = []
    for count in (train, test):
        number = np.arange(count)
        arrays.append(np.tile(number.astype(np.uint8)[:, None, None], (1, 28, 28)))
        arrays.append((number % 10).astype(np.uint8))
    for name, array in zip(mnist.FILES, arrays, strict=True):
        idx.write(folder / (name.removesuffix(".gz") + suffix), array)
    return mnist.Splits(*arrays)
