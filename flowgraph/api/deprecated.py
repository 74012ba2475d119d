"""Functions that also accept the older spellings of their arguments."""

from flowgraph.api.renaming import accept

__all__ = []
