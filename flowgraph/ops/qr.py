"""The QR decomposition."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.cholesky import adjoint_of
from flowgraph.ops.complex import real
from flowgraph.ops.diagonal import matrix_band_part, matrix_diag, matrix_diag_part
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix_kernels import SOLVED, computed, matrix_shape
from flowgraph.ops.triangular import matrix_triangular_solve

__all__ = ["qr"]

Gradients = list[Any]
TALL = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])
SQUARE = np.array([[4.0, 1.0, 0.5], [-1.0, 3.0, 2.0], [0.25, -2.0, 5.0]])
Z22 = np.array([[2 + 1j, 1 - 1j], [0.5j, 3 + 0j]])


@op("Qr", "input: T -> q: T, r: T", full_matrices=False, T=SOLVED)
class Qr:
    """Orthonormal q and upper triangular r with ``input = q @ r``, for matrices [..., m, n].

    With p = min(m, n), q is [..., m, p] and r [..., p, n]; with `full_matrices` q is [..., m, m]
    and r [..., m, n].
    """

    samples = (
        case(TALL),
        case(TALL, full_matrices=True, grad=False),
        case(TALL.T.copy()),
        case(TALL.T.copy(), full_matrices=True, grad=False),
        case(SQUARE),
        case(np.stack([TALL, TALL + 1])),
        case(TALL.astype(np.float32)),
        case(Z22, grad=False),
        case(np.zeros((0, 3, 2)), grad=False),
        case(TALL[0], raises="Shape must be at least rank 2 but is rank 1"),
    )

    def shape(matrix: Operand, *, full_matrices: bool) -> list[Dims]:
        shape = matrix_shape(matrix)
        if shape is None:
            return [None, None]
        *batch, m, n = shape
        inner = m if full_matrices else None if m is None or n is None else min(m, n)
        return [(*batch, m, inner), (*batch, inner, n)]

    def numpy(x: Any, *, full_matrices: bool) -> tuple[Any, Any]:
        mode: Any = "complete" if full_matrices else "reduced"
        q, r = computed(lambda matrix: np.linalg.qr(matrix, mode), x)
        return q.astype(x.dtype, copy=False), r.astype(x.dtype, copy=False)

    def grad(op: Operation, dq: Tensor, dr: Tensor) -> Gradients:
        q, r = op.outputs
        rows, columns = (None, None) if r.dims is None else (q.dims or ())[-2:][:1] + r.dims[-1:]
        if rows is None or columns is None:
            raise LookupError(
                f"No gradient defined for '{op.name}' (op type: Qr) of matrices of unknown size."
            )
        if op.attrs["full_matrices"] and rows > columns:
            raise LookupError(
                f"No gradient defined for '{op.name}' (op type: Qr) with full_matrices and more "
                "rows than columns."
            )
        if rows >= columns:
            return [_tall_gradient(q, r, dq, dr)]
        # Of input = [x, y] and r = [u, v], q and u are those of x, and v follows from y.
        rest = op.inputs[0][..., rows:]
        dv = dr[..., rows:]
        dq_of_all = dq + matmul(rest, dv, adjoint_b=True)
        dx = _tall_gradient(q, r[..., :rows], dq_of_all, dr[..., :rows])
        return [concat([dx, matmul(q, dv)], -1)]


def _times_inverse_adjoint(x: Tensor, r: Tensor) -> Tensor:
    """``x @ inverse(adjoint(r))`` for upper triangular r."""
    return adjoint_of(matrix_triangular_solve(r, adjoint_of(x), lower=False))


def _tall_gradient(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor) -> Tensor:
    """For at least as many rows as columns: Roberts and Roberts, arXiv 2009.10071."""
    q_dq = matmul(q, dq, adjoint_a=True)
    r_dr = matmul(r, dr, adjoint_b=True)
    difference = r_dr - adjoint_of(r_dr) + q_dq - adjoint_of(q_dq)
    lower = matrix_band_part(difference, -1, 0)
    inside = matmul(q, dr + _times_inverse_adjoint(lower, r))
    outside = _times_inverse_adjoint(dq - matmul(q, q_dq), r)
    result: Tensor = inside + outside
    if not q.dtype.is_complex:
        return result
    phases = matrix_diag_part(r_dr - adjoint_of(q_dq))
    imaginary = matrix_diag(phases - cast(real(phases), phases.dtype))
    turned = _times_inverse_adjoint(matmul(q, adjoint_of(imaginary)), r)
    whole: Tensor = result + turned
    return whole


qr = function_of("Qr", "qr")
