"""A pair of variables to save, for the tests of checkpoints."""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf

VALUE = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


def initialized() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def variables() -> tuple[Any, Any]:
    return tf.Variable(VALUE, name="W"), tf.Variable([5, 6], name="b")


def saved(prefix: str) -> str:
    """A checkpoint of `variables`, made in a graph of its own."""
    with tf.Graph().as_default():
        variables()
        return str(tf.train.Saver().save(initialized(), prefix))
