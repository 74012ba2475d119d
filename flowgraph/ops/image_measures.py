"""Measures of images: differences between pixels, and the likeness of two images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array
from flowgraph.ops.assertions import Assert
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import zeros
from flowgraph.ops.image_types import convert_image_dtype
from flowgraph.ops.joining import concat, stack, unstack
from flowgraph.ops.padding import pad
from flowgraph.ops.reduce import reduce_all, reduce_mean, reduce_prod, reduce_sum
from flowgraph.ops.softmax import softmax

__all__ = ["image_gradients", "psnr", "sobel_edges", "ssim", "ssim_multiscale", "total_variation"]

_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def total_variation(images: Any, name: str | None = None) -> Tensor:
    """The sum of the absolute differences between neighbouring pixels.

    Args:
        images: [height, width, channels], for a scalar, or [batch, height, width, channels], for
            [batch].
    """
    with name_scope(name, "total_variation"):
        rank = None if images.dims is None else len(images.dims)
        if rank not in (3, 4):
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        if rank == 3:
            down = images[1:, :, :] - images[:-1, :, :]
            across = images[:, 1:, :] - images[:, :-1, :]
        else:
            down = images[:, 1:, :, :] - images[:, :-1, :, :]
            across = images[:, :, 1:, :] - images[:, :, :-1, :]
        axes = None if rank == 3 else [1, 2, 3]
        parts = [reduce_sum(apply("Abs", each), axis=axes) for each in (down, across)]
        total: Tensor = parts[0] + parts[1]
        return total


def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """The differences to the pixel below and to the pixel on the right; 0 at the border.

    Args:
        image: [batch, height, width, channels]

    Returns:
        two tensors of the shape of `image`.
    """
    if image.dims is None or len(image.dims) != 4:
        raise ValueError(
            f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {image.get_shape()}."
        )
    shape = array.shape(image)
    batch, height, width, channels = unstack(shape)
    down = image[:, 1:, :, :] - image[:, :-1, :, :]
    across = image[:, :, 1:, :] - image[:, :, :-1, :]
    dtype = image.dtype.base_dtype
    row = zeros(stack([batch, 1, width, channels]), dtype)
    down = array.reshape(concat([down, row], 1), shape)
    column = zeros(stack([batch, height, 1, channels]), dtype)
    across = array.reshape(concat([across, column], 2), shape)
    return down, across


def _correlated(x: Tensor, filters: Tensor) -> Tensor:
    """Every channel with its filters, where these lie within the image."""
    result: Tensor = apply(
        "DepthwiseConv2dNative", x, filters, strides=[1, 1, 1, 1], padding="VALID", name="depthwise"
    )
    return result


def sobel_edges(image: Any) -> Tensor:
    """The Sobel derivatives of images, downwards and to the right.

    Args:
        image: [batch, height, width, channels], floating point.

    Returns:
        [batch, height, width, channels, 2]
    """
    static, shape = image.get_shape(), array.shape(image)
    vertical = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    kernels = constant(np.stack([vertical, vertical.T], 2)[:, :, None], image.dtype.base_dtype)
    kernels = array.tile(kernels, [1, 1, shape[-1], 1], name="sobel_filters")
    framed = pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = _correlated(framed, kernels)
    edges = array.reshape(edges, concat([shape, [2]], 0))
    edges.set_shape(static.concatenate([2]))
    return edges


def _compatible(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, list[Operation]]:
    """The shapes of two images (batches), and checks that they can be compared.

    Raises:
        ValueError: if they cannot, as far as is known.
    """
    one, two = (each.get_shape().with_rank_at_least(3) for each in (first, second))
    one[-3:].assert_is_compatible_with(two[-3:])
    if first.dims is not None and second.dims is not None:
        pairs = zip(reversed(first.dims[:-3]), reversed(second.dims[:-3]), strict=False)
        if any(x != y and x not in (1, None) and y not in (1, None) for x, y in pairs):
            raise ValueError(f"Two images are not compatible: {one} and {two}")
    shape1, shape2 = array.shape_n([first, second])
    enough = Assert(apply("GreaterEqual", array.size(shape1), 3), [shape1, shape2], summarize=10)
    equal = reduce_all(apply("Equal", shape1[-3:], shape2[-3:]))
    return shape1, shape2, [enough, Assert(equal, [shape1, shape2], summarize=10)]


def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The peak signal-to-noise ratio, ``10 * log10(max_val^2 / mean((a - b)^2))``.

    Args:
        a, b: [..., height, width, channels], of one type.
        max_val: the greatest value a pixel can have.

    Returns:
        float32 [...], infinite for equal images.
    """
    with name_scope(name, "PSNR", [a, b]):
        limit = convert_image_dtype(cast(max_val, a.dtype), dtypes.float32)
        a, b = (convert_image_dtype(each, dtypes.float32) for each in (a, b))
        error = reduce_mean(apply("SquaredDifference", a, b), [-3, -2, -1])
        peak = 20 * apply("Log", limit) / apply("Log", 10.0)
        noise = np.float32(10 / math.log(10)) * apply("Log", error)
        ratio = apply("Sub", peak, noise, name="psnr")
        _, _, checks = _compatible(a, b)
        with control_dependencies(checks):
            result: Tensor = apply("Identity", ratio)
            return result


