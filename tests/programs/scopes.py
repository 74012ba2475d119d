"""Variable scopes and get_variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def names(variables: Any) -> list[str]:
    return [variable.name for variable in variables]


@program(graph=True)
def get_variable_in_scopes(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("layer", initializer=tf.constant_initializer(0.5)):
        w = tf.get_variable("w", [2, 3])
        with tf.variable_scope("inner"):
            b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    return {"w": w, "b": b, "sum": w + b}


@program(graph=True)
def reuse_gives_the_same_variable(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("s") as scope:
        first = tf.get_variable("v", initializer=1.5)
    with tf.variable_scope("s", reuse=True):
        second = tf.get_variable("v")
    with tf.variable_scope(scope, reuse=True):
        third = tf.get_variable("v")
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        fourth = tf.get_variable("v")
        fifth = tf.get_variable("u", initializer=2.5)
    same = [first is each for each in (second, third, fourth)]
    return {"first": first, "fifth": fifth, "same": same, "all": names(tf.global_variables())}


@program
def reuse_variables_method(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("s") as scope:
        first = tf.get_variable("v", [2], initializer=tf.ones_initializer())
        before = scope.reuse
        scope.reuse_variables()
        second = tf.get_variable("v", [2])
    return {"same": first is second, "flags": [bool(before), bool(scope.reuse)]}


@program
def missing_and_doubled_variables(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("s"):
        tf.get_variable("v", [2])

    def get(reuse: Any, name: str, **more: Any) -> Any:
        with tf.variable_scope("s", reuse=reuse):
            return tf.get_variable(name, **more)

    return {
        "doubled": raised(lambda: get(None, "v", shape=[2]), "already exists, disallowed"),
        "missing": raised(lambda: get(True, "u", shape=[2]), "does not exist"),
        "shape": raised(lambda: get(True, "v", shape=[3]), "Trying to share variable s/v"),
        "dtype": raised(lambda: get(True, "v", shape=[2], dtype=tf.int32), "dtype"),
        "no shape": raised(lambda: get(None, "w"), "shape"),
        "open shape": raised(lambda: get(None, "w", shape=[None, 2]), "fully.defined"),
    }


@program(graph=True)
def default_names_are_made_unique(tf: Any) -> dict[str, Any]:
    found = []
    for _ in range(3):
        with tf.variable_scope(None, "block") as scope:
            found += [scope.name, scope.original_name_scope, tf.get_variable("v", [1]).name]
    with tf.variable_scope("block", reuse=True) as scope:
        found += [scope.name, scope.original_name_scope, tf.get_variable("v", [1]).name]
    return {"found": found}


@program(graph=True)
def entering_a_scope_object(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("a") as scope:
        pass
    with tf.variable_scope("other"), tf.variable_scope(scope):
        variable = tf.get_variable("v", initializer=1.0)
        op = tf.identity(2.0, name="op")
    with tf.variable_scope(scope, auxiliary_name_scope=False):
        plain = tf.identity(3.0, name="op")
    return {"variable": variable, "op": op, "plain": plain}


@program(graph=True)
def name_scopes_do_not_name_variables(tf: Any) -> dict[str, Any]:
    with tf.name_scope("n"):
        got = tf.get_variable("got", initializer=1.0)
        made = tf.Variable(2.0, name="made")
        with tf.variable_scope("v"):
            inner = tf.get_variable("got", initializer=3.0)
            op = tf.identity(inner, name="op")
    return {"got": got, "made": made, "inner": inner, "op": op}


@program
def regularizers(tf: Any) -> dict[str, Any]:
    def square(value: Any) -> Any:
        return tf.reduce_sum(value * value, name="penalty")

    with tf.variable_scope("s", regularizer=square):
        tf.get_variable("a", initializer=ramp(3))
        tf.get_variable(
            "b", initializer=ramp(2), regularizer=lambda value: 2.0 * tf.nn.l2_loss(value)
        )
        tf.get_variable("c", initializer=ramp(2), regularizer=tf.no_regularizer)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    first, second = (tf.identity(loss) for loss in losses)
    return {"names": names(losses), "first": first, "second": second}


@program
def custom_getters(tf: Any) -> dict[str, Any]:
    calls = []

    def outer(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(f"outer {name}")
        return getter(name, *args, **kwargs)

    def inner(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(f"inner {name}")
        return getter(name + "_more", *args, **kwargs) * 2.0

    with tf.variable_scope("o", custom_getter=outer), tf.variable_scope("i", custom_getter=inner):
        got = tf.get_variable("v", initializer=3.0)
    return {"got": got, "calls": calls, "variables": names(tf.global_variables())}


@program
def collections_of_variables(tf: Any) -> dict[str, Any]:
    tf.Variable(1.0, name="plain")
    tf.Variable(1.0, name="fixed", trainable=False)
    tf.Variable(1.0, name="mine", collections=["mine", tf.GraphKeys.GLOBAL_VARIABLES])
    tf.get_variable("local", [], collections=[tf.GraphKeys.LOCAL_VARIABLES])
    with tf.variable_scope("scope"):
        tf.get_variable("inside", [])
    return {
        "global": names(tf.global_variables()),
        "trainable": names(tf.trainable_variables()),
        "local": names(tf.local_variables()),
        "mine": names(tf.get_collection("mine")),
        "scope": names(tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="scope")),
        "prefix": names(tf.trainable_variables("s")),
    }


@program(exact=True, graph=True)
def default_initializer(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(7)
    return {
        "floats": tf.get_variable("floats", [3, 4]),
        "vector": tf.get_variable("vector", [5]),
        "integers": tf.get_variable("integers", [2], tf.int32),
        "flags": tf.get_variable("flags", [2], tf.bool),
    }


INITIALIZERS: dict[str, dict[str, Any]] = {
    "random_uniform_initializer": {"minval": -2.0, "maxval": 3.0, "seed": 3},
    "random_normal_initializer": {"mean": 1.0, "stddev": 2.0, "seed": 3},
    "truncated_normal_initializer": {"stddev": 0.1, "seed": 3},
    "uniform_unit_scaling_initializer": {"factor": 1.5, "seed": 3},
    "variance_scaling_initializer": {"scale": 2.0, "mode": "fan_avg", "seed": 3},
    "glorot_uniform_initializer": {"seed": 3},
    "glorot_normal_initializer": {"seed": 3},
    "constant_initializer": {"value": 2.5},
    "zeros_initializer": {},
    "ones_initializer": {},
}


@program(exact=True)
def initializers_with_seeds(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(11)
    found = {}
    for name, arguments in INITIALIZERS.items():
        initializer = getattr(tf, name)(**arguments)
        found[name] = tf.get_variable(name, [4, 3], initializer=initializer)
        found[f"{name} wide"] = tf.get_variable(f"{name}64", [2, 3], tf.float64, initializer)
    return found


@program
def initializers_from_values(tf: Any) -> dict[str, Any]:
    return {
        "array": tf.get_variable("array", initializer=ramp(2, 2)),
        "listed": tf.get_variable(
            "listed", [2, 2], initializer=tf.constant_initializer([1, 2, 3, 4])
        ),
        "tensor": tf.get_variable("tensor", initializer=tf.range(3)),
        "int": tf.get_variable("int", initializer=np.int64(5)),
        "identity": tf.get_variable("eye", [2, 3], initializer=tf.initializers.identity(2.0)),
    }


@program
def templates_share_variables(tf: Any) -> dict[str, Any]:
    def body(x: Any, factor: float) -> Any:
        return x * tf.get_variable("w", initializer=factor)

    template = tf.make_template("t", body, factor=3.0)
    one, two = template(tf.constant(1.0)), template(tf.constant(2.0))
    return {"one": one, "two": two, "variables": names(tf.global_variables())}


@program(graph=True)
def partitioned_variables(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(2)):
        variable = tf.get_variable("v", [5, 2], initializer=tf.ones_initializer())
    whole = tf.convert_to_tensor(variable)
    return {"parts": names(list(variable)), "whole": whole, "shape": variable.shape.as_list()}


@program
def scope_properties(tf: Any) -> dict[str, Any]:
    with tf.variable_scope("a", dtype=tf.float64), tf.variable_scope("b") as scope:
        variable = tf.get_variable("v", [], initializer=tf.zeros_initializer())
        current = tf.get_variable_scope().name
    return {
        "variable": variable,
        "names": [scope.name, scope.original_name_scope, current],
        "dtype": scope.dtype.name,
        "root": tf.get_variable_scope().name,
    }
