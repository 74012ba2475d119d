"""Control, checks and random numbers."""

from flowgraph.ops.control import group, no_op
from flowgraph.ops.control import tuple_ as tuple
from flowgraph.ops.random import (
    multinomial,
    random_crop,
    random_gamma,
    random_normal,
    random_poisson,
    random_shuffle,
    random_uniform,
    truncated_normal,
)

__all__ = [
    "group",
    "multinomial",
    "no_op",
    "random_crop",
    "random_gamma",
    "random_normal",
    "random_poisson",
    "random_shuffle",
    "random_uniform",
    "truncated_normal",
    "tuple",
]
