"""Loops and branches as programs use them: training, averages, updates and feeds inside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf


def _session() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def _after(op: Any, value: Any) -> Any:
    with tf.control_dependencies([op]):
        return tf.identity(value)


def test_a_body_reads_the_variable_that_it_changes_anew_in_each_turn() -> None:
    v = tf.Variable(1.0)
    i, last = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, v.assign(v * 2.0)), [0, 0.0])
    with _session() as session:
        for start in (1.0, 8.0, 64.0):
            assert session.run([i, last]) == [3, start * 8]
        assert session.run(v) == 512


def test_a_condition_reads_the_variable_that_the_body_changes() -> None:
    v = tf.Variable(0.0)
    turns = tf.while_loop(lambda i: v < 5.0, lambda i: _after(v.assign_add(1.0), i + 1), [0])
    with _session() as session:
        assert session.run(turns) == 5
        assert session.run(v) == 5


def test_a_loop_reads_a_variable_that_a_branch_inside_changes() -> None:
    v = tf.Variable(0.0)

    def body(i: Any, y: Any) -> Any:
        return i + 1, tf.cond(i > 0, lambda: v.assign(v + y), lambda: tf.identity(y)) + 1.0

    result = tf.while_loop(lambda i, y: i < 4, body, [0, 1.0])
    with _session() as session:
        assert session.run(result) == (4, 12)
        assert session.run(v) == 11


def test_a_branch_reads_a_variable_after_its_change() -> None:
    v, taken = tf.Variable(1.0), tf.placeholder(tf.bool, [])
    result = tf.cond(taken, lambda: _after(v.assign_add(1.0), v), lambda: tf.identity(v))
    with _session() as session:
        assert [session.run(result, {taken: each}) for each in (True, False, True)] == [2, 2, 3]


def test_a_loop_trains_by_gradients_taken_inside() -> None:
    w, step = tf.Variable([3.0, 1.0]), tf.Variable(0, trainable=False)
    optimizer = tf.train.GradientDescentOptimizer(0.1)

    def body(i: Any) -> Any:
        loss = tf.reduce_sum(tf.square(w - 1.0))
        return _after(optimizer.minimize(loss, global_step=step), i + 1)

    turns = tf.while_loop(lambda i: i < 3, body, [0])
    with _session() as session:
        session.run(turns)
        np.testing.assert_allclose(session.run(w), [1 + 2 * 0.8**3, 1.0], rtol=1e-6)
        assert session.run(step) == 3


def test_gradients_inside_reach_variables_through_what_is_outside() -> None:
    v = tf.Variable(2.0)
    outside = v * v

    def body(i: Any, total: Any) -> Any:
        return i + 1, total + tf.gradients(outside * tf.cast(i, tf.float32) + v, v)[0]

    total = tf.while_loop(lambda i, total: i < 3, body, [0, 0.0])[1]
    with _session() as session:
        assert session.run(total) == 4 * (0 + 1 + 2) + 3


@pytest.mark.parametrize("name", ["AdamOptimizer", "RMSPropOptimizer", "AdagradOptimizer"])
def test_an_optimizer_made_in_a_branch_steps_when_that_is_taken(name: str) -> None:
    values = []
    for inside in (False, True):
        with tf.Graph().as_default():
            w, taken = tf.Variable([1.0, 2.0]), tf.placeholder(tf.bool, [])
            step = tf.train.get_or_create_global_step()
            optimizer = getattr(tf.train, name)(0.1)

            def minimize(w: Any = w, step: Any = step, optimizer: Any = optimizer) -> Any:
                return optimizer.minimize(tf.reduce_sum(w * w), global_step=step)

            train = tf.cond(taken, minimize, tf.no_op) if inside else minimize()
            with _session() as session:
                session.run(train, {taken: True})
                if inside:
                    session.run(train, {taken: False})
                session.run(train, {taken: True})
                values.append(session.run(w))
                assert session.run(step) == 2
    np.testing.assert_array_equal(values[0], values[1])


def test_updates_collected_in_a_branch_run_if_it_is_taken() -> None:
    mean, taken, w = tf.Variable(0.0), tf.placeholder(tf.bool, []), tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [2])

    def branch() -> Any:
        update = mean.assign(mean * 0.5 + tf.reduce_mean(x))
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update)
        return w * 2.0

    result = tf.cond(taken, branch, lambda: w * 3.0)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.1).minimize(result)
    with _session() as session:
        assert session.run(result, {taken: True, x: [1, 3]}) == 2
        assert session.run(mean) == 0
        session.run(train, {taken: True, x: [1, 3]})
        session.run(train, {taken: False, x: [1, 3]})
        session.run(train, {taken: True, x: [2, 4]})
        assert session.run(mean) == 4
        np.testing.assert_allclose(session.run(w), 1 - 0.1 * (2 + 3 + 2), rtol=1e-6)


def test_an_update_that_a_branch_runs_anyway_runs_once() -> None:
    v, taken = tf.Variable(0.0), tf.placeholder(tf.bool, [])

    def branch() -> Any:
        update = v.assign_add(1.0)
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update)
        return _after(update, 2.0)

    result = tf.cond(taken, branch, lambda: 3.0)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        after = tf.identity(result)
    with _session() as session:
        assert session.run(after, {taken: True}) == 2
        assert session.run(v) == 1


def test_constants_that_a_body_or_a_branch_reads_may_be_fed() -> None:
    n, yes = tf.constant(3), tf.constant(True)
    power = tf.while_loop(lambda i, x: i < n, lambda i, x: (i + 1, x * 2.0), [0, 1.0])[1]
    chosen = tf.cond(yes, lambda: tf.cond(yes, lambda: n + 1, lambda: n), lambda: n * 10)
    with tf.Session() as session:
        assert session.run([power, chosen]) == [8, 4]
        for count in (5, 0, 5):
            assert session.run([power, chosen], {n: count}) == [2**count, count + 1]
            assert session.run(chosen, {n: count, yes: False}) == count * 10


def test_shapes_follow_a_constant_that_is_fed() -> None:
    n = tf.constant(3)
    first = tf.zeros([n])
    body = lambda i, y: (i + 1, y * 2.0 + tf.ones([n]))  # noqa: E731
    last = tf.while_loop(lambda i, y: i < 2, body, [0, first])[1]
    assert last.shape == [3]
    with tf.Session() as session:
        for count in (5, 5, 5, 3, 2):
            values = session.run([first + 1.0, last], {n: count})
            for value, wanted in zip(values, (1, 3), strict=True):
                np.testing.assert_array_equal(value, np.full(count, wanted, np.float32))


@pytest.mark.parametrize("outer", [False, True])
def test_gradients_may_be_overridden_by_those_of_an_op(outer: bool) -> None:
    graph, w = tf.get_default_graph(), tf.Variable([1.2, -0.7])

    def straight_through(x: Any) -> Any:
        place = graph if outer else tf.get_default_graph()
        with place.gradient_override_map({"Round": "Identity"}):
            return tf.round(x)

    plain = tf.gradients(straight_through(w * 3.0), w)[0]
    mapped = tf.map_fn(lambda e: straight_through(e * w), tf.constant([1.0, 2.0]))
    with _session() as session:
        slopes = session.run([plain, tf.gradients(mapped, w)[0]])
    np.testing.assert_array_equal(slopes, [[3, 3], [3, 3]])


def test_regularizers_of_variables_made_inside_are_outside() -> None:
    def weight(scope: str) -> Any:
        with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
            return tf.get_variable("w", [2], None, tf.ones_initializer(), tf.nn.l2_loss)

    def dense(x: Any) -> Any:
        ones = tf.ones_initializer()
        return tf.layers.dense(
            x, 2, use_bias=False, kernel_initializer=ones, kernel_regularizer=tf.nn.l2_loss
        )

    tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * weight("a")), [0, tf.ones([2])])
    tf.cond(tf.constant(True), lambda: weight("b"), lambda: tf.ones([2]))
    tf.cond(tf.constant(True), lambda: dense(tf.ones([1, 2])), lambda: tf.ones([1, 2]))
    total = tf.losses.get_regularization_loss()
    with _session() as session:
        assert session.run(total) == 1 + 1 + 2
