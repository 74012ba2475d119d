"""What nearly every program calls, each function in its plainest use."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


@program
def logic(tf: Any) -> dict[str, Any]:
    a, b = tf.constant([True, True, False]), tf.constant([True, False, False])
    return {
        "and": tf.logical_and(a, b),
        "or": tf.logical_or(a, b),
        "xor": tf.logical_xor(a, b),
        "not": tf.logical_not(a),
    }


@program
def numbers(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    return {
        "arg_max": tf.arg_max(x, 1),
        "floor_div": tf.floor_div(tf.constant([7, -7]), tf.constant([2, 2])),
        "scalar_mul": tf.scalar_mul(2.5, x),
        "svd": tf.svd(x, compute_uv=False),
        "uniform": tf.random.uniform([3], 2, 5, seed=7),
        "printed": tf.Print(x, [tf.shape(x)]),
    }


@program
def assertions(tf: Any) -> dict[str, Any]:
    x, y = tf.constant([1.0, 2.0]), tf.constant([2.0, 3.0])
    fed = tf.placeholder_with_default([1.0, 3.0], [2])
    with tf.control_dependencies([tf.assert_greater_equal(fed, x), tf.assert_less_equal(x, fed)]):
        checked = tf.identity(x)
    return {
        "checked": checked,
        "greater": raised(lambda: tf.assert_greater_equal(x, y), "not hold"),
        "less": raised(lambda: tf.assert_less_equal(y, x), "not hold"),
    }


@program
def checked_numbers(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [2])
    tf.log(x)
    check = tf.add_check_numerics_ops()
    with tf.Session() as session:
        session.run(check, {x: [1, 2]})
        return {"nan": raised(lambda: session.run(check, {x: [1, -1]}), "NaN")}


@program
def initializers(tf: Any) -> dict[str, Any]:
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="b")
    some, every = tf.variables_initializer([a]), tf.initialize_all_variables()
    with tf.Session() as session:
        session.run(some)
        before = session.run(tf.report_uninitialized_variables())
        session.run(every)
        values = session.run([a, b])
    names = [v.op.name for v in tf.all_variables()]
    return {"before": before, "values": np.array(values), "names": names}


@program
def interactive(tf: Any) -> dict[str, Any]:
    session = tf.InteractiveSession()
    try:
        v = tf.Variable([1.0, 2.0])
        tf.global_variables_initializer().run()
        return {"value": (v * 2).eval(), "eager": tf.executing_eagerly()}
    finally:
        session.close()


@program
def frozen(tf: Any) -> dict[str, Any]:
    """A graph whose variables have become constants, imported into another graph."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=ramp(2, 3))
    tf.nn.relu(tf.matmul(x, w), name="y")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        message = tf.graph_util.convert_variables_to_constants(
            session, tf.get_default_graph().as_graph_def(), ["y"]
        )
    with tf.Graph().as_default(), tf.Session() as session:
        copy = tf.GraphDef()
        copy.ParseFromString(message.SerializeToString())
        (y,) = tf.import_graph_def(copy, return_elements=["y:0"], name="frozen")
        value = session.run(y, {"frozen/x:0": ramp(4, 2) - 3})
    return {"value": value, "nodes": sorted(node.op for node in message.node)}


@program
def checkpoints(tf: Any) -> dict[str, Any]:
    a = tf.get_variable("a", initializer=ramp(2, 2))
    b = tf.get_variable("scope/b", initializer=np.int64([1, 2]))
    with tempfile.TemporaryDirectory() as folder, tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, str(Path(folder) / "model"), global_step=3)
        latest = tf.train.latest_checkpoint(folder)
        state = tf.train.get_checkpoint_state(folder)
        reader = tf.train.NewCheckpointReader(path)
        session.run(a.assign(a * 0))
        tf.train.Saver([a]).restore(session, path)
        tf.train.write_graph(tf.get_default_graph(), folder, "graph.pbtxt")
        with tf.Graph().as_default(), tf.Session() as other:
            tf.train.import_meta_graph(path + ".meta").restore(other, path)
            imported = other.run("scope/b:0")
        tf.train.init_from_checkpoint(path, {"scope/b": "scope/b"})
        session.run(b.initializer)
        return {
            "names": [Path(each).name for each in (path, latest, state.model_checkpoint_path)],
            "exists": [tf.train.checkpoint_exists(path), tf.train.checkpoint_exists("none")],
            "variables": tf.train.list_variables(path),
            "shapes": reader.get_variable_to_shape_map(),
            "read": reader.get_tensor("a"),
            "restored": session.run(a),
            "imported": imported,
            "initialized": session.run(b),
            "text": (Path(folder) / "graph.pbtxt").exists(),
        }
