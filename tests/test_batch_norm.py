"""Normalization where no recording of TensorFlow on a CPU can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from support.images import first, run, waves

nn: Any = tf.nn
ONES = [1, 1, 1, 1]


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def test_batch_norm_with_channels_first() -> None:
    x = waves(2, 3, 4, 5).astype(np.float32)
    seeds = np.cos(x * 5)

    def results(form: str, **moments: Any) -> Any:
        turn = first if form == "NCHW" else np.asarray
        images, scale = tf.constant(turn(x)), tf.constant(np.linspace(1, 2, 5, dtype=np.float32))
        training = not moments
        y, _, _ = nn.fused_batch_norm(
            images, scale, scale - 1, data_format=form, is_training=training, **moments
        )
        dx, ds = tf.gradients(y, [images, scale], tf.constant(turn(seeds)))
        ddx, dds = tf.gradients(tf.square(dx), [images, scale])
        return run([y, dx, ddx, ds, dds])

    given_moments = {
        "mean": np.arange(5, dtype=np.float32),
        "variance": np.array([1, 2, 1, 2, 1], np.float32),
    }
    for moments in ({}, given_moments):
        last, second = results("NHWC", **moments), results("NCHW", **moments)
        for place, (ours, theirs) in enumerate(zip(second, last, strict=True)):
            expected = first(theirs) if place < 3 else theirs
            np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=2e-4)


def test_batch_norm_is_exact_for_many_elements() -> None:
    x = (np.random.default_rng(0).normal(size=(64, 64, 64, 2)) + 1000).astype(np.float32)
    ones = np.ones(2, np.float32)
    _, mean, variance = run(nn.fused_batch_norm(x, ones, 0 * ones))
    rows = x.reshape(-1, 2).astype(np.float64)
    np.testing.assert_allclose(mean, rows.mean(0), rtol=1e-7)
    np.testing.assert_allclose(variance, rows.var(0, ddof=1), rtol=1e-5)


def test_batch_norm_wants_moments_only_of_others() -> None:
    x, ones = tf.zeros([1, 2, 2, 3]), tf.ones([3])
    with pytest.raises(ValueError, match="must be None if is_training is True"):
        nn.fused_batch_norm(x, ones, ones, mean=ones, variance=ones)
    y, _, _ = nn.fused_batch_norm(x, ones, ones, epsilon=0.0)
    assert y.op.get_attr("epsilon") == pytest.approx(1.001e-5)


def test_second_gradient_of_batch_norm_in_half_precision() -> None:
    x = tf.constant(waves(2, 3, 3, 2).astype(np.float16))
    ones = tf.ones([2])
    y, _, _ = nn.fused_batch_norm(x, ones, ones)
    dx = tf.gradients(tf.square(y), x)[0]
    ddx = tf.gradients(tf.square(dx), x)[0]
    assert ddx.dtype == dx.dtype == tf.float16
    assert np.isfinite(run(ddx)).all()


def test_normalization_by_neighbouring_channels() -> None:
    x = waves(1, 1, 2, 9).astype(np.float32)
    found = run(nn.lrn(x, 2, bias=2.0, alpha=0.5, beta=0.75))
    expected = np.empty_like(x)
    for k in range(9):
        near = (x[..., max(0, k - 2) : k + 3] ** 2).sum(-1)
        expected[..., k] = x[..., k] / (2 + 0.5 * near) ** 0.75
    np.testing.assert_allclose(found, expected, rtol=1e-5)
