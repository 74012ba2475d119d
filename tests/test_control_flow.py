"""Loops and conditionals: effects, variables, errors, interruption, memory, files."""

from __future__ import annotations

import _thread
import re
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import flowgraph as tf


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def test_a_body_that_changes_a_variable_does_so_in_every_turn() -> None:
    count = tf.Variable(0, name="count")

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(count, 2)]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 5, body, [0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for turns in (1, 2, 3):
            assert session.run(loop) == 5
            assert session.run(count) == 10 * turns


def test_a_body_reads_what_it_has_written() -> None:
    v = tf.Variable(1.0)

    def body(i: Any, seen: Any) -> Any:
        with tf.control_dependencies([tf.assign(v, v.read_value() * 2)]):
            return i + 1, seen + v.read_value()

    _, seen = tf.while_loop(lambda i, s: i < 3, body, [0, 0.0])
    assert run(seen) == 2 + 4 + 8


def test_what_nothing_depends_on_does_not_run_in_a_body() -> None:
    v = tf.Variable(0.0)

    def body(i: Any) -> Any:
        tf.assign_add(v, 1.0)
        return i + 1

    loop = tf.while_loop(lambda i: i < 3, body, [0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(loop)
        assert session.run(v) == 0


def test_only_the_branch_taken_runs() -> None:
    ran: list[str] = []

    def noting(name: str) -> Any:
        def note(x: Any) -> Any:
            ran.append(name)
            return x

        return lambda: tf.py_func(note, [tf.constant(1.0)], tf.float32)

    p = tf.placeholder(tf.bool, [])
    result = tf.cond(p, noting("yes"), noting("no"))
    with tf.Session() as session:
        for truth in (True, False, True):
            session.run(result, {p: truth})
    assert ran == ["yes", "no", "yes"]


def test_what_a_branch_takes_from_outside_runs_in_any_case() -> None:
    v = tf.Variable(0.0)
    outside = tf.assign_add(v, 1.0)
    done = tf.cond(tf.constant(False), lambda: outside, lambda: tf.constant(0.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(done)
        assert session.run(v) == 1


def test_summaries_of_a_branch_are_written_when_it_runs() -> None:
    calls: list[int] = []
    p = tf.placeholder(tf.bool, [])

    def branch() -> Any:
        value = tf.py_func(lambda: calls.append(1) or np.float32(2), [], tf.float32)
        value.set_shape([])
        tf.summary.scalar("value", value)
        return tf.constant(1.0)

    result = tf.cond(p, branch, lambda: tf.constant(0.0))
    with tf.Session() as session:
        assert session.run(result, {p: True}) == 1
        assert calls == [1]
        assert session.run(result, {p: False}) == 0
        assert calls == [1]


def test_variables_made_inside_are_outside_and_trained() -> None:
    def body(i: Any, x: Any) -> Any:
        with tf.variable_scope("cell", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", [], initializer=tf.constant_initializer(0.5))
        return i + 1, x * w

    _, y = tf.while_loop(lambda i, x: i < 3, body, [0, 1.0])
    assert [v.name for v in tf.trainable_variables()] == ["cell/w:0"]
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.square(y - 1.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(200):
            session.run(train)
        assert session.run(y) == pytest.approx(1, abs=1e-3)


def test_an_initial_value_must_not_be_built_inside() -> None:
    def body(i: Any) -> Any:
        tf.Variable(tf.ones([2]))
        return i + 1

    with pytest.raises(ValueError, match="inside a loop or a branch"):
        tf.while_loop(lambda i: i < 3, body, [0])


def test_tensors_of_a_body_stay_inside(graph: Any) -> None:
    leaked: list[Any] = []

    def body(i: Any) -> Any:
        leaked.append(i * 2)
        return i + 1

    tf.while_loop(lambda i: i < 3, body, [0])
    with tf.Session() as session, pytest.raises(ValueError, match="not fetchable"):
        session.run(leaked[0])
    with pytest.raises(ValueError, match="return it from there"):
        tf.add(tf.constant(1), leaked[0])


def test_the_types_of_variables_must_not_change() -> None:
    with pytest.raises(TypeError, match="enters the loop with type int32, but has type float32"):
        tf.while_loop(lambda i: i < 3, lambda i: tf.cast(i, tf.float32), [0])


def test_a_condition_is_a_boolean_scalar() -> None:
    with pytest.raises(TypeError, match="boolean scalar"):
        tf.while_loop(lambda i: i, lambda i: i + 1, [0])
    with pytest.raises(ValueError, match="must be a scalar"):
        tf.while_loop(lambda i: i < [1, 2], lambda i: i + 1, [0])
    with pytest.raises(ValueError, match="pred must be a scalar"):
        tf.cond(tf.constant([True, False]), lambda: 1, lambda: 2)


def test_an_error_in_a_body_names_its_op_and_line() -> None:
    x = tf.placeholder(tf.float32, [None])

    def body(i: Any, s: Any) -> Any:
        return i + 1, s + tf.gather(x, i, name="looked_up")

    _, s = tf.while_loop(lambda i, s: i < 5, body, [0, 0.0])
    with tf.Session() as session:
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError, match="looked_up") as raised:
                session.run(s, {x: [1, 2, 3]})
            assert "test_control_flow.py" in str(raised.value)
            assert session.run(s, {x: [1, 2, 3, 4, 5]}) == 15


def test_assert_stops_a_loop() -> None:
    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.Assert(i < 3, [i])]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 10, body, [0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"assertion failed: \[3\]"):
        run(loop)


@pytest.mark.parametrize("warm", [False, True])
def test_a_loop_without_end_can_be_interrupted(warm: bool) -> None:
    limit = tf.placeholder(tf.int64, [])
    loop = tf.while_loop(lambda i: i < limit, lambda i: i + 1, [tf.constant(0, tf.int64)])
    with tf.Session() as session:
        if warm:
            for _ in range(3):
                session.run(loop, {limit: 3})
        timer = threading.Timer(0.3, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.run(loop, {limit: 2**62})
        timer.join()
        assert session.run(loop, {limit: 5}) == 5


def test_memory_does_not_grow_with_the_turns() -> None:
    limit = tf.placeholder(tf.int32, [])
    start = tf.zeros([1000])
    loop = tf.while_loop(lambda i, x: i < limit, lambda i, x: (i + 1, x * 0.5 + 1), [0, start])

    def peak(session: Any, turns: int) -> int:
        tracemalloc.reset_peak()
        session.run(loop, {limit: turns})
        return tracemalloc.get_traced_memory()[1]

    with tf.Session() as session:
        for _ in range(3):
            session.run(loop, {limit: 10})
        tracemalloc.start()
        try:
            few, many = peak(session, 10), peak(session, 2000)
        finally:
            tracemalloc.stop()
    assert many < few + 8000


def test_explain_shows_the_programs_of_loops() -> None:
    loop = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    with tf.Session() as session:
        text = str(session.explain(loop))
    assert "While(" in text
    assert re.search(r"\n    v\d+: bool\[\] = Less\(", text)


def test_results_are_the_callers_own() -> None:
    x = tf.placeholder(tf.float32, [2])
    v = tf.Variable([5.0, 6.0])
    swapped = tf.while_loop(lambda i, a, b: i < 1, lambda i, a, b: (i + 1, b, a), [0, x, v])
    untouched = tf.while_loop(lambda a: a[0] < 0, lambda a: a + 1, [x])
    branch = tf.cond(tf.constant(True), lambda: v.value(), lambda: x)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        fed = np.float32([1, 2])
        for _ in range(3):
            for array in session.run([swapped[1], swapped[2], untouched, branch], {x: fed}):
                array[...] = 99
            np.testing.assert_array_equal(fed, [1, 2])
            np.testing.assert_array_equal(session.run(v), [5, 6])


def test_cells_of_a_loop_are_waited_for() -> None:
    """Readers from before the loop, and after it, see the values of these times."""
    v = tf.Variable(1.0)
    before = v + 0.0

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign(v, v.read_value() * 3)]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 2, body, [0])
    with tf.control_dependencies([loop]):
        after = v.read_value()
    assert run([before, loop, after]) == [1, 2, 9]


def test_a_graph_of_another_place_cannot_be_captured() -> None:
    with tf.Graph().as_default():
        foreign = tf.constant(1.0)
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.cond(tf.constant(True), lambda: foreign + 1, lambda: tf.constant(0.0))
