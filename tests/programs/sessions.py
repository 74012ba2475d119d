"""Fetch structures, feeds, partial runs, callables, and the errors of `Session.run`."""

from __future__ import annotations

import collections
import functools
from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

Pair = collections.namedtuple("Pair", "first second")


@program
def fetch_structures(tf: Any) -> dict[str, Any]:
    a, b = tf.constant(1.0, name="a"), tf.constant([2, 3], name="b")
    with tf.Session() as session:
        nested = session.run({"x": [a, (b, a)], "y": Pair(b, a)})
        return {
            "single": session.run(a),
            "list": session.run([a, b]),
            "names": session.run(["a:0", "b:0"]),
            "op": session.run(a.op),
            "empty": session.run([]),
            "types": [
                type(session.run((a, b))).__name__,
                type(session.run({"k": a})).__name__,
                type(nested["y"]).__name__,
                type(nested["x"][1]).__name__,
                type(session.run(a)).__name__,
                type(session.run(b)).__name__,
                type(session.run(tf.constant("s"))).__name__,
            ],
            "deep": [nested["x"][0], nested["x"][1][0], nested["y"].first],
        }


@program
def indexed_slices_and_sparse_tensors(tf: Any) -> dict[str, Any]:
    slices = tf.IndexedSlices(tf.constant(ramp(2, 2)), tf.constant([0, 3]), tf.constant([4, 2]))
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])
    fed = tf.sparse_placeholder(tf.float32)
    value = tf.SparseTensorValue(np.array([[1, 1]]), np.array([4.0], np.float32), np.array([2, 2]))
    with tf.Session() as session:
        found = session.run([slices, sparse])
        return {
            "kinds": [type(each).__name__ for each in found],
            "slices": list(found[0]),
            "sparse": list(found[1]),
            "fed": list(session.run(fed, {fed: value})),
            "doubled": session.run(fed.values * 2.0, {fed: value}),
        }


