"""Runs programs that say ``import tensorflow`` on flowgraph, unchanged."""

from flowgraph.shim.finder import install, uninstall

__all__ = ["install", "uninstall"]
