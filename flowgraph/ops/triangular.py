"""Triangular and tridiagonal linear systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.diagonal import matrix_band_part
from flowgraph.ops.linalg import matmul, unbroadcast_batch
from flowgraph.ops.matrix_kernels import SOLVED, adjoint_array, solved_shape, square_shape

__all__ = ["matrix_triangular_solve"]

Gradients = list[Any]
LOWER = np.array([[2.0, 0.0, 0.0], [1.0, -3.0, 0.0], [0.5, 2.0, 4.0]])
FULL = LOWER + np.triu(np.ones((3, 3)), 1)
RIGHT = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.5]])
Z22 = np.array([[2 + 1j, 1 - 1j], [0.5j, 3 + 0j]], np.complex64)
# Rows solved together: large enough for matrix products, small enough to waste little.
_BLOCK = 48


def _substituted(matrix: Any, rhs: Any, lower: bool) -> Any:
    """Block forward (or backward) substitution; `matrix` is triangular."""
    size = matrix.shape[-1]
    starts = range(0, size, _BLOCK)
    batch = np.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2])
    result = np.empty((*batch, size, rhs.shape[-1]), rhs.dtype)
    for low in starts if lower else reversed(starts):
        block = slice(low, low + _BLOCK)
        solved = slice(0, low) if lower else slice(low + _BLOCK, size)
        right = rhs[..., block, :] - matrix[..., block, solved] @ result[..., solved, :]
        result[..., block, :] = np.linalg.solve(matrix[..., block, block], right)
    return result


@op(
    "MatrixTriangularSolve",
    "matrix: T, rhs: T -> output: T",
    lower=True,
    adjoint=False,
    T=SOLVED,
)
class MatrixTriangularSolve:
    """The solutions X of ``matrix @ X = rhs``, where only one triangle of the matrices is read.

    matrix is [..., n, n], rhs [..., n, k]; their leading axes are broadcast against each other.
    With `adjoint`, ``adjoint(matrix) @ X = rhs`` is solved.
    """

    samples = (
        case(LOWER, RIGHT),
        case(FULL, RIGHT, adjoint=True),
        case(FULL, RIGHT, lower=False),
        case(FULL, RIGHT, lower=False, adjoint=True),
        case(np.stack([FULL, FULL + 1]), np.stack([RIGHT, RIGHT - 1])),
        case(np.stack([FULL, FULL + 1]), RIGHT),
        case(FULL.astype(np.float32), RIGHT.astype(np.float32)),
        case(Z22, Z22, adjoint=True, grad=False),
        case(Z22, Z22),
        case(FULL[:0, :0], RIGHT[:0], grad=False),
        case(FULL, RIGHT[:, :0], grad=False),
        case(FULL, RIGHT[:2], raises="Dimensions must be equal, but are 3 and 2"),
        case(RIGHT, RIGHT, raises="Dimensions must be equal, but are 3 and 2"),
    )

    def shape(matrix: Operand, rhs: Operand) -> Dims:
        return solved_shape(square_shape(matrix), rhs.dims, dims.broadcast)

    def numpy(matrix: Any, rhs: Any, *, lower: bool, adjoint: bool) -> Any:
        diagonal = matrix.diagonal(axis1=-2, axis2=-1)
        if diagonal.size and not diagonal.all():
            raise InvalidArgumentError(None, None, "Input matrix is not invertible.")
        triangle = np.tril(matrix) if lower else np.triu(matrix)
        if adjoint:
            triangle = adjoint_array(triangle)
        if rhs.dtype.itemsize == 2:
            wide = _substituted(
                triangle.astype(np.float32), rhs.astype(np.float32), lower != adjoint
            )
            return wide.astype(rhs.dtype)
        return _substituted(triangle, rhs, lower != adjoint)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        matrix = op.inputs[0]
        solution = op.outputs[0]
        lower, adjoint = op.attrs["lower"], op.attrs["adjoint"]
        d_rhs = matrix_triangular_solve(matrix, dy, lower, not adjoint)
        if adjoint:
            d_matrix = -matmul(solution, d_rhs, adjoint_b=True)
        else:
            d_matrix = -matmul(d_rhs, solution, adjoint_b=True)
        triangle = matrix_band_part(d_matrix, *((-1, 0) if lower else (0, -1)))
        return unbroadcast_batch(op, [triangle, d_rhs])


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """The solutions X of ``matrix @ X = rhs`` for triangular matrices.

    Args:
        matrix: [..., n, n]; its other triangle is not read.
        rhs: [..., n, k] of the same type.
        lower: read the lower triangle, otherwise the upper one.
        adjoint: solve ``adjoint(matrix) @ X = rhs`` instead.

    Raises:
        InvalidArgumentError: when it runs, if a matrix has a zero on its diagonal.
    """
    with name_scope(name, "triangular_solve", [matrix, rhs]):
        solution: Tensor = apply("MatrixTriangularSolve", matrix, rhs, lower=lower, adjoint=adjoint)
        return solution