@program
def feeding(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    c = tf.constant(3.0, name="c")
    v = tf.Variable(1.0, name="v")
    y = x * c + v
    middle = tf.square(c, name="middle")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return {
            "list": session.run(y, {x: [[1, 2]]}),
            "array": session.run(y, {x: np.ones((2, 2))}),
            "by name": session.run("middle:0", {"c:0": 5.0}),
            "constant": session.run(y, {x: [[1.0, 1.0]], c: 10.0}),
            "result": session.run(middle + 1.0, {middle: 7.0}),
            "variable": session.run(v + 1.0, {v: 9.0}),
            "feed fetched": session.run(x, {x: [[1.0, 2.0]]}),
            "after": session.run(v),
        }


@program
def feed_errors(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    y = tf.identity(x * 2.0)
    with tf.Session() as session:
        return {
            "missing": raised(
                lambda: session.run(y), "You must feed a value for placeholder tensor 'x'"
            ),
            "shape": raised(lambda: session.run(y, {x: [1.0, 2.0]}), "Cannot feed value of shape"),
            "tensor": raised(
                lambda: session.run(y, {x: tf.zeros([1, 2])}), "cannot be a tf.Tensor"
            ),
            "text": raised(lambda: session.run(y, {x: "a"}), ""),
            "not int": raised(lambda: session.run(n + 1, {n: "a"}), ""),
            "key": raised(lambda: session.run(y, {"z:0": 1.0}), "Cannot interpret feed_dict key"),
            "no dict": raised(lambda: session.run(y, [1]), ""),
            "unhashable": raised(lambda: session.run(y, {x: [[1.0, 2.0], [3.0]]}), ""),
        }


@program
def fetch_errors(tf: Any) -> dict[str, Any]:
    x = tf.constant(1.0)
    with tf.Graph().as_default():
        foreign = tf.constant(2.0)
    session = tf.Session()
    found = {
        "none": raised(lambda: session.run(None), "None"),
        "number": raised(lambda: session.run(3), "int"),
        "name": raised(lambda: session.run("nothing:0"), "nothing"),
        "foreign": raised(lambda: session.run(foreign), "not an element of this graph"),
        "inside": raised(lambda: session.run([x, None]), "None"),
    }
    session.close()
    found["closed"] = raised(lambda: session.run(x), "closed")
    return found


@program
def empty_graph(tf: Any) -> dict[str, Any]:
    session = tf.Session()
    return {"empty": raised(lambda: session.run("x:0"), "graph is empty")}


@program
def run_time_errors(tf: Any) -> dict[str, Any]:
    a = tf.placeholder_with_default(ramp(2, 3), None)
    b = tf.placeholder_with_default(ramp(2, 2), None)
    i = tf.placeholder_with_default([5], None)
    zero = tf.placeholder_with_default(0, None)
    ops = {
        "matmul": (tf.matmul(a, b), "incompatible|mismatch|size"),
        "add": (a + b, "incompatible shapes|Incompatible"),
        "gather": (tf.gather(a, i), r"indices\[0\] = 5 is not in \[0, 2\)"),
        "division": (tf.constant(1) // zero, "division by zero"),
        "reshape": (tf.reshape(a, tf.concat([i, i], 0)), "tensor with 6 values"),
        "concat": (tf.concat([a, b], 0), "dimension"),
        "label": (
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 9], logits=b),
            "outside the valid range",
        ),
    }
    with tf.Session() as session:
        return {
            name: raised(functools.partial(session.run, op), phrase)
            for name, (op, phrase) in ops.items()
        }


@program
def failing_op(tf: Any) -> dict[str, Any]:
    with tf.name_scope("model"):
        bad = tf.check_numerics(tf.constant(np.nan), "bad", name="watched")
    with tf.Session() as session:
        try:
            session.run(bad)
        except tf.errors.InvalidArgumentError as error:
            return {"op": error.op.name, "code": error.error_code, "type": error.op.type}
    return {}


@program
def partial_runs(tf: Any) -> dict[str, Any]:
    a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))
    first = a + b
    second = first * c
    with tf.Session() as session:
        handle = session.partial_run_setup([first, second], [a, b, c])
        one = session.partial_run(handle, first, {a: 1.0, b: 2.0})
        two = session.partial_run(handle, second, {c: one * 17.0})
    return {"values": [one, two]}


@program
def callables(tf: Any) -> dict[str, Any]:
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    with tf.Session() as session:
        function = session.make_callable([a * b, a - b], [a, b])
        plain = session.make_callable(tf.constant(2.0))
        return {"values": [*function(3.0, 4.0), plain()]}


@program
def default_sessions(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.0, 2.0])
    error = raised(lambda: x.eval(), "No default session is registered")
    none = tf.get_default_session()
    with tf.Session() as session:
        inside = [x.eval(), tf.reduce_sum(x).eval(feed_dict={x: [5.0, 6.0]})]
        same = tf.get_default_session() is session
        tf.no_op().run()
    other = tf.Session()
    with other.as_default():
        again = x.eval()
    return {
        "values": [*inside, again],
        "none": none,
        "same": same,
        "error": error,
        "explicit": x.eval(session=other),
    }


@program
def results_are_copies(tf: Any) -> dict[str, Any]:
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(v)
        first[:] = 100.0
        session.run(v.assign_add([1.0, 1.0]))
        second = session.run(v)
        session.run(v.assign_add([1.0, 1.0]))
        return {"values": [first, second, session.run(v)]}


@program
def several_graphs(tf: Any) -> dict[str, Any]:
    graphs = [tf.Graph(), tf.Graph()]
    values, names = [], []
    for index, graph in enumerate(graphs):
        with graph.as_default():
            tensor = tf.constant(float(index)) + 1.0
            names.append(tensor.name)
        with tf.Session(graph=graph) as session:
            values.append(session.run(tensor))
    return {"values": values, "names": names}


@program
def sessions_do_not_share(tf: Any) -> dict[str, Any]:
    v = tf.Variable(1.0)
    one, two = tf.Session(), tf.Session()
    for session in (one, two):
        session.run(tf.global_variables_initializer())
    one.run(v.assign(5.0))
    return {"values": [one.run(v), two.run(v)]}
