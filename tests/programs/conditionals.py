"""`cond`: what it computes, what it does, its derivatives, its errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def for_both(tf: Any, build: Any) -> dict[str, Any]:
    """The results of `build` for a predicate that is true, and one that is false."""
    found = {}
    for truth in (True, False):
        results = build(tf.placeholder_with_default(truth, []))
        # The names of the gradients of branches differ.
        found.update(
            {
                f"{key} {truth}": tf.identity(tf.convert_to_tensor(r), key)
                for key, r in results.items()
            }
        )
    return found


@program
def values(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.0, 4.0])

    def build(p: Any) -> dict[str, Any]:
        pair = tf.cond(p, lambda: (x, x + 1), lambda: (-x, tf.zeros([2])))
        return {
            "one": tf.cond(p, lambda: tf.sqrt(x), lambda: x * 2),
            "first": pair[0],
            "second": pair[1],
            "single": tf.cond(p, lambda: [x], lambda: [x + 5]),
            "number": tf.cond(p, lambda: 1.0, lambda: 2.0),
            "outside": tf.cond(p, lambda: x, lambda: x),
            "dict": tf.cond(p, lambda: {"a": x}, lambda: {"a": x * 3})["a"],
            "shape": tf.cond(p, lambda: x, lambda: tf.constant([[1.0]])),
            "old_names": tf.cond(p, fn1=lambda: x, fn2=lambda: x + 1),
        }

    return for_both(tf, build)


@program
def kinds(tf: Any) -> dict[str, Any]:
    strict = tf.cond(tf.constant(True), lambda: [1], lambda: [2], strict=True)
    loose = tf.cond(tf.constant(True), lambda: [1], lambda: [2])
    done = tf.cond(tf.constant(True), lambda: tf.no_op(), lambda: tf.no_op())
    pair = tf.cond(tf.constant(True), lambda: (1, 2), lambda: (3, 4))
    return {
        "first": pair[0],
        "second": pair[1],
        "strict": isinstance(strict, list),
        "loose": isinstance(loose, list),
        "operation": isinstance(done, tf.Tensor),
    }


@program
def effects(tf: Any) -> dict[str, Any]:
    found = {}
    for truth in (True, False):
        v = tf.Variable(1.0, name="v")
        p = tf.placeholder_with_default(truth, [])
        done = tf.cond(p, lambda v=v: tf.assign_add(v, 10.0).op, lambda v=v: tf.no_op())
        with tf.control_dependencies([done]):
            found[f"v {truth}"] = v.read_value()
        u = tf.Variable(1.0, name="u")
        found[f"assigned {truth}"] = tf.identity(
            tf.cond(p, lambda u=u: tf.assign(u, 5.0), lambda u=u: tf.assign_sub(u, 7.0))
        )
    return found


@program(factor=2)
def derivatives(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3), tf.float64)
    w = tf.constant(np.linspace(0.1, 0.9, 3))

    def build(p: Any) -> dict[str, Any]:
        y = tf.cond(p, lambda: tf.sin(x * w) * tf.exp(0.1 * x), lambda: x * x)
        dx = tf.gradients(y, x)[0]
        return {
            "dx": dx,
            "dw": tf.gradients(y, w)[0],
            "second": tf.gradients(dx, x)[0],
            "constant": tf.gradients(tf.cond(p, lambda: x, lambda: x[::-1] * 0), x)[0],
        }

    return for_both(tf, build)


@program
def rows_looked_up(tf: Any) -> dict[str, Any]:
    table = tf.get_variable("table", initializer=ramp(4, 2))

    def build(p: Any) -> dict[str, Any]:
        row = tf.cond(p, lambda: tf.gather(table, [1, 1]), lambda: tf.gather(table, [0, 3]) * 2)
        return {"gradient": tf.convert_to_tensor(tf.gradients(row, table)[0])}

    return for_both(tf, build)


@program
def nesting(tf: Any) -> dict[str, Any]:
    x = tf.constant(3.0)

    def sign(value: Any) -> Any:
        return tf.cond(
            value > 0,
            lambda: tf.constant(1.0),
            lambda: tf.cond(value < 0, lambda: tf.constant(-1.0), lambda: value * 0),
        )

    return {"plus": sign(x), "minus": sign(-x), "zero": sign(x - 3)}


@program
def errors(tf: Any) -> dict[str, Any]:
    p = tf.constant(True)
    x = tf.constant(1.0)
    return {
        "bool": raised(lambda: tf.cond(True, lambda: x, lambda: x), "must not be a Python bool"),
        "no function": raised(lambda: tf.cond(p, x, lambda: x), "must be callable"),
        "missing": raised(lambda: tf.cond(p, lambda: x), "argument required"),
        "nothing": raised(lambda: tf.cond(p, lambda: None, lambda: None), "must have a return"),
        "structures": raised(lambda: tf.cond(p, lambda: [x], lambda: (x, x)), "structure"),
        "types": raised(lambda: tf.cond(p, lambda: x, lambda: 1), "same type"),
    }
