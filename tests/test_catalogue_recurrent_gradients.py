"""The catalogue's rows about gradients through time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.recurrent_irnn import adding_problem, irnn
from flowgraph.models.recurrent_layers import RecurrentWeights, recurrent_layer
from flowgraph.models.recurrent_training import clipped_step
from flowgraph.models.recurrent_windows import window_rnn, windows


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(5)
        yield session


def near(found: Any, expected: Any, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


class Unrolled:
    """Five steps of a layer in float64 whose cost is ``sum(coefficient Y)`` over the last three."""

    steps, batch, size, units = 5, 4, 3, 6

    def __init__(self) -> None:
        self.x = [normal(self.batch, self.size, seed=t) for t in range(self.steps)]
        self.values = RecurrentWeights(
            normal(self.size, self.units, seed=10) / 2,
            normal(self.units, self.units, seed=11) / 2,
            normal(1, self.units, seed=12),
        )
        self.weights = RecurrentWeights(*(tf.constant(value) for value in self.values))
        self.layer = recurrent_layer([tf.constant(x) for x in self.x], weights=self.weights)
        self.factors = [normal(self.batch, self.units, seed=20 + t) for t in range(self.steps)]
        used = [(y, f) for y, f in zip(self.layer.outputs, self.factors, strict=True)][2:]
        self.cost = tf.add_n([tf.reduce_sum(y * factor) for y, factor in used])

    def by_hand(self, outputs: list[Any]) -> list[Any]:
        """``dC/dW = sum over t of X(t)^T d(t)``, ``d(t) = (1 - Y(t)^2) (dC/dY(t) + d(t+1) Wy^T)``,
        with ``dC/dY(t)`` the direct part only, zero for t < 2."""
        wx, wy, b = (np.zeros_like(value) for value in self.values)
        after = np.zeros([self.batch, self.units])
        for t in reversed(range(self.steps)):
            direct = self.factors[t] if t >= 2 else 0
            after = (1 - outputs[t] ** 2) * (direct + after @ self.values.wy.T)
            wx += self.x[t].T @ after
            b += after.sum(0)
            if t:
                wy += outputs[t - 1].T @ after
        return [wx, wy, b]


def test_bptt_partial_cost(sess: Any) -> None:
    model = Unrolled()
    outputs = model.layer.outputs
    found, values = sess.run([tf.gradients(model.cost, list(model.weights)), outputs])
    for one, expected in zip(found, model.by_hand(values), strict=True):
        near(one, expected)

    # With the states cut off from what comes after them, only direct gradients are left.
    apart = [tf.identity(y) for y in outputs]
    cost = tf.add_n(
        [tf.reduce_sum(y * f) for y, f in zip(apart[2:], model.factors[2:], strict=True)]
    )
    assert tf.gradients(cost, apart)[:2] == [None, None]
    through = sess.run(tf.gradients(model.cost, outputs[:2]))
    assert all(np.abs(gradient).max() > 0.01 for gradient in through)


def test_bptt_partial_cost_sums_over_steps(sess: Any) -> None:
    model = Unrolled()
    before: Any = tf.zeros([model.batch, model.units], tf.float64)
    copies, outputs = [], []
    for x in model.x:
        copies.append([tf.identity(weight) for weight in model.weights])
        wx, wy, b = copies[-1]
        before = tf.tanh(tf.matmul(x, wx) + tf.matmul(before, wy) + b)
        outputs.append(before)
    cost = tf.add_n(
        [tf.reduce_sum(y * f) for y, f in zip(outputs[2:], model.factors[2:], strict=True)]
    )
    shared = sess.run(tf.gradients(model.cost, list(model.weights)))
    per_step = sess.run([tf.gradients(cost, copy) for copy in copies])
    for whole, parts in zip(shared, zip(*per_step, strict=True), strict=True):
        near(whole, sum(parts))


FUNCTIONS = {"tanh": tf.tanh, "logistic": tf.sigmoid, "relu": tf.nn.relu}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("recurrent", [0.5, -0.9, 1.5])
def test_vanishing_gradient_bound(sess: Any, name: str, recurrent: float) -> None:
    w_in = -0.7
    steps = [tf.constant(normal(8, 1, seed=t)) for t in range(51)]
    weights = RecurrentWeights(*(tf.constant([[v]], tf.float64) for v in (w_in, recurrent, 0.1)))
    layer = recurrent_layer(steps, activation=FUNCTIONS[name], weights=weights)
    gradients = sess.run(tf.gradients(layer.outputs[-1], steps))
    sizes = [np.abs(gradient).max() for gradient in reversed(gradients)]
    bounds = [abs(recurrent) ** k * abs(w_in) for k in range(51)]
    assert all(size <= bound * (1 + 1e-12) for size, bound in zip(sizes, bounds, strict=True))
    assert sizes[0] > 0


def test_vanishing_gradient_bound_is_exact_for_linear_units(sess: Any) -> None:
    steps = [tf.constant(normal(2, 1, seed=t)) for t in range(51)]
    weights = RecurrentWeights(*(tf.constant([[v]], tf.float64) for v in (1.0, 2.0, 0.0)))
    layer = recurrent_layer(steps, activation=tf.identity, weights=weights)
    first = sess.run(tf.gradients(layer.outputs[-1], steps[0])[0])
    assert (first == 2.0**50).all()


def test_gradient_clipping(sess: Any) -> None:
    values = [normal(3, 4), 10 * normal(5, seed=1)]
    for value in values:
        norm = np.linalg.norm(value)
        shorter, kept = sess.run(
            [tf.clip_by_norm(value, norm / 3), tf.clip_by_norm(value, norm * 2)]
        )
        near(np.linalg.norm(shorter), norm / 3, 1e-12)
        near(shorter / np.linalg.norm(shorter), value / norm, 1e-12)
        np.testing.assert_array_equal(kept, value)
        between = sess.run(tf.clip_by_value(value, -0.5, 0.25))
        np.testing.assert_array_equal(between, np.clip(value, -0.5, 0.25))
    norm = np.sqrt(sum((value**2).sum() for value in values))
    for limit in (norm / 7, norm * 1.5):
        clipped, found = sess.run(tf.clip_by_global_norm(values, limit))
        near(found, norm, 1e-12)
        for one, value in zip(clipped, values, strict=True):
            near(one, value * limit / max(limit, norm), 1e-12)


@pytest.mark.parametrize("max_norm", [1.0, 1e30])
def test_gradient_clipping_of_a_diverging_task(sess: Any, max_norm: float) -> None:
    """A linear network whose states grow 1.5-fold per step learns its inputs' mean."""
    x = tf.placeholder(tf.float32, [None, 20, 1])
    y = tf.reduce_mean(x, 1)
    kernel = tf.get_variable("kernel", initializer=[[0.3], [1.5]])
    before = tf.zeros_like(y)
    for step in tf.unstack(x, axis=1):
        before = tf.matmul(tf.concat([step, before], 1), kernel)
    loss = tf.reduce_mean(tf.square(before - y))
    step = clipped_step(tf.train.GradientDescentOptimizer(0.01), loss, max_norm)
    reached = tf.global_norm(step.gradients)
    sess.run(tf.global_variables_initializer())
    data = normal(64, 20, 1).astype(np.float32)
    losses = []
    for _ in range(300):
        value, long, short, _ = sess.run([loss, step.norm, reached, step.train], {x: data})
        losses.append(value)
        if max_norm == 1:
            near(short, min(long, 1.0), 1e-5)
    assert losses[0] > 1000
    if max_norm == 1:
        assert losses[-1] < 0.02
    else:
        assert not np.isfinite(losses[-1])


