"""Namespaces of `tf` that load when they are first used: their modules are many."""

from __future__ import annotations

import sys
from typing import Any

from flowgraph.api.late import load

__all__ = ["NAMES", "__getattr__"]

NAMES = (
    "contrib",
    "distributions",
    "image",
    "layers",
    "losses",
    "metrics",
    "quantization",
    "sets",
    "signal",
    "spectral",
)
_HOMES = {name: f"flowgraph.api.{name}" for name in NAMES}


def __getattr__(name: str) -> Any:
    """The namespace of this name, put into `flowgraph`."""
    return load(name, vars(sys.modules["flowgraph"]), _HOMES)
