"""A softmax classifier of MNIST's images, its settings on the command line."""

from __future__ import print_function

import json

import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

flags = tf.app.flags
FLAGS = flags.FLAGS
flags.DEFINE_string("data_dir", "MNIST_data", "Directory of the input data.")
flags.DEFINE_float("learning_rate", 0.02, "Initial learning rate.")
flags.DEFINE_integer("max_steps", 60, "Number of steps to run the trainer.")
flags.DEFINE_boolean("fake_data", False, "If true, use fake data for unit testing.")


def main(_):
    tf.set_random_seed(1)
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True, seed=1)

    x = tf.placeholder(tf.float32, [None, 784])
    W = tf.Variable(tf.zeros([784, 10]))
    b = tf.Variable(tf.zeros([10]))
    y = tf.matmul(x, W) + b
    y_ = tf.placeholder(tf.float32, [None, 10])
    cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y))
    train_step = tf.train.GradientDescentOptimizer(FLAGS.learning_rate).minimize(cross_entropy)

    sess = tf.InteractiveSession()
    tf.global_variables_initializer().run()
    losses = []
    for _ in range(FLAGS.max_steps):
        batch_xs, batch_ys = mnist.train.next_batch(100)
        _, loss = sess.run([train_step, cross_entropy], feed_dict={x: batch_xs, y_: batch_ys})
        losses.append(float(loss))

    correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
    value = accuracy.eval({x: mnist.test.images, y_: mnist.test.labels})
    print(json.dumps({"losses": losses, "accuracy": float(value), "steps": FLAGS.max_steps}))


if __name__ == "__main__":
    tf.app.run(main=main)
