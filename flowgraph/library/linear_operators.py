"""Matrices given by their structure: products, solutions and determinants without the zeros."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.cholesky import adjoint_of
from flowgraph.ops.complex import conj
from flowgraph.ops.constants import zeros_like
from flowgraph.ops.diagonal import eye, matrix_band_part, matrix_diag, matrix_diag_part
from flowgraph.ops.linalg import matmul
from flowgraph.ops.matrix import log_matrix_determinant, matrix_determinant, matrix_solve
from flowgraph.ops.reduce import reduce_prod, reduce_sum
from flowgraph.ops.transcendental import log
from flowgraph.ops.triangular import matrix_triangular_solve
from flowgraph.shapes import TensorShape

__all__ = [
    "LinearOperator",
    "LinearOperatorDiag",
    "LinearOperatorFullMatrix",
    "LinearOperatorIdentity",
    "LinearOperatorLowerTriangular",
]


class LinearOperator:
    """A matrix, or a stack of them, that knows its structure.

    A subclass defines ``_shape()``, ``_to_dense()`` and what it can do better than with the dense
    matrix: ``_matmul(x, adjoint)``, ``_solve(rhs, adjoint)``, ``_log_abs_determinant()``,
    ``_determinant()``, ``_diag_part()``.

    Args:
        dtype: of the elements.
        graph_parents: the tensors it is made of.
        is_non_singular: a promise that it can be inverted.
        is_self_adjoint: a promise that it equals its adjoint.
        is_positive_definite: a promise that ``adjoint(x) A x > 0`` for every x but 0.
        is_square: whether it has as many rows as columns.
    """

    def __init__(
        self,
        dtype: Any,
        graph_parents: list[Any] | None = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ) -> None:
        if is_square is False and (is_non_singular or is_positive_definite or is_self_adjoint):
            raise ValueError("A non-square operator is never non-singular or self-adjoint.")
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._graph_parents = list(graph_parents or [])
        self._is_non_singular = True if is_positive_definite else is_non_singular
        self._is_self_adjoint = is_self_adjoint
        self._is_positive_definite = is_positive_definite
        self._is_square = is_square
        self._name = name or type(self).__name__

    @property
    def name(self) -> str:
        """The prefix of the names of its operations."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The type of its elements."""
        return self._dtype

    @property
    def graph_parents(self) -> list[Any]:
        """The tensors it is made of."""
        return self._graph_parents

    @property
    def is_non_singular(self) -> bool | None:
        """Whether it can be inverted; None if nobody said."""
        return self._is_non_singular

    @property
    def is_self_adjoint(self) -> bool | None:
        """Whether it equals its adjoint."""
        return self._is_self_adjoint

    @property
    def is_positive_definite(self) -> bool | None:
        """Whether it is positive definite."""
        return self._is_positive_definite

    @property
    def is_square(self) -> bool | None:
        """Whether it has as many rows as columns."""
        sizes = self.shape[-2:].as_list() if self.shape.ndims is not None else [None]
        return sizes[0] == sizes[1] if None not in sizes else self._is_square

    @property
    def shape(self) -> TensorShape:
        """``[..., rows, columns]``, as far as it is known."""
        return self._shape()

    @property
    def batch_shape(self) -> TensorShape:
        """The shape of the stack."""
        batch: TensorShape = self.shape[:-2]
        return batch

    @property
    def tensor_rank(self) -> int | None:
        """How many axes the dense form has."""
        return self.shape.ndims

    @property
    def range_dimension(self) -> Any:
        """The number of rows."""
        return self.shape[-2]

    @property
    def domain_dimension(self) -> Any:
        """The number of columns."""
        return self.shape[-1]

    def _shape(self) -> TensorShape:
        raise NotImplementedError("_shape is not implemented.")

    def _to_dense(self) -> Tensor:
        raise NotImplementedError("_to_dense is not implemented.")

    @contextmanager
    def _scope(self, name: str, values: list[Any] | None = None) -> Iterator[str]:
        inside = [*(values or []), *self._graph_parents]
        with name_scope(self.name), name_scope(name, None, inside) as scope:
            yield scope

    def shape_tensor(self, name: str = "shape_tensor") -> Tensor:
        """``[..., rows, columns]`` as a vector."""
        with self._scope(name):
            if self.shape.is_fully_defined():
                return convert_to_tensor(self.shape.as_list(), dtypes.int32)
            return array.shape(self._to_dense())

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        """The shape of the stack as a vector."""
        with self._scope(name):
            return self.shape_tensor()[:-2]

    def to_dense(self, name: str = "to_dense") -> Tensor:
        """The matrix with all its elements."""
        with self._scope(name):
            return self._to_dense()

    def diag_part(self, name: str = "diag_part") -> Tensor:
        """The diagonal."""
        with self._scope(name):
            return self._diag_part()

    def trace(self, name: str = "trace") -> Tensor:
        """The sum of the diagonal."""
        with self._scope(name):
            found: Tensor = reduce_sum(self._diag_part(), -1)
            return found

    def matmul(
        self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul"
    ) -> Tensor:
        """``A @ x`` for x [..., columns, k]; of the adjoints of A or x, if so asked."""
        with self._scope(name, [x]):
            x = convert_to_tensor(x, self.dtype, name="x")
            return self._matmul(adjoint_of(x) if adjoint_arg else x, adjoint)

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Tensor:
        """``A @ x`` for vectors x [..., columns]."""
        with self._scope(name, [x]):
            x = convert_to_tensor(x, self.dtype, name="x")
            return self._matmul(x[..., None], adjoint)[..., 0]

    def solve(
        self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve"
    ) -> Tensor:
        """The X with ``A @ X = rhs``; for the adjoints of A or rhs, if so asked."""
        with self._scope(name, [rhs]):
            rhs = convert_to_tensor(rhs, self.dtype, name="rhs")
            return self._solve(adjoint_of(rhs) if adjoint_arg else rhs, adjoint)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Tensor:
        """The vectors x with ``A @ x = rhs``."""
        with self._scope(name, [rhs]):
            rhs = convert_to_tensor(rhs, self.dtype, name="rhs")
            return self._solve(rhs[..., None], adjoint)[..., 0]

    def determinant(self, name: str = "det") -> Tensor:
        """The determinant."""
        with self._scope(name):
            return self._determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        """The logarithm of the absolute value of the determinant."""
        with self._scope(name):
            return self._log_abs_determinant()

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        """``A + x``"""
        with self._scope(name, [x]):
            return self._to_dense() + convert_to_tensor(x, self.dtype, name="x")

    def _diag_part(self) -> Tensor:
        return matrix_diag_part(self._to_dense())

    def _matmul(self, x: Tensor, adjoint: bool) -> Tensor:
        return matmul(self._to_dense(), x, adjoint_a=adjoint)

    def _solve(self, rhs: Tensor, adjoint: bool) -> Tensor:
        matrix = self._to_dense()
        if matrix.dims is None or rhs.dims is None or matrix.dims[:-2] != rhs.dims[:-2]:
            # The op does not broadcast.
            matrix, rhs = (
                matrix + zeros_like(rhs[..., :1]),
                rhs + zeros_like(matrix[..., :1]),
            )
        solution: Tensor = matrix_solve(matrix, rhs, adjoint=adjoint)
        return solution

    def _determinant(self) -> Tensor:
        found: Tensor = matrix_determinant(self._to_dense())
        return found

    def _log_abs_determinant(self) -> Tensor:
        found: Tensor = log_matrix_determinant(self._to_dense())[1]
        return found


