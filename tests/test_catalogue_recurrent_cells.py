"""The catalogue's recurrent cells against their equations, and the shapes of stacks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models import recurrent_lstm as lstm
from flowgraph.models.recurrent_cells import BookGruCell, LinearGatedUnitCell, TwoBiasLstmCell
from flowgraph.models.recurrent_deep import CELLS, stacked_rnn

rnn_cell = tf.nn.rnn_cell
SIZE, UNITS, ROWS = 3, 5, 4


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(9)
        yield session


def near(found: Any, expected: Any, atol: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def parameters(variables: Any) -> int:
    return sum(variable.shape.num_elements() for variable in variables)


def parameters_of(cell: Any, n_inputs: int) -> int:
    with tf.Graph().as_default():
        cell(tf.zeros([2, n_inputs]), cell.zero_state(2, tf.float32))
        return parameters(tf.trainable_variables())


X, C, H = normal(ROWS, SIZE), normal(ROWS, UNITS, seed=1), np.tanh(normal(ROWS, UNITS, seed=2))


def lstm_weights(forget: float = 0.0) -> lstm.LstmWeights:
    gates = list(enumerate("ifog"))
    return lstm.LstmWeights(
        {gate: tf.constant(normal(SIZE, UNITS, seed=10 + n)) for n, gate in gates},
        {gate: tf.constant(normal(UNITS, UNITS, seed=20 + n)) for n, gate in gates},
        {
            gate: tf.constant(normal(UNITS, seed=30 + n) + forget * (gate == "f"))
            for n, gate in gates
        },
    )


def set_kernel(session: Any, weights: lstm.LstmWeights) -> None:
    """Sets the first two variables, kernel and bias of an LSTM cell of TensorFlow's."""
    kernel, bias = tf.global_variables()[:2]
    for variable, value in zip([kernel, bias], session.run(lstm.kernel_of(weights)), strict=True):
        variable.load(value, session)


def state() -> Any:
    return rnn_cell.LSTMStateTuple(tf.constant(C), tf.constant(H))


def test_lstm_cell_forget_gate_of_the_slides(sess: Any) -> None:
    w = [[0, 0, 0, 0, 0, -1], [5, 6, 7, 8, 9, 10], [3, 4, 5, 6, 7, 8]]
    columns = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    product, gate = sess.run(
        lstm.buduma_forget_gate(tf.constant(w, tf.float32), *columns, [1.0, 2.0, 3.0])
    )
    assert product.tolist() == [-6, 175, 133]
    assert np.add(product, [1, 2, 3]).tolist() == [-5, 177, 136]
    near(gate, [0.0066929, 1, 1], 5e-8)
    assert np.round(gate).tolist() == [0, 1, 1]


def test_lstm_cell_of_all_books(sess: Any) -> None:
    weights = lstm_weights()
    steps: list[Callable[..., lstm.LstmState]] = [
        lstm.geron_lstm_step,
        lstm.buduma_lstm_step,
        lstm.pattanayak_lstm_step,
        lstm.charniak_lstm_step,
    ]
    before = lstm.LstmState(tf.constant(C), tf.constant(H))
    made = [step(tf.constant(X), before, weights) for step in steps]
    library = [rnn_cell.BasicLSTMCell(UNITS), rnn_cell.LSTMCell(UNITS)]
    for number, cell in enumerate(library):
        with tf.variable_scope(f"ramsundar_{number}"):
            made.append(lstm.LstmState(*cell(tf.constant(X), state())[1]))
    for cell in library:
        for variable, value in zip(cell.variables, sess.run(lstm.kernel_of(weights)), strict=True):
            variable.load(value, sess)

    x, h, b = sess.run(weights)
    sums = {gate: X @ x[gate] + H @ h[gate] + b[gate] for gate in "ifog"}
    c = sigmoid(sums["f"]) * C + sigmoid(sums["i"]) * np.tanh(sums["g"])
    expected = sigmoid(sums["o"]) * np.tanh(c)
    for found in sess.run(made):
        near(found.c, c)
        near(found.h, expected)
    printed = sess.run(lstm.charniak_lstm_step(tf.constant(X), before, weights, as_printed=True))
    near(printed.c, c)
    near(printed.h, sums["o"] * np.tanh(sums["g"]))
    assert np.abs(printed.h - expected).max() > 0.5


