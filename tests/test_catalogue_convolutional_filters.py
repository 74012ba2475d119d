"""The catalogue's convolutions by hand: filters, flipped kernels, shifts, holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_filters import (
    convolve,
    convolve_by_deltas,
    correlate,
    dilated_stack,
    horizontal_line_filter,
    ketchup_filter,
)


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def _same(found: Any, expected: Any) -> None:
    assert found.tolist() == expected


def test_horizontal_line_filter(sess: Any) -> None:
    image = np.zeros((6, 6), np.float32)
    image[1:4, 1:4] = 2.0
    kernel = horizontal_line_filter()
    found = sess.run(correlate(image, kernel))
    _same(found, [[-6, -6, -4], [6, 6, 4], [12, 12, 8]])
    assert found[2, 2] == sess.run(correlate(image[2:, 2:], kernel))[0, 0] == 8
    for constant in (0.0, 10.0):
        _same(sess.run(correlate(np.full((4, 4), constant, np.float32), kernel)), [[0]])
    vertical = np.array([[-2, 1, 1]] * 3, np.float32)
    exercise = [[8, 0, -4, -8], [12, 0, -6, -12], [8, 0, -4, -8], [4, 0, -2, -4]]
    _same(sess.run(correlate(image, vertical)), exercise)
    _same(sess.run(correlate(image, 3 * vertical)), (3 * np.array(exercise)).tolist())
    _same(sess.run(correlate(np.full((3, 3), 7.0, np.float32), vertical)), [[0]])


def test_ketchup_filter(sess: Any) -> None:
    kernel = np.array(ketchup_filter(), np.float32)
    assert kernel.shape == (3, 4, 3)
    red, cyan = np.array([1, 0, 0]), np.array([0, 1, 1])
    patch = np.stack([[red] * 4, [cyan] * 4, [cyan] * 4]).astype(np.float32)
    _same(sess.run(correlate(patch, kernel)), [[20]])
    white = np.ones((3, 4, 3), np.float32)
    _same(sess.run(correlate(white, kernel)), [[4]])
    assert kernel.sum() == 4
    _same(sess.run(correlate(0 * white, kernel)), [[0]])
    noise = np.random.RandomState(0).randn(7, 9, 3).astype(np.float32)
    whole, *channels = sess.run(
        [correlate(noise, kernel)] + [correlate(noise[..., c], kernel[..., c]) for c in range(3)]
    )
    np.testing.assert_allclose(whole, sum(channels), rtol=0, atol=1e-5)


def test_conv2d_vertical_edge(sess: Any) -> None:
    image = tf.reshape(tf.constant([[0.0, 0, 2, 2]] * 4), [1, 4, 4, 1])
    weights = tf.reshape(tf.constant([[-1.0, -1, 1]] * 3), [3, 3, 1, 1])
    maps = tf.nn.conv2d(image, weights, [1, 1, 1, 1], "VALID")
    assert maps.shape.as_list() == [1, 2, 2, 1]
    _same(sess.run(maps)[0, :, :, 0], [[6, 0], [6, 0]])


def test_fc_as_convolution(sess: Any) -> None:
    random = np.random.RandomState(3)
    depth, units, classes = 4, 6, 3
    w1, b1 = random.randn(7, 7, depth, units), random.randn(units)
    w2, b2 = random.randn(units, classes), random.randn(classes)

    def dense(maps: Any) -> Any:
        flat = maps.reshape(len(maps), -1)
        hidden = tf.nn.relu(tf.matmul(flat, w1.reshape(-1, units)) + b1)
        return tf.matmul(hidden, w2) + b2

    def convolutional(maps: Any) -> Any:
        hidden = tf.nn.relu(tf.nn.conv2d(maps, w1, [1, 1, 1, 1], "VALID") + b1)
        return tf.nn.conv2d(hidden, w2[None, None], [1, 1, 1, 1], "VALID") + b2

    maps = random.randn(2, 7, 7, depth)
    rows, grid = sess.run([dense(maps), convolutional(maps)])
    assert grid.shape == (2, 1, 1, classes)
    np.testing.assert_allclose(grid[:, 0, 0], rows, rtol=0, atol=1e-5)
    large = random.randn(1, 9, 10, depth)
    grid = sess.run(convolutional(large))
    assert grid.shape == (1, 3, 4, classes)
    places = [(i, j) for i in range(3) for j in range(4)]
    windows = np.concatenate([large[:, i : i + 7, j : j + 7] for i, j in places])
    rows = sess.run(dense(windows))
    np.testing.assert_allclose(grid.reshape(-1, classes), rows, rtol=0, atol=1e-5)


def test_conv1d_convolution_theory(sess: Any) -> None:
    x, h = np.array([1.0, 2.0]), np.array([3.0, 2.0])
    full = sess.run(convolve(x, h))
    assert full.tolist() == [3, 8, 4] == np.convolve(x, h).tolist()
    assert full[:2].tolist() == [3, 8]
    _same(sess.run(convolve_by_deltas(x, h)), [3, 8, 4])
    # Rows are n2, columns n1.
    x2, h2 = np.array([[4.0, 5.0], [2.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = [[4, 13, 10], [14, 38, 26], [6, 17, 12]]
    _same(sess.run(convolve(x2, h2)), expected)
    _same(sess.run(convolve_by_deltas(x2, h2)), expected)
    padded = tf.reshape(tf.pad(x, [[1, 1]]), [1, -1, 1])
    reverse = tf.reshape(tf.reverse(h, [0]), [-1, 1, 1])
    straight = tf.nn.conv1d(padded, tf.reshape(h, [-1, 1, 1]), 1, "VALID")
    flipped = tf.nn.conv1d(padded, reverse, 1, "VALID")
    assert sess.run(flipped).ravel().tolist() == [3, 8, 4]
    assert sess.run(straight).ravel().tolist() == [2, 7, 6]
    with pytest.raises(ValueError, match="mode"):
        convolve(x, h, "valid")


TRUE_CONVOLUTION = [
    [-2, -8, -7, -6, -5, -4, 28],
    [5, -3, -4, -5, -6, -7, 28],
    [-2, -10, -11, -12, -13, -14, 28],
    [-9, -17, -18, -19, -20, -21, 28],
    [-16, -24, -25, -26, -27, -28, 28],
    [-23, -31, -32, -33, -34, -35, 28],
    [-29, 13, 13, 13, 13, 13, 27],
]
CROSS_CORRELATION = [
    [-27, -13, -13, -13, -13, -13, -21],
    [-28, -15, -16, -17, -18, -19, -27],
    [-28, -22, -23, -24, -25, -26, -34],
    [-28, -29, -30, -31, -32, -33, -41],
    [-28, -36, -37, -38, -39, -40, -48],
    [-28, -43, -44, -45, -46, -47, -55],
    [172, 54, 55, 56, 57, 58, 52],
]


def test_convolution_toy_7x7(sess: Any) -> None:
    image = np.arange(1.0, 50.0).reshape(7, 7)
    kernel = np.array([[-1.0, 1, -1], [-2, 3, 1], [2, -4, 0]])
    _same(sess.run(convolve(image, kernel, "same")), TRUE_CONVOLUTION)
    _same(sess.run(correlate(image, kernel, "SAME")), CROSS_CORRELATION)
    rotated = np.rot90(kernel, 2)
    padded = np.pad(image, 1)
    by_hand = [
        [int(np.sum(padded[i : i + 3, j : j + 3] * rotated)) for j in range(7)] for i in range(7)
    ]
    assert by_hand == TRUE_CONVOLUTION
    _same(sess.run(correlate(image, rotated, "SAME")), TRUE_CONVOLUTION)


def test_translation_equivariance(sess: Any) -> None:
    block = np.array([[44, 47, 64], [9, 83, 21], [70, 88, 88]])
    sums = np.ones((3, 3), np.float32)

    def placed(row: int, column: int, size: int = 12) -> Any:
        image = np.zeros((size, size), np.float32)
        image[row : row + 3, column : column + 3] = block
        return image

    # The sum around the block's first element: in the corner the rest of the window is padding.
    for row, column in ((0, 0), (3, 4), (5, 2)):
        assert sess.run(correlate(placed(row, column), sums, "SAME"))[row, column] == 183
    start = placed(2, 2)
    shifts = [(1, 0), (0, 3), (4, 2)]
    maps = sess.run(correlate(start, sums, "SAME"))
    for down, right in shifts:
        moved = np.roll(start, (down, right), (0, 1))
        found = sess.run(correlate(moved, sums, "SAME"))
        np.testing.assert_array_equal(found, np.roll(maps, (down, right), (0, 1)))
    # Pooling hides a shift inside a window.
    pooled = [
        sess.run(tf.nn.max_pool(image[None, :, :, None], [1, 4, 4, 1], [1, 4, 4, 1], "VALID"))
        for image in (placed(0, 0), placed(1, 1), placed(4, 4))
    ]
    np.testing.assert_array_equal(pooled[0], pooled[1])
    np.testing.assert_array_equal(np.roll(pooled[0], (1, 1), (1, 2)), pooled[2])


@pytest.mark.parametrize("rates, widths", [((1, 2, 4), (3, 7, 15)), ((1, 1, 1), (3, 5, 7))])
def test_dilated_convolution_footprint(
    sess: Any, rates: tuple[int, ...], widths: tuple[int, ...]
) -> None:
    size = 21
    image = tf.placeholder(tf.float32, [1, size, size, 1])
    kernels = [tf.ones([3, 3, 1, 1])] * 3
    for depth, width in enumerate(widths, 1):
        maps: Any = dilated_stack(image, kernels[:depth], rates[:depth])
        assert maps.shape.as_list() == [1, size, size, 1]
        (gradient,) = tf.gradients(maps[0, size // 2, size // 2, 0], image)
        used = sess.run(gradient, {image: np.zeros((1, size, size, 1))})[0, :, :, 0] != 0
        border = (size - width) // 2
        expected = np.pad(np.ones((width, width), bool), border)
        np.testing.assert_array_equal(used, expected)


def test_dilated_convolution_as_zeros(sess: Any) -> None:
    random = np.random.RandomState(1)
    image, kernel = random.randn(2, 11, 9, 3), random.randn(3, 3, 3, 4)
    wide = np.zeros((5, 5, 3, 4))
    wide[::2, ::2] = kernel
    for padding in ("SAME", "VALID"):
        holes, zeros = sess.run(
            [
                tf.nn.atrous_conv2d(image, kernel, 2, padding),
                tf.nn.conv2d(image, wide, [1, 1, 1, 1], padding),
            ]
        )
        np.testing.assert_allclose(holes, zeros, rtol=0, atol=1e-6)
