"""Arrays: making, cutting, joining and looking up."""

from flowgraph.api.deprecated import (
    argmax,
    argmin,
    concat,
    count_nonzero,
    expand_dims,
    norm,
    reduce_logsumexp,
    reverse,
    reverse_sequence,
    split,
    squeeze,
)
from flowgraph.api.deprecated import reverse as reverse_v2
from flowgraph.ops.array import identity, placeholder, rank, reshape, shape, shape_n, size, tile
from flowgraph.ops.broadcasting import (
    broadcast_dynamic_shape,
    broadcast_static_shape,
    broadcast_to,
    meshgrid,
)
from flowgraph.ops.constants import fill, lin_space, ones, ones_like, range, zeros, zeros_like
from flowgraph.ops.constants import lin_space as linspace
from flowgraph.ops.decompositions import svd
from flowgraph.ops.diagonal import (
    diag,
    diag_part,
    eye,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
)
from flowgraph.ops.gather import gather
from flowgraph.ops.identities import (
    check_numerics,
    ensure_shape,
    guarantee_const,
    identity_n,
    placeholder_with_default,
    sparse_placeholder,
    stop_gradient,
)
from flowgraph.ops.io import string_join
from flowgraph.ops.joining import parallel_stack, stack, unstack
from flowgraph.ops.layout import invert_permutation, matrix_transpose, transpose
from flowgraph.ops.masking import boolean_mask, sequence_mask
from flowgraph.ops.norms import trace
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.padding import pad
from flowgraph.ops.partition import dynamic_partition, dynamic_stitch
from flowgraph.ops.reorder import roll
from flowgraph.ops.scan import cumprod, cumsum
from flowgraph.ops.scatter import (
    batch_gather,
    gather_nd,
    scatter_nd,
    tensor_scatter_add,
    tensor_scatter_sub,
    tensor_scatter_update,
)
from flowgraph.ops.scatter import tensor_scatter_add as tensor_scatter_nd_add
from flowgraph.ops.scatter import tensor_scatter_sub as tensor_scatter_nd_sub
from flowgraph.ops.scatter import tensor_scatter_update as tensor_scatter_nd_update
from flowgraph.ops.sets import setdiff1d, unique, unique_with_counts
from flowgraph.ops.slicing import slice, strided_slice
from flowgraph.ops.sorting import argsort, sort
from flowgraph.ops.static_assertions import (
    add_check_numerics_ops,
    assert_integer,
    assert_proper_iterable,
    assert_rank,
    assert_rank_at_least,
    assert_rank_in,
    assert_same_float_dtype,
    assert_scalar,
    assert_type,
    is_numeric_tensor,
    verify_tensor_all_finite,
)
from flowgraph.ops.sums import accumulate_n, add_n
from flowgraph.ops.trigonometry import acos, asin, atan, atan2, cos, sin, tan

__all__ = [
    "accumulate_n",
    "acos",
    "add_check_numerics_ops",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "asin",
    "assert_integer",
    "assert_proper_iterable",
    "assert_rank",
    "assert_rank_at_least",
    "assert_rank_in",
    "assert_same_float_dtype",
    "assert_scalar",
    "assert_type",
    "atan",
    "atan2",
    "batch_gather",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "check_numerics",
    "concat",
    "cos",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "diag",
    "diag_part",
    "dynamic_partition",
    "dynamic_stitch",
    "ensure_shape",
    "expand_dims",
    "eye",
    "fill",
    "gather",
    "gather_nd",
    "guarantee_const",
    "identity",
    "identity_n",
    "invert_permutation",
    "is_numeric_tensor",
    "lin_space",
    "linspace",
    "matrix_band_part",
    "matrix_diag",
    "matrix_diag_part",
    "matrix_set_diag",
    "matrix_transpose",
    "meshgrid",
    "norm",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "parallel_stack",
    "placeholder",
    "placeholder_with_default",
    "range",
    "rank",
    "reduce_logsumexp",
    "reshape",
    "reverse",
    "reverse_sequence",
    "reverse_v2",
    "roll",
    "scatter_nd",
    "sequence_mask",
    "setdiff1d",
    "shape",
    "shape_n",
    "sin",
    "size",
    "slice",
    "sort",
    "sparse_placeholder",
    "split",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string_join",
    "svd",
    "tan",
    "tensor_scatter_add",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensor_scatter_sub",
    "tensor_scatter_update",
    "tile",
    "trace",
    "transpose",
    "unique",
    "unique_with_counts",
    "unstack",
    "verify_tensor_all_finite",
    "zeros",
    "zeros_like",
]
