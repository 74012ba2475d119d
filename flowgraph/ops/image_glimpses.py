"""Glimpses: windows around points, which may leave the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.philox import PhiloxState
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import random_kernels
from flowgraph.ops.sample_values import f32, i32

__all__ = ["extract_glimpse"]

Array = npt.NDArray[Any]
NOISES = ("uniform", "gaussian", "zero")

IMAGES = f32((np.arange(108) * 7 % 23 - 11) / 4).reshape(2, 6, 9, 1)
OFFSETS = f32([[0.5, 0.25], [-0.9, 0.9]])
ZERO: dict[str, Any] = {"uniform_noise": False, "noise": "zero"}


def _noise(kind: str, image: Array, shape: tuple[int, ...], state: PhiloxState) -> Array:
    if kind == "zero" or not image.size:
        return np.zeros(shape, np.float32)
    if kind == "uniform":
        low, high = image.min(), image.max()
        noise: Array = random_kernels.random_uniform(state, shape, np.float32) * (high - low) + low
        return noise
    pixels = image.reshape(-1, image.shape[-1])
    drawn = random_kernels.random_standard_normal(state, shape, np.float32)
    noise = np.clip(drawn * pixels.std(0) + pixels.mean(0), pixels.min(0), pixels.max(0))
    return noise


def _overlap(start: int, wanted: int, length: int) -> tuple[slice, slice]:
    """The common part of a window and an axis, as seen from the one and the other."""
    first, last = max(start, 0), max(min(start + wanted, length), 0)
    last = max(first, last)
    return slice(first - start, last - start), slice(first, last)


@op(
    "ExtractGlimpse",
    "input: float32, size: int32, offsets: float32 -> glimpse: float32",
    centered=True,
    normalized=True,
    uniform_noise=True,
    noise="uniform",
)
class ExtractGlimpse:
    """Windows of `size` around one point of each image [batch, height, width, channels].

    Points are y, x: with `normalized` 1 is the height (width), otherwise pixels; with `centered`
    0 is the middle of the image and the unit half as large, otherwise 0 is the upper left corner.
    What lies outside of the image is filled with noise: "uniform" between the image's least and
    greatest value, "gaussian" with each channel's mean and deviation, or "zero".
    """

    stateful = True
    grad = None
    samples = (
        case(IMAGES, i32([3, 4]), OFFSETS, **ZERO),
        case(IMAGES, i32([3, 2]), f32([[0, 0], [0.1, -0.2]])),
        case(IMAGES, i32([3, 4]), f32([[2, 3], [-1.5, -2.5]]), normalized=False, **ZERO),
        case(IMAGES, i32([3, 4]), f32([[0.5, 0.25], [0.99, 0.99]]), centered=False, **ZERO),
        case(IMAGES, i32([2, 4]), f32([[-0.9, 0.9], [2.6, 3.4]]), **ZERO),
        case(
            IMAGES,
            i32([2, 4]),
            f32([[-1.5, -2.5], [2.6, 3.4]]),
            centered=False,
            normalized=False,
            **ZERO,
        ),
        case(IMAGES, i32([3]), OFFSETS, raises="Dimension must be 2 but is 1"),
        case(IMAGES, i32([3, 4]), OFFSETS[:1], raises="must be equal, but are 2 and 1"),
        case(IMAGES, i32([3, 4]), OFFSETS[0], raises="Shape must be rank 2 but is rank 1"),
        case(IMAGES[0], i32([3, 4]), OFFSETS, raises="Shape must be rank 4 but is rank 3"),
    )

    def shape(input: Operand, size: Operand, offsets: Operand) -> Dims:
        for operand, rank in ((input, 4), (size, 1), (offsets, 2)):
            if operand.dims is not None and len(operand.dims) != rank:
                raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
        batch, _, _, channels = dims.with_rank(input.dims, 4)
        points, axes = dims.with_rank(offsets.dims, 2)
        if None not in (batch, points) and batch != points:
            raise ValueError(f"Dimensions must be equal, but are {batch} and {points}")
        if axes not in (None, 2):
            raise ValueError(f"Dimension must be 2 but is {axes}")
        if size.dims not in (None, (None,), (2,)):
            raise ValueError(f"Dimension must be 2 but is {size.dims[0]}")
        wanted = size.const_value()
        height, width = (None, None) if wanted is None else (int(each) for each in wanted)
        return points if batch is None else batch, height, width, channels

    def new_state() -> PhiloxState:
        return PhiloxState(0, 0)

    def numpy(
        input: Any,
        size: Any,
        offsets: Any,
        *,
        centered: bool,
        normalized: bool,
        uniform_noise: bool,
        noise: str,
        state: PhiloxState,
    ) -> Any:
        if noise not in NOISES:
            text = f"ExtractGlimpse: noise must be one of {NOISES}, got {noise!r}"
            raise InvalidArgumentError(None, None, text)
        lengths, wanted = np.array(input.shape[1:3], np.float32), size.astype(np.float32)
        starts = offsets * lengths if normalized else offsets
        if centered:
            starts = starts / 2 + lengths / 2
        starts = np.trunc(starts - wanted / 2).astype(int).tolist()
        window = (*size.tolist(), input.shape[3])
        glimpses = np.empty((len(input), *window), np.float32)
        for image, (top, left), glimpse in zip(input, starts, glimpses, strict=True):
            down, rows = _overlap(top, window[0], image.shape[0])
            across, columns = _overlap(left, window[1], image.shape[1])
            part = image[rows, columns]
            if part.shape != window:
                glimpse[...] = _noise(noise, image, window, state)
            glimpse[down, across] = part
        return glimpses


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    name: str | None = None,
) -> Tensor:
    """Windows of one size around one point of each image.

    Args:
        input: float32 [batch, height, width, channels]
        size: [window height, window width]
        offsets: float32 [batch, 2], the points: y, x.
        centered: 0, 0 is the middle of the image, otherwise its upper left corner; the unit is
            then half as large.
        normalized: 1 is the height (width) of the image, otherwise a pixel.
        uniform_noise: accepted for compatibility: what lies outside of the image is uniform noise
            between its least and its greatest value.

    Returns:
        float32 [batch, window height, window width, channels]
    """
    glimpses: Tensor = apply(
        "ExtractGlimpse",
        input,
        size,
        offsets,
        centered=centered,
        normalized=normalized,
        uniform_noise=uniform_noise,
        name=name,
    )
    return glimpses