@pytest.mark.parametrize("gate, kept", [(-1000.0, 0.0), (1000.0, 1.0)])
def test_lstm_cell_forgets_and_keeps(sess: Any, gate: float, kept: float) -> None:
    weights = lstm_weights(forget=gate)
    weights.b["i"] = tf.constant(normal(UNITS) - 1000)
    before = lstm.LstmState(tf.constant(C), tf.constant(H))
    after = lstm.geron_lstm_step(tf.constant(X), before, weights)
    np.testing.assert_array_equal(sess.run(after.c), kept * C)


def test_lstm_cell_memory_gradient_is_the_forget_gate(sess: Any) -> None:
    weights, before = lstm_weights(), state()
    _, after = rnn_cell.BasicLSTMCell(UNITS)(tf.constant(X), before)
    set_kernel(sess, weights)
    x, h, b = sess.run(weights)
    near(sess.run(tf.gradients(after.c, before.c)[0]), sigmoid(X @ x["f"] + H @ h["f"] + b["f"]))


def test_lstm_cell_parameters() -> None:
    assert lstm.lstm_parameters(28, 150) == 107_400
    for n_inputs, n in ((28, 150), (10, 20), (28, 64)):
        for make in (rnn_cell.BasicLSTMCell, rnn_cell.LSTMCell):
            assert parameters_of(make(n), n_inputs) == 4 * ((n_inputs + n) * n + n)
        two = parameters_of(TwoBiasLstmCell(n), n_inputs)
        assert two == lstm.lstm_parameters(n_inputs, n, biases=2)


def test_lstm_cell_forget_bias(sess: Any) -> None:
    """Kernel and bias 0: the memory is multiplied by sigmoid(forget_bias), of 1 by default."""
    bare = tf.zeros_initializer()
    with tf.variable_scope("zero", initializer=bare):
        cells = [rnn_cell.BasicLSTMCell(UNITS), rnn_cell.BasicLSTMCell(UNITS, forget_bias=0.0)]
        found = [cell(tf.constant(X), state())[1].c for cell in cells]
    sess.run(tf.global_variables_initializer())
    first, second = sess.run(found)
    near(first, sigmoid(1.0) * C)
    near(second, C / 2)


def test_lstm_peephole(sess: Any) -> None:
    plain, diagonal = rnn_cell.LSTMCell(UNITS), rnn_cell.LSTMCell(UNITS, use_peepholes=True)
    before = state()
    made = [cell(tf.constant(X), before)[1] for cell in (plain, diagonal)]
    extra = diagonal.variables[2:]
    assert [each.op.name.split("/")[-1] for each in extra] == [f"w_{g}_diag" for g in "fio"]
    assert parameters(diagonal.variables) - parameters(plain.variables) == 3 * UNITS
    kernel, bias = sess.run(lstm.kernel_of(lstm_weights()))
    values = [normal(UNITS, seed=40 + n) for n in range(3)]
    for cell in (plain, diagonal):
        cell.variables[0].load(kernel, sess)
        cell.variables[1].load(bias, sess)
    for variable in extra:
        variable.load(np.zeros(UNITS), sess)
    for one, other in zip(*sess.run(made), strict=True):
        near(one, other)

    for variable, value in zip(extra, values, strict=True):
        variable.load(value, sess)
    i, g, f, o = np.split(np.hstack([X, H]) @ kernel + bias, 4, axis=1)
    c = sigmoid(f + 1 + values[0] * C) * C + sigmoid(i + values[1] * C) * np.tanh(g)
    found = sess.run(made[1])
    near(found.c, c)
    near(found.h, sigmoid(o + values[2] * c) * np.tanh(c))
    cost = tf.reduce_sum(made[1].h * normal(ROWS, UNITS, seed=3))
    slopes = sess.run(tf.gradients(cost, [before.c, *extra]))
    near(slopes[0], differences(sess, cost, C, lambda v: {before.c: v}))
    for variable, value, slope in zip(extra, values, slopes[1:], strict=True):
        near(slope, differences(sess, cost, value, lambda v, at=variable: {at.value(): v}))


