"""Linear algebra (`tf.linalg`)."""

from flowgraph.api.deprecated import l2_normalize, norm
from flowgraph.ops.clip import global_norm
from flowgraph.ops.decompositions import svd
from flowgraph.ops.diagonal import diag as tensor_diag
from flowgraph.ops.diagonal import diag_part as tensor_diag_part
from flowgraph.ops.diagonal import eye
from flowgraph.ops.diagonal import matrix_band_part as band_part
from flowgraph.ops.diagonal import matrix_diag as diag
from flowgraph.ops.diagonal import matrix_diag_part as diag_part
from flowgraph.ops.diagonal import matrix_set_diag as set_diag
from flowgraph.ops.einsum import einsum
from flowgraph.ops.layout import matrix_transpose
from flowgraph.ops.layout import matrix_transpose as transpose
from flowgraph.ops.linalg import matmul, matvec
from flowgraph.ops.matrix import cross
from flowgraph.ops.matrix import log_matrix_determinant as slogdet
from flowgraph.ops.matrix import matrix_determinant as det
from flowgraph.ops.matrix import matrix_inverse as inv
from flowgraph.ops.matrix import matrix_solve as solve
from flowgraph.ops.norms import trace
from flowgraph.ops.tensordot import tensordot

__all__ = [
    "band_part",
    "cross",
    "det",
    "diag",
    "diag_part",
    "einsum",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "transpose",
]
