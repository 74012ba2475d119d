"""The initializers of `tf.contrib.layers`."""

from __future__ import annotations

import math

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.library.contrib_initializers import (
    variance_scaling_initializer,
    xavier_initializer,
)


def test_xavier_uniform() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = session.run(xavier_initializer(seed=1)([784, 10]))
    limit = math.sqrt(6 / 794)
    assert drawn.dtype == np.float32
    assert 0.99 * limit < np.abs(drawn).max() <= limit


@pytest.mark.parametrize(("mode", "n"), [("FAN_IN", 45), ("FAN_OUT", 90), ("FAN_AVG", 67.5)])
def test_normal_is_cut_at_two_deviations(mode: str, n: float) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = session.run(variance_scaling_initializer(mode=mode, seed=1)([3, 3, 5, 10]))
    edge = 2 * math.sqrt(1.3 * 2.0 / n)
    assert 0.8 * edge < np.abs(drawn).max() <= edge


def test_same_values_as_the_random_op() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        drawn = session.run(xavier_initializer(seed=5)([4, 2]))
    with tf.Graph().as_default(), tf.Session() as session:
        expected = session.run(tf.random_uniform([4, 2], -1.0, 1.0, seed=5))
    np.testing.assert_array_equal(drawn, expected)


def test_bad_arguments() -> None:
    with pytest.raises(TypeError, match="Unknown mode"):
        variance_scaling_initializer(mode="fan_in")
    with pytest.raises(TypeError, match="non-floating"):
        xavier_initializer(dtype=tf.int32)
    with pytest.raises(TypeError, match="non-floating"):
        xavier_initializer()([2], dtype=tf.int32)
