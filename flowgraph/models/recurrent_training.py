"""A training step whose gradients cannot be longer than a given norm.

The gradient of a recurrent network is a product over its steps, so now and then one is huge. Its
direction is kept, ``g <- k g / |g|`` where ``|g| > k`` (Pattanayak, chapter 4; Géron, chapter 15).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["ClippedStep", "clipped_step"]


class ClippedStep(NamedTuple):
    """The step, the gradients' norm over all variables, and the gradients that are applied."""

    train: Any
    norm: Any
    gradients: list[Any]


def clipped_step(optimizer: Any, loss: Any, max_norm: float, name: str = "clipped") -> ClippedStep:
    """Compute, clip by the global norm, apply: ``g <- g k / max(k, |all g|)``."""
    with tf.name_scope(name):
        pairs = optimizer.compute_gradients(loss)
        gradients, variables = zip(*((g, v) for g, v in pairs if g is not None), strict=True)
        clipped, norm = tf.clip_by_global_norm(gradients, max_norm)
        train = optimizer.apply_gradients(zip(clipped, variables, strict=True))
    return ClippedStep(train, norm, clipped)
