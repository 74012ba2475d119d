"""Random numbers (`tf.random`)."""

from flowgraph.graph.seeds import get_seed, set_random_seed
from flowgraph.ops.random import categorical, multinomial, truncated_normal
from flowgraph.ops.random import random_gamma as gamma
from flowgraph.ops.random import random_normal as normal
from flowgraph.ops.random import random_poisson as poisson
from flowgraph.ops.random import random_shuffle as shuffle
from flowgraph.ops.random import random_uniform as uniform

__all__ = [
    "categorical",
    "gamma",
    "get_seed",
    "multinomial",
    "normal",
    "poisson",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
