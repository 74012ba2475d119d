"""Normalization within each example: by layer, by channel, by groups of channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.dense import finished
from flowgraph.library.contrib_layers.outputs import (
    collect_named_outputs,
    get_variable_collections,
)
from flowgraph.library.contrib_layers.variables import model_variable
from flowgraph.library.initializers import Ones, Zeros
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array
from flowgraph.ops.moments import batch_normalization, moments

__all__ = ["group_norm", "instance_norm", "layer_norm"]

Function = Callable[..., Any] | None


def _beta_and_gamma(
    center: bool,
    scale: bool,
    shape: Sequence[int],
    dtype: Any,
    initializers: dict[str, Any] | None,
    collections: Any,
    trainable: bool,
) -> tuple[Any, Any]:
    def make(name: str, default: Any) -> Any:
        return model_variable(
            name,
            shape=list(shape),
            dtype=dtype,
            initializer=(initializers or {}).get(name, default),
            collections=get_variable_collections(collections, name),
            trainable=trainable,
        )

    beta = make("beta", Zeros()) if center else None
    gamma = make("gamma", Ones()) if scale else None
    return beta, gamma


def _rank_of(inputs: Any) -> int:
    rank: int | None = inputs.get_shape().ndims
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    return rank


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """Each example with its mean taken off, divided by its deviation, then scaled by gamma and
    shifted by beta (Ba, Kiros and Hinton 2016).

    Args:
        center, scale: whether there is a beta, a gamma.
        begin_norm_axis: the first of the axes over which mean and deviation are taken.
        begin_params_axis: the first of the axes along which beta and gamma have elements.
        variables_collections: collections for the variables: a list, or a dict of lists by name.
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the variable scope; by default "LayerNorm", made unique.

    Raises:
        ValueError: if the rank, or the shape from `begin_params_axis` on, is not known.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as entered:
        inputs = convert_to_tensor(inputs)
        rank = _rank_of(inputs)
        if begin_norm_axis < 0:
            begin_norm_axis += rank
        if begin_params_axis >= rank or begin_norm_axis >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis "
                f"({begin_norm_axis}) must be < rank(inputs) ({rank})"
            )
        shape = inputs.get_shape().as_list()[begin_params_axis:]
        if None in shape:
            raise ValueError(
                f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                f"{inputs.get_shape()}"
            )
        dtype = inputs.dtype.base_dtype
        beta, gamma = _beta_and_gamma(
            center, scale, shape, dtype, None, variables_collections, trainable
        )
        mean, variance = moments(inputs, list(range(begin_norm_axis, rank)), keepdims=True)
        epsilon = 1e-3 if dtype is dtypes.float16 else 1e-12
        outputs = batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs.set_shape(inputs.get_shape())
        outputs = finished(outputs, None, None, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Function = None,
    param_initializers: dict[str, Any] | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """Each channel of each example with its mean taken off, divided by its deviation, then scaled
    by gamma and shifted by beta (Ulyanov et al. 2016).

    Args:
        center, scale: whether there is a beta, a gamma.
        epsilon: added to the variance.
        param_initializers: initializers by "beta" and "gamma".
        data_format: "NHWC" for channels last, "NCHW" for channels second.
        scope: the variable scope; by default "InstanceNorm", made unique.

    Raises:
        ValueError: if rank or channels are not known, or for another format.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    inputs = convert_to_tensor(inputs)
    rank = _rank_of(inputs)
    second = data_format == "NCHW"
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as entered:
        channel_axis = 1 if second else rank - 1
        channels = inputs.get_shape().as_list()[channel_axis]
        if channels is None:
            raise ValueError(
                f"Inputs {inputs.name} has undefined channels dimension {inputs.get_shape()}."
            )
        beta, gamma = _beta_and_gamma(
            center,
            scale,
            [channels],
            inputs.dtype.base_dtype,
            param_initializers,
            variables_collections,
            trainable,
        )
        if second:
            spread = [1, channels] + [1] * (rank - 2)
            beta = None if beta is None else array.reshape(beta, spread)
            gamma = None if gamma is None else array.reshape(gamma, spread)
        axes = [axis for axis in range(1, rank) if axis != channel_axis]
        mean, variance = moments(inputs, axes, keepdims=True)
        outputs = batch_normalization(
            inputs, mean, variance, beta, gamma, epsilon, name="instancenorm"
        )
        outputs.set_shape(inputs.get_shape())
        outputs = finished(outputs, None, None, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


def _checked_axes(rank: int, channels_axis: int, reduction_axes: Sequence[int]) -> list[int]:
    """The axes to reduce, counted from the front."""
    axes = [axis + rank if axis < 0 else axis for axis in reduction_axes]
    if not all(0 <= axis < rank for axis in axes):
        raise ValueError("Axis is out of bounds.")
    if len(set(axes)) != len(axes):
        raise ValueError("Repeated axis in reduction_axes")
    if channels_axis in axes:
        raise ValueError("reduction_axes must be mutually exclusive with channels_axis")
    return axes


@add_arg_scope
def group_norm(
    inputs: Any,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Sequence[int] = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Function = None,
    param_initializers: dict[str, Any] | None = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    mean_close_to_zero: bool = False,
) -> Any:
    """Each group of channels of each example with its mean taken off, divided by its deviation,
    then scaled by gamma and shifted by beta, by channel (Wu and He 2018).

    Args:
        groups: how many groups; it divides the number of channels.
        channels_axis: the axis of the channels.
        reduction_axes: the axes over which mean and deviation are taken, besides the group's.
        center, scale: whether there is a beta, a gamma.
        epsilon: added to the variance.
        param_initializers: initializers by "beta" and "gamma".
        mean_close_to_zero: compute the variance as the mean of squares less the squared mean.
        scope: the variable scope; by default "GroupNorm", made unique.

    Raises:
        ValueError: if rank or channels are not known or axes do not fit.
    """
    inputs = convert_to_tensor(inputs)
    rank = _rank_of(inputs)
    axis = channels_axis + rank if channels_axis < 0 else channels_axis
    if not 0 <= axis < rank:
        raise ValueError("Axis is out of bounds.")
    reduced = _checked_axes(rank, axis, reduction_axes)
    shape = inputs.get_shape().as_list()
    channels = shape[axis]
    if channels is None:
        raise ValueError(f"Inputs {inputs.name} has undefined channel dimension: {channels_axis}.")
    if groups > channels:
        raise ValueError(f"Invalid groups {groups} for {channels} channels.")
    if channels % groups != 0:
        raise ValueError(f"{channels} channels is not commensurate with {groups} groups.")
    with variable_scope(scope, "GroupNorm", [inputs], reuse=reuse) as entered:
        dynamic = array.shape(inputs)
        sizes = [dynamic[i] if size is None else size for i, size in enumerate(shape)]
        grouped = array.reshape(
            inputs, [*sizes[:axis], groups, channels // groups, *sizes[axis + 1 :]]
        )
        # Behind the axis of groups stands that of a group's channels.
        axes = [each + 1 if each > axis else each for each in reduced] + [axis + 1]
        spread = [1] * rank
        spread[axis] = groups
        spread.insert(axis + 1, channels // groups)
        beta, gamma = _beta_and_gamma(
            center,
            scale,
            [channels],
            inputs.dtype.base_dtype,
            param_initializers,
            variables_collections,
            trainable,
        )
        beta = None if beta is None else array.reshape(beta, spread)
        gamma = None if gamma is None else array.reshape(gamma, spread)
        if mean_close_to_zero:
            mean = apply("Mean", grouped, axes, keep_dims=True)
            squares = apply("Mean", apply("Square", grouped), axes, keep_dims=True)
            variance = squares - apply("Square", mean)
        else:
            mean, variance = moments(grouped, axes, keepdims=True)
        gain = apply("Rsqrt", variance + epsilon)
        gain = gain if gamma is None else gain * gamma
        offset = -mean * gain if beta is None else beta - mean * gain
        outputs = array.reshape(grouped * gain + offset, dynamic)
        outputs.set_shape(inputs.get_shape())
        outputs = finished(outputs, None, None, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)
