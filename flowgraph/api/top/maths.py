"""Arithmetic, reductions and linear algebra."""

from flowgraph.ops.arithmetic import abs, scalar_mul, sign
from flowgraph.ops.cast import (
    bitcast,
    cast,
    saturate_cast,
    to_bfloat16,
    to_complex64,
    to_complex128,
    to_double,
    to_float,
    to_int32,
    to_int64,
)
from flowgraph.ops.complex import angle, complex, conj, imag, real
from flowgraph.ops.linalg import matmul
from flowgraph.ops.logic import logical_xor
from flowgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from flowgraph.ops.rounding import div, div_no_nan, divide, floordiv, round, truediv
from flowgraph.ops.select import clip_by_value, where, where_v2
from flowgraph.ops.transcendental import log_sigmoid

__all__ = [
    "abs",
    "angle",
    "bitcast",
    "cast",
    "clip_by_value",
    "complex",
    "conj",
    "div",
    "div_no_nan",
    "divide",
    "floordiv",
    "imag",
    "log_sigmoid",
    "logical_xor",
    "matmul",
    "real",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "round",
    "saturate_cast",
    "scalar_mul",
    "sign",
    "to_bfloat16",
    "to_complex64",
    "to_complex128",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
    "truediv",
    "where",
    "where_v2",
]
