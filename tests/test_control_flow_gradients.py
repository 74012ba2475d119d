"""Derivatives of loops and conditionals, and files that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def test_the_forward_loop_runs_once_for_its_value_and_its_gradient() -> None:
    turns: list[int] = []

    def note(x: Any) -> Any:
        turns.append(1)
        return x

    x = tf.constant(0.5)

    def body(i: Any, y: Any) -> Any:
        seen = tf.py_func(note, [i], tf.int32)
        seen.set_shape([])
        return seen + 1, tf.sin(y)

    _, y = tf.while_loop(lambda i, y: i < 4, body, [0, x])
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    with tf.Session() as session:
        session.run([y, first, second])
    assert len(turns) == 4


def test_random_numbers_of_a_loop_are_those_of_its_gradient() -> None:
    x = tf.ones([])

    def body(i: Any, y: Any) -> Any:
        return i + 1, y * tf.random_uniform([], 1, 2, seed=3)

    _, y = tf.while_loop(lambda i, y: i < 5, body, [0, x])
    value, gradient = run([y, tf.gradients(y, x)[0]])
    assert gradient == pytest.approx(value, rel=1e-6)


def composed(x: Any, w: Any) -> Any:
    """A loop with a branch and a loop in it."""

    def inner(j: Any, a: Any) -> Any:
        even = tf.equal(j % 2, 0)
        return j + 1, tf.cond(even, lambda: tf.sin(a * w), lambda: a * a)

    def outer(i: Any, a: Any) -> Any:
        _, b = tf.while_loop(lambda j, _: j < i + 1, inner, [0, a])
        return i + 1, b + 0.1 * a

    return tf.while_loop(lambda i, _: i < 4, outer, [0, x])[1]


def unrolled(x: Any, w: Any) -> Any:
    """What `composed` computes, without control flow."""
    a = x
    for i in range(4):
        b = a
        for j in range(i + 1):
            b = tf.sin(b * w) if j % 2 == 0 else b * b
        a = b + 0.1 * a
    return a


def test_derivatives_of_nested_loops_and_branches() -> None:
    x = tf.constant([0.7, -0.4], tf.float64)
    w = tf.constant([1.3, 0.9], tf.float64)
    results = []
    for build in (composed, unrolled):
        y = build(x, w)
        first = tf.gradients(y, [x, w])
        second = tf.gradients(first[0], [x, w])
        results.append([y, *first, *second])
    ours, expected = run(results)
    for found, wanted in zip(ours, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


def test_gradients_may_be_taken_inside_a_body() -> None:
    """Newton's method: the derivative is a node of the body."""

    def body(i: Any, x: Any) -> Any:
        y = x * x - 2.0
        return i + 1, x - y / tf.gradients(y, x)[0]

    _, root = tf.while_loop(lambda i, x: i < 6, body, [0, tf.constant(1.0)])
    assert run(root) == pytest.approx(np.sqrt(2))


def test_gradients_of_several_ys_share_the_forward_loop() -> None:
    x, w = tf.constant(1.5), tf.constant(0.5)
    _, a, b = tf.while_loop(
        lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a * w, b + a * a), [0, x, 0.0]
    )
    da, db = tf.gradients(a, [x, w]), tf.gradients(b, [x, w])
    together, alone = run([a, b, da, db]), [run(each) for each in (a, b, da, db)]
    np.testing.assert_allclose(np.hstack(together), np.hstack(alone))


def test_a_saved_graph_runs_and_is_differentiated_again(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    w = tf.get_variable("w", initializer=[1.3, 0.4])
    y = tf.identity(composed(x, w), name="y")
    gradient = tf.identity(tf.gradients(y, w)[0], name="gradient")
    value = np.float32([0.3, -0.8])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        expected = session.run([y, gradient], {x: value})
        path = tf.train.Saver().save(session, str(tmp_path / "model"))
    with tf.Graph().as_default() as again, tf.Session() as session:
        tf.train.import_meta_graph(path + ".meta").restore(session, path)
        found = session.run(["y:0", "gradient:0"], {"x:0": value})
        restored = again.get_tensor_by_name("y:0")
        anew = tf.gradients(restored, again.get_tensor_by_name("w/read:0"))[0]
        found.append(session.run(anew, {"x:0": value}))
    for ours, theirs in zip(found, [*expected, expected[1]], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_imported_loop_writes_the_variable_of_its_graph() -> None:
    count = tf.Variable(0, name="count")

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(count, 2)]):
            return i + 1

    tf.identity(tf.while_loop(lambda i: i < 5, body, [0]), name="turns")
    message = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(message, name="again")
        session.run("again/count/Assign")
        assert session.run("again/turns:0") == 5
        assert session.run("again/count:0") == 10
