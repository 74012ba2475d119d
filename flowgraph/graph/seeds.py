"""Graph-level and op-level random seeds."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.philox import derive_seeds

__all__ = ["get_seed", "set_random_seed"]


def set_random_seed(seed: Any) -> None:
    """Set the default graph's seed: random ops built from now on repeat from session to session."""
    get_default_graph().seed = seed


def get_seed(op_seed: Any) -> tuple[int | None, int | None]:
    """The pair of seeds of a random op about to be built."""
    graph = get_default_graph()
    return derive_seeds(graph.seed, op_seed, graph._last_id)
