"""The storage of one variable in one session."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType

__all__ = ["Cell", "Clock"]


class Clock:
    """Ticks when a variable of the session gets its first value or another shape."""

    __slots__ = ("time",)

    def __init__(self) -> None:
        self.time = 0


class Cell:
    """A variable's value, or None while it is uninitialized.

    Attributes:
        dims: what is known of its shape, whatever it holds.
    """

    __slots__ = ("clock", "dims", "dtype", "name", "value")

    def __init__(
        self, name: str, dtype: DType, clock: Clock | None = None, dims: Dims = None
    ) -> None:
        self.dims = dims
        self.name = name
        self.dtype = dtype
        self.clock = clock or Clock()
        self.value: Any = None

    def read(self) -> Any:
        """The array itself. Raises FailedPreconditionError while uninitialized."""
        if self.value is None:
            raise errors.FailedPreconditionError(
                None, None, f"Attempting to use uninitialized value {self.name}"
            )
        return self.value

    def store(self, value: Any) -> None:
        """Copy `value` in; whoever holds the array of an equal shape sees the new elements."""
        current = self.value
        if current is not None and current.shape == value.shape:
            np.copyto(current, value)
        else:
            # Kernels change rows through flat views, which only exist in this order.
            self.value = np.array(value, dtype=self.dtype.np, order="C")
            self.clock.time += 1
