"""Unrolling: dynamic against static, gradients against differences, stacks, fused forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from rnn_formulas import normal

rnn: Any = tf.contrib.rnn
close = np.testing.assert_allclose


def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
    count = int(np.prod(shape))
    return (np.sin(np.arange(count) * 1.7) * 0.6).reshape(shape).astype(dtype.np)


def scoped(name: str) -> Any:
    return tf.variable_scope(name, initializer=initializer)


MAKERS = {
    "rnn": lambda: rnn.BasicRNNCell(3),
    "gru": lambda: rnn.GRUCell(3),
    "lstm": lambda: rnn.LSTMCell(3, use_peepholes=True, num_proj=2),
    "joined": lambda: rnn.BasicLSTMCell(3, state_is_tuple=False),
    "stack": lambda: rnn.MultiRNNCell([rnn.GRUCell(2), rnn.BasicLSTMCell(3)]),
    "attention": lambda: rnn.AttentionCellWrapper(rnn.GRUCell(3), 2),
    "one op": lambda: rnn.LSTMBlockCell(3),
}


def unrolled_both_ways(make: Any, x: Any, lengths: Any) -> Any:
    """Outputs, state and gradients by both functions, each a list."""
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.constant(x)
        results = []
        for name in ("static", "dynamic"):
            with scoped(name):
                if name == "static":
                    each_step, state = tf.nn.static_rnn(
                        make(),
                        tf.unstack(inputs, axis=1),
                        dtype=tf.float32,
                        sequence_length=lengths,
                    )
                    outputs: Any = tf.stack(each_step, 1)
                else:
                    outputs, state = tf.nn.dynamic_rnn(
                        make(), inputs, dtype=tf.float32, sequence_length=lengths
                    )
            found = [outputs, *tf.nest.flatten(state)]
            loss = tf.add_n([tf.reduce_sum(tf.square(each)) for each in found])
            variables = tf.trainable_variables(name)
            results.append([*found, *tf.gradients(loss, [inputs, *variables])])
        session.run(tf.global_variables_initializer())
        return session.run(results)


@pytest.mark.parametrize("name", MAKERS)
def test_dynamic_equals_static(name: str) -> None:
    for lengths in (None, [3, 0, 1]):
        static, dynamic = unrolled_both_ways(MAKERS[name], normal(3, 3, 4), lengths)
        assert len(static) == len(dynamic)
        for one, other in zip(static, dynamic, strict=True):
            close(one, other, rtol=1e-4, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(1, 4))
def test_lengths(lengths: list[int], steps: int) -> None:
    lengths = [min(length, steps) for length in lengths]
    x = normal(len(lengths), steps, 2)
    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        cell = rnn.GRUCell(3)
        outputs, state = tf.nn.dynamic_rnn(cell, tf.constant(x), lengths, dtype=tf.float32)
        session.run(tf.global_variables_initializer())
        found, last = session.run([outputs, state])
        for row, length in enumerate(lengths):
            assert (found[row, length:] == 0).all()
            if length:
                alone, end = tf.nn.dynamic_rnn(
                    cell, tf.constant(x[row : row + 1, :length]), dtype=tf.float32
                )
                values = session.run([alone, end])
                close(found[row, :length], values[0][0], rtol=1e-5, atol=1e-6)
                close(last[row], values[1][0], rtol=1e-5, atol=1e-6)
            else:
                assert (last[row] == 0).all()


@pytest.mark.parametrize("name", ["gru", "lstm", "stack"])
def test_gradients_by_differences(name: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        with tf.variable_scope("model", initializer=initializer, dtype=tf.float64):
            inputs = tf.constant(normal(2, 3, 4).astype(np.float64))
            outputs, state = tf.nn.dynamic_rnn(
                MAKERS[name](), inputs, sequence_length=[3, 2], dtype=tf.float64
            )
        session.run(tf.global_variables_initializer())
        last = tf.nest.flatten(state)[-1]
        for variable in [inputs, *tf.trainable_variables()]:
            shape = variable.shape.as_list()
            value = session.run(variable)
            for result in (outputs, last):
                error = tf.test.compute_gradient_error(
                    variable, shape, result, result.shape.as_list(), x_init_value=value
                )
                assert error < 1e-5


def test_shapes_stay_unknown_where_they_are() -> None:
    with tf.Graph().as_default():
        inputs = tf.placeholder(tf.float32, [None, None, 4])
        outputs, state = tf.nn.dynamic_rnn(rnn.LSTMCell(3), inputs, dtype=tf.float32)
        assert outputs.shape.as_list() == [None, None, 3]
        assert state.c.shape.as_list() == [None, 3]
        inputs = tf.placeholder(tf.float32, [5, None, 4])
        outputs, _ = tf.nn.dynamic_rnn(
            rnn.GRUCell(3), inputs, dtype=tf.float32, time_major=True, scope="other"
        )
        assert outputs.shape.as_list() == [5, None, 3]


def test_batches_and_lengths_of_any_size() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = tf.placeholder(tf.float32, [None, None, 4])
        lengths = tf.placeholder(tf.int64, [None])
        outputs, state = tf.nn.dynamic_rnn(rnn.GRUCell(3), inputs, lengths, dtype=tf.float32)
        session.run(tf.global_variables_initializer())
        for batch, steps, longest in ((1, 1, 1), (5, 7, 2), (3, 2, 0)):
            fed = {inputs: np.ones([batch, steps, 4]), lengths: [longest] * batch}
            found, last = session.run([outputs, state], fed)
            assert found.shape == (batch, steps, 3)
            assert (found[:, longest:] == 0).all()
            assert last.shape == (batch, 3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected shape"):
            session.run(outputs, {inputs: np.ones([2, 3, 4]), lengths: [1, 1, 1]})


def test_training_through_a_loop() -> None:
    rng = np.random.default_rng(0)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        bits = tf.placeholder(tf.float32, [None, 6, 1])
        outputs, _ = tf.nn.dynamic_rnn(rnn.BasicLSTMCell(8), bits, dtype=tf.float32)
        weight = tf.get_variable("w", [8, 1])
        logits = tf.reshape(tf.matmul(outputs[:, -1], weight), [-1])
        # The answer is the first bit, five steps before.
        loss = tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=bits[:, 0, 0], logits=logits)
        )
        train = tf.train.AdamOptimizer(0.05).minimize(loss)
        session.run(tf.global_variables_initializer())
        losses = [
            session.run([loss, train], {bits: rng.integers(0, 2, [32, 6, 1])})[0]
            for _ in range(120)
        ]
    assert losses[0] > 0.6
    assert losses[-1] < 0.1


def test_structured_inputs() -> None:
    class Sum(tf.nn.rnn_cell.RNNCell):
        state_size = 3
        output_size = tf.TensorShape([3])

        def call(self, inputs: Any, state: Any) -> Any:
            state = state + inputs["a"] * inputs["b"][0]
            return state, state

    with tf.Graph().as_default(), tf.Session() as session:
        a, b = normal(2, 4, 3), normal(2, 4, 3, seed=1)
        given_inputs = {"a": tf.constant(a), "b": (tf.constant(b),)}
        outputs, _ = tf.nn.dynamic_rnn(Sum(), given_inputs, dtype=tf.float32)
        close(session.run(outputs), np.cumsum(a * b, 1), rtol=1e-5, atol=1e-6)


def test_both_directions_see_the_whole_sequence() -> None:
    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        inputs = tf.placeholder(tf.float32, [2, 5, 3])
        (forward, backward), (_, state) = tf.nn.bidirectional_dynamic_rnn(
            rnn.GRUCell(2), rnn.GRUCell(2), inputs, [5, 3], dtype=tf.float32
        )
        session.run(tf.global_variables_initializer())
        x = normal(2, 5, 3)
        first = session.run([forward, backward, state], {inputs: x})
        x[:, 2] += 1
        second = session.run([forward, backward, state], {inputs: x})
    changed = [np.abs(first[way] - second[way]).max((0, 2)) > 0 for way in range(2)]
    assert changed[0].tolist() == [False, False, True, True, True]
    assert changed[1].tolist() == [True, True, True, False, False]
    close(first[2][1], first[1][1, 0])
    assert (first[1][1, 3:] == 0).all()


def stacks(dynamic: bool) -> Any:
    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        cells = [[rnn.GRUCell(2), rnn.GRUCell(3)] for _ in range(2)]
        x = tf.constant(normal(2, 4, 3))
        if dynamic:
            outputs, forward, backward = rnn.stack_bidirectional_dynamic_rnn(
                *cells, x, dtype=tf.float32, sequence_length=[4, 2]
            )
        else:
            outputs, forward, backward = rnn.stack_bidirectional_rnn(
                *cells, tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=[4, 2]
            )
            outputs = tf.stack(outputs, 1)
        session.run(tf.global_variables_initializer())
        names = sorted(each.op.name for each in tf.global_variables())
        return names, session.run([outputs, *forward, *backward])


def test_stacked_directions() -> None:
    names, static = stacks(False)
    assert (
        "model/stack_bidirectional_rnn/cell_1/bidirectional_rnn/bw/gru_cell/gates/kernel" in names
    )
    again, dynamic = stacks(True)
    assert again == names
    assert static[0].shape == (2, 4, 6)
    for one, other in zip(static, dynamic, strict=True):
        close(one, other, rtol=1e-5, atol=1e-6)
    with tf.Graph().as_default():
        cell = [rnn.GRUCell(2)]
        x = tf.zeros([2, 4, 3])
        for arguments, match in (
            (([], cell), "at least one fw"),
            ((cell, []), "at least one bw"),
            ((cell, [*cell, *cell]), "same depth"),
            ((tuple(cell), cell), "must be a list"),
        ):
            with pytest.raises(ValueError, match=match):
                rnn.stack_bidirectional_dynamic_rnn(*arguments, x, dtype=tf.float32)
        with pytest.raises(ValueError, match="one per layer"):
            rnn.stack_bidirectional_dynamic_rnn(cell, cell, x, [1, 2], dtype=tf.float32)


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize("lengths", [None, [4, 2]])
def test_fused_forms_agree(as_list: bool, lengths: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant(normal(4, 2, 3))
        given_inputs = tf.unstack(x) if as_list else x
        results = []
        for name, make in (
            ("static", lambda: rnn.FusedRNNCellAdaptor(rnn.LSTMCell(3))),
            ("dynamic", lambda: rnn.FusedRNNCellAdaptor(rnn.LSTMCell(3), use_dynamic_rnn=True)),
            ("block", lambda: rnn.LSTMBlockFusedCell(3)),
            (
                "twice",
                lambda: rnn.TimeReversedFusedRNN(
                    rnn.TimeReversedFusedRNN(rnn.LSTMBlockFusedCell(3))
                ),
            ),
        ):
            with scoped(name):
                outputs, state = make()(given_inputs, dtype=tf.float32, sequence_length=lengths)
            assert isinstance(outputs, list) == as_list
            found = [tf.stack(outputs) if as_list else outputs, *state]
            loss = tf.add_n([tf.reduce_sum(tf.square(each)) for each in found])
            variables = sorted(tf.trainable_variables(name), key=lambda each: each.op.name)
            results.append([*found, *tf.gradients(loss, [x, *variables])])
        session.run(tf.global_variables_initializer())
        static, *others = session.run(results)
    for other in others:
        assert len(other) == len(static) == 6
        for ours, theirs in zip(other, static, strict=True):
            close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_fused_block_with_peepholes_and_state() -> None:
    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        x = tf.constant(normal(4, 2, 3))
        start = (tf.constant(normal(2, 3, seed=1)), tf.constant(normal(2, 3, seed=2)))
        cell = rnn.LSTMBlockFusedCell(3, use_peephole=True, cell_clip=0.5)
        outputs, state = cell(x, initial_state=start)
        plain = rnn.LSTMBlockCell(3, use_peephole=True, cell_clip=0.5, name="plain")
        expected, end = tf.nn.dynamic_rnn(
            plain, x, initial_state=rnn.LSTMStateTuple(*start), time_major=True
        )
        loss = tf.reduce_sum(tf.square(outputs)) + tf.reduce_sum(state.c)
        other = tf.reduce_sum(tf.square(expected)) + tf.reduce_sum(end.c)
        session.run(tf.global_variables_initializer())
        ours, theirs = session.run(
            [
                [outputs, *state, *tf.gradients(loss, [x, *start, *cell.variables])],
                [expected, *end, *tf.gradients(other, [x, *start, *plain.variables])],
            ]
        )
        for one, another in zip(ours, theirs, strict=True):
            close(one, another, rtol=1e-4, atol=1e-5)
        with pytest.raises(ValueError, match="dtype needs to be specified"):
            rnn.LSTMBlockFusedCell(3)(x)


def test_state_saving() -> None:
    class Saver:
        def __init__(self) -> None:
            self.kept = tf.Variable(tf.zeros([2, 3]))

        def state(self, name: str) -> Any:
            assert name == "memory"
            return self.kept.read_value()

        def save_state(self, name: str, value: Any) -> Any:
            return self.kept.assign(value).op

    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        saver = Saver()
        inputs = [tf.constant(normal(2, 3, seed=seed)) for seed in range(4)]
        cell = rnn.GRUCell(3)
        outputs, state = tf.nn.static_state_saving_rnn(cell, inputs, saver, "memory")
        whole, _ = tf.nn.static_rnn(cell, inputs * 2, dtype=tf.float32, scope="rnn_2")
        session.run(tf.global_variables_initializer())
        session.run(outputs[-1])
        last = session.run(outputs[-1])
        close(last, session.run(whole[-1]), rtol=1e-5)
        close(session.run(saver.kept), last)
        with pytest.raises(ValueError, match="same type"):
            tf.nn.static_state_saving_rnn(cell, inputs, saver, ("a", "b"))
        assert state.shape.as_list() == [2, 3]


def test_raw_loop_feeds_its_own_outputs() -> None:
    with tf.Graph().as_default(), tf.Session() as session, scoped("model"):
        cell = rnn.GRUCell(3)
        steps = tf.placeholder(tf.int32, [])
        start = tf.constant(normal(2, 3))

        def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> Any:
            finished = tf.fill([2], time >= steps)
            if output is None:
                return finished, start, cell.zero_state(2, tf.float32), None, None
            return finished, output, state, output, None

        emitted, state, loop_state = tf.nn.raw_rnn(cell, loop_fn)
        assert loop_state is None
        outputs = emitted.stack()
        x, hidden, expected = start, cell.zero_state(2, tf.float32), []
        for _ in range(3):
            x, hidden = cell(x, hidden)
            expected.append(x)
        session.run(tf.global_variables_initializer())
        found, last, wanted = session.run([outputs, state, expected], {steps: 3})
        close(found, wanted, rtol=1e-5)
        close(last, wanted[-1], rtol=1e-5)
        assert session.run(outputs, {steps: 1}).shape == (1, 2, 3)
        with pytest.raises(TypeError, match="callable"):
            tf.nn.raw_rnn(cell, 3)  # type: ignore[arg-type]
