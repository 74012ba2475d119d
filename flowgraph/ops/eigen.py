"""Eigenvalues and eigenvectors of self-adjoint matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cholesky import adjoint_of
from flowgraph.ops.diagonal import matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix_kernels import SOLVED, computed, square_shape

__all__ = ["self_adjoint_eig", "self_adjoint_eigvals"]

Gradients = list[Any]
SYMMETRIC = np.array([[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, -2.0]])
HERMITIAN = np.array([[3, 1 - 1j], [1 + 1j, 2]])
FAILURE = "Self-adjoint eigen decomposition was not successful. The input might not be valid."


@op("SelfAdjointEigV2", "input: T -> e: T, v: T", compute_v=True, T=SOLVED)
class SelfAdjointEigV2:
    """Eigenvalues, least first, and eigenvectors: ``input @ v = v @ diag(e)``.

    Only the lower triangle of the input [..., n, n] is read. e is [..., n], v [..., n, n] with
    orthonormal columns; v is empty without `compute_v`.
    """

    samples = (
        case(SYMMETRIC),
        case(SYMMETRIC, compute_v=False),
        case(np.stack([SYMMETRIC, SYMMETRIC + np.diag([1.0, 2, 3])]), compute_v=False),
        case(SYMMETRIC.astype(np.float32)),
        case(HERMITIAN, compute_v=False, grad=False),
        case(HERMITIAN.astype(np.complex64), grad=False),
        case(np.zeros((0, 3, 3)), compute_v=False, grad=False),
        case(SYMMETRIC[:2], raises="Dimensions must be equal, but are 2 and 3"),
        case(SYMMETRIC[0], raises="Shape must be at least rank 2 but is rank 1"),
    )

    def shape(matrix: Operand, *, compute_v: bool) -> list[Dims]:
        square = square_shape(matrix)
        values = None if square is None else square[:-1]
        return [values, square if compute_v else (0,)]

    def numpy(x: Any, *, compute_v: bool) -> tuple[Any, Any]:
        if not compute_v:
            values = computed(np.linalg.eigvalsh, x, failure=FAILURE)
            return values.astype(x.dtype), np.zeros(0, x.dtype)
        values, vectors = computed(np.linalg.eigh, x, failure=FAILURE)
        return values.astype(x.dtype), vectors.astype(x.dtype, copy=False)

    def grad(op: Operation, de: Tensor, dv: Tensor) -> Gradients:
        values, vectors = op.outputs
        inner = matrix_diag(de)
        if op.attrs["compute_v"]:
            gaps = apply("ExpandDims", values, -2) - apply("ExpandDims", values, -1)
            inverse = matrix_set_diag(_safe_reciprocal(gaps), apply("ZerosLike", values))
            inner = inner + inverse * matmul(vectors, dv, adjoint_a=True)
        else:
            _, vectors = apply("SelfAdjointEigV2", op.inputs[0])
        whole = matmul(vectors, matmul(inner, vectors, adjoint_b=True))
        # Only the lower triangle is read, so both triangles' share falls to it.
        lower = matrix_band_part(whole + adjoint_of(whole), -1, 0)
        return [matrix_set_diag(lower, matrix_diag_part(lower) * 0.5)]


def _safe_reciprocal(x: Tensor) -> Tensor:
    """``1 / x``, and 0 where x is 0, smoothly."""
    result: Tensor = x * apply("Reciprocal", x * x + 1e-20)
    return result


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of self-adjoint matrices [..., n, n].

    Returns:
        ``(e, v)``: e [..., n], least first, and v [..., n, n], whose columns are eigenvectors:
        ``tensor @ v = v @ diag(e)``. Only the lower triangles of `tensor` are read.
    """
    e, v = apply("SelfAdjointEigV2", tensor, compute_v=True, name=name)
    return e, v


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """The eigenvalues alone, [..., n], least first; see `self_adjoint_eig`."""
    e: Tensor
    e, _ = apply("SelfAdjointEigV2", tensor, compute_v=False, name=name)
    return e
