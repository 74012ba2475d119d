"""Records tests/data/saved_by_tf: a small network that TensorFlow has trained and saved.

`record` is called with ``tensorflow.compat.v1`` in graph mode, resource variables disabled.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np


def record(tf: Any, folder: str) -> None:
    """Write the checkpoint ``model-3`` with its graph, and ``expected.npz``, to a folder."""
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, 2], name="y")
    hidden = tf.nn.relu(_dense(tf, x, 4, 3, "hidden"))
    logits = tf.identity(_dense(tf, hidden, 3, 2, "out"), name="logits")
    loss = tf.reduce_mean(tf.square(logits - y), name="loss")
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(0.05).minimize(loss, global_step=step, name="train")
    tf.add_to_collection("logits", logits)
    random = np.random.RandomState(0)
    inputs = random.randn(6, 4).astype(np.float32)
    targets = random.randn(6, 2).astype(np.float32)
    feed = {x: inputs, y: targets}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(train, feed)
        prefix = os.path.join(folder, "model")
        tf.train.Saver().save(session, prefix, global_step=step, write_state=False)
        before = session.run(logits, feed)
        session.run(train, feed)
        after = session.run(logits, feed)
    np.savez(
        os.path.join(folder, "expected.npz"),
        x=inputs,
        y=targets,
        logits=before,
        logits_after_step=after,
    )


def _dense(tf: Any, value: Any, inputs: int, outputs: int, name: str) -> Any:
    with tf.variable_scope(name):
        weights = tf.get_variable("W", [inputs, outputs])
        bias = tf.get_variable("b", [outputs], initializer=tf.zeros_initializer())
        return tf.matmul(value, weights) + bias
