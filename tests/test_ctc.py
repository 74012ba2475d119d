"""Connectionist temporal classification against all alignments, enumerated."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf

CLASSES = 3
BLANK = CLASSES - 1


def random_logits(seed: int, steps: int, batch: int = 1, classes: int = CLASSES) -> Any:
    return np.random.default_rng(seed).normal(0, 2, (steps, batch, classes))


def log_softmax(x: Any) -> Any:
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def decoded(alignment: tuple[int, ...]) -> tuple[int, ...]:
    """The labels that an alignment stands for."""
    merged = [key for key, _ in itertools.groupby(alignment)]
    return tuple(each for each in merged if each != BLANK)


def probabilities(logits: Any) -> dict[tuple[int, ...], float]:
    """The probability of every label sequence, for logits [steps, classes]."""
    logs = log_softmax(logits)
    found: dict[tuple[int, ...], float] = {}
    for alignment in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        labels = decoded(alignment)
        chance = float(np.exp(sum(row[each] for row, each in zip(logs, alignment, strict=True))))
        found[labels] = found.get(labels, 0.0) + chance
    return found


def sparse_labels(rows: list[tuple[int, ...]]) -> Any:
    places = [[row, column] for row, labels in enumerate(rows) for column in range(len(labels))]
    values = np.array([label for labels in rows for label in labels], np.int32)
    return tf.SparseTensor(places, values, [len(rows), max(map(len, rows))])


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


@pytest.mark.parametrize("labels", [(0,), (1, 0), (0, 0), (1, 1, 0)])
def test_loss_sums_over_all_alignments(labels: tuple[int, ...]) -> None:
    logits = random_logits(1, 6)
    loss = run(tf.nn.ctc_loss(sparse_labels([labels]), logits, [6]))
    assert loss == pytest.approx(-np.log(probabilities(logits[:, 0])[labels]), rel=1e-12)


def test_each_sequence_of_a_batch_has_its_own_length() -> None:
    logits = random_logits(2, 6, 3)
    rows, lengths = [(0, 1), (1,), (0, 1, 0)], [4, 6, 5]
    losses = run(tf.nn.ctc_loss(sparse_labels(rows), logits, lengths))
    for number, (labels, length) in enumerate(zip(rows, lengths, strict=True)):
        alone = probabilities(logits[:length, number])[labels]
        assert losses[number] == pytest.approx(-np.log(alone), rel=1e-12)


def test_gradient_is_the_derivative() -> None:
    values = random_logits(3, 5, 2)
    logits = tf.placeholder(tf.float64, values.shape)
    loss = tf.nn.ctc_loss(sparse_labels([(0, 1), (1, 1)]), logits, [5, 4])
    total = tf.reduce_sum(loss * [1.0, -2.0])
    gradient = tf.gradients(total, logits)[0]
    with tf.Session() as session:
        found = session.run(gradient, {logits: values})
        expected = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[place] += step
                ends.append(session.run(total, {logits: moved}))
            expected[place] = (ends[0] - ends[1]) / 2e-6
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_extreme_logits_give_finite_losses() -> None:
    logits = np.zeros((4, 1, CLASSES), np.float32)
    logits[:, :, BLANK] = 500
    loss = tf.nn.ctc_loss(sparse_labels([(0,)]), logits, [4])
    assert run(loss) == pytest.approx(500 - np.log(4), rel=1e-6)


def test_impossible_labels_have_an_infinite_loss() -> None:
    # Two equal labels need a blank between them, for which there is no step.
    logits = random_logits(4, 2)
    loss = tf.nn.ctc_loss(sparse_labels([(0, 0)]), logits, [2])
    assert run(loss) == np.inf


def test_sequences_shorter_than_their_labels() -> None:
    logits = tf.constant(random_logits(5, 4, 2))
    labels = sparse_labels([(0, 1, 0), (1,)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Not enough time"):
        run(tf.nn.ctc_loss(labels, logits, [2, 4]))
    loss = tf.nn.ctc_loss(labels, logits, [2, 4], ignore_longer_outputs_than_inputs=True)
    losses, gradient = run([loss, tf.gradients(loss, logits)[0]])
    assert losses[0] == 0 and not gradient[:, 0].any()
    assert losses[1] > 0 and gradient[:, 1].any()


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_wide_beams_find_the_most_probable_labels(seed: int, steps: int) -> None:
    logits = random_logits(seed, steps)
    chances = probabilities(logits[:, 0])
    count = min(3, len(chances))
    with tf.Graph().as_default():
        beams, scores = tf.nn.ctc_beam_search_decoder_v2(tf.constant(logits), [steps], 200, count)
        found, logs = run([beams, scores])
    best = sorted(chances.values(), reverse=True)[:count]
    np.testing.assert_allclose(np.exp(logs[0]), best, rtol=1e-9)
    for each, score in zip(found, logs[0], strict=True):
        assert chances[tuple(each.values.tolist())] == pytest.approx(np.exp(score), rel=1e-9)


def test_a_beam_of_one_class_holds_blanks_only() -> None:
    (beam,), score = run(tf.nn.ctc_beam_search_decoder(np.zeros((3, 2, 1)), [3, 1], 4))
    assert beam.values.size == 0 and not score.any()


def test_greedy_labels_are_those_of_the_best_alignment() -> None:
    logits = random_logits(6, 9, 2)
    (found,), score = run(tf.nn.ctc_greedy_decoder(tf.constant(logits), [9, 5]))
    for number, length in enumerate((9, 5)):
        best = tuple(logits[:length, number].argmax(-1).tolist())
        assert tuple(found.values[found.indices[:, 0] == number].tolist()) == decoded(best)
        assert score[number, 0] == pytest.approx(-logits[:length, number].max(-1).sum())
