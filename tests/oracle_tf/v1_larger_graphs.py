"""Programs with TensorFlow 1's control flow: recurrent networks, arrays, training."""

from __future__ import annotations

from typing import Any

from oracle_tf.v1_runs import Runs, graph, vector

__all__: list[str] = []


@graph
def resource_variables(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)

    def body(i: Any, y: Any) -> Any:
        with tf.control_dependencies([v.assign_add([1.0, 0.0])]):
            return [i + 1, y + v.read_value()]

    _, y = tf.while_loop(lambda i, y: i < 3, body, [0, tf.zeros([2])], parallel_iterations=1)
    with tf.control_dependencies([y]):
        z = tf.cond(p, lambda: y * v, lambda: y)
    return Runs([y, z], [{p: True}, {p: False}], runs=2)


@graph
def mapped(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [4, 2], "x")
    y = tf.map_fn(lambda row: tf.reduce_sum(row) * row, x)
    return Runs([y], [{x: vector(7, 4, 2)}], (tf.reduce_sum(y), [x]))


@graph
def scanned(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [4, 2], "x")
    y = tf.scan(lambda a, row: tf.tanh(a) * row + a, x)
    return Runs([y], [{x: vector(8, 4, 2)}], (tf.reduce_sum(y), [x]))


class _Cell:
    """A recurrent cell, made by hand: those of later versions are Keras layers."""

    output_size = state_size = 4

    def __init__(self, tf: Any) -> None:
        self.tf = tf

    def zero_state(self, size: Any, dtype: Any) -> Any:
        return self.tf.zeros([size, 4], dtype)

    def __call__(self, x: Any, state: Any, scope: Any = None) -> Any:
        tf = self.tf
        with tf.variable_scope("cell", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", initializer=vector(9, 7, 4))
        result = tf.tanh(tf.matmul(tf.concat([x, state], 1), w))
        return result, result


def _recurrent(tf: Any) -> tuple[Any, Any, Any, Any, Any]:
    x = tf.placeholder(tf.float32, [2, None, 3], "x")
    length = tf.placeholder(tf.int32, [2], "length")
    y, state = tf.nn.dynamic_rnn(_Cell(tf), x, length, dtype=tf.float32, swap_memory=True)
    return x, length, tf.trainable_variables()[0], y, state


@graph
def recurrent(tf: Any) -> Runs:
    x, length, w, y, state = _recurrent(tf)
    feed = {x: vector(10, 2, 5, 3), length: [3, 5]}
    return Runs([y, state], [feed], (tf.reduce_sum(y) + tf.reduce_sum(state), [x, w.value()]))


@graph
def recurrent_training(tf: Any) -> Runs:
    x, length, _, y, state = _recurrent(tf)
    loss = tf.reduce_mean(tf.square(y - 0.5)) + tf.reduce_sum(state * state)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.control_dependencies([train]):
        after = tf.identity(loss)
    feed = {x: vector(10, 2, 5, 3), length: [3, 5]}
    return Runs([after, y], [feed], runs=3)


@graph
def batch_statistics(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None, 3], "x")
    training = tf.placeholder(tf.bool, [], "training")
    y = x
    for layer in range(3):
        w = tf.Variable(vector(layer, 3, 3), name="w")
        moving = tf.Variable(tf.zeros([3]), trainable=False, name="moving")
        mean = tf.reduce_mean(y, 0)

        def of_batch(mean: Any = mean, moving: Any = moving) -> Any:
            with tf.control_dependencies([tf.assign(moving, moving * 0.5 + mean * 0.5)]):
                return tf.identity(mean)

        def kept(moving: Any = moving) -> Any:
            return moving.read_value()

        y = tf.nn.relu(tf.matmul(y - tf.cond(training, of_batch, kept), w))
    loss = tf.reduce_sum(y * y)
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    with tf.control_dependencies([train]):
        after = tf.identity(loss)
    value = vector(11, 5, 3)
    return Runs([after], [{x: value, training: True}, {x: value, training: False}], runs=3)


@graph
def array_in_loop(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    x = tf.placeholder(tf.float32, [4, 2], "x")
    rows = tf.TensorArray(tf.float32, 4, clear_after_read=False).unstack(x)
    results = tf.TensorArray(tf.float32, 0, dynamic_size=True)

    def body(i: Any, results: Any) -> Any:
        row = tf.cond(p, lambda: rows.read(i) * 2.0, lambda: rows.read(3 - i))
        later = tf.cond(i > 1, lambda: results.write(i, row), lambda: results.write(i, row * row))
        return [i + 1, later]

    y = tf.while_loop(lambda i, _: i < 4, body, [0, results])[1].stack()
    feeds = [{p: each, x: vector(12, 4, 2)} for each in (True, False)]
    return Runs([y], feeds, (tf.reduce_sum(y), [x]))


@graph
def conds_in_conds_in_loop(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    x = tf.placeholder(tf.float32, [2], "x")

    def body(i: Any, y: Any) -> Any:
        def positive() -> Any:
            inner = lambda: tf.cond(p, lambda: y * x, lambda: y)  # noqa: E731
            return tf.cond(i > 1, lambda: tf.sin(y) * y, inner)

        def negative() -> Any:
            return tf.exp(y) * tf.cond(p, lambda: x, lambda: x * x)

        return [i + 1, tf.cond(tf.reduce_sum(y) > 0.0, positive, negative)]

    _, y = tf.while_loop(lambda i, _: i < 5, body, [0, x])
    feeds = [{p: True, x: [0.3, -0.9]}, {p: False, x: [0.3, -0.9]}, {p: False, x: [0.9, 0.2]}]
    return Runs([y], feeds, (tf.reduce_sum(y), [x]))


@graph
def second_derivatives(tf: Any) -> Runs:
    p = tf.placeholder(tf.bool, [], "p")
    x = tf.placeholder(tf.float32, [], "x")
    y = tf.cond(p, lambda: x * x * x, lambda: tf.sin(x))
    first = tf.gradients(y, x)[0]
    (second,) = tf.gradients(first, x)
    return Runs([first, second], [{p: True, x: 2.0}, {p: False, x: 2.0}], (first, [x]))
