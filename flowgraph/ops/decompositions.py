"""Matrix decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.dtypes import complex64, complex128, float32, float64
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import realdiv

__all__ = ["svd"]

TALL = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])


@op(
    "Svd",
    "input: T -> s: T, u: T, v: T",
    compute_uv=True,
    full_matrices=False,
    T=(float64, float32, complex64, complex128),
)
class Svd:
    """Singular values, largest first, and vectors: ``a = u @ diag(s) @ adjoint(v)``.

    a is [..., m, n] and p = min(m, n): s [..., p], u [..., m, p], v [..., n, p]; with
    `full_matrices` u [..., m, m] and v [..., n, n]; u and v are empty without `compute_uv`.
    """

    samples = (
        case(TALL, compute_uv=False),
        case(TALL.T.copy(), compute_uv=False),
        case(np.stack([TALL, TALL + 1]), compute_uv=False),
        case(TALL.astype(np.float32), compute_uv=False),
        case(TALL),
        case(TALL.T.copy()),
        case(np.zeros(3), compute_uv=False, raises="Shape must be at least rank 2 but is rank 1"),
    )

    def shape(a: Operand, *, compute_uv: bool, full_matrices: bool) -> list[Dims]:
        if a.dims is None:
            return [None, None, None] if compute_uv else [None, (0,), (0,)]
        if len(a.dims) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(a.dims)}")
        *batch, m, n = a.dims
        p = None if m is None or n is None else min(m, n)
        values = (*batch, p)
        if not compute_uv:
            return [values, (0,), (0,)]
        left, right = (m, n) if full_matrices else (p, p)
        return [values, (*batch, m, left), (*batch, n, right)]

    def numpy(a: Any, *, compute_uv: bool, full_matrices: bool) -> tuple[Any, Any, Any]:
        if not compute_uv:
            values = np.linalg.svd(a, compute_uv=False).astype(a.dtype)
            return values, np.zeros(0, a.dtype), np.zeros(0, a.dtype)
        u, values, adjoint = np.linalg.svd(a, full_matrices=full_matrices)
        return values.astype(a.dtype), u, np.conj(np.swapaxes(adjoint, -1, -2))

    def grad(op: Operation, ds: Tensor, du: Tensor, dv: Tensor) -> list[Any]:
        if not op.attrs["compute_uv"]:
            _, u, v = apply("Svd", op.inputs[0])
            return [_product(u * apply("ExpandDims", ds, -2), v, adj_y=True)]
        if op.attrs["full_matrices"] or op.inputs[0].dtype.is_complex:
            raise LookupError(
                f"No gradient defined for the singular vectors of '{op.name}' (op type: Svd) with "
                "full_matrices or complex numbers; use tf.svd(x) on real numbers."
            )
        return [_vectors_gradient(op, ds, du, dv)]


def _product(a: Tensor, b: Tensor, adj_x: bool = False, adj_y: bool = False) -> Tensor:
    product: Tensor = apply("BatchMatMulV2", a, b, adj_x=adj_x, adj_y=adj_y)
    return product


def _vectors_gradient(op: Operation, ds: Tensor, du: Tensor, dv: Tensor) -> Tensor:
    """The gradient of all three outputs: Townsend, Differentiating the SVD (2016)."""
    s, u, v = op.outputs
    columns, rows = apply("ExpandDims", s, -2), apply("ExpandDims", s, -1)
    gaps = columns * columns - rows * rows
    inverse_gaps = apply("DivNoNan", apply("OnesLike", gaps), gaps)

    def turned(vectors: Tensor, change: Tensor) -> Tensor:
        """What keeps the vectors orthonormal: the antisymmetric part of their change."""
        inner = _product(vectors, change, adj_x=True)
        outer = _product(change, vectors, adj_x=True)
        antisymmetric: Tensor = inverse_gaps * (inner - outer)
        return antisymmetric

    def left_over(vectors: Tensor, change: Tensor) -> Tensor:
        """The part of the change outside the space of the vectors, over the values."""
        outside = change - _product(vectors, _product(vectors, change, adj_x=True))
        quotient: Tensor = realdiv(outside, columns)
        return quotient

    middle = turned(u, du) * columns + rows * turned(v, dv) + apply("MatrixDiag", ds)
    inside = _product(_product(u, middle), v, adj_y=True)
    to_left = _product(left_over(u, du), v, adj_y=True)
    to_right = _product(u, left_over(v, dv), adj_y=True)
    return inside + to_left + to_right


def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """The singular value decomposition of each matrix of `tensor`, [..., m, n].

    Returns:
        ``(s, u, v)`` with ``tensor = u @ diag(s) @ adjoint(v)``; only s without `compute_uv`.

    Raises:
        ValueError: if `tensor` has fewer than two axes.
    """
    s, u, v = apply("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (s, u, v) if compute_uv else s
