"""Normal distributions of vectors."""

from __future__ import annotations

import math
from typing import Any

from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.divergence import RegisterKL
from flowgraph.library.distributions.reparameterization import FULLY_REPARAMETERIZED
from flowgraph.library.linear_operators import (
    LinearOperator,
    LinearOperatorDiag,
    LinearOperatorLowerTriangular,
)
from flowgraph.ops import array
from flowgraph.ops.activations import softplus
from flowgraph.ops.assertions import assert_positive
from flowgraph.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from flowgraph.ops.cast import cast
from flowgraph.ops.cholesky import cholesky
from flowgraph.ops.constants import ones, zeros
from flowgraph.ops.diagonal import matrix_diag_part
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.powers import square
from flowgraph.ops.random import random_normal
from flowgraph.ops.reduce import reduce_sum
from flowgraph.shapes import TensorShape

__all__ = [
    "MultivariateNormalDiag",
    "MultivariateNormalDiagWithSoftplusScale",
    "MultivariateNormalFullCovariance",
    "MultivariateNormalLinearOperator",
    "MultivariateNormalTriL",
]


class MultivariateNormalLinearOperator(Distribution):
    """The distribution of ``loc + scale @ z`` for k independent standard normal numbers z.

    ``p(x) = exp(-|y|^2 / 2) / ((2 pi)^(k / 2) |det scale|)`` with ``y = scale^-1 (x - loc)``; the
    covariance is ``scale @ adjoint(scale)``.

    Args:
        loc: the means [..., k], floating; zero if None.
        scale: a `LinearOperator` [..., k, k].
    """

    def __init__(
        self,
        loc: Any = None,
        scale: LinearOperator | None = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalLinearOperator",
    ) -> None:
        parameters = dict(locals())
        if scale is None:
            raise ValueError("Missing required `scale` parameter.")
        if not scale.dtype.is_floating:
            raise TypeError("`scale` parameter must have floating-point dtype.")
        with name_scope(name, None, [loc, *scale.graph_parents]) as scope:
            self._loc = None if loc is None else convert_to_tensor(loc, scale.dtype, name="loc")
        self._scale = scale
        parents = [*scale.graph_parents, *([] if self._loc is None else [self._loc])]
        super().__init__(
            scale.dtype,
            FULLY_REPARAMETERIZED,
            validate_args,
            allow_nan_stats,
            parameters,
            parents,
            scope,
        )

    @property
    def loc(self) -> Tensor | None:
        """The means; None for zero."""
        return self._loc

    @property
    def scale(self) -> LinearOperator:
        """The operator that standard normal numbers are multiplied by."""
        return self._scale

    def _whole_shape(self) -> TensorShape:
        shape = self.scale.shape[:-1]
        return shape if self.loc is None else broadcast_static_shape(shape, self.loc.shape)

    def _whole_shape_tensor(self) -> Tensor:
        shape = self.scale.shape_tensor()[:-1]
        return shape if self.loc is None else broadcast_dynamic_shape(shape, array.shape(self.loc))

    def _batch_shape(self) -> Any:
        return self._whole_shape()[:-1]

    def _batch_shape_tensor(self) -> Tensor:
        return self._whole_shape_tensor()[:-1]

    def _event_shape(self) -> Any:
        return self._whole_shape()[-1:]

    def _event_shape_tensor(self) -> Tensor:
        return self._whole_shape_tensor()[-1:]

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        shape = concat([[n], self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        samples = self.scale.matvec(random_normal(shape, dtype=self.dtype, seed=seed))
        return samples if self.loc is None else samples + self.loc

    def _log_prob(self, x: Any) -> Any:
        centered = x if self.loc is None else x - self.loc
        z = self.scale.solvevec(centered)
        densities = -0.5 * square(z) - 0.5 * math.log(2.0 * math.pi)
        return reduce_sum(densities, -1) - self.scale.log_abs_determinant()

    def _entropy(self) -> Any:
        size = cast(self.event_shape_tensor()[0], self.dtype)
        each = 0.5 * math.log(2.0 * math.pi * math.e) * size
        whole = each + self.scale.log_abs_determinant()
        return whole * ones(self.batch_shape_tensor(), dtype=self.dtype)

    def _mean(self) -> Any:
        shape = concat([self.batch_shape_tensor(), self.event_shape_tensor()], 0)
        none = zeros(shape, self.dtype)
        return none if self.loc is None else self.loc + none

    def _mode(self) -> Any:
        return self._mean()

    def _covariance(self) -> Any:
        dense = self.scale.to_dense()
        return matmul(dense, dense, adjoint_b=True)

    def _variance(self) -> Any:
        if isinstance(self.scale, LinearOperatorDiag):
            return square(self.scale.diag)
        return reduce_sum(square(self.scale.to_dense()), -1)

    def _stddev(self) -> Any:
        if isinstance(self.scale, LinearOperatorDiag):
            return abs(self.scale.diag)
        raise self._lacks("stddev")


def _checked_diagonal(diagonal: Any, name: str, validate_args: bool) -> Tensor:
    tensor = convert_to_tensor(diagonal, name=name)
    if not validate_args:
        return tensor
    text = "diagonal part must be positive"
    with control_dependencies([assert_positive(tensor, message=text)]):
        found: Tensor = array.identity(tensor)
        return found


def _diagonal_scale(
    loc: Any, scale_diag: Any, multiplier: Any, validate_args: bool
) -> LinearOperatorDiag:
    """``diag(scale_diag + multiplier)``, either being absent: the identity if both are."""
    if scale_diag is not None:
        diagonal = convert_to_tensor(scale_diag, name="scale_diag")
        if multiplier is not None:
            diagonal = diagonal + convert_to_tensor(multiplier, diagonal.dtype)[..., None]
    else:
        if loc is None:
            raise ValueError("Cannot infer `event_shape` unless `loc` is specified.")
        means = convert_to_tensor(loc, name="loc")
        size = array.shape(means)[-1:] if None in (means.dims or (None,)) else means.shape[-1:]
        diagonal = ones(size, means.dtype)
        if multiplier is not None:
            diagonal = convert_to_tensor(multiplier, means.dtype)[..., None] * diagonal
    return LinearOperatorDiag(_checked_diagonal(diagonal, "scale_diag", validate_args))


class MultivariateNormalDiag(MultivariateNormalLinearOperator):
    """Vectors of independent normal numbers.

    Args:
        loc: the means [..., k], floating; zero if None.
        scale_diag: the standard deviations [..., k].
        scale_identity_multiplier: added to all of them; 1 if both are None.

    Raises:
        ValueError: if all three are None.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, scale_diag, scale_identity_multiplier]) as scope:
            scale = _diagonal_scale(loc, scale_diag, scale_identity_multiplier, validate_args)
        super().__init__(loc, scale, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


class MultivariateNormalDiagWithSoftplusScale(MultivariateNormalDiag):
    """`MultivariateNormalDiag` with the standard deviations ``softplus(scale_diag)``."""

    def __init__(
        self,
        loc: Any,
        scale_diag: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiagWithSoftplusScale",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [scale_diag]) as scope:
            positive = softplus(scale_diag)
            super().__init__(loc, positive, None, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


class MultivariateNormalTriL(MultivariateNormalLinearOperator):
    """Normal vectors with the covariance ``scale_tril @ transpose(scale_tril)``.

    Args:
        loc: the means [..., k], floating; zero if None.
        scale_tril: lower triangular [..., k, k] with a diagonal that is not zero; the identity if
            None.

    Raises:
        ValueError: if both are None.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_tril: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalTriL",
    ) -> None:
        parameters = dict(locals())
        if loc is None and scale_tril is None:
            raise ValueError("Must specify one or both of `loc`, `scale_tril`.")
        scale: LinearOperator
        with name_scope(name, None, [loc, scale_tril]) as scope:
            if scale_tril is None:
                scale = _diagonal_scale(loc, None, None, False)
            else:
                matrix = convert_to_tensor(scale_tril, name="scale_tril")
                if validate_args:
                    text = "`scale_tril` must have a positive diagonal"
                    check = assert_positive(matrix_diag_part(matrix), message=text)
                    with control_dependencies([check]):
                        matrix = array.identity(matrix)
                scale = LinearOperatorLowerTriangular(matrix, is_non_singular=True)
        super().__init__(loc, scale, validate_args, allow_nan_stats, scope)
        self._parameters = parameters


class MultivariateNormalFullCovariance(MultivariateNormalTriL):
    """Normal vectors with a given covariance matrix.

    Args:
        loc: the means [..., k], floating; zero if None.
        covariance_matrix: symmetric and positive definite [..., k, k]; the identity if None.
    """

    def __init__(
        self,
        loc: Any = None,
        covariance_matrix: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalFullCovariance",
    ) -> None:
        parameters = dict(locals())
        with name_scope(name, None, [loc, covariance_matrix]) as scope:
            factor = None
            if covariance_matrix is not None:
                matrix = convert_to_tensor(covariance_matrix, name="covariance_matrix")
                factor = cholesky(matrix)
        super().__init__(loc, factor, False, allow_nan_stats, scope)
        self._validate_args = validate_args
        self._parameters = parameters


@RegisterKL(MultivariateNormalLinearOperator, MultivariateNormalLinearOperator)
def _kl_normal_vectors(
    a: MultivariateNormalLinearOperator,
    b: MultivariateNormalLinearOperator,
    name: str | None = None,
) -> Tensor:
    """``log |det S_b / det S_a| + (|S_b^-1 S_a|^2 + |S_b^-1 (m_b - m_a)|^2 - k) / 2``"""
    with name_scope(name, "kl_mvn", [*a._graph_parents, *b._graph_parents]):
        logarithm = b.scale.log_abs_determinant() - a.scale.log_abs_determinant()
        if isinstance(a.scale, LinearOperatorDiag) and isinstance(b.scale, LinearOperatorDiag):
            spread = reduce_sum(square(a.scale.diag / b.scale.diag), -1)
        else:
            spread = reduce_sum(square(b.scale.solve(a.scale.to_dense())), [-2, -1])
        distance = reduce_sum(square(b.scale.solvevec(b.mean() - a.mean())), -1)
        size = cast(a.event_shape_tensor()[0], a.dtype)
        result: Tensor = logarithm + 0.5 * (-size + spread + distance)
        return result
