"""The version of TensorFlow whose interface and files these are."""

from __future__ import annotations

from flowgraph.formats.graphdef import PRODUCER as GRAPH_DEF_VERSION

__all__ = [
    "COMPILER_VERSION",
    "GIT_VERSION",
    "GRAPH_DEF_VERSION",
    "GRAPH_DEF_VERSION_MIN_CONSUMER",
    "GRAPH_DEF_VERSION_MIN_PRODUCER",
    "VERSION",
]

VERSION = "1.15.0"
GIT_VERSION = "v1.15.0"
COMPILER_VERSION = ""
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0
