"""Linear algebra (`tf.linalg`)."""

from flowgraph.api.deprecated import l2_normalize, norm
from flowgraph.library.linear_operators import (
    LinearOperator,
    LinearOperatorDiag,
    LinearOperatorFullMatrix,
    LinearOperatorIdentity,
    LinearOperatorLowerTriangular,
)
from flowgraph.ops.cholesky import adjoint_of as adjoint
from flowgraph.ops.cholesky import cholesky, cholesky_solve, logdet
from flowgraph.ops.clip import global_norm
from flowgraph.ops.decompositions import svd
from flowgraph.ops.diagonal import diag as tensor_diag
from flowgraph.ops.diagonal import diag_part as tensor_diag_part
from flowgraph.ops.diagonal import eye
from flowgraph.ops.diagonal import matrix_band_part as band_part
from flowgraph.ops.diagonal import matrix_diag as diag
from flowgraph.ops.diagonal import matrix_diag_part as diag_part
from flowgraph.ops.diagonal import matrix_set_diag as set_diag
from flowgraph.ops.eigen import self_adjoint_eig as eigh
from flowgraph.ops.eigen import self_adjoint_eigvals as eigvalsh
from flowgraph.ops.einsum import einsum
from flowgraph.ops.layout import matrix_transpose
from flowgraph.ops.layout import matrix_transpose as transpose
from flowgraph.ops.least_squares import matrix_solve_ls as lstsq
from flowgraph.ops.linalg import matmul, matvec
from flowgraph.ops.matrix import cross
from flowgraph.ops.matrix import log_matrix_determinant as slogdet
from flowgraph.ops.matrix import matrix_determinant as det
from flowgraph.ops.matrix import matrix_inverse as inv
from flowgraph.ops.matrix import matrix_solve as solve
from flowgraph.ops.matrix_functions import expm
from flowgraph.ops.matrix_functions import matrix_logarithm as logm
from flowgraph.ops.matrix_functions import matrix_square_root as sqrtm
from flowgraph.ops.norms import trace
from flowgraph.ops.qr import qr
from flowgraph.ops.tensordot import tensordot
from flowgraph.ops.triangular import matrix_triangular_solve as triangular_solve

__all__ = [
    "LinearOperator",
    "LinearOperatorDiag",
    "LinearOperatorFullMatrix",
    "LinearOperatorIdentity",
    "LinearOperatorLowerTriangular",
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "logm",
    "lstsq",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "transpose",
    "triangular_solve",
]
