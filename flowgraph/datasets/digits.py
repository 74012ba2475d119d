"""1797 real handwritten digits that come with the package, for use without any download.

They are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak
(UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, CC BY 4.0); see the licence beside the
data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flowgraph.datasets import idx
from flowgraph.datasets.mnist import Splits

__all__ = ["load", "load_raw"]

_FOLDER = Path(__file__).parent / "data"
_TRAIN_EXAMPLES = 1500
_RAW_MAX = 16
_BOX = 20
_SIDE = 28
_MARGIN = (_SIDE - _BOX) // 2


def load_raw() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The digits as published.

    Returns:
        Images, uint8 [1797, 8, 8] with ink from 0 to 16, and labels, uint8 [1797].

    >>> images, labels = load_raw()
    >>> images.shape, images.max().item(), labels[:10].tolist()
    ((1797, 8, 8), 16, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    images = idx.read(_FOLDER / "digits-images-idx3-ubyte.gz")
    labels = idx.read(_FOLDER / "digits-labels-idx1-ubyte.gz")
    return images, labels


def load() -> Splits:
    """The digits in the form of MNIST, 1500 to train and 297 to test.

    Each is enlarged to 20x20 by linear interpolation and placed so that its centre of mass is the
    middle of a 28x28 image, as MNIST's are. The test digits are the last ones: neighbours are often
    by the same hand, so a random split would let a model recognise the writers.

    Returns:
        uint8 images [n, 28, 28] with ink from 0 to 255, and uint8 labels [n].

    >>> digits = load()
    >>> digits.train_images.shape, digits.test_images.shape
    ((1500, 28, 28), (297, 28, 28))
    """
    raw, labels = load_raw()
    images = _center(_enlarge(raw))
    cut = _TRAIN_EXAMPLES
    return Splits(images[:cut], labels[:cut], images[cut:], labels[cut:])


def _enlarge(raw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    weights = _interpolation(raw.shape[-1], _BOX)
    boxes = weights @ (raw.astype(np.float32) * (255 / _RAW_MAX)) @ weights.T
    enlarged: np.ndarray[Any, Any] = np.rint(boxes).astype(np.uint8)
    return enlarged


def _interpolation(old: int, new: int) -> np.ndarray[Any, Any]:
    """The matrix [new, old] that resamples a line linearly, with pixels' centres aligned."""
    position = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    distance = np.abs(position[:, np.newaxis] - np.arange(old))
    weights: np.ndarray[Any, Any] = np.maximum(0, 1 - distance).astype(np.float32)
    return weights


def _center(boxes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    ink = boxes.sum(axis=(1, 2), dtype=np.float64)
    line = np.arange(_BOX)
    middle = (_BOX - 1) / 2
    images = np.zeros((len(boxes), _SIDE, _SIDE), np.uint8)
    # A shift beyond the margin would cut ink off.
    rows, columns = (
        _MARGIN
        + np.clip(
            np.rint(middle - boxes.sum(axis=other, dtype=np.float64) @ line / ink),
            -_MARGIN,
            _MARGIN,
        ).astype(int)
        for other in (2, 1)
    )
    for image, box, row, column in zip(images, boxes, rows, columns, strict=True):
        image[row : row + _BOX, column : column + _BOX] = box
    return images
