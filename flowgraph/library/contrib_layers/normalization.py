"""Batch normalization (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import control_dependencies
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.outputs import (
    collect_named_outputs,
    get_variable_collections,
)
from flowgraph.library.contrib_layers.variables import (
    add_to_variable_collections,
    model_variable,
    renaming_getter,
)
from flowgraph.library.initializers import Ones, Zeros
from flowgraph.library.layers.normalization import BatchNormalization
from flowgraph.library.scopes import variable_scope
from flowgraph.library.training.moving_averages import assign_moving_average
from flowgraph.library.variable_scope import get_variable_scope
from flowgraph.ops import array
from flowgraph.ops.batch_norm import fused_batch_norm
from flowgraph.ops.moments import batch_normalization, moments, weighted_moments
from flowgraph.ops.smart import smart_cond, smart_constant_value

__all__ = ["batch_norm"]

Function = Callable[..., Any] | None


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Function = None,
    param_initializers: dict[str, Any] | None = None,
    param_regularizers: dict[str, Any] | None = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: dict[str, Any] | None = None,
    renorm_decay: float = 0.99,
    adjustment: Callable[[Any], Any] | None = None,
) -> Any:
    """`inputs` with the mean taken off, divided by the deviation, scaled and shifted, by channel.

    While training, mean and variance are those of the batch, and moving averages of them are
    updated by operations of `updates_collections`, which must run with each step; otherwise the
    averages are used. Ioffe and Szegedy (2015).

    Args:
        inputs: of rank 2 at least, with channels last, or second for "NCHW".
        decay: how much of a moving average is kept in an update.
        center: whether there is a beta.
        scale: whether there is a gamma.
        epsilon: added to the variance.
        activation_fn: applied to the result.
        param_initializers: initializers by "beta", "gamma", "moving_mean", "moving_variance".
        param_regularizers: regularizers by "beta" and "gamma".
        updates_collections: where the updates are collected; None to make the outputs wait for
            them.
        is_training: a bool or a boolean tensor.
        reuse: True to use the variables of an earlier layer of that scope.
        variables_collections: collections for the variables: a list, or a dict of lists by name.
        outputs_collections: collections for the outputs, under the scope's name.
        batch_weights: a weight for each example of the batch.
        fused: False for one operation per step of the formula, not a single one.
        zero_debias_moving_mean: correct the average of the mean for its start at 0.
        scope: the variable scope; by default "BatchNorm", made unique.
        renorm, renorm_clipping, renorm_decay, adjustment: see `tf.layers.BatchNormalization`.

    Raises:
        ValueError: if rank or channels are not known, or arguments do not go together.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    inputs = convert_to_tensor(inputs)
    plain_updates = updates_collections == GraphKeys.UPDATE_OPS and not zero_debias_moving_mean
    rank = inputs.get_shape().ndims
    fusible = batch_weights is None and not renorm and rank in (2, 4) and adjustment is None
    if fused is not False and fusible and (rank == 2 or not plain_updates):
        getter, fuse = None, True
    else:
        getter, fuse = renaming_getter(), False
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=getter) as entered:
        if batch_weights is None and plain_updates and not fuse:
            outputs = _by_layer(
                inputs,
                is_training,
                variables_collections,
                param_initializers or {},
                param_regularizers or {},
                axis=1 if data_format == "NCHW" else -1,
                momentum=decay,
                epsilon=epsilon,
                center=center,
                scale=scale,
                trainable=trainable,
                renorm=renorm,
                renorm_clipping=renorm_clipping,
                renorm_momentum=renorm_decay,
                adjustment=adjustment,
                fused=fused,
                name=entered.name,
                _scope=entered,
                _reuse=reuse,
            )
        else:
            if renorm:
                raise ValueError(
                    "renorm is not supported with batch_weights, updates_collections or "
                    "zero_debias_moving_mean"
                )
            layer = _Normalizer(
                inputs,
                data_format,
                epsilon,
                decay,
                zero_debias_moving_mean,
                updates_collections,
                is_training,
            )
            layer.add_variables(
                center,
                scale,
                param_initializers or {},
                param_regularizers or {},
                variables_collections,
                trainable,
                dtypes.float32 if fuse else inputs.dtype.base_dtype,
                fuse,
            )
            outputs = layer.fused() if fuse else layer.by_steps(batch_weights)
        if activation_fn is not None:
            outputs = activation_fn(outputs)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


def _by_layer(
    inputs: Any,
    is_training: Any,
    variables_collections: Any,
    initializers: dict[str, Any],
    regularizers: dict[str, Any],
    **settings: Any,
) -> Any:
    layer = BatchNormalization(
        beta_initializer=initializers.get("beta", Zeros()),
        gamma_initializer=initializers.get("gamma", Ones()),
        moving_mean_initializer=initializers.get("moving_mean", Zeros()),
        moving_variance_initializer=initializers.get("moving_variance", Ones()),
        beta_regularizer=regularizers.get("beta"),
        gamma_regularizer=regularizers.get("gamma"),
        **settings,
    )
    outputs = layer.apply(inputs, training=is_training)
    for name in ("moving_mean", "moving_variance", "beta", "gamma"):
        variable = getattr(layer, name)
        if variable is not None:
            add_to_variable_collections(variable, variables_collections, name)
    return outputs