class LinearOperatorFullMatrix(LinearOperator):
    """A matrix without structure, [..., rows, columns]."""

    def __init__(
        self,
        matrix: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorFullMatrix",
    ) -> None:
        with name_scope(name, None, [matrix]):
            self._matrix = convert_to_tensor(matrix, name="matrix")
        promises = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
        super().__init__(self._matrix.dtype, [self._matrix], *promises, name)

    def _shape(self) -> TensorShape:
        return self._matrix.shape

    def _to_dense(self) -> Tensor:
        return self._matrix


class LinearOperatorDiag(LinearOperator):
    """A matrix with `diag` [..., n] on its diagonal and zeros beside it."""

    def __init__(
        self,
        diag: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorDiag",
    ) -> None:
        with name_scope(name, None, [diag]):
            self._diag = convert_to_tensor(diag, name="diag")
        if not self._diag.dtype.is_complex:
            is_self_adjoint = True
        promises = (is_non_singular, is_self_adjoint, is_positive_definite, True)
        super().__init__(self._diag.dtype, [self._diag], *promises, name)

    @property
    def diag(self) -> Tensor:
        """The diagonal."""
        return self._diag

    def _shape(self) -> TensorShape:
        return self._diag.shape.concatenate(self._diag.shape[-1:])

    def _to_dense(self) -> Tensor:
        return matrix_diag(self._diag)

    def _diag_part(self) -> Tensor:
        return self._diag

    def _factors(self, adjoint: bool) -> Tensor:
        return (conj(self._diag) if adjoint else self._diag)[..., None]

    def _matmul(self, x: Tensor, adjoint: bool) -> Tensor:
        return self._factors(adjoint) * x

    def _solve(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return rhs / self._factors(adjoint)

    def _determinant(self) -> Tensor:
        found: Tensor = reduce_prod(self._diag, axis=[-1])
        return found

    def _log_abs_determinant(self) -> Tensor:
        found: Tensor = reduce_sum(log(abs(self._diag)), axis=[-1])
        return found


class LinearOperatorLowerTriangular(LinearOperator):
    """A lower triangular matrix: the lower triangle of `tril` [..., n, n]."""

    def __init__(
        self,
        tril: Any,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str = "LinearOperatorLowerTriangular",
    ) -> None:
        with name_scope(name, None, [tril]):
            self._given = convert_to_tensor(tril, name="tril")
            self._tril = matrix_band_part(self._given, -1, 0)
        promises = (is_non_singular, is_self_adjoint, is_positive_definite, True)
        super().__init__(self._tril.dtype, [self._given], *promises, name)

    def _shape(self) -> TensorShape:
        return self._tril.shape

    def _to_dense(self) -> Tensor:
        return self._tril

    def _solve(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return matrix_triangular_solve(self._tril, rhs, lower=True, adjoint=adjoint)

    def _determinant(self) -> Tensor:
        found: Tensor = reduce_prod(self._diag_part(), axis=[-1])
        return found

    def _log_abs_determinant(self) -> Tensor:
        found: Tensor = reduce_sum(log(abs(self._diag_part())), axis=[-1])
        return found


class LinearOperatorIdentity(LinearOperatorDiag):
    """The identity matrix of `num_rows` rows, or a stack of it."""

    def __init__(
        self,
        num_rows: Any,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: bool | None = True,
        is_self_adjoint: bool | None = True,
        is_positive_definite: bool | None = True,
        is_square: bool | None = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorIdentity",
    ) -> None:
        kind = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
        with name_scope(name):
            ones = matrix_diag_part(eye(num_rows, batch_shape=batch_shape, dtype=kind))
        super().__init__(ones, True, True, True, True, name)

    def _matmul(self, x: Tensor, adjoint: bool) -> Tensor:
        return x if self._diag.shape.ndims == 1 else super()._matmul(x, adjoint)

    def _solve(self, rhs: Tensor, adjoint: bool) -> Tensor:
        return rhs if self._diag.shape.ndims == 1 else super()._solve(rhs, adjoint)
