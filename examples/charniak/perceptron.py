"""Charniak, section 1.1: perceptrons, the binary one and ten that compete, as graphs.

The update is the book's: nothing changes where the answer is right; where it is wrong, the weights
move by the input, towards the right class and away from the one that was answered.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.datasets import input_data

# Four pixels of two images: is it a zero?
EXAMPLES = [([0.8, 0.9, 0.6, 0.0], 1.0), ([0.0, 1.0, 0.0, 1.0], 0.0)]


def binary() -> list[tuple[list[float], float]]:
    """The worked example: weights and bias after each image."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [4])
        answer = tf.placeholder(tf.float32, [])
        w = tf.Variable(tf.zeros([4]))
        b = tf.Variable(tf.zeros([]))
        fires = tf.cast(b + tf.reduce_sum(w * x) > 0, tf.float32)
        error = answer - fires
        # Both updates see the error of the old weights, whichever runs first.
        with tf.control_dependencies([error]):
            learn = tf.group(w.assign_add(error * x), b.assign_add(error))
        history = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for pixels, label in EXAMPLES:
                sess.run(learn, {x: pixels, answer: label})
                weights, bias = sess.run([w, b])
                history.append(([round(float(value), 6) for value in weights], float(bias)))
    return history


def multiclass(passes: int, examples: int, test_examples: int) -> float:
    """Ten perceptrons share the inputs and the strongest answers; returns test accuracy."""
    data = input_data.read_data_sets("MNIST_data", one_hot=True, validation_size=0, seed=1)
    with tf.Graph().as_default():
        image = tf.placeholder(tf.float32, [None, 784])
        label = tf.placeholder(tf.float32, [None, 10])
        w = tf.Variable(tf.zeros([784, 10]))
        b = tf.Variable(tf.zeros([10]))
        activation = tf.matmul(image, w) + b
        answer = tf.argmax(activation, 1)
        # +1 for the right class, -1 for the one answered, 0 everywhere where they are the same.
        error = label - tf.one_hot(answer, 10)
        with tf.control_dependencies([error]):
            learn = tf.group(
                w.assign_add(tf.matmul(image, error, transpose_a=True)),
                b.assign_add(tf.reduce_sum(error, 0)),
            )
        right = tf.reduce_mean(tf.cast(tf.equal(answer, tf.argmax(label, 1)), tf.float32))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            images, labels = data.train.images[:examples], data.train.labels[:examples]
            for _ in range(passes):
                for row in np.arange(len(images)):
                    one = slice(row, row + 1)
                    sess.run(learn, {image: images[one], label: labels[one]})
            tests = data.test.images[:test_examples], data.test.labels[:test_examples]
            return float(sess.run(right, dict(zip([image, label], tests, strict=True))))


def main(passes: int = 2, examples: int = 5000, test_examples: int = 5000) -> dict[str, Any]:
    history = binary()
    for weights, bias in history:
        print("w =", weights, "b =", bias)
    accuracy = multiclass(passes, examples, test_examples)
    print(f"ten perceptrons, test accuracy: {accuracy:.3f}")
    return {"history": history, "accuracy": accuracy}


if __name__ == "__main__":
    main()
