"""Max pooling that also tells where the maxima lie, and its gradients by these places."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX, REAL
from flowgraph.ops.pooling import pooling, waves
from flowgraph.ops.pooling_kernels import first_maxima
from flowgraph.ops.pooling_rules import arrange, pooled_shape
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.spatial_windows import PADDING, ranked

__all__: list[str] = []

Gradients = list[Any]
Array = np.ndarray[Any, Any]
ATTRS: dict[str, Any] = {
    "ksize": attr("list(int)", minimum=4),
    "strides": attr("list(int)", minimum=4),
    "padding": PADDING,
    "include_batch_in_index": False,
}
IMAGES = waves(2, 4, 5, 2)
TWO = pooling((2, 2), (2, 2), "VALID")
DENSE = pooling((3, 2), (1, 1), "SAME")


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ATTRS}


def _located(
    x: Array, ksize: list[int], strides: list[int], padding: str, include_batch: bool
) -> tuple[Array, Array]:
    windows, (x,) = arrange(x.shape, ksize, strides, padding, "NHWC", x)
    y, places = first_maxima(x, windows)
    if include_batch and len(x):
        places += np.arange(len(x)).reshape(-1, 1, 1, 1) * x[0].size
    return y, places


def _flat_places(argmax: Array, shape: tuple[int, ...], include_batch: bool) -> Array:
    """Places counted from the first element of the whole batch.

    Raises:
        InvalidArgumentError: if one lies outside.
    """
    places = argmax.astype(np.int64)
    size = int(np.prod(shape[1:]))
    limit = size * shape[0] if include_batch else size
    if places.size and not (places.min() >= 0 and places.max() < limit):
        text = f"argmax has invalid indices: not all lie in [0, {limit})"
        raise errors.InvalidArgumentError(None, None, text)
    if not include_batch:
        places += np.arange(shape[0]).reshape(-1, 1, 1, 1) * size
    return places


@op(
    "MaxPoolWithArgmax",
    "input: T -> output: T, argmax: Targmax",
    **ATTRS,
    Targmax=types(INDEX, dtypes.int64),
    T=REAL,
)
class MaxPoolWithArgmax:
    """The largest of each window of images [batch, height, width, channels], and where it lies.

    The place of [y, x, channel] is ``(y * width + x) * channels + channel``; with
    `include_batch_in_index`, that in image b is higher by b times an image's size.
    """

    samples = (
        case(IMAGES, **TWO),
        case(IMAGES, **DENSE),
        case(IMAGES, include_batch_in_index=True, **TWO),
        case(f32(IMAGES), Targmax=dtypes.int32, **DENSE),
        case((IMAGES * 2).astype(np.int32), **DENSE),
        case(IMAGES[0], raises="Shape must be rank 4 but is rank 3|must be 4-dim", **TWO),
    )

    def shape(x: Operand, *, ksize: list[int], strides: list[int], padding: str) -> list[Dims]:
        found = pooled_shape("MaxPoolWithArgmax", x, ksize, strides, padding, "NHWC")
        return [found, found]

    def numpy(
        x: Any,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
        include_batch_in_index: bool,
        Targmax: DType,
    ) -> tuple[Any, Any]:
        y, places = _located(x, ksize, strides, padding, include_batch_in_index)
        return y, places.astype(Targmax.np)

    def grad(op: Operation, dy: Tensor, _: Tensor) -> Gradients:
        return [apply("MaxPoolGradWithArgmax", op.inputs[0], dy, op.outputs[1], **_attrs(op))]


PLACES = _located(IMAGES, TWO["ksize"], TWO["strides"], "VALID", False)[1]
PLACES_OF_ALL = _located(IMAGES, DENSE["ksize"], DENSE["strides"], "SAME", True)[1]


@op(
    "MaxPoolGradWithArgmax",
    "input: T, grad: T, argmax: Targmax -> output: T",
    **ATTRS,
    Targmax=INDEX,
    T=REAL,
)
class MaxPoolGradWithArgmax:
    """The gradient of MaxPoolWithArgmax: each window's, at the place of its maximum."""

    samples = (
        case(IMAGES, waves(2, 2, 2, 2), PLACES, grad=False, **TWO),
        case(IMAGES, IMAGES + 1, PLACES_OF_ALL, include_batch_in_index=True, grad=False, **DENSE),
        case(f32(IMAGES), f32(waves(2, 2, 2, 2)), i64(PLACES), grad=False, **TWO),
    )

    def shape(x: Operand, dy: Operand, argmax: Operand) -> Dims:
        return ranked(x, 4)

    def numpy(x: Any, dy: Any, argmax: Any, *, include_batch_in_index: bool) -> Any:
        dx = np.zeros(x.shape, dy.dtype)
        places = _flat_places(argmax, x.shape, include_batch_in_index)
        if dy.dtype.itemsize >= 4 and dy.dtype.kind == "f":
            weights = dy.reshape(-1)
            sums = np.bincount(places.reshape(-1), weights, dx.size) if dx.size else dx
            return sums.reshape(x.shape).astype(dy.dtype)
        np.add.at(dx.reshape(-1), places.reshape(-1), dy.reshape(-1))
        return dx

    def grad(op: Operation, g: Tensor) -> Gradients:
        x, _, argmax = op.inputs
        attrs = _attrs(op)
        zeros = apply("ZerosLike", x)
        return [zeros, apply("MaxPoolGradGradWithArgmax", x, g, argmax, **attrs), None]


@op(
    "MaxPoolGradGradWithArgmax",
    "input: T, grad: T, argmax: Targmax -> output: T",
    **ATTRS,
    Targmax=INDEX,
    T=REAL,
)
class MaxPoolGradGradWithArgmax:
    """The gradient of MaxPoolGradWithArgmax: of numbers arranged as the input, those at places."""

    samples = (
        case(IMAGES, IMAGES + 1, PLACES, grad=False, **TWO),
        case(IMAGES, IMAGES + 1, PLACES_OF_ALL, include_batch_in_index=True, grad=False, **DENSE),
    )

    def shape(
        x: Operand,
        g: Operand,
        argmax: Operand,
        *,
        ksize: list[int],
        strides: list[int],
        padding: str,
    ) -> Dims:
        return pooled_shape("MaxPoolGradGradWithArgmax", x, ksize, strides, padding, "NHWC")

    def numpy(x: Any, g: Any, argmax: Any, *, include_batch_in_index: bool) -> Any:
        places = _flat_places(argmax, x.shape, include_batch_in_index)
        return g.reshape(-1)[places]

    def grad(op: Operation, h: Tensor) -> Gradients:
        x, _, argmax = op.inputs
        attrs = _attrs(op)
        zeros = apply("ZerosLike", x)
        return [zeros, apply("MaxPoolGradWithArgmax", x, h, argmax, **attrs), None]
