"""Variables, assignments and scatters; Print, Assert, checks, py_func."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def initialized(tf: Any) -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


@program
def initial_value_forms(tf: Any) -> dict[str, Any]:
    base = tf.Variable([1.0, 2.0], name="base")
    return {
        "number": tf.Variable(3, name="number"),
        "list": tf.Variable([[1, 2], [3, 4]], dtype=tf.float64, name="list"),
        "array": tf.Variable(ramp(2, 3), name="array"),
        "tensor": tf.Variable(tf.ones([2]) * 3.0, name="tensor"),
        "callable": tf.Variable(lambda: tf.constant(5), name="callable"),
        "text": tf.Variable("abc", name="text"),
        "flag": tf.Variable(True, name="flag"),
        "from other": tf.Variable(base.initialized_value() * 2.0, name="other"),
    }


@program(graph=True)
def properties(tf: Any) -> dict[str, Any]:
    v = tf.Variable(ramp(2, 3), name="v")
    return {
        "v": v,
        "value": v.value(),
        "read": v.read_value(),
        "names": [v.name, v.op.name, v.op.type, v.initializer.name, v.initial_value.name],
        "shape": [v.shape.as_list(), v.get_shape().as_list(), v.dtype.name],
        "text": repr(v),
        "identity": tf.identity(v),
        "sum": v + 1.0,
        "element": v[1, 2],
        "negative": -v,
        "reflected": 2.0 * v,
    }


@program
def assignments(tf: Any) -> dict[str, Any]:
    v = tf.Variable([1.0, 2.0, 3.0], name="v")
    steps = [
        v.assign([4.0, 5.0, 6.0]),
        v.assign_add([1.0, 1.0, 1.0]),
        tf.assign_sub(v, [0.5, 0.0, 0.0]),
        tf.assign(v, v * 2.0),
        tf.assign_add(v, [0.0, 0.0, 1.0], name="mine"),
    ]
    with initialized(tf) as session:
        values = [session.run(step) for step in steps] + [session.run(v)]
    return {"values": values, "names": [step.name for step in steps]}


@program
def counting(tf: Any) -> dict[str, Any]:
    v = tf.Variable(0, name="v")
    count = v.count_up_to(3)
    with initialized(tf) as session:
        values = [session.run(count) for _ in range(3)]
        error = raised(lambda: session.run(count), "Reached limit of 3")
    return {"values": values, "error": error}


@program
def scatters(tf: Any) -> dict[str, Any]:
    values = []
    updates = ramp(3, 2) + 2
    for name in ["update", "add", "sub", "mul", "div", "min", "max"]:
        v = tf.Variable(ramp(4, 2, shift=1) + 2, name=name)
        step = getattr(tf, f"scatter_{name}")(
            v, [3, 0, 3] if name != "update" else [3, 0, 1], updates
        )
        with initialized(tf) as session:
            values.append(session.run(step))
            values.append(session.run(v))
    return {"values": values}


@program
def scatters_nd(tf: Any) -> dict[str, Any]:
    values = []
    for name in ["update", "add", "sub"]:
        v = tf.Variable(ramp(4, 2), name=name)
        step = getattr(tf, f"scatter_nd_{name}")(v, [[3, 1], [0, 0]], [10.0, 20.0])
        with initialized(tf) as session:
            session.run(step)
            values.append(session.run(v))
    return {"values": values}


@program
def scatter_failures(tf: Any) -> dict[str, Any]:
    v = tf.Variable(ramp(4, 2), name="v")
    step = tf.scatter_add(v, tf.placeholder_with_default([4], [1]), [[1.0, 2.0]])
    with initialized(tf) as session:
        index = raised(lambda: session.run(step), r"indices\[0\] = 4")
        after = session.run(v)
    shape = raised(lambda: tf.scatter_add(v, [1], [[1.0, 2.0, 3.0]]), "shape|must be equal")
    return {"index": index, "shape": shape, "after": after}


@program
def slices_of_variables(tf: Any) -> dict[str, Any]:
    v = tf.Variable(ramp(4, 3), name="v")
    step = v[1:3, 0].assign([7.0, 8.0])
    with initialized(tf) as session:
        before = session.run(v[2])
        session.run(step)
        return {"before": before, "after": session.run(v)}


@program
def initialization_state(tf: Any) -> dict[str, Any]:
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    flags = [tf.is_variable_initialized(a), tf.is_variable_initialized(b)]
    report = tf.report_uninitialized_variables()
    with tf.Session() as session:
        first = [*session.run(flags), session.run(report)]
        session.run(a.initializer)
        second = [*session.run(flags), session.run(report)]
        error = raised(lambda: session.run(b + 1.0), "uninitialized value b")
    return {"first": first, "second": second, "error": error}


@program
def shapes_may_change(tf: Any) -> dict[str, Any]:
    v = tf.Variable([1.0], validate_shape=False, name="v")
    grow = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    with initialized(tf) as session:
        values = [session.run(v), session.run(grow), session.run(v + 1.0)]
    fixed = tf.Variable([1.0], name="fixed")
    return {
        "values": values,
        "shape": None if v.shape.ndims is None else v.shape.as_list(),
        "fixed": raised(lambda: fixed.assign([1.0, 2.0]), "equal|compatible|shape"),
    }


@program
def order_within_a_run(tf: Any) -> dict[str, Any]:
    v = tf.Variable(1.0, name="v")
    bump = tf.assign_add(v, 1.0)
    with tf.control_dependencies([bump]):
        after = tf.identity(v.read_value() * 10.0)
    with initialized(tf) as session:
        values = [session.run(after), session.run(after), session.run(v)]
    return {"values": values}


@program
def loading_and_evaluating(tf: Any) -> dict[str, Any]:
    v = tf.Variable([1.0, 2.0], name="v")
    with initialized(tf) as session:
        v.load([5.0, 6.0], session)
        loaded = v.eval(session)
    wrong = tf.Variable([1.0], dtype=tf.float32, name="w")
    return {"loaded": loaded, "dtype": wrong}


@program
def failures(tf: Any) -> dict[str, Any]:
    v = tf.Variable([1.0], name="v")
    return {
        "no value": raised(lambda: tf.Variable(), "initial_value"),
        "open shape": raised(lambda: tf.Variable(tf.placeholder(tf.float32)), "known shape|shape"),
        "dtype": raised(lambda: v.assign(tf.constant([1])), "float32|int32"),
        "iterate": raised(lambda: list(v), "iterable|iterat"),
    }


@program
def assertions(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default([1.0, -2.0], [2])
    good = tf.Assert(tf.reduce_all(x < 5.0), [x])
    bad = tf.Assert(tf.reduce_all(x > 0.0), ["not positive", x])
    positive = tf.assert_positive(x, message="all of x")
    with tf.Session() as session:
        session.run(good)
        return {
            "bad": raised(lambda: session.run(bad), "assertion failed.*not positive"),
            "positive": raised(lambda: session.run(positive), "all of x"),
            "static": raised(lambda: tf.assert_equal([1, 2], [1, 3]), ""),
            "rank": raised(lambda: tf.assert_rank(x, 2), "rank 2"),
            "type": raised(lambda: tf.assert_type(x, tf.int32), "int32"),
            "equal": tf.assert_equal([1], [1]) is None,
        }


@program
def numeric_checks(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [2])
    checked = tf.check_numerics(x, "watch out")
    with tf.Session() as session:
        return {
            "fine": session.run(checked, {x: [1.0, 2.0]}),
            "nan": raised(lambda: session.run(checked, {x: [1.0, np.nan]}), "watch out.*nan"),
            "inf": raised(lambda: session.run(checked, {x: [1.0, np.inf]}), "watch out.*inf"),
        }


@program
def python_functions(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.0, 2.0])
    doubled = tf.py_func(lambda a: a * 2, [x], tf.float32)
    several = tf.py_func(lambda a: (a.sum(), np.int64(3)), [x], [tf.float32, tf.int64])
    wrong = tf.py_func(lambda a: a.astype(np.float64), [x], tf.float32)

    def failing(_: Any) -> Any:
        raise ValueError("no good")

    broken = tf.py_func(failing, [x], tf.float32)
    with tf.Session() as session:
        return {
            "doubled": doubled,
            "sum": several[0],
            "three": several[1],
            "wrong": raised(lambda: session.run(wrong), "float|double|dtype"),
            "broken": raised(lambda: session.run(broken), "no good"),
        }


@program
def ensured_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32)
    ensured = tf.ensure_shape(x, [None, 2])
    with tf.Session() as session:
        return {
            "static": ensured.shape.as_list(),
            "fine": session.run(ensured, {x: [[1.0, 2.0]]}),
            "wrong": raised(lambda: session.run(ensured, {x: [1.0]}), "shape"),
        }