def test_irnn_identity_relu(sess: Any) -> None:
    start = normal(3, 8).astype(np.float32) ** 2
    model = irnn(100, n_neurons=8, initial_state=tf.constant(start))
    sess.run(tf.global_variables_initializer())
    kernel, bias = sess.run(tf.trainable_variables("irnn/rnn"))
    np.testing.assert_array_equal(kernel[2:], np.eye(8))
    assert 0 < np.abs(kernel[:2]).max() < 0.01 and not bias.any()
    found = sess.run(model.states, {model.x: np.zeros([3, 100, 2])})
    np.testing.assert_array_equal(found, np.repeat(start[:, None], 100, 1))


def test_irnn_identity_relu_adds(sess: Any) -> None:
    random = np.random.default_rng(0)
    model = irnn(n_neurons=32, stddev=0.05, learning_rate=0.003)
    x, y = adding_problem(random, 5000)
    assert [each.shape for each in (x, y)] == [(5000, 50, 2), (5000,)]
    np.testing.assert_allclose(y, (x[:, :, 0] * x[:, :, 1]).sum(1), rtol=1e-5)
    np.testing.assert_allclose(np.mean((y - 1) ** 2), 1 / 6, rtol=0.05)
    sess.run(tf.global_variables_initializer())
    for _ in range(1500):
        batch = adding_problem(random, 32)
        sess.run(model.train, dict(zip([model.x, model.y], batch, strict=True)))
    assert sess.run(model.loss, {model.x: x, model.y: y}) < 0.05


