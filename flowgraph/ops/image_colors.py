"""Colours: hue, saturation and value, and the changes made to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.convert import constant
from flowgraph.graph.declare import case, function_of, spread
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import FLOATS
from flowgraph.ops.sample_values import f32

__all__ = ["hsv_to_rgb", "rgb_to_hsv"]

Array = npt.NDArray[Any]
Gradients = list[Any]

# No two channels are equal, but in the grey, black and primary pixels at the end.
MIXED = np.array(
    [
        [[0.2, 0.5, 0.9], [0.7, 0.1, 0.3], [0.4, 0.8, 0.6]],
        [[0.9, 0.6, 0.2], [0.3, 0.95, 0.05], [0.55, 0.15, 0.85]],
    ]
)
SPECIAL = np.array([[[0.0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1]]])


def _computed(images: Array) -> Array:
    """Half precision is computed in float32."""
    return images.astype(np.float32) if images.dtype.itemsize == 2 else images


def _pixels(images: Operand) -> Dims:
    """The shape of an op on the last axis, which holds three colours."""
    shape = images.dims
    if shape is None:
        return None
    if not shape:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    if shape[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {shape[-1]}")
    return (*shape[:-1], 3)


def hue_saturation(rgb: Array) -> tuple[Array, Array, Array, Array]:
    """Hue in [0, 1), saturation, the greatest and the least channel of [..., 3]."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    most, least = rgb.max(-1), rgb.min(-1)
    span = most - least
    one = rgb.dtype.type(1)
    saturation = np.divide(span, most, out=np.zeros_like(span), where=most > 0)
    unit = np.divide(one / 6, span, out=np.zeros_like(span), where=span > 0)
    hue = np.where(
        red == most,
        unit * (green - blue),
        np.where(
            green == most, unit * (blue - red) + 2 * one / 6, unit * (red - green) + 4 * one / 6
        ),
    )
    hue = np.where(span > 0, hue, 0 * one)
    return np.where(hue < 0, hue + one, hue), saturation, most, least


def colours_of_hue(hue: Array) -> Array:
    """The pure colours [..., 3] of hues: each channel between 0 and 1."""
    ramps = ([3, 2, 4], [1, -1, -1], [-1, 2, 2])
    middle, sign, shift = (np.array(each, hue.dtype) for each in ramps)
    colours: Array = np.clip(sign * np.abs((hue * 6)[..., None] - middle) + shift, 0, 1)
    return colours


FLOATING = types(FLOATS, dtypes.float32)
COLOURED = (
    case(MIXED.astype(np.float32)),
    case(SPECIAL.astype(np.float32), grad=False),
    spread(0.1, 0.9, (4, 3)),
    case(MIXED.astype(np.float16), grad=False),
    case(MIXED[0].astype(dtypes.bfloat16.np), grad=False),
    case(np.zeros((0, 3), np.float32), grad=False),
    case(f32([0.25, 0.75, 0.5])),
    case(np.zeros((2, 4)), raises="Dimension must be 3 but is 4"),
    case(np.float32(1), raises="Shape must be at least rank 1 but is rank 0"),
)


@op("RGBToHSV", "images: T -> output: T", T=FLOATING)
class RGBToHSV:
    """Red, green and blue [..., 3] as hue, saturation and value, all in [0, 1].

    The value is the greatest channel, the saturation the span of the channels over it, and the
    hue the place on the circle of colours: 0 is red, 1/3 green, 2/3 blue.
    """

    shape = _pixels
    samples = COLOURED

    def numpy(images: Any) -> Any:
        hue, saturation, value, _ = hue_saturation(_computed(images))
        return np.stack([hue, saturation, value], -1).astype(images.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x = op.inputs[0]
        dtype = x.dtype.base_dtype
        largest = apply("ArgMax", x, -1)
        most = _one_hot(largest, dtype)
        least = _one_hot(apply("ArgMin", x, -1), dtype)
        # Per greatest channel: what the hue is the difference of.
        difference = constant([[0, 1, -1], [-1, 0, 1], [1, -1, 0]], dtype)
        chosen = apply("GatherV2", difference, largest, 0)
        span = _sum(x * (most - least))
        value = _sum(x * most)
        over_span = apply("DivNoNan", apply("OnesLike", span), span)
        over_value = apply("DivNoNan", apply("OnesLike", value), value)
        d_hue, d_saturation, d_value = apply("Split", -1, dy, num_split=3)
        of_hue = (chosen - _sum(x * chosen) * over_span * (most - least)) * over_span / 6
        of_saturation = (most - least - span * over_value * most) * over_value
        return [d_hue * of_hue + d_saturation * of_saturation + d_value * most]


def _one_hot(index: Tensor, dtype: Any) -> Tensor:
    chosen: Tensor = apply("OneHot", index, 3, constant(1, dtype), constant(0, dtype), axis=-1)
    return chosen


def _sum(x: Tensor) -> Tensor:
    total: Tensor = apply("Sum", x, [-1], keep_dims=True)
    return total


@op("HSVToRGB", "images: T -> output: T", T=FLOATING)
class HSVToRGB:
    """Hue, saturation and value [..., 3] as red, green and blue; the inverse of RGBToHSV."""

    grad = None
    shape = _pixels
    samples = COLOURED

    def numpy(images: Any) -> Any:
        x = _computed(images)
        hue, saturation, value = x[..., 0], x[..., 1:2], x[..., 2:]
        rgb = (1 - saturation + saturation * colours_of_hue(hue)) * value
        return rgb.astype(images.dtype, copy=False)


rgb_to_hsv = function_of("RGBToHSV", "rgb_to_hsv")
hsv_to_rgb = function_of("HSVToRGB", "hsv_to_rgb")

CHANGED = types((dtypes.float16, dtypes.float32), dtypes.float32)


def _image_and_scalar(images: Operand, amount: Operand) -> Dims:
    if amount.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(amount.dims)}")
    if images.dims is not None and len(images.dims) < 3:
        raise ValueError(f"Shape must be at least rank 3 but is rank {len(images.dims)}")
    return images.dims


