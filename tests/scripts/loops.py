"""Loops, scans and branches in the graph."""

import json

import numpy as np
import tensorflow as tf

tf.set_random_seed(0)


def newton(a):
    def cond(i, x, err):
        return tf.logical_and(i < 30, err > 1e-6)

    def body(i, x, err):
        new = 0.5 * (x + a / x)
        return i + 1, new, tf.abs(new - x)

    return tf.while_loop(cond, body, [tf.constant(0), a, tf.constant(1.0)])


def collatz(start):
    i = tf.constant(0)
    return tf.while_loop(
        lambda i, n: tf.greater(n, 1),
        lambda i, n: [
            tf.add(i, 1),
            tf.cond(tf.equal(n % 2, 0), lambda: n // 2, lambda: 3 * n + 1),
        ],
        [i, start],
    )[0]


with tf.Session() as sess:
    a = tf.placeholder(tf.float32, [])
    count, root, _ = newton(a)
    slope = tf.gradients(root, a)[0]

    elems = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    W = tf.Variable([[0.5, 0.1], [-0.2, 0.3]])
    states = tf.scan(
        lambda h, x: tf.tanh(tf.matmul(h[None], W)[0] + x), elems, initializer=tf.zeros([2])
    )
    scan_loss = tf.reduce_sum(states[-1])
    sums = tf.scan(lambda acc, x: acc + x, elems)
    mapped = tf.map_fn(lambda x: (x * 2, tf.reduce_sum(x)), elems, dtype=(tf.float32, tf.float32))
    folded = tf.foldl(lambda acc, x: acc * 10 + x, tf.constant([1, 2, 3, 4]))
    folded_right = tf.foldr(lambda acc, x: acc * 10 + x, tf.constant([1, 2, 3, 4]))

    matrix = tf.constant([[0.0], [1.0]])
    grown = tf.while_loop(
        lambda i, m: i < 3,
        lambda i, m: [i + 1, tf.concat([m, m + 10.0], axis=0)],
        loop_vars=[tf.constant(0), matrix],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 1])],
    )[1]

    ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True, clear_after_read=False)

    def fill(i, array):
        previous = tf.cond(i > 0, lambda: array.read(i - 1), lambda: tf.constant(1.0))
        return i + 1, array.write(i, previous * 1.5)

    _, ta = tf.while_loop(lambda i, _: i < 5, fill, (0, ta))
    stacked = ta.stack()

    v = tf.Variable(0)
    with tf.control_dependencies([tf.assign_add(v, 5)]):
        read = tf.identity(v)
    which = tf.placeholder(tf.int32, [])
    chosen = tf.case(
        [
            (tf.equal(which, 0), lambda: tf.constant("zero")),
            (tf.less(which, 0), lambda: tf.constant("negative")),
        ],
        default=lambda: tf.constant("other"),
        exclusive=True,
    )

    grad_of_loop = tf.gradients(
        tf.while_loop(
            lambda i, y: i < 4,
            lambda i, y: (i + 1, y * a),
            (tf.constant(0), tf.constant(1.0)),
            parallel_iterations=1,
            back_prop=True,
        )[1],
        a,
    )[0]

    sess.run(tf.global_variables_initializer())
    result = {
        "newton": sess.run([root, slope], {a: 2.0}),
        "turns": sess.run(count, {a: 2.0}),
        "collatz": sess.run(collatz(tf.constant(27))),
        "scan": sess.run(states),
        "scan gradient": sess.run(tf.gradients(scan_loss, W)[0]),
        "sums": sess.run(sums),
        "map": sess.run(mapped),
        "fold": sess.run([folded, folded_right]),
        "grown": sess.run(grown)[:, 0],
        "array": sess.run(stacked),
        "read": [sess.run(read), sess.run(read)],
        "case": [sess.run(chosen, {which: k}).decode() for k in (0, -3, 4)],
        "power gradient": sess.run(grad_of_loop, {a: 3.0}),
    }


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if isinstance(value, str) else np.asarray(value).tolist()


print(json.dumps({name: plain(value) for name, value in result.items()}))