def _gaussian(size: Tensor, sigma: Tensor) -> Tensor:
    """A Gaussian window [size, size, 1, 1] whose elements add up to 1."""
    places = cast(apply("Range", 0, size, 1), sigma.dtype)
    places = places - cast(size - 1, sigma.dtype) / 2.0
    exponents = apply("Square", places) * (-0.5 / apply("Square", sigma))
    plane = array.reshape(exponents, [1, -1]) + array.reshape(exponents, [-1, 1])
    weights = softmax(array.reshape(plane, [1, -1]))
    return array.reshape(weights, apply("Pack", [size, size, 1, 1]))


def _likeness(
    first: Tensor, second: Tensor, max_val: Tensor, size: int, sigma: float, k1: float, k2: float
) -> tuple[Tensor, Tensor]:
    """SSIM and its part of contrast and structure, [..., channels], means over all windows."""
    length, deviation = constant(size, dtypes.int32), constant(sigma, first.dtype.base_dtype)
    shape1, shape2 = array.shape_n([first, second])
    checks = [
        Assert(
            reduce_all(apply("GreaterEqual", shape[-3:-1], length)), [shape, length], summarize=8
        )
        for shape in (shape1, shape2)
    ]
    with control_dependencies(checks):
        first = apply("Identity", first)
    window = array.tile(_gaussian(length, deviation), apply("Pack", [1, 1, shape1[-1], 1]))

    def local_mean(x: Tensor) -> Tensor:
        shape = array.shape(x)
        flat = array.reshape(x, concat([[-1], shape[-3:]], 0))
        means = _correlated(flat, window)
        return array.reshape(means, concat([shape[:-3], array.shape(means)[1:]], 0))

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean1, mean2 = local_mean(first), local_mean(second)
    product = mean1 * mean2 * 2.0
    squares = apply("Square", mean1) + apply("Square", mean2)
    luminance = (product + c1) / (squares + c1)
    of_products = local_mean(first * second) * 2.0
    of_squares = local_mean(apply("Square", first) + apply("Square", second))
    structure = (of_products - product + c2) / (of_squares - squares + c2)
    axes = constant([-3, -2], dtypes.int32)
    return reduce_mean(luminance * structure, axes), reduce_mean(structure, axes)


def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The structural similarity of images, at most 1, over Gaussian windows.

    With local means m, variances v and covariance c of both images, c1 = (k1 * max_val)^2 and
    c2 = (k2 * max_val)^2, it is the mean of
    ``(2 m1 m2 + c1) (2 c + c2) / ((m1^2 + m2^2 + c1) (v1 + v2 + c2))``.

    Args:
        img1, img2: [..., height, width, channels], of one type, at least as large as the window.
        max_val: the greatest value a pixel can have.
        filter_size, filter_sigma: of the window.

    Returns:
        float32 [...]
    """
    with name_scope(None, "SSIM", [img1, img2]):
        first, second, limit, _ = _prepared(img1, img2, max_val)
        each, _ = _likeness(first, second, limit, filter_size, filter_sigma, k1, k2)
        likeness: Tensor = reduce_mean(each, [-1])
        return likeness


def _prepared(img1: Any, img2: Any, max_val: Any) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """Both images and the greatest value as float32, and the images' shapes."""
    first = convert_to_tensor(img1, name="img1")
    second = convert_to_tensor(img2, name="img2")
    shape1, shape2, checks = _compatible(first, second)
    with control_dependencies(checks):
        first = apply("Identity", first)
    limit = convert_image_dtype(cast(max_val, first.dtype), dtypes.float32)
    first = convert_image_dtype(first, dtypes.float32)
    second = convert_image_dtype(second, dtypes.float32)
    return first, second, limit, [shape1, shape2]


def _halved(image: Tensor, head: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
    """Means of 2 x 2 pixels; odd sizes are made even by repeating the border. And the new tail."""
    flat = array.reshape(image, concat([[-1], tail], 0))
    odd = apply("FloorMod", tail, constant([2, 2, 1], dtypes.int32))
    behind = concat([[0], odd], 0)
    borders = apply("Pack", [apply("ZerosLike", behind), behind], axis=1)
    even = pad(flat, borders, mode="SYMMETRIC")
    half = apply("AvgPool", even, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    new_tail = array.shape(half)[1:]
    return array.reshape(half, concat([head, new_tail], 0)), new_tail


def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Any = _SCALE_WEIGHTS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Tensor:
    """The similarity of images at several scales, each half as large as the one before.

    It is the product of the contrast and structure parts of `ssim` at all scales but the last,
    and of `ssim` at that, each to the power of its factor.

    Args:
        img1, img2, max_val, filter_size, filter_sigma, k1, k2: of `ssim`.
        power_factors: one for each scale.

    Returns:
        float32 [...]
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        first, second, limit, shapes = _prepared(img1, img2, max_val)
        images = [first, second]
        heads = [shape[:-3] for shape in shapes]
        tails = [shape[-3:] for shape in shapes]
        parts: list[Tensor] = []
        for scale in range(len(power_factors)):
            with name_scope(None, f"Scale{scale}", images):
                if scale:
                    halves = [_halved(*each) for each in zip(images, heads, tails, strict=True)]
                    images, tails = [half for half, _ in halves], [tail for _, tail in halves]
                whole, structure = _likeness(
                    images[0], images[1], limit, filter_size, filter_sigma, k1, k2
                )
                last = scale == len(power_factors) - 1
                parts.append(apply("Relu", whole if last else structure))
        powers = apply("Pow", stack(parts, axis=-1), power_factors)
        likeness: Tensor = reduce_mean(reduce_prod(powers, [-1]), [-1])
        return likeness
