"""Differentiation: symbolic gradients of graphs, loops and conditionals included."""

from flowgraph.autodiff import conditionals, loops

__all__ = ["conditionals", "loops"]
