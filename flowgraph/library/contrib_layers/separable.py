"""Convolutions of each channel by itself (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.convolutions import format_of
from flowgraph.library.contrib_layers.dense import XAVIER, ZEROS, finished
from flowgraph.library.contrib_layers.outputs import (
    channel_dimension,
    collect_named_outputs,
    get_variable_collections,
    last_dimension,
    two_element_tuple,
)
from flowgraph.library.contrib_layers.variables import (
    add_to_variable_collections,
    model_variable,
    renaming_getter,
)
from flowgraph.library.layers.separable import SeparableConv2D
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array
from flowgraph.ops.activations import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.conv_separable import depthwise_conv2d

__all__ = ["convolution2d_in_plane", "separable_convolution2d"]

Function = Callable[..., Any] | None
Ints = int | Sequence[int]


def _biased(
    outputs: Any,
    count: int,
    initializer: Any,
    regularizer: Function,
    collections: Any,
    trainable: bool,
    data_format: str,
) -> Any:
    if initializer is None:
        return outputs
    biases = model_variable(
        "biases",
        shape=[count],
        dtype=outputs.dtype.base_dtype,
        initializer=initializer,
        regularizer=regularizer,
        collections=get_variable_collections(collections, "biases"),
        trainable=trainable,
    )
    return bias_add(outputs, biases, data_format=data_format)


@add_arg_scope
def convolution2d_in_plane(
    inputs: Any,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: str = "SAME",
    activation_fn: Function = relu,
    normalizer_fn: Function = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Function = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """The same convolution of every channel of images, with one kernel for all.

    Args:
        inputs: [batch, height, width, channels].

    See `convolution` for the others; the scope is "ConvInPlane" by default.
    """
    with variable_scope(scope, "ConvInPlane", [inputs], reuse=reuse) as entered:
        inputs = convert_to_tensor(inputs)
        channels = last_dimension(inputs.get_shape(), min_rank=4)
        weights = model_variable(
            "weights",
            shape=[*two_element_tuple(kernel_size), 1, 1],
            dtype=inputs.dtype.base_dtype,
            initializer=weights_initializer,
            regularizer=weights_regularizer,
            collections=get_variable_collections(variables_collections, "weights"),
            trainable=trainable,
        )
        kernels = array.tile(weights, [1, 1, channels, 1])
        strides = [1, *two_element_tuple(stride), 1]
        outputs = depthwise_conv2d(inputs, kernels, strides, padding)
        if normalizer_fn is None:
            outputs = _biased(
                outputs,
                channels,
                biases_initializer,
                biases_regularizer,
                variables_collections,
                trainable,
                "NHWC",
            )
        outputs = finished(outputs, normalizer_fn, normalizer_params, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Ints,
    depth_multiplier: int = 1,
    stride: Ints = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Ints = 1,
    activation_fn: Function = relu,
    normalizer_fn: Function = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    pointwise_initializer: Any = None,
    weights_regularizer: Function = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of each channel of images by itself, then one that mixes the channels.

    Args:
        num_outputs: the number of channels of the outputs; None for the first convolution alone.
        depth_multiplier: how many outputs the first convolution makes of each channel.
        pointwise_initializer: of the second kernel; by default as of the first.

    See `convolution` for the others; the scope is "SeparableConv2d" by default.
    """
    layer_format = format_of(data_format, ("NCHW", "NHWC"))
    getter = renaming_getter(
        bias="biases",
        depthwise_kernel="depthwise_weights",
        pointwise_kernel="pointwise_weights",
    )
    with variable_scope(
        scope, "SeparableConv2d", [inputs], reuse=reuse, custom_getter=getter
    ) as entered:
        inputs = convert_to_tensor(inputs)
        use_bias = not normalizer_fn and biases_initializer is not None
        if num_outputs is not None:
            layer = SeparableConv2D(
                num_outputs,
                kernel_size,
                strides=stride,
                padding=padding,
                data_format=layer_format,
                dilation_rate=two_element_tuple(rate),
                depth_multiplier=depth_multiplier,
                use_bias=use_bias,
                depthwise_initializer=weights_initializer,
                pointwise_initializer=pointwise_initializer or weights_initializer,
                bias_initializer=biases_initializer,
                depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer,
                bias_regularizer=biases_regularizer,
                trainable=trainable,
                name=entered.name,
                dtype=inputs.dtype.base_dtype,
                _scope=entered,
                _reuse=reuse,
            )
            outputs = layer.apply(inputs)
            for kernel in (layer.depthwise_kernel, layer.pointwise_kernel):
                add_to_variable_collections(kernel, variables_collections, "weights")
            if layer.bias is not None:
                add_to_variable_collections(layer.bias, variables_collections, "biases")
        else:
            channels = channel_dimension(inputs.get_shape(), data_format, min_rank=4)
            weights = model_variable(
                "depthwise_weights",
                shape=[*two_element_tuple(kernel_size), channels, depth_multiplier],
                dtype=inputs.dtype.base_dtype,
                initializer=weights_initializer,
                regularizer=weights_regularizer,
                collections=get_variable_collections(variables_collections, "weights"),
                trainable=trainable,
            )
            moves = two_element_tuple(stride)
            strides = [1, 1, *moves] if data_format == "NCHW" else [1, *moves, 1]
            outputs = depthwise_conv2d(
                inputs,
                weights,
                strides,
                padding,
                rate=two_element_tuple(rate),
                data_format=data_format,
            )
            if use_bias:
                outputs = _biased(
                    outputs,
                    depth_multiplier * channels,
                    biases_initializer,
                    biases_regularizer,
                    variables_collections,
                    trainable,
                    data_format,
                )
        outputs = finished(outputs, normalizer_fn, normalizer_params, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)
