"""The catalogue's back-propagation through convolution and pooling, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_filters import convolve, correlate


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_conv_backprop_by_hand_formulas(sess: Any) -> None:
    random = np.random.RandomState(5)
    a, w, delta = random.randn(3, 3), random.randn(2, 2), random.randn(2, 2)
    inputs, kernel = tf.constant(a), tf.constant(w)
    s = correlate(inputs, tf.reverse(kernel, [0, 1]))
    by_w, by_a = tf.gradients(s, [kernel, inputs], tf.constant(delta))
    maps, dw, da = sess.run([s, by_w, by_a])
    (w11, w12), (w21, w22) = w
    assert maps[0, 0] == pytest.approx(
        w22 * a[0, 0] + w21 * a[0, 1] + w12 * a[1, 0] + w11 * a[1, 1]
    )
    windows = {(m, n): np.sum(delta * a[m : m + 2, n : n + 2]) for m in (0, 1) for n in (0, 1)}
    by_hand = [[windows[1, 1], windows[1, 0]], [windows[0, 1], windows[0, 0]]]
    np.testing.assert_allclose(dw, by_hand, rtol=0, atol=1e-12)
    correlation = sess.run(correlate(a, delta))
    np.testing.assert_allclose(np.rot90(dw, 2), correlation, rtol=0, atol=1e-12)
    # As s convolves with w, the input's gradient is the full correlation of delta with it.
    spread = sess.run(convolve(delta, w[::-1, ::-1]))
    np.testing.assert_allclose(da, spread, rtol=0, atol=1e-12)
    forward = sess.run(convolve(a, w))[1:-1, 1:-1]
    np.testing.assert_allclose(maps, forward, rtol=0, atol=1e-12)


def _convolved(x: Any, w: Any, stride: int, padding: str) -> Any:
    """The definition, window by window."""
    rows, columns = w.shape[:2]
    if padding == "SAME":
        pads = []
        for size, window in zip(x.shape[1:3], (rows, columns), strict=True):
            total = max(0, (-(-size // stride) - 1) * stride + window - size)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, [(0, 0), *pads, (0, 0)])
    heights = range(0, x.shape[1] - rows + 1, stride)
    widths = range(0, x.shape[2] - columns + 1, stride)
    windows = [[x[:, i : i + rows, j : j + columns] for j in widths] for i in heights]
    return np.einsum("ijbrcq,rcqk->bijk", np.array(windows), w)


def _differences(function: Any, x: Any, step: float = 1e-4) -> Any:
    result = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            ends.append(np.sum(function(moved)))
        result[place] = (ends[0] - ends[1]) / (2 * step)
    return result


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv_backprop_by_hand_differences(sess: Any, stride: int, padding: str) -> None:
    random = np.random.RandomState(stride)
    x, w = random.randn(2, 6, 5, 2), random.randn(3, 2, 2, 3)
    images, filters = tf.constant(x), tf.constant(w)
    strides = [1, stride, stride, 1]
    maps = tf.nn.conv2d(images, filters, strides, padding)
    dy = random.randn(*maps.shape.as_list())
    dx, dw = tf.gradients(maps, [images, filters], tf.constant(dy))
    found, by_x, by_w = sess.run([maps, dx, dw])
    np.testing.assert_allclose(found, _convolved(x, w, stride, padding), rtol=0, atol=1e-10)
    expected = _differences(lambda v: dy * _convolved(v, w, stride, padding), x)
    np.testing.assert_allclose(by_x, expected, rtol=0, atol=1e-5)
    expected = _differences(lambda v: dy * _convolved(x, v, stride, padding), w)
    np.testing.assert_allclose(by_w, expected, rtol=0, atol=1e-5)
    ops = [
        tf.nn.conv2d_backprop_input(x.shape, w, dy, strides, padding),
        tf.nn.conv2d_backprop_filter(x, w.shape, dy, strides, padding),
    ]
    for value, gradient in zip(sess.run(ops), (by_x, by_w), strict=True):
        np.testing.assert_array_equal(value, gradient)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_conv_backprop_by_hand_pooling_differences(sess: Any, stride: int, padding: str) -> None:
    # All values differ by more than the step, so that no maximum changes its place.
    x = np.random.RandomState(stride).permutation(np.arange(120.0)).reshape(2, 5, 6, 2) / 10
    images = tf.placeholder(tf.float64, x.shape)
    for pooling in (tf.nn.max_pool, tf.nn.avg_pool):
        maps = pooling(images, [1, 3, 2, 1], [1, stride, stride, 1], padding)
        (gradient,) = tf.gradients(tf.square(maps), images)
        total = sess.make_callable(tf.square(maps), [images])
        expected = _differences(total, x)
        found = sess.run(gradient, {images: x})
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_conv_backprop_by_hand_pooling(sess: Any) -> None:
    window = np.array([[1.0, 3.0], [5.0, 2.0]]).reshape(1, 2, 2, 1)
    images = tf.placeholder(tf.float64, [1, 2, 2, 1])
    sizes: Any = ([1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    (largest,) = tf.gradients(tf.nn.max_pool(images, *sizes), images)
    (average,) = tf.gradients(tf.nn.avg_pool(images, *sizes), images)
    by_max, by_mean = sess.run([largest, average], {images: window})
    assert by_max[0, :, :, 0].tolist() == [[0, 0], [1, 0]]
    assert by_mean[0, :, :, 0].tolist() == [[0.25, 0.25], [0.25, 0.25]]
    # Of equal elements the first takes it all.
    ties = {images: np.array([[1.0, 4.0], [4.0, 4.0]]).reshape(1, 2, 2, 1)}
    assert sess.run(largest, ties)[0, :, :, 0].tolist() == [[0, 1], [0, 0]]
    assert sess.run(largest, {images: np.zeros((1, 2, 2, 1))}).ravel().tolist() == [1, 0, 0, 0]
