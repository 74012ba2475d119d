"""Ramsundar and Zadeh, chapter 2: making tensors, computing with them, changing their shape.

An interactive session makes `eval` work without naming a session. Nothing is cast silently: adding
integers to floats is an error when the graph is built.
"""

from __future__ import annotations

from typing import Any

import flowgraph as tf


def build() -> dict[str, Any]:
    """The tensors of the chapter's examples, by what they show."""
    ones = tf.ones((2, 2))
    integers = tf.ones((2, 2), dtype=tf.int32)
    counted = tf.range(1, 5, 1)
    row = tf.range(0, 2, 1, dtype=tf.float32)
    return {
        "zeros": tf.zeros(2),
        "fill": tf.fill((2, 2), value=5.0),
        "scalar": tf.constant(3),
        "normal": tf.random_normal((2, 2), mean=0, stddev=1),
        "uniform": tf.random_uniform((2, 2), minval=-2, maxval=2),
        "sum": ones + ones,
        "scaled": 2 * (ones + ones),
        "elementwise": tf.fill((2, 2), 2.0) * tf.fill((2, 2), 7.0),
        "identity": tf.eye(4),
        "range": counted,
        "diagonal": tf.diag(counted),
        "transposed": tf.matrix_transpose(tf.ones((2, 3))),
        "product": tf.matmul(tf.ones((2, 3)), tf.ones((3, 4))),
        "cast": tf.to_float(integers),
        "reshaped": tf.reshape(tf.ones(8), (2, 2, 2)),
        "column": tf.expand_dims(tf.ones(2), 1),
        "squeezed": tf.squeeze(tf.expand_dims(tf.ones(2), 0)),
        "broadcast": ones + row,
    }


def main() -> dict[str, Any]:
    with tf.Graph().as_default():
        session = tf.InteractiveSession()
        tensors = build()
        results: dict[str, Any] = {}
        for name, tensor in tensors.items():
            results[name] = tensor.eval()
            print(f"{name:12s}{tensor.dtype.name:8s} {tensor.get_shape()}", end="  ")
            print(results[name].tolist())
        try:
            tf.ones((2, 2)) + tf.range(0, 2, 1)
        except (TypeError, ValueError) as error:
            results["mismatch"] = f"{type(error).__name__}: {error}"
            print("float32 + int32:", results["mismatch"].splitlines()[0])
        session.close()
    return results


if __name__ == "__main__":
    main()
