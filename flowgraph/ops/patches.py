"""Windows of images and volumes as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.dims import Dims, product
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import REAL
from flowgraph.ops.layout import transpose
from flowgraph.ops.sample_values import f32
from flowgraph.ops.spatial_windows import PADDING, four, output_size, place, ranked

__all__ = ["extract_image_patches", "extract_volume_patches"]

Gradients = list[Any]
IMAGES = np.arange(40.0).reshape(2, 4, 5, 1)
VOLUMES = np.arange(48.0).reshape(1, 3, 4, 2, 2)
INNER: dict[str, Any] = {
    "ksizes": [1, 2, 3, 1],
    "strides": [1, 1, 2, 1],
    "rates": [1, 1, 1, 1],
    "padding": "VALID",
}
HOLES: dict[str, Any] = {**INNER, "rates": [1, 2, 2, 1], "padding": "SAME"}
CUBES: dict[str, Any] = {
    "ksizes": [1, 2, 2, 1, 1],
    "strides": [1, 1, 2, 1, 1],
    "padding": "VALID",
}


def _patch_dims(
    op_type: str,
    x: Operand,
    ksizes: Sequence[int],
    strides: Sequence[int],
    rates: Sequence[int],
    padding: str,
) -> Dims:
    """The static shape of patches."""
    sizes = ranked(x, len(ksizes))
    for what, values in (("ksizes", ksizes), ("strides", strides), ("rates", rates)):
        four(op_type, what, values, len(sizes))
        if values[0] != 1 or values[-1] != 1:
            raise ValueError(f"{op_type} supports no {what} over the batch or the channels")
    lengths = [
        output_size(size, window, stride, rate, padding)
        for size, window, stride, rate in zip(
            sizes[1:-1], ksizes[1:-1], strides[1:-1], rates[1:-1], strict=True
        )
    ]
    depth = None if sizes[-1] is None else sizes[-1] * product(ksizes)
    return (sizes[0], *lengths, depth)


def _patches(
    x: Any, ksizes: Sequence[int], strides: Sequence[int], rates: Sequence[int], padding: str
) -> Any:
    windows = place(
        x.shape[1:-1], tuple(ksizes[1:-1]), tuple(strides[1:-1]), tuple(rates[1:-1]), padding
    )
    parts = windows.patches(windows.padded(x))
    shape = (len(x), *windows.outputs, product(ksizes) * x.shape[-1])
    return np.array(parts, order="C").reshape(shape)


def _gradient(op: Operation, dy: Tensor, count: int) -> Tensor:
    """What flows back: each element's gradients are added up, by the patches of the elements'
    numbers."""
    x = op.inputs[0]
    attrs = {key: value for key, value in op.attrs.items() if key != "T"}
    sizes = apply("Unpack", apply("Shape", x), num=count + 2)
    spaces = apply("Unpack", apply("Shape", op.outputs[0]), num=count + 2)[1:-1]
    batch, inner, channels = sizes[0], sizes[1:-1], sizes[-1]
    elements = inner[0]
    for size in inner[1:]:
        elements = elements * size
    # Padding is zero, so that the elements' numbers start at one.
    numbers = apply("Range", 1, elements + 1, 1)
    grid = apply("Reshape", numbers, apply("Pack", [1, *inner, 1]))
    owners = apply("Reshape", apply(op.type, grid, **attrs), [-1]) - 1
    window = op.attrs["ksizes"][1:-1]
    parts = apply("Reshape", dy, apply("Pack", [batch, *spaces, *window, channels]))
    middle = list(range(1, 2 * count + 1))
    turned = transpose(parts, [*middle, 0, 2 * count + 1])
    flat = apply("Reshape", turned, apply("Pack", [-1, batch * channels]))
    sums = apply("UnsortedSegmentSum", flat, owners, elements)
    whole = apply("Reshape", sums, apply("Pack", [*inner, batch, channels]))
    dx = transpose(whole, [count, *range(count), count + 1])
    dx.set_shape(x.shape)
    return dx


@op(
    "ExtractImagePatches",
    "images: T -> patches: T",
    ksizes=attr("list(int)", minimum=4),
    strides=attr("list(int)", minimum=4),
    rates=attr("list(int)", minimum=4),
    T=REAL,
    padding=PADDING,
)
class ExtractImagePatches:
    """The windows of images, each as the channels of one pixel.

    [batch, height, width, channels] to [batch, rows, columns, prod(ksizes) * channels]; `rates`
    tell how far apart the elements of a window are.
    """

    samples = (
        case(IMAGES, **INNER),
        case(IMAGES, **HOLES),
        case(np.arange(36.0).reshape(1, 3, 4, 3), **{**INNER, "padding": "SAME"}),
        case(f32(IMAGES), **HOLES),
        case(IMAGES.astype(np.uint8), **INNER),
        case(IMAGES[0], raises="must be rank 4|4-dimensional", **INNER),
    )

    def shape(
        x: Operand, *, ksizes: list[int], strides: list[int], rates: list[int], padding: str
    ) -> Dims:
        return _patch_dims("ExtractImagePatches", x, ksizes, strides, rates, padding)

    def numpy(
        x: Any, *, ksizes: list[int], strides: list[int], rates: list[int], padding: str
    ) -> Any:
        return _patches(x, ksizes, strides, rates, padding)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [_gradient(op, dy, 2)]


@op(
    "ExtractVolumePatches",
    "input: T -> patches: T",
    ksizes=attr("list(int)", minimum=5),
    strides=attr("list(int)", minimum=5),
    T=REAL,
    padding=PADDING,
)
class ExtractVolumePatches:
    """The windows of volumes, each as the channels of one element.

    [batch, depth, height, width, channels] to [batch, *windows, prod(ksizes) * channels].
    """

    samples = (
        case(VOLUMES, **CUBES),
        case(VOLUMES, **{**CUBES, "padding": "SAME"}),
        case(f32(VOLUMES), **CUBES),
        case(VOLUMES[0], raises="must be rank 5|5-dimensional", **CUBES),
    )

    def shape(x: Operand, *, ksizes: list[int], strides: list[int], padding: str) -> Dims:
        return _patch_dims("ExtractVolumePatches", x, ksizes, strides, [1] * 5, padding)

    def numpy(x: Any, *, ksizes: list[int], strides: list[int], padding: str) -> Any:
        return _patches(x, ksizes, strides, [1] * 5, padding)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [_gradient(op, dy, 3)]


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
) -> Tensor:
    """The windows of images, each as the channels of one pixel.

    Args:
        images: [batch, height, width, channels].
        ksizes: the sizes of a window, ``[1, rows, columns, 1]``.
        strides: how far apart the windows are, ``[1, rows, columns, 1]``.
        rates: how far apart the elements of a window are, ``[1, rows, columns, 1]``.
        padding: "SAME" (zeros around the images) or "VALID".

    Returns:
        [batch, windows down, windows across, ksizes[1] * ksizes[2] * channels]
    """
    result: Tensor = apply(
        "ExtractImagePatches",
        images,
        ksizes=ksizes,
        strides=strides,
        rates=rates,
        padding=padding,
        name=name,
    )
    return result


def extract_volume_patches(
    input: Any, ksizes: Any, strides: Any, padding: str, name: str | None = None
) -> Tensor:
    """The windows of volumes [batch, depth, height, width, channels]; see `extract_image_patches`.

    Args:
        ksizes: the sizes of a window, ``[1, planes, rows, columns, 1]``.
        strides: how far apart the windows are, likewise.
    """
    result: Tensor = apply(
        "ExtractVolumePatches", input, ksizes=ksizes, strides=strides, padding=padding, name=name
    )
    return result
