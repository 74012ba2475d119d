"""Charniak, section 2.1, figure 2.1: a sum whose second operand is given at each run.

A run computes only what the fetched tensor needs, so the constant runs without a feed; the sum
without one is an error that names the placeholder.
"""

from __future__ import annotations

import flowgraph as tf


def main() -> dict[str, object]:
    with tf.Graph().as_default():
        x = tf.constant(2.0)
        z = tf.placeholder(tf.float32)
        total = tf.add(x, z)
        with tf.Session() as sess:
            sums = [sess.run(total, feed_dict={z: value}) for value in (3.0, 16.0)]
            unfed = sess.run(x)
            try:
                sess.run(total)
            except tf.errors.InvalidArgumentError as error:
                message = error.message
    print(*sums, unfed)
    print("without a feed:", message.splitlines()[0])
    return {"sums": sums, "unfed": unfed, "message": message}


if __name__ == "__main__":
    main()
