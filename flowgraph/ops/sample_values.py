"""Arrays of the common types, for the samples of declarations."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["f32", "i32", "i64"]


def i32(value: Any) -> Any:
    """`value` as an int32 array."""
    return np.array(value, np.int32)


def i64(value: Any) -> Any:
    """`value` as an int64 array."""
    return np.array(value, np.int64)


def f32(value: Any) -> Any:
    """`value` as a float32 array."""
    return np.array(value, np.float32)
