"""The largest of each window of an image, with gradients to any order."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import FLOATS, REAL
from flowgraph.ops.pooling_kernels import maxima, maxima_gradient, picked
from flowgraph.ops.pooling_rules import arrange, pooled_shape, rearrange
from flowgraph.ops.sample_values import f32
from flowgraph.ops.spatial_windows import FORMAT_2D, PADDING, ranked

__all__ = ["POOL_ATTRS", "POOL_TYPES", "pooling", "waves"]

Gradients = list[Any]
POOL_TYPES = (
    *FLOATS,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.int16,
    dtypes.int8,
    dtypes.uint16,
)
POOL_ATTRS: dict[str, Any] = {
    "ksize": attr("list(int)", minimum=4),
    "strides": attr("list(int)", minimum=4),
    "padding": PADDING,
    "data_format": FORMAT_2D,
}


def waves(*shape: int) -> Any:
    """An array of numbers without order."""
    return np.sin(np.arange(float(np.prod(shape))) * 1.7).reshape(shape)


def pooling(ksize: Any, strides: Any, padding: str, **others: Any) -> dict[str, Any]:
    """Attributes of pooling; ksize and strides are those of the spatial axes."""
    return {"ksize": [1, *ksize, 1], "strides": [1, *strides, 1], "padding": padding, **others}


TWO = pooling((2, 2), (2, 2), "VALID")
SAME = pooling((2, 2), (2, 2), "SAME")
DENSE = pooling((3, 3), (1, 1), "SAME")
LONG = pooling((3, 2), (2, 1), "VALID")
SPARSE = pooling((1, 2), (2, 3), "SAME")
DEEP: dict[str, Any] = {"ksize": [1, 1, 1, 2], "strides": [1, 1, 1, 2], "padding": "VALID"}
FIRST: dict[str, Any] = {
    "ksize": [1, 1, 2, 2],
    "strides": [1, 1, 2, 1],
    "padding": "SAME",
    "data_format": "NCHW",
}
IMAGES = waves(2, 4, 5, 2)
TIES = np.array([[1, 2, 2], [2, 1, 2], [2, 2, 2]], np.float64).reshape(1, 3, 3, 1)
WINDOWS = (TWO, SAME, DENSE, LONG, SPARSE)


@op("MaxPool", "input: T -> output: T", T=types(POOL_TYPES, dtypes.float32), **POOL_ATTRS)
class MaxPool:
    """The largest of each window: windows of `ksize` elements, `strides` apart.

    SAME lets windows hang over the border, such that output sizes are ``ceil(size / stride)``;
    VALID does not.
    """

    samples = (
        *(case(IMAGES, **each) for each in WINDOWS),
        case(IMAGES, grad=False, **DEEP),
        case(IMAGES.transpose(0, 3, 1, 2), **FIRST),
        case(TIES, grad=False, **DENSE),
        case(IMAGES.astype(np.float32), **SAME),
        case(IMAGES.astype(np.float16), **SAME),
        case((9 * IMAGES).astype(np.int32), **SAME),
        case((9 * IMAGES).astype(np.int8), **DENSE),
        case(IMAGES[:0], **TWO),
        case(IMAGES[0], raises="Shape must be rank 4 but is rank 3|must be 4-dimensional", **TWO),
        case(
            IMAGES[:, :2],
            raises="Negative dimension size caused by subtracting 3 from 2"
            "|Computed output size would be negative",
            **LONG,
        ),
        case(IMAGES, ksize=[2, 1, 1, 1], strides=[1, 1, 1, 1], padding="SAME", raises="batch dim"),
        case(IMAGES, ksize=[1, 2, 2, 1], strides=[1, 0, 1, 1], padding="SAME", raises="[Ss]tride"),
    )

    def shape(
        x: Operand, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Dims:
        return pooled_shape("MaxPool", x, ksize, strides, padding, data_format)

    def numpy(
        x: Any, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Any:
        windows, (x,) = arrange(x.shape, ksize, strides, padding, data_format, x)
        return rearrange(maxima(x, windows), ksize, data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("MaxPoolGrad", op.inputs[0], op.outputs[0], dy, **_attrs(op))]


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in POOL_ATTRS}


def _gradient_shape(x: Operand, y: Operand, dy: Operand) -> Dims:
    return ranked(x, 4)


def _zeros_but(op: Operation, gradient: Tensor, count: int = 0) -> Gradients:
    """Zeros for input and output of the pooling, by which it is not differentiable again."""
    zeros = [apply("ZerosLike", each) for each in op.inputs[:2]]
    return [*zeros, gradient, *[None] * count]


def _maxima(x: Any, attrs: dict[str, Any]) -> Any:
    windows, (view,) = arrange(
        x.shape, attrs["ksize"], attrs["strides"], attrs["padding"], "NHWC", x
    )
    return maxima(view, windows)


POOLED = tuple((IMAGES, _maxima(IMAGES, each), each) for each in WINDOWS)
GRADIENTS = (
    *(case(x, y, waves(*y.shape) + 2, grad=False, **each) for x, y, each in POOLED),
    case(f32(IMAGES), f32(POOLED[2][1]), f32(IMAGES), grad=False, **DENSE),
    case(TIES, _maxima(TIES, DENSE), TIES, grad=False, **DENSE),
)


@op(
    "MaxPoolGrad",
    "orig_input: T, orig_output: T, grad: T -> output: T",
    T=types(REAL, dtypes.float32),
    **POOL_ATTRS,
)
class MaxPoolGrad:
    """The gradient of MaxPool: each window's goes to the first of its largest elements."""

    samples = (
        *GRADIENTS,
        case(
            waves(2, 2, 4, 5),
            _maxima(
                waves(2, 2, 4, 5).transpose(0, 2, 3, 1), pooling((2, 2), (2, 1), "SAME")
            ).transpose(0, 3, 1, 2),
            waves(2, 2, 2, 5),
            grad=False,
            **FIRST,
        ),
    )
    shape = _gradient_shape

    def numpy(
        x: Any,
        y: Any,
        dy: Any,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
        data_format: str,
    ) -> Any:
        windows, (x, y, dy) = arrange(x.shape, ksize, strides, padding, data_format, x, y, dy)
        return rearrange(maxima_gradient(x, y, dy, windows), ksize, data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, y, _ = op.inputs
        return _zeros_but(op, apply("MaxPoolGradGrad", x, y, g, **_attrs(op)))


@op(
    "MaxPoolGradGrad",
    "orig_input: T, orig_output: T, grad: T -> output: T",
    T=REAL,
    **POOL_ATTRS,
)
class MaxPoolGradGrad:
    """The gradient of MaxPoolGrad: of numbers arranged as its input, those at the maxima."""

    samples = (
        *(case(x, y, waves(*x.shape) + 2, grad=False, **each) for x, y, each in POOLED),
        case(f32(IMAGES), f32(POOLED[1][1]), f32(IMAGES) + 2, grad=False, **SAME),
    )

    def shape(
        x: Operand,
        y: Operand,
        dy: Operand,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
        data_format: str,
    ) -> Dims:
        return pooled_shape("MaxPoolGradGrad", x, ksize, strides, padding, data_format)

    def numpy(
        x: Any,
        y: Any,
        g: Any,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
        data_format: str,
    ) -> Any:
        windows, (x, y, g) = arrange(x.shape, ksize, strides, padding, data_format, x, y, g)
        return rearrange(picked(x, y, g, windows), ksize, data_format)

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, y, _ = op.inputs
        return _zeros_but(op, apply("MaxPoolGrad", x, y, g, **_attrs(op)))
