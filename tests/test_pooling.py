"""Pooling where no recording of TensorFlow on a CPU can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.graph.build import apply
from flowgraph.ops import pooling_kernels, spatial_windows
from support.images import first, run, waves

nn: Any = tf.nn
ONES = [1, 1, 1, 1]


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


@pytest.mark.parametrize(
    ("build_pool", "grid"),
    [(nn.max_pool, 2), (nn.avg_pool, 2), (nn.max_pool, 3), (nn.avg_pool, 3)],
)
def test_pooling_with_channels_first(build_pool: Any, grid: int) -> None:
    x = waves(2, 5, 6, 3)

    def results(form: str) -> Any:
        images = tf.constant(x if form == "NHWC" else first(x))
        y = build_pool(images, grid, 2, "SAME", data_format=form)
        dx = tf.gradients(tf.square(y), images)[0]
        return run([y, dx, tf.gradients(tf.square(dx), images)[0]])

    for ours, theirs in zip(results("NCHW"), results("NHWC"), strict=True):
        np.testing.assert_allclose(ours, first(theirs), atol=1e-12)


def test_max_pool3d_with_channels_first() -> None:
    x = waves(1, 3, 4, 3, 2).astype(np.float32)
    last = nn.max_pool3d(tf.constant(x), 2, 2, "SAME")
    second = nn.max_pool3d(tf.constant(first(x)), 2, 2, "SAME", data_format="NCDHW")
    expected, found = run([last, second])
    np.testing.assert_array_equal(found, first(expected))


def test_max_pool_across_channels() -> None:
    x = waves(2, 3, 3, 6)
    images = tf.constant(x)
    y = nn.max_pool(images, [1, 1, 1, 3], [1, 1, 1, 3], "VALID")
    found, gradient = run([y, tf.gradients(y, images)[0]])
    groups = x.reshape(2, 3, 3, 2, 3)
    np.testing.assert_array_equal(found, groups.max(-1))
    np.testing.assert_array_equal(gradient.reshape(groups.shape), groups == found[..., None])
    with pytest.raises(ValueError, match="evenly divide"):
        nn.max_pool(images, [1, 1, 1, 4], [1, 1, 1, 4], "VALID")
    with pytest.raises(ValueError, match="exactly one of pooling across depth"):
        nn.max_pool(images, [1, 2, 2, 2], [1, 1, 1, 2], "VALID")
    with pytest.raises(ValueError, match="depth dimension"):
        nn.avg_pool(images, [1, 1, 1, 2], [1, 1, 1, 2], "VALID")


def test_maxima_of_nothing_but_padding_are_not_made() -> None:
    windows = spatial_windows.place((1, 5), (3, 1), (1, 2), (1, 1), "SAME")
    y = pooling_kernels.maxima(-np.ones((1, 1, 5, 1)), windows)
    np.testing.assert_array_equal(y, -np.ones((1, 1, 3, 1)))


def test_argmax_gradient_adds_up_where_windows_overlap() -> None:
    x = np.zeros((1, 3, 3, 1), np.float32)
    x[0, 1, 1, 0] = 1
    images = tf.constant(x)
    y, argmax = nn.max_pool_with_argmax(images, [1, 2, 2, 1], ONES, "VALID")
    places, gradient = run([argmax, tf.gradients(y, images)[0]])
    assert places.tolist() == [[[[4], [4]], [[4], [4]]]]
    assert gradient[0, 1, 1, 0] == gradient.sum() == 4


def test_argmax_outside_the_image_is_refused() -> None:
    x = tf.zeros([1, 2, 2, 1])
    bad = tf.constant([[[[4]]]], tf.int64)
    attrs: dict[str, Any] = {"ksize": [1, 2, 2, 1], "strides": ONES, "padding": "VALID"}
    gradient = apply("MaxPoolGradWithArgmax", x, tf.ones([1, 1, 1, 1]), bad, **attrs)
    with pytest.raises(tf.errors.InvalidArgumentError, match="invalid indices"):
        run(gradient)


def test_fractional_pooling_draws_anew_unless_deterministic() -> None:
    x = tf.zeros([1, 100, 100, 1])
    ratio = [1.0, 1.5, 1.5, 1.0]
    free = nn.fractional_max_pool(x, ratio)
    fixed = nn.fractional_max_pool(x, ratio, deterministic=True, seed=1, seed2=2)
    with tf.Session() as session:
        rows = [session.run(free.row_pooling_sequence).tolist() for _ in range(2)]
        same = [session.run(fixed.row_pooling_sequence).tolist() for _ in range(2)]
    assert rows[0] != rows[1]
    assert same[0] == same[1]
    assert same[0][0] == 0
    assert same[0][-1] == 100
    assert set(np.diff(same[0])) == {1, 2}


def test_fractional_pooling_refuses_seeds_without_use() -> None:
    pooled = nn.fractional_avg_pool(tf.zeros([1, 4, 4, 1]), [1.0, 2.0, 2.0, 1.0], seed=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="should be 0 if deterministic"):
        run(pooled.output)


def test_second_gradient_of_fractional_average() -> None:
    x = tf.constant(waves(1, 7, 5, 2))
    for overlapping in (False, True):
        pooled = nn.fractional_avg_pool(
            x, [1.0, 1.5, 1.7, 1.0], False, overlapping, True, seed=3, seed2=4
        )
        y = pooled.output
        dx = tf.gradients(tf.square(y), x)[0]
        # The map is linear, so that the gradient of sum(dx * x) / 2 is dx again.
        again = tf.gradients(dx * x, x)[0] / 2
        ours, theirs = run([again, dx])
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_pooling_by_rank() -> None:
    assert nn.max_pool_v2(tf.zeros([1, 4, 2]), 2, 2, "SAME").op.name.startswith("MaxPool1d")
    assert nn.max_pool_v2(tf.zeros([1, 4, 4, 2]), 2, 2, "SAME").shape == [1, 2, 2, 2]
    assert nn.avg_pool_v2(tf.zeros([1, 4, 4, 4, 2]), 2, 2, "SAME").shape == [1, 2, 2, 2, 2]
    with pytest.raises(ValueError, match="rank 3, 4 or 5 but was 2"):
        nn.avg_pool_v2(tf.zeros([1, 4]), 2, 2, "SAME")
