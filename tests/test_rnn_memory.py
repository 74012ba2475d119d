"""A long recurrent network is trained without keeping anything from step to step."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np

import flowgraph as tf


def test_training_a_loop_of_200_steps_keeps_no_memory() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 200, 4])
        y = tf.placeholder(tf.float32, [None, 8])
        cell = tf.nn.rnn_cell.BasicLSTMCell(8)
        _, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        loss = tf.reduce_mean(tf.square(state.h - y))
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        session.run(tf.global_variables_initializer())
        rng = np.random.default_rng(0)

        def taken(steps: int) -> int:
            """Bytes in use after some steps of training."""
            for _ in range(steps):
                feeds = {x: rng.normal(size=(4, 200, 4)), y: rng.normal(size=(4, 8))}
                session.run([loss, train], feeds)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            early, late = taken(3), taken(8)
        finally:
            tracemalloc.stop()
    assert late < early + 20_000
