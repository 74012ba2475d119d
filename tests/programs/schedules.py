"""Learning rates over steps, moving averages, clipping."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

STEPS = (0, 1, 3, 5, 7, 10, 12, 25)


def over_steps(tf: Any, schedule: Callable[[Any], Any]) -> dict[str, Any]:
    step = tf.placeholder(tf.int64, [])
    rate = schedule(step)
    with tf.Session() as session:
        return {"rates": np.array([session.run(rate, {step: value}) for value in STEPS])}


@program
def exponential(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.exponential_decay(0.1, step, 5, 0.9))


@program
def exponential_staircase(tf: Any) -> dict[str, Any]:
    return over_steps(
        tf, lambda step: tf.train.exponential_decay(0.1, step, 5, 0.9, staircase=True)
    )


@program
def piecewise(tf: Any) -> dict[str, Any]:
    boundaries = [np.int64(3), np.int64(10)]
    return over_steps(tf, lambda s: tf.train.piecewise_constant(s, boundaries, [1.0, 0.5, 0.1]))


@program
def polynomial(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.polynomial_decay(0.1, step, 10, 0.01, power=2.0))


@program
def polynomial_cycle(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda s: tf.train.polynomial_decay(0.1, s, 10, 0.01, 0.5, cycle=True))


@program
def natural_exponential(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.natural_exp_decay(0.1, step, 4, 0.5))


@program
def natural_exponential_staircase(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.natural_exp_decay(0.1, step, 4, 0.5, True))


@program
def inverse_time(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.inverse_time_decay(0.1, step, 4, 0.5))


@program
def cosine(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.cosine_decay(0.1, step, 10, alpha=0.1))


@program
def cosine_restarts(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.cosine_decay_restarts(0.1, step, 5, 2.0, 0.8, 0.1))


@program
def linear_cosine(tf: Any) -> dict[str, Any]:
    return over_steps(tf, lambda step: tf.train.linear_cosine_decay(0.1, step, 10))


@program
def in_an_optimizer(tf: Any) -> dict[str, Any]:
    w = tf.Variable(4.0)
    step = tf.train.create_global_step()
    rate = tf.train.exponential_decay(0.5, step, 1, 0.5)
    train = tf.train.GradientDescentOptimizer(rate).minimize(w, global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = []
        for _ in range(3):
            session.run(train)
            values += session.run([w, step])
        count = tf.train.global_step(session, step)
    return {"values": values, "count": int(count)}


@program
def global_steps(tf: Any) -> dict[str, Any]:
    none = tf.train.get_global_step()
    made = tf.train.get_or_create_global_step()
    same = tf.train.get_or_create_global_step() is made
    return {
        "none": none,
        "made": made,
        "same": same,
        "collection": [v.name for v in tf.get_collection(tf.GraphKeys.GLOBAL_STEP)],
        "twice": raised(lambda: tf.train.create_global_step(), "already exists"),
    }


def averages(tf: Any, **options: Any) -> dict[str, Any]:
    v = tf.Variable(ramp(2), name="v")
    tensor = v * 2.0 + 1.0
    average = tf.train.ExponentialMovingAverage(0.75, **options)
    maintain = average.apply([v, tensor])
    with tf.control_dependencies([maintain]):
        shadow = average.average(v).read_value()
    assign = v.assign_add([1.0, -1.0])
    values = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(assign)
            values.append(session.run(shadow))
            values.append(session.run(average.average(tensor)))
    return {
        "values": values,
        "names": [average.average_name(v), average.average(v).name, average.average(tensor).name],
        "restored": sorted(average.variables_to_restore()),
        "moving": [v.name for v in tf.moving_average_variables()],
        "all": [v.name for v in tf.global_variables()],
    }


@program
def moving_average(tf: Any) -> dict[str, Any]:
    return averages(tf)


@program
def moving_average_of_few_updates(tf: Any) -> dict[str, Any]:
    return averages(tf, num_updates=3)


@program
def moving_average_without_bias(tf: Any) -> dict[str, Any]:
    return averages(tf, zero_debias=True)


@program
def clipping(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2, 3) * 4), tf.constant(ramp(3, shift=1))
    clipped, norm = tf.clip_by_global_norm([x, None, y], 2.0)
    within, _ = tf.clip_by_global_norm([x, y], 100.0)
    return {
        "value": tf.clip_by_value(x, -1.0, 2.0),
        "norm": tf.clip_by_norm(x, 2.0),
        "norm axes": tf.clip_by_norm(x, 1.0, axes=[1]),
        "zeros": tf.clip_by_norm(tf.zeros([2]), 1.0),
        "average": tf.clip_by_average_norm(x, 0.3),
        "global": tf.global_norm([x, y]),
        "first": clipped[0],
        "missing": clipped[1],
        "third": clipped[2],
        "global norm": norm,
        "within": within[0],
    }


@program
def clipping_slices(tf: Any) -> dict[str, Any]:
    slices = tf.IndexedSlices(tf.constant(ramp(2, 2) * 4), tf.constant([3, 1]), tf.constant([5, 2]))
    clipped, norm = tf.clip_by_global_norm([slices], 1.0)
    return {"clipped": clipped[0], "norm": norm, "kind": type(clipped[0]).__name__}
