"""Names from before TensorFlow 1.0, and others that it gave up."""

from flowgraph.api.deprecated import concat as concat_v2
from flowgraph.api.renaming import accept
from flowgraph.library.summaries import merge as merge_summary
from flowgraph.library.summaries import merge_all as merge_all_summaries
from flowgraph.library.summary_spellings import (
    audio_summary,
    histogram_summary,
    image_summary,
    scalar_summary,
)
from flowgraph.library.variable_lists import all_variables
from flowgraph.library.variable_lists import (
    global_variables_initializer as initialize_all_variables,
)
from flowgraph.library.variable_lists import (
    local_variables_initializer as initialize_local_variables,
)
from flowgraph.library.variable_lists import variables_initializer as initialize_variables
from flowgraph.ops.arithmetic import multiply as mul
from flowgraph.ops.arithmetic import negative as neg
from flowgraph.ops.arithmetic import subtract as sub
from flowgraph.ops.complex import complex_abs
from flowgraph.ops.decompositions import svd as batch_svd
from flowgraph.ops.diagonal import matrix_band_part as batch_matrix_band_part
from flowgraph.ops.diagonal import matrix_diag as batch_matrix_diag
from flowgraph.ops.diagonal import matrix_diag_part as batch_matrix_diag_part
from flowgraph.ops.joining import stack as pack
from flowgraph.ops.joining import unstack as unpack
from flowgraph.ops.layout import matrix_transpose as batch_matrix_transpose
from flowgraph.ops.linalg import matmul as _matmul
from flowgraph.ops.matrix import matrix_inverse as batch_matrix_inverse
from flowgraph.ops.powers import inv
from flowgraph.ops.scan import arg_max, arg_min
from flowgraph.ops.select import where as select
from flowgraph.ops.sets import setdiff1d as listdiff

__all__ = [
    "all_variables",
    "arg_max",
    "arg_min",
    "audio_summary",
    "batch_matmul",
    "batch_matrix_band_part",
    "batch_matrix_diag",
    "batch_matrix_diag_part",
    "batch_matrix_inverse",
    "batch_matrix_transpose",
    "batch_svd",
    "complex_abs",
    "concat_v2",
    "histogram_summary",
    "image_summary",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "inv",
    "listdiff",
    "merge_all_summaries",
    "merge_summary",
    "mul",
    "neg",
    "pack",
    "scalar_summary",
    "select",
    "sub",
    "unpack",
]

batch_matmul = accept(_matmul, x="a", y="b", adj_x="adjoint_a", adj_y="adjoint_b")
