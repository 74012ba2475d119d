"""Small arrays for the test programs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from support.archive import Array

__all__ = ["ramp"]


def ramp(*shape: int, dtype: Any = np.float32, shift: int = 3) -> Array:
    """Numbers between -1.25 and 1.25 in no obvious order, exact in every floating type."""
    count = math.prod(shape)
    return (((np.arange(count) * 7 + shift) % 11 - 5) / 4).reshape(shape).astype(dtype)
