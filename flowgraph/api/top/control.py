"""Control, checks and random numbers."""

from flowgraph.ops.control import group, no_op
from flowgraph.ops.random_kernels import (
    multinomial,
    random_shuffle,
    random_uniform,
    truncated_normal,
)
from flowgraph.ops.random_rejection import random_gamma, random_poisson

__all__ = [
    "group",
    "multinomial",
    "no_op",
    "random_gamma",
    "random_poisson",
    "random_shuffle",
    "random_uniform",
    "truncated_normal",
]
