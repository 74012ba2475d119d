"""Ramsundar and Zadeh, chapter 3: logistic regression that separates two clouds of points.

The loss takes the logits, not the probabilities, so that it stays finite for certain answers. The
line between the classes is where the logit is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf

N = 100


def toy_data(seed: int) -> tuple[Any, Any]:
    """Half the points around (-1, -1), of class 0, half around (1, 1), of class 1."""
    random = np.random.RandomState(seed)
    cov = 0.1 * np.eye(2)
    clouds = [random.multivariate_normal([c, c], cov, N // 2) for c in (-1, 1)]
    labels = np.concatenate([np.zeros(N // 2), np.ones(N // 2)])
    return np.vstack(clouds), labels


def main(steps: int = 1000, rate: float = 0.01, seed: int = 456) -> dict[str, Any]:
    x_data, y_data = toy_data(seed)
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        with tf.name_scope("placeholders"):
            x = tf.placeholder(tf.float32, (N, 2))
            y = tf.placeholder(tf.float32, (N,))
        with tf.name_scope("weights"):
            w = tf.Variable(tf.random_normal((2, 1)))
            b = tf.Variable(tf.random_normal((1,)))
        with tf.name_scope("prediction"):
            logit = tf.squeeze(tf.matmul(x, w) + b)
            predicted = tf.round(tf.sigmoid(logit))
        with tf.name_scope("loss"):
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=logit, labels=y)
            loss = tf.reduce_sum(entropy)
        with tf.name_scope("optim"):
            train = tf.train.AdamOptimizer(rate).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            losses = []
            for step in range(steps):
                _, value = sess.run([train, loss], {x: x_data, y: y_data})
                losses.append(float(value))
                if step % 200 == 0:
                    print(f"loss: {value:f}")
            answers, slopes, bias = sess.run([predicted, w, b], {x: x_data})
    accuracy = float(np.mean(answers == y_data))
    (w0,), (w1,) = slopes.tolist()
    print(f"accuracy {accuracy:.2f}; the line is x2 = {-w0 / w1:.3f} x1 + {-bias[0] / w1:.3f}")
    return {"losses": losses, "accuracy": accuracy, "line": (-w0 / w1, float(-bias[0] / w1))}


if __name__ == "__main__":
    main()
