"""Outputs of unknown length: everything after the first end-of-sequence token is void.

(Géron, chapter 14.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["Generated", "eos_loss", "eos_weights", "generate"]


class Generated(NamedTuple):
    """Tokens [batch, n_steps], the end-of-sequence token included and repeated to the end, and the
    number of tokens up to it."""

    tokens: Any
    lengths: Any


def eos_weights(targets: Any, eos: int, dtype: Any = tf.float32) -> Any:
    """1 up to the first `eos` of each row, that one included, and 0 after it."""
    with tf.name_scope("eos_weights"):
        ended = tf.cumsum(tf.cast(tf.equal(targets, eos), tf.int32), axis=1, exclusive=True)
        return tf.cast(tf.equal(ended, 0), dtype)


def eos_loss(logits: Any, targets: Any, eos: int) -> Any:
    """The mean cross-entropy of the steps up to the first `eos`.

    Args:
        logits: [batch, n_steps, n_tokens].
        targets: [batch, n_steps].
    """
    with tf.name_scope("eos_loss"):
        weights = eos_weights(targets, eos, logits.dtype)
        return tf.contrib.seq2seq.sequence_loss(logits, targets, weights)


def generate(
    step: Callable[[Any, Any], tuple[Any, Any]], start: Any, state: Any, eos: int, max_steps: int
) -> Generated:
    """Greedy generation by a loop that stops when all sequences have ended.

    Args:
        step: from tokens [batch] and a state to logits [batch, n_tokens] and the next state.
        start: the first tokens to put in, int32 [batch].
        state: the first state.
        eos: the token that ends a sequence.
        max_steps: the loop ends then at the latest.
    """
    with tf.name_scope("generate"):
        tokens = tf.TensorArray(tf.int32, size=0, dynamic_size=True)

        def goes_on(time: Any, _token: Any, ended: Any, _state: Any, _tokens: Any) -> Any:
            return tf.logical_and(time < max_steps, tf.logical_not(tf.reduce_all(ended)))

        def body(time: Any, token: Any, ended: Any, state: Any, tokens: Any) -> Any:
            logits, state = step(token, state)
            best = tf.argmax(logits, 1, output_type=tf.int32)
            token = tf.where(ended, tf.fill(tf.shape(best), eos), best)
            tokens = tokens.write(time, token)
            return time + 1, token, tf.logical_or(ended, tf.equal(token, eos)), state, tokens

        ended = tf.zeros_like(start, tf.bool)
        *_, tokens = tf.while_loop(goes_on, body, (0, start, ended, state, tokens))
        rows = tf.transpose(tokens.stack())
        lengths = tf.reduce_sum(eos_weights(rows, eos, tf.int32), 1)
    return Generated(rows, lengths)
