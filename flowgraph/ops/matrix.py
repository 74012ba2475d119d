"""Square matrices: inverse, determinant, linear systems; and the cross product."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case, function_of, spread
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import COMPLEX, REAL
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix_kernels import (
    SOLVED,
    adjoint_array,
    computed,
    solved_shape,
    square_shape,
)
from flowgraph.ops.select import same_shape

__all__ = [
    "cross",
    "log_matrix_determinant",
    "matrix_determinant",
    "matrix_inverse",
    "matrix_solve",
]

Gradients = list[Any]
MATRIX = np.array([[4.0, 1.0, 0.5], [-1.0, 3.0, 2.0], [0.25, -2.0, 5.0]])
MATRICES = np.stack([MATRIX, MATRIX.T + np.eye(3)])
RIGHT = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.5]])
Z22 = np.array([[2 + 1j, 1 - 1j], [0.5j, 3 + 0j]], np.complex64)
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
NOT_SQUARE = case(RIGHT, raises="Dimensions must be equal, but are 3 and 2")
NO_MATRIX = case(RIGHT[0], raises="Shape must be at least rank 2 but is rank 1")
SQUARES = (
    case(MATRIX),
    case(MATRICES),
    case(MATRICES.astype(np.float32)),
    case(Z22, grad=False),
    case(np.zeros((0, 3, 3))),
    NOT_SQUARE,
    NO_MATRIX,
)


@op("MatrixInverse", "input: T -> output: T", adjoint=False, T=SOLVED)
class MatrixInverse:
    """The inverses of square matrices [..., n, n], or with `adjoint` those of their adjoints."""

    shape = square_shape
    samples = (
        *SQUARES,
        case(MATRIX, adjoint=True),
        case(Z22, adjoint=True, grad=False),
        case(SINGULAR, raises="Input matrix is not invertible"),
    )

    def numpy(x: Any, *, adjoint: bool) -> Any:
        inverse = computed(np.linalg.inv, adjoint_array(x) if adjoint else x)
        return inverse.astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        inverse = op.outputs[0]
        if op.attrs["adjoint"]:
            # With Y the inverse of the adjoint, the adjoint of dY takes the place of dY.
            return [-matmul(inverse, matmul(dy, inverse, adjoint_a=True))]
        return [-matmul(inverse, matmul(dy, inverse, adjoint_b=True), adjoint_a=True)]


DETERMINED = (dtypes.float16, dtypes.float32, dtypes.float64, *COMPLEX)


def _outer(matrix: Operand) -> Dims:
    square = square_shape(matrix)
    return None if square is None else square[:-2]


def _spread_over_matrices(x: Tensor) -> Tensor:
    spread_out: Tensor = apply("ExpandDims", apply("ExpandDims", x, -1), -1)
    return spread_out


@op("MatrixDeterminant", "input: T -> output: T", T=DETERMINED)
class MatrixDeterminant:
    """The determinants of square matrices [..., n, n]."""

    shape = _outer
    samples = (*SQUARES, case(SINGULAR, grad=False), case(np.zeros((0, 0)), grad=False))

    def numpy(x: Any) -> Any:
        return np.asarray(computed(np.linalg.det, x)).astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        inverse = apply("MatrixInverse", op.inputs[0], adjoint=True)
        return [_spread_over_matrices(dy * op.outputs[0]) * inverse]


@op("LogMatrixDeterminant", "input: T -> sign: T, log_abs_determinant: T", T=DETERMINED)
class LogMatrixDeterminant:
    """Signs and logarithms of absolute values of the determinants of matrices [..., n, n]."""

    samples = SQUARES

    def shape(matrix: Operand) -> list[Dims]:
        return [_outer(matrix)] * 2

    def numpy(x: Any) -> tuple[Any, Any]:
        sign, logarithm = computed(np.linalg.slogdet, x)
        return np.asarray(sign).astype(x.dtype), np.asarray(logarithm).astype(x.dtype)

    def grad(op: Operation, d_sign: Tensor, d_logarithm: Tensor) -> Gradients:
        inverse = apply("MatrixInverse", op.inputs[0], adjoint=True)
        return [_spread_over_matrices(d_logarithm) * inverse]


@op("MatrixSolve", "matrix: T, rhs: T -> output: T", adjoint=False, T=SOLVED)
class MatrixSolve:
    """The solutions X of ``matrix @ X = rhs``, [..., n, n] and [..., n, k] to [..., n, k].

    With `adjoint`, ``adjoint(matrix) @ X = rhs`` is solved.
    """

    samples = (
        case(MATRIX, RIGHT),
        case(MATRIX, RIGHT, adjoint=True),
        case(MATRICES, np.stack([RIGHT, RIGHT])),
        case(MATRIX.astype(np.float32), RIGHT.astype(np.float32)),
        case(Z22, Z22, adjoint=True, grad=False),
        case(SINGULAR, SINGULAR, raises="Input matrix is not invertible"),
        case(MATRIX, RIGHT[:2], raises="Dimensions must be equal, but are 3 and 2"),
        case(RIGHT, RIGHT, raises="Dimensions must be equal, but are 3 and 2"),
    )

    def shape(matrix: Operand, rhs: Operand) -> Dims:
        return solved_shape(square_shape(matrix), rhs.dims, same_shape)

    def numpy(matrix: Any, rhs: Any, *, adjoint: bool) -> Any:
        if adjoint:
            matrix = adjoint_array(matrix)
        return computed(np.linalg.solve, matrix, rhs).astype(rhs.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        matrix, solution = op.inputs[0], op.outputs[0]
        adjoint = op.attrs["adjoint"]
        d_rhs = apply("MatrixSolve", matrix, dy, adjoint=not adjoint)
        if adjoint:
            return [-matmul(solution, d_rhs, adjoint_b=True), d_rhs]
        return [-matmul(d_rhs, solution, adjoint_b=True), d_rhs]


@op("Cross", "a: T, b: T -> product: T", T=REAL)
class Cross:
    """The cross products of vectors of length 3, which are the last axis of two tensors."""

    samples = (
        spread(-2, 2, (3,), (3,)),
        spread(-2, 2, (2, 3), (2, 3)),
        spread(-2, 2, (2, 3), (2, 3), dtype=np.float32),
        case(np.array([1, 2, 3], np.int32), np.array([-1, 0, 4], np.int32)),
        case(MATRIX[:0], MATRIX[:0]),
        case(RIGHT, RIGHT, raises="Dimension must be 3 but is 2"),
    )

    def shape(a: Operand, b: Operand) -> Dims:
        for operand in (a, b):
            if operand.dims is not None and not operand.dims:
                raise ValueError("Shape must be at least rank 1 but is rank 0")
        merged = same_shape(a.dims, b.dims)
        if merged is None:
            return None
        if merged[-1] not in (None, 3):
            raise ValueError(f"Dimension must be 3 but is {merged[-1]}")
        return (*merged[:-1], 3)

    def numpy(a: Any, b: Any) -> Any:
        return np.cross(a, b).astype(a.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        a, b = op.inputs
        return [apply("Cross", b, dy), apply("Cross", dy, a)]


matrix_inverse = function_of("MatrixInverse", "matrix_inverse")
matrix_determinant = function_of("MatrixDeterminant", "matrix_determinant")
log_matrix_determinant = function_of("LogMatrixDeterminant", "log_matrix_determinant")
matrix_solve = function_of("MatrixSolve", "matrix_solve")
cross = function_of("Cross", "cross")
