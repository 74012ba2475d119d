"""Convolutions over one, two or three spatial axes."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.spatial_arguments import one_axis_format, padding_attrs, per_axis

__all__ = [
    "conv1d",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv3d",
    "conv3d_backprop_filter",
]

# Never changed; lists, as TensorFlow has them.
ONES_2D = [1, 1, 1, 1]
ONES_3D = [1, 1, 1, 1, 1]


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: Any = None,
    data_format: str | None = None,
    name: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution of sequences with filters, by a Conv2D of images of height 1.

    Args:
        value: [batch, width, channels], or [batch, channels, width] for the data format NCW.
        filters: [width, channels, outputs].
        stride: how far apart the windows are; an int, or one per axis.
        padding: "SAME" or "VALID".
        use_cudnn_on_gpu: a hint, which changes nothing.
        dilations: how far apart the elements of a window are; as `stride`.

    Returns:
        [batch, windows, outputs], or [batch, outputs, windows].

    Raises:
        ValueError: if the shapes do not fit, or on another data format.
    """
    with name_scope(name, "conv1d", [value, filters]) as scope:
        images, axis = one_axis_format(data_format, images=True)
        strides = [1, *per_axis(stride, 1, images, "stride")]
        rates = [1, *per_axis(dilations, 1, images, "dilations")]
        result: Tensor = apply(
            "Conv2D",
            expand_dims(value, axis),
            expand_dims(filters, 0),
            strides=strides,
            padding=padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu is None or use_cudnn_on_gpu,
            data_format=images,
            dilations=rates,
            name=scope,
        )
        return squeeze(result, [axis])


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The convolution of images with filters.

    ``output[b, i, j, k] = sum over di, dj, q of
    input[b, strides[1] * i + di, strides[2] * j + dj, q] * filter[di, dj, q, k]``

    Args:
        input: [batch, height, width, channels], or with the channels second for NCHW.
        filter: [height, width, channels / groups, outputs].
        strides: how far apart the windows are: an int, one per spatial axis or one per axis.
        padding: "SAME" (zeros around the images, such that the output's sizes are
            ``ceil(size / stride)``), "VALID" (none), or a pair of numbers per axis.
        use_cudnn_on_gpu: a hint, which changes nothing.
        dilations: how far apart the elements of a window are; as `strides`.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    images = data_format or "NHWC"
    result: Tensor = apply(
        "Conv2D",
        input,
        filter,
        strides=per_axis(strides, 2, images, "strides"),
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=images,
        dilations=per_axis(dilations, 2, images, "dilations"),
        name=name,
        **padding_attrs(padding),
    )
    return result


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` with respect to its input.

    Args:
        input_sizes: the shape of that input, int32.
        out_backprop: the gradient with respect to the output. The others are those of `conv2d`.
    """
    result: Tensor = apply(
        "Conv2DBackpropInput",
        input_sizes,
        filter,
        out_backprop,
        strides=strides,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
        **padding_attrs(padding),
    )
    return result


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = ONES_2D,
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` with respect to its filters.

    Args:
        filter_sizes: the shape of those filters, int32.
        out_backprop: the gradient with respect to the output. The others are those of `conv2d`.
    """
    result: Tensor = apply(
        "Conv2DBackpropFilter",
        input,
        filter_sizes,
        out_backprop,
        strides=strides,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
        **padding_attrs(padding),
    )
    return result


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = ONES_3D,
    name: str | None = None,
) -> Tensor:
    """The convolution of volumes with filters.

    Args:
        input: [batch, depth, height, width, channels], or with the channels second for NCDHW.
        filter: [depth, height, width, channels / groups, outputs].
        strides: how far apart the windows are, one number per axis.
        padding: "SAME" or "VALID".
        dilations: how far apart the elements of a window are, one number per axis.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    result: Tensor = apply(
        "Conv3D",
        input,
        filter,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )
    return result


def conv3d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    dilations: Any = ONES_3D,
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv3d` with respect to its filters, whose shape is `filter_sizes`."""
    result: Tensor = apply(
        "Conv3DBackpropFilterV2",
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
