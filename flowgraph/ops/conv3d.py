"""Convolution of volumes: the op, and its gradients as ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import INDEX_TYPE
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
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.spatial_windows import FORMAT_3D, PADDING, channels_last, ranked, restored

__all__ = ["ATTRS_3D"]

Gradients = list[Any]
ATTRS_3D: dict[str, Any] = {
    "strides": attr("list(int)", minimum=5),
    "padding": PADDING,
    "data_format": FORMAT_3D,
    "dilations": attr("list(int)", [1, 1, 1, 1, 1]),
}


def _waves(*shape: int) -> Any:
    return np.sin(np.arange(float(np.prod(shape))) * 0.7).reshape(shape)


SAME: dict[str, Any] = {"strides": [1, 1, 1, 1, 1], "padding": "SAME"}
COARSE: dict[str, Any] = {"strides": [1, 2, 1, 2, 1], "padding": "SAME"}
INNER: dict[str, Any] = {"strides": [1, 1, 2, 1, 1], "padding": "VALID"}
FIRST: dict[str, Any] = {**SAME, "data_format": "NCDHW"}
VOLUMES = _waves(1, 3, 4, 3, 2)
CUBE = _waves(2, 2, 2, 2, 2)


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ATTRS_3D}


@op("Conv3D", "input: T, filter: T -> output: T", T=FLOATS, **ATTRS_3D)
class Conv3D:
    """The convolution (cross-correlation) of volumes with filters.

    input is [batch, depth, height, width, channels] (NDHWC; NCDHW has the channels second), filter
    [depth, height, width, channels / groups, outputs]; the rest is as for Conv2D.
    """

    samples = (
        case(VOLUMES, CUBE, **SAME),
        case(VOLUMES, CUBE, **COARSE),
        case(VOLUMES, CUBE, **INNER),
        case(VOLUMES, CUBE[:1, :1, :1], **SAME),
        case(VOLUMES.transpose(0, 4, 1, 2, 3), CUBE, **FIRST),
        case(VOLUMES.astype(np.float32), CUBE.astype(np.float32), **SAME),
        case(VOLUMES[0], CUBE, raises="Shape must be rank 5 but is rank 4", **SAME),
        case(
            VOLUMES[:, :1],
            CUBE,
            raises="Negative dimension size caused by subtracting 2 from 1"
            "|Computed output size would be negative",
            **INNER,
        ),
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
        return conv_shape("Conv3D", x, filters, strides, padding, dilations, data_format)

    def numpy(
        x: Any,
        filters: Any,
        *,
        strides: list[int],
        padding: str,
        data_format: str,
        dilations: list[int],
        out: Any = None,
    ) -> Any:
        windows = windows_of(x.shape, filters.shape[:3], strides, padding, dilations, data_format)
        x = channels_last(x, data_format)
        check_depths(x, filters)
        if data_format == "NDHWC":
            return convolve(x, filters, windows, out)
        return restored(convolve(x, filters, windows), data_format, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x, filters = op.inputs
        return [
            apply("Conv3DBackpropInputV2", apply("Shape", x), filters, dy, **_attrs(op)),
            apply("Conv3DBackpropFilterV2", x, apply("Shape", filters), dy, **_attrs(op)),
        ]


@op(
    "Conv3DBackpropInputV2",
    "input_sizes: Tshape, filter: T, out_backprop: T -> output: T",
    T=FLOATS,
    **ATTRS_3D,
    Tshape=INDEX_TYPE,
)
class Conv3DBackpropInputV2:
    """The gradient of Conv3D with respect to its input, whose shape is `input_sizes`."""

    samples = (
        case(i32([1, 3, 4, 3, 2]), CUBE, _waves(1, 3, 4, 3, 2), **SAME),
        case(i64([1, 3, 4, 3, 2]), CUBE, _waves(1, 2, 4, 2, 2), **COARSE),
        case(i32([1, 3, 4, 3, 2]), CUBE, _waves(1, 2, 2, 2, 2), **INNER),
        case(i32([1, 2, 3, 4, 3]), CUBE, _waves(1, 2, 3, 4, 3), **FIRST),
        case(i32([1, 3, 4, 3, 2]), CUBE.astype("f4"), _waves(1, 3, 4, 3, 2).astype("f4"), **SAME),
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
        check_outer("Conv3DBackpropInputV2", strides, dilations, data_format)
        ranked(filters, 5)
        ranked(dy, 5)
        return sized_shape(sizes, 5)

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
        whole = size_list(sizes, 5, "input_sizes")
        windows = windows_of(whole, filters.shape[:3], strides, padding, dilations, data_format)
        dy = channels_last(dy, data_format)
        check_output(dy, windows, whole[0], filters.shape[-1])
        channels = whole[data_format.index("C")]
        return restored(input_gradient(filters, dy, channels, windows), data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        _, filters, dy = op.inputs
        return [
            None,
            apply("Conv3DBackpropFilterV2", g, apply("Shape", filters), dy, **_attrs(op)),
            apply("Conv3D", g, filters, **_attrs(op)),
        ]


@op(
    "Conv3DBackpropFilterV2",
    "input: T, filter_sizes: int32, out_backprop: T -> output: T",
    T=FLOATS,
    **ATTRS_3D,
)
class Conv3DBackpropFilterV2:
    """The gradient of Conv3D with respect to its filters, whose shape is `filter_sizes`."""

    samples = (
        case(VOLUMES, i32([2, 2, 2, 2, 2]), _waves(1, 3, 4, 3, 2), **SAME),
        case(VOLUMES, i32([2, 2, 2, 2, 2]), _waves(1, 2, 4, 2, 2), **COARSE),
        case(VOLUMES, i32([2, 2, 2, 2, 2]), _waves(1, 2, 2, 2, 2), **INNER),
        case(
            VOLUMES.transpose(0, 4, 1, 2, 3), i32([2, 2, 2, 2, 2]), _waves(1, 2, 3, 4, 3), **FIRST
        ),
        case(
            VOLUMES.astype("f4"), i32([2, 2, 2, 2, 2]), _waves(1, 3, 4, 3, 2).astype("f4"), **SAME
        ),
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
        check_outer("Conv3DBackpropFilterV2", strides, dilations, data_format)
        ranked(x, 5)
        ranked(dy, 5)
        return sized_shape(sizes, 5)

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
        whole = size_list(sizes, 5, "filter_sizes")
        windows = windows_of(x.shape, whole[:3], strides, padding, dilations, data_format)
        dy = channels_last(dy, data_format)
        check_output(dy, windows, len(x), whole[-1])
        return filter_gradient(channels_last(x, data_format), dy, whole, windows)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, _, dy = op.inputs
        return [
            apply("Conv3DBackpropInputV2", apply("Shape", x), g, dy, **_attrs(op)),
            None,
            apply("Conv3D", x, g, **_attrs(op)),
        ]
