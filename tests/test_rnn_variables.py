"""What all cells have in common: variables, scopes, copies, first states, dropout."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import batch_values, one_step

rnn: Any = tf.contrib.rnn
close = np.testing.assert_allclose
X, H = batch_values(2, 5), batch_values(2, 3)


class Doubling(tf.nn.rnn_cell.RNNCell):
    """A user's cell, which makes its variable in `call`."""

    state_size = 3
    output_size = 3

    def call(self, inputs: Any, state: Any) -> Any:
        factor = tf.get_variable("factor", [], initializer=tf.constant_initializer(2.0))
        return factor * state, state + 1.0


class Bare(tf.nn.rnn_cell.RNNCell):
    """A user's cell in the style before 1.0: no base constructor, everything in `__call__`."""

    def __init__(self) -> None:
        self.units = 3

    state_size = output_size = property(lambda self: self.units)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        with tf.variable_scope(scope or type(self).__name__):
            weight = tf.get_variable("weight", [5, 3], initializer=tf.ones_initializer())
            state = state + tf.matmul(inputs, weight)
        return state, state


def names_of(variables: Any) -> list[str]:
    return [each.op.name for each in variables]


def test_a_users_cell_keeps_its_variables() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        cell = Doubling()
        inputs = tf.placeholder(tf.float32, [2, 4, 5])
        outputs, state = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
        again, _ = cell(inputs[:, 0], state)
        assert names_of(tf.global_variables()) == ["rnn/doubling/factor"]
        assert names_of(cell.trainable_weights) == ["rnn/doubling/factor"]
        assert cell.non_trainable_variables == []
        session.run(tf.global_variables_initializer())
        values = session.run([outputs, again], {inputs: np.zeros([2, 4, 5])})
    assert values[0][0, :, 0].tolist() == [0, 2, 4, 6]
    assert values[1][0, 0] == 8


def test_a_cell_without_the_bases_constructor() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        outputs, _ = tf.nn.static_rnn(Bare(), [tf.ones([2, 5])] * 3, dtype=tf.float32)
        assert names_of(tf.global_variables()) == ["rnn/Bare/weight"]
        session.run(tf.global_variables_initializer())
        assert session.run(outputs[-1]).tolist() == [[15.0] * 3] * 2


def test_names_of_several_cells() -> None:
    with tf.Graph().as_default():
        state = tf.zeros([2, 3])
        x = tf.zeros([2, 3])
        first, second, third = (rnn.GRUCell(3, name=name) for name in (None, None, "other"))
        for cell in (first, second, third, first):
            cell(x, state)
        scopes = [cell.scope_name for cell in (first, second, third)]
        assert scopes == ["gru_cell", "gru_cell_1", "other"]
        assert len(tf.global_variables()) == 12
        shared = rnn.GRUCell(3, name="other", reuse=True)
        shared(x, state)
        assert shared.trainable_variables == third.trainable_variables
        rnn.GRUCell(3)(x, state, scope="given")
        assert tf.global_variables()[-1].op.name == "given/candidate/bias"


def test_variables_of_wrapped_cells() -> None:
    with tf.Graph().as_default():
        inner = rnn.LSTMCell(3)
        stacked = rnn.MultiRNNCell([inner, rnn.ResidualWrapper(rnn.GRUCell(3))])
        cell = rnn.DropoutWrapper(rnn.DeviceWrapper(stacked, "/cpu:0"), 0.5)
        tf.nn.dynamic_rnn(cell, tf.zeros([2, 4, 5]), dtype=tf.float32)
        assert len(inner.weights) == 2
        assert cell.trainable_variables == stacked.trainable_variables == tf.global_variables()
        inner.trainable = False
        assert [each in cell.trainable_variables for each in inner.variables] == [False, False]


def test_a_copied_cell_starts_anew() -> None:
    with tf.Graph().as_default():
        x, state = tf.zeros([2, 3]), tf.zeros([2, 3])
        cell = rnn.MultiRNNCell([rnn.GRUCell(3)])
        cell(x, (state,))
        other = copy.deepcopy(cell)
        assert not other.built
        assert other.variables == []
        with tf.variable_scope("elsewhere"):
            other(x, (state,))
        assert len(tf.global_variables()) == 8
        assert not set(names_of(cell.variables)) & set(names_of(other.variables))


