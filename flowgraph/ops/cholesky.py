"""The Cholesky decomposition, and what is solved and computed with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.complex import real
from flowgraph.ops.diagonal import eye, matrix_band_part, matrix_diag_part, matrix_set_diag
from flowgraph.ops.layout import matrix_transpose
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix_kernels import SOLVED, computed, square_shape
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.triangular import matrix_triangular_solve

__all__ = ["adjoint_of", "cholesky", "cholesky_solve", "logdet", "regularized_gramian"]

Gradients = list[Any]
POSITIVE = np.array([[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, 2.0]])
POSITIVES = np.stack([POSITIVE, POSITIVE @ POSITIVE])
HERMITIAN = np.array([[3, 1 - 1j], [1 + 1j, 2]])
FAILURE = "Cholesky decomposition was not successful. The input might not be valid."


def adjoint_of(matrix: Any, name: str | None = None) -> Tensor:
    """The conjugate transposes of the matrices in the last two axes."""
    with name_scope(name, "adjoint", [matrix]):
        return matrix_transpose(matrix, conjugate=True)


@op("Cholesky", "input: T -> output: T", T=SOLVED)
class Cholesky:
    """Lower triangular L with ``L @ adjoint(L) = input``, for positive definite [..., n, n].

    Only the lower triangle of the input is read. The gradient is symmetric: it takes the input for
    a symmetric matrix whose two triangles change together.
    """

    shape = square_shape
    samples = (
        case(POSITIVE),
        case(POSITIVES),
        case(POSITIVES.astype(np.float32)),
        case(np.tril(POSITIVE)),
        case(HERMITIAN, grad=False),
        case(HERMITIAN.astype(np.complex64)),
        case(np.array([[2.0]])),
        case(np.zeros((0, 3, 3))),
        case(np.zeros((2, 0, 0)), grad=False),
        case(POSITIVE[:2], raises="Dimensions must be equal, but are 2 and 3"),
        case(POSITIVE[0], raises="Shape must be at least rank 2 but is rank 1"),
    )

    def numpy(x: Any) -> Any:
        factor = computed(np.linalg.cholesky, x, failure=FAILURE)
        return factor.astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        # Murray (2016): L^-H (tril(L^H dL) with half its diagonal) L^-1, symmetrised.
        factor = op.outputs[0]
        product = matmul(factor, dy, adjoint_a=True)
        halved = matrix_set_diag(product, matrix_diag_part(product) * 0.5)
        lower = matrix_band_part(halved, -1, 0)
        left = matrix_triangular_solve(factor, lower, adjoint=True)
        whole = adjoint_of(matrix_triangular_solve(factor, adjoint_of(left), adjoint=True))
        return [(whole + adjoint_of(whole)) * 0.5]


cholesky = function_of("Cholesky", "cholesky")


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The solutions X of ``A @ X = rhs`` for ``A = chol @ adjoint(chol)``.

    Args:
        chol: lower triangular [..., n, n], as `cholesky` makes them.
        rhs: [..., n, k] of the same type.
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        half = apply("MatrixTriangularSolve", chol, rhs)
        solution: Tensor = apply("MatrixTriangularSolve", chol, half, adjoint=True)
        return solution


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of the determinants of positive definite matrices: [..., n, n] to [...].

    ``2 sum(log(diag(cholesky(matrix))))``
    """
    with name_scope(name, "logdet", [matrix]):
        factor = cholesky(matrix)
        logarithms = apply("Log", real(matrix_diag_part(factor)))
        result: Tensor = 2.0 * reduce_sum(logarithms, [-1])
        return result


def regularized_gramian(matrix: Tensor, regularizer: Any, first_kind: bool) -> Tensor:
    """The Cholesky factor of ``A^H A + r I`` (first kind) or of ``A A^H + r I``."""
    gramian = matmul(matrix, matrix, adjoint_a=first_kind, adjoint_b=not first_kind)
    if isinstance(regularizer, Tensor) or regularizer != 0:
        shape = matrix.shape[:-2].as_list() if matrix.shape.is_fully_defined() else None
        batch = apply("Shape", matrix)[:-2] if shape is None else shape
        side = matrix.dims[-1 if first_kind else -2] if matrix.dims else None
        size = apply("Shape", matrix)[-1 if first_kind else -2] if side is None else side
        gramian = gramian + regularizer * eye(size, batch_shape=batch, dtype=matrix.dtype)
    result: Tensor = cholesky(gramian)
    return result