SENTENCE = "STOP It is a small world but I like it that way STOP"


def test_truncated_bptt_batches() -> None:
    words = SENTENCE.split()
    assert len(words) == 13
    (x1, y1), (x2, y2) = windows(words, batch_size=2, window=3)
    assert [" ".join(row) for row in x1] == ["STOP It is", "but I like"]
    assert [" ".join(row) for row in x2] == ["a small world", "it that way"]
    assert [" ".join(row) for row in y1] == ["It is a", "I like it"]
    assert [" ".join(row) for row in y2] == ["small world but", "that way STOP"]
    single = list(windows(words, batch_size=1, window=3))
    assert [" ".join(row[0]) for row in single[0]] == ["STOP It is", "It is a"]
    assert [" ".join(row[0]) for row in single[1]] == ["a small world", "small world but"]
    corpus = [0, 1, 2, 3, 4, 5, 3, 4, 6, 7, 8, 0]
    first, answer = next(windows(corpus, batch_size=1, window=5))
    assert first.tolist() == [[0, 1, 2, 3, 4]] and answer.tolist() == [[1, 2, 3, 4, 5]]


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_truncated_bptt(sess: Any, kind: str) -> None:
    cells = {"rnn": tf.nn.rnn_cell.BasicRNNCell, "lstm": tf.nn.rnn_cell.LSTMCell}
    cell = cells[kind](7)
    x = tf.placeholder(tf.float64, [2, None, 4])
    model = window_rnn(x, 2, cell)
    sess.run(tf.global_variables_initializer())
    data = normal(2, 12, 4)
    whole, end = sess.run([model.outputs, model.next_state], {x: data})

    flat = tf.nest.flatten(model.initial_state)
    assert all(tensor.op.type != "Placeholder" for tensor in flat)
    state = sess.run(model.initial_state)
    assert not any(part.any() for part in tf.nest.flatten(state))
    pieces = []
    for start in range(0, 12, 3):
        feed = {x: data[:, start : start + 3], model.initial_state: state}
        outputs, state = sess.run([model.outputs, model.next_state], feed)
        pieces.append(outputs)
    near(np.concatenate(pieces, 1), whole, 1e-12)
    for one, expected in zip(tf.nest.flatten(state), tf.nest.flatten(end), strict=True):
        near(one, expected, 1e-12)


def test_truncated_bptt_gradient_ends_at_the_window(sess: Any) -> None:
    first, second = tf.constant(normal(2, 3, 4)), tf.constant(normal(2, 3, 4, seed=1))
    cell = tf.nn.rnn_cell.BasicRNNCell(7)
    begin = window_rnn(first, 2, cell)
    with tf.variable_scope("next"):
        carried, _ = tf.nn.dynamic_rnn(cell, second, initial_state=begin.next_state)
        cut, _ = tf.nn.dynamic_rnn(cell, second, initial_state=tf.stop_gradient(begin.next_state))
    fed = window_rnn(second, 2, cell, scope="fed")
    variables = cell.trainable_variables
    gradients = [tf.gradients(y, variables) for y in (carried, cut, fed.outputs)]
    sess.run(tf.global_variables_initializer())
    assert tf.gradients(cut, first) == [None]
    assert tf.gradients(carried, first)[0] is not None
    state = sess.run(begin.next_state)
    through, ended, windowed = sess.run(gradients, {fed.initial_state: state})
    for one, two, three in zip(through, ended, windowed, strict=True):
        near(two, three, 1e-12)
        assert np.abs(one - two).max() > 1e-3
