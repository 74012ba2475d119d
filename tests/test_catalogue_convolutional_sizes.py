"""The catalogue's arithmetic of convolutions: sizes, padding, parameters, memory."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_sizes import (
    network_memory,
    padded_size,
    parameters,
    receptive_field,
    same_padding,
    same_size,
    separable_parameters,
    valid_size,
)


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def _inferred(size: int, window: int, stride: int, padding: str) -> int:
    images = tf.placeholder(tf.float32, [1, size, size, 1])
    filters = tf.placeholder(tf.float32, [window, window, 1, 1])
    maps = tf.nn.conv2d(images, filters, [1, stride, stride, 1], padding)
    pooled = tf.nn.max_pool(images, [1, window, window, 1], [1, stride, stride, 1], padding)
    assert maps.shape.as_list() == pooled.shape.as_list()
    result: int = maps.shape.as_list()[1]
    return result


# Row of the books' numbers, size, window, stride, padding, output.
SIZES = [
    ("charniak:W18", 28, 4, 1, "VALID", 25),
    ("charniak:W18", 28, 4, 1, "SAME", 28),
    ("charniak:W18", 5, 3, 2, "SAME", 3),
    ("charniak:W18", 28, 4, 2, "SAME", 14),
    ("charniak:W18", 14, 2, 2, "SAME", 7),
    ("charniak:Ex 3.4", 32, 5, 2, "VALID", 14),
    ("charniak:counter-example", 5, 2, 3, "VALID", 2),
    ("buduma:W075", 28, 3, 1, "VALID", 26),
    ("buduma:W075", 26, 3, 1, "VALID", 24),
    ("buduma:W075", 24, 2, 2, "VALID", 12),
    ("buduma:W080", 28, 5, 1, "VALID", 24),
    ("buduma:W081", 32, 5, 1, "VALID", 28),
    ("buduma:W082", 7, 3, 1, "VALID", 5),
    ("buduma:W082", 7, 3, 2, "VALID", 3),
    ("buduma:W083", 7, 3, 1, "SAME", 7),
    ("buduma:W084", 32, 5, 1, "SAME", 32),
    ("buduma:W085", 224, 2, 2, "VALID", 112),
    ("buduma:W089", 84, 8, 4, "VALID", 20),
    ("buduma:W089", 20, 4, 2, "VALID", 9),
    ("buduma:W089", 9, 3, 1, "VALID", 7),
    ("pattanayak:N64", 5, 3, 1, "VALID", 3),
]


@pytest.mark.parametrize("row, size, window, stride, padding, output", SIZES)
def test_convolution_output_sizes(
    sess: Any, row: str, size: int, window: int, stride: int, padding: str, output: int
) -> None:
    assert _inferred(size, window, stride, padding) == output
    formula = same_size(size, stride) if padding == "SAME" else valid_size(size, window, stride)
    assert formula == output


def test_convolution_output_sizes_padded() -> None:
    sizes = {
        (5, 3, 2, 1): 3,
        (7, 3, 1, 1): 7,
        (32, 5, 1, 2): 32,
        (32, 5, 2, 1): 15,
        (224, 7, 2, 3): 112,
        (112, 3, 2, 1): 56,
    }
    assert {case: padded_size(*case) for case in sizes} == sizes
    for case in ((7, 3, 3), (12, 3, 2)):
        with pytest.raises(ValueError, match="does not fit"):
            padded_size(*case, exact=True)
    assert padded_size(7, 3, 2, exact=True) == 3
    for window in (3, 5, 7):
        assert padded_size(20, window, 1, (window - 1) // 2, exact=True) == 20


def test_convolution_output_sizes_agree_with_the_engine(sess: Any) -> None:
    for size in range(1, 12):
        for window in range(1, size + 1):
            for stride in range(1, 4):
                assert _inferred(size, window, stride, "SAME") == same_size(size, stride)
                valid = valid_size(size, window, stride)
                assert valid == padded_size(size, window, stride)
                assert _inferred(size, window, stride, "VALID") == valid


def test_convolution_output_sizes_same_padding(sess: Any) -> None:
    printed = {
        (28, 4, 2): (1, 1),
        (14, 2, 2): (0, 0),
        (28, 4, 1): (1, 2),
        (7, 3, 2): (1, 1),
        (8, 3, 2): (0, 1),
        (5, 3, 2): (1, 1),
    }
    assert {case: same_padding(*case) for case in printed} == printed
    random = np.random.RandomState(0)
    for size, window, stride in printed:
        image = random.randn(1, size, size, 2)
        filters = random.randn(window, window, 2, 3)
        pads = [(0, 0), *[same_padding(size, window, stride)] * 2, (0, 0)]
        strides = [1, stride, stride, 1]
        same, valid = sess.run(
            [
                tf.nn.conv2d(image, filters, strides, "SAME"),
                tf.nn.conv2d(np.pad(image, pads), filters, strides, "VALID"),
            ]
        )
        np.testing.assert_allclose(same, valid, rtol=0, atol=1e-12)
    # A window of 2 on a row: the zero is on the right.
    row = np.arange(1.0, 4.0).reshape(1, 1, 3, 1)
    found = sess.run(tf.nn.conv2d(row, np.ones((1, 2, 1, 1)), [1, 1, 1, 1], "SAME"))
    assert found.ravel().tolist() == [3, 5, 3]


def test_convolution_output_sizes_parameters(sess: Any) -> None:
    assert parameters((200, 200), 3, 1, bias=False) == 120000
    assert parameters((3, 3), 3, 2, bias=False) == 54 and parameters((3, 3), 3, 2) == 54 + 2
    assert parameters((5, 5), 3, 10) == 760
    assert parameters((10, 10), 1, 100, bias=False) == 10000
    assert 40000 * parameters((10, 10), 1, 1, bias=False) == 4000000
    assert separable_parameters((3, 3), 1, 32, bias=True) == 73
    assert separable_parameters((3, 3), 32, 64, bias=True) == 2400
    assert separable_parameters((3, 5), 4, 6) == 4 * 15 + 4 * 6
    image = tf.placeholder(tf.float32, [None, 32, 32, 3])
    counts = {}
    for bias in (False, True):
        with tf.variable_scope(f"bias_{bias}"):
            maps = tf.layers.conv2d(image, 10, [2, 4], 2, "Same", use_bias=bias)
        assert maps.shape.as_list() == [None, 16, 16, 10]
        made = tf.trainable_variables(f"bias_{bias}")
        counts[bias] = sum(math.prod(variable.shape.as_list()) for variable in made)
    assert counts == {False: 240, True: 250}
    assert counts[True] == parameters((2, 4), 3, 10)
    eight = tf.Variable(tf.zeros([5, 5, 3, 8]))
    maps = tf.nn.conv2d(image, eight, [1, 2, 2, 1], "VALID")
    assert maps.shape.as_list() == [None, 14, 14, 8]


def test_convolution_output_sizes_receptive_field(sess: Any) -> None:
    for window in (1, 3, 5):
        for pool in (2, 3):
            assert receptive_field([(window, 1), (pool, pool)]) == pool + window - 1
    assert [receptive_field([(3, 1)] * n) for n in (1, 2, 3)] == [3, 5, 7]
    dilated = [(3, 1, 1), (3, 1, 2), (3, 1, 4)]
    assert [receptive_field(dilated[:n]) for n in (1, 2, 3)] == [3, 7, 15]
    image = tf.placeholder(tf.float32, [1, 30, 30, 1])
    maps: Any = tf.nn.conv2d(image, tf.ones([5, 5, 1, 1]), [1, 2, 2, 1], "VALID")
    maps = tf.nn.avg_pool(maps, [1, 3, 3, 1], [1, 2, 2, 1], "VALID")
    (gradient,) = tf.gradients(maps[0, 1, 1, 0], image)
    used = sess.run(gradient, {image: np.zeros((1, 30, 30, 1))})[0, :, :, 0] != 0
    field = receptive_field([(5, 2), (3, 2)])
    assert used.any(0).sum() == used.any(1).sum() == field == 9


def test_convolution_output_sizes_binary_example(sess: Any) -> None:
    image = np.array(
        [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    )
    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    maps = tf.nn.conv2d(
        image.astype(np.float32).reshape(1, 5, 5, 1),
        kernel.astype(np.float32).reshape(3, 3, 1, 1),
        [1, 1, 1, 1],
        "VALID",
    )
    assert sess.run(maps)[0, :, :, 0].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    small = tf.nn.conv2d(tf.ones([1, 3, 4, 1]), tf.ones([2, 2, 1, 1]), [1, 1, 1, 1], "VALID")
    assert small.shape.as_list() == [1, 2, 3, 1]
    volume = tf.pad(tf.ones([1, 5, 5, 3]), [[0, 0], [1, 1], [1, 1], [0, 0]])
    pair = tf.nn.conv2d(volume, tf.ones([3, 3, 3, 2]), [1, 2, 2, 1], "VALID")
    assert pair.shape.as_list() == [1, 3, 3, 2]


def test_cnn_parameter_memory_arithmetic() -> None:
    found = network_memory()
    assert [layer.parameters for layer in found.layers] == [2800, 180200, 720400]
    assert found.parameters == 903400 and found.parameter_bytes == 3613600
    assert [layer.size for layer in found.layers] == [(100, 150), (50, 75), (25, 38)]
    assert [layer.map_bytes for layer in found.layers] == [6000000, 3000000, 1520000]
    assert found.inference == 12613600
    assert abs(found.training / (537.7 * 2**20) - 1) <= 0.01
    with tf.Graph().as_default():
        maps = tf.placeholder(tf.float32, [None, 200, 300, 3])
        for depth, layer in zip((100, 200, 400), found.layers, strict=True):
            maps = tf.layers.conv2d(maps, depth, 3, 2, "same")
            assert maps.shape.as_list() == [None, *layer.size, depth]
        made = [math.prod(variable.shape.as_list()) for variable in tf.trainable_variables()]
    assert [a + b for a, b in zip(made[::2], made[1::2], strict=True)] == [2800, 180200, 720400]


def test_cnn_parameter_memory_measured_peak() -> None:
    """What a run takes at its peak, beside the parameters, on first and later runs."""
    estimate = network_memory()
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.placeholder(tf.float32, [None, 200, 300, 3])
        maps = image
        for depth in (100, 200, 400):
            maps = tf.layers.conv2d(maps, depth, 3, 2, "same")
        session.run(tf.global_variables_initializer())
        fed = np.zeros((1, 200, 300, 3), np.float32)
        for _ in range(2):
            tracemalloc.start()
            try:
                session.run(maps, {image: fed})
                peak = tracemalloc.get_traced_memory()[1] + estimate.parameter_bytes
            finally:
                tracemalloc.stop()
            assert peak <= 1.3 * estimate.inference
