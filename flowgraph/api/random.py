"""Random numbers (`tf.random`)."""

from flowgraph.graph.seeds import get_seed, set_random_seed
from flowgraph.ops.candidate import (
    all_candidate_sampler,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from flowgraph.ops.random import categorical, multinomial, truncated_normal
from flowgraph.ops.random import random_gamma as gamma
from flowgraph.ops.random import random_normal as normal
from flowgraph.ops.random import random_poisson as poisson
from flowgraph.ops.random import random_shuffle as shuffle
from flowgraph.ops.random import random_uniform as uniform
from flowgraph.ops.random_stateless import (
    stateless_categorical,
    stateless_multinomial,
    stateless_normal,
    stateless_truncated_normal,
    stateless_uniform,
)

__all__ = [
    "all_candidate_sampler",
    "categorical",
    "fixed_unigram_candidate_sampler",
    "gamma",
    "get_seed",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "multinomial",
    "normal",
    "poisson",
    "set_random_seed",
    "shuffle",
    "stateless_categorical",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
    "uniform_candidate_sampler",
]
