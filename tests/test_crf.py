"""Conditional random fields against the enumeration of all tag sequences."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import normal

crf: Any = tf.contrib.crf
close = np.testing.assert_allclose
TAGS, STEPS = 3, 4
INPUTS, TRANSITIONS = normal(3, STEPS, TAGS), normal(TAGS, TAGS, seed=1)
LENGTHS = [4, 2, 1]
INDICES = np.array([[0, 2, 1, 1], [2, 2, 0, 0], [1, 0, 0, 0]], np.int32)


def score(row: int, tags: Any) -> float:
    total = sum(INPUTS[row, step, tag] for step, tag in enumerate(tags))
    return float(total + sum(TRANSITIONS[a, b] for a, b in itertools.pairwise(tags)))


def every(row: int) -> dict[tuple[int, ...], float]:
    """The scores of all tag sequences of a row."""
    sequences = itertools.product(range(TAGS), repeat=LENGTHS[row])
    return {tags: score(row, tags) for tags in sequences}


def log_norms() -> Any:
    return [np.log(sum(np.exp(each) for each in every(row).values())) for row in range(3)]


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_scores() -> None:
    expected = [score(row, INDICES[row, : LENGTHS[row]]) for row in range(3)]
    close(run(crf.crf_sequence_score(INPUTS, INDICES, LENGTHS, TRANSITIONS)), expected, rtol=1e-5)
    unary = run(crf.crf_unary_score(INDICES, LENGTHS, INPUTS))
    binary = run(crf.crf_binary_score(INDICES, LENGTHS, TRANSITIONS))
    close(unary + binary, expected, rtol=1e-5)
    assert binary[2] == 0


def test_norms() -> None:
    close(run(crf.crf_log_norm(INPUTS, LENGTHS, TRANSITIONS)), log_norms(), rtol=1e-5)
    empty = run(crf.crf_log_norm(INPUTS, [4, 0, 1], TRANSITIONS))
    close(empty, [log_norms()[0], 0, log_norms()[2]], rtol=1e-5)


def test_likelihood_of_all_sequences_sums_to_one() -> None:
    sequences = np.array(list(itertools.product(range(TAGS), repeat=STEPS)), np.int32)
    count = len(sequences)
    inputs = np.repeat(INPUTS[:1], count, 0)
    likelihood, params = crf.crf_log_likelihood(inputs, sequences, [STEPS] * count)
    assert params.op.name == "transitions"
    close(np.exp(run(likelihood)).sum(), 1, rtol=1e-4)


def test_gradient_is_that_of_the_marginals() -> None:
    inputs = tf.constant(INPUTS)
    params = tf.constant(TRANSITIONS)
    norm = crf.crf_log_norm(inputs, LENGTHS, params)
    d_inputs, d_params = run(tf.gradients(norm, [inputs, params]))
    for row in range(3):
        scores = every(row)
        total = np.exp(log_norms()[row])
        for step, tag in itertools.product(range(STEPS), range(TAGS)):
            marginal = sum(
                np.exp(value)
                for tags, value in scores.items()
                if step < len(tags) and tags[step] == tag
            )
            assert d_inputs[row, step, tag] == pytest.approx(marginal / total, abs=1e-5)
    # Each transition is taken as often as there are steps after the first, on average.
    close(d_params.sum(), sum(length - 1 for length in LENGTHS), rtol=1e-5)


def test_allowed_tags() -> None:
    allowed = np.random.default_rng(0).uniform(size=INPUTS.shape) < 0.6
    allowed[:, :, 0] = True
    expected = [
        np.log(
            sum(
                np.exp(value)
                for tags, value in every(row).items()
                if all(allowed[row, step, tag] for step, tag in enumerate(tags))
            )
        )
        for row in range(3)
    ]
    found = run(crf.crf_multitag_sequence_score(INPUTS, allowed, LENGTHS, TRANSITIONS))
    close(found, expected, rtol=1e-5)


@pytest.mark.parametrize("known", [True, False])
def test_decoding(known: bool) -> None:
    inputs: Any = tf.constant(INPUTS)
    if not known:
        inputs = tf.placeholder_with_default(inputs, [None, None, TAGS])
    tags, best = run(crf.crf_decode(inputs, TRANSITIONS, LENGTHS))
    assert tags.shape == (3, STEPS)
    for row, length in enumerate(LENGTHS):
        expected = max(every(row), key=every(row).__getitem__)
        assert tuple(tags[row, :length]) == expected
        assert best[row] == pytest.approx(every(row)[expected], rel=1e-5)
        found, value = crf.viterbi_decode(INPUTS[row, :length], TRANSITIONS)
        assert tuple(found) == expected
        assert value == pytest.approx(best[row], rel=1e-5)


def test_decoding_of_single_steps() -> None:
    tags, best = run(crf.crf_decode(INPUTS[:, :1], TRANSITIONS, [1, 1, 1]))
    assert tags.tolist() == INPUTS[:, :1].argmax(2).tolist()
    close(best, INPUTS[:, 0].max(1))


def test_training() -> None:
    likelihood, params = crf.crf_log_likelihood(INPUTS, INDICES, LENGTHS)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(-tf.reduce_mean(likelihood))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(likelihood).mean()
        for _ in range(30):
            session.run(train)
        assert session.run(likelihood).mean() > before + 0.1
        assert session.run(params).shape == (TAGS, TAGS)
