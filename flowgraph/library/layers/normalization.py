"""Batch normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.library.initializers import Ones, Zeros
from flowgraph.library.layers.arguments import initializer_of
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.renormalization import compose, renormalized
from flowgraph.library.layers.specs import InputSpec
from flowgraph.library.variables import VariableAggregation, VariableSynchronization
from flowgraph.ops import array, constants
from flowgraph.ops.batch_norm import fused_batch_norm
from flowgraph.ops.cast import cast
from flowgraph.ops.moments import batch_normalization as normalize
from flowgraph.ops.moments import moments
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.smart import smart_cond, smart_constant_value
from flowgraph.shapes import TensorShape

__all__ = ["BatchNormalization"]

Regularizer = Callable[[Any], Any] | None
_ZEROS, _ONES = Zeros(), Ones()
_CLIPPING = ("rmax", "rmin", "dmax")


class BatchNormalization(Layer):
    """Takes off the mean, divides by the deviation, then scales by gamma and shifts by beta.

    While training, mean and variance are those of the batch, over all axes but `axis`; moving
    averages of them, used otherwise, are updated by operations of `GraphKeys.UPDATE_OPS`, which
    must be run with each step. Ioffe and Szegedy (2015).

    Args:
        axis: the axis, or axes, that keep means and variances of their own: the channels.
        momentum: how much of a moving average is kept in an update.
        epsilon: added to the variance.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer:
            of the variables.
        beta_regularizer, gamma_regularizer: functions of a variable to a loss.
        beta_constraint, gamma_constraint: functions from an updated to the permitted value.
        renorm: correct the batch's moments towards slower averages while training (Ioffe 2017).
        renorm_clipping: limits of the correction: "rmin", "rmax" of the factor, "dmax" of the sum.
        renorm_momentum: how much of those averages is kept in an update.
        fused: False for one operation per step of the formula, not a single one.
        trainable: whether optimizers change the variables by default.
        virtual_batch_size: normalize groups of that many examples by themselves.
        adjustment: a function of the inputs' shape to a factor and a shift of the normalized values
            while training.
        name: the name of layer and scope.

    Attributes:
        gamma, beta: [channels], or None.
        moving_mean, moving_variance: [channels]
    """

    def __init__(
        self,
        axis: int | list[int] = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = _ZEROS,
        gamma_initializer: Any = _ONES,
        moving_mean_initializer: Any = _ZEROS,
        moving_variance_initializer: Any = _ONES,
        beta_regularizer: Regularizer = None,
        gamma_regularizer: Regularizer = None,
        beta_constraint: Regularizer = None,
        gamma_constraint: Regularizer = None,
        renorm: bool = False,
        renorm_clipping: dict[str, Any] | None = None,
        renorm_momentum: float = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Callable[[Any], Any] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        if not isinstance(axis, int | list | tuple):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        self.axis = [axis] if isinstance(axis, int) else list(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializer_of(beta_initializer)
        self.gamma_initializer = initializer_of(gamma_initializer)
        self.moving_mean_initializer = initializer_of(moving_mean_initializer)
        self.moving_variance_initializer = initializer_of(moving_variance_initializer)
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping or {}
        self.renorm_momentum = renorm_momentum
        unknown = set(self.renorm_clipping) - set(_CLIPPING)
        if renorm and unknown:
            raise ValueError(
                f"renorm_clipping {renorm_clipping} contains keys not in {list(_CLIPPING)}"
            )
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        self.fused = fused is None or bool(fused)
        self.gamma: Any = None
        self.beta: Any = None

    @property
    def _param_dtype(self) -> DType:
        """The type of the variables: half precision is widened."""
        dtype = self.dtype or dtypes.float32
        return dtypes.float32 if dtype in (dtypes.float16, dtypes.bfloat16) else dtype

    def _checked_axes(self, rank: int) -> list[int]:
        axes = [axis + rank if axis < 0 else axis for axis in self.axis]
        for axis in axes:
            if not 0 <= axis < rank:
                raise ValueError(f"Invalid axis: {axis}")
        if len(axes) != len(set(axes)):
            raise ValueError(f"Duplicate axis: {axes}")
        if self.virtual_batch_size is not None:
            if self.virtual_batch_size <= 0:
                raise ValueError(
                    "virtual_batch_size must be a positive integer that divides the true batch "
                    "size of the input Tensor"
                )
            if 0 in axes:
                raise ValueError(
                    "When using virtual_batch_size, the batch dimension must be 0 and thus axis "
                    "cannot include 0"
                )
            if self.adjustment is not None:
                raise ValueError("When using virtual_batch_size, adjustment cannot be specified")
        return axes

    def build(self, input_shape: Any) -> None:
        shape = TensorShape(input_shape)._dims
        if not shape:
            raise ValueError(f"Input has undefined rank: {input_shape}")
        rank = len(shape)
        self.axis = self._checked_axes(rank)
        plain = not self.renorm and self.virtual_batch_size is None and self.adjustment is None
        self.fused = self.fused and plain and rank == 4 and self.axis in ([1], [3])
        sizes = {axis: shape[axis] for axis in self.axis}
        if None in sizes.values():
            raise ValueError(
                f"Input has undefined `axis` dimension. Input shape: {TensorShape(shape)}"
            )
        self.input_spec = InputSpec(ndim=rank, axes=sizes)
        if len(sizes) == 1 and self.virtual_batch_size is None:
            params = [size for size in sizes.values() if size is not None]
        else:
            params = [sizes.get(axis) or 1 for axis in range(rank)]
        if self.virtual_batch_size is not None:
            # The examples of a group become an axis of their own, the second.
            params.insert(1, 1)
            self.axis = [axis + 1 for axis in self.axis]
        self._add_parameters(params)
        self._add_averages(params)
        self.built = True

    def _add_parameters(self, shape: list[int]) -> None:
        dtype = self._param_dtype
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape=shape,
                dtype=dtype,
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                trainable=True,
            )
        elif self.fused:
            self._fixed_gamma = constant(1.0, dtype, shape)
        if self.center:
            self.beta = self.add_weight(
                "beta",
                shape=shape,
                dtype=dtype,
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                trainable=True,
            )
        elif self.fused:
            self._fixed_beta = constant(0.0, dtype, shape)

    def _add_average(self, name: str, shape: list[int], initializer: Any) -> Any:
        return self.add_weight(
            name,
            shape=shape,
            dtype=self._param_dtype,
            initializer=initializer,
            synchronization=VariableSynchronization.ON_READ,
            trainable=False,
            aggregation=VariableAggregation.MEAN,
        )

    def _add_averages(self, shape: list[int]) -> None:
        scope = self._scope
        partitioner = None if scope is None else scope.partitioner
        if scope is not None:
            scope.set_partitioner(None)
        try:
            mean, variance = self.moving_mean_initializer, self.moving_variance_initializer
            self.moving_mean = self._add_average("moving_mean", shape, mean)
            self.moving_variance = self._add_average("moving_variance", shape, variance)
            if self.renorm:

                def deviation(*args: Any, **kwargs: Any) -> Any:
                    return apply("Sqrt", variance(*args, **kwargs))

                self.moving_stddev = self._add_average("moving_stddev", shape, deviation)
                self.renorm_mean = self._add_average("renorm_mean", shape, mean)
                self.renorm_stddev = self._add_average("renorm_stddev", shape, deviation)
        finally:
            if scope is not None:
                scope.set_partitioner(partitioner)

    def move_average(self, variable: Any, value: Any, momentum: Any) -> Any:
        """``variable -= (1 - momentum) * (variable - value)``"""
        with name_scope("AssignMovingAvg") as scope, colocate_with(variable):
            decay = convert_to_tensor(1.0 - momentum, name="decay")
            decay = cast(decay, variable.dtype.base_dtype)
            change = (variable.value() - cast(value, variable.dtype.base_dtype)) * decay
            return apply("AssignSub", variable, change, name=scope)

    def _momentum(self, training: Any, momentum: float) -> Any:
        """`momentum`, 1 in runs that do not train."""
        if smart_constant_value(training) is not None:
            return momentum
        return smart_cond(training, lambda: constant(momentum), lambda: constant(1.0))

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The normalized inputs.

        Args:
            training: whether to use the batch's moments, a bool or a boolean tensor.
        """
        original = [-1, *inputs.get_shape().as_list()[1:]]
        if self.virtual_batch_size is not None:
            inputs = array.reshape(inputs, [self.virtual_batch_size, *original])
        if self.fused:
            return self._normalize_fused(inputs, training)
        outputs = self._normalize(inputs, training)
        if self.virtual_batch_size is not None:
            outputs = array.reshape(outputs, original)
        return outputs

    def _normalize_fused(self, inputs: Any, training: Any) -> Any:
        gamma = self.gamma if self.scale else self._fixed_gamma
        beta = self.beta if self.center else self._fixed_beta
        form = "NCHW" if self.axis == [1] else "NHWC"

        def by_batch() -> Any:
            return fused_batch_norm(inputs, gamma, beta, epsilon=self.epsilon, data_format=form)

        def by_averages() -> Any:
            return fused_batch_norm(
                inputs,
                gamma,
                beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
                data_format=form,
                is_training=False,
            )

        outputs, mean, variance = smart_cond(training, by_batch, by_averages)
        outputs.set_shape(inputs.get_shape())
        known = smart_constant_value(training)
        momentum = convert_to_tensor(self._momentum(training, self.momentum))
        if known is not False:
            self.add_update(self.move_average(self.moving_mean, mean, momentum))
            self.add_update(self.move_average(self.moving_variance, variance, momentum))
        return outputs

    def _normalize(self, inputs: Any, training: Any) -> Any:
        rank = len(inputs.get_shape())
        axes = [axis for axis in range(rank) if axis not in self.axis]
        if self.virtual_batch_size is not None:
            del axes[1]
        spread_shape = [1] * rank
        spread_shape[self.axis[0]] = inputs.get_shape().as_list()[self.axis[0]]

        def spread(value: Any) -> Any:
            if value is None or len(value.get_shape()) == rank or axes == list(range(rank - 1)):
                return value
            return array.reshape(value, spread_shape)

        scale, offset = spread(self.gamma), spread(self.beta)
        if smart_constant_value(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            scale, offset = self._adjusted(inputs, training, scale, offset)
            mean, variance = self._moments(inputs, axes, training)
            new_mean, new_variance = mean, variance
            if self.virtual_batch_size is not None:
                new_mean = reduce_mean(mean, axis=1, keepdims=True)
                new_variance = reduce_mean(variance, axis=1, keepdims=True)
            if self.renorm:
                factor, shift, new_mean, new_variance = renormalized(
                    self, new_mean, new_variance, training
                )
                scale, offset = compose(spread(factor), spread(shift), scale, offset)
            self._add_updates(new_mean, new_variance, self._momentum(training, self.momentum))
        dtype = inputs.dtype.base_dtype
        mean, variance = cast(mean, dtype), cast(variance, dtype)
        outputs = normalize(
            inputs,
            spread(mean),
            spread(variance),
            None if offset is None else cast(offset, dtype),
            None if scale is None else cast(scale, dtype),
            self.epsilon,
        )
        outputs.set_shape(inputs.get_shape())
        return outputs

    def _adjusted(self, inputs: Any, training: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
        if self.adjustment is None:
            return scale, offset
        factor, shift = self.adjustment(array.shape(inputs))
        factor = smart_cond(training, lambda: factor, lambda: constants.ones_like(factor))
        shift = smart_cond(training, lambda: shift, lambda: constants.zeros_like(shift))
        return compose(factor, shift, scale, offset)

    def _moments(self, inputs: Any, axes: list[int], training: Any) -> tuple[Any, Any]:
        kept = self.virtual_batch_size is not None or len(self.axis) > 1
        mean, variance = moments(cast(inputs, self._param_dtype), axes, keepdims=kept)
        mean = smart_cond(training, lambda: mean, lambda: convert_to_tensor(self.moving_mean))
        variance = smart_cond(
            training, lambda: variance, lambda: convert_to_tensor(self.moving_variance)
        )
        return mean, variance

    def _add_updates(self, mean: Any, variance: Any, momentum: Any) -> None:
        self.add_update(self.move_average(self.moving_mean, mean, momentum))
        if not self.renorm:
            self.add_update(self.move_average(self.moving_variance, variance, momentum))
            return
        deviation = apply("Sqrt", variance + self.epsilon)
        moved = self.move_average(self.moving_stddev, deviation, momentum)
        with name_scope("AssignNewValue") as scope, colocate_with(self.moving_variance):
            squared = apply("Relu", moved * moved - self.epsilon)
            self.add_update(apply("Assign", self.moving_variance, squared, name=scope))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
