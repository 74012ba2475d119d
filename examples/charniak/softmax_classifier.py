"""Charniak, section 2.2, figure 2.2: a classifier of images with one softmax layer, 784-10.

A session trains it with batches of 100 images and plain gradient descent, then averages the
accuracy over batches of test images.
"""

from __future__ import annotations

import flowgraph as tf
from flowgraph.datasets import input_data

BATCH = 100


def main(steps: int = 1000, test_batches: int = 100) -> dict[str, float]:
    data = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        b = tf.Variable(tf.random_normal([10], stddev=0.1))
        weights = tf.Variable(tf.random_normal([784, 10], stddev=0.1))

        image = tf.placeholder(tf.float32, [BATCH, 784])
        answer = tf.placeholder(tf.float32, [BATCH, 10])
        probabilities = tf.nn.softmax(tf.matmul(image, weights) + b)
        entropy = -tf.reduce_sum(answer * tf.log(probabilities), reduction_indices=[1])
        loss = tf.reduce_mean(entropy)

        train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        right = tf.equal(tf.argmax(probabilities, 1), tf.argmax(answer, 1))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))

        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(steps):
                images, labels = data.train.next_batch(BATCH)
                # Both values are those before the update of this very step.
                value, share, _ = sess.run([loss, accuracy, train], {image: images, answer: labels})
                if step % 200 == 0:
                    print(f"step {step:4d}: loss {value:.3f}, accuracy of the batch {share:.2f}")
            total = 0.0
            for _ in range(test_batches):
                images, labels = data.test.next_batch(BATCH)
                total += sess.run(accuracy, {image: images, answer: labels})
    print(f"Test accuracy: {total / test_batches:.3f}")
    return {"loss": float(value), "accuracy": float(total / test_batches)}


if __name__ == "__main__":
    main()
