"""Programs whose length the graph decides: sequences, walks, iterated functions."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["hailstone", "iterated_waves", "momentum_walk"]


def hailstone(start: Any, max_terms: Any = 1000) -> Any:
    """The hailstone sequence: n is followed by n / 2 if it is even, by 3 n + 1 if it is odd.

    It ends with the first 1, or after `max_terms` terms if that is earlier (Géron, chapter 14).

    Args:
        start: integer scalar, at least 1.
        max_terms: int32 scalar, at least 1.

    Returns:
        int64 [number of terms].
    """
    with tf.name_scope("hailstone"):
        first = tf.cast(start, tf.int64)
        terms = tf.TensorArray(tf.int64, size=1, dynamic_size=True, element_shape=[])

        def unfinished(count: Any, n: Any, _: Any) -> Any:
            return tf.logical_and(n > 1, count < max_terms)

        def extend(count: Any, n: Any, terms: Any) -> Any:
            following = tf.cond(tf.equal(n % 2, 0), lambda: n // 2, lambda: 3 * n + 1)
            return count + 1, following, terms.write(count, following)

        loop = [tf.constant(1), first, terms.write(0, first)]
        return tf.while_loop(unfinished, extend, loop)[2].stack()


def momentum_walk(steps: Any, momentum: Any) -> Any:
    """Steps smoothed by momentum: v_0 = s_0, v_i = m v_(i-1) + (1 - m) s_i.

    For independent steps the variance of v is (1 - m) / (1 + m) of theirs. The book's loop
    (Buduma, chapter 6) stops one short, at ``range(1, len(steps) - 1)``, and so leaves the last
    step as it was; here all but the first are smoothed.

    Args:
        steps: float [n], n at least 1.
        momentum: scalar of the same dtype, from 0 (v = s) to 1 (v constant).

    Returns:
        float [n].
    """
    with tf.name_scope("momentum_walk"):
        steps = tf.convert_to_tensor(steps)
        momentum = tf.convert_to_tensor(momentum, dtype=steps.dtype)

        def smooth(previous: Any, step: Any) -> Any:
            return momentum * previous + (1 - momentum) * step

        smoothed = tf.scan(smooth, steps[1:], initializer=steps[0])
        return tf.concat([steps[:1], smoothed], 0)


def iterated_waves(a: Any, b: Any, iterations: int = 100) -> Any:
    """``z = a cos(z + i) + z sin(b - i)`` for i = 0, 1, ..., from z = 0 (Géron, appendix D).

    Symbolic differentiation of it is hopeless, reverse mode costs a few times the function.

    Args:
        a, b: scalars of one float dtype.
        iterations: how often.
    """
    with tf.name_scope("iterated_waves"):
        a, b = tf.convert_to_tensor(a), tf.convert_to_tensor(b)

        def step(i: Any, z: Any) -> Any:
            return i + 1, a * tf.cos(z + i) + z * tf.sin(b - i)

        zero = tf.zeros([], a.dtype)
        return tf.while_loop(lambda i, z: i < iterations, step, [zero, zero])[1]
