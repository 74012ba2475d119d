"""Arrays: making, cutting, joining and looking up."""

from flowgraph.api.deprecated import (
    argmax,
    argmin,
    batch_to_space,
    concat,
    count_nonzero,
    expand_dims,
    extract_image_patches,
    norm,
    reduce_logsumexp,
    reverse,
    reverse_sequence,
    space_to_batch,
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
from flowgraph.ops.edit_distance import edit_distance
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
from flowgraph.ops.patches import extract_volume_patches
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
from flowgraph.ops.searching import searchsorted, unravel_index
from flowgraph.ops.sets import setdiff1d, unique, unique_with_counts
from flowgraph.ops.slicing import slice, strided_slice
from flowgraph.ops.sorting import argsort, sort
from flowgraph.ops.sparse_dense import sparse_tensor_to_dense, sparse_to_dense
from flowgraph.ops.sparse_functions import (
    convert_to_tensor_or_sparse_tensor,
    sparse_mask,
    sparse_merge,
    sparse_reset_shape,
    sparse_retain,
    sparse_to_indicator,
    sparse_transpose,
)
from flowgraph.ops.sparse_order import sparse_fill_empty_rows, sparse_reorder, sparse_reshape
from flowgraph.ops.sparse_parts import sparse_concat, sparse_slice, sparse_split
from flowgraph.ops.spatial_batch import (
    batch_to_space_nd,
    required_space_to_batch_paddings,
    space_to_batch_nd,
)
from flowgraph.ops.spatial_blocks import depth_to_space, space_to_depth
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
    "batch_to_space",
    "batch_to_space_nd",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "check_numerics",
    "concat",
    "convert_to_tensor_or_sparse_tensor",
    "cos",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "depth_to_space",
    "diag",
    "diag_part",
    "dynamic_partition",
    "dynamic_stitch",
    "edit_distance",
    "ensure_shape",
    "expand_dims",
    "extract_image_patches",
    "extract_volume_patches",
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
    "required_space_to_batch_paddings",
    "reshape",
    "reverse",
    "reverse_sequence",
    "reverse_v2",
    "roll",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "setdiff1d",
    "shape",
    "shape_n",
    "sin",
    "size",
    "slice",
    "sort",
    "space_to_batch",
    "space_to_batch_nd",
    "space_to_depth",
    "sparse_concat",
    "sparse_fill_empty_rows",
    "sparse_mask",
    "sparse_merge",
    "sparse_placeholder",
    "sparse_reorder",
    "sparse_reset_shape",
    "sparse_reshape",
    "sparse_retain",
    "sparse_slice",
    "sparse_split",
    "sparse_tensor_to_dense",
    "sparse_to_dense",
    "sparse_to_indicator",
    "sparse_transpose",
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
    "unravel_index",
    "unstack",
    "verify_tensor_all_finite",
    "zeros",
    "zeros_like",
]
