"""The catalogue's hessian-curvature: second derivatives and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf

Function = Callable[[Any], Any]
Array = np.ndarray[Any, Any]


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def saddle(v: Any) -> Any:
    return v[0] ** 2 - v[1] ** 2


def bowl(v: Any) -> Any:
    return 2 * v[0] ** 2 + 3 * v[1] ** 2 - 5


def mixed(v: Any) -> Any:
    return v[0] ** 2 * v[1] ** 3 + 3 * v[1] + v[0] + 5


def log_ratio(v: Any) -> Any:
    return tf.log(v[0] / v[1])


# Function, point, gradient and Hessian there.
KNOWN: list[tuple[Function, list[float], Any, Any]] = [
    (saddle, [1.5, -2.0], [3.0, 4.0], [[2, 0], [0, -2]]),
    (bowl, [1.5, -2.0], [6.0, -12.0], [[4, 0], [0, 6]]),
    (mixed, [2.0, 3.0], [109.0, 111.0], [[54, 108], [108, 72]]),
    (log_ratio, [2.0, 4.0], [0.5, -0.25], [[-0.25, 0], [0, 0.0625]]),
]


@pytest.mark.parametrize(("function", "point", "slope", "curvature"), KNOWN)
def test_gradient_hessian_and_products(
    sess: Any, function: Function, point: list[float], slope: Any, curvature: Any
) -> None:
    v = tf.constant(point, tf.float64)
    y = function(v)
    (gradient,) = tf.gradients(y, v)
    by_rows = tf.stack([tf.gradients(gradient[row], v)[0] for row in range(2)])
    (hessian,) = tf.hessians(y, v)
    found = sess.run([gradient, by_rows, hessian])
    for value, expected in zip(found, (slope, curvature, curvature), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
    direction = tf.constant([0.6, -1.3], tf.float64)
    (product,) = tf.gradients(tf.reduce_sum(gradient * direction), v)
    along = tf.reduce_sum(direction * product)
    d = np.array([0.6, -1.3])
    np.testing.assert_allclose(sess.run(product), np.array(curvature) @ d, rtol=0, atol=1e-6)
    np.testing.assert_allclose(sess.run(along), d @ curvature @ d, rtol=1e-12)


def classify(sess: Any, function: Function, point: list[float]) -> str:
    """What the second-derivative test says of a point where the gradient is zero."""
    v = tf.constant(point, tf.float64)
    y = function(v)
    slope, hessian = sess.run([tf.gradients(y, v)[0], tf.hessians(y, v)[0]])
    np.testing.assert_array_equal(slope, np.zeros_like(slope))
    eigenvalues = np.linalg.eigvalsh(hessian)
    if (eigenvalues > 0).all():
        return "minimum"
    if (eigenvalues < 0).all():
        return "maximum"
    return "saddle" if eigenvalues.min() < 0 < eigenvalues.max() else "undecided"


def test_second_derivative_test(sess: Any) -> None:
    origin = [0.0, 0.0]
    assert classify(sess, saddle, origin) == "saddle"
    assert classify(sess, bowl, origin) == "minimum"
    assert classify(sess, lambda v: -bowl(v), origin) == "maximum"
    assert classify(sess, lambda v: v[0] ** 2, [0.0]) == "minimum"
    assert classify(sess, lambda v: v[0] ** 3, [0.0]) == "undecided"
    hessian = sess.run(tf.hessians(saddle(x := tf.constant([0.0, 0.0], tf.float64)), x)[0])
    eigenvalues, vectors = np.linalg.eigh(hessian)
    assert eigenvalues.tolist() == [-2.0, 2.0]
    np.testing.assert_allclose(np.abs(vectors), [[0, 1], [1, 0]])


@pytest.mark.parametrize("function", [saddle, bowl])
@pytest.mark.parametrize("step", [0.01, 0.5, 2.0])
def test_taylor_identity_on_quadratics(sess: Any, function: Function, step: float) -> None:
    v = tf.constant([1.25, -0.5], tf.float64)
    y = function(v)
    (g,) = tf.gradients(y, v)
    (hg,) = tf.gradients(tf.reduce_sum(g * tf.stop_gradient(g)), v)
    predicted = y - step * tf.reduce_sum(g * g) + step**2 / 2 * tf.reduce_sum(g * hg)
    moved = function(v - step * g)
    found = sess.run([predicted, moved])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12, atol=1e-12)


def test_sum_of_powers(sess: Any) -> None:
    v: Array = np.array([0.5, -1.5, 2.0])
    x = tf.constant(v)
    (g,) = tf.gradients(x[0] + x[1] ** 2 + x[2] ** 3, x)
    np.testing.assert_allclose(sess.run(g), [1, 2 * v[1], 3 * v[2] ** 2], rtol=1e-15)
