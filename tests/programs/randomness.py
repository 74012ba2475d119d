"""Random ops under graph and op seeds; every bit counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program


def several_runs(tf: Any, tensors: dict[str, Any], runs: int = 3) -> dict[str, Any]:
    with tf.Session() as session:
        results = [session.run(tensors) for _ in range(runs)]
    return {name: [np.asarray(each[name]) for each in results] for name in tensors}


def one_of_each(tf: Any, seed: int | None) -> dict[str, Any]:
    return {
        "normal": tf.random_normal([2, 3], seed=seed),
        "shifted": tf.random_normal([4], mean=2.0, stddev=0.5, seed=seed, dtype=tf.float64),
        "bounded": tf.random_uniform([5], -2.0, 3.0, seed=seed),
        "integers": tf.random_uniform([6], maxval=10, dtype=tf.int32, seed=seed),
        "longs": tf.random_uniform([3], minval=-(2**40), maxval=2**40, dtype=tf.int64, seed=seed),
        "truncated": tf.truncated_normal([2, 4], stddev=0.1, seed=seed),
        "multinomial": tf.multinomial([[0.1, 0.5, 0.4], [2.0, 1.0, 0.0]], 5, seed=seed),
        "shuffle": tf.random_shuffle(tf.range(7), seed=seed),
        "half": tf.random_uniform([4], -1.0, 1.0, dtype=tf.float16, seed=seed),
        "poisson": tf.random_poisson([0.5, 20.0], [3], seed=seed),
    }


@program(exact=True)
def gamma_with_an_op_seed(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(8)
    alpha = [0.5, 2.0]
    return several_runs(
        tf,
        {
            "plain": tf.random_gamma([3], alpha, seed=9),
            "scaled": tf.random_gamma([2], alpha, beta=[4.0, 0.5], seed=9),
        },
    )


@program(exact=True)
def with_a_graph_seed(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(1234)
    return several_runs(tf, one_of_each(tf, None))


@program(exact=True)
def with_op_seeds(tf: Any) -> dict[str, Any]:
    return several_runs(tf, one_of_each(tf, 42))


@program(exact=True)
def with_both_seeds(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(87654321)
    return several_runs(tf, one_of_each(tf, 42))


@program(exact=True, graph=True)
def names_and_shapes(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(1)
    return {
        "normal": tf.random_normal([2]),
        "uniform": tf.random_uniform([2], 1.0, 2.0),
        "integers": tf.random_uniform([2], maxval=3, dtype=tf.int32),
        "truncated": tf.truncated_normal([2]),
        "shuffle": tf.random_shuffle([1, 2, 3]),
        "multinomial": tf.multinomial([[0.0, 1.0]], 2),
    }


@program(exact=True)
def the_number_of_ops_matters(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(2)
    first = tf.random_uniform([2], -1.0, 1.0)
    _ = [tf.no_op() for _ in range(5)]
    return {"first": first, "second": tf.random_uniform([2], -1.0, 1.0)}


@program(exact=True)
def initial_values(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(3)
    w = tf.Variable(tf.random_normal([3, 2], stddev=0.1), name="w")
    v = tf.Variable(tf.truncated_normal([4], seed=1), name="v")
    u = tf.get_variable("u", [2, 2], initializer=tf.random_uniform_initializer(-1.0, 1.0))
    return {"w": w, "v": v, "u": u}


@program(exact=True)
def two_sessions(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(4)
    x = tf.random_uniform([3], -1.0, 1.0)
    values = []
    for _ in range(2):
        with tf.Session() as session:
            values += [session.run(x), session.run(x)]
    return {"values": values}


@program(exact=True)
def crops(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(5)
    image = tf.constant(np.arange(5 * 6 * 2).reshape(5, 6, 2))
    return several_runs(tf, {"crop": tf.random_crop(image, [3, 2, 2], seed=6)})


@program(exact=True)
def open_shapes(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(6)
    rows = tf.placeholder_with_default(2, [])
    return {
        "normal": tf.random_normal([rows, 3]),
        "like": tf.random_uniform(tf.shape(tf.zeros([rows, 2])), -1.0, 1.0),
    }
