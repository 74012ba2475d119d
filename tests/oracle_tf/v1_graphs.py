"""Graphs whose loops and conditionals TensorFlow 1 writes as Switch, Merge, Enter and so on."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracle_tf.v1_runs import Runs, graph, vector

__all__: list[str] = []


def _switches(tf: Any) -> tuple[Any, Any, list[dict[Any, Any]]]:
    p = tf.placeholder(tf.bool, [], "p")
    x = tf.placeholder(tf.float32, [3], "x")
    return p, x, [{p: True, x: vector(1, 3)}, {p: False, x: vector(2, 3)}]


@graph
def counting(tf: Any) -> Runs:
    n = tf.placeholder(tf.int32, [], "n")
    i, total = tf.while_loop(lambda i, s: i < n, lambda i, s: [i + 1, s + i], [0, 0])
    return Runs([i, total], [{n: 5}, {n: 0}])


@graph
def powers(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [2, 2], "x")
    w = tf.placeholder(tf.float32, [2, 2], "w")
    _, y = tf.while_loop(
        lambda i, y: i < 3, lambda i, y: [i + 1, tf.tanh(tf.matmul(y, w)) + x], [0, x]
    )
    feed = {x: vector(1, 2, 2), w: vector(2, 2, 2)}
    return Runs([y], [feed], (tf.reduce_sum(y * y), [x, w]))


@graph
def growing(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [1, 2], "x")
    _, y = tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: [i + 1, tf.concat([y, y[-1:] * 2.0], 0)],
        [0, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    return Runs([y], [{x: vector(3, 1, 2)}], (tf.reduce_sum(y), [x]))


@graph
def condition_shares_with_body(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [], "x")
    y = tf.while_loop(lambda y: tf.reduce_sum(y * 2.0) < 50.0, lambda y: y * y + 1.0, [x])
    return Runs([y], [{x: 1.5}, {x: 70.0}])


@graph
def nested_loops(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [2], "x")

    def outer(i: Any, y: Any) -> Any:
        _, z = tf.while_loop(
            lambda j, z: j < i, lambda j, z: [j + 1, z * x + tf.to_float(i)], [0, y]
        )
        return [i + 1, tf.sin(z)]

    _, y = tf.while_loop(lambda i, y: i < 4, outer, [0, x])
    return Runs([y], [{x: vector(4, 2)}], (tf.reduce_sum(y), [x]))


@graph
def plain_cond(tf: Any) -> Runs:
    p, x, feeds = _switches(tf)
    y = tf.cond(p, lambda: tf.square(x), lambda: x + 1.0)
    return Runs([y], feeds, (tf.reduce_sum(y), [x]))


@graph
def cond_with_several_results(tf: Any) -> Runs:
    p, x, feeds = _switches(tf)
    y, z = tf.cond(p, lambda: (x * 2.0, tf.constant(3)), lambda: (x, tf.size(x)))
    again = tf.cond(p, lambda: y - 1.0, lambda: y + tf.to_float(z))
    return Runs([y, z, again], feeds, (tf.reduce_sum(again * y), [x]))


@graph
def nested_conds(tf: Any) -> Runs:
    p, x, feeds = _switches(tf)
    q = tf.reduce_sum(x) > 0.0

    def inner() -> Any:
        return tf.cond(q, lambda: x * x, lambda: tf.cond(p, lambda: -x, lambda: x + 9.0))

    y = tf.cond(p, inner, lambda: tf.cond(q, lambda: x / 2.0, lambda: x * x * x))
    all_feeds = [{**feed, x: sign * abs(feed[x])} for feed in feeds for sign in (1.0, -1.0)]
    return Runs([y], all_feeds, (tf.reduce_sum(y), [x]))


@graph
def cases(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [], "x")
    y = tf.case(
        [(x < 0.0, lambda: -x), (x < 1.0, lambda: x * x)], default=lambda: x + 3.0, exclusive=False
    )
    strict = tf.case(
        [(x < 0.0, lambda: tf.constant(1)), (x > 1.0, lambda: tf.constant(2))],
        default=lambda: tf.constant(3),
        exclusive=True,
    )
    return Runs([y, strict], [{x: -2.0}, {x: 0.5}, {x: 4.0}], (y, [x]))


@graph
def merge_index(tf: Any) -> Runs:
    p, x, feeds = _switches(tf)
    no, yes = tf.raw_ops.Switch(data=x, pred=p)
    merged = tf.raw_ops.Merge(inputs=[tf.sin(yes), no], name="joined")
    return Runs([merged.output, tf.identity(merged.value_index)], feeds)


@graph
def assertions(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None], "x")
    check = tf.assert_non_negative(x, message="too small")
    with tf.control_dependencies([check, tf.Assert(tf.size(x) > 1, [x], name="enough")]):
        y = tf.sqrt(x)
    return Runs([y], [{x: np.float32([1, 4])}])


@graph
def cond_in_loop(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [2], "x")

    def body(i: Any, y: Any) -> Any:
        even = tf.equal(i % 2, 0)
        return [i + 1, tf.cond(even, lambda: y * x, lambda: tf.sin(y) + x)]

    _, y = tf.while_loop(lambda i, y: i < 5, body, [0, x])
    return Runs([y], [{x: vector(5, 2)}], (tf.reduce_sum(y), [x]))


@graph
def loop_in_cond_in_loop(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [2], "x")

    def powered(y: Any, i: Any) -> Any:
        return tf.while_loop(lambda j, z: j < i, lambda j, z: [j + 1, z * x], [0, y])[1]

    def body(i: Any, y: Any) -> Any:
        small = tf.reduce_sum(y) < 2.0
        return [i + 1, tf.cond(small, lambda: powered(y + 1.0, i), lambda: tf.cos(y))]

    _, y = tf.while_loop(lambda i, y: i < 5, body, [0, x])
    return Runs([y], [{x: vector(6, 2)}], (tf.reduce_sum(y), [x]))


@graph
def cond_in_condition(tf: Any) -> Runs:
    n = tf.placeholder(tf.int32, [], "n")
    goes_on = lambda i: tf.cond(i < 3, lambda: tf.constant(True), lambda: i < n)  # noqa: E731
    return Runs([tf.while_loop(goes_on, lambda i: i + 1, [0])], [{n: 1}, {n: 6}])


@graph
def assigning_branches(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    v = tf.Variable([1.0, 2.0], name="v")
    done = tf.cond(p, lambda: tf.group(tf.assign_add(v, [1.0, 1.0])), lambda: tf.no_op())
    with tf.control_dependencies([done]):
        after = v.read_value()
    return Runs([after], [{p: True}, {p: False}], runs=2)


@graph
def assigned_results(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    v = tf.Variable(3, name="v")
    result = tf.cond(p, lambda: tf.assign(v, v + 1), lambda: tf.identity(v))
    return Runs([tf.identity(result)], [{p: True}, {p: False}], runs=2)


@graph
def assigning_loop(tf: Any) -> Runs:
    v = tf.Variable([0, 0], name="v")

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, [i, 1])]):
            return tf.identity(i) + 1

    last = tf.while_loop(lambda i: i < 4, body, [0], parallel_iterations=1)
    with tf.control_dependencies([last]):
        after = v.read_value()
    return Runs([last, after], runs=2)


@graph
def assigning_nested_loops(tf: Any) -> Runs:
    v = tf.Variable(0, name="v")

    def inner(j: Any) -> Any:
        add = lambda: tf.group(tf.assign_add(v, 1))  # noqa: E731
        with tf.control_dependencies([tf.cond(j > 0, add, tf.no_op)]):
            return j + 1

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.while_loop(lambda j: j < i, inner, [0])]):
            return i + 1

    last = tf.while_loop(lambda i: i < 4, body, [0], parallel_iterations=1)
    with tf.control_dependencies([last]):
        after = v.read_value()
    return Runs([after], runs=2)
