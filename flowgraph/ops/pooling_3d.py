"""The largest of each window of a volume, with gradients to any order."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import REAL
from flowgraph.ops.pooling import pooling, waves
from flowgraph.ops.pooling_average import POOL_ATTRS_3D
from flowgraph.ops.pooling_kernels import maxima, maxima_gradient, picked
from flowgraph.ops.pooling_rules import arrange, pooled_shape, rearrange
from flowgraph.ops.spatial_windows import ranked

__all__: list[str] = []

Gradients = list[Any]
VOLUME_TYPES = (dtypes.bfloat16, dtypes.float16, dtypes.float32)
VOLUMES = waves(1, 3, 4, 3, 2).astype(np.float32)
CUBES = pooling((2, 2, 2), (2, 2, 1), "SAME")
CORES = pooling((2, 3, 1), (1, 1, 2), "VALID")


def _maxima(attrs: dict[str, Any]) -> Any:
    windows, (view,) = arrange(
        VOLUMES.shape, attrs["ksize"], attrs["strides"], attrs["padding"], "NDHWC", VOLUMES
    )
    return maxima(view, windows)


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in POOL_ATTRS_3D}


def _zeros_but(op: Operation, gradient: Tensor) -> Gradients:
    return [*(apply("ZerosLike", each) for each in op.inputs[:2]), gradient]


@op("MaxPool3D", "input: T -> output: T", **POOL_ATTRS_3D, T=VOLUME_TYPES)
class MaxPool3D:
    """`MaxPool` over three spatial axes: [batch, depth, height, width, channels] (NDHWC)."""

    samples = (
        case(VOLUMES, **CUBES),
        case(VOLUMES, **CORES),
        case(VOLUMES.astype(np.float16), **CUBES),
        case(VOLUMES[0], raises="Shape must be rank 5 but is rank 4|must be 5", **CUBES),
    )

    def shape(
        x: Operand, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Dims:
        return pooled_shape("MaxPool3D", x, ksize, strides, padding, data_format)

    def numpy(
        x: Any, *, ksize: list[int], strides: list[int], padding: str, data_format: str
    ) -> Any:
        windows, (x,) = arrange(x.shape, ksize, strides, padding, data_format, x)
        return rearrange(maxima(x, windows), ksize, data_format)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("MaxPool3DGrad", op.inputs[0], op.outputs[0], dy, **_attrs(op))]


@op(
    "MaxPool3DGrad",
    "orig_input: TInput, orig_output: TInput, grad: T -> output: T",
    **POOL_ATTRS_3D,
    T=types(VOLUME_TYPES, dtypes.float32),
    TInput=types(VOLUME_TYPES, dtypes.float32),
)
class MaxPool3DGrad:
    """The gradient of MaxPool3D: each window's goes to the first of its largest elements."""

    samples = tuple(
        case(VOLUMES, _maxima(each), _maxima(each) + 2, grad=False, **each)
        for each in (CUBES, CORES)
    )

    def shape(x: Operand, y: Operand, dy: Operand) -> Dims:
        return ranked(x, 5)

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
        return _zeros_but(op, apply("MaxPool3DGradGrad", x, y, g, **_attrs(op)))


@op(
    "MaxPool3DGradGrad",
    "orig_input: T, orig_output: T, grad: T -> output: T",
    **POOL_ATTRS_3D,
    T=REAL,
)
class MaxPool3DGradGrad:
    """The gradient of MaxPool3DGrad: of numbers arranged as its input, those at the maxima."""

    samples = tuple(
        case(VOLUMES, _maxima(each), VOLUMES + 2, grad=False, **each) for each in (CUBES, CORES)
    )

    def shape(
        x: Operand,
        y: Operand,
        g: Operand,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
        data_format: str,
    ) -> Dims:
        return pooled_shape("MaxPool3DGradGrad", x, ksize, strides, padding, data_format)

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
        return _zeros_but(op, apply("MaxPool3DGrad", x, y, g, **_attrs(op)))
