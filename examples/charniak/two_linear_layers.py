"""Charniak, section 2.3: two linear layers without an activation are worth one.

The network x U V has 620 000 weights, and yet every answer of it is that of the single 784-10
matrix U V: multiplying the layers out after training changes nothing.
"""

from __future__ import annotations

import numpy as np

import flowgraph as tf
from flowgraph.datasets import input_data

BATCH = 100


def main(steps: int = 300, hidden: int = 784, test_examples: int = 5000) -> dict[str, float]:
    data = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        image = tf.placeholder(tf.float32, [None, 784])
        answer = tf.placeholder(tf.float32, [None, 10])
        u = tf.Variable(tf.random_normal([784, hidden], stddev=0.05))
        v = tf.Variable(tf.random_normal([hidden, 10], stddev=0.05))
        logits = tf.matmul(tf.matmul(image, u), v)
        loss = tf.reduce_mean(
            tf.nn.softmax_cross_entropy_with_logits_v2(labels=answer, logits=logits)
        )
        train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
        one_layer = tf.matmul(image, tf.matmul(u, v))
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(answer, 1))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))

        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(steps):
                images, labels = data.train.next_batch(BATCH)
                sess.run(train, {image: images, answer: labels})
            tests = data.test.images[:test_examples], data.test.labels[:test_examples]
            two, one, reached = sess.run(
                [logits, one_layer, accuracy], dict(zip([image, answer], tests, strict=True))
            )
    difference = float(np.abs(two - one).max())
    print(f"test accuracy: {reached:.3f}")
    print(f"largest difference between two layers and their product: {difference:.1e}")
    return {"accuracy": float(reached), "difference": difference}


if __name__ == "__main__":
    main()
