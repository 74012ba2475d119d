"""Charniak, section 2.4.2, figure 2.10: products of tensors over chosen dimensions.

`tensordot` sums over pairs of dimensions of its operands; those that are left over make the shape
of the result, first those of the first operand. Both halves of the batch have the same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf

STATES = [[1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 1, 1], [-1, 0, -1, 0]]
WEIGHTS = [[0.6, 0.25, 0.25], [0.2, 0.25, 0.25], [0.1, 0.25, 0.25], [0.1, 0.25, 0.25]]


def main() -> dict[str, Any]:
    with tf.Graph().as_default():
        states = tf.constant(np.array([STATES, STATES], np.float32))
        weights = tf.constant(WEIGHTS)
        square = tf.ones([4, 4])
        results = {
            # A weighted sum of the four states, for each of the three columns of weights.
            "mixed": tf.tensordot(states, weights, [[1], [0]]),
            "both": tf.tensordot(states, square, [[1, 2], [0, 1]]),
            "swapped": tf.tensordot(weights, states, [[0], [1]]),
        }
        results["turned"] = tf.transpose(results["mixed"], [0, 2, 1])
        with tf.Session() as sess:
            values: dict[str, Any] = sess.run(results)
    print(values["mixed"][0])
    print({name: value.shape for name, value in values.items()})
    return values


if __name__ == "__main__":
    main()
