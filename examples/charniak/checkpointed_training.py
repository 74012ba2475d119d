"""Charniak, section 2.4.1: training that saves its variables and goes on from them later.

The saver is made before the session; restoring takes the place of the initializer. Training twice
k steps with a checkpoint between gives the same bits as 2k steps in one go.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

import flowgraph as tf
from flowgraph.datasets import input_data

BATCH = 100


def network(hidden: int) -> dict[str, Any]:
    """The ReLU network 784-hidden-10 in the default graph."""
    image = tf.placeholder(tf.float32, [None, 784], name="image")
    answer = tf.placeholder(tf.float32, [None, 10], name="answer")
    u = tf.Variable(tf.random_normal([784, hidden], stddev=0.1, seed=1), name="U")
    u_bias = tf.Variable(tf.random_normal([hidden], stddev=0.1, seed=2), name="bU")
    v = tf.Variable(tf.random_normal([hidden, 10], stddev=0.1, seed=3), name="V")
    v_bias = tf.Variable(tf.random_normal([10], stddev=0.1, seed=4), name="bV")
    logits = tf.matmul(tf.nn.relu(tf.matmul(image, u) + u_bias), v) + v_bias
    entropy = tf.nn.softmax_cross_entropy_with_logits_v2(labels=answer, logits=logits)
    train = tf.train.GradientDescentOptimizer(0.05).minimize(tf.reduce_mean(entropy))
    return {"image": image, "answer": answer, "train": train, "variables": [u, u_bias, v, v_bias]}


def train(batches: list[Any], hidden: int, start: str | None, save_as: str | None) -> list[Any]:
    """Trains a new graph in a new session, from a checkpoint if there is one; the variables."""
    with tf.Graph().as_default():
        net = network(hidden)
        saver = tf.train.Saver()
        with tf.Session() as sess:
            if start is None:
                sess.run(tf.global_variables_initializer())
            else:
                saver.restore(sess, start)
            for images, labels in batches:
                sess.run(net["train"], {net["image"]: images, net["answer"]: labels})
            if save_as is not None:
                path = str(saver.save(sess, save_as))
                print("saved as", os.path.basename(path))
            values: list[Any] = sess.run(net["variables"])
            return values


def main(k: int = 100, hidden: int = 784) -> dict[str, Any]:
    data = input_data.read_data_sets("MNIST_data", one_hot=True, seed=1)
    batches = [data.train.next_batch(BATCH) for _ in range(2 * k)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mylatest.ckpt")
        train(batches[:k], hidden, None, path)
        files = sorted(os.listdir(folder))
        resumed = train(batches[k:], hidden, path, None)
    uninterrupted = train(batches, hidden, None, None)
    pairs = zip(resumed, uninterrupted, strict=True)
    equal = all(np.array_equal(one, other) for one, other in pairs)
    print("files:", ", ".join(files))
    print("resumed training equals uninterrupted training bit for bit:", equal)
    return {"files": files, "equal": equal}


if __name__ == "__main__":
    main()
