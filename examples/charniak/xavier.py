"""Charniak, section 2.4.3: weights drawn so that signals neither fade nor grow.

Xavier's rule is a standard deviation of sqrt(2 / (inputs + outputs)), or a uniform distribution up
to sqrt(6 / (inputs + outputs)). Drawn so, a signal keeps its size through ten tanh layers; drawn
from a hundredth of it, nothing is left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import flowgraph as tf

SIZES = [(784, 10), (10, 10), (1000, 1000), (10, 20)]


def sigma(inputs: int, outputs: int) -> float:
    """Xavier's standard deviation."""
    return math.sqrt(2 / (inputs + outputs))


def signal_after(layers: int, width: int, scale: float) -> float:
    """The standard deviation of a signal after `layers` layers of weights scaled by `scale`."""
    with tf.Graph().as_default():
        signal = tf.random_normal([100, width], seed=1)
        initializer = tf.glorot_normal_initializer(seed=2)
        for _ in range(layers):
            weights = tf.Variable(scale * initializer([width, width], tf.float32))
            signal = tf.tanh(tf.matmul(signal, weights))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return float(np.std(sess.run(signal)))


def main(width: int = 200) -> dict[str, Any]:
    sigmas = {size: sigma(*size) for size in SIZES}
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        normal = tf.glorot_normal_initializer()([784, 10])
        uniform = tf.glorot_uniform_initializer()([784, 10])
        with tf.Session() as sess:
            drawn, spread = sess.run([normal, uniform])
    signals = {scale: signal_after(10, width, scale) for scale in (1.0, 0.01)}
    for (inputs, outputs), value in sigmas.items():
        print(f"{inputs:5d} -> {outputs:<5d} sigma {value:.5f}")
    print(f"drawn for 784 -> 10: {drawn.std():.5f}, uniform up to {abs(spread).max():.5f}")
    print("signal after ten layers:", {k: f"{v:.2e}" for k, v in signals.items()})
    return {"sigmas": sigmas, "normal": drawn, "uniform": spread, "signals": signals}


if __name__ == "__main__":
    main()
