"""Einsum and tensordot against NumPy, with sizes that are known and that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf

EQUATIONS = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "ba": [(2, 3)],
    "bij,bjk->bik": [(2, 3, 4), (2, 4, 5)],
    "bij,bkj->ikb": [(2, 3, 4), (2, 5, 4)],
    "bhid,bhjd->bhij": [(2, 3, 4, 5), (2, 3, 2, 5)],
    "ijk->": [(2, 3, 4)],
    "ijk->ki": [(2, 3, 4)],
    "ij,ij->": [(2, 3), (2, 3)],
    "i,j->ij": [(2,), (3,)],
    "ij,kj->ikj": [(2, 3), (4, 3)],
    "abc,cd,de->abe": [(2, 3, 4), (4, 2), (2, 5)],
    "ijkl,kl->ij": [(2, 3, 4, 5), (4, 5)],
    "ijm,jk->imk": [(2, 3, 4), (3, 5)],
    "...ij,jk->...ik": [(2, 5, 3, 4), (4, 2)],
    "...ij,...jk->...ik": [(2, 3, 4), (5, 2, 4, 3)],
    "i,->i": [(3,), ()],
    "ab,cd->ad": [(2, 3), (4, 5)],
}
KNOWN = ("all sizes", "no first size", "no size")


def _values(shapes: Any) -> list[Any]:
    rng = np.random.default_rng(len(shapes))
    return [rng.normal(size=shape) for shape in shapes]


def _placeholder(value: Any, known: str) -> tf.Tensor:
    shape: list[int | None] = list(value.shape)
    if known == "no size":
        shape = [None] * len(shape)
    elif known == "no first size" and shape:
        shape[0] = None
    return tf.placeholder(tf.float64, shape)


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize("equation", EQUATIONS)
def test_einsum_is_numpys(equation: str, known: str) -> None:
    values = _values(EQUATIONS[equation])
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = [_placeholder(value, known) for value in values]
        result = tf.einsum(equation, *inputs)
        found = session.run(result, dict(zip(inputs, values, strict=True)))
    expected = np.einsum(equation, *values)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert result.shape.is_compatible_with(expected.shape)
    if known == "all sizes":
        assert result.shape.as_list() == list(expected.shape)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk->ik", [(2, 3)], "expecting 2"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "dimension"),
        ("ii->i", [(2, 2)], "more than once"),
        ("i-j", [(2,)], "incorrect format"),
        ("ij->ijk", [(2, 3)], "Unknown label"),
        ("ijk->ij", [(2, 3)], "does not have the 3 axes"),
    ],
)
def test_einsum_rejects(equation: str, shapes: Any, message: str) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match=message):
        tf.einsum(equation, *(tf.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(
    "axes", [0, 1, 2, [[2, 1], [0, 1]], [[-1], [0]], [2, 0], np.array([[1, 2], [1, 0]])]
)
def test_tensordot_is_numpys(axes: Any, known: str) -> None:
    pairs: Any = axes.tolist() if isinstance(axes, np.ndarray) else axes
    # Contracting the two last axes with the two first wants them in one order.
    second = (3, 4, 5) if isinstance(axes, int) and axes == 2 else (4, 3, 5)
    values = _values([(2, 3, 4), second])
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = (_placeholder(value, known) for value in values)
        result = tf.tensordot(a, b, axes)
        found = session.run(result, {a: values[0], b: values[1]})
    expected = np.tensordot(values[0], values[1], pairs)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert result.shape.is_compatible_with(found.shape)


def test_tensordot_of_constant_axes_knows_its_shape() -> None:
    with tf.Graph().as_default():
        axes = tf.constant([[2], [0]])
        assert tf.tensordot(tf.zeros([2, 3, 4]), tf.zeros([4, 5]), axes).shape == [2, 3, 5]


def test_matmul_lets_numbers_take_the_type_of_a_tensor() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        product = tf.matmul([[4, 6], [2, 7]], np.array([[1], [5]]))
        assert session.run(product).tolist() == [[34], [37]]
        with pytest.raises(TypeError):
            tf.matmul([[4, 6]], np.array([[1.5], [5.0]]))
