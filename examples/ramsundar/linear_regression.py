"""Ramsundar and Zadeh, chapter 3: linear regression on a toy line, and a trap in its loss.

Labels have shape (N,), predictions (N, 1). Their difference broadcasts to (N, N): the loss compares
every prediction with every label, so the best line is flat at the mean. Squeezing the prediction is
the whole cure.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import flowgraph as tf

N = 100
SLOPE, BIAS, NOISE = 5.0, 2.0, 0.1


def toy_data(seed: int) -> tuple[Any, Any]:
    """Points of y = 5 x + 2 with noise: x of shape (N, 1), y of shape (N,)."""
    random = np.random.RandomState(seed)
    x = random.rand(N, 1)
    noise = random.normal(scale=NOISE, size=(N, 1))
    return x, np.reshape(SLOPE * x + BIAS + noise, -1)


def fit(x_data: Any, y_data: Any, squeeze: bool, steps: int, rate: float) -> dict[str, Any]:
    """Trains by Adam; with `squeeze` the loss is the one that was meant."""
    with tf.Graph().as_default():
        with tf.name_scope("placeholders"):
            x = tf.placeholder(tf.float32, (N, 1))
            y = tf.placeholder(tf.float32, (N,))
        with tf.name_scope("weights"):
            w = tf.Variable([[0.5]])
            b = tf.Variable([0.3])
        with tf.name_scope("prediction"):
            y_pred = tf.matmul(x, w) + b
            if squeeze:
                y_pred = tf.squeeze(y_pred, axis=1)
        with tf.name_scope("loss"):
            difference = y - y_pred
            loss = tf.reduce_sum(difference**2)
        with tf.name_scope("optim"):
            train = tf.train.AdamOptimizer(rate).minimize(loss)
        losses = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for step in range(steps):
                _, value = sess.run([train, loss], {x: x_data, y: y_data})
                losses.append(float(value))
                if step % 1000 == 0:
                    print(f"step {step}, loss: {value:f}")
            slope, bias, predicted = sess.run([w, b, y_pred], {x: x_data})
    predicted = np.reshape(predicted, -1)
    return {
        "shape": difference.shape.as_list(),
        "slope": float(slope[0, 0]),
        "bias": float(bias[0]),
        "losses": losses,
        "r2": float(np.corrcoef(y_data, predicted)[0, 1] ** 2),
        "rmse": float(np.sqrt(np.mean((y_data - predicted) ** 2))),
    }


def main(steps: int = 8000, rate: float = 0.001, seed: int = 456) -> dict[str, Any]:
    x, y = toy_data(seed)
    results: dict[str, Any] = {"mean": float(y.mean())}
    for name, squeeze in (("trap", False), ("fixed", True)):
        found = results[name] = fit(x, y, squeeze, steps, rate)
        print(f"{name}: difference of shape {found['shape']}, {found['slope']:.3f} x + ", end="")
        print(f"{found['bias']:.3f}, R^2 {found['r2']:.3f}, RMSE {found['rmse']:.3f}")
    return results


if __name__ == "__main__":
    main()
