"""The catalogue's pooling: printed maps, strides, padding, fractional windows; the basic stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_filters import min_pool
from flowgraph.models.convolutional_pooled import pooled_convnet


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


MAP = np.array([[5, 4, 6, 7], [2, 3, 5, 6], [3, 4, 4, 4], [2, 2, 3, 4]], np.float32)


def _pooled(
    sess: Any, kind: Any, image: Any, window: int, stride: int, padding: str = "SAME"
) -> Any:
    sizes = [1, window, window, 1], [1, stride, stride, 1]
    image = np.asarray(image, np.float32)
    return sess.run(kind(image[None, :, :, None], *sizes, padding))[0, :, :, 0].tolist()


def test_fractional_max_pool_printed_maps(sess: Any) -> None:
    maximum, average = tf.nn.max_pool, tf.nn.avg_pool
    assert _pooled(sess, maximum, MAP, 2, 2) == [[5, 7], [4, 4]]
    assert _pooled(sess, average, MAP, 2, 2) == [[3.5, 6], [2.75, 3.75]]
    dense = _pooled(sess, maximum, MAP, 2, 1)
    assert dense == [[5, 6, 7, 7], [4, 5, 6, 6], [4, 4, 4, 4], [2, 3, 4, 4]]
    assert np.array(dense)[::2, ::2].tolist() == [[5, 7], [4, 4]]
    assert MAP[::2, ::2].tolist() == [[5, 6], [3, 4]]
    slide = [[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]
    assert _pooled(sess, maximum, slide, 2, 2) == [[6, 8], [3, 4]]
    # Overlapping windows 3x3 with stride 2.
    five = np.arange(25).reshape(5, 5)
    assert _pooled(sess, maximum, five, 3, 2, "VALID") == [[12, 14], [22, 24]]


def test_fractional_max_pool_average_leaves_out_padding(sess: Any) -> None:
    image = np.arange(1, 10).reshape(3, 3)
    found = _pooled(sess, tf.nn.avg_pool, image, 2, 2)
    assert found == [[3, 4.5], [7.5, 9]]
    assert _pooled(sess, tf.nn.avg_pool, np.ones((5, 5)), 3, 1) == [[1] * 5] * 5


@pytest.mark.parametrize("ratio", [1.2, 1.5, 1.75, 2.0])
@pytest.mark.parametrize("pseudo_random", [False, True])
def test_fractional_max_pool_windows(sess: Any, ratio: float, pseudo_random: bool) -> None:
    image = np.random.RandomState(0).permutation(np.arange(450.0)).reshape(1, 25, 18, 1)
    for overlapping in (False, True):
        pooled = tf.nn.fractional_max_pool(
            image, [1.0, ratio, ratio, 1.0], pseudo_random, overlapping, True, seed=7, seed2=3
        )
        output, rows, columns = sess.run(list(pooled))
        assert output.shape == (1, int(25 // ratio), int(18 // ratio), 1)
        assert (rows[0], rows[-1], columns[0], columns[-1]) == (0, 25, 0, 18)
        for bounds in (rows, columns):
            mean = bounds[-1] / (len(bounds) - 1)
            assert set(np.diff(bounds)) <= {np.floor(mean), np.ceil(mean)}
        extra = int(overlapping)
        expected = [
            [image[0, a : b + extra, c : d + extra].max() for c, d in _pairs(columns)]
            for a, b in _pairs(rows)
        ]
        assert output[0, :, :, 0].tolist() == expected
    if ratio == 2.0:
        with pytest.raises(ValueError, match="1"):
            tf.nn.fractional_max_pool(image, [1.0, 0.5, 0.5, 1.0])


def _pairs(bounds: Any) -> list[tuple[int, int]]:
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


def test_conv_primitives_stack_fields(sess: Any) -> None:
    row = np.array([3.0, 1, 4, 1, 5, 9, 2, 6], np.float32).reshape(1, 1, 8, 1)

    def fields(stride: int) -> Any:
        pooled = tf.nn.max_pool(row, [1, 1, 3, 1], [1, 1, stride, 1], "VALID")
        return sess.run(pooled).ravel().tolist()

    assert fields(1) == [4, 4, 5, 9, 9, 9]
    assert fields(2) == [4, 5, 9]
    images = np.random.RandomState(1).randn(2, 7, 6, 3).astype(np.float32)
    for padding in ("SAME", "VALID"):
        found = sess.run(min_pool(images, 2, 2, padding))
        largest = sess.run(tf.nn.max_pool(-images, [1, 2, 2, 1], [1, 2, 2, 1], padding))
        np.testing.assert_array_equal(found, -largest)
    blocks = images[:, :6].reshape(2, 3, 2, 3, 2, 3)
    np.testing.assert_array_equal(sess.run(min_pool(images, 2, 2)), blocks.min((2, 4)))


def test_conv_primitives_stack_kernel(sess: Any) -> None:
    # Each output multiplies a kernel 5x5x3 with its field, and sums.
    images = tf.placeholder(tf.float32, [None, 32, 32, 3])
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    layer = tf.layers.Conv2D(64, 5, 2)
    maps = tf.nn.relu(layer(padded))
    assert maps.shape.as_list() == [None, 15, 15, 64]
    sess.run(tf.global_variables_initializer())
    values = np.random.RandomState(2).randn(1, 32, 32, 3)
    found, kernel = sess.run([maps, layer.kernel], {images: values})
    fields = np.pad(values, [(0, 0), (1, 1), (1, 1), (0, 0)])[0]
    for i, j in ((0, 0), (7, 3), (14, 14)):
        field = fields[2 * i : 2 * i + 5, 2 * j : 2 * j + 5]
        expected = np.maximum(np.einsum("abc,abck->k", field, kernel), 0)
        np.testing.assert_allclose(found[0, i, j], expected, rtol=1e-4, atol=1e-5)


def test_conv_primitives_stack_network(sess: Any) -> None:
    images = tf.placeholder(tf.float32, [None, 32, 32, 3])
    labels = tf.placeholder(tf.int64, [None])
    optimizer = tf.train.AdamOptimizer(0.01)
    network = pooled_convnet(images, labels, optimizer, (4, 8), (16,), classes=2)
    shapes = {name: layer.shape.as_list()[1:] for name, layer in network.layers.items()}
    assert shapes == {
        "conv1": [32, 32, 4],
        "pool1": [16, 16, 4],
        "conv2": [16, 16, 8],
        "pool2": [8, 8, 8],
        "flat": [512],
        "dense1": [16],
        "logits": [2],
    }
    assert network.is_training is None
    # Stripes, lying or standing.
    random = np.random.RandomState(0)
    kinds = np.arange(32) % 2
    stripes = np.tile(np.sin(np.arange(32.0))[:, None, None], (1, 32, 3))
    data = np.array([stripes if kind else stripes.swapaxes(0, 1) for kind in kinds])
    feed = {images: data + 0.1 * random.randn(*data.shape), labels: kinds}
    tf.set_random_seed(1)
    sess.run(tf.global_variables_initializer())
    for _ in range(25):
        sess.run(network.train, feed)
    assert sess.run(network.accuracy, feed) == 1