def _check_channels(images: Array) -> None:
    if images.shape[-1] != 3:
        text = f"input must have 3 channels but instead has {images.shape[-1]} channels."
        raise InvalidArgumentError(None, None, text)


def _samples(*amounts: float) -> Any:
    return (
        *(case(f32(MIXED), f32(amount), grad=False) for amount in amounts),
        case(f32(SPECIAL), f32(amounts[0]), grad=False),
        case(np.stack([f32(MIXED), f32(1 - MIXED)]), f32(amounts[0]), grad=False),
        case(np.zeros((0, 2, 3), np.float32), f32(amounts[0]), grad=False),
        case(f32(MIXED[0]), f32(1), raises="Shape must be at least rank 3 but is rank 2"),
        case(f32(MIXED), f32([1]), raises="Shape must be rank 0 but is rank 1|must be scalar"),
        case(f32(MIXED[..., :2]), f32(1), raises="input must have 3 channels but instead has 2"),
    )


@op("AdjustHue", "images: T, delta: float32 -> output: T", T=CHANGED)
class AdjustHue:
    """RGB images [..., height, width, 3] with `delta`, a fraction of a turn, added to the hue."""

    shape = _image_and_scalar
    samples = _samples(0.25, -0.4, 1.5, 0.0)

    def numpy(images: Any, delta: Any) -> Any:
        _check_channels(images)
        rgb = _computed(images)
        hue, _, most, least = hue_saturation(rgb)
        hue = np.mod(hue + np.float32(delta), np.float32(1))
        least = least[..., None]
        turned = least + (most[..., None] - least) * colours_of_hue(hue)
        return turned.astype(images.dtype, copy=False)


@op("AdjustSaturation", "images: T, scale: float32 -> output: T", T=CHANGED)
class AdjustSaturation:
    """RGB images [..., height, width, 3], their saturation times `scale`, no more than 1."""

    shape = _image_and_scalar
    samples = _samples(0.5, 1.5, 4.0, 0.0)

    def numpy(images: Any, scale: Any) -> Any:
        _check_channels(images)
        hue, saturation, value, _ = hue_saturation(_computed(images))
        scaled = np.clip(saturation * np.float32(scale), 0, 1)[..., None]
        rgb = (1 - scaled + scaled * colours_of_hue(hue)) * value[..., None]
        return rgb.astype(images.dtype, copy=False)


@op("AdjustContrastv2", "images: T, contrast_factor: float32 -> output: T", T=CHANGED)
class AdjustContrastV2:
    """Images [..., height, width, channels], their contrast changed.

    ``(x - mean) * contrast_factor + mean``, where the mean is that of the channel over an image.
    """

    shape = _image_and_scalar
    samples = (
        case(f32(MIXED), f32(0.5), grad=False),
        case(f32(MIXED[..., :2]), f32(2), grad=False),
        case(np.stack([f32(MIXED), f32(MIXED) * 2]), f32(-1.5), grad=False),
        case(np.zeros((0, 2, 3, 1), np.float32), f32(2), grad=False),
        case(f32(MIXED[0]), f32(1), raises="Shape must be at least rank 3 but is rank 2"),
        case(f32(MIXED), f32([1]), raises="Shape must be rank 0 but is rank 1|must be scalar"),
    )

    def numpy(images: Any, contrast_factor: Any) -> Any:
        x = _computed(images)
        mean = x.mean((-3, -2), keepdims=True, dtype=x.dtype) if x.size else 0
        return ((x - mean) * np.float32(contrast_factor) + mean).astype(images.dtype, copy=False)
