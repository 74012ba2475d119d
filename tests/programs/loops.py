"""`while_loop`: what it computes, its derivatives, its errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def named(tf: Any, results: dict[str, Any]) -> dict[str, Any]:
    """The results under names of their own: those of gradients of loops differ."""
    return {key: tf.identity(tf.convert_to_tensor(value), key) for key, value in results.items()}


@program
def counting(tf: Any) -> dict[str, Any]:
    i, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: [i + 1, s + i], [0, 0])
    alone = tf.while_loop(lambda i: i < 7, lambda i: i * 2 + 1, [tf.constant(1)])
    never = tf.while_loop(lambda x: tf.reduce_sum(x) < 0, lambda x: x + 1, [tf.constant([1.0, 2])])
    return {"i": i, "total": total, "alone": alone, "never": never}


@program
def structures(tf: Any) -> dict[str, Any]:
    def body(i: Any, rest: Any) -> Any:
        return [i + 1, {"a": rest["b"], "b": rest["a"] + rest["b"]}]

    start = [tf.constant(0), {"a": tf.constant(0), "b": tf.constant(1)}]
    i, pair = tf.while_loop(lambda i, _: i < 10, body, start)
    (x, (y, z)) = tf.while_loop(
        lambda x, _: x < 3, lambda x, yz: (x + 1, (yz[1], yz[0])), (0, (1.0, 2.0))
    )
    same = tf.while_loop(lambda i: i < 3, lambda i: [i + 1], [0], return_same_structure=True)
    return {"i": i, **pair, "x": x, "y": y, "z": z, "kind": type(same).__name__, "same": same[0]}


@program
def limits(tf: Any) -> dict[str, Any]:
    def double(x: Any) -> Any:
        return x * 2

    return {
        "maximum": tf.while_loop(lambda x: True, double, [1], maximum_iterations=5),
        "earlier": tf.while_loop(lambda x: x < 4, double, [1], maximum_iterations=5),
        "tensor": tf.while_loop(lambda x: x < 1000, double, [1], maximum_iterations=tf.constant(3)),
        "none": tf.while_loop(lambda x: True, double, [1], maximum_iterations=0),
    }


@program
def shapes(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    grown = tf.while_loop(
        lambda i, m: i < 3,
        lambda i, m: [i + 1, tf.concat([m, m], axis=0)],
        [tf.constant(0), x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])],
    )[1]
    free = tf.while_loop(
        lambda m: tf.rank(m) < 5,
        lambda m: tf.expand_dims(m, 0),
        [x],
        shape_invariants=[tf.TensorShape(None)],
    )
    kept = tf.while_loop(lambda i, m: i < 2, lambda i, m: [i + 1, m * 2], [0, x])[1]
    return {"grown": grown, "free": free, "kept": kept}


@program
def nesting(tf: Any) -> dict[str, Any]:
    def outer(i: Any, s: Any) -> Any:
        _, s = tf.while_loop(lambda j, _: j < i, lambda j, s: [j + 1, s + i * j], [0, s])
        return i + 1, s

    _, table = tf.while_loop(lambda i, s: i < 6, outer, [0, 0])

    def collatz(n: Any, steps: Any) -> Any:
        even = tf.equal(n % 2, 0)
        return tf.cond(even, lambda: n // 2, lambda: 3 * n + 1), steps + 1

    n, steps = tf.while_loop(lambda n, _: n > 1, collatz, [27, 0])
    return {"table": table, "n": n, "steps": steps}


@program
def captured_values(tf: Any) -> dict[str, Any]:
    w = tf.get_variable("w", initializer=np.float32([2, 3]))
    c = tf.constant([1.0, 10])
    _, x = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * w + c), [0, tf.zeros([2])])
    made = tf.while_loop(
        lambda i, x: i < 3,
        lambda i, x: (i + 1, x + tf.get_variable("inside", [2], initializer=tf.ones_initializer())),
        [0, tf.zeros([2])],
    )[1]
    names = sorted(v.name for v in tf.global_variables())
    return {"x": x, "made": made, "variables": names}


@program(factor=4)
def derivatives(tf: Any) -> dict[str, Any]:
    x = tf.constant([0.3, -0.5], tf.float64)
    w = tf.constant([[0.5, 1.0], [-0.3, 0.8]], tf.float64)

    def body(i: Any, y: Any) -> Any:
        return i + 1, tf.tanh(tf.reshape(tf.matmul(w, tf.reshape(y, [2, 1])), [2])) + 0.1 * y

    _, y = tf.while_loop(lambda i, y: i < 4, body, [0, x])
    dx, dw = tf.gradients(y, [x, w])
    stopped = tf.gradients(
        tf.while_loop(lambda y: y[0] < 1, lambda y: y * 2, [x], back_prop=False), [x]
    )
    return named(tf, {"y": y, "dx": dx, "dw": dw}) | {"stopped": stopped == [None]}


@program(factor=4)
def derivatives_of_shapes_that_change(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 2), tf.float64)

    def body(i: Any, m: Any) -> Any:
        return [i + 1, tf.concat([m, tf.sin(m[:1])], axis=0)]

    _, m = tf.while_loop(
        lambda i, m: i < 3,
        body,
        [tf.constant(0), x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])],
    )
    return named(tf, {"m": m, "dx": tf.gradients(tf.reduce_sum(m * m), x)[0]})


@program(factor=4)
def derivatives_of_no_turn(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(3.0, [])
    w = tf.constant(2.0)
    y = tf.while_loop(lambda y: y < 1.0, lambda y: y * w, [x])
    return named(tf, {"y": y, "dx": tf.gradients(y, x)[0], "dw": tf.gradients(y, w)[0]})


@program(factor=4)
def derivatives_through_swaps(tf: Any) -> dict[str, Any]:
    """A variable that gets its gradient only by way of another."""
    a, b = tf.constant(1.5), tf.constant(0.7)
    x = tf.while_loop(lambda i, x, y: i < 3, lambda i, x, y: (i + 1, y * y, x + y), [0, a, b])[1]
    da, db = tf.gradients(x, [a, b])
    return named(tf, {"da": da, "db": db})


@program
def rows_looked_up(tf: Any) -> dict[str, Any]:
    table = tf.get_variable("table", initializer=ramp(4, 2))
    ids = tf.constant([2, 0, 2])

    def body(i: Any, s: Any) -> Any:
        return i + 1, s + tf.nn.embedding_lookup(table, ids[i]) * tf.cast(i + 1, tf.float32)

    _, s = tf.while_loop(lambda i, s: i < 3, body, [0, tf.zeros([2])])
    return named(tf, {"s": s, "gradient": tf.gradients(s, table)[0]})


@program
def sparse_tensors(tf: Any) -> dict[str, Any]:
    x = tf.SparseTensor([[0, 1], [1, 0]], [1.0, 2.0], [2, 2])

    def body(i: Any, s: Any) -> Any:
        return i + 1, tf.SparseTensor(s.indices, s.values * 3, s.dense_shape)

    return {"x": tf.while_loop(lambda i, s: i < 2, body, [0, x])[1]}


@program
def errors(tf: Any) -> dict[str, Any]:
    zero = tf.constant(0)

    def grow(i: Any, m: Any) -> Any:
        return [i + 1, tf.concat([m, m], 0)]

    x = tf.constant([1.0])
    invariants = [tf.TensorShape([]), tf.TensorShape([2])]
    return {
        "no variables": raised(lambda: tf.while_loop(lambda: True, lambda: 1, []), "loop.?var"),
        "no cond": raised(lambda: tf.while_loop(1, lambda i: i, [zero]), "cond.? must be callable"),
        "no body": raised(lambda: tf.while_loop(lambda i: i < 1, 1, [zero]), "body.? must be"),
        "shape": raised(
            lambda: tf.while_loop(lambda i, m: i < 3, grow, [zero, x]), "after one iteration"
        ),
        "invariant": raised(
            lambda: tf.while_loop(lambda i, m: i < 3, grow, [zero, x], invariants),
            "not compatible with",
        ),
        "too few": raised(
            lambda: tf.while_loop(lambda i, j: i < 3, lambda i, j: [i], [zero, zero]),
            "same nested structure",
        ),
    }
