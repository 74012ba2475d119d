"""Convolution of images: the op, and its gradients as ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.conv_kernels import convolve, filter_gradient, input_gradient
from flowgraph.ops.conv_rules import (
    check_depths,
    check_outer,
    check_output,
    conv_shape,
    size_list,
    sized_shape,
    windows_of,
)
from flowgraph.ops.kinds import FLOATS
from flowgraph.ops.sample_values import i32
from flowgraph.ops.spatial_windows import FORMAT_2D, channels_last, ranked, restored

__all__ = ["ATTRS_2D"]

Gradients = list[Any]
ATTRS_2D: dict[str, Any] = {
    "strides": attr("list(int)"),
    "use_cudnn_on_gpu": True,
    "padding": attr("string", allowed=("SAME", "VALID", "EXPLICIT")),
    "explicit_paddings": attr("list(int)", []),
    "data_format": FORMAT_2D,
    "dilations": attr("list(int)", [1, 1, 1, 1]),
}


def _waves(*shape: int) -> Any:
    return np.sin(np.arange(float(np.prod(shape))) * 0.7).reshape(shape)


ONE: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "SAME"}
INNER: dict[str, Any] = {"strides": [1, 1, 1, 1], "padding": "VALID"}
COARSE: dict[str, Any] = {"strides": [1, 2, 2, 1], "padding": "SAME"}
WIDE: dict[str, Any] = {"strides": [1, 2, 1, 1], "padding": "VALID"}
HOLES: dict[str, Any] = {**ONE, "dilations": [1, 2, 2, 1]}
BORDER: dict[str, Any] = {
    "strides": [1, 2, 1, 1],
    "padding": "EXPLICIT",
    "explicit_paddings": [0, 0, 1, 2, 0, 3, 0, 0],
}
FIRST: dict[str, Any] = {"data_format": "NCHW"}
IMAGES = _waves(2, 4, 5, 2)
SQUARE = _waves(3, 3, 2, 2)


@op("Conv2D", "input: T, filter: T -> output: T", T=FLOATS, **ATTRS_2D)
class Conv2D:
    """The convolution (cross-correlation) of images with filters.

    ``output[b, i, j, k] = sum over di, dj, q of
    input[b, strides[1] * i + di, strides[2] * j + dj, q] * filter[di, dj, q, k]``

    input is [batch, height, width, channels] (NHWC; NCHW has the channels second), filter [height,
    width, channels / groups, outputs]: filters less deep than the input are applied in groups.
    `dilations` put holes between the filters' elements. SAME pads with zeros such that output sizes
    are ``ceil(size / stride)``; VALID does not pad; EXPLICIT lists what to add before and behind
    each axis.
    """

    samples = (
        case(IMAGES, SQUARE, **ONE),
        case(IMAGES, SQUARE, **INNER),
        case(IMAGES, SQUARE[:2, :2], **COARSE),
        case(IMAGES, SQUARE[:, :2], **WIDE),
        case(IMAGES, SQUARE[:2], **HOLES),
        case(IMAGES, SQUARE[:2], **BORDER),
        case(IMAGES, SQUARE[:1, :1], **ONE),
        case(IMAGES, SQUARE[:1, :1], **COARSE),
        case(_waves(1, 3, 3, 4), _waves(2, 2, 2, 4), grad=False, **ONE),
        case(IMAGES.transpose(0, 3, 1, 2), SQUARE, strides=[1, 1, 2, 1], padding="SAME", **FIRST),
        case(IMAGES.astype(np.float32), SQUARE.astype(np.float32), **ONE),
        case(IMAGES.astype(np.float16), SQUARE.astype(np.float16), **ONE),
        case(IMAGES[:0], SQUARE, **ONE),
        case(IMAGES[0], SQUARE, raises="Shape must be rank 4 but is rank 3", **ONE),
        case(IMAGES, SQUARE[0], raises="Shape must be rank 4 but is rank 3", **ONE),
        case(
            IMAGES,
            _waves(3, 3, 3, 1),
            raises=r"[Dd]epth of input|input depth must be evenly divisible by filter depth",
            **ONE,
        ),
        case(
            IMAGES[:, :3],
            _waves(5, 1, 2, 1),
            raises="Negative dimension size caused by subtracting 5 from 3"
            "|Computed output size would be negative",
            **INNER,
        ),
        case(IMAGES, SQUARE, strides=[2, 1, 1, 1], padding="SAME", raises="batch and depth dim"),
        case(IMAGES, SQUARE, strides=[1, 1], padding="SAME", raises="stride"),
    )

    def shape(
        x: Operand,
        filters: Operand,
        *,
        strides: list[int],
        padding: str,
        explicit_paddings: list[int],
        data_format: str,
        dilations: list[int],
    ) -> Dims:
        return conv_shape(
            "Conv2D", x, filters, strides, padding, dilations, data_format, explicit_paddings
        )

    def numpy(
        x: Any,
        filters: Any,
        *,
        strides: list[int],
        padding: str,
        explicit_paddings: list[int],
        data_format: str,
        dilations: list[int],
        out: Any = None,
    ) -> Any:
        windows = windows_of(
            x.shape, filters.shape[:2], strides, padding, dilations, data_format, explicit_paddings
        )
        x = channels_last(x, data_format)
        check_depths(x, filters)
        if data_format == "NHWC":
            return convolve(x, filters, windows, out)
        return restored(convolve(x, filters, windows), data_format, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, filters = op.inputs
        return [
            apply("Conv2DBackpropInput", apply("Shape", x), filters, dy, **_attrs(op)),
            apply("Conv2DBackpropFilter", x, apply("Shape", filters), dy, **_attrs(op)),
        ]


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ATTRS_2D}


@op(
    "Conv2DBackpropInput",
    "input_sizes: int32, filter: T, out_backprop: T -> output: T",
    T=FLOATS,
    **ATTRS_2D,
)
class Conv2DBackpropInput:
    """The gradient of Conv2D with respect to its input, whose shape is `input_sizes`.

    As an op of its own it is the transposed convolution.
    """

    samples = (
        case(i32([2, 4, 5, 2]), SQUARE, _waves(2, 4, 5, 2), **ONE),
        case(i32([2, 4, 5, 2]), SQUARE, _waves(2, 2, 3, 2), **INNER),
        case(i32([2, 4, 5, 2]), SQUARE[:2, :2], _waves(2, 2, 3, 2), **COARSE),
        case(i32([2, 4, 5, 2]), SQUARE[:, :2], _waves(2, 1, 4, 2), **WIDE),
        case(i32([2, 4, 5, 2]), SQUARE[:2], _waves(2, 4, 5, 2), **HOLES),
        case(i32([2, 4, 5, 2]), SQUARE[:2], _waves(2, 3, 6, 2), **BORDER),
        case(i32([1, 3, 3, 1]), _waves(2, 2, 1, 6), _waves(1, 3, 3, 6), **ONE),
        case(i32([1, 3, 3, 4]), _waves(2, 2, 2, 4), _waves(1, 3, 3, 4), grad=False, **ONE),
        case(
            i32([2, 2, 4, 5]),
            SQUARE,
            _waves(2, 2, 2, 5),
            strides=[1, 1, 2, 1],
            padding="SAME",
            **FIRST,
        ),
        case(i32([2, 4, 5, 2]), SQUARE.astype(np.float32), _waves(2, 4, 5, 2).astype("f4"), **ONE),
        case(i32([0, 4, 5, 2]), SQUARE, _waves(0, 4, 5, 2), **ONE),
        case(
            i32([2, 4, 5, 2]),
            SQUARE,
            _waves(2, 3, 5, 2),
            raises="[Ss]ize of out_backprop|Size of filter",
            **ONE,
        ),
        case(i32([2, 4, 5, 2]), SQUARE[0], SQUARE, raises="must be rank 4|4-dimensional", **ONE),
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
        check_outer("Conv2DBackpropInput", strides, dilations, data_format)
        ranked(filters, 4)
        batch = ranked(dy, 4)[0]
        found = sized_shape(sizes, 4)
        return (batch if found[0] is None else found[0], *found[1:])

    def numpy(
        sizes: Any,
        filters: Any,
        dy: Any,
        *,
        strides: list[int],
        padding: str,
        explicit_paddings: list[int],
        data_format: str,
        dilations: list[int],
    ) -> Any:
        whole = size_list(sizes, 4, "input_sizes")
        windows = windows_of(
            whole, filters.shape[:2], strides, padding, dilations, data_format, explicit_paddings
        )
        dy = channels_last(dy, data_format)
        check_output(dy, windows, whole[0], filters.shape[-1])
        channels = whole[data_format.index("C")]
        return restored(input_gradient(filters, dy, channels, windows), data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        _, filters, dy = op.inputs
        shape = apply("Shape", filters)
        return [
            None,
            apply("Conv2DBackpropFilter", g, shape, dy, **_attrs(op)),
            apply("Conv2D", g, filters, **_attrs(op)),
        ]


@op(
    "Conv2DBackpropFilter",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    T=FLOATS,
    **ATTRS_2D,
)
class Conv2DBackpropFilter:
    """The gradient of Conv2D with respect to its filters, whose shape is `filter_sizes`."""

    samples = (
        case(IMAGES, i32([3, 3, 2, 2]), _waves(2, 4, 5, 2), **ONE),
        case(IMAGES, i32([3, 3, 2, 2]), _waves(2, 2, 3, 2), **INNER),
        case(IMAGES, i32([2, 2, 2, 2]), _waves(2, 2, 3, 2), **COARSE),
        case(IMAGES, i32([3, 2, 2, 2]), _waves(2, 1, 4, 2), **WIDE),
        case(IMAGES, i32([2, 3, 2, 2]), _waves(2, 4, 5, 2), **HOLES),
        case(IMAGES, i32([2, 3, 2, 2]), _waves(2, 3, 6, 2), **BORDER),
        case(
            IMAGES.transpose(0, 3, 1, 2),
            i32([3, 3, 2, 2]),
            _waves(2, 2, 2, 5),
            strides=[1, 1, 2, 1],
            padding="SAME",
            **FIRST,
        ),
        case(IMAGES.astype("f4"), i32([3, 3, 2, 2]), _waves(2, 4, 5, 2).astype("f4"), **ONE),
        case(IMAGES[:0], i32([3, 3, 2, 2]), _waves(0, 4, 5, 2), **ONE),
        case(
            IMAGES,
            i32([3, 3, 2, 2]),
            _waves(2, 3, 5, 2),
            raises="[Ss]ize of out_backprop",
            **ONE,
        ),
        case(IMAGES[0], i32([3, 3, 2, 2]), IMAGES, raises="must be rank 4|4-dimensional", **ONE),
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
        check_outer("Conv2DBackpropFilter", strides, dilations, data_format)
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
        explicit_paddings: list[int],
        data_format: str,
        dilations: list[int],
    ) -> Any:
        whole = size_list(sizes, 4, "filter_sizes")
        windows = windows_of(
            x.shape, whole[:2], strides, padding, dilations, data_format, explicit_paddings
        )
        dy = channels_last(dy, data_format)
        check_output(dy, windows, len(x), whole[-1])
        return filter_gradient(channels_last(x, data_format), dy, whole, windows)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, _, dy = op.inputs
        return [
            apply("Conv2DBackpropInput", apply("Shape", x), g, dy, **_attrs(op)),
            None,
            apply("Conv2D", x, g, **_attrs(op)),
        ]
