"""Grayscale dilation and erosion of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import REAL
from flowgraph.ops.pooling_kernels import masked
from flowgraph.ops.sample_values import f32
from flowgraph.ops.spatial_windows import PADDING, Windows, four, output_size, place, ranked

__all__ = ["dilation2d", "erosion2d"]

Gradients = list[Any]
Array = np.ndarray[Any, Any]
ATTRS: dict[str, Any] = {
    "strides": attr("list(int)", minimum=4),
    "rates": attr("list(int)", minimum=4),
    "padding": PADDING,
}
SAME: dict[str, Any] = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}
HOLES: dict[str, Any] = {"strides": [1, 1, 2, 1], "rates": [1, 2, 1, 1], "padding": "VALID"}
IMAGES = np.sin(np.arange(40.0) * 1.7).reshape(1, 4, 5, 2)
BUMP = np.cos(np.arange(12.0) * 2.3).reshape(2, 3, 2)


def _place(x: Array, filters: Array, strides: Any, rates: Any, padding: str) -> Windows:
    if x.shape[-1] != filters.shape[-1]:
        text = f"input and filter must have the same depth: {x.shape[-1]} vs {filters.shape[-1]}"
        raise errors.InvalidArgumentError(None, None, text)
    moves, holes = tuple(strides[1:3]), tuple(rates[1:3])
    return place(x.shape[1:3], filters.shape[:2], moves, holes, padding)


def _dilate(x: Array, filters: Array, windows: Windows) -> Array:
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    y = np.full((len(x), *windows.outputs, x.shape[-1]), lowest, x.dtype)
    for offset, inside, outside in windows.steps:
        target = y[outside]
        np.maximum(target, x[inside] + filters[offset], out=target)
    return y


def _hits(x: Array, filters: Array, windows: Windows) -> Any:
    """For each offset into a window, where the first of the largest sums lies at it."""
    y = _dilate(x, filters, windows)
    pending = np.ones(y.shape, np.bool_)
    for offset, inside, outside in windows.steps:
        still = pending[outside]
        hit = np.equal(x[inside] + filters[offset], y[outside])
        hit &= still
        still ^= hit
        yield offset, inside, outside, hit


def _attrs(op: Operation) -> dict[str, Any]:
    return {key: op.attrs[key] for key in ATTRS}


@op("Dilation2D", "input: T, filter: T -> output: T", T=REAL, **ATTRS)
class Dilation2D:
    """Grayscale dilation: the largest sum of pixels and structuring function in each window.

    ``output[b, y, x, c] = max over i, j of
    input[b, strides[1] * y + rates[1] * i, strides[2] * x + rates[2] * j, c] + filter[i, j, c]``
    """

    samples = (
        case(IMAGES, BUMP, **SAME),
        case(IMAGES, BUMP, **HOLES),
        case(f32(IMAGES), f32(BUMP), **SAME),
        case((9 * IMAGES).astype(np.int32), (4 * BUMP).astype(np.int32), grad=False, **SAME),
        case(IMAGES[0], BUMP, raises="must be rank 4|4-dimensional", **SAME),
        case(
            IMAGES, BUMP[..., :1], raises="Dimensions must be equal, but are 2 and 1|depth", **SAME
        ),
    )

    def shape(
        x: Operand, filters: Operand, *, strides: list[int], rates: list[int], padding: str
    ) -> Dims:
        sizes = ranked(x, 4)
        *window, depth = ranked(filters, 3)
        four("Dilation2D", "stride", strides)
        four("Dilation2D", "rates", rates)
        if {strides[0], strides[3], rates[0], rates[3]} != {1}:
            raise ValueError("Stride and rate must be 1 for the batch and depth dimensions")
        channels = sizes[3]
        if channels is not None and depth is not None and channels != depth:
            raise ValueError(f"Dimensions must be equal, but are {channels} and {depth}")
        lengths = [
            output_size(size, length, stride, rate, padding)
            for size, length, stride, rate in zip(
                sizes[1:3], window, strides[1:3], rates[1:3], strict=True
            )
        ]
        return (sizes[0], *lengths, depth if channels is None else channels)

    def numpy(x: Any, filters: Any, *, strides: list[int], rates: list[int], padding: str) -> Any:
        return _dilate(x, filters, _place(x, filters, strides, rates, padding))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [
            apply("Dilation2DBackpropInput", *op.inputs, dy, **_attrs(op)),
            apply("Dilation2DBackpropFilter", *op.inputs, dy, **_attrs(op)),
        ]


CHANGES = np.arange(40.0).reshape(1, 4, 5, 2) / 8


@op(
    "Dilation2DBackpropInput",
    "input: T, filter: T, out_backprop: T -> in_backprop: T",
    T=REAL,
    **ATTRS,
)
class Dilation2DBackpropInput:
    """The gradient of Dilation2D by its input: each window's goes to the pixel of the maximum."""

    samples = (
        case(IMAGES, BUMP, CHANGES, grad=False, **SAME),
        case(IMAGES, BUMP, CHANGES[:, :2, :2], grad=False, **HOLES),
        case(f32(IMAGES), f32(BUMP), f32(CHANGES), grad=False, **SAME),
    )

    def shape(x: Operand, filters: Operand, dy: Operand) -> Dims:
        return x.dims

    def numpy(
        x: Any, filters: Any, dy: Any, *, strides: list[int], rates: list[int], padding: str
    ) -> Any:
        dx = np.zeros_like(x)
        windows = _place(x, filters, strides, rates, padding)
        for _, inside, outside, hit in _hits(x, filters, windows):
            dx[inside] += masked(dy[outside], hit)
        return dx


