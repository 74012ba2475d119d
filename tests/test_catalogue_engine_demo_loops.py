"""The catalogue's engine demonstrations that loop in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.loops import hailstone, iterated_waves, momentum_walk


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_hailstone_sequence(sess: Any) -> None:
    start = tf.placeholder(tf.int64, [])
    printed = [50, 25, 76, 38, 19, 58, 29, 88, 44, 22, 11, 34, 17, 52, 26, 13, 40, 20]
    shortened = sess.run(hailstone(start, len(printed)), {start: 50})
    assert shortened.tolist() == printed and shortened.dtype == np.int64
    assert sess.run(hailstone(start, 1), {start: 50}).tolist() == [50]
    terms = hailstone(start)
    assert sess.run(terms, {start: 50}).tolist() == [*printed, 10, 5, 16, 8, 4, 2, 1]
    assert sess.run(terms, {start: 1}).tolist() == [1]
    run = sess.make_callable(terms, [start])
    for first in range(1, 1001):
        found = run(first)
        assert found[0] == first and found[-1] == 1
        before, after = found[:-1], found[1:]
        np.testing.assert_array_equal(after, np.where(before % 2 == 0, before // 2, 3 * before + 1))


def test_python_random_walk_momentum(sess: Any) -> None:
    steps = tf.placeholder(tf.float64, [None])
    momentum = tf.placeholder(tf.float64, [])
    smoothed = momentum_walk(steps, momentum)
    random = np.random.RandomState(1)
    raw = random.randint(-10, 10, size=100)
    assert raw.min() == -10 and raw.max() == 9
    for m in np.linspace(0, 1, 5):
        expected = [float(raw[0])]
        for step in raw[1:]:
            expected.append(m * expected[-1] + (1 - m) * step)
        found = sess.run(smoothed, {steps: raw, momentum: m})
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(sess.run(smoothed, {steps: raw, momentum: 0}), raw)
    np.testing.assert_array_equal(
        sess.run(smoothed, {steps: raw, momentum: 1}), np.full(100, raw[0])
    )
    # The listing's loop leaves out the last step.
    assert sess.run(smoothed, {steps: raw, momentum: 0.5})[-1] != raw[-1]

    long = random.randint(-10, 10, size=10000)
    ratio = sess.run(smoothed, {steps: long, momentum: 0.5}).var() / long.var()
    assert abs(ratio / (1 / 3) - 1) <= 0.2


def test_autodiff_python_function(sess: Any) -> None:
    a, b = (tf.constant(value, tf.float64) for value in (0.2, 0.3))
    z = iterated_waves(a, b)
    found = sess.run([z, *tf.gradients(z, [a, b])])
    expected = [-0.21253923284754914, -1.138859682365425, 0.1967160324549639]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