class _Normalizer:
    """Batch normalization whose updates go where the caller wants them."""

    def __init__(
        self,
        inputs: Any,
        data_format: str,
        epsilon: float,
        decay: float,
        zero_debias: bool,
        updates_collections: Any,
        is_training: Any,
    ) -> None:
        self.inputs = inputs
        self.channels_second = data_format == "NCHW"
        self.data_format = data_format
        self.epsilon = epsilon
        self.decay = decay
        self.zero_debias = zero_debias
        self.updates_collections = updates_collections
        self.is_training = is_training
        shape = inputs.get_shape()._dims
        if shape is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        self.rank = len(shape)
        channels = shape[1 if self.channels_second else -1]
        if channels is None:
            raise ValueError(
                f"Inputs {inputs.name} has undefined channels dimension {inputs.get_shape()}."
            )
        self.channels = channels
        self.beta: Any = None
        self.gamma: Any = None

    def add_variables(
        self,
        center: bool,
        scale: bool,
        initializers: dict[str, Any],
        regularizers: dict[str, Any],
        collections: Any,
        trainable: bool,
        dtype: Any,
        fixed_if_missing: bool,
    ) -> None:
        """Make beta, gamma and the averages."""

        def make(name: str, default: Any, trained: bool) -> Any:
            return model_variable(
                name,
                shape=[self.channels],
                dtype=dtype,
                initializer=initializers.get(name, default),
                regularizer=regularizers.get(name) if trained else None,
                collections=get_variable_collections(collections, name),
                trainable=trained and trainable,
            )

        if center:
            self.beta = make("beta", Zeros(), True)
        elif fixed_if_missing:
            self.beta = constant(0.0, dtype, [self.channels])
        if scale:
            self.gamma = make("gamma", Ones(), True)
        elif fixed_if_missing:
            self.gamma = constant(1.0, dtype, [self.channels])
        with variable_scope(get_variable_scope()) as local:
            local.set_partitioner(None)
            self.moving_mean = make("moving_mean", Zeros(), False)
            self.moving_variance = make("moving_variance", Ones(), False)

    def _update(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        return (
            assign_moving_average(self.moving_mean, mean, self.decay, zero_debias=self.zero_debias),
            assign_moving_average(self.moving_variance, variance, self.decay, zero_debias=False),
        )

    def _updated(self, outputs: list[Any], mean: Any, variance: Any) -> list[Any]:
        """`outputs`, after the updates if these are not collected; only while training."""
        if smart_constant_value(self.is_training) is False:
            return outputs
        after = [convert_to_tensor(each) for each in outputs]
        if self.updates_collections is None:

            def waiting() -> list[Any]:
                with control_dependencies(self._update(mean, variance)):
                    return [array.identity(each) for each in after]

            found = smart_cond(self.is_training, waiting, lambda: after)
            # A conditional returns the only element of a list by itself.
            return found if isinstance(found, list) else [found]

        def delayed() -> tuple[Any, Any]:
            return self._update(mean, variance)

        def unchanged() -> tuple[Any, Any]:
            return self.moving_mean, self.moving_variance

        for update in smart_cond(self.is_training, delayed, unchanged):
            get_default_graph().add_to_collections(self.updates_collections, update)
        return outputs

    def fused(self) -> Any:
        """The normalized inputs, of rank 2 or 4, by one operation."""
        inputs = self.inputs
        shape = inputs.get_shape()
        if self.rank == 2:
            form = [-1, self.channels, 1, 1] if self.channels_second else [-1, 1, 1, self.channels]
            inputs = array.reshape(inputs, form)

        def by_batch() -> Any:
            return fused_batch_norm(
                inputs,
                self.gamma,
                self.beta,
                epsilon=self.epsilon,
                data_format=self.data_format,
            )

        def by_averages() -> Any:
            return fused_batch_norm(
                inputs,
                self.gamma,
                self.beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
                is_training=False,
                data_format=self.data_format,
            )

        outputs, mean, variance = smart_cond(self.is_training, by_batch, by_averages)
        (outputs,) = self._updated([outputs], mean, variance)
        outputs.set_shape(inputs.get_shape())
        if self.rank == 2:
            outputs = array.reshape(outputs, array.shape(self.inputs))
            outputs.set_shape(shape)
        return outputs

    def _batch_moments(self, batch_weights: Any) -> tuple[Any, Any]:
        inputs = self.inputs
        second = self.channels_second
        axes = [0, *range(2, self.rank)] if second else list(range(self.rank - 1))
        if batch_weights is None:
            mean, variance = moments(inputs, axes, keepdims=second)
        else:
            weights = convert_to_tensor(batch_weights)
            inputs.get_shape()[0:1].assert_is_compatible_with(weights.get_shape())
            weights = array.reshape(weights, [-1] + [1] * (self.rank - 1))
            mean, variance = weighted_moments(inputs, axes, weights, keepdims=second)
        if second:
            return array.reshape(mean, [-1]), array.reshape(variance, [-1])
        return mean, variance

    def by_steps(self, batch_weights: Any) -> Any:
        """The normalized inputs, step by step."""
        mean, variance = self.moving_mean, self.moving_variance
        if smart_constant_value(self.is_training) is not False:
            batch_mean, batch_variance = self._batch_moments(batch_weights)
            batch = self._updated([batch_mean, batch_variance], batch_mean, batch_variance)
            mean, variance = smart_cond(
                self.is_training,
                lambda: tuple(batch),
                lambda: (self.moving_mean.read_value(), self.moving_variance.read_value()),
            )
        beta, gamma = self.beta, self.gamma
        if self.channels_second:
            spread = [1, self.channels] + [1] * (self.rank - 2)
            mean, variance = array.reshape(mean, spread), array.reshape(variance, spread)
            beta = None if beta is None else array.reshape(beta, spread)
            gamma = None if gamma is None else array.reshape(gamma, spread)
        outputs = batch_normalization(self.inputs, mean, variance, beta, gamma, self.epsilon)
        outputs.set_shape(self.inputs.get_shape())
        return outputs
