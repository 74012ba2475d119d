"""Sets along the last axis of tensors (`tf.sets`)."""

from flowgraph.ops.set_ops import set_difference, set_intersection, set_size, set_union
from flowgraph.ops.set_ops import set_difference as difference
from flowgraph.ops.set_ops import set_intersection as intersection
from flowgraph.ops.set_ops import set_size as size
from flowgraph.ops.set_ops import set_union as union

__all__ = [
    "difference",
    "intersection",
    "set_difference",
    "set_intersection",
    "set_size",
    "set_union",
    "size",
    "union",
]
