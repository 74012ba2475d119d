"""What the ops on stacks of matrices share: shape rules and the way to LAPACK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.opdef import Operand
from flowgraph.ops.kinds import COMPLEX

__all__ = ["SOLVED", "adjoint_array", "computed", "matrix_shape", "solved_shape", "square_shape"]

SOLVED = (dtypes.float64, dtypes.float32, dtypes.float16, *COMPLEX)


def matrix_shape(matrix: Operand) -> Dims:
    """The shape of an operand that must be a matrix or a stack of them."""
    if matrix.dims is not None and len(matrix.dims) < 2:
        raise ValueError(f"Shape must be at least rank 2 but is rank {len(matrix.dims)}")
    return matrix.dims


def square_shape(matrix: Operand) -> Dims:
    """The shape of an operand whose matrices must be square."""
    shape = matrix_shape(matrix)
    if shape is None:
        return None
    rows, columns = shape[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ValueError(f"Dimensions must be equal, but are {rows} and {columns}")
    size = columns if rows is None else rows
    return (*shape[:-2], size, size)


def solved_shape(matrix: Dims, rhs: Dims, batch: Callable[[Dims, Dims], Dims]) -> Dims:
    """The shape of X in ``matrix @ X = rhs`` for a square matrix.

    Args:
        batch: merges the leading axes of both.
    """
    if rhs is not None and len(rhs) < 2:
        raise ValueError(f"Shape must be at least rank 2 but is rank {len(rhs)}")
    size = None if matrix is None else matrix[-1]
    rows, columns = (None, None) if rhs is None else rhs[-2:]
    if size is not None and rows is not None and size != rows:
        raise ValueError(f"Dimensions must be equal, but are {size} and {rows}")
    outer = batch(None if matrix is None else matrix[:-2], None if rhs is None else rhs[:-2])
    return None if outer is None else (*outer, rows if size is None else size, columns)


def computed(function: Any, *arrays: Any, failure: str = "Input matrix is not invertible.") -> Any:
    """Apply a LAPACK-backed function; half precision, unknown to it, is widened.

    Raises:
        InvalidArgumentError: with the text `failure` where LAPACK fails.
    """
    wide = [each.astype(np.float32) if each.dtype.itemsize == 2 else each for each in arrays]
    try:
        return function(*wide)
    except np.linalg.LinAlgError:
        raise InvalidArgumentError(None, None, failure) from None


def adjoint_array(x: Any) -> Any:
    """The conjugate transposes of matrices, a view where they are real."""
    swapped = x.swapaxes(-1, -2)
    return swapped.conj() if x.dtype.kind == "c" else swapped
