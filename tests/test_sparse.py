"""Sparse tensors and candidate samplers: what TensorFlow's recordings do not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.graph.build import apply

PLACES = np.array([[0, 1], [0, 3], [1, 0], [2, 2]], np.int64)
VALUES = np.array([1.5, -2.0, 0.75, 4.0])
DENSE = np.zeros((3, 4))
DENSE[tuple(PLACES.T)] = VALUES


def sparse() -> Any:
    return tf.SparseTensor(PLACES, VALUES, [3, 4])


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


@st.composite
def matrices(draw: Any) -> Any:
    """A dense matrix with many zeros."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    seed = draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < 0.5)


@given(matrices(), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_products_are_those_of_dense_matrices(a: Any, adjoint_a: bool, adjoint_b: bool) -> None:
    left = a.T if adjoint_a else a
    right = np.random.default_rng(0).normal(size=(left.shape[1], 3))
    with tf.Graph().as_default():
        product = tf.sparse_tensor_dense_matmul(
            tf.sparse.from_dense(a), right.T if adjoint_b else right, adjoint_a, adjoint_b
        )
        np.testing.assert_allclose(run(product), left @ right, atol=1e-12)


@given(matrices(), st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_rearranging_agrees_with_dense_tensors(a: Any, axis: int) -> None:
    with tf.Graph().as_default():
        x = tf.sparse.from_dense(a)
        both = tf.sparse_concat(axis, [x, x])
        results = {
            "transposed": (tf.sparse_transpose(x), a.T),
            "reshaped": (tf.sparse_reshape(x, [-1]), a.reshape(-1)),
            "joined": (both, np.concatenate([a, a], axis)),
            "half": (tf.sparse_split(sp_input=both, num_split=2, axis=axis)[1], a),
            "slice": (tf.sparse_slice(x, [0, 1], [2, 2]), a[:2, 1:3]),
            "added": (tf.sparse_add(x, x), 2 * a),
        }
        found = run({key: tf.sparse_tensor_to_dense(each) for key, (each, _) in results.items()})
        found["sum"] = run(tf.sparse_reduce_sum(x, axis))
    assert np.allclose(found.pop("sum"), a.sum(axis))
    for key, array in found.items():
        assert np.array_equal(array, results[key][1]), key


def test_tensors_too_large_to_number_their_places() -> None:
    size = 1 << 40
    places = np.array([[size - 1, 5], [3, size - 2], [3, 0]], np.int64)
    x = tf.SparseTensor(places, [1, 2, 3], [size, size])
    ordered, total = run([tf.sparse_reorder(x), tf.sparse_add(tf.sparse_reorder(x), x)])
    assert ordered.values.tolist() == [3, 2, 1]
    assert np.array_equal(ordered.indices, places[::-1])
    assert total.values.tolist() == [6, 4, 2]


def test_second_derivatives_pass_through_softmax_and_sums() -> None:
    values = tf.constant(VALUES)
    x = tf.SparseTensor(PLACES, values, [3, 4])
    weights = np.random.default_rng(1).normal(size=(3, 4))
    y = tf.reduce_sum(tf.sparse_tensor_to_dense(tf.sparse_softmax(x)) * weights)
    first = tf.gradients(y, values)[0]
    analytic, numeric = gradient_check(values, first)
    np.testing.assert_allclose(analytic, numeric, atol=1e-8)


def gradient_check(x: Any, y: Any) -> tuple[Any, Any]:
    """The Jacobian of y by differentiation, and numerically."""
    size = VALUES.size
    rows = [tf.gradients(y[index], x)[0] for index in range(size)]
    with tf.Session() as session:
        analytic = np.array(session.run(rows))
        columns = []
        for index in range(size):
            step = np.eye(size)[index] * 1e-6
            ends = [session.run(y, {x: VALUES + sign * step}) for sign in (1, -1)]
            columns.append((ends[0] - ends[1]) / 2e-6)
    return analytic, np.array(columns).T


@pytest.mark.parametrize("shape", [(), (4,), (3, 1), (3, 4)])
@pytest.mark.parametrize("kind", ["Add", "Mul", "Div"])
def test_gradients_of_a_broadcast_dense_operand(shape: tuple[int, ...], kind: str) -> None:
    start = np.random.default_rng(2).uniform(1, 2, shape)
    dense = tf.placeholder(tf.float64, shape)
    values = apply(f"SparseDenseCwise{kind}", *sparse().components(), dense)
    total = tf.reduce_sum(values * [1.0, 2.0, 3.0, -4.0])
    gradient = tf.gradients(total, dense)[0]
    with tf.Session() as session:
        found = session.run(gradient, {dense: start})
        expected = np.zeros(shape)
        for place in np.ndindex(*shape):
            step = np.zeros(shape)
            step[place] = 1e-6
            ends = [session.run(total, {dense: start + sign * step}) for sign in (1, -1)]
            expected[place] = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_operators_with_numbers_on_either_side() -> None:
    x = sparse()
    found = run([x * 2.0, 2.0 * x, x / 4.0])
    assert [each.values.tolist() for each in found] == [
        (VALUES * 2).tolist(),
        (VALUES * 2).tolist(),
        (VALUES / 4).tolist(),
    ]
    with pytest.raises(TypeError):
        tf.constant(1.0) + x


def test_gradients_of_scalars_and_vectors_of_places() -> None:
    values = tf.constant([2.0, 3.0])
    one = tf.constant(5.0)
    vector = tf.sparse_to_dense([1, 3], [5], values)
    splat = tf.sparse_to_dense([0, 2], [4], one, default_value=one)
    single = tf.sparse_to_dense(2, [4], one)
    weights = tf.constant([1.0, 2.0, 3.0, 4.0, 5.0])
    found = run(
        [
            tf.gradients(vector * weights, values)[0],
            tf.gradients(splat * weights[:4], one)[0],
            tf.gradients(single * weights[:4], one)[0],
        ]
    )
    assert [each.tolist() for each in found] == [[2.0, 4.0], 10.0, 3.0]


def test_sparse_values_can_be_fed() -> None:
    x = tf.sparse_placeholder(tf.float64, [3, 4])
    total = tf.sparse_reduce_sum(x, 1)
    value = tf.SparseTensorValue(PLACES, VALUES, [3, 4])
    assert run(total, {x: value}).tolist() == [-0.5, 0.75, 4.0]


def test_indices_out_of_range_are_told() -> None:
    x = tf.SparseTensor([[0, 9]], [1.0], [1, 4])
    for result in (
        tf.sparse_tensor_to_dense(x),
        tf.sparse_tensor_dense_matmul(x, tf.ones([4, 2])),
        tf.sparse_add(x, tf.ones([1, 4])),
        (x * tf.ones([1, 4])).values,
        tf.sparse_reduce_sum(x, 0),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(result)


def levenshtein(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


words = st.lists(st.text("abc", max_size=6), min_size=1, max_size=4)


def letters(texts: list[str], rows: int) -> Any:
    places = [[row, at] for row, text in enumerate(texts) for at in range(len(text))]
    values = np.array([letter.encode() for text in texts for letter in text], object)
    indices = np.array(places, np.int64).reshape(-1, 2)
    return tf.SparseTensor(indices, tf.constant(values, tf.string), [rows, 6])


@given(words, words)
@settings(max_examples=40, deadline=None)
def test_edit_distance(first: list[str], second: list[str]) -> None:
    rows = max(len(first), len(second))
    with tf.Graph().as_default():
        distance = tf.edit_distance(letters(first, rows), letters(second, rows), normalize=False)
        found = run(distance)
    padded = [each + [""] * (rows - len(each)) for each in (first, second)]
    assert found.tolist() == [levenshtein(a, b) for a, b in zip(*padded, strict=True)]


SAMPLERS = {
    "uniform": tf.nn.uniform_candidate_sampler,
    "log": tf.nn.log_uniform_candidate_sampler,
    "learned": tf.nn.learned_unigram_candidate_sampler,
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_expected_counts_are_those_of_many_samples(name: str) -> None:
    true = tf.constant([[0], [3]], tf.int64)
    made = SAMPLERS[name](true, 1, 4, True, 10, seed=8)
    seen = np.zeros(10)
    expected = np.zeros(10)
    with tf.Session() as session:
        for _ in range(3000):
            run_ = session.run(made)
            assert len(set(run_.sampled_candidates.tolist())) == 4
            seen[run_.sampled_candidates] += 1
            if name != "learned":
                expected[[0, 3]] += run_.true_expected_count[:, 0]
    assert seen.sum() == 12000
    if name == "learned":
        # The two classes that are asked for again and again are sampled almost every time.
        assert (seen[[0, 3]] > 2900).all()
    else:
        np.testing.assert_allclose(seen[[0, 3]], expected[[0, 3]], rtol=0.2)


def test_fixed_unigrams_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.csv"
    path.write_text("the,8\nrare,0\nof,4\n", encoding="utf-8")
    true = tf.constant([[0]], tf.int64)
    sampler = tf.nn.fixed_unigram_candidate_sampler
    made = sampler(true, 1, 500, False, 3, vocab_file=str(path), seed=1)
    found = run(made)
    counts = np.bincount(found.sampled_candidates, minlength=3)
    assert counts[1] == 0 and 280 < counts[0] < 390
    assert found.true_expected_count[0, 0] == pytest.approx(500 * 8 / 12)
    path.write_text("the,eight\n", encoding="utf-8")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Wrong vocabulary format"):
        run(sampler(true, 1, 1, False, 1, vocab_file=str(path)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="weights size"):
        run(sampler(true, 1, 1, False, 5, unigrams=[1.0, 2.0]))


def test_sampled_losses_of_all_classes_are_the_full_ones() -> None:
    rng = np.random.default_rng(3)
    weights, biases = rng.normal(size=(5, 4)), rng.normal(size=5)
    inputs, labels = rng.normal(size=(3, 4)), np.array([[1], [4], [0]], np.int64)
    logits = inputs @ weights.T + biases
    full = run(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels[:, 0], logits=logits))
    every = tf.nn.all_candidate_sampler(labels, 1, 5, True)
    common: dict[str, Any] = {
        "weights": tf.constant(weights),
        "biases": tf.constant(biases),
        "labels": tf.constant(labels),
        "inputs": tf.constant(inputs),
        "num_sampled": 5,
        "num_classes": 5,
    }
    counts = [tf.cast(each, tf.float64) for each in every[1:]]
    common["sampled_values"] = (every[0], *counts)
    for loss in (tf.nn.sampled_softmax_loss, tf.contrib.nn.sampled_sparse_softmax_loss):
        np.testing.assert_allclose(run(loss(**common)), full, rtol=1e-6)


def test_nth_element() -> None:
    x = tf.constant([[3.0, 1.0, 2.0], [9.0, 8.0, 7.0]])
    nth = tf.contrib.nn.nth_element
    found = run([nth(x, 1), nth(x, 0, reverse=True), tf.gradients(nth(x, 1), x)[0]])
    assert found[0].tolist() == [2.0, 8.0] and found[1].tolist() == [3.0, 9.0]
    assert found[2].tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
