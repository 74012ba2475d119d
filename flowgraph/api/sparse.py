"""Sparse tensors (`tf.sparse`)."""

from flowgraph.graph.composite import SparseTensor
from flowgraph.ops.identities import sparse_placeholder as placeholder
from flowgraph.ops.segment_sparse import sparse_segment_mean as segment_mean
from flowgraph.ops.segment_sparse import sparse_segment_sqrt_n as segment_sqrt_n
from flowgraph.ops.segment_sparse import sparse_segment_sum as segment_sum

__all__ = ["SparseTensor", "placeholder", "segment_mean", "segment_sqrt_n", "segment_sum"]
