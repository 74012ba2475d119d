"""Ramsundar and Zadeh, chapter 2: declaring against computing, sessions, and state.

Python adds at once; a graph only notes that there is something to add, until a session runs it.
What changes between runs is held by variables, and each session has its own values of them.
"""

from __future__ import annotations

from typing import Any

import flowgraph as tf


def main() -> dict[str, Any]:
    results: dict[str, Any] = {"python": 3 + 4}
    with tf.Graph().as_default() as graph:
        total = tf.constant(3) + tf.constant(4)
        matrix = tf.ones((2, 2))
        product = tf.matmul(matrix, matrix)
        variable = tf.Variable(tf.ones((2, 2)))
        to_zeros = variable.assign(tf.zeros((2, 2)))
        init = tf.global_variables_initializer()
        results["declared"] = repr(total)
        results["same graph"] = tf.get_default_graph() is graph is total.graph

        first, second = tf.Session(), tf.Session()
        results["total"] = total.eval(session=first)
        results["product"] = first.run(product)
        try:
            first.run(variable)
        except tf.errors.FailedPreconditionError as error:
            results["uninitialized"] = error.message.splitlines()[0]
        for session in (first, second):
            session.run(init)
        results["assigned"] = first.run(to_zeros)
        results["first session"] = first.run(variable)
        results["second session"] = second.run(variable)
        for session in (first, second):
            session.close()
        try:
            variable.assign(tf.zeros((3, 3)))
        except ValueError as error:
            results["wrong shape"] = str(error).splitlines()[0]
    for name, value in results.items():
        print(f"{name}: {value.tolist() if hasattr(value, 'tolist') else value}")
    return results


if __name__ == "__main__":
    main()
