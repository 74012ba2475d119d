"""The catalogue's recurrent layers with known numbers, written out and unrolled by functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models import recurrent_layers as layers

X0 = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 0, 1]])
X1 = np.array([[9, 8, 7], [0, 0, 0], [6, 5, 4], [3, 2, 1]])
BATCH = np.stack([X0, X1], axis=1)
Y0 = np.array(
    [
        [-0.2964572, 0.82874775, -0.34216955, -0.75720584, 0.19011548],
        [-0.12842922, 0.99981797, 0.84704727, -0.99570125, 0.38665548],
        [0.04731077, 0.99999976, 0.99330056, -0.999933, 0.55339795],
        [0.70323634, 0.99309105, 0.99909431, -0.85363263, 0.7472108],
    ]
)
Y1 = np.array(
    [
        [0.51955646, 1.0, 0.99999022, -0.99984968, -0.24616946],
        [-0.70553327, -0.11918639, 0.48885304, 0.08917919, -0.26579669],
        [-0.32477224, 0.99996376, 0.99933046, -0.99711186, 0.10981458],
        [-0.43738723, 0.91517633, 0.97817528, -0.91763324, 0.11047263],
    ]
)
PRINTED = np.stack([Y0, Y1], axis=1)
WX = np.array(
    [
        [0.1238135, 0.2804212, 0.4740353, -0.0973285, 0.0845955],
        [0.1756629, 0.5670816, 0.4765804, -0.2027636, -0.2180449],
        [-0.2406469, 0.3085215, -0.4165641, -0.3934347, 0.2052509],
    ]
)
WY = np.array(
    [
        [0.167697, -0.5530731, -0.111079, -0.4094949, 0.1541079],
        [-0.0566105, 0.0042304, 0.5410893, 0.2660346, -0.4561014],
        [-0.3964699, -0.1776941, -0.4888853, -0.2951078, 0.4047698],
        [0.2619947, -0.0720955, -0.4075503, -0.191007, 0.2779023],
        [-0.5260471, -0.300749, -0.0320542, -0.4380546, 0.3551569],
    ]
)


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def near(found: Any, expected: Any, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def recovered(session: Any) -> list[Any]:
    """Sets kernel and bias of the only cell to the weights behind the printed numbers."""
    session.run(tf.global_variables_initializer())
    kernel, bias = tf.trainable_variables()
    assert kernel.shape.as_list() == [8, 5] and bias.shape.as_list() == [5]
    kernel.load(np.vstack([WX, WY]), session)
    bias.load(np.zeros(5), session)
    return [kernel, bias]


def inputs(n_steps: int | None = 2) -> Any:
    return tf.placeholder(tf.float32, [None, n_steps, 3])


def test_rnn_neuron_and_layer(sess: Any) -> None:
    tf.set_random_seed(1)
    steps = [tf.constant(np.random.default_rng(t).normal(size=[4, 3])) for t in range(6)]
    weights = layers.recurrent_weights(3, 5, tf.float64)
    parts = layers.recurrent_layer(steps, weights=weights)
    joined = layers.recurrent_layer(steps, weights=weights, joined=True)
    started = layers.recurrent_layer(steps, weights=weights, trainable_initial=True)
    ahead = tf.gradients(started.outputs[-1], started.initial)[0]
    sess.run(tf.global_variables_initializer())
    first, second, third = sess.run([parts.outputs, joined.outputs, started.outputs])
    near(first, second, 1e-6)
    near(first, third, 1e-12)
    w = sess.run(weights)
    before = np.zeros([4, 5])
    for x, y in zip(sess.run(steps), first, strict=True):
        before = np.tanh(x @ w.wx + before @ w.wy + w.b)
        near(y, before, 1e-12)
    gradient = sess.run(ahead)
    assert gradient.shape == (1, 5) and np.abs(gradient).min() > 0
    for neurons in (1, 2, 7):
        made = layers.recurrent_layer(steps, neurons)
        assert made.weights.wy.shape.num_elements() == neurons**2


def test_rnn_manual_two_steps(sess: Any) -> None:
    steps = [tf.placeholder(tf.float32, [None, 3]) for _ in range(2)]
    layer = layers.recurrent_layer(steps)
    names = [variable.op.name for variable in tf.trainable_variables()]
    assert names == [f"recurrent_layer/{name}" for name in ("Wx", "Wy", "b")]
    feed = dict(zip(steps, [X0, X1], strict=True))
    assert X0.dtype == np.int64
    tf.global_variables_initializer().run(session=sess)
    for variable, value in zip(layer.weights, [WX, WY, np.zeros([1, 5])], strict=True):
        variable.load(value, sess)
    found = sess.run(layer.outputs, feed)
    assert [y.dtype for y in found] == [np.float32, np.float32]
    near(found[0], Y0)
    near(found[1], Y1)

    # With weights of its own in each use, the gradients are those of the single uses.
    total = tf.reduce_sum(layer.outputs[1] ** 2)
    wx = layer.weights.wx
    uses = [tf.identity(wx), tf.identity(wx)]
    inner = tf.tanh(tf.matmul(steps[0], uses[0]))
    outer = tf.tanh(tf.matmul(inner, layer.weights.wy) + tf.matmul(steps[1], uses[1]))
    single = tf.gradients(tf.reduce_sum(outer**2), uses)
    shared, *each = sess.run([*tf.gradients(total, wx), *single], feed)
    assert all(np.abs(part).max() > 0.01 for part in each)
    near(shared, each[0] + each[1])


def test_rnn_static_two_placeholders(sess: Any) -> None:
    x0, x1 = (tf.placeholder(tf.float32, [None, 3]) for _ in range(2))
    outputs, state = layers.two_input_rnn(x0, x1)
    recovered(sess)
    found = sess.run([*outputs, state], {x0: X0, x1: X1})
    for value, expected in zip(found, [Y0, Y1, Y1], strict=True):
        near(value, expected)


def test_rnn_static_two_placeholders_in_one_tensor(sess: Any) -> None:
    x = inputs()
    assert tf.transpose(x, [1, 0, 2]).shape.as_list() == [2, None, 3]
    outputs, state = layers.static_rnn(x)
    assert outputs.shape.as_list() == [None, 2, 5]
    recovered(sess)
    found = outputs.eval({x: BATCH}, session=sess)
    assert found.shape == (4, 2, 5)
    near(found, PRINTED)
    near(sess.run(state, {x: BATCH}), Y1)
    with pytest.raises(ValueError, match="Cannot infer num from shape"):
        layers.static_rnn(inputs(None))


def node_count(unrolled: Any, n_steps: int) -> int:
    with tf.Graph().as_default() as graph:
        unrolled(inputs(n_steps))
        return len(graph.get_operations())


def test_rnn_static_graph_grows_with_the_steps() -> None:
    counts = [node_count(layers.static_rnn, n_steps) for n_steps in (10, 20, 30)]
    assert counts[1] - counts[0] == counts[2] - counts[1] >= 40


def test_rnn_dynamic(sess: Any) -> None:
    assert node_count(layers.dynamic_rnn, 2) == node_count(layers.dynamic_rnn, 200)
    x = inputs()
    outputs, state = layers.dynamic_rnn(x, swap_memory=True)
    assert outputs.shape.as_list() == [None, 2, 5]
    variables = recovered(sess)
    near(sess.run(outputs, {x: BATCH}), PRINTED)
    near(sess.run(state, {x: BATCH}), Y1)
    with tf.variable_scope("", reuse=True):
        static, _ = layers.static_rnn(x)
    assert tf.trainable_variables() == variables
    factor = np.random.default_rng(0).normal(size=[4, 2, 5])
    pair = [tf.gradients(tf.reduce_sum(y * factor), [*variables, x]) for y in (outputs, static)]
    for first, second in zip(*sess.run(pair, {x: BATCH}), strict=True):
        assert np.abs(first).max() > 0.1
        near(first, second)


@pytest.mark.parametrize("unrolled", [layers.dynamic_rnn, layers.static_rnn])
def test_rnn_variable_length(sess: Any, unrolled: Any) -> None:
    x = inputs()
    length = tf.placeholder(tf.int32, [None])
    outputs, state = unrolled(x, sequence_length=length)
    variables = recovered(sess)
    feed = {x: BATCH, length: np.array([2, 1, 2, 2])}
    found, last = sess.run([outputs, state], feed)
    expected = PRINTED.copy()
    expected[1, 1] = 0
    near(found, expected)
    assert not found[1, 1].any()
    near(last, [Y1[0], Y0[1], Y1[2], Y1[3]])

    by_input, *by_weights = tf.gradients(outputs, [x, *variables])
    gradient = sess.run(by_input, feed)
    assert not gradient[1, 1].any() and all(gradient[i, t].any() for i in (0, 2) for t in (0, 1))
    moved = BATCH.copy()
    moved[1, 1] = [50, -60, 70]
    for one, other in zip(
        *(sess.run(by_weights, {**feed, x: v}) for v in (BATCH, moved)), strict=True
    ):
        np.testing.assert_array_equal(one, other)
