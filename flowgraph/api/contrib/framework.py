"""Nested structures, the global step, argument scopes (`tf.contrib.framework`)."""

from flowgraph.api import nest
from flowgraph.library.training.global_step import (
    create_global_step,
    get_global_step,
    get_or_create_global_step,
)

__all__ = ["create_global_step", "get_global_step", "get_or_create_global_step", "nest"]
