"""Names of operations: defaults, uniqueness, scopes, operators, constants made of arguments."""

from __future__ import annotations

from typing import Any

from support.programs import program, raised
from support.values import ramp


@program(graph=True)
def constants_are_numbered(tf: Any) -> dict[str, Any]:
    return {f"c{i}": tf.constant(i) for i in range(4)}


@program(graph=True)
def given_names_are_made_unique(tf: Any) -> dict[str, Any]:
    names = ["x", "x", "X", "x_1", "x_1_1", "x"]
    return {f"t{i}": tf.constant(1.0, name=name) for i, name in enumerate(names)}


@program(graph=True)
def nested_scopes(tf: Any) -> dict[str, Any]:
    found = {}
    with tf.name_scope("outer") as outer:
        found["a"] = tf.constant(1.0, name="a")
        with tf.name_scope("inner"):
            found["b"] = tf.constant(2.0, name="b")
        with tf.name_scope("inner") as again:
            found["c"] = tf.constant(3.0, name="c")
        with tf.name_scope(None):
            found["top"] = tf.constant(4.0, name="a")
    with tf.name_scope("outer"):
        found["d"] = tf.constant(5.0, name="a")
    with tf.name_scope(outer):
        found["e"] = tf.constant(6.0, name="a")
    return {**found, "outer": outer, "again": again}


@program(graph=True)
def scope_and_op_share_names(tf: Any) -> dict[str, Any]:
    with tf.name_scope("x"):
        inside = tf.constant(1.0, name="y")
    return {
        "inside": inside,
        "same": tf.constant(2.0, name="x"),
        "path": tf.constant(1, name="x/y"),
    }


@program(graph=True)
def scope_default_name(tf: Any) -> dict[str, Any]:
    with tf.name_scope(None, "default", [tf.constant(0)]) as first:
        pass
    with tf.name_scope("given", "default") as second:
        pass
    with tf.name_scope(None, "default") as third:
        pass
    return {"scopes": [first, second, third]}


@program
def scope_of_the_graph(tf: Any) -> dict[str, Any]:
    graph = tf.get_default_graph()
    with tf.name_scope("a"), tf.name_scope("b"):
        inside = graph.get_name_scope()
        unique = graph.unique_name("n")
        marked = [graph.unique_name("m", mark_as_used=False) for _ in range(2)]
    return {"inside": inside, "outside": graph.get_name_scope(), "unique": [unique, *marked]}


@program
def invalid_names(tf: Any) -> dict[str, Any]:
    def scope(name: str) -> Any:
        with tf.name_scope(name):
            return tf.constant(1)

    return {
        "op": raised(lambda: tf.constant(1, name="a b"), "not a valid"),
        "op start": raised(lambda: tf.constant(1, name="_a"), "not a valid"),
        "scope": raised(lambda: scope("a b"), "not a valid .*scope name"),
        "scope start": raised(lambda: scope("_a"), "not a valid .*scope name"),
    }


@program(graph=True)
def operators_of_two_tensors(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2, 3), name="a"), tf.constant(ramp(2, 3, shift=5) + 3, name="b")
    return {
        "add": x + y,
        "sub": x - y,
        "mul": x * y,
        "truediv": x / y,
        "floordiv": x // y,
        "mod": x % y,
        "pow": y**x,
        "neg": -x,
        "abs": abs(x),
        "less": x < y,
        "less_equal": x <= y,
        "greater": x > y,
        "greater_equal": x >= y,
    }


@program(graph=True)
def operators_with_numbers(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4) + 2, name="x")
    return {
        "add": x + 1,
        "radd": 1 + x,
        "sub": x - 0.5,
        "rsub": 0.5 - x,
        "mul": x * 2,
        "rmul": 2 * x,
        "div": x / 3,
        "rdiv": 3 / x,
        "floordiv": x // 0.5,
        "rfloordiv": 2 // x,
        "mod": x % 0.75,
        "pow": x**2,
        "rpow": 2**x,
        "less": x < 1,
    }


@program(graph=True)
def operators_of_booleans(tf: Any) -> dict[str, Any]:
    x, y = tf.constant([True, True, False]), tf.constant([True, False, False])
    return {"and": x & y, "or": x | y, "xor": x ^ y, "not": ~x, "rand": True & x}


