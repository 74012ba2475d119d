"""Random programs with loops, branches, convolutions and reductions.

Whatever the program: the optimised, compiled one gives what the program as it was built gives on
the reference kernels, and its gradients are the numerical ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from support.running import session

SHAPE = (2, 4, 4, 2)


@dataclass(frozen=True)
class Step:
    """One step of a program: it maps a tensor of `SHAPE` to another one.

    Attributes:
        kind: a key of `STEPS`.
        number: a parameter: how often a loop turns, which axis is reduced.
        parts: the programs inside a loop or a branch.
    """

    kind: str
    number: int = 0
    parts: tuple[tuple[Step, ...], ...] = ()


class Parameters:
    """The weights that the steps share, so that gradients come together from many places."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.bias = tf.constant(rng.normal(0, 0.3, SHAPE[3:]))
        self.filter = tf.constant(rng.normal(0, 0.3, (3, 3, SHAPE[3], SHAPE[3])))
        self.matrix = tf.constant(rng.normal(0, 0.5, (SHAPE[3], SHAPE[3])))
        self.truth = tf.placeholder_with_default(True, [])

    @property
    def tensors(self) -> list[Any]:
        return [self.bias, self.filter, self.matrix]


def pointwise(x: Any, step: Step, given: Parameters) -> Any:
    functions = [tf.tanh, tf.sin, tf.sigmoid, tf.nn.softplus, lambda each: each * each * 0.3]
    return functions[step.number % len(functions)](x + given.bias)


def convolution(x: Any, step: Step, given: Parameters) -> Any:
    strides = [1, 1 + step.number % 2, 1, 1]
    y = tf.nn.conv2d(x, given.filter, strides, "SAME")
    return tf.tile(y, [1, strides[1], 1, 1])


def product(x: Any, step: Step, given: Parameters) -> Any:
    return tf.reshape(tf.matmul(tf.reshape(x, [-1, SHAPE[3]]), given.matrix), tf.shape(x))


def reduction(x: Any, step: Step, given: Parameters) -> Any:
    reduce = [tf.reduce_mean, tf.reduce_sum, tf.reduce_logsumexp][step.number % 3]
    return tf.tanh(x - 0.1 * reduce(x, axis=step.number % 4, keepdims=True))


def pooling(x: Any, step: Step, given: Parameters) -> Any:
    return x + tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 1, 1, 1], "SAME")


def rearrangement(x: Any, step: Step, given: Parameters) -> Any:
    a, b = tf.split(x, 2, axis=1 + step.number % 2)
    return tf.transpose(tf.concat([b, a], axis=1 + step.number % 2), [0, 2, 1, 3])


def loop(x: Any, step: Step, given: Parameters) -> Any:
    def body(i: Any, total: Any, y: Any) -> Any:
        y = computed(y, step.parts[0], given)
        return i + 1, total + y * tf.cast(i + 1, tf.float64), y

    turns = step.number % 4
    return tf.while_loop(lambda i, t, y: i < turns, body, [0, x, x])[1] * 0.3


def branch(x: Any, step: Step, given: Parameters) -> Any:
    truth = given.truth if step.number % 2 else tf.logical_not(given.truth)
    then, otherwise = step.parts
    return tf.cond(truth, lambda: computed(x, then, given), lambda: computed(x, otherwise, given))


def rows(x: Any, step: Step, given: Parameters) -> Any:
    """A running sum over the first axis, by an array of tensors."""
    return tf.scan(lambda before, row: tf.tanh(before * 0.5 + row), x, tf.zeros(SHAPE[1:], x.dtype))


STEPS = {
    function.__name__: function
    for function in (pointwise, convolution, product, reduction, pooling, rearrangement, rows)
}
NESTED = {"loop": (loop, 1), "branch": (branch, 2)}


def computed(x: Any, program: tuple[Step, ...], given: Parameters) -> Any:
    for step in program:
        function = STEPS.get(step.kind) or NESTED[step.kind][0]
        x = function(x, step, given)
    return x


simple = st.builds(Step, st.sampled_from(sorted(STEPS)), st.integers(0, 11))


def programs(depth: int) -> Any:
    if not depth:
        return st.lists(simple, min_size=1, max_size=3).map(tuple)
    inner = programs(depth - 1)
    nested = st.one_of(
        st.builds(Step, st.just("loop"), st.integers(0, 3), st.tuples(inner)),
        st.builds(Step, st.just("branch"), st.integers(0, 1), st.tuples(inner, inner)),
    )
    return st.lists(st.one_of(simple, nested), min_size=1, max_size=3).map(tuple)


@settings(max_examples=60)
@given(programs(2), st.booleans())
def test_optimised_equals_unoptimised(program: tuple[Step, ...], truth: bool) -> None:
    with tf.Graph().as_default() as graph:
        given_ = Parameters()
        x = tf.placeholder(tf.float64, [None, *SHAPE[1:]])
        x.set_shape([SHAPE[0], None, None, SHAPE[3]])
        y = computed(tf.reshape(x, SHAPE), program, given_)
        gradients = tf.gradients(tf.reduce_sum(tf.sin(y)), [x, *given_.tensors])
        fetches = [y, *(g for g in gradients if g is not None)]
        feeds = {x: np.random.default_rng(1).normal(0, 1, SHAPE), given_.truth: truth}
        results = []
        for mode in ("reference", "compiled"):
            with session(graph, mode) as run:
                run.run(fetches, feeds)
                results.append(run.run(fetches, feeds))
        for plain, optimised in zip(*results, strict=True):
            np.testing.assert_allclose(optimised, plain, rtol=1e-11, atol=1e-12)


@settings(max_examples=30)
@given(programs(2), st.booleans())
def test_gradients_are_the_numerical_ones(program: tuple[Step, ...], truth: bool) -> None:
    with tf.Graph().as_default():
        given_ = Parameters()
        rng = np.random.default_rng(2)
        points = [tf.constant(rng.normal(0, 1, SHAPE)), *given_.tensors]
        y = tf.reduce_sum(tf.sin(computed(points[0], program, given_)))
        gradients = tf.gradients(y, points)
        directions = [rng.normal(0, 1, point.shape.as_list()) for point in points]
        slope = sum(
            tf.reduce_sum(gradient * direction)
            for gradient, direction in zip(gradients, directions, strict=True)
            if gradient is not None
        )
        with tf.Session() as run:
            places = run.run(points)
            step = 1e-5
            sides = []
            for sign in (1, -1):
                feeds = {
                    point: place + sign * step * direction
                    for point, place, direction in zip(points, places, directions, strict=True)
                }
                sides.append(run.run(y, {**feeds, given_.truth: truth}))
            expected = (sides[0] - sides[1]) / (2 * step)
            found = run.run(slope, {given_.truth: truth})
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
