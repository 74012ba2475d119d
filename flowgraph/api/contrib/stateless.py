"""Random numbers that are functions of a seed (`tf.contrib.stateless`)."""

from flowgraph.ops.random_stateless import stateless_multinomial, stateless_truncated_normal
from flowgraph.ops.random_stateless import stateless_normal as stateless_random_normal
from flowgraph.ops.random_stateless import stateless_uniform as stateless_random_uniform

__all__ = [
    "stateless_multinomial",
    "stateless_random_normal",
    "stateless_random_uniform",
    "stateless_truncated_normal",
]