@program(graph=True)
def operators_of_integers(tf: Any) -> dict[str, Any]:
    x, y = tf.constant([7, -7, 5], name="x"), tf.constant([2, 2, -3], name="y")
    return {"true": x / y, "floor": x // y, "mod": x % y, "neg": -x, "abs": abs(x), "pow": x**2}


@program(graph=True)
def matmul_operator(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    return {"product": x @ tf.constant(ramp(3, 2)), "reflected": ramp(4, 2) @ x}


@program(graph=True)
def elementwise_default_names(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3) + 2, name="x")
    names = [
        "abs",
        "negative",
        "sign",
        "square",
        "sqrt",
        "rsqrt",
        "exp",
        "expm1",
        "log",
        "log1p",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "ceil",
        "floor",
        "round",
        "rint",
        "reciprocal",
        "erf",
        "erfc",
        "lgamma",
        "digamma",
        "sigmoid",
        "log_sigmoid",
        "is_nan",
        "is_inf",
        "is_finite",
        "identity",
        "stop_gradient",
        "zeros_like",
        "ones_like",
    ]
    return {name: getattr(tf, name)(x) for name in names if hasattr(tf, name)}


@program(graph=True)
def binary_default_names(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(3) + 2), tf.constant(ramp(3, shift=1) + 3)
    names = [
        "add",
        "subtract",
        "multiply",
        "divide",
        "truediv",
        "floordiv",
        "floormod",
        "mod",
        "pow",
        "maximum",
        "minimum",
        "atan2",
        "squared_difference",
        "equal",
        "not_equal",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
    ]
    return {name: getattr(tf, name)(x, y) for name in names}


@program(graph=True)
def reduction_names(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3), name="x")
    return {
        "sum": tf.reduce_sum(x),
        "sum0": tf.reduce_sum(x, 0),
        "mean": tf.reduce_mean(x, axis=[0, 1]),
        "max": tf.reduce_max(x, axis=-1, keepdims=True),
        "min": tf.reduce_min(x, name="least"),
        "prod": tf.reduce_prod(x, 1),
        "any": tf.reduce_any(x > 0),
        "all": tf.reduce_all(x > 0, 0),
        "logsumexp": tf.reduce_logsumexp(x),
        "argmax": tf.argmax(x, 1),
        "cumsum": tf.cumsum(x),
    }


@program(graph=True)
def reduction_of_unknown_rank(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(2, 3), None)
    return {"sum": tf.reduce_sum(x), "mean": tf.reduce_mean(x, keepdims=True)}


@program(graph=True)
def array_default_names(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3), name="x")
    return {
        "reshape": tf.reshape(x, [3, 2]),
        "transpose": tf.transpose(x),
        "perm": tf.transpose(x, [1, 0]),
        "expand": tf.expand_dims(x, 1),
        "squeeze": tf.squeeze(tf.expand_dims(x, 0)),
        "concat": tf.concat([x, x], 1),
        "stack": tf.stack([x, x]),
        "first": tf.unstack(x)[0],
        "part": tf.split(x, 3, 1)[2],
        "tile": tf.tile(x, [1, 2]),
        "pad": tf.pad(x, [[0, 1], [1, 0]]),
        "slice": tf.slice(x, [0, 1], [2, 1]),
        "gather": tf.gather(x, [1, 0]),
        "one_hot": tf.one_hot([0, 2], 3),
        "zeros": tf.zeros([2]),
        "ones": tf.ones([2, 2], tf.int32),
        "fill": tf.fill([2], 7.0),
        "range": tf.range(4),
        "shape": tf.shape(x),
        "size": tf.size(x),
        "rank": tf.rank(x),
        "cast": tf.cast(x, tf.int32),
        "where": tf.where(x > 0),
        "reverse": tf.reverse(x, [0]),
    }


@program(graph=True)
def shape_of_partly_known(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(2, 3), [None, 3])
    size = tf.shape(x)[0]
    return {
        "size": size,
        "reshaped": tf.reshape(x, [size, -1]),
        "flat": tf.reshape(x, [-1]),
        "zeros": tf.zeros([size, 4]),
        "zeros_like": tf.zeros_like(x),
        "ones_like": tf.ones_like(x),
        "tiled": tf.tile(x, [1, 2]),
    }


@program(graph=True)
def variable_names(tf: Any) -> dict[str, Any]:
    plain = tf.Variable(1.0)
    named = tf.Variable(ramp(2, 3), name="W")
    with tf.name_scope("layer"):
        scoped = tf.Variable(tf.zeros([2]), name="b", trainable=False)
    computed = tf.Variable(lambda: tf.ones([2]), name="f", dtype=tf.float32)
    return {"plain": plain, "named": named, "scoped": scoped, "computed": computed}


@program(graph=True)
def initializer_op_names(tf: Any) -> dict[str, Any]:
    tf.Variable(1.0, name="v")
    tf.Variable(1.0, name="w")
    one = tf.global_variables_initializer()
    return {
        "one": one,
        "two": tf.global_variables_initializer(),
        "local": tf.local_variables_initializer(),
        "group": tf.group(one),
        "no_op": tf.no_op(),
        "named": tf.no_op("nothing"),
    }