@op(
    "Dilation2DBackpropFilter",
    "input: T, filter: T, out_backprop: T -> filter_backprop: T",
    T=REAL,
    **ATTRS,
)
class Dilation2DBackpropFilter:
    """The gradient of Dilation2D by its filter: each window's goes to the place of the maximum."""

    samples = (
        case(IMAGES, BUMP, CHANGES, grad=False, **SAME),
        case(IMAGES, BUMP, CHANGES[:, :2, :2], grad=False, **HOLES),
        case(f32(IMAGES), f32(BUMP), f32(CHANGES), grad=False, **SAME),
    )

    def shape(x: Operand, filters: Operand, dy: Operand) -> Dims:
        return filters.dims

    def numpy(
        x: Any, filters: Any, dy: Any, *, strides: list[int], rates: list[int], padding: str
    ) -> Any:
        gradient = np.zeros_like(filters)
        windows = _place(x, filters, strides, rates, padding)
        for offset, _, outside, hit in _hits(x, filters, windows):
            gradient[offset] = masked(dy[outside], hit).sum((0, 1, 2), dtype=dy.dtype)
        return gradient


def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Sequence[int] | None = None,
    rates: Sequence[int] | None = None,
    padding: str | None = None,
    name: str | None = None,
) -> Tensor:
    """Grayscale dilation: the largest sum of pixels and structuring function in each window.

    Args:
        input: [batch, height, width, channels].
        filter: the structuring function, [height, width, channels].
        strides: how far apart the windows are, ``[1, rows, columns, 1]``.
        rates: how far apart the elements of a window are, ``[1, rows, columns, 1]``.
        padding: "SAME" or "VALID".

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    result: Tensor = apply(
        "Dilation2D", input, filter, strides=strides, rates=rates, padding=padding, name=name
    )
    return result


def erosion2d(
    value: Any,
    kernel: Any,
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
    name: str | None = None,
) -> Tensor:
    """Grayscale erosion: the least difference of pixels and structuring function in each window.

    ``output[b, y, x, c] = min over i, j of
    value[b, strides[1] * y - rates[1] * i, strides[2] * x - rates[2] * j, c] - kernel[i, j, c]``

    The arguments are those of `dilation2d`.
    """
    with name_scope(name, "erosion2d", [value, kernel]) as scope:
        negated = apply("Neg", convert_to_tensor(value))
        mirrored = apply("ReverseV2", kernel, [0, 1])
        dilated = dilation2d(negated, mirrored, strides, rates, padding, scope)
        result: Tensor = apply("Neg", dilated)
        return result
