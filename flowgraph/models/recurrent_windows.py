"""Truncated back-propagation through time: a long sequence in windows, the state carried across.

(Charniak, sections 4.5 and exercise 4.1; Géron, chapter 14.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import flowgraph as tf

__all__ = ["WindowRnn", "window_rnn", "windows"]


class WindowRnn(NamedTuple):
    """One window: outputs [batch, n_steps, n], the state before it, which is zero unless it is fed,
    and the state after it."""

    outputs: Any
    initial_state: Any
    next_state: Any


def windows(ids: Sequence[Any], batch_size: int = 2, window: int = 3) -> Iterator[tuple[Any, Any]]:
    """Inputs and targets [batch_size, window] of all windows, in order.

    The sequence of c elements is cut into `batch_size` sections of
    ``S = floor((c - 1) / batch_size)`` that follow one another; row b of all batches together is
    section b. The targets are the inputs one step later. The last window may be shorter, and what
    is left after the sections is dropped.
    """
    values = np.asarray(ids)
    size = (len(values) - 1) // batch_size
    inputs = values[: batch_size * size].reshape(batch_size, size)
    targets = values[1 : batch_size * size + 1].reshape(batch_size, size)
    for start in range(0, size, window):
        yield inputs[:, start : start + window], targets[:, start : start + window]


def window_rnn(x: Any, batch_size: int, cell: Any, scope: str = "window_rnn") -> WindowRnn:
    """`dynamic_rnn` from a zero state of a fixed batch size.

    To go on where the last window ended, feed its `next_state` in place of `initial_state`.
    Gradients end where the window begins, since what is fed is a constant.

    Args:
        x: [batch_size, n_steps, n_inputs].
    """
    with tf.variable_scope(scope):
        initial_state = cell.zero_state(batch_size, x.dtype)
        outputs, next_state = tf.nn.dynamic_rnn(cell, x, initial_state=initial_state)
    return WindowRnn(outputs, initial_state, next_state)
