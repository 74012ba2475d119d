"""What the graphs with TensorFlow 1's control flow have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["BUILDERS", "Runs", "graph", "vector"]


@dataclass
class Runs:
    """What is run of a graph.

    Attributes:
        fetches: tensors and operations of each run.
        feeds: one run for each.
        gradients: a tensor and those it is differentiated by, in a graph that has none yet.
        runs: how often each feed is run in one session.
    """

    fetches: list[Any]
    feeds: list[dict[Any, Any]] = field(default_factory=lambda: [{}])
    gradients: tuple[Any, list[Any]] | None = None
    runs: int = 1


BUILDERS: dict[str, Callable[[Any], Runs]] = {}


def graph(build: Callable[[Any], Runs]) -> Callable[[Any], Runs]:
    BUILDERS[build.__name__] = build
    return build


def vector(seed: int, *shape: int) -> Any:
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)
