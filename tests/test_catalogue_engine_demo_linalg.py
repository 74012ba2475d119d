"""The catalogue's linear-algebra-worked-examples: every printed matrix program, as a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf

A = [[1, 2], [3, 4]]
B = [[5, 6], [7, 8]]
NEURAL = [[4, 6], [2, 7]]
TALL = [[4, 6], [2, 7], [5, 8]]


def value_of(tensor: Any) -> Any:
    with tf.Session(graph=tensor.graph) as sess:
        return sess.run(tensor)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_sums_and_scaling() -> None:
    assert value_of(tf.add([[1, 0, 5], [2, 4, 7]], [[5, 3, 2], [6, 1, 4]])).tolist() == [
        [6, 3, 7],
        [8, 5, 11],
    ]
    assert value_of(2 * tf.constant([[1, 0, 5], [2, 4, 7]])).tolist() == [[2, 0, 10], [4, 8, 14]]
    assert value_of(tf.add(A, B)).tolist() == [[6, 8], [10, 12]]
    assert value_of(tf.subtract(A, B)).tolist() == [[-4, -4], [-4, -4]]
    assert value_of(tf.add(A, [[1, 1], [1, 1]])).tolist() == [[2, 3], [4, 5]]
    assert value_of(2 * tf.constant(A)).tolist() == [[2, 4], [6, 8]]


PRODUCTS: list[tuple[Any, Any, Any]] = [
    (NEURAL, [[1, 9], [5, 2]], [[34, 48], [37, 32]]),
    ([[1, 9], [5, 2]], NEURAL, [[22, 69], [24, 44]]),
    (TALL, [[1], [5]], [[34], [37], [45]]),
    (A, B, [[19, 22], [43, 50]]),
    ([[19, 22], [43, 50]], B, [[249, 290], [565, 658]]),
    ([[1, 2, 3]], [[3], [5], [-1]], [[10]]),
    ([[1, 2, 3], [4, 5, 6]], [[2], [2], [3]], [[15], [36]]),
    (A, [[0, 1], [2, 3]], [[4, 7], [8, 15]]),
    ([[4, 3, 6]], [[2], [7], [1]], [[35]]),
    ([[2], [7], [1]], [[4, 3, 6]], [[8, 6, 12], [28, 21, 42], [4, 3, 6]]),
    (np.eye(3, dtype=np.int32), [[2], [3], [4]], [[2], [3], [4]]),
]


@pytest.mark.parametrize(("left", "right", "expected"), PRODUCTS)
def test_products(left: Any, right: Any, expected: Any) -> None:
    product = tf.matmul(left, right)
    assert value_of(product).tolist() == expected
    columns = [
        tf.matmul(left, np.asarray(right, np.int32)[:, [j]]) for j in range(product.shape[1].value)
    ]
    assert value_of(tf.concat(columns, 1)).tolist() == expected


def test_affine_maps_and_transposes() -> None:
    affine = tf.add(tf.matmul([[1, 2]], [[1, 2, 3], [4, 5, 6]]), [7, 8, 9])
    assert value_of(affine).tolist() == [[16, 20, 24]]
    affine = tf.add(tf.matmul(A, [[0, 1], [2, 3]]), [4, 5])
    assert value_of(affine).tolist() == [[8, 12], [12, 20]]
    assert value_of(tf.transpose(A)).tolist() == [[1, 3], [2, 4]]
    product = tf.matmul([[19, 22], [43, 50]], B)
    reversed_product = tf.matmul(tf.transpose(B), tf.transpose([[19, 22], [43, 50]]))
    assert value_of(tf.transpose(product)).tolist() == value_of(reversed_product).tolist()
    assert value_of(reversed_product).tolist() == [[249, 565], [290, 658]]
    unit = tf.constant([3.0, 4.0], tf.float64) / tf.norm(tf.constant([3.0, 4.0], tf.float64))
    np.testing.assert_allclose(value_of(unit), [0.6, 0.8], rtol=1e-15)
    projection = tf.reduce_sum(tf.constant([1.0, 1.0], tf.float64) * unit)
    np.testing.assert_allclose(value_of(projection), 1.4, rtol=1e-15)


def test_inverse_and_solution() -> None:
    matrix = tf.constant([[1.0, 3.0], [3.0, 5.0]], tf.float64)
    inverse = tf.matrix_inverse(matrix)
    np.testing.assert_allclose(value_of(inverse), [[-1.25, 0.75], [0.75, -0.25]], atol=1e-14)
    np.testing.assert_allclose(value_of(tf.matmul(inverse, matrix)), np.eye(2), atol=1e-14)
    right_side = tf.constant([[7.0], [13.0]], tf.float64)
    np.testing.assert_allclose(value_of(tf.matmul(inverse, right_side)), [[1.0], [2.0]], atol=1e-13)
    other = tf.constant([[4.0, 3.0], [3.0, 2.0]], tf.float64)
    np.testing.assert_allclose(value_of(tf.matrix_inverse(other)), [[-2, 3], [3, -4]], atol=1e-13)
    np.testing.assert_allclose(value_of(tf.matrix_determinant(other)), -1, atol=1e-13)


def test_determinant_and_rank() -> None:
    matrix = tf.constant([[6.0, 1, 1], [4, -2, 5], [2, 8, 7]], tf.float64)
    np.testing.assert_allclose(value_of(tf.matrix_determinant(matrix)), -306, rtol=1e-12)
    dependent = tf.constant([[1.0, 3, 4], [2, 5, 7], [3, 7, 10]], tf.float64)
    np.testing.assert_allclose(value_of(tf.matrix_determinant(dependent)), 0, atol=1e-12)
    assert rank(dependent) == 2
    assert rank(tf.constant(np.array(TALL, np.float64))) == 2
    animals = np.array([[0.5, 0.1, 4, 10], [2.5, 50, 15, 20], [0.4, 9, 30, 15]])
    in_pounds = np.hstack([animals, 2.2 * animals[:, :1]])
    assert rank(tf.constant(animals)) == rank(tf.constant(in_pounds)) == 3


def rank(matrix: Any) -> int:
    """The number of singular values that are not zero to rounding."""
    values = tf.svd(matrix, compute_uv=False)
    counted = tf.reduce_sum(tf.cast(values > 1e-9 * tf.reduce_max(values), tf.int32))
    return int(value_of(counted))


@pytest.mark.parametrize(
    ("left", "right"), [([3, 4], [2, 3]), ([2, 3], [2, 3]), ([2, 2, 3], [2, 4, 3])]
)
def test_inner_sizes_must_agree(left: list[int], right: list[int]) -> None:
    with pytest.raises(ValueError, match=r"[Dd]imensions must be equal"):
        tf.matmul(tf.zeros(left), tf.zeros(right))
