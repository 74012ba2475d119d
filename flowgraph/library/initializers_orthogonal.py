"""Initial values that are orthogonal matrices, or convolutions that keep norms."""

from __future__ import annotations

import math
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.tensor import Tensor
from flowgraph.library.initializers import Initializer
from flowgraph.ops import array
from flowgraph.ops.arithmetic import sign
from flowgraph.ops.diagonal import diag_part
from flowgraph.ops.layout import matrix_transpose
from flowgraph.ops.qr import qr
from flowgraph.ops.random import random_normal
from flowgraph.shapes import TensorShape

__all__ = ["ConvolutionDeltaOrthogonal", "Orthogonal"]


def _orthonormal(rows: int, columns: int, dtype: Any, seed: int | None) -> Tensor:
    """A uniformly distributed matrix with orthonormal columns, or rows if there are fewer."""
    tall = (max(rows, columns), min(rows, columns))
    q, r = qr(random_normal(tall, dtype=dtype, seed=seed), full_matrices=False)
    # With positive numbers on the diagonal of r the decomposition is unique.
    q = q * sign(diag_part(r))
    return matrix_transpose(q) if rows < columns else q


def _sizes(shape: Any) -> list[int]:
    return [int(size) for size in TensorShape(shape).as_list() if size is not None]


class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain` (Saxe et al. 2014).

    It is q of the QR decomposition of normal random numbers. A shape of more than two axes is that
    of a matrix whose columns are the last axis; if it has fewer rows than columns, the rows are
    orthonormal.

    Raises:
        ValueError: for a dtype that is not floating; when called, for fewer than two axes.
    """

    def __init__(
        self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32
    ) -> None:
        self.gain = gain
        self.seed = seed
        self.dtype = dtypes.as_dtype(dtype)
        if not self.dtype.is_floating:
            raise ValueError(f"Expected floating point type, got {self.dtype}.")

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        sizes = _sizes(shape)
        if len(sizes) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        kind = self.dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        matrix = _orthonormal(math.prod(sizes[:-1]), sizes[-1], kind, self.seed)
        value: Tensor = self.gain * array.reshape(matrix, sizes)
        return value

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Orthogonal:
        return cls(**config)


class ConvolutionDeltaOrthogonal(Orthogonal):
    """Convolution kernels whose center is an orthogonal matrix times `gain`, and zero around it
    (Xiao et al. 2018): they multiply the norm of any input by `gain`.

    Raises:
        ValueError: when called, for a shape that is not of three to five axes, or with more inputs
            than outputs.
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        sizes = _sizes(shape)
        if not 3 <= len(sizes) <= 5:
            raise ValueError(
                "The tensor to initialize must be at least three-dimensional and at most "
                "five-dimensional"
            )
        *window, inputs, outputs = sizes
        if inputs > outputs:
            raise ValueError("In_filters cannot be greater than out_filters.")
        kind = self.dtype if dtype is None else dtypes.as_dtype(dtype).base_dtype
        square = _orthonormal(outputs, outputs, kind, self.seed)
        center = square[:inputs] * self.gain
        place = [[(size - 1) // 2 for size in window]]
        value: Tensor = apply("ScatterNd", place, apply("ExpandDims", center, 0), sizes)
        return value
