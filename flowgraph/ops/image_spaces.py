"""Grey, YIQ and YUV images, and images with mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array
from flowgraph.ops.assertions import assert_equal, assert_greater_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.image_checks import checked
from flowgraph.ops.image_types import convert_image_dtype
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims
from flowgraph.ops.reduce import reduce_mean, reduce_prod
from flowgraph.ops.statistics import reduce_std
from flowgraph.ops.tensordot import tensordot

__all__ = [
    "grayscale_to_rgb",
    "per_image_standardization",
    "rgb_to_grayscale",
    "rgb_to_yiq",
    "rgb_to_yuv",
    "yiq_to_rgb",
    "yuv_to_rgb",
]

_RGB_TO_YIQ = [
    [0.299, 0.59590059, 0.2115],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
]
_YIQ_TO_RGB = [
    [1, 1, 1],
    [0.95598634, -0.27201283, -1.10674021],
    [0.6208248, -0.64720424, 1.70423049],
]
_RGB_TO_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]
_YUV_TO_RGB = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """RGB images [..., 3] as ``0.2989 * red + 0.587 * green + 0.114 * blue``, [..., 1]."""
    with name_scope(name, "rgb_to_grayscale", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        floats = convert_image_dtype(images, dtypes.float32)
        grey = expand_dims(tensordot(floats, [0.2989, 0.5870, 0.1140], [-1, -1]), -1)
        return convert_image_dtype(grey, images.dtype, name=scope)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Grey images [..., 1] as RGB [..., 3].

    Raises:
        ValueError: if the last axis is not of length 1 (InvalidArgumentError when run, where
            that is unknown).
    """
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        images = with_dependencies(_check_grey(images), images)
        outer = expand_dims(array.rank(images) - 1, 0)
        ones = apply("Fill", outer, 1)
        multiples = concat([ones, expand_dims(3, 0)], 0)
        colours = array.tile(images, multiples, name=scope)
        if images.dims is not None:
            colours.set_shape([*images.dims[:-1], 3])
        return colours


def _check_grey(image: Tensor) -> list[Any]:
    text = "Last dimension of a grayscale image should be size 1."
    if image.dims is not None:
        if len(image.dims) < 2:
            raise ValueError("A grayscale image must be at least two-dimensional.")
        if image.dims[-1] not in (None, 1):
            raise ValueError(text)
        if None not in image.dims:
            return []
    return [
        assert_equal(array.shape(image)[-1], 1, message=text),
        assert_greater_equal(
            array.rank(image), 3, message="A grayscale image must be at least two-dimensional."
        ),
    ]


def _linear(images: Any, kernel: Any) -> Tensor:
    images = convert_to_tensor(images, name="images")
    weights = convert_to_tensor(kernel, images.dtype.base_dtype, name="kernel")
    last = -1 if images.dims is None else len(images.dims) - 1
    return tensordot(images, weights, axes=[[last], [0]])


def rgb_to_yiq(images: Any) -> Tensor:
    """RGB images [..., 3] as YIQ: luma and two colour differences."""
    return _linear(images, _RGB_TO_YIQ)


def yiq_to_rgb(images: Any) -> Tensor:
    """The inverse of `rgb_to_yiq`."""
    return _linear(images, _YIQ_TO_RGB)


def rgb_to_yuv(images: Any) -> Tensor:
    """RGB images [..., 3] as YUV: luma and two colour differences."""
    return _linear(images, _RGB_TO_YUV)


def yuv_to_rgb(images: Any) -> Tensor:
    """The inverse of `rgb_to_yuv`."""
    return _linear(images, _YUV_TO_RGB)


def per_image_standardization(image: Any) -> Tensor:
    """Each image as ``(x - mean) / max(deviation, 1 / sqrt(elements))``, in float32.

    Args:
        image: [..., height, width, channels] of numbers.
    """
    with name_scope(None, "per_image_standardization", [image]) as scope:
        floats = cast(checked(image), dtypes.float32)
        count = reduce_prod(array.shape(floats)[-3:])
        axes = [-1, -2, -3]
        mean = reduce_mean(floats, axis=axes, keepdims=True)
        deviation = reduce_std(floats, axis=axes, keepdims=True)
        least = apply("Rsqrt", cast(count, dtypes.float32))
        divisor = apply("Maximum", deviation, least)
        standard: Tensor = apply("RealDiv", floats - mean, divisor, name=scope)
        return standard
