"""Made-up data with a known answer, for the feed-forward networks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["TOXIC_BITS", "Fingerprints", "moons", "toxic_fingerprints"]

Array = np.ndarray[Any, Any]

# The bits of the substructure that makes a molecule toxic, if it has all of them.
TOXIC_BITS = tuple(range(5, 936, 62))


def moons(examples: int, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Points of two half circles that reach into each other.

    Returns:
        float32 [examples, 2] and the classes 0 and 1, int32 [examples], in random order.
    """
    random = np.random.RandomState(seed)
    labels = random.permutation(examples) % 2
    angle = np.pi * random.uniform(size=examples)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    points = np.where(labels[:, np.newaxis] == 0, upper, lower)
    points += random.normal(scale=noise, size=points.shape)
    return points.astype(np.float32), labels.astype(np.int32)


class Fingerprints(NamedTuple):
    """Molecules as bit vectors.

    Attributes:
        x: 0 or 1, float32 [n, bits].
        y: 1 if toxic, float32 [n].
        w: weights with which both classes count the same, float32 [n].
    """

    x: Array
    y: Array
    w: Array


def toxic_fingerprints(
    examples: int, bits: int = 1024, positives: float = 0.05, density: float = 0.05, seed: int = 0
) -> Fingerprints:
    """A stand-in for one task of Tox21: random fingerprints, toxic by the rule `TOXIC_BITS`.

    Args:
        bits: at least 936.
        positives: the part that is toxic, up to rounding.
        density: the probability of a bit, where the rule leaves it open.
    """
    random = np.random.RandomState(seed)
    x = (random.uniform(size=(examples, bits)) < density).astype(np.float32)
    y = np.zeros(examples, np.float32)
    y[random.permutation(examples)[: round(positives * examples)]] = 1
    rule = list(TOXIC_BITS)
    # By chance only: without one of the bits it is no toxic substructure.
    x[(y == 0) & x[:, rule].all(axis=1), rule[0]] = 0
    x[np.flatnonzero(y == 1)[:, np.newaxis], rule] = 1
    weight = np.where(y == 1, (1 - positives) / positives, 1)
    return Fingerprints(x, y, weight.astype(np.float32))
