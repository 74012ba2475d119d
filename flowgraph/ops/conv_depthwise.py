"""Depthwise convolution of images, each channel with filters of its own, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims, product
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.conv_rules import check_outer, check_output, size_list, sized_shape, windows_of
from flowgraph.ops.kinds import FLOATS
from flowgraph.ops.sample_values import i32
from flowgraph.ops.spatial_windows import (
    FORMAT_2D,
    PADDING,
    Windows,
    arranged,
    channels_last,
    chunks,
    narrow,
    output_size,
    ranked,
    restored,
    spatial,
)

__all__ = ["DEPTHWISE_ATTRS"]

Gradients = list[Any]
Array = np.ndarray[Any, Any]
DEPTHWISE_ATTRS: dict[str, Any] = {
    "strides": attr("list(int)"),
    "padding": PADDING,
    "data_format": FORMAT_2D,
    "dilations": attr("list(int)", [1, 1, 1, 1]),
}


def _convolve(x: Array, filters: Array, windows: Windows) -> Array:
    """x [batch, *sizes, channels], filters [*window, channels, multiplier]."""
    dtype, multiplier = x.dtype, filters.shape[-1]
    x, filters = narrow(x), narrow(filters)
    y = np.zeros((len(x), *windows.outputs, x.shape[-1], multiplier), x.dtype)
    for part in chunks(len(x), product(y.shape[1:])):
        source, target = x[part][..., None], y[part]
        for offset, inside, outside in windows.steps:
            target[outside] += source[inside] * filters[offset]
    outputs = x.shape[-1] * multiplier
    return y.reshape(*y.shape[:-2], outputs).astype(dtype, copy=False)


def _input_gradient(filters: Array, dy: Array, windows: Windows) -> Array:
    """The gradient with respect to x; dy [batch, *outputs, channels * multiplier]."""
    dtype, (channels, multiplier) = dy.dtype, filters.shape[-2:]
    filters = narrow(filters)
    dy = narrow(dy).reshape(*dy.shape[:-1], channels, multiplier)
    dx = np.zeros((len(dy), *windows.sizes, channels), dy.dtype)
    for part in chunks(len(dy), product(dy.shape[1:])):
        source, target = dy[part], dx[part]
        for offset, inside, outside in windows.steps:
            terms = source[outside] * filters[offset]
            target[inside] += terms[..., 0] if multiplier == 1 else terms.sum(-1)
    return dx.astype(dtype, copy=False)


def _filter_gradient(x: Array, dy: Array, shape: tuple[int, ...], windows: Windows) -> Array:
    """The gradient with respect to filters of that shape."""
    dtype = x.dtype
    x = narrow(x)[..., None]
    dy = narrow(dy).reshape(*dy.shape[:-1], *shape[-2:])
    total = np.zeros(shape, x.dtype)
    width = shape[-2] * shape[-1]
    for part in chunks(len(x), product(dy.shape[1:])):
        source, other = x[part], dy[part]
        for offset, inside, outside in windows.steps:
            terms = (source[inside] * other[outside]).reshape(-1, width)
            # A product with ones adds up rows faster than a sum over the first axis does.
            total[offset] += np.dot(np.ones(len(terms), terms.dtype), terms).reshape(shape[-2:])
    return total.astype(dtype, copy=False)


def _waves(*shape: int) -> Any:
    return np.sin(np.arange(float(np.prod(shape))) * 0.7).reshape(shape)


SAME: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME"}
COARSE: dict[str, Any] = {"strides": [1, 2, 2, 1], "padding": "SAME"}
INNER: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "VALID"}
FIRST: dict[str, Any] = {**SAME, "data_format": "NCHW"}
HOLES: dict[str, Any] = {**SAME, "dilations": [1, 2, 2, 1]}
IMAGES = _waves(2, 4, 5, 2)
SINGLE = _waves(2, 3, 2, 1)
DOUBLE = _waves(3, 2, 2, 2)


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in DEPTHWISE_ATTRS}


@op("DepthwiseConv2dNative", "input: T, filter: T -> output: T", T=FLOATS, **DEPTHWISE_ATTRS)
class DepthwiseConv2dNative:
    """The convolution of each channel of images with filters of its own.

    ``output[b, i, j, k * multiplier + q] = sum over di, dj of
    input[b, strides[1] * i + di, strides[2] * j + dj, k] * filter[di, dj, k, q]``, where filter is
    [height, width, channels, multiplier].
    """

    samples = (
        case(IMAGES, SINGLE, **SAME),
        case(IMAGES, DOUBLE, **SAME),
        case(IMAGES, DOUBLE, **COARSE),
        case(IMAGES, SINGLE, **INNER),
        case(IMAGES.transpose(0, 3, 1, 2), DOUBLE, **FIRST),
        case(IMAGES, SINGLE, grad=False, **HOLES),
        case(IMAGES.astype(np.float32), DOUBLE.astype(np.float32), **SAME),
        case(IMAGES.astype(np.float16), SINGLE.astype(np.float16), **SAME),
        case(IMAGES[:0], SINGLE, grad=False, **SAME),
        case(IMAGES, _waves(2, 2, 3, 1), raises="Dimensions must be equal|same depth", **SAME),
        case(IMAGES[0], SINGLE, raises="Shape must be rank 4|must be 4-dimensional", **SAME),
    )

    def shape(
        x: Operand,
        filters: Operand,
        *,
        strides: list[int],
        padding: str,
        data_format: str,
        dilations: list[int],
    ) -> Dims:
        sizes = ranked(x, 4)
        *window, depth, multiplier = ranked(filters, 4)
        check_outer("DepthwiseConv2D", strides, dilations, data_format)
        channels = sizes[data_format.index("C")]
        if channels is not None and depth is not None and channels != depth:
            raise ValueError(f"Dimensions must be equal, but are {channels} and {depth}")
        depth = channels if depth is None else depth
        outputs = None if depth is None or multiplier is None else depth * multiplier
        lengths = [
            output_size(size, length, stride, dilation, padding)
            for size, length, stride, dilation in zip(
                spatial(sizes, data_format),
                window,
                spatial(strides, data_format),
                spatial(dilations, data_format),
                strict=True,
            )
        ]
        return arranged(sizes[0], lengths, outputs, data_format)

    def numpy(
        x: Any,
        filters: Any,
        *,
        strides: list[int],
        padding: str,
        data_format: str,
        dilations: list[int],
    ) -> Any:
        windows = windows_of(x.shape, filters.shape[:2], strides, padding, dilations, data_format)
        x = channels_last(x, data_format)
        if x.shape[-1] != filters.shape[-2]:
            text = (
                f"input and filter must have the same depth: {x.shape[-1]} vs {filters.shape[-2]}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        return restored(_convolve(x, filters, windows), data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, filters = op.inputs
        attrs = _attrs(op)
        sizes, lengths = apply("Shape", x), apply("Shape", filters)
        return [
            apply("DepthwiseConv2dNativeBackpropInput", sizes, filters, dy, **attrs),
            apply("DepthwiseConv2dNativeBackpropFilter", x, lengths, dy, **attrs),
        ]


@op(
    "DepthwiseConv2dNativeBackpropInput",
    "input_sizes: int32, filter: T, out_backprop: T -> output: T",
    T=FLOATS,
    **DEPTHWISE_ATTRS,
)
class DepthwiseConv2dNativeBackpropInput:
    """The gradient of DepthwiseConv2dNative with respect to its input, of shape `input_sizes`."""

    samples = (
        case(i32([2, 4, 5, 2]), SINGLE, _waves(2, 4, 5, 2), **SAME),
        case(i32([2, 4, 5, 2]), DOUBLE, _waves(2, 4, 5, 4), **SAME),
        case(i32([2, 4, 5, 2]), DOUBLE, _waves(2, 2, 3, 4), **COARSE),
        case(i32([2, 4, 5, 2]), SINGLE, _waves(2, 3, 3, 2), **INNER),
        case(i32([2, 2, 4, 5]), SINGLE, _waves(2, 2, 4, 5), **FIRST),
        case(i32([2, 4, 5, 2]), SINGLE.astype("f4"), _waves(2, 4, 5, 2).astype("f4"), **SAME),
    )

    def shape(
        sizes: Operand,
        filters: Operand,
        dy: Operand,
        *,
        strides: list[int],
        data_format: str,
        dilations: list[int],
    ) -> Dims:
        check_outer("DepthwiseConv2dNativeBackpropInput", strides, dilations, data_format)
        ranked(filters, 4)
        ranked(dy, 4)
        return sized_shape(sizes, 4)

    def numpy(
        sizes: Any,
        filters: Any,
        dy: Any,
        *,
        strides: list[int],
        padding: str,
        data_format: str,
        dilations: list[int],
    ) -> Any:
        whole = size_list(sizes, 4, "input_sizes")
        windows = windows_of(whole, filters.shape[:2], strides, padding, dilations, data_format)
        dy = channels_last(dy, data_format)
        check_output(dy, windows, whole[0], product(filters.shape[-2:]))
        return restored(_input_gradient(filters, dy, windows), data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        _, filters, dy = op.inputs
        attrs = _attrs(op)
        lengths = apply("Shape", filters)
        return [
            None,
            apply("DepthwiseConv2dNativeBackpropFilter", g, lengths, dy, **attrs),
            apply("DepthwiseConv2dNative", g, filters, **attrs),
        ]


@op(
    "DepthwiseConv2dNativeBackpropFilter",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    T=FLOATS,
    **DEPTHWISE_ATTRS,
)
class DepthwiseConv2dNativeBackpropFilter:
    """The gradient of DepthwiseConv2dNative with respect to filters of shape `filter_sizes`."""

    samples = (
        case(IMAGES, i32([2, 3, 2, 1]), _waves(2, 4, 5, 2), **SAME),
        case(IMAGES, i32([3, 2, 2, 2]), _waves(2, 4, 5, 4), **SAME),
        case(IMAGES, i32([3, 2, 2, 2]), _waves(2, 2, 3, 4), **COARSE),
        case(IMAGES, i32([2, 3, 2, 1]), _waves(2, 3, 3, 2), **INNER),
        case(IMAGES.transpose(0, 3, 1, 2), i32([2, 3, 2, 1]), _waves(2, 2, 4, 5), **FIRST),
        case(IMAGES.astype("f4"), i32([2, 3, 2, 1]), _waves(2, 4, 5, 2).astype("f4"), **SAME),
    )

    def shape(
        x: Operand,
        sizes: Operand,
        dy: Operand,
        *,
        strides: list[int],
        data_format: str,
        dilations: list[int],
    ) -> Dims:
        check_outer("DepthwiseConv2dNativeBackpropFilter", strides, dilations, data_format)
        ranked(x, 4)
        ranked(dy, 4)
        return sized_shape(sizes, 4)

    def numpy(
        x: Any,
        sizes: Any,
        dy: Any,
        *,
        strides: list[int],
        padding: str,
        data_format: str,
        dilations: list[int],
    ) -> Any:
        whole = size_list(sizes, 4, "filter_sizes")
        windows = windows_of(x.shape, whole[:2], strides, padding, dilations, data_format)
        dy = channels_last(dy, data_format)
        check_output(dy, windows, len(x), product(whole[-2:]))
        return _filter_gradient(channels_last(x, data_format), dy, whole, windows)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, _, dy = op.inputs
        attrs = _attrs(op)
        sizes = apply("Shape", x)
        return [
            apply("DepthwiseConv2dNativeBackpropInput", sizes, g, dy, **attrs),
            None,
            apply("DepthwiseConv2dNative", x, g, **attrs),
        ]
