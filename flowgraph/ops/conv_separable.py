"""Depthwise and separable convolutions of images, perhaps with holes in the windows."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import shape
from flowgraph.ops.conv_atrous import with_space_to_batch
from flowgraph.ops.conv_functions import ONES_2D, conv2d

__all__ = [
    "depthwise_conv2d",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "separable_conv2d",
]


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    data_format: str | None = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The convolution of each channel of images with filters of its own, as one op.

    Args:
        input: [batch, height, width, channels], or with the channels second for NCHW.
        filter: [height, width, channels, multiplier].
        strides: how far apart the windows are, one number per axis.
        padding: "SAME" or "VALID".
        dilations: how far apart the elements of a window are, one number per axis.

    Returns:
        [batch, rows, columns, channels * multiplier], or NCHW.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    result: Tensor = apply(
        "DepthwiseConv2dNative",
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format=data_format or "NHWC",
        dilations=list(dilations),
        name=name,
    )
    return result


def depthwise_conv2d_native_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The gradient of `depthwise_conv2d_native` by its input, whose shape is `input_sizes`."""
    result: Tensor = apply(
        "DepthwiseConv2dNativeBackpropInput",
        input_sizes,
        filter,
        out_backprop,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )
    return result


def depthwise_conv2d_native_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The gradient of `depthwise_conv2d_native` by its filters, whose shape is `filter_sizes`."""
    result: Tensor = apply(
        "DepthwiseConv2dNativeBackpropFilter",
        input,
        filter_sizes,
        out_backprop,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )
    return result


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """`depthwise_conv2d_native` with holes in the windows, by way of the batch.

    Args:
        rate: how far apart the elements of a window are, one number per spatial axis; only where
            all strides are 1. The other arguments are those of `depthwise_conv2d_native`.
    """
    with name_scope(name, "depthwise", [input, filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, name="filter_in")

        def op(images: Tensor, _: int, chosen: str) -> Tensor:
            return depthwise_conv2d_native(images, filter, strides, chosen, data_format, name=scope)

        return with_space_to_batch(
            input,
            [1, 1] if rate is None else rate,
            padding,
            op,
            filter_shape=shape(filter),
            data_format=data_format,
        )


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """A depthwise convolution, then one with windows of one pixel, which mixes the channels.

    Args:
        depthwise_filter: [height, width, channels, multiplier].
        pointwise_filter: [1, 1, channels * multiplier, outputs]. The other arguments are those of
            `depthwise_conv2d`.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        filters = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        mixing = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        mixing.shape.with_rank(4)[:2].assert_is_compatible_with([1, 1])

        def op(images: Tensor, _: int, chosen: str) -> Tensor:
            return depthwise_conv2d_native(
                images, filters, strides, chosen, data_format, name="depthwise"
            )

        deep = with_space_to_batch(
            input,
            [1, 1] if rate is None else rate,
            padding,
            op,
            filter_shape=shape(filters),
            data_format=data_format,
        )
        form = data_format or "NHWC"
        return conv2d(deep, mixing, [1, 1, 1, 1], "VALID", data_format=form, name=scope)
