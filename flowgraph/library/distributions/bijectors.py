"""Invertible functions with known Jacobians, and distributions seen through them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.activations import softplus
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import ones_like, zeros_like
from flowgraph.ops.joining import concat
from flowgraph.ops.logic import logical_or
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where_v2
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.transcendental import exp, expm1, log, log1p, sigmoid
from flowgraph.shapes import TensorShape

__all__ = [
    "AffineScalar",
    "Bijector",
    "Chain",
    "Exp",
    "Identity",
    "Invert",
    "Sigmoid",
    "SoftmaxCentered",
    "Softplus",
    "softplus_inverse",
]


def softplus_inverse(x: Any, name: str | None = None) -> Tensor:
    """``log(exp(x) - 1)``, the inverse of softplus, for x > 0."""
    with name_scope(name, "softplus_inverse", [x]):
        x = convert_to_tensor(x, name="x")
        limit = math.log(np.finfo(x.dtype.np).eps) + 2.0
        small, large = x < math.exp(limit), x > -limit
        # What is not used must not overflow, or gradients would be nan.
        safe = where_v2(logical_or(small, large), ones_like(x), x)
        middle = safe + log(-expm1(-safe))
        return where_v2(small, log(x), where_v2(large, x, middle))


class Bijector:
    """A differentiable function with an inverse.

    A subclass defines ``_forward(x)``, ``_inverse(y)`` and one of ``_forward_log_det_jacobian(x)``
    and ``_inverse_log_det_jacobian(y)``, for events of ``forward_min_event_ndims`` axes.

    Args:
        forward_min_event_ndims: how many axes of its argument it mixes: 0 for functions of each
            number.
        is_constant_jacobian: whether the Jacobian is the same everywhere.
    """

    def __init__(
        self,
        forward_min_event_ndims: int = 0,
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        self._min_event_ndims = forward_min_event_ndims
        self._is_constant_jacobian = is_constant_jacobian
        self._validate_args = validate_args
        self._name = name or type(self).__name__.lower()

    @property
    def name(self) -> str:
        """The prefix of the names of its operations."""
        return self._name

    @property
    def validate_args(self) -> bool:
        """Whether arguments are checked."""
        return self._validate_args

    @property
    def forward_min_event_ndims(self) -> int:
        """How many axes of x `forward` mixes."""
        return self._min_event_ndims

    @property
    def inverse_min_event_ndims(self) -> int:
        """How many axes of y `inverse` mixes."""
        return self._min_event_ndims

    @property
    def is_constant_jacobian(self) -> bool:
        """Whether the Jacobian is the same everywhere."""
        return self._is_constant_jacobian

    def _forward(self, x: Tensor) -> Any:
        raise NotImplementedError("forward not implemented.")

    def _inverse(self, y: Tensor) -> Any:
        raise NotImplementedError("inverse not implemented")

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return -self._inverse_log_det_jacobian(self._forward(x))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        return -self._forward_log_det_jacobian(self._inverse(y))

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        """The shape of ``forward(x)`` for events of a shape."""
        return TensorShape(input_shape)

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        """The shape of ``inverse(y)`` for events of a shape."""
        return TensorShape(output_shape)

    def forward(self, x: Any, name: str = "forward") -> Any:
        """``y = f(x)``"""
        with name_scope(self.name), name_scope(name, None, [x]):
            return self._forward(convert_to_tensor(x, name="x"))

    def inverse(self, y: Any, name: str = "inverse") -> Any:
        """The x with ``f(x) = y``."""
        with name_scope(self.name), name_scope(name, None, [y]):
            return self._inverse(convert_to_tensor(y, name="y"))

    def forward_log_det_jacobian(
        self, x: Any, event_ndims: int, name: str = "forward_log_det_jacobian"
    ) -> Any:
        """``log |det df/dx|``, of events of `event_ndims` axes."""
        with name_scope(self.name), name_scope(name, None, [x]):
            x = convert_to_tensor(x, name="x")
            found = self._forward_log_det_jacobian(x)
            return self._summed(found, x, event_ndims, self.forward_min_event_ndims)

    def inverse_log_det_jacobian(
        self, y: Any, event_ndims: int, name: str = "inverse_log_det_jacobian"
    ) -> Any:
        """``log |det dx/df|``, of events of `event_ndims` axes."""
        with name_scope(self.name), name_scope(name, None, [y]):
            y = convert_to_tensor(y, name="y")
            found = self._inverse_log_det_jacobian(y)
            return self._summed(found, y, event_ndims, self.inverse_min_event_ndims)

    def _summed(self, found: Any, argument: Tensor, event_ndims: int, own: int) -> Any:
        if event_ndims < own:
            raise ValueError(f"event_ndims ({event_ndims}) must be larger than {own}")
        if event_ndims == own:
            return found
        if self.is_constant_jacobian and own == 0:
            found = found * ones_like(argument)
        return reduce_sum(found, [*range(own - event_ndims, 0)])


class Identity(Bijector):
    """``y = x``"""

    def __init__(self, validate_args: bool = False, name: str = "identity") -> None:
        super().__init__(0, True, validate_args, name)

    def _forward(self, x: Tensor) -> Any:
        return x

    def _inverse(self, y: Tensor) -> Any:
        return y

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return zeros_like(x)


class Exp(Bijector):
    """``y = exp(x)``"""

    def __init__(self, validate_args: bool = False, name: str = "exp") -> None:
        super().__init__(0, False, validate_args, name)

    def _forward(self, x: Tensor) -> Any:
        return exp(x)

    def _inverse(self, y: Tensor) -> Any:
        return log(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return x


class AffineScalar(Bijector):
    """``y = scale x + shift``, for numbers; a factor or a shift of None is left out."""

    def __init__(
        self,
        shift: Any = None,
        scale: Any = None,
        validate_args: bool = False,
        name: str = "affine_scalar",
    ) -> None:
        super().__init__(0, True, validate_args, name)
        with name_scope(name, None, [shift, scale]):
            self._shift = None if shift is None else convert_to_tensor(shift, name="shift")
            self._scale = None if scale is None else convert_to_tensor(scale, name="scale")

    @property
    def shift(self) -> Tensor | None:
        """What is added."""
        return self._shift

    @property
    def scale(self) -> Tensor | None:
        """The factor."""
        return self._scale

    def _forward(self, x: Tensor) -> Any:
        y = x if self.scale is None else x * self.scale
        return y if self.shift is None else y + self.shift

    def _inverse(self, y: Tensor) -> Any:
        x = y if self.shift is None else y - self.shift
        return x if self.scale is None else x / self.scale

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return zeros_like(x) if self.scale is None else log(abs(self.scale))


class Softplus(Bijector):
    """``y = s log(1 + exp(x / s))`` for the softness s of the hinge, 1 if None."""

    def __init__(
        self, hinge_softness: Any = None, validate_args: bool = False, name: str = "softplus"
    ) -> None:
        super().__init__(0, False, validate_args, name)
        self._softness = None
        if hinge_softness is not None:
            with name_scope(name, None, [hinge_softness]):
                self._softness = convert_to_tensor(hinge_softness, name="hinge_softness")

    @property
    def hinge_softness(self) -> Tensor | None:
        """The width of the bend."""
        return self._softness

    def _scaled(self, x: Tensor) -> Tensor:
        return x if self._softness is None else x / cast(self._softness, x.dtype)

    def _rescaled(self, y: Tensor) -> Tensor:
        return y if self._softness is None else cast(self._softness, y.dtype) * y

    def _forward(self, x: Tensor) -> Any:
        return self._rescaled(softplus(self._scaled(x)))

    def _inverse(self, y: Tensor) -> Any:
        return self._rescaled(softplus_inverse(self._scaled(y)))

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return -softplus(-self._scaled(x))

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        return -log(-expm1(-self._scaled(y)))


class Sigmoid(Bijector):
    """``y = 1 / (1 + exp(-x))``"""

    def __init__(self, validate_args: bool = False, name: str = "sigmoid") -> None:
        super().__init__(0, False, validate_args, name)

    def _forward(self, x: Tensor) -> Any:
        return sigmoid(x)

    def _inverse(self, y: Tensor) -> Any:
        return log(y) - log1p(-y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return -softplus(-x) - softplus(x)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        return -log1p(-y) - log(y)


class SoftmaxCentered(Bijector):
    """``y = softmax([x, 0])``: k numbers to k + 1 that add up to 1."""

    def __init__(self, validate_args: bool = False, name: str = "softmax_centered") -> None:
        super().__init__(1, False, validate_args, name)

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        return _last_grown(input_shape, 1)

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        return _last_grown(output_shape, -1)

    def _forward(self, x: Tensor) -> Any:
        return softmax(concat([x, zeros_like(x[..., :1])], -1))

    def _inverse(self, y: Tensor) -> Any:
        logarithms = log(y)
        return logarithms[..., :-1] - logarithms[..., -1:]

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        # The determinant is sqrt(k + 1) times the product of y.
        size = cast(array.shape(x)[-1] + 1, x.dtype)
        logarithms = log_softmax(concat([x, zeros_like(x[..., :1])], -1))
        return 0.5 * log(size) + reduce_sum(logarithms, -1)


def _last_grown(shape: Any, more: int) -> TensorShape:
    known = TensorShape(shape)
    sizes = known.as_list() if known.ndims is not None else []
    if not sizes:
        return TensorShape(None)
    last = None if sizes[-1] is None else sizes[-1] + more
    return TensorShape([*sizes[:-1], last])


class Invert(Bijector):
    """The inverse of another bijector."""

    def __init__(
        self, bijector: Bijector, validate_args: bool = False, name: str | None = None
    ) -> None:
        name = name or "_".join(["invert", bijector.name])
        ndims = bijector.inverse_min_event_ndims
        super().__init__(ndims, bijector.is_constant_jacobian, validate_args, name)
        self._bijector = bijector

    @property
    def bijector(self) -> Bijector:
        """The one that is inverted."""
        return self._bijector

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        return self.bijector.inverse_event_shape(input_shape)

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        return self.bijector.forward_event_shape(output_shape)

    def _forward(self, x: Tensor) -> Any:
        return self.bijector._inverse(x)

    def _inverse(self, y: Tensor) -> Any:
        return self.bijector._forward(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        return self.bijector._inverse_log_det_jacobian(x)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Any:
        return self.bijector._forward_log_det_jacobian(y)


class Chain(Bijector):
    """Several bijectors, the last one applied first: ``y = f_0(f_1(...(x)))``."""

    def __init__(
        self, bijectors: Any = None, validate_args: bool = False, name: str | None = None
    ) -> None:
        self._bijectors = tuple(bijectors or ())
        names = ["identity"] if not self._bijectors else [each.name for each in self._bijectors]
        ndims = max((each.forward_min_event_ndims for each in self._bijectors), default=0)
        constant = all(each.is_constant_jacobian for each in self._bijectors)
        super().__init__(ndims, constant, validate_args, name or "_of_".join(["chain", *names]))

    @property
    def bijectors(self) -> tuple[Bijector, ...]:
        """The members."""
        return self._bijectors

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape)
        for each in reversed(self._bijectors):
            shape = each.forward_event_shape(shape)
        return shape

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        shape = TensorShape(output_shape)
        for each in self._bijectors:
            shape = each.inverse_event_shape(shape)
        return shape

    def _forward(self, x: Tensor) -> Any:
        for each in reversed(self._bijectors):
            x = each.forward(x)
        return x

    def _inverse(self, y: Tensor) -> Any:
        for each in self._bijectors:
            y = each.inverse(y)
        return y

    def _forward_log_det_jacobian(self, x: Tensor) -> Any:
        total: Any = zeros_like(x)
        if self.forward_min_event_ndims:
            total = reduce_sum(total, [*range(-self.forward_min_event_ndims, 0)])
        for each in reversed(self._bijectors):
            total = total + each.forward_log_det_jacobian(x, self.forward_min_event_ndims)
            x = each.forward(x)
        return total
