"""map_fn, foldl, foldr, scan; case and switch_case."""

from __future__ import annotations

from typing import Any

from support.programs import program, raised
from support.values import ramp


def named(tf: Any, results: dict[str, Any]) -> dict[str, Any]:
    """The results under names that do not tell how a loop is made."""
    return {key: tf.identity(value, key.replace(" ", "_")) for key, value in results.items()}


@program
def maps(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(4, 3), name="x"), tf.constant(ramp(4, shift=1), name="y")
    pair = tf.map_fn(lambda both: both[0] * both[1], (x, y), dtype=tf.float32)
    two = tf.map_fn(lambda row: (row[0], tf.cast(row, tf.int32)), x, (tf.float32, tf.int32))
    nested = tf.map_fn(
        lambda each: {"b": each["b"] + 1.0, "a": [each["a"][0] * 2.0]}, {"b": x, "a": [y]}
    )
    return {
        "squares": tf.map_fn(lambda row: row * row, x),
        "sums": tf.map_fn(tf.reduce_sum, x, name="sums"),
        "pair": pair,
        "first": two[0],
        "second": two[1],
        "nested b": nested["b"],
        "nested a": nested["a"][0],
        "text": tf.map_fn(lambda word: tf.string_join([word, "!"]), tf.constant(["a", "b"])),
        "matrix": tf.map_fn(lambda row: tf.tensordot(row, row, 0), x),
        "outside": tf.map_fn(lambda row: row * y[0], x, parallel_iterations=1, back_prop=False),
    }


@program
def maps_of_open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(4, 3), [None, 3])
    y = tf.placeholder_with_default(ramp(4, 3), None)
    none = tf.placeholder_with_default(ramp(0, 3), [None, 3])
    return {
        "rows": tf.map_fn(lambda row: row * 2.0, x),
        "unknown": tf.map_fn(lambda row: row * 2.0, y),
        "shapes differ": tf.map_fn(
            lambda n: tf.reduce_sum(tf.range(n)), tf.range(4), infer_shape=False
        ),
        "sizes": tf.map_fn(tf.size, x, dtype=tf.int32),
        "no rows": tf.map_fn(lambda row: tf.reshape(row, [3]), none),
    }


@program
def folds(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(4, 3), name="x"), tf.constant(ramp(4, shift=1), name="y")
    pair = tf.foldl(
        lambda a, each: (a[0] + each[0] * each[1], a[1] - each[1]), (x, y), (tf.zeros([3]), 1.0)
    )
    return named(
        tf,
        {
            "left": tf.foldl(lambda a, row: a * 0.5 + row, x),
            "left from": tf.foldl(lambda a, row: a * 0.5 + row, x, initializer=tf.ones([3])),
            "right": tf.foldr(lambda a, row: a * 0.5 + row, x),
            "right from": tf.foldr(lambda a, row: a * 0.5 + row, x, tf.ones([3]), name="back"),
            "structure": pair[0],
            "structure rest": pair[1],
            "dynamic": tf.foldl(
                tf.maximum, tf.placeholder_with_default(ramp(5), [None]), parallel_iterations=2
            ),
            "dynamic right": tf.foldr(tf.subtract, tf.placeholder_with_default(ramp(5), [None])),
        },
    )


