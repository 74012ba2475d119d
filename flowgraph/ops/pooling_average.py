"""The mean of each window of an image or a volume, with gradients to any order."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.conv_rules import check_output, size_list, sized_shape
from flowgraph.ops.kinds import FLOATS
from flowgraph.ops.pooling import POOL_ATTRS, pooling, waves
from flowgraph.ops.pooling_kernels import averages, spread_averages
from flowgraph.ops.pooling_rules import arrange, pooled_shape, rearrange
from flowgraph.ops.sample_values import i32
from flowgraph.ops.spatial_windows import FORMAT_3D, PADDING

__all__ = ["POOL_ATTRS_3D"]

Gradients = list[Any]
POOL_ATTRS_3D: dict[str, Any] = {
    "ksize": attr("list(int)", minimum=5),
    "strides": attr("list(int)", minimum=5),
    "padding": PADDING,
    "data_format": FORMAT_3D,
}
IMAGES = waves(2, 4, 5, 2)
VOLUMES = waves(1, 3, 4, 3, 2)
TWO = pooling((2, 2), (2, 2), "VALID")
SAME = pooling((2, 3), (2, 2), "SAME")
DENSE = pooling((3, 3), (1, 1), "SAME")
SPARSE = pooling((1, 2), (2, 3), "VALID")
CUBES = pooling((2, 2, 2), (2, 2, 1), "SAME")
CORES = pooling((2, 3, 1), (1, 1, 2), "VALID")
FIRST: dict[str, Any] = {
    "ksize": [1, 1, 2, 2],
    "strides": [1, 1, 2, 1],
    "padding": "SAME",
    "data_format": "NCHW",
}


def _pooled(x: Any, *, ksize: list[int], strides: list[int], padding: str, data_format: str) -> Any:
    windows, (x,) = arrange(x.shape, ksize, strides, padding, data_format, x)
    return rearrange(averages(x, windows), ksize, data_format)


def _spread(
    shape: Any, dy: Any, *, ksize: list[int], strides: list[int], padding: str, data_format: str
) -> Any:
    whole = size_list(shape, len(data_format), "orig_input_shape")
    windows, (dy,) = arrange(whole, ksize, strides, padding, data_format, dy)
    check_output(dy, windows, whole[0], whole[data_format.index("C")])
    return rearrange(spread_averages(dy, windows), ksize, data_format)


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in POOL_ATTRS}


@op("AvgPool", "value: T -> output: T", T=FLOATS, **POOL_ATTRS)
class AvgPool:
    """The mean of each window: windows of `ksize` elements, `strides` apart.

    SAME lets windows hang over the border, where they count only the elements they hold; VALID does
    not.
    """

    numpy = _pooled
    samples = (
        *(case(IMAGES, **each) for each in (TWO, SAME, DENSE, SPARSE)),
        case(IMAGES.transpose(0, 3, 1, 2), **FIRST),
        case(IMAGES.astype(np.float32), **DENSE),
        case(IMAGES.astype(np.float16), **TWO),
        case(IMAGES[:0], **TWO),
        case(IMAGES[0], raises="Shape must be rank 4 but is rank 3|must be 4-dimensional", **TWO),
        case(
            IMAGES[:, :1],
            raises="Negative dimension size caused by subtracting 2 from 1"
            "|Computed output size would be negative",
            **TWO,
        ),
    )

    def shape(
        x: Operand, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Dims:
        return pooled_shape("AvgPool", x, ksize, strides, padding, data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("AvgPoolGrad", apply("Shape", op.inputs[0]), dy, **_attrs(op))]


@op(
    "AvgPoolGrad",
    "orig_input_shape: int32, grad: T -> output: T",
    T=FLOATS,
    **POOL_ATTRS,
)
class AvgPoolGrad:
    """The gradient of AvgPool: each window's, shared out evenly to the elements it holds."""

    numpy = _spread
    samples = (
        case(i32([2, 4, 5, 2]), waves(2, 2, 2, 2), **TWO),
        case(i32([2, 4, 5, 2]), waves(2, 2, 3, 2), **SAME),
        case(i32([2, 4, 5, 2]), IMAGES, **DENSE),
        case(i32([2, 4, 5, 2]), waves(2, 2, 2, 2), **SPARSE),
        case(i32([2, 2, 4, 5]), waves(2, 2, 2, 5), **FIRST),
        case(i32([2, 4, 5, 2]), IMAGES.astype(np.float32), **DENSE),
        case(i32([2, 4, 5, 2]), IMAGES.astype(np.float16), **DENSE),
    )

    def shape(dims: Operand, dy: Operand) -> Dims:
        return sized_shape(dims, 4)

    def grad(op: Operation, g: Tensor) -> Gradients:
        return [None, apply("AvgPool", g, **_attrs(op))]


@op("AvgPool3D", "input: T -> output: T", **POOL_ATTRS_3D, T=FLOATS)
class AvgPool3D:
    """`AvgPool` over three spatial axes: [batch, depth, height, width, channels] (NDHWC)."""

    numpy = _pooled
    samples = (
        case(VOLUMES, **CUBES),
        case(VOLUMES, **CORES),
        case(VOLUMES.astype(np.float32), **CUBES),
        case(VOLUMES[0], raises="Shape must be rank 5 but is rank 4|must be 5", **CUBES),
    )

    def shape(
        x: Operand, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Dims:
        return pooled_shape("AvgPool3D", x, ksize, strides, padding, data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("AvgPool3DGrad", apply("Shape", op.inputs[0]), dy, **_attrs(op))]


@op(
    "AvgPool3DGrad",
    "orig_input_shape: int32, grad: T -> output: T",
    **POOL_ATTRS_3D,
    T=FLOATS,
)
class AvgPool3DGrad:
    """The gradient of AvgPool3D."""

    numpy = _spread
    samples = (
        case(i32([1, 3, 4, 3, 2]), waves(1, 2, 2, 3, 2), **CUBES),
        case(i32([1, 3, 4, 3, 2]), waves(1, 2, 2, 2, 2), **CORES),
        case(i32([1, 3, 4, 3, 2]), waves(1, 2, 2, 3, 2).astype(np.float32), **CUBES),
    )

    def shape(dims: Operand, dy: Operand) -> Dims:
        return sized_shape(dims, 5)

    def grad(op: Operation, g: Tensor) -> Gradients:
        return [None, apply("AvgPool3D", g, **_attrs(op))]
