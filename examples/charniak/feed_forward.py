"""Charniak, sections 1.2 to 1.5: one softmax layer whose gradient is written out by hand.

The derivative of the loss by the logits is softmax minus the one-hot answer; the bias moves by it,
the weights by its product with the input. The graph computes that with matrix products, and the
gradients that flowgraph derives by itself are shown to be the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.datasets import input_data


def main(
    steps: int = 3000, batch: int = 20, rate: float = 0.001, test_examples: int = 5000
) -> dict[str, Any]:
    data = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 784])
        answer = tf.placeholder(tf.float32, [None, 10])
        w = tf.Variable(tf.random_uniform([784, 10], -0.01, 0.01))
        b = tf.Variable(tf.zeros([10]))

        logits = tf.matmul(x, w) + b
        exponentials = tf.exp(logits - tf.reduce_max(logits, axis=1, keepdims=True))
        probabilities = exponentials / tf.reduce_sum(exponentials, axis=1, keepdims=True)
        # Summed over the batch, as the book does; the rate is that much smaller.
        loss = -tf.reduce_sum(answer * tf.log(probabilities))

        by_logits = probabilities - answer
        by_hand = [tf.matmul(x, by_logits, transpose_a=True), tf.reduce_sum(by_logits, 0)]
        derived = tf.gradients(loss, [w, b])

        with tf.control_dependencies(by_hand):
            learn = tf.group(w.assign_sub(rate * by_hand[0]), b.assign_sub(rate * by_hand[1]))
        right = tf.equal(tf.argmax(probabilities, 1), tf.argmax(answer, 1))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))

        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            first = dict(zip([x, answer], data.train.next_batch(batch), strict=True))
            hand, engine, first_loss = sess.run([by_hand, derived, loss], first)
            difference = max(float(np.abs(a - b).max()) for a, b in zip(hand, engine, strict=True))
            for _ in range(steps):
                images, labels = data.train.next_batch(batch)
                sess.run(learn, {x: images, answer: labels})
            tests = data.test.images[:test_examples], data.test.labels[:test_examples]
            reached = sess.run(accuracy, dict(zip([x, answer], tests, strict=True)))
    print(f"loss per image at the start: {first_loss / batch:.3f} (ln 10 = 2.303)")
    print(f"largest difference between both gradients: {difference:.1e}")
    print(f"test accuracy: {reached:.3f}")
    return {
        "first_loss": float(first_loss) / batch,
        "difference": difference,
        "accuracy": float(reached),
    }


if __name__ == "__main__":
    main()
