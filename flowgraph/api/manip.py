"""Rearranging arrays (`tf.manip`)."""

from flowgraph.api.deprecated import reverse
from flowgraph.ops.array import reshape, tile
from flowgraph.ops.reorder import roll
from flowgraph.ops.scatter import gather_nd, scatter_nd
from flowgraph.ops.spatial_batch import batch_to_space_nd, space_to_batch_nd

__all__ = [
    "batch_to_space_nd",
    "gather_nd",
    "reshape",
    "reverse",
    "roll",
    "scatter_nd",
    "space_to_batch_nd",
    "tile",
]