def differences(session: Any, cost: Any, at: Any, feed: Callable[[Any], Any]) -> Any:
    slope = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        pair = [at.copy(), at.copy()]
        pair[0][place] += 1e-5
        pair[1][place] -= 1e-5
        up, down = (session.run(cost, feed(value)) for value in pair)
        slope[place] = (up - down) / 2e-5
    return slope


def test_gru_cell_of_tensorflow(sess: Any) -> None:
    cell = rnn_cell.GRUCell(UNITS)
    output, new = cell(tf.constant(X), tf.constant(H))
    assert output is new
    sess.run(tf.global_variables_initializer())
    gates, gate_bias, kernel, bias = sess.run(cell.variables)
    np.testing.assert_array_equal(gate_bias, np.ones(2 * UNITS))
    r, u = np.split(sigmoid(np.hstack([X, H]) @ gates + gate_bias), 2, axis=1)
    candidate = np.tanh(np.hstack([X, r * H]) @ kernel + bias)
    near(sess.run(new), u * H + (1 - u) * candidate)
    assert parameters_of(rnn_cell.GRUCell(150), 28) == 80_550


def test_gru_cell_of_the_books(sess: Any) -> None:
    cells = [BookGruCell(UNITS), BookGruCell(UNITS, reset_after=True, name="after")]
    with tf.variable_scope("book"):
        before, after = (cell(tf.constant(X), tf.constant(H))[1] for cell in cells)
    library = rnn_cell.GRUCell(UNITS)
    _, same = library(tf.constant(X), tf.constant(H))
    sess.run(tf.global_variables_initializer())
    for n, each in enumerate(tf.global_variables()):
        each.load(normal(*each.shape.as_list(), seed=n), sess)
    names = ["update/kernel", "update/bias", "reset/kernel", "reset/bias"]
    names += ["candidate/recurrent_kernel", "candidate/kernel", "candidate/bias"]
    for cell in cells:
        assert ["/".join(v.op.name.split("/")[2:]) for v in cell.variables] == names
    values = sess.run(cells[0].variables)
    for variable, value in zip(cells[1].variables, values, strict=True):
        variable.load(value, sess)
    wz, bz, wr, br, recurrent, wg, bg = values
    joined = np.hstack([X, H])
    z, r = sigmoid(joined @ wz + bz), sigmoid(joined @ wr + br)
    first = (1 - z) * H + z * np.tanh(X @ wg + (r * H) @ recurrent + bg)
    second = (1 - z) * H + z * np.tanh(X @ wg + r * (H @ recurrent) + bg)
    near(sess.run(before), first)
    near(sess.run(after), second)
    assert np.abs(first - second).max() > 0.01

    negated = [np.hstack([wr, -wz]), np.hstack([br, -bz]), np.vstack([wg, recurrent]), bg]
    for variable, value in zip(library.variables, negated, strict=True):
        variable.load(value, sess)
    near(sess.run(same), first)
    for cell, step in zip(cells, (before, after), strict=True):
        cell.variables[1].load(np.full(UNITS, -1000.0), sess)
        np.testing.assert_array_equal(sess.run(step), H)


