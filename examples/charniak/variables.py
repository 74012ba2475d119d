"""Charniak, section 2.1: variables are drawn by their initializers, and live in a session.

Reading one before its initializer ran is an error. Running the initializer again draws again; with
the same seed, a new session draws the same.
"""

from __future__ import annotations

import flowgraph as tf


def main(seed: int = 7) -> dict[str, object]:
    with tf.Graph().as_default():
        tf.set_random_seed(seed)
        b = tf.Variable(tf.random_normal([10], stddev=0.1))
        weights = tf.Variable(tf.random_normal([784, 10], stddev=0.1))
        init = tf.global_variables_initializer()
        with tf.Session() as sess:
            try:
                sess.run(b)
            except tf.errors.FailedPreconditionError as error:
                message = error.message
            sess.run(init)
            first, drawn = sess.run([b, weights])
            sess.run(init)
            second = sess.run(b)
        with tf.Session() as sess:
            sess.run(init)
            again = sess.run(b)
    print("before initialization:", message.splitlines()[0])
    print(first)
    print(f"standard deviation of W: {drawn.std():.4f}")
    return {"message": message, "first": first, "second": second, "again": again, "W": drawn}


if __name__ == "__main__":
    main()
