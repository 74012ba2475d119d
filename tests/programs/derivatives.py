"""tf.gradients with its options, second order, custom gradients, IndexedSlices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.programs import program, raised
from support.values import ramp


@program(graph=True)
def of_a_product(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2, 3), name="x"), tf.constant(ramp(3, 2), name="y")
    loss = tf.reduce_sum(tf.matmul(x, y) * 2.0)
    dx, dy = tf.gradients(loss, [x, y])
    return {"dx": dx, "dy": dy}


@program(graph=True)
def of_softmax_regression(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    w, b = tf.Variable(ramp(3, 2), name="w"), tf.Variable(ramp(2), name="b")
    labels = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    logits = tf.matmul(x, w) + b
    y = tf.nn.softmax(logits)
    loss = -tf.reduce_mean(tf.reduce_sum(labels * tf.log(y), axis=1))
    dw, db = tf.gradients(loss, [w, b])
    return {"dw": dw, "db": tf.identity(db, name="db")}


@program(graph=True)
def of_sums_and_means(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3), name="x")
    found = {}
    for name, y in {
        "sum": tf.reduce_sum(x),
        "rows": tf.reduce_sum(x, 1),
        "mean": tf.reduce_mean(x),
        "columns": tf.reduce_mean(x, 0),
    }.items():
        found[name] = tf.gradients(y, x, name=f"grad_{name}")[0]
    return found


@program
def of_partly_known_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(2, 3), [None, 3])
    b = tf.constant(ramp(3))
    loss = tf.reduce_mean(tf.square(x * b + 1.0))
    dx, db = tf.gradients(loss, [x, b])
    return {"dx": dx, "db": tf.identity(db, name="db")}


@program(graph=True)
def with_grad_ys(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3), name="x")
    y, z = x * 2.0, tf.square(x)
    both = tf.gradients([y, z], x, grad_ys=[tf.constant(ramp(3, shift=1)), None])[0]
    return {"both": both, "named": tf.gradients(y, x, ramp(3), name="mine/gradients")[0]}


@program
def with_stop_gradients(tf: Any) -> dict[str, Any]:
    a = tf.constant(2.0)
    b = 2.0 * a
    found = tf.gradients(a + b, [a, b], stop_gradients=[a, b])
    blocked = tf.gradients(tf.stop_gradient(b) * a, a)[0]
    da, db = (tf.identity(each, name="stopped") for each in found)
    return {"da": da, "db": db, "whole": tf.gradients(a + b, a)[0], "blocked": blocked}


@program
def of_unconnected(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2)), tf.constant(ramp(3))
    none = tf.gradients(x * 2.0, [x, y])
    zero = tf.gradients(x * 2.0, [x, y], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    integer = tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x)
    return {
        "none": none[1],
        "zero": tf.identity(zero[1], name="zero"),
        "integer": integer[0],
        "used": none[0],
    }


@program
def of_shared_uses(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4) + 2)
    y = x * x + tf.exp(x) * x - x
    found = {"plain": tf.gradients(y, x)[0]}
    for name in ("ADD_N", "EXPERIMENTAL_TREE", "EXPERIMENTAL_ACCUMULATE_N"):
        method = getattr(tf.AggregationMethod, name)
        found[name] = tf.identity(tf.gradients(y, x, aggregation_method=method)[0])
    found["gated"] = tf.identity(tf.gradients(y, x, gate_gradients=True)[0])
    return found


@program(graph=True)
def aggregated_names(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3), name="x")
    return {"dx": tf.gradients(x * x + tf.sin(x), x)[0]}


@program
def through_a_chosen_tensor(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3))
    middle = tf.square(x)
    top = tf.reduce_sum(middle * x)
    d_middle, d_x = tf.gradients(top, [middle, x])
    return {
        "d_middle": d_middle,
        "d_x": d_x,
        "self": tf.identity(tf.gradients(x, x)[0], name="one"),
    }


@program
def second_order(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, dtype="float64") + 2)
    functions = {
        "cube": lambda t: t**3,
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "exp": lambda t: tf.exp(t * t * 0.25),
        "log": tf.log,
        "sqrt": tf.sqrt,
        "softplus": tf.nn.softplus,
        "softmax": lambda t: tf.square(tf.nn.softmax(t)),
        "division": lambda t: t / (1.0 + t),
        "elu": tf.nn.elu,
    }
    found = {}
    for name, function in functions.items():
        first = tf.gradients(function(x), x)[0]
        found[name] = tf.identity(tf.gradients(first, x)[0], name=name)
    return found


@program
def third_order(tf: Any) -> dict[str, Any]:
    x = tf.constant(1.5)
    y = x**4
    found = {}
    for order in range(1, 4):
        y = tf.gradients(y, x)[0]
        found[f"order {order}"] = tf.identity(y, name=f"order{order}")
    return found


@program
def hessians(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, dtype="float64"))
    a = ramp(3, 3, dtype="float64")
    quadratic = tf.reduce_sum(x * tf.reshape(tf.matmul(a, tf.reshape(x, [3, 1])), [3]))
    return {"hessian": tf.identity(tf.hessians(quadratic, x)[0], name="hessian")}


@program
def of_gather(tf: Any) -> dict[str, Any]:
    table = tf.Variable(ramp(5, 2), name="table")
    rows = tf.gather(table, [1, 3, 1])
    gradient = tf.gradients(tf.reduce_sum(rows * rows), table)[0]
    dense = tf.identity(tf.convert_to_tensor(gradient), name="dense")
    return {
        "kind": type(gradient).__name__,
        "slices": gradient,
        "dense": dense,
        "names": [gradient.values.name, gradient.indices.name],
    }


@program
def of_embedding_lookup(tf: Any) -> dict[str, Any]:
    table = tf.Variable(ramp(6, 2), name="table")
    parts = [tf.Variable(ramp(3, 2), name="p0"), tf.Variable(ramp(3, 2, shift=1), name="p1")]
    found: dict[str, Any] = {"ids": tf.nn.embedding_lookup(table, [[0, 5], [5, 2]])}
    for strategy in ("mod", "div"):
        rows = tf.nn.embedding_lookup(parts, [0, 4, 5, 1], partition_strategy=strategy)
        found[strategy] = tf.identity(rows, name=strategy)
        for index, gradient in enumerate(tf.gradients(tf.square(rows), parts)):
            dense = tf.convert_to_tensor(gradient)
            found[f"{strategy} {index}"] = tf.identity(dense, name=f"{strategy}{index}")
    return found


@program
def of_several_sparse_uses(tf: Any) -> dict[str, Any]:
    table = tf.Variable(ramp(5, 2), name="table")
    twice = tf.gather(table, [1, 2]) * 2.0 + tf.gather(table, [2, 4])
    sparse = tf.gradients(twice, table)[0]
    mixed = tf.gradients([twice, table * 3.0], table)[0]
    return {
        "kind": type(sparse).__name__,
        "sparse": tf.identity(tf.convert_to_tensor(sparse), name="sparse"),
        "mixed": tf.identity(tf.convert_to_tensor(mixed), name="mixed"),
    }


@program
def of_custom_gradient(tf: Any) -> dict[str, Any]:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def clipped(x: Any) -> Any:
        def grad(dy: Any) -> Any:
            return tf.clip_by_value(dy, -0.5, 0.5)

        return x * 3.0, grad

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def two(x: Any, y: Any) -> Any:
        return x * y, lambda dy: (dy * 10.0, dy * 20.0)

    a, b = tf.constant(2.0), tf.constant(3.0)
    da, db = tf.gradients(two(a, b), [a, b])
    return {
        "clipped": tf.identity(tf.gradients(clipped(a), a)[0], name="clipped"),
        "da": tf.identity(da, name="da"),
        "db": tf.identity(db, name="db"),
    }


@program
def of_overridden_ops(tf: Any) -> dict[str, Any]:
    name = "OverriddenForTheOracle"

    @tf.RegisterGradient(name)  # type: ignore[untyped-decorator]
    def _ten(op: Any, dy: Any) -> Any:
        return dy * 10.0 * op.inputs[0]

    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": name}):
        overridden = tf.square(x)
    plain = tf.square(x)
    return {
        "overridden": tf.identity(tf.gradients(overridden, x)[0], name="a"),
        "plain": tf.identity(tf.gradients(plain, x)[0], name="b"),
    }


@program
def failures(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.0, 2.0])
    return {
        "count": raised(lambda: tf.gradients([x * 2.0], x, grad_ys=[x, x]), "grad_ys"),
        "dtype": raised(lambda: tf.gradients(x * 2.0, x, grad_ys=[tf.constant([1, 2])]), ""),
    }


@program
def of_slices_and_joins(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    weights = ramp(4, 3, shift=6)
    functions: dict[str, Callable[[], Any]] = {
        "strided": lambda: x[1:4:2, ::-1] * 2.0,
        "newaxis": lambda: x[:, None, 1] * 3.0,
        "slice": lambda: tf.slice(x, [1, 0], [2, 2]) * 2.0,
        "concat": lambda: tf.concat([x, x * 2.0], 1) * tf.concat([weights, weights], 1),
        "stack": lambda: tf.stack([x, x * x]),
        "unstack": lambda: tf.unstack(x, axis=1)[1] * 4.0,
        "split": lambda: tf.split(x, [1, 3], 0)[1] * 2.0,
        "pad": lambda: tf.pad(x, [[1, 0], [0, 2]]) * 2.0,
        "tile": lambda: tf.tile(x, [2, 1]) * tf.concat([weights, weights], 0),
        "transpose": lambda: tf.transpose(x) * weights.T,
        "reverse": lambda: tf.reverse(x, [1]) * weights,
        "where": lambda: tf.where(x > 0.0, x * 2.0, x * weights),
        "max": lambda: tf.reduce_max(x, 1),
        "prod": lambda: tf.reduce_prod(x, 0),
        "cumsum": lambda: tf.cumsum(x, 1) * weights,
        "gather_nd": lambda: tf.gather_nd(x, [[0, 1], [3, 2], [0, 1]]) * 2.0,
        "top_k": lambda: tf.nn.top_k(x, 2)[0] * 2.0,
        "segment": lambda: tf.segment_sum(x, [0, 0, 1, 2]) * weights[:3],
        "clip": lambda: tf.clip_by_value(x, -0.6, 0.6) * weights,
        "norm": lambda: tf.norm(x + 2.0, axis=1),
        "logsumexp": lambda: tf.reduce_logsumexp(x, 1),
        "one axis": lambda: tf.expand_dims(tf.squeeze(x[:1], 0), 1) * 2.0,
        "band": lambda: tf.matrix_band_part(x, 1, 0) * weights,
        "diagonal": lambda: tf.diag_part(x[:3]) * 2.0,
    }
    found = {}
    for name, function in functions.items():
        gradient = tf.gradients(function(), x)[0]
        found[name] = tf.identity(tf.convert_to_tensor(gradient), name=name.replace(" ", "_"))
    return found
