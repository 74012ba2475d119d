"""An LSTM of 128 units over 20 steps, unrolled and in a loop: the losses of 20 steps of Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program

STEPS, UNITS, BATCH, INPUTS, CLASSES = 20, 128, 16, 32, 10


def cell(tf: Any, x: Any, state: Any, kernel: Any, bias: Any) -> Any:
    c, h = state
    gates = tf.matmul(tf.concat([x, h], 1), kernel) + bias
    i, j, f, o = tf.split(gates, 4, axis=1)
    c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
    return c, tf.tanh(c) * tf.sigmoid(o)


def unrolled(tf: Any, inputs: Any, kernel: Any, bias: Any) -> Any:
    state = (tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS]))
    for x in tf.unstack(inputs):
        state = cell(tf, x, state, kernel, bias)
    return state[1]


def looped(tf: Any, inputs: Any, kernel: Any, bias: Any) -> Any:
    steps = tf.TensorArray(tf.float32, STEPS).unstack(inputs)

    def body(t: Any, c: Any, h: Any) -> Any:
        return (t + 1, *cell(tf, steps.read(t), (c, h), kernel, bias))

    start = [0, tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS])]
    return tf.while_loop(lambda t, c, h: t < STEPS, body, start)[2]


def losses(tf: Any, last_state: Any) -> Any:
    """The loss before each step."""
    rng = np.random.RandomState(0)
    x = tf.constant(rng.normal(0, 1, (STEPS, BATCH, INPUTS)).astype(np.float32))
    labels = tf.constant(rng.randint(0, CLASSES, BATCH))
    shapes = {"kernel": (INPUTS + UNITS, 4 * UNITS), "out": (UNITS, CLASSES)}
    weights = {
        name: tf.get_variable(name, initializer=rng.normal(0, 0.1, shape).astype(np.float32))
        for name, shape in shapes.items()
    }
    bias = tf.get_variable("bias", initializer=np.zeros(4 * UNITS, np.float32))
    h = last_state(tf, x, weights["kernel"], bias)
    logits = tf.matmul(h, weights["out"])
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    )
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return np.array([session.run([loss, train])[0] for _ in range(20)])


@program(factor=20)
def an_unrolled_lstm(tf: Any) -> dict[str, Any]:
    return {"losses": losses(tf, unrolled)}


@program(factor=20)
def an_lstm_in_a_loop(tf: Any) -> dict[str, Any]:
    return {"losses": losses(tf, looped)}
