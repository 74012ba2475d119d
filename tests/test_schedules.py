"""Learning-rate schedules, moving averages, and clipping by norms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf

STEPS = [0, 1, 7, 10, 11, 50, 99, 100, 101, 250, 1000]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def cosine(periods: float) -> float:
    return float(0.5 * (1 + np.cos(np.pi * periods)))


def cyclic(step: int) -> float:
    length = 100 * max(np.ceil(step / 100), 1)
    return float((0.1 - 0.0001) * (1 - step / length) ** 0.5 + 0.0001)


def restarts(step: int) -> float:
    """Decays of 100, 200, 400, ... steps, each starting at 0.9 times the rate of the one before."""
    start, length, scale = 0, 100, 1.0
    while step >= start + length:
        start, length, scale = start + length, 2 * length, scale * 0.9
    return 0.1 * (0.99 * scale * cosine((step - start) / length) + 0.01)


def linear_cosine(step: int) -> float:
    part = min(step, 100) / 100
    return 0.1 * ((0.2 + 1 - part) * cosine(2 * 3.0 * part) + 0.001)


Schedule = Callable[[Any], Any]
SCHEDULES: dict[str, tuple[Schedule, Callable[[int], float]]] = {
    "exponential": (
        lambda step: tf.train.exponential_decay(0.1, step, 100, 0.9),
        lambda step: 0.1 * 0.9 ** (step / 100),
    ),
    "staircase": (
        lambda step: tf.train.exponential_decay(0.1, step, 100, 0.9, staircase=True),
        lambda step: 0.1 * 0.9 ** (step // 100),
    ),
    "natural": (
        lambda step: tf.train.natural_exp_decay(0.1, step, 100, 0.9),
        lambda step: 0.1 * np.exp(-0.9 * step / 100),
    ),
    "inverse": (
        lambda step: tf.train.inverse_time_decay(0.1, step, 100, 0.9, staircase=True),
        lambda step: 0.1 / (1 + 0.9 * (step // 100)),
    ),
    "polynomial": (
        lambda step: tf.train.polynomial_decay(0.1, step, 100, 0.01, power=2.0),
        lambda step: 0.09 * (1 - min(step, 100) / 100) ** 2 + 0.01,
    ),
    "cycle": (
        lambda step: tf.train.polynomial_decay(0.1, step, 100, cycle=True, power=0.5),
        cyclic,
    ),
    "piecewise": (
        lambda step: tf.train.piecewise_constant(step, [10, 100], [1.0, 0.5, 0.1]),
        lambda step: 1.0 if step <= 10 else 0.5 if step <= 100 else 0.1,
    ),
    "cosine": (
        lambda step: tf.train.cosine_decay(0.1, step, 100, alpha=0.2),
        lambda step: 0.1 * (0.8 * cosine(min(step, 100) / 100) + 0.2),
    ),
    "restarts": (
        lambda step: tf.train.cosine_decay_restarts(0.1, step, 100, m_mul=0.9, alpha=0.01),
        restarts,
    ),
    "equal restarts": (
        lambda step: tf.train.cosine_decay_restarts(0.1, step, 100, t_mul=1.0, m_mul=0.5),
        lambda step: 0.1 * 0.5 ** (step // 100) * cosine(step % 100 / 100),
    ),
    "linear cosine": (
        lambda step: tf.train.linear_cosine_decay(0.1, step, 100, num_periods=3.0, alpha=0.2),
        linear_cosine,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_values(name: str) -> None:
    build, formula = SCHEDULES[name]
    step = tf.placeholder(tf.int64, [])
    rate = build(step)
    assert rate.dtype == tf.float32 and rate.shape.as_list() == []
    with tf.Session() as session:
        found = [session.run(rate, {step: each}) for each in STEPS]
    np.testing.assert_allclose(found, [formula(each) for each in STEPS], rtol=2e-5, atol=1e-7)


def test_nodes_of_exponential_decay(graph: Any) -> None:
    step = tf.placeholder(tf.int64, [], name="step")
    rate = tf.train.exponential_decay(0.1, step, 100, 0.9, staircase=True)
    assert rate.name == "ExponentialDecay:0"
    assert [op.name for op in graph.get_operations()] == [
        "step",
        "ExponentialDecay/initial_learning_rate",
        "ExponentialDecay/Cast/x",
        "ExponentialDecay/Cast",
        "ExponentialDecay/Cast_1/x",
        "ExponentialDecay/Cast_2",
        "ExponentialDecay/truediv",
        "ExponentialDecay/Floor",
        "ExponentialDecay/Pow",
        "ExponentialDecay",
    ]


def test_noise_has_the_variance_that_falls() -> None:
    tf.set_random_seed(1)
    step = tf.placeholder(tf.int64, [])
    noisy = tf.train.noisy_linear_cosine_decay(1.0, step, 10**6, variance_decay=0.5)
    with tf.Session() as session:
        early = np.std([session.run(noisy, {step: 0}) for _ in range(400)])
        late = np.std([session.run(noisy, {step: 99}) for _ in range(400)])
    assert 0.85 < early < 1.15 and 0.25 < late < 0.38  # sqrt(1 / 100 ** 0.5) = 0.316


def test_a_schedule_drives_an_optimizer() -> None:
    var = tf.Variable(0.0)
    step = tf.train.get_or_create_global_step()
    rate = tf.train.piecewise_constant(step, [1], [1.0, 0.5])
    optimizer = tf.train.GradientDescentOptimizer(rate)
    train = optimizer.apply_gradients([(tf.constant(-1.0), var)], step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(4):
            session.run(train)
        assert session.run(var) == 1.0 + 1.0 + 0.5 + 0.5


def test_schedule_errors() -> None:
    with pytest.raises(ValueError, match="global_step is required for exponential_decay"):
        tf.train.exponential_decay(0.1, None, 10, 0.9)
    with pytest.raises(ValueError, match="should be 1 less than the length of values"):
        tf.train.piecewise_constant(tf.constant(1), [1, 2], [0.1, 0.2])
    with pytest.raises(ValueError, match="must have the same dtype as x"):
        tf.train.piecewise_constant(tf.constant(1), [1.5], [0.1, 0.2])
    with pytest.raises(ValueError, match="elements all with the same dtype"):
        tf.train.piecewise_constant(tf.constant(1), [1], [0.1, 2])


def average(decay: float, values: list[Any], start: Any) -> Any:
    for value in values:
        start = decay * start + (1 - decay) * np.asarray(value)
    return start


def test_moving_averages() -> None:
    var = tf.Variable([1.0, 2.0], name="v")
    tensor = tf.multiply(var, 2.0, name="t")
    averages = tf.train.ExponentialMovingAverage(0.9)
    update = averages.apply([var, tensor])
    assert update.name == "ExponentialMovingAverage"
    kept = averages.average(var), averages.average(tensor)
    names = [each.op.name for each in kept]
    assert names == ["v/ExponentialMovingAverage", "t/ExponentialMovingAverage"]
    assert [averages.average_name(each) for each in (var, tensor)] == names
    assert tf.get_collection(tf.GraphKeys.MOVING_AVERAGE_VARIABLES) == [var]
    assert not any(each in tf.trainable_variables() for each in kept)
    increase = tf.assign_add(var, [1.0, 1.0])
    values = [np.array([1.0, 2.0]) + count for count in (1, 2, 3)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in values:
            session.run(increase)
            session.run(update)
        first, second = session.run(kept)
    np.testing.assert_allclose(first, average(0.9, values, np.array([1.0, 2.0])), rtol=1e-6)
    np.testing.assert_allclose(second, average(0.9, [2 * v for v in values], 0.0), rtol=1e-5)


def test_num_updates_lowers_the_decay_at_first() -> None:
    var = tf.Variable(10.0)
    count = tf.placeholder(tf.int64, [])
    averages = tf.train.ExponentialMovingAverage(0.5, num_updates=count)
    update = averages.apply([var])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.assign(var, 0.0))
        session.run(update, {count: 0})
        np.testing.assert_allclose(session.run(averages.average(var)), 10 * 1 / 10, rtol=1e-6)
        session.run(update, {count: 90})
        np.testing.assert_allclose(session.run(averages.average(var)), 0.5, rtol=1e-6)


def test_zero_debias_of_a_constant_is_the_constant() -> None:
    averages = tf.train.ExponentialMovingAverage(0.9, zero_debias=True)
    value = tf.identity([3.0, -1.0])
    update = averages.apply([value])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(update)
            kept = session.run(averages.average(value))
            np.testing.assert_allclose(kept, [3.0, -1.0], rtol=1e-5)


def test_variables_to_restore() -> None:
    var = tf.Variable(1.0, name="v")
    other = tf.Variable(1.0, name="w", trainable=False)
    averages = tf.train.ExponentialMovingAverage(0.9)
    assert averages.variables_to_restore() == {"v/ExponentialMovingAverage": var, "w": other}


def test_moving_average_errors() -> None:
    averages = tf.train.ExponentialMovingAverage(0.9)
    var = tf.Variable(1.0)
    averages.apply([var])
    with pytest.raises(ValueError, match="Moving average already computed for"):
        averages.apply([var])
    with pytest.raises(TypeError, match="must be half, float, or double"):
        averages.apply([tf.Variable(1)])


MATRIX = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 1.0]], np.float32)


def evaluate(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def test_clip_by_norm() -> None:
    norm = np.sqrt(27.0)
    np.testing.assert_allclose(evaluate(tf.clip_by_norm(MATRIX, 2.0)), MATRIX * 2 / norm, rtol=1e-6)
    np.testing.assert_array_equal(evaluate(tf.clip_by_norm(MATRIX, 10.0)), MATRIX)
    rows = evaluate(tf.clip_by_norm(MATRIX, 2.0, axes=[1]))
    np.testing.assert_allclose(rows, [[1.2, 1.6], [0.0, 0.0], [1.0, 1.0]], rtol=1e-6)


def test_clip_by_norm_has_a_gradient_at_zero() -> None:
    zeros = tf.constant([0.0, 0.0])
    np.testing.assert_array_equal(
        evaluate(tf.gradients(tf.clip_by_norm(zeros, 1.0), zeros)[0]), [1.0, 1.0]
    )


def test_clip_by_average_norm() -> None:
    scale = min(0.2, np.sqrt(27.0) / 6) / (np.sqrt(27.0) / 6)
    found = evaluate(tf.clip_by_average_norm(MATRIX, 0.2))
    np.testing.assert_allclose(found, MATRIX * scale, rtol=1e-6)


def test_clip_by_global_norm() -> None:
    slices = tf.IndexedSlices(tf.constant(MATRIX), tf.constant([0, 2, 4]), tf.constant([5, 2]))
    clipped, norm = tf.clip_by_global_norm([tf.constant(MATRIX), None, slices], 2.0)
    assert clipped[1] is None and isinstance(clipped[2], tf.IndexedSlices)
    dense, sparse, total = evaluate([clipped[0], clipped[2].values, norm])
    np.testing.assert_allclose(total, np.sqrt(54.0), rtol=1e-6)
    np.testing.assert_allclose(dense, MATRIX * 2 / np.sqrt(54.0), rtol=1e-6)
    np.testing.assert_array_equal(sparse, dense)
    assert clipped[0].name == "clip_by_global_norm/clip_by_global_norm/_0:0"


def test_a_norm_that_is_not_finite_makes_all_nan() -> None:
    clipped, _ = tf.clip_by_global_norm([tf.constant([np.inf, 1.0]), tf.constant([1.0])], 1.0)
    assert all(np.isnan(each).all() for each in evaluate(clipped))


def test_clip_errors() -> None:
    with pytest.raises(TypeError, match="t_list should be a sequence"):
        tf.clip_by_global_norm(tf.constant([1.0]), 1.0)
    with pytest.raises(ValueError, match="incompatible"):
        tf.clip_by_norm(tf.constant([1.0]), tf.constant([[1.0, 2.0]]))
