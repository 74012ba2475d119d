"""Brightness, contrast, hue, saturation and compression of images, changed or changed at random."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.image_checks import require
from flowgraph.ops.image_types import as_float_image, convert_image_dtype
from flowgraph.ops.random import random_uniform

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_jpeg_quality",
    "adjust_saturation",
    "random_brightness",
    "random_contrast",
    "random_hue",
    "random_jpeg_quality",
    "random_saturation",
]


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """`image` with `delta` added, in its own type.

    Args:
        image: any shape; integers stand for 0 to 1, see `convert_image_dtype`.
        delta: a scalar, on the scale of 0 to 1 (for floats that of the image).
    """
    with name_scope(None, "adjust_brightness", [image, delta]) as scope:
        image = convert_to_tensor(image, name="image")
        floats = as_float_image(image)
        brighter = apply("Add", floats, cast(delta, floats.dtype), name=scope)
        return convert_image_dtype(brighter, image.dtype, saturate=True)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """``(x - mean) * contrast_factor + mean``, the mean being that of a channel over an image.

    Args:
        images: [..., height, width, channels], of any type; integers stand for 0 to 1.
        contrast_factor: a float32 scalar.
    """
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as scope:
        images = convert_to_tensor(images, name="images")
        floats = as_float_image(images)
        changed = apply("AdjustContrastv2", floats, contrast_factor, name=scope)
        return convert_image_dtype(changed, images.dtype, saturate=True)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """``gain * image ** gamma``, in the type of `image`; integers stand for 0 to 1.

    Raises:
        ValueError: if `gamma` is negative (InvalidArgumentError when run, for a tensor).
    """
    with name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert_to_tensor(image, name="image")
        floats = as_float_image(image)
        checks = require(gamma >= 0, "Gamma should be a non-negative real number.")
        if checks:
            gamma = with_dependencies(checks, gamma)
        return convert_image_dtype(gain * floats**gamma, image.dtype, saturate=True)


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """RGB images with `delta` added to the hue.

    Args:
        image: [..., height, width, 3], of any type; integers stand for 0 to 1.
        delta: a float32 scalar in [-1, 1]; 1 is a whole turn of the circle of colours.
    """
    with name_scope(name, "adjust_hue", [image]):
        image = convert_to_tensor(image, name="image")
        turned = apply("AdjustHue", as_float_image(image), delta)
        return convert_image_dtype(turned, image.dtype)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """RGB images with their saturation times `saturation_factor`, at most 1.

    Args:
        image: [..., height, width, 3], of any type; integers stand for 0 to 1.
        saturation_factor: a float32 scalar.
    """
    with name_scope(name, "adjust_saturation", [image]):
        image = convert_to_tensor(image, name="image")
        changed = apply("AdjustSaturation", as_float_image(image), saturation_factor)
        return convert_image_dtype(changed, image.dtype)


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """`image` as it comes out of a JPEG file of the given quality.

    Args:
        image: [height, width, 1 or 3], of any type; integers stand for 0 to 1.
        jpeg_quality: 0 to 100, an int32 scalar.
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert_to_tensor(image, name="image")
        channels = None if image.dims is None else image.dims[-1]
        bytes_ = convert_image_dtype(image, dtypes.uint8, saturate=True)
        quality = convert_to_tensor(jpeg_quality, dtypes.int32)
        contents = apply("EncodeJpegVariableQuality", bytes_, quality)
        decoded = apply("DecodeJpeg", contents, channels=channels or 0)
        return convert_image_dtype(decoded, image.dtype, saturate=True)


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_brightness` by a random number in [-max_delta, max_delta).

    Raises:
        ValueError: if `max_delta` is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def _check_range(lower: float, upper: float) -> None:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_contrast` by a random factor in [lower, upper).

    Raises:
        ValueError: if not 0 <= lower < upper.
    """
    _check_range(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_saturation` by a random factor in [lower, upper).

    Raises:
        ValueError: if not 0 <= lower < upper.
    """
    _check_range(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_hue` by a random number in [-max_delta, max_delta).

    Raises:
        ValueError: if `max_delta` is not in [0, 0.5].
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None
) -> Tensor:
    """`adjust_jpeg_quality` with a random quality in [min_jpeg_quality, max_jpeg_quality).

    Raises:
        ValueError: if not 0 <= min_jpeg_quality < max_jpeg_quality <= 100.
    """
    if not (0 <= min_jpeg_quality <= 100 and 0 <= max_jpeg_quality <= 100):
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = random_uniform([], min_jpeg_quality, max_jpeg_quality, dtype=dtypes.int32, seed=seed)
    return adjust_jpeg_quality(image, quality)