def test_initial_states() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        batch = tf.placeholder(tf.int32, [])
        cell = rnn.BasicLSTMCell(3)
        dynamic = cell.zero_state(batch, tf.float32)
        assert dynamic.c.shape.as_list() == [None, 3]
        assert session.run(dynamic.h, {batch: 4}).shape == (4, 3)
        assert cell.zero_state(2, tf.float64).dtype == tf.float64
        of_inputs = cell.get_initial_state(inputs=tf.zeros([5, 7], tf.float16))
        assert of_inputs.c.shape.as_list() == [5, 3]
        assert of_inputs.c.dtype == tf.float16
        with pytest.raises(ValueError, match="cannot be None"):
            cell.get_initial_state(batch_size=3)
        with pytest.raises(ValueError, match="different from the input param"):
            cell.get_initial_state(inputs=tf.zeros([5, 7]), batch_size=4)
        with pytest.raises(TypeError, match="Inconsistent"):
            _ = rnn.LSTMStateTuple(tf.zeros([1]), tf.zeros([1], tf.float64)).dtype


def test_named_activations() -> None:
    step = one_step(lambda: tf.nn.rnn_cell.BasicRNNCell(3, activation="relu"), X, [H])
    new = np.maximum(np.concatenate([X, H], 1) @ step["kernel"] + step["bias"], 0)
    close(step.output, new, rtol=1e-5, atol=1e-6)
    close(step.state[0], new, rtol=1e-5, atol=1e-6)
    with pytest.raises((ValueError, TypeError), match="nothing"):
        tf.nn.rnn_cell.BasicRNNCell(3, activation="nothing")


def test_unknown_arguments_and_sizes() -> None:
    with pytest.raises(TypeError, match="not understood"):
        tf.nn.rnn_cell.GRUCell(3, wrong=1)
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"inputs.shape\[-1\]"):
        tf.nn.rnn_cell.GRUCell(3)(tf.placeholder(tf.float32, [2, None]), tf.zeros([2, 3]))


def test_dropout_keeps_the_expected_sum() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        keep = tf.placeholder(tf.float32, [])
        cell = rnn.DropoutWrapper(Doubling(), output_keep_prob=keep)
        output, _ = cell(tf.zeros([400, 3]), tf.ones([400, 3]))
        session.run(tf.global_variables_initializer())
        found = session.run(output, {keep: 0.5})
        assert set(np.unique(found)) == {0.0, 4.0}
        assert abs(found.mean() - 2) < 0.3
        assert (session.run(output, {keep: 1.0}) == 2).all()


def test_dropout_of_chosen_states() -> None:
    with tf.Graph().as_default(), tf.Session() as session:

        def everything(state: Any) -> Any:
            return True

        cell = rnn.DropoutWrapper(
            rnn.BasicLSTMCell(50), state_keep_prob=0.5, dropout_state_filter_visitor=everything
        )
        plain = rnn.DropoutWrapper(rnn.BasicLSTMCell(50), state_keep_prob=0.5)
        x = tf.ones([4, 3])
        states = [each(x, each.zero_state(4, tf.float32))[1] for each in (cell, plain)]
        session.run(tf.global_variables_initializer())
        both, only_h = session.run(states)
    for part in (both.c, both.h, only_h.h):
        assert 0.2 < (part == 0).mean() < 0.8
    assert not (only_h.c == 0).any()


def test_variational_masks_stay_for_a_run() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        cell = rnn.DropoutWrapper(
            Doubling(), output_keep_prob=0.5, variational_recurrent=True, dtype=tf.float32
        )
        outputs, _ = tf.nn.dynamic_rnn(cell, tf.zeros([40, 5, 3]), initial_state=tf.ones([40, 3]))
        session.run(tf.global_variables_initializer())
        found = session.run(outputs)
    kept = found != 0
    assert (kept == kept[:1, :1]).all()
    for missing, match in (({}, "dtype must"), ({"dtype": tf.float32}, "input_size must")):
        with tf.Graph().as_default(), pytest.raises(ValueError, match=match):
            rnn.DropoutWrapper(Doubling(), 0.5, variational_recurrent=True, **missing)


def test_residuals_need_equal_shapes() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x, state = tf.ones([2, 5]), tf.zeros([2, 3])
        with pytest.raises(ValueError, match="incompatible"):
            rnn.ResidualWrapper(rnn.GRUCell(3))(x, state)
        own = rnn.ResidualWrapper(rnn.GRUCell(3), residual_fn=lambda x, y: tf.reduce_sum(x) + 0 * y)
        output, _ = own(x, state)
        session.run(tf.global_variables_initializer())
        assert (session.run(output) == 10).all()
