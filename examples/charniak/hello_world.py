"""Charniak, section 2.1: the smallest program, a constant fetched by a session.

A graph node is not its value: printing the tensor shows what it will be, running it shows it.
"""

from __future__ import annotations

import flowgraph as tf


def main() -> dict[str, object]:
    with tf.Graph().as_default():
        greeting = tf.constant("Hello World")
        with tf.Session() as sess:
            value = sess.run(greeting)
    print(greeting)
    print(value.decode())
    return {"tensor": repr(greeting), "printed": str(greeting), "value": value}


if __name__ == "__main__":
    main()
