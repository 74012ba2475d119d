"""Charniak, section 2.3, figure 2.9: the 784-784-10 network with rectified linear units.

What separates it from two linear layers is the one line with `tf.nn.relu`; the learning rate is a
tenth of that of the single layer.
"""

from __future__ import annotations

import flowgraph as tf
from flowgraph.datasets import input_data

BATCH = 100


def main(
    steps: int = 1000, hidden: int = 784, rate: float = 0.05, test_batches: int = 100
) -> dict[str, float]:
    data = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        image = tf.placeholder(tf.float32, [BATCH, 784])
        answer = tf.placeholder(tf.float32, [BATCH, 10])

        u = tf.Variable(tf.random_normal([784, hidden], stddev=0.1))
        u_bias = tf.Variable(tf.random_normal([hidden], stddev=0.1))
        v = tf.Variable(tf.random_normal([hidden, 10], stddev=0.1))
        v_bias = tf.Variable(tf.random_normal([10], stddev=0.1))

        layer = tf.nn.relu(tf.matmul(image, u) + u_bias)
        logits = tf.matmul(layer, v) + v_bias
        # From the logits, for log(softmax) is -inf where a probability rounds to 0.
        entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=answer, logits=logits)
        loss = tf.reduce_mean(entropy)

        train = tf.train.GradientDescentOptimizer(rate).minimize(loss)
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(answer, 1))
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))

        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(steps):
                images, labels = data.train.next_batch(BATCH)
                value, _ = sess.run([loss, train], {image: images, answer: labels})
                if step % 200 == 0:
                    print(f"step {step:4d}: loss {value:.3f}")
            total = 0.0
            for _ in range(test_batches):
                images, labels = data.test.next_batch(BATCH)
                total += sess.run(accuracy, {image: images, answer: labels})
    print(f"Test accuracy: {total / test_batches:.3f}")
    return {"loss": float(value), "accuracy": float(total / test_batches)}


if __name__ == "__main__":
    main()
