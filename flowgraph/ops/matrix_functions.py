"""Exponential, logarithm and square root of square matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cholesky import adjoint_of
from flowgraph.ops.complex import conj
from flowgraph.ops.diagonal import eye
from flowgraph.ops.joining import concat
from flowgraph.ops.kinds import COMPLEX
from flowgraph.ops.matrix_kernels import SOLVED, computed, square_shape

__all__ = ["expm", "matrix_logarithm", "matrix_square_root"]

Gradients = list[Any]
MATRIX = np.array([[1.0, 0.5, -0.25], [0.75, 2.0, 0.5], [-0.5, 0.25, 1.5]])
Z22 = np.array([[2 + 1j, 1 - 1j], [0.5j, 3 + 0j]])
SHAPES = (
    case(MATRIX[:2], raises="Dimensions must be equal, but are 2 and 3"),
    case(MATRIX[0], raises="Shape must be at least rank 2 but is rank 1"),
)

# Higham (2005): numerator of the diagonal Pade approximant of degree 13, and the largest 1-norm
# for which it is exact in double precision.
_PADE = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)
_PADE_RADIUS = 5.371920351148152


def _exponential(x: Any) -> Any:
    """Scaling and squaring: ``exp(x) = exp(x / 2^s)^(2^s)``."""
    if not x.size:
        return x.copy()
    norm = np.abs(x).sum(axis=-2).max(axis=-1)
    with np.errstate(divide="ignore"):
        scale = np.ceil(np.log2(norm / _PADE_RADIUS))
    squarings = np.where(np.isfinite(scale), np.maximum(scale, 0), 0).astype(np.int64)
    small = x / np.exp2(squarings)[..., None, None].astype(x.real.dtype)
    identity = np.eye(x.shape[-1], dtype=x.dtype)
    b = np.array(_PADE, x.dtype)
    x2 = small @ small
    x4 = x2 @ x2
    x6 = x2 @ x4
    odd = x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2)
    odd = small @ (odd + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * identity)
    even = x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2)
    even = even + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * identity
    result = np.linalg.solve(even - odd, even + odd)
    for done in range(int(squarings.max())):
        result = np.where((squarings > done)[..., None, None], result @ result, result)
    return result


@op("MatrixExponential", "input: T -> output: T", T=SOLVED)
class MatrixExponential:
    """The exponentials of square matrices: the sum of ``input^k / k!`` over all k."""

    shape = square_shape

    def numpy(x: Any) -> Any:
        return computed(_exponential, x).astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        # The upper right block of exp([[X, E], [0, X]]) is the derivative at X in direction E.
        direct = adjoint_of(op.inputs[0])
        top = concat([direct, dy], -1)
        bottom = concat([apply("ZerosLike", direct), direct], -1)
        whole = apply("MatrixExponential", concat([top, bottom], -2))
        size = apply("Shape", direct)[-1]
        return [whole[..., :size, size:]]


_WELL_CONDITIONED = 1e4
_MOST_STEPS = 60


def _by_eigenvalues(x: Any, function: Callable[[Any], Any], otherwise: Callable[[Any], Any]) -> Any:
    """``V @ diag(f(e)) @ V^-1``, and another way where the eigenvectors V nearly coincide."""
    if not x.size:
        return x.copy()
    wide = x.astype(np.complex128, copy=False).reshape(-1, *x.shape[-2:])
    values, vectors = np.linalg.eig(wide)
    good = np.linalg.cond(vectors) < _WELL_CONDITIONED
    result = np.empty_like(wide)
    chosen = vectors[good]
    with np.errstate(all="ignore"):
        scaled = chosen * function(values[good])[:, None, :]
    result[good] = np.linalg.solve(chosen.swapaxes(-1, -2), scaled.swapaxes(-1, -2)).swapaxes(
        -1, -2
    )
    if not good.all():
        result[~good] = otherwise(wide[~good])
    result = result.reshape(x.shape)
    if x.dtype.kind == "c":
        return result.astype(x.dtype)
    size = np.abs(result).max(axis=(-2, -1), keepdims=True)
    imaginary = np.abs(result.imag).max(axis=(-2, -1), keepdims=True)
    return np.where(imaginary > 1e-8 * size, np.nan, result.real).astype(x.dtype)


def _root_by_iteration(x: Any) -> Any:
    """Denman and Beavers (1976): y tends to the square root, z to its inverse."""
    y, z = x, np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    for _ in range(_MOST_STEPS):
        following = (y + np.linalg.inv(z)) / 2
        z = (z + np.linalg.inv(y)) / 2
        change = np.abs(following - y).max()
        y = following
        if change <= 1e-14 * np.abs(y).max():
            return y
    raise InvalidArgumentError(None, None, "The square root of a matrix was not found.")


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(9)


def _logarithm_by_roots(x: Any) -> Any:
    """Inverse scaling and squaring: ``log(x) = 2^s log(x^(1 / 2^s))``.

    Near 1 the logarithm is the integral of ``(x - 1) (1 + t (x - 1))^-1`` over t from 0 to 1.
    """
    identity = np.eye(x.shape[-1], dtype=x.dtype)
    power = 1.0
    while np.abs(x - identity).sum(axis=-2).max() > 0.25:
        x = _root_by_iteration(x)
        power *= 2
    change = x - identity
    total = np.zeros_like(x)
    for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        total += weight * np.linalg.solve(identity + node * change, change)
    return power * total


@op("MatrixLogarithm", "input: T -> output: T", T=COMPLEX)
class MatrixLogarithm:
    """The principal logarithms of invertible matrices: their exponentials are the input."""

    shape = square_shape
    samples = (
        case(Z22, grad=False),
        case(np.stack([Z22, Z22 + 1]).astype(np.complex64), grad=False),
        case(np.array([[-1.0, 0], [0, 2]], np.complex64), grad=False),
        case(np.array([[2.0, 1], [0, 2]], np.complex128), grad=False),
        case(np.zeros((0, 2, 2), np.complex64), grad=False),
        case(Z22[:1], raises="Dimensions must be equal, but are 1 and 2"),
    )

    def numpy(x: Any) -> Any:
        return computed(lambda each: _by_eigenvalues(each, np.log, _logarithm_by_roots), x)


@op("MatrixSquareRoot", "input: T -> output: T", T=SOLVED)
class MatrixSquareRoot:
    """The principal square roots of matrices; of real ones without negative eigenvalues."""

    shape = square_shape
    samples = (
        case(MATRIX),
        case(np.stack([MATRIX, MATRIX.T + np.eye(3)])),
        case(MATRIX.astype(np.float32)),
        case(Z22, grad=False),
        case(np.array([[2.0, 1], [0, 2]]), grad=False),
        case(np.zeros((0, 2, 2)), grad=False),
        *SHAPES,
    )

    def numpy(x: Any) -> Any:
        found = computed(lambda each: _by_eigenvalues(each, np.sqrt, _root_by_iteration), x)
        return found.astype(x.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        # G solves R^H G + G R^H = dy for the root R: a linear system in the n^2 elements of G.
        root = op.outputs[0]
        adjoint = adjoint_of(root)
        shape = apply("Shape", root)
        size, batch = shape[-1], shape[:-2]
        identity = eye(size, dtype=root.dtype)
        left = adjoint[..., :, None, :, None] * identity[:, None, :]
        right = identity[:, None, :, None] * conj(root)[..., None, :, None, :]
        square = size * size
        system = apply("Reshape", left + right, concat([batch, [square, square]], 0))
        column = apply("Reshape", dy, concat([batch, [square, 1]], 0))
        return [apply("Reshape", apply("MatrixSolve", system, column), shape)]


expm = function_of("MatrixExponential", "expm")
matrix_logarithm = function_of("MatrixLogarithm", "matrix_logarithm")
matrix_square_root = function_of("MatrixSquareRoot", "matrix_square_root")