@program
def scans(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    count = tf.constant([1, 2, 3, 4, 5, 6])
    fibonacci = tf.scan(lambda a, _: (a[1], a[0] + a[1]), count, (0, 1))
    pairs = tf.scan(lambda a, each: each[0] - each[1] + a, (count + 1, count), 0)
    structure = tf.scan(lambda a, each: [a[0] + each[0], a[1] * each[1]], [x, x])
    return {
        "sums": tf.scan(lambda a, n: a + n, count),
        "sums back": tf.scan(lambda a, n: a + n, count, reverse=True),
        "from": tf.scan(lambda a, row: a * 0.5 + row, x, initializer=tf.ones([3])),
        "from back": tf.scan(lambda a, row: a * 0.5 + row, x, tf.ones([3]), reverse=True),
        "fibonacci": fibonacci[0],
        "fibonacci next": fibonacci[1],
        "pairs": pairs,
        "structure": structure[0],
        "structure product": structure[1],
        "dynamic": tf.scan(tf.multiply, tf.placeholder_with_default(ramp(5), [None]), name="steps"),
    }


@program
def gradients_through_them(tf: Any) -> dict[str, Any]:
    x, w = tf.constant(ramp(4, 3), name="x"), tf.constant(ramp(3, 3, shift=2), name="w")

    def step(a: Any, row: Any) -> Any:
        return tf.tanh(tf.tensordot(a, w, 1) + row)

    losses = {
        "map": tf.map_fn(lambda row: tf.reduce_sum(tf.sin(row * w[0])), x),
        "scan": tf.scan(step, x, tf.zeros([3])),
        "scan first": tf.scan(step, x),
        "scan back": tf.scan(step, x, tf.zeros([3]), reverse=True),
        "foldl": tf.foldl(step, x),
        "foldr": tf.foldr(step, x, tf.ones([3])),
    }
    found = {}
    for name, loss in losses.items():
        dx, dw = tf.gradients(loss * loss, [x, w])
        found[f"{name} dx"], found[f"{name} dw"] = dx, dw
    return named(tf, found)


@program
def functions_that_do_not_fit(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    return {
        "no elements": raised(lambda: tf.map_fn(tf.identity, []), "elems must be a Tensor"),
        "scalar": raised(lambda: tf.map_fn(tf.identity, 1.0), "1. dimensional Tensor"),
        "rows": raised(lambda: tf.map_fn(lambda both: both[0], (x, x[:2])), "not compatible"),
        "structure": raised(lambda: tf.map_fn(lambda row: (row, row), x), "structure"),
        "kind": raised(
            lambda: tf.map_fn(lambda row: [row, row], x, dtype=(tf.float32, tf.float32)),
            "sequence type|same type",
        ),
        "scan": raised(lambda: tf.scan(lambda a, row: (a, row), x), "structure"),
    }


def which(tf: Any, x: Any, **settings: Any) -> Any:
    pairs = [(x < 1.0, lambda: x + 10.0), (x < 5.0, lambda: x * 100.0)]
    return tf.case(pairs, **settings)


@program
def cases(tf: Any) -> dict[str, Any]:
    found = {}
    for value in (0.0, 3.0, 7.0):
        x = tf.placeholder_with_default(value, [], name="x")
        found[f"{value} else"] = which(tf, x, default=lambda x=x: -x)
        found[f"{value} by dict"] = tf.case(
            {x < 1.0: lambda x=x: x, x > 5.0: lambda x=x: x * 2.0},
            default=lambda: tf.constant(-1.0),
            exclusive=True,
        )
        structure = tf.case(
            [(tf.equal(x, value), lambda x=x: {"a": x, "b": [x, 1]})],
            default=lambda x=x: {"a": -x, "b": [x, 2]},
        )
        found[f"{value} structure"] = structure["a"] + structure["b"][0]
        found[f"{value} strict"] = which(tf, x, default=lambda: 0.0, strict=True)
    low = tf.placeholder_with_default(0.5, [])
    found["no default"] = which(tf, low)
    found["gradient"] = tf.gradients(which(tf, low, default=lambda: 0.0), low)[0]
    return named(tf, found)


@program
def cases_that_fail(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(7.0, [])
    low = tf.placeholder_with_default(0.0, [])
    with tf.Session() as session:
        return {
            "none": raised(lambda: session.run(which(tf, x)), "None of conditions evaluated"),
            "several": raised(
                lambda: session.run(which(tf, low, default=lambda: 0.0, exclusive=True)),
                "more than 1 conditions .* evaluated as True",
            ),
            "pairs": raised(lambda: tf.case(5), "must be a list, tuple, or dict"),
            "entry": raised(lambda: tf.case([x < 1.0]), "must be a 2-tuple"),
            "type": raised(lambda: tf.case([(x, lambda: x)]), "of type bool"),
            "python bool": raised(lambda: tf.case([(True, lambda: x)]), "pred must be a Tensor"),
            "function": raised(lambda: tf.case([(x < 1.0, x)]), "must be callable"),
            "empty": raised(lambda: tf.case([])),
        }


@program
def switch_cases(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3), name="x")
    branches = {1: lambda: x * 2.0, 0: lambda: x + 1.0, 2: lambda: -x}
    found = {}
    for index in (-1, 0, 1, 2, 5):
        number = tf.placeholder_with_default(index, [])
        found[f"by {index}"] = tf.switch_case(number, branches)
        found[f"or else {index}"] = tf.switch_case(
            number, [lambda: x, lambda: x * x], default=lambda: x * 0.0
        )
    one = tf.placeholder_with_default(1, [])
    found["gradient"] = tf.gradients(tf.switch_case(one, branches), x)[0]
    return named(tf, found)


@program
def switch_cases_that_fail(tf: Any) -> dict[str, Any]:
    number = tf.placeholder_with_default(1, [])
    return {
        "index": raised(lambda: tf.switch_case(1, [lambda: 1.0]), "must be a Tensor"),
        "type": raised(lambda: tf.switch_case(tf.constant(1.0), [lambda: 1.0]), "integer Tensor"),
        "empty": raised(lambda: tf.switch_case(number, []), "at least one item"),
        "branches": raised(lambda: tf.switch_case(number, 5)),
        "keys": raised(
            lambda: tf.switch_case(number, {0: lambda: 1.0, 2: lambda: 2.0}),
            r"contiguous range of \[0 to 2\)",
        ),
        "function": raised(lambda: tf.switch_case(number, {0: 1.0}), "must be callable"),
    }
