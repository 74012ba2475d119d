"""Linear least squares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.cholesky import adjoint_of, cholesky_solve, regularized_gramian
from flowgraph.ops.complex import conj, real
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix_kernels import SOLVED, adjoint_array, computed, matrix_shape
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import same_shape

__all__ = ["matrix_solve_ls"]

Gradients = list[Any]
TALL = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])
RIGHT = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.5]])
NONE = np.array(0.0)
SOME = np.array(0.5)
FAILURE = "Input matrix was rank deficient or ill-conditioned. Try setting fast=False"


def _normal_equations(matrix: Any, rhs: Any, regularizer: Any) -> Any:
    adjoint = adjoint_array(matrix)
    rows, columns = matrix.shape[-2:]
    ridge = np.eye(min(rows, columns), dtype=matrix.dtype) * matrix.dtype.type(regularizer)
    if rows >= columns:
        return np.linalg.solve(adjoint @ matrix + ridge, adjoint @ rhs)
    return adjoint @ np.linalg.solve(matrix @ adjoint + ridge, rhs)


def _least_norm(matrix: Any, rhs: Any) -> Any:
    """The solution of least norm, also for matrices that lack rank."""
    tolerance = max(matrix.shape[-2:]) * np.finfo(matrix.dtype).eps
    return np.linalg.pinv(matrix, rcond=tolerance) @ rhs


@op("MatrixSolveLs", "matrix: T, rhs: T, l2_regularizer: float64 -> output: T", fast=True, T=SOLVED)
class MatrixSolveLs:
    """The X that minimise ``|matrix @ X - rhs|^2 + l2_regularizer |X|^2``: [..., m, n], [..., m, k]
    to [..., n, k].

    For m < n and no regularizer it is the solution of least norm. `fast` solves the normal
    equations; without it the regularizer is not used and the matrices may lack rank.
    """

    samples = (
        case(TALL, RIGHT, NONE),
        case(TALL, RIGHT, SOME),
        case(TALL.T.copy(), RIGHT[:2], NONE),
        case(TALL.T.copy(), RIGHT[:2], SOME),
        case(np.stack([TALL, TALL + 1]), np.stack([RIGHT, RIGHT]), SOME),
        case(TALL.astype(np.float32), RIGHT.astype(np.float32), SOME),
        case(TALL, RIGHT, NONE, fast=False, grad=False),
        case(TALL[:, :1] * [[1.0, 2.0]], RIGHT, NONE, fast=False, grad=False),
        case(TALL.T.copy(), RIGHT[:2], NONE, fast=False, grad=False),
        case(TALL, RIGHT[:2], NONE, raises="Dimensions must be equal, but are 3 and 2"),
        case(TALL, RIGHT, np.zeros(1), raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(matrix: Operand, rhs: Operand, regularizer: Operand) -> Dims:
        a, b = matrix_shape(matrix), matrix_shape(rhs)
        if regularizer.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(regularizer.dims)}")
        rows, columns = (None, None) if a is None else a[-2:]
        others, count = (None, None) if b is None else b[-2:]
        if rows is not None and others is not None and rows != others:
            raise ValueError(f"Dimensions must be equal, but are {rows} and {others}")
        batch = same_shape(None if a is None else a[:-2], None if b is None else b[:-2])
        return None if batch is None else (*batch, columns, count)

    def numpy(matrix: Any, rhs: Any, regularizer: Any, *, fast: bool) -> Any:
        if fast:
            found = computed(
                lambda a, b: _normal_equations(a, b, regularizer), matrix, rhs, failure=FAILURE
            )
        else:
            found = computed(_least_norm, matrix, rhs)
        return found.astype(rhs.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        matrix, rhs, regularizer = op.inputs
        if not op.attrs["fast"]:
            raise ValueError("Gradient not defined for fast=False")
        rows, columns = (None, None) if matrix.dims is None else matrix.dims[-2:]
        if rows is None or columns is None:
            raise LookupError(
                f"No gradient defined for '{op.name}' (op type: MatrixSolveLs) of matrices of "
                "unknown size."
            )
        ridge = cast(regularizer, matrix.dtype)
        first = rows >= columns
        factor = regularized_gramian(matrix, ridge, first_kind=first)
        if first:
            z = cholesky_solve(factor, dy)
            outer = matmul(op.outputs[0], z, adjoint_b=True)
            symmetric = outer + adjoint_of(outer)
            d_matrix = matmul(rhs, z, adjoint_b=True) - matmul(matrix, symmetric)
            return [d_matrix, matmul(matrix, z), _by_regularizer(op.outputs[0], z)]
        d_rhs = cholesky_solve(factor, matmul(matrix, dy))
        inner = cholesky_solve(factor, rhs)
        rest = dy - matmul(matrix, d_rhs, adjoint_a=True)
        d_matrix = matmul(inner, rest, adjoint_b=True)
        d_matrix = d_matrix - matmul(d_rhs, matmul(inner, matrix, adjoint_a=True))
        return [d_matrix, d_rhs, _by_regularizer(inner, d_rhs)]


def _by_regularizer(x: Tensor, y: Tensor) -> Tensor:
    """``-sum(x * y)``: the regularizer acts through the inverse of ``gramian + r I``."""
    result: Tensor = -cast(reduce_sum(real(conj(x) * y)), dtypes.float64)
    return result


_CACHE = 256000


def _is_composed(matrix: Tensor) -> bool:
    """Whether ops on whole stacks are built: not for many small matrices, read many times each."""
    if matrix.dims is None or None in matrix.dims:
        return True
    *batch, rows, columns = (size or 0 for size in matrix.dims)
    count = math.prod(batch)
    size = count * rows * columns * matrix.dtype.size
    return size <= _CACHE or count <= min(rows, columns)


def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """The X that minimise ``|matrix @ X - rhs|^2 + l2_regularizer |X|^2``.

    Args:
        matrix: [..., m, n]. For m < n the solution of least norm is found.
        rhs: [..., m, k] of the same type.
        l2_regularizer: a number; used only if `fast`.
        fast: solve the normal equations by Cholesky's decomposition, for matrices of full rank;
            otherwise any matrix is solved, without a gradient.

    Returns:
        [..., n, k]

    Raises:
        NotImplementedError: for complex128 with a regularizer.
    """
    matrix = convert_to_tensor(matrix, name="matrix")
    if matrix.dtype.base_dtype is dtypes.complex128 and l2_regularizer != 0:
        raise NotImplementedError(
            "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0"
        )
    sizes = (None, None) if matrix.dims is None else matrix.dims[-2:]
    if not fast or None in sizes or not _is_composed(matrix):
        solution: Tensor = apply("MatrixSolveLs", matrix, rhs, l2_regularizer, fast=fast, name=name)
        return solution
    rows, columns = sizes
    assert rows is not None and columns is not None
    with name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        factor = regularized_gramian(matrix, l2_regularizer, first_kind=rows >= columns)
        if rows >= columns:
            return cholesky_solve(factor, matmul(matrix, rhs, adjoint_a=True))
        return matmul(matrix, cholesky_solve(factor, rhs), adjoint_a=True)
