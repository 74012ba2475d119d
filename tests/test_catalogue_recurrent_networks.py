"""The catalogue's recurrent networks for sequences in and out, and tags of their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models import recurrent_topologies as topologies
from flowgraph.models.recurrent_classifiers import sequence_tagger
from flowgraph.models.recurrent_eos import eos_loss, eos_weights, generate
from flowgraph.models.recurrent_training import clipped_step

N_STEPS, EOS = 6, 0


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(2)
        yield session


def near(found: Any, expected: Any, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def sequences(random: Any, size: int = 64) -> Any:
    return random.uniform(-1, 1, [size, N_STEPS, 1]).astype(np.float32)


def shifted(x: Any) -> Any:
    return np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], 1)


def counted(v: Any) -> Any:
    return v[:, None, :] + 0.2 * np.arange(N_STEPS)[None, :, None]


# What is built from the input, its shape, that of the output, and the known answer.
TOPOLOGIES: dict[str, tuple[Callable[[Any], Any], Any, Any, Callable[[Any], Any]]] = {
    "sequence to sequence": (
        lambda x: topologies.sequence_to_sequence(x, 1),
        [None, N_STEPS, 1],
        [None, N_STEPS, 1],
        shifted,
    ),
    "sequence to vector": (
        lambda x: topologies.sequence_to_vector(x, 1),
        [None, N_STEPS, 1],
        [None, 1],
        lambda x: x.sum(1),
    ),
    "vector to sequence": (
        lambda x: topologies.vector_to_sequence(x, N_STEPS, 1),
        [None, 1],
        [None, N_STEPS, 1],
        counted,
    ),
    "delayed": (
        lambda x: topologies.delayed_sequence_to_sequence(x, 4, 1),
        [None, N_STEPS, 1],
        [None, 4, 1],
        lambda x: x[:, ::-1][:, :4].cumsum(1) / 2,
    ),
}


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_rnn_io_topologies(sess: Any, name: str) -> None:
    build, shape, output_shape, answer = TOPOLOGIES[name]
    x = tf.placeholder(tf.float32, shape)
    output = build(x)
    assert output.shape.as_list() == output_shape
    y = tf.placeholder(tf.float32, output_shape)
    loss = tf.reduce_mean(tf.square(output - y))
    train = clipped_step(tf.train.AdamOptimizer(0.005), loss, 1.0).train
    sess.run(tf.global_variables_initializer())
    random = np.random.default_rng(0)

    def batch(size: int) -> Any:
        values = sequences(random, size)
        return values if len(shape) == 3 else values[:, 0]

    for size in (1, 3):
        assert sess.run(output, {x: batch(size)}).shape == (size, *output_shape[1:])
    for _ in range(400):
        values = batch(64)
        sess.run(train, {x: values, y: answer(values)})
    values = batch(500)
    error = sess.run(loss, {x: values, y: answer(values)})
    assert error < 0.01


def test_rnn_io_topologies_lengths(sess: Any) -> None:
    """The vector of a padded sequence is that of the sequence."""
    x, length = tf.placeholder(tf.float32, [None, None, 1]), tf.placeholder(tf.int32, [None])
    for cell in (None, tf.nn.rnn_cell.BasicLSTMCell(5)):
        with tf.variable_scope("lstm" if cell else "rnn"):
            vector = topologies.sequence_to_vector(x, 2, cell=cell, sequence_length=length)
        sess.run(tf.global_variables_initializer())
        values = sequences(np.random.default_rng(0), 3)
        full = sess.run(vector, {x: values[:, :4], length: [4, 4, 4]})
        near(sess.run(vector, {x: values, length: [4, 4, 4]}), full)


def test_rnn_variable_output_eos(sess: Any) -> None:
    targets = np.array([[3, 1, EOS, 2, EOS], [EOS, 1, 1, 1, 1], [1, 2, 3, 1, 2], [2, 2, 1, 1, EOS]])
    lengths = [3, 1, 5, 5]
    y = tf.placeholder(tf.int32, [None, None])
    logits = tf.placeholder(tf.float64, [None, None, 4])
    weights = eos_weights(y, EOS, tf.float64)
    masks = sess.run([weights, tf.sequence_mask(lengths, 5, tf.float64)], {y: targets})
    np.testing.assert_array_equal(*masks)
    loss = eos_loss(logits, y, EOS)
    gradient = tf.gradients(loss, logits)[0]
    random = np.random.default_rng(0)
    scores = random.normal(size=[4, 5, 4])
    first, slope = sess.run([loss, gradient], {logits: scores, y: targets})
    after = masks[0] == 0
    assert not slope[after].any() and (np.abs(slope[~after]).max(-1) > 0).all()
    picked = np.take_along_axis(scores, targets[:, :, None], 2)[:, :, 0]
    entropies = np.log(np.exp(scores).sum(2)) - picked
    near(first, entropies[~after].mean(), 1e-12)
    changed, moved = targets.copy(), scores.copy()
    changed[after] = random.integers(0, 4, after.sum())
    moved[after] = 100 * random.normal(size=[after.sum(), 4])
    near(sess.run(loss, {logits: moved, y: changed}), first, 1e-7)


def test_rnn_variable_output_eos_ends_generation(sess: Any) -> None:
    """Each token is followed by the one below it, so 3 gives 2, 1, EOS."""

    def step(token: Any, calls: Any) -> Any:
        return tf.one_hot(token - 1, 10), calls + 1

    made = generate(step, tf.constant([3, 1, 5]), tf.constant(0), EOS, max_steps=20)
    tokens, lengths = sess.run(made)
    assert tokens.tolist() == [[2, 1, 0, 0, 0], [0, 0, 0, 0, 0], [4, 3, 2, 1, 0]]
    assert lengths.tolist() == [3, 1, 5]
    stopped = generate(step, tf.constant([9]), tf.constant(0), EOS, max_steps=4)
    assert sess.run(stopped.tokens).tolist() == [[8, 7, 6, 5]]


def one_hot(ids: Any, depth: int) -> Any:
    return np.eye(depth, dtype=np.float32)[ids]


def fit(session: Any, model: Any, batch: Callable[[int], Any], steps: int) -> float:
    """The accuracy on 500 new sequences after `steps` batches of 50."""
    session.run(tf.global_variables_initializer())
    for _ in range(steps):
        x, y = batch(50)
        session.run(model.train, {model.x: x, model.y: y})
    x, y = batch(500)
    return float(session.run(model.accuracy, {model.x: x, model.y: y}))


def test_elman_rnn_loss(sess: Any) -> None:
    model = sequence_tagger(4, 3, n_neurons=5)
    sess.run(tf.global_variables_initializer())
    random = np.random.default_rng(0)
    ids, y = random.integers(0, 4, [2, 7]), random.integers(0, 3, [2, 7])
    x = one_hot(ids, 4)
    fetches = [model.hidden, model.logits, model.probabilities, model.loss]
    hidden, logits, shares, loss = sess.run(fetches, {model.x: x, model.y: y})
    kernel, bias, w_out, b_out = sess.run(tf.trainable_variables())
    w_xh, w_hh = kernel[:4], kernel[4:]
    h = np.zeros([2, 5])
    entropies = []
    for t in range(7):
        h = np.tanh(h @ w_hh + x[:, t] @ w_xh + bias)
        near(hidden[:, t], h)
        near(logits[:, t], h @ w_out + b_out)
        powers = np.exp(logits[:, t])
        near(shares[:, t], powers / powers.sum(1, keepdims=True))
        entropies.append(-np.log(shares[np.arange(2), t, y[:, t]]).mean())
    near(loss, np.mean(entropies), 1e-6)


def test_elman_rnn_echo(sess: Any) -> None:
    """The class of a step is the symbol two steps before it."""
    random = np.random.default_rng(1)

    def batch(size: int) -> Any:
        ids = random.integers(0, 4, [size, 12])
        y = np.concatenate([np.zeros([size, 2], int), ids[:, :-2]], 1)
        return one_hot(ids, 4), y

    model = sequence_tagger(4, 4, n_neurons=32)
    assert fit(sess, model, batch, 250) > 0.98


@pytest.mark.parametrize("bidirectional", [False, True])
def test_bidirectional_rnn_next_symbol(sess: Any, bidirectional: bool) -> None:
    """The class of a step is the symbol after it, a random one; 0 at the end."""
    random = np.random.default_rng(1)

    def batch(size: int) -> Any:
        ids = random.integers(0, 4, [size, 12])
        return one_hot(ids, 4), np.concatenate([ids[:, 1:], np.zeros([size, 1], int)], 1)

    model = sequence_tagger(4, 4, n_neurons=24, bidirectional=bidirectional)
    accuracy = fit(sess, model, batch, 150)
    if bidirectional:
        assert accuracy > 0.99
    else:
        # At best one step in twelve, the last, is known, and the others by chance.
        assert accuracy < 11 / 12 / 4 + 1 / 12 + 0.05


def test_bidirectional_rnn_reads_backward(sess: Any) -> None:
    x = tf.placeholder(tf.float64, [None, None, 3])
    length = tf.placeholder(tf.int32, [None])
    cells = [tf.nn.rnn_cell.GRUCell(4), tf.nn.rnn_cell.GRUCell(4)]
    both, ends = tf.nn.bidirectional_dynamic_rnn(*cells, x, length, dtype=tf.float64)
    turned = tf.reverse_sequence(x, length, seq_axis=1, batch_axis=0)
    outputs, end = tf.nn.dynamic_rnn(cells[1], turned, length, dtype=tf.float64)
    again = tf.reverse_sequence(outputs, length, seq_axis=1, batch_axis=0)
    scopes = {v.op.name.split("/")[1] for v in tf.trainable_variables()}
    assert scopes == {"fw", "bw"} and len(tf.trainable_variables()) == 8
    sess.run(tf.global_variables_initializer())
    values = np.random.default_rng(0).normal(size=[3, 6, 3])
    feed = {x: values, length: [6, 2, 4]}
    (forward, backward), (_, last) = sess.run([both, ends], feed)
    near(backward, sess.run(again, feed), 1e-12)
    near(last, sess.run(end, feed), 1e-12)
    for row, size in enumerate([6, 2, 4]):
        assert not forward[row, size:].any() and not backward[row, size:].any()
        alone = sess.run(both, {x: values[row : row + 1, :size], length: [size]})
        near(alone[0][0], forward[row, :size], 1e-12)
        near(alone[1][0], backward[row, :size], 1e-12)
