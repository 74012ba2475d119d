"""Numbers in, numbers out: elementwise functions, reductions, products, sums over indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

EDGES = np.array([-np.inf, -2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, np.inf, np.nan])


@program
def rounding_at_edges(tf: Any) -> dict[str, Any]:
    x = tf.constant(EDGES)
    return {
        name: getattr(tf, name)(x)
        for name in ["floor", "ceil", "round", "rint", "sign", "abs", "square"]
    }


@program
def elementwise_at_edges(tf: Any) -> dict[str, Any]:
    x = tf.constant(EDGES)
    names = [
        "exp",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "rsqrt",
        "tanh",
        "sigmoid",
        "atan",
        "is_nan",
        "is_inf",
        "is_finite",
    ]
    found = {name: getattr(tf, name)(x) for name in names}
    for name in ["relu", "relu6", "elu", "selu", "softplus", "softsign"]:
        found[name] = getattr(tf.nn, name)(x)
    return found


@program
def special_functions(tf: Any) -> dict[str, Any]:
    found = {}
    for dtype in ("float32", "float64"):
        x = tf.constant(np.linspace(-4.75, 12.25, 18).astype(dtype))
        for name in ["erf", "erfc", "lgamma", "digamma"]:
            found[f"{name} {dtype}"] = getattr(tf, name)(x)
    return found


@program
def integer_division(tf: Any) -> dict[str, Any]:
    x, y = tf.constant([7, -7, 7, -7, 0]), tf.constant([2, 2, -2, -2, 3])
    return {
        "floor": tf.floordiv(x, y),
        "floormod": tf.floormod(x, y),
        "truncated": tf.truncatediv(x, y),
        "remainder": tf.truncatemod(x, y),
        "div": tf.div(x, y),
        "truediv": tf.truediv(x, y),
        "float floor": tf.floordiv(tf.to_float(x), tf.to_float(y)),
        "no nan": tf.div_no_nan(tf.to_float(x), [0.0, 1.0, 2.0, 0.0, 0.0]),
        "bytes": tf.constant([250, 3], tf.uint8) // tf.constant([7, 2], tf.uint8),
    }


@program
def broadcasting(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 1, 3))
    shapes = [(), (1,), (3,), (4, 1), (2, 4, 3), (5, 1, 1, 1), (0, 3)]
    return {str(shape): x + tf.constant(ramp(*shape)) for shape in shapes}


@program
def casts(tf: Any) -> dict[str, Any]:
    floats = tf.constant([-1.75, 0.0, 1.25, 200.9])
    found = {
        f"to {name}": tf.cast(floats, name)
        for name in ["int8", "int32", "int64", "bool", "float64", "float16"]
    }
    found["saturated"] = tf.saturate_cast(floats, tf.int8)
    found["saturated unsigned"] = tf.saturate_cast(tf.constant([-5, 300]), tf.uint8)
    found["bits"] = tf.bitcast(floats, tf.int32)
    found["narrower bits"] = tf.bitcast(tf.constant([1, 2**20]), tf.uint8)
    found["from bool"] = tf.cast([True, False], tf.float32)
    found["complex"] = tf.cast(floats, tf.complex64)
    for name in ["to_float", "to_double", "to_int32", "to_int64"]:
        found[name] = getattr(tf, name)(floats)
    return found


@program
def complex_numbers(tf: Any) -> dict[str, Any]:
    z = tf.complex(tf.constant(ramp(4)), tf.constant(ramp(4, shift=1)))
    return {
        "z": z,
        "real": tf.real(z),
        "imag": tf.imag(z),
        "conj": tf.conj(z),
        "abs": tf.abs(z),
        "angle": tf.angle(z),
        "product": z * tf.conj(z),
        "exp": tf.exp(z),
        "sum": tf.reduce_sum(z),
    }


@program
def reductions_over_axes(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3, 4))
    axes = [None, 0, -1, [0, 2], (1,), [], np.array([1, 2]), [-1, 0]]
    found = {}
    for name in ["reduce_sum", "reduce_mean", "reduce_prod", "reduce_max", "reduce_min"]:
        for axis in axes:
            found[f"{name} {axis}"] = getattr(tf, name)(x, axis, keepdims=True)
            found[f"{name} {axis} dropped"] = getattr(tf, name)(x, axis)
    return found


@program
def reductions_of_other_kinds(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    flags = x > 0.0
    return {
        "any": tf.reduce_any(flags, 1),
        "all": tf.reduce_all(flags, 0),
        "count": tf.count_nonzero(x),
        "count rows": tf.count_nonzero(flags, 1, dtype=tf.int32),
        "logsumexp": tf.reduce_logsumexp(x, 1),
        "logsumexp big": tf.reduce_logsumexp(x * 1000.0, 0, keepdims=True),
        "ints": tf.reduce_mean(tf.constant([1, 2, 4])),
        "int8": tf.reduce_sum(tf.constant([100, 100], tf.int8)),
        "empty sum": tf.reduce_sum(tf.zeros([0, 2]), 0),
        "empty mean": tf.reduce_mean(tf.zeros([0, 2]), 0),
        "empty max": tf.reduce_max(tf.zeros([0, 2]), 0),
        "tensor axis": tf.reduce_sum(x, tf.constant(1)),
        "old names": tf.reduce_sum(x, reduction_indices=[1], keep_dims=True),
        "argmax": tf.argmax(x, axis=1),
        "argmin": tf.argmin(x, 0, output_type=tf.int32),
        "norm": tf.norm(x),
        "norm 1": tf.norm(x, 1, axis=1),
        "norm inf": tf.norm(x, np.inf, axis=0, keepdims=True),
        "trace": tf.trace(x),
    }


@program
def running_sums(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, 4))
    found = {}
    for exclusive in (False, True):
        for reverse in (False, True):
            key = f"{exclusive} {reverse}"
            found[f"sum {key}"] = tf.cumsum(x, 1, exclusive, reverse)
            found[f"product {key}"] = tf.cumprod(x, -2, exclusive, reverse)
    return found


@program
def matrix_products(tf: Any) -> dict[str, Any]:
    a, b = tf.constant(ramp(3, 2)), tf.constant(ramp(3, 4))
    batch = tf.constant(ramp(2, 3, 2))
    z = tf.complex(a, a * 2.0)
    return {
        "plain": tf.matmul(a, b, transpose_a=True),
        "both": tf.matmul(b, a, True, False),
        "adjoint": tf.matmul(z, z, adjoint_a=True),
        "batch": tf.matmul(batch, batch, transpose_b=True),
        "batch adjoint": tf.matmul(batch, batch, adjoint_a=True),
        "ints": tf.matmul([[1, 2], [3, 4]], [[5], [6]]),
        "empty": tf.matmul(tf.zeros([2, 0]), tf.zeros([0, 3])),
        "vector": tf.linalg.matvec(a, [1.0, 2.0]),
    }


@program
def tensordots(tf: Any) -> dict[str, Any]:
    a, b = tf.constant(ramp(2, 3, 4)), tf.constant(ramp(4, 3, 2))
    open_a = tf.placeholder_with_default(ramp(2, 3, 4), [None, 3, None])
    products = {
        "1": tf.tensordot(a, b, 1),
        "0": tf.tensordot(tf.constant(ramp(2)), tf.constant(ramp(3)), 0),
        "pairs": tf.tensordot(a, b, [[1, 2], [1, 0]]),
        "one": tf.tensordot(a, b, [[1], [1]]),
        "negative": tf.tensordot(a, b, [[-1], [0]]),
        "numbers": tf.tensordot(a, b, [2, 0]),
        "open": tf.tensordot(open_a, b, [[2, 1], [0, 1]]),
        "tensor axes": tf.tensordot(a, b, tf.constant([[1, 2], [1, 0]])),
    }
    return {name: tf.identity(value, name="product") for name, value in products.items()}


EQUATIONS: dict[str, list[tuple[int, ...]]] = {
    "ij,jk->ik": [(2, 3), (3, 4)],
    "ij,jk": [(2, 3), (3, 4)],
    "bij,bjk->bik": [(2, 3, 4), (2, 4, 2)],
    "i,i->": [(4,), (4,)],
    "i,j->ij": [(2,), (3,)],
    "ij->ji": [(2, 3)],
    "ij->": [(2, 3)],
    "ij->j": [(2, 3)],
    "ijk,jil->kl": [(2, 3, 4), (3, 2, 2)],
    "abc,cd->abd": [(2, 3, 4), (4, 2)],
    "ij,ij->i": [(2, 3), (2, 3)],
    "i,ij,j->": [(2,), (2, 3), (3,)],
}


@program
def einsums(tf: Any) -> dict[str, Any]:
    return {
        equation: tf.identity(
            tf.einsum(equation, *(ramp(*s, shift=i) for i, s in enumerate(shapes))), name="result"
        )
        for equation, shapes in EQUATIONS.items()
    }


@program
def segments(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(5, 2))
    ids = tf.constant([0, 0, 1, 3, 3])
    found = {
        f"segment {n}": getattr(tf, f"segment_{n}")(x, ids)
        for n in ["sum", "mean", "prod", "max", "min"]
    }
    scattered = tf.constant([3, 0, -1, 3, 0])
    for name in ["sum", "mean", "prod", "max", "min", "sqrt_n"]:
        function = getattr(tf, f"unsorted_segment_{name}")
        found[f"unsorted {name}"] = function(x, scattered, 4)
    for name in ["sum", "mean", "sqrt_n"]:
        function = getattr(tf, f"sparse_segment_{name}")
        found[f"sparse {name}"] = function(x, [4, 0, 2], [0, 0, 1])
    return found


@program
def sums_of_many(tf: Any) -> dict[str, Any]:
    parts = [tf.constant(ramp(2, 2, shift=i)) for i in range(4)]
    return {
        "add_n": tf.add_n(parts),
        "accumulate": tf.identity(tf.accumulate_n(parts), name="accumulated"),
        "single": tf.add_n(parts[:1]),
        "empty": raised(lambda: tf.add_n([]), "must be"),
        "shapes": raised(lambda: tf.add_n([parts[0], tf.zeros([3])]), "rank|shape"),
    }


@program
def small_matrices(tf: Any) -> dict[str, Any]:
    a = tf.constant(ramp(3, 3, dtype="float64") + 2 * np.eye(3))
    return {
        "inverse": tf.matrix_inverse(a),
        "determinant": tf.matrix_determinant(a),
        "cross": tf.cross([1.0, 2.0, 3.0], [0.5, -1.0, 2.0]),
        "diag": tf.diag([1, 2]),
        "diag_part": tf.diag_part(a),
        "matrix_diag": tf.matrix_diag(ramp(2, 3)),
        "matrix_diag_part": tf.matrix_diag_part(ramp(2, 3, 4)),
        "set_diag": tf.matrix_set_diag(ramp(3, 3), [1.0, 2.0, 3.0]),
        "band": tf.matrix_band_part(ramp(4, 5), 1, 2),
        "transposed": tf.matrix_transpose(ramp(2, 3, 4)),
        "eye": tf.eye(2, 3, batch_shape=[2]),
    }


@program
def bits(tf: Any) -> dict[str, Any]:
    x, y = tf.constant([12, 7, -1]), tf.constant([10, 3, 5])
    names = ["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"]
    return {
        **{name: getattr(tf.bitwise, name)(x, y) for name in names},
        "invert": tf.bitwise.invert(x),
    }


@program
def failures(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    return {
        "add": raised(lambda: x + tf.constant(ramp(2)), "must be equal|broadcast|incompatible"),
        "dtype": raised(lambda: x + tf.constant([1, 2, 3]), "int32"),
        "matmul": raised(lambda: tf.matmul(x, x), "must be equal, but are 3 and 2"),
        "rank": raised(lambda: tf.matmul(x, tf.constant(1.0)), "rank"),
        "axis": raised(lambda: tf.reduce_sum(x, 2), "reduction dimension"),
        "number": raised(lambda: x + "a", ""),
        "string sqrt": raised(lambda: tf.sqrt(tf.constant("a")), "string"),
        "tensordot": raised(lambda: tf.tensordot(x, x, [[0], [1]]), ""),
        "einsum": raised(lambda: tf.einsum("ij,jk->il", x, tf.transpose(x)), ""),
        "argmax": raised(lambda: tf.argmax(x, 2), "dimension"),
    }
