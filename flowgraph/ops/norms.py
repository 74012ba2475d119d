"""Norms of vectors and matrices, and the trace."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.complex import conj
from flowgraph.ops.decompositions import svd
from flowgraph.ops.layout import transpose
from flowgraph.ops.reduce import reduce_max, reduce_sum

__all__ = ["norm", "trace"]

_VECTOR_ORDERS = ("fro", "euclidean", 1, 2, np.inf)
_MATRIX_ORDERS = ("euclidean", "fro", 1, 2, np.inf)


def _check_order(order: Any, axis: Any, matrices: bool) -> None:
    whole = [isinstance(each, int | np.integer) for each in (axis if matrices else [axis])]
    if not (all(whole) or axis is None) or (matrices and axis[0] == axis[1]):
        raise ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers")
    if matrices and order not in _MATRIX_ORDERS:
        raise ValueError(
            f"'ord' must be a supported matrix norm in {list(_MATRIX_ORDERS)}, got {order}"
        )
    positive = isinstance(order, int | float) and order > 0
    if not matrices and order not in _VECTOR_ORDERS and not positive:
        raise ValueError(
            f"'ord' must be a supported vector norm in {list(_VECTOR_ORDERS)}, got {order}"
        )


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool = False,
    name: str | None = None,
) -> Tensor:
    """A norm of vectors, of matrices, or of the whole tensor taken as a vector.

    Args:
        tensor: floating point or complex.
        ord: ``"euclidean"`` (or "fro": the Frobenius norm of matrices), 1, ``np.inf``, or for
            vectors any positive number p: ``sum(|x| ** p) ** (1 / p)``. For matrices 1 is the
            greatest sum of a column, ``np.inf`` of a row, and 2 the greatest singular value.
        axis: an int for vectors, two ints for matrices, None for the whole tensor.
        keepdims: leave the reduced axes at length 1.

    Raises:
        ValueError: for an order that is not supported.
    """
    matrices = isinstance(axis, tuple | list) and len(axis) == 2
    _check_order(ord, axis, matrices)
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        result = _norm(tensor, ord, axis, matrices)
        if keepdims:
            return result
        places = [] if axis is None else list(np.asarray(axis).reshape(-1))
        squeezed: Tensor = apply("Squeeze", result, squeeze_dims=places)
        return squeezed


def _norm(tensor: Tensor, order: Any, axis: Any, matrices: bool) -> Tensor:
    if matrices and order == 2:
        return _spectral(tensor, axis)
    if order in ("fro", "euclidean", 2):
        squares = reduce_sum(tensor * conj(tensor), axis, keepdims=True)
        root: Tensor = apply("Sqrt", squares)
        return root
    sizes: Tensor = abs(tensor)
    total: Tensor
    if order == 1:
        total = reduce_sum(sizes, axis[0] if matrices else axis, keepdims=True)
        if matrices:
            total = reduce_max(total, axis[-1], keepdims=True)
        return total
    if order == np.inf:
        if matrices:
            sizes = reduce_sum(sizes, axis[1], keepdims=True)
        total = reduce_max(sizes, axis[0] if matrices else axis, keepdims=True)
        return total
    total = reduce_sum(apply("Pow", sizes, order), axis, keepdims=True)
    power: Tensor = apply("Pow", total, 1.0 / order)
    return power


def _spectral(tensor: Tensor, axis: Any) -> Tensor:
    """The greatest singular values, the axes of the matrices being kept at length 1."""
    if tensor.dims is None:
        raise ValueError("The matrix norm of order 2 needs a tensor of known rank.")
    rank = len(tensor.dims)
    places = [int(each) % rank for each in axis]
    batch = [i for i in range(rank) if i not in places]
    values = svd(transpose(tensor, [*batch, *places]), compute_uv=False)
    largest = apply("ExpandDims", reduce_max(values, -1, keepdims=True), -1)
    back = np.argsort([*batch, *places]).tolist()
    return transpose(largest, back)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sums of the diagonals of matrices: [..., m, n] to [...]."""
    with name_scope(name, "Trace", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        total: Tensor = reduce_sum(apply("MatrixDiagPart", x), [-1], name=scope)
        return total