def test_linear_gated_unit(sess: Any) -> None:
    cell = LinearGatedUnitCell(UNITS)
    output, new = cell(tf.constant(X), state())
    sess.run(tf.global_variables_initializer())
    wg, bg, wc, bc, wh, bh = sess.run(cell.variables)
    joined = np.hstack([H, X])
    gate = sigmoid(joined @ wg + bg)
    c = gate * C + (1 - gate) * np.tanh(joined @ wc + bc)
    found, after = sess.run([output, new])
    near(after.c, c)
    near(found, sigmoid(joined @ wh + bh) * np.tanh(c))
    np.testing.assert_array_equal(found, after.h)
    layer = (SIZE + UNITS) * UNITS + UNITS
    gated = parameters_of(LinearGatedUnitCell(UNITS), SIZE)
    assert parameters_of(rnn_cell.BasicLSTMCell(UNITS), SIZE) - gated == layer == gated / 3


def test_linear_gated_unit_under_a_loop(sess: Any) -> None:
    x = tf.placeholder(tf.float64, [None, None, SIZE])
    outputs, _ = tf.nn.dynamic_rnn(LinearGatedUnitCell(UNITS), x, dtype=tf.float64)
    slopes = tf.gradients(outputs, tf.trainable_variables())
    sess.run(tf.global_variables_initializer())
    found, gradients = sess.run([outputs, slopes], {x: normal(2, 6, SIZE)})
    assert found.shape == (2, 6, UNITS) and len(gradients) == 6
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.mark.parametrize("kind", CELLS)
def test_rnn_primitives_demo_cells(sess: Any, kind: str) -> None:
    cell = CELLS[kind](20)
    output, new = cell(tf.zeros([3, 10]), cell.zero_state(3, tf.float32))
    assert output.shape.as_list() == [3, 20]
    assert [part.shape.as_list() for part in tf.nest.flatten(new)] == [[3, 20]] * (
        1 + (kind == "lstm")
    )


@pytest.mark.parametrize("kind", CELLS)
def test_rnn_primitives_demo(sess: Any, kind: str) -> None:
    x = normal(5, 3, 10).astype(np.float32)
    h0, c0 = (tf.constant(normal(2, 3, 20, seed=n).astype(np.float32)) for n in (1, 2))
    given = {"kind": kind, "h0": h0, "c0": c0 if kind == "lstm" else None}
    by_time = stacked_rnn(tf.constant(x), **given)
    with tf.variable_scope("", reuse=True):
        by_batch = stacked_rnn(tf.constant(x.swapaxes(0, 1)), batch_first=True, **given)
    dropped = stacked_rnn(tf.constant(x), dropout=0.5, scope="dropped", **given)
    shapes = {
        name: part.shape.as_list() for name, part in by_time._asdict().items() if part is not None
    }
    states = ["hn", "cn"] if kind == "lstm" else ["hn"]
    assert shapes == {"output": [5, 3, 20]} | {each: [2, 3, 20] for each in states}
    assert by_batch.output.shape.as_list() == [3, 5, 20]
    assert by_batch.hn.shape.as_list() == [2, 3, 20]
    sess.run(tf.global_variables_initializer())
    output, hn = sess.run([by_time.output, by_time.hn])
    np.testing.assert_array_equal(output[-1], hn[1])
    turned, same = sess.run([by_batch.output, by_batch.hn])
    near(turned.swapaxes(0, 1), output)
    near(same, hn)
    first, second = (sess.run([dropped.output, dropped.hn]) for _ in range(2))
    assert np.abs(first[0] - second[0]).max() > 0.01
    np.testing.assert_array_equal(first[1][0], second[1][0])


def test_rnn_primitives_demo_figure(sess: Any) -> None:
    """Charniak's figure 4.8: batch 3, window 2, size 5; nextState[i] equals outputs[i, 1]."""
    cell = rnn_cell.BasicRNNCell(5)
    x = tf.constant(normal(3, 2, 4))
    outputs, next_state = tf.nn.dynamic_rnn(cell, x, initial_state=cell.zero_state(3, tf.float64))
    assert outputs.shape.as_list() == [3, 2, 5] and next_state.shape.as_list() == [3, 5]
    sess.run(tf.global_variables_initializer())
    found, state_ = sess.run([outputs, next_state])
    np.testing.assert_array_equal(state_, found[:, 1])
    assert found.min() < 0
