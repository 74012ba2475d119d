"""Convolution as the books introduce it: filters made by hand, flipped kernels, shifted copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flowgraph as tf

__all__ = [
    "convolve",
    "convolve_by_deltas",
    "correlate",
    "dilated_stack",
    "grouped_conv2d",
    "horizontal_line_filter",
    "ketchup_filter",
    "min_pool",
]


def horizontal_line_filter(rows: int = 4, columns: int = 4) -> list[list[float]]:
    """+1 in the upper half of the rows, -1 in the lower (Charniak, figure 3.1)."""
    return [[1.0 if row < rows // 2 else -1.0] * columns for row in range(rows)]


def ketchup_filter(columns: int = 4) -> list[list[list[float]]]:
    """RGB weights [3, columns, 3] that like red over cyan (Charniak, figure 3.5)."""
    return [[[1.0, -1.0, -1.0]] * columns] + [[[-1.0, 1.0, 1.0]] * columns] * 2


def correlate(
    image: Any, kernel: Any, padding: str = "VALID", stride: int = 1, name: str | None = None
) -> Any:
    """One map: the sum of products of a kernel with each window of one image.

    ``y[i, j] = sum over a, b, c of x[i stride + a, j stride + b, c] w[a, b, c]``

    Args:
        image: [height, width] or [height, width, channels].
        kernel: of the same rank; channels are summed over.

    Returns:
        [rows, columns]
    """
    with tf.name_scope(name, "correlate", [image, kernel]):
        image, kernel = tf.convert_to_tensor(image), tf.convert_to_tensor(kernel)
        if image.shape.ndims == 2:
            image, kernel = tf.expand_dims(image, 2), tf.expand_dims(kernel, 2)
        batch, filters = tf.expand_dims(image, 0), tf.expand_dims(kernel, 3)
        maps = tf.nn.conv2d(batch, filters, [1, stride, stride, 1], padding)
        return tf.squeeze(maps, [0, 3])


def convolve(x: Any, h: Any, mode: str = "full", name: str | None = None) -> Any:
    """The convolution of mathematics, ``y(n) = sum over k of x(k) h(n - k)``, in one or two dims.

    It is the sum of products with the reversed kernel, so the ops of neural networks compute it
    when `h` is reversed first.

    Args:
        x: [n] or [rows, columns].
        h: the kernel, of the same rank.
        mode: "full" for all n where `x` and `h` overlap, "same" for the middle part as large as
            `x`.

    Raises:
        ValueError: if mode is neither.
    """
    if mode not in ("full", "same"):
        raise ValueError(f'mode is "full" or "same", not {mode!r}')
    with tf.name_scope(name, "convolve", [x, h]):
        x, h = tf.convert_to_tensor(x), tf.convert_to_tensor(h)
        flipped = tf.reverse(h, list(range(h.shape.ndims)))
        sizes = h.shape.as_list()
        if mode == "full":
            pads = [[size - 1, size - 1] for size in sizes]
        else:
            pads = [[size // 2, size - 1 - size // 2] for size in sizes]
        x = tf.pad(x, pads)
        if x.shape.ndims == 2:
            return correlate(x, flipped)
        filters = tf.reshape(flipped, [-1, 1, 1])
        return tf.reshape(tf.nn.conv1d(tf.reshape(x, [1, -1, 1]), filters, 1, "VALID"), [-1])


def convolve_by_deltas(x: Any, h: Any, name: str | None = None) -> Any:
    """The full convolution as the sum of copies of `h`, each shifted and weighted by one x.

    ``x = sum over k of x(k) delta(n - k)``, and a filter answers a shifted delta by its shifted
    response `h`.

    Args:
        x: [rows, columns] or [n], of known shape.
        h: the response to a delta, of the same rank.
    """
    with tf.name_scope(name, "convolve_by_deltas", [x, h]):
        x, h = tf.convert_to_tensor(x), tf.convert_to_tensor(h)
        places: list[tuple[int, ...]] = [()]
        for size in x.shape.as_list():
            places = [(*place, index) for place in places for index in range(size)]
        copies = []
        for place in places:
            ends = zip(place, x.shape.as_list(), strict=True)
            copies.append(x[place] * tf.pad(h, [[k, size - 1 - k] for k, size in ends]))
        return tf.add_n(copies)


def grouped_conv2d(
    images: Any,
    filters: Any,
    groups: int,
    stride: int = 1,
    padding: str = "SAME",
    name: str | None = None,
) -> Any:
    """Convolutions of `groups` equal parts of the channels side by side, their maps concatenated.

    Args:
        images: [batch, height, width, channels].
        filters: [rows, columns, channels / groups, outputs].
    """
    with tf.name_scope(name, "grouped_conv2d", [images, filters]):
        strides = [1, stride, stride, 1]
        if groups == 1:
            return tf.nn.conv2d(images, filters, strides, padding)
        inputs, weights = tf.split(images, groups, 3), tf.split(filters, groups, 3)
        maps = [tf.nn.conv2d(x, w, strides, padding) for x, w in zip(inputs, weights, strict=True)]
        return tf.concat(maps, 3)


def min_pool(
    images: Any, window: int, stride: int, padding: str = "VALID", name: str | None = None
) -> Any:
    """The smallest element of each window: ``-max_pool(-x)``."""
    with tf.name_scope(name, "min_pool", [images]):
        sizes = [1, window, window, 1], [1, stride, stride, 1]
        return -tf.nn.max_pool(-images, *sizes, padding)


def dilated_stack(
    images: Any, filters: Sequence[Any], rates: Sequence[int] = (1, 2, 4), name: str | None = None
) -> Any:
    """Convolutions with holes on top of one another (Ramsundar and Zadeh, chapter 6).

    A rate of r has r - 1 gaps between the elements of a filter. With filters of 3x3, N layers of
    rate 1 see 2N + 1 inputs along an axis; the rates 1, 2, 4 see 3, 7 and 15.

    Args:
        images: [batch, height, width, channels].
        filters: one [rows, columns, inputs, outputs] for each rate.
    """
    with tf.name_scope(name, "dilated_stack", [images, *filters]):
        maps = images
        for weights, rate in zip(filters, rates, strict=True):
            maps = tf.nn.atrous_conv2d(maps, weights, rate, "SAME")
        return maps
