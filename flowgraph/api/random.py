"""The names of `tf.random`."""

from flowgraph.graph.seeds import get_seed, set_random_seed
from flowgraph.ops.random_kernels import multinomial, truncated_normal
from flowgraph.ops.random_kernels import random_shuffle as shuffle
from flowgraph.ops.random_kernels import random_uniform as uniform
from flowgraph.ops.random_rejection import random_gamma as gamma
from flowgraph.ops.random_rejection import random_poisson as poisson

__all__ = [
    "gamma",
    "get_seed",
    "multinomial",
    "poisson",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
