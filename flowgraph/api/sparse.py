"""Sparse tensors (`tf.sparse`)."""

from flowgraph.graph.composite import SparseTensor
from flowgraph.ops.identities import sparse_placeholder as placeholder
from flowgraph.ops.segment_sparse import sparse_segment_mean as segment_mean
from flowgraph.ops.segment_sparse import sparse_segment_sqrt_n as segment_sqrt_n
from flowgraph.ops.segment_sparse import sparse_segment_sum as segment_sum
from flowgraph.ops.sparse_arithmetic import sparse_add as add
from flowgraph.ops.sparse_arithmetic import sparse_maximum as maximum
from flowgraph.ops.sparse_arithmetic import sparse_minimum as minimum
from flowgraph.ops.sparse_dense import from_dense
from flowgraph.ops.sparse_dense import sparse_tensor_to_dense as to_dense
from flowgraph.ops.sparse_functions import sparse_expand_dims as expand_dims
from flowgraph.ops.sparse_functions import sparse_eye as eye
from flowgraph.ops.sparse_functions import sparse_mask as mask
from flowgraph.ops.sparse_functions import sparse_merge as merge
from flowgraph.ops.sparse_functions import sparse_reset_shape as reset_shape
from flowgraph.ops.sparse_functions import sparse_retain as retain
from flowgraph.ops.sparse_functions import sparse_to_indicator as to_indicator
from flowgraph.ops.sparse_functions import sparse_transpose as transpose
from flowgraph.ops.sparse_matmul import sparse_tensor_dense_matmul as matmul
from flowgraph.ops.sparse_matmul import sparse_tensor_dense_matmul as sparse_dense_matmul
from flowgraph.ops.sparse_order import sparse_fill_empty_rows as fill_empty_rows
from flowgraph.ops.sparse_order import sparse_reorder as reorder
from flowgraph.ops.sparse_order import sparse_reshape as reshape
from flowgraph.ops.sparse_parts import sparse_concat as concat
from flowgraph.ops.sparse_parts import sparse_slice as slice
from flowgraph.ops.sparse_parts import sparse_split as split
from flowgraph.ops.sparse_reduce import sparse_reduce_max as reduce_max
from flowgraph.ops.sparse_reduce import sparse_reduce_max_sparse as reduce_max_sparse
from flowgraph.ops.sparse_reduce import sparse_reduce_sum as reduce_sum
from flowgraph.ops.sparse_reduce import sparse_reduce_sum_sparse as reduce_sum_sparse
from flowgraph.ops.sparse_reduce import sparse_softmax as softmax

__all__ = [
    "SparseTensor",
    "add",
    "concat",
    "expand_dims",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "mask",
    "matmul",
    "maximum",
    "merge",
    "minimum",
    "placeholder",
    "reduce_max",
    "reduce_max_sparse",
    "reduce_sum",
    "reduce_sum_sparse",
    "reorder",
    "reset_shape",
    "reshape",
    "retain",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "slice",
    "softmax",
    "sparse_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
]
