"""Separable convolution layers: each channel by itself, then the channels mixed."""

from __future__ import annotations

from typing import Any

from flowgraph.library.layers.arguments import initializer_of
from flowgraph.library.layers.convolution import (
    ZEROS,
    Conv1D,
    Conv2D,
    Convolution,
    Ints,
    Regularizer,
    channels,
)
from flowgraph.library.layers.specs import InputSpec
from flowgraph.ops import layout
from flowgraph.ops.bias import bias_add
from flowgraph.ops.conv_separable import separable_conv2d as separable_op
from flowgraph.ops.padding import pad

__all__ = ["SeparableConv1D", "SeparableConv2D", "separable_conv1d", "separable_conv2d"]


class _Separable(Convolution):
    def __init__(
        self,
        filters: int,
        kernel_size: Ints,
        strides: Ints = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Ints = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        depthwise_regularizer: Regularizer = None,
        pointwise_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        depthwise_constraint: Regularizer = None,
        pointwise_constraint: Regularizer = None,
        bias_constraint: Regularizer = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializer_of(depthwise_initializer)
        self.pointwise_initializer = initializer_of(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: Any) -> None:
        inputs = channels(input_shape, self.channel_axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: inputs})
        depthwise = (*self.kernel_size, inputs, self.depth_multiplier)
        self.depthwise_kernel = self.add_kernel("depthwise_kernel", depthwise, "depthwise")
        pointwise = (*[1] * self.rank, self.depth_multiplier * inputs, self.filters)
        self.pointwise_kernel = self.add_kernel("pointwise_kernel", pointwise, "pointwise")
        if self.use_bias:
            self.bias = self.add_kernel("bias", (self.filters,), "bias")
        self.built = True

    @property
    def image_format(self) -> str:
        return "NCHW" if self.channels_first else "NHWC"


class SeparableConv1D(_Separable, Conv1D):
    """A depthwise convolution of sequences, then a pointwise one; see `SeparableConv2D`."""

    def call(self, inputs: Any) -> Any:
        padding = self.padding.upper()
        axis = 2 if self.channels_first else 1
        if padding == "CAUSAL":
            around = [[0, 0], [0, 0], [0, 0]]
            around[axis] = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
            inputs, padding = pad(inputs, around), "VALID"
        images = layout.expand_dims(inputs, axis)
        outputs = separable_op(
            images,
            layout.expand_dims(self.depthwise_kernel, 0),
            layout.expand_dims(self.pointwise_kernel, 0),
            strides=self.around(self.strides * 2),
            padding=padding,
            rate=(1, *self.dilation_rate),
            data_format=self.image_format,
        )
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=self.image_format)
        outputs = layout.squeeze(outputs, [axis])
        return outputs if self.activation is None else self.activation(outputs)


class SeparableConv2D(_Separable, Conv2D):
    """A depthwise convolution of images, channel by channel, then a pointwise one that mixes the
    channels.

    Args:
        depth_multiplier: how many outputs the first convolution makes of each channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of its kernel.
        pointwise_initializer, pointwise_regularizer, pointwise_constraint: of the second's.

    The other arguments are those of `Conv2D`.

    Attributes:
        depthwise_kernel: [height, width, channels, depth_multiplier]
        pointwise_kernel: [1, 1, channels * depth_multiplier, filters]
        bias: [filters], or None.
    """

    def call(self, inputs: Any) -> Any:
        outputs = separable_op(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.around(self.strides),
            padding=self.padding.upper(),
            rate=self.dilation_rate,
            data_format=self.image_format,
        )
        return self.finish(outputs)


def separable_conv1d(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Ints = 1,
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = ZEROS,
    depthwise_regularizer: Regularizer = None,
    pointwise_regularizer: Regularizer = None,
    bias_regularizer: Regularizer = None,
    activity_regularizer: Regularizer = None,
    depthwise_constraint: Regularizer = None,
    pointwise_constraint: Regularizer = None,
    bias_constraint: Regularizer = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
) -> Any:
    """A depthwise convolution of sequences, then a pointwise one; see `SeparableConv2D`."""
    arguments = dict(locals())
    del arguments["inputs"]
    layer = SeparableConv1D(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs)


def separable_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Ints = (1, 1),
    depth_multiplier: int = 1,
    activation: Any = None,
    use_bias: bool = True,
    depthwise_initializer: Any = None,
    pointwise_initializer: Any = None,
    bias_initializer: Any = ZEROS,
    depthwise_regularizer: Regularizer = None,
    pointwise_regularizer: Regularizer = None,
    bias_regularizer: Regularizer = None,
    activity_regularizer: Regularizer = None,
    depthwise_constraint: Regularizer = None,
    pointwise_constraint: Regularizer = None,
    bias_constraint: Regularizer = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
) -> Any:
    """A depthwise convolution of images, then a pointwise one; see `SeparableConv2D`."""
    arguments = dict(locals())
    del arguments["inputs"]
    layer = SeparableConv2D(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs)
