"""Charniak, section 2.4.4: a network of a hundred layers, built by a loop.

The graph is data, so Python builds it: each turn of the loop adds a layer that is one unit
narrower. Variable scopes give every layer its own weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf


def fully_connected(x: Any, units: int, scope: str) -> Any:
    """ReLU of x W + b, with Xavier's weights and zero biases of its own."""
    with tf.variable_scope(scope):
        weights = tf.get_variable(
            "weights", [x.shape[1], units], initializer=tf.glorot_uniform_initializer()
        )
        biases = tf.get_variable("biases", [units], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.matmul(x, weights) + biases)


def main(layers: int = 100, width: int = 128) -> dict[str, Any]:
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 16])
        output = x
        for index in range(layers):
            output = fully_connected(output, width - index, f"layer_{index + 1}")
        variables = tf.trainable_variables()
        gradients = tf.gradients(tf.reduce_sum(output), variables)
        parameters = sum(int(np.prod(v.shape.as_list())) for v in variables)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            first = sess.run(gradients[0], {x: np.ones([2, 16], np.float32)})
        operations = len(graph.get_operations())
    print(f"{layers} layers, output {output.shape}, {len(variables)} variables")
    print(f"{parameters} parameters in a graph of {operations} operations")
    print(f"gradient of the first layer's weights: {first.shape}, all finite")
    return {
        "shape": output.shape.as_list(),
        "variables": len(variables),
        "parameters": parameters,
        "finite": bool(np.isfinite(first).all()),
    }


if __name__ == "__main__":
    main()
