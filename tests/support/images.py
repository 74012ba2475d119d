"""Images for the tests of convolution, pooling and normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf
from support.archive import Array

__all__ = ["first", "run", "waves"]


def run(fetches: Any, feeds: Any = None) -> Any:
    """The values in a session of their own."""
    with tf.Session() as session:
        return session.run(fetches, feeds)


def waves(*shape: int) -> Array:
    """Numbers in no obvious order."""
    found: Array = np.sin(np.arange(float(np.prod(shape))) * 0.7).reshape(shape)
    return found


def first(x: Array) -> Array:
    """Images with the channels second."""
    return np.moveaxis(x, -1, 1)
