"""Rearranging arrays (`tf.manip`)."""

from flowgraph.api.deprecated import reverse
from flowgraph.ops.array import reshape, tile
from flowgraph.ops.reorder import roll
from flowgraph.ops.scatter import gather_nd, scatter_nd

__all__ = ["gather_nd", "reshape", "reverse", "roll", "scatter_nd", "tile"]
