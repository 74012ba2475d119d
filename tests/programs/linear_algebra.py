"""Decompositions, triangular systems, least squares, matrix functions, orthogonal initializers."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

SYMMETRIC = np.array([[4.0, 1.0, -0.5], [1.0, 3.0, 0.75], [-0.5, 0.75, 2.0]])
GENERAL = np.array([[1.0, 0.5, -0.25], [0.75, 2.0, 0.5], [-0.5, 0.25, 1.5]])
RIGHT = np.array([[1.0, -2.0], [0.5, 3.0], [2.0, 1.5]])


def slopes(tf: Any, ys: Any, xs: list[Any]) -> dict[str, Any]:
    found = tf.gradients(ys, xs)
    with tf.Session() as session:
        values = session.run(found)
    return {f"slope {i}": value for i, value in enumerate(values)}


@program(graph=True)
def cholesky(tf: Any) -> dict[str, Any]:
    matrix = tf.constant(SYMMETRIC, name="m")
    factor = tf.cholesky(matrix)
    return {
        "factor": factor,
        "linalg": tf.linalg.cholesky(matrix, name="again"),
        "solved": tf.cholesky_solve(factor, RIGHT),
        "solved batch": tf.linalg.cholesky_solve(
            np.stack([SYMMETRIC] * 2), np.stack([RIGHT, -RIGHT])
        ),
        "adjoint": tf.linalg.adjoint(tf.constant([[1 + 2j, 3 - 1j]])),
        "triangular": tf.matrix_triangular_solve(factor, RIGHT),
        "upper": tf.linalg.triangular_solve(matrix, RIGHT, lower=False, adjoint=True),
    }


@program
def logdet(tf: Any) -> dict[str, Any]:
    return {
        "matrix": tf.linalg.logdet(tf.constant(SYMMETRIC)),
        "stack": tf.linalg.logdet(np.stack([SYMMETRIC, SYMMETRIC @ SYMMETRIC])),
        "hermitian": tf.linalg.logdet(tf.constant([[3, 1 - 1j], [1 + 1j, 2]])),
    }


@program
def gaussian_log_density(tf: Any) -> dict[str, Any]:
    covariance = tf.constant(SYMMETRIC)
    x = tf.constant(RIGHT)
    factor = tf.cholesky(covariance)
    whitened = tf.matrix_triangular_solve(factor, x)
    density = -0.5 * tf.reduce_sum(tf.square(whitened))
    density -= tf.reduce_sum(tf.log(tf.matrix_diag_part(factor)))
    return slopes(tf, density, [covariance, x])


@program
def eigenvalues(tf: Any) -> dict[str, Any]:
    matrix = tf.constant(SYMMETRIC)
    e, v = tf.self_adjoint_eig(matrix)
    restored = tf.matmul(v * e, v, adjoint_b=True)
    stack = tf.constant(np.stack([SYMMETRIC, SYMMETRIC @ SYMMETRIC]))
    results = {
        "e": e,
        "size of v": tf.abs(v),
        "restored": restored,
        "values": tf.self_adjoint_eigvals(stack),
        "eigh": tf.linalg.eigh(matrix)[0],
        "eigvalsh": tf.linalg.eigvalsh(matrix, name="e"),
    }
    results.update(slopes(tf, [tf.log(e), restored], [matrix]))
    return results


@program
def qr(tf: Any) -> dict[str, Any]:
    matrix = tf.constant(RIGHT)
    q, r = tf.qr(matrix)
    full_q, full_r = tf.linalg.qr(matrix, full_matrices=True)
    results = {"q": q, "r": r, "full q": full_q, "full r": full_r, "restored": tf.matmul(q, r)}
    results.update(slopes(tf, [q * q * q, r], [matrix]))
    return results


@program(factor=10)
def least_squares(tf: Any) -> dict[str, Any]:
    matrix, rhs = tf.constant(RIGHT), tf.constant(GENERAL)
    fast = tf.matrix_solve_ls(matrix, rhs, l2_regularizer=0.5)
    wide = tf.linalg.lstsq(tf.transpose(matrix), rhs[:2])
    results = {
        "fast": fast,
        "wide": wide,
        "slow": tf.matrix_solve_ls(matrix, rhs, fast=False),
        "plain": tf.matrix_solve_ls(matrix, rhs),
        "disabled": raised(
            lambda: tf.matrix_solve_ls(
                tf.constant([[1.0]], tf.complex128), tf.constant([[1.0]], tf.complex128), 1.0
            ),
            "currently disabled",
        ),
    }
    results.update(slopes(tf, [fast, wide], [matrix, rhs]))
    return results


@program(factor=100)
def matrix_functions(tf: Any) -> dict[str, Any]:
    matrix = tf.constant(GENERAL)
    stack = tf.constant(np.stack([GENERAL, GENERAL.T * 20]))
    complex_matrix = tf.constant(GENERAL + 0.5j * GENERAL.T)
    exponential = tf.linalg.expm(matrix)
    root = tf.linalg.sqrtm(matrix)
    with tf.Session() as session:
        values: dict[str, Any] = session.run(
            {
                "expm": exponential,
                "small": tf.linalg.expm(matrix * 1e-3),
                "relative": tf.linalg.expm(stack) / np.exp([[[2.5]], [[45.0]]]),
                "logm": tf.linalg.logm(complex_matrix),
                "sqrtm": root,
            }
        )
    values.update(slopes(tf, [exponential, root], [matrix]))
    return values


@program
def norms_of_matrices(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3, 4))
    return {
        "frobenius": tf.norm(x, axis=[-2, -1]),
        "one": tf.norm(x, 1, axis=[1, 2]),
        "infinite": tf.norm(x, np.inf, axis=[1, 2], keepdims=True),
        "wrong": raised(lambda: tf.norm(x, 3, axis=[0, 1]), "supported matrix norm"),
    }


@program
def spectral_norm(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3, 4))
    with tf.Session() as session:
        found = {
            "last": tf.norm(x, 2, axis=[-2, -1]),
            "first": tf.norm(x, 2, axis=[1, 0]),
            "kept": tf.norm(x, 2, axis=[0, 2], keepdims=True),
        }
        return dict(session.run(found))


@program(factor=2)
def orthogonal_initializers(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(3)
    shapes = {"square": [3, 3], "tall": [5, 2], "wide": [2, 5], "kernel": [2, 2, 3, 4]}
    results: dict[str, Any] = {}
    for name, shape in shapes.items():
        initializer = tf.orthogonal_initializer(gain=2.0, seed=7)
        results[name] = tf.get_variable(name, shape, initializer=initializer)
    results["double"] = tf.orthogonal_initializer(seed=1)([3, 2], tf.float64)
    results["config"] = tf.initializers.orthogonal(0.5, 4).get_config()
    results["vector"] = raised(lambda: tf.orthogonal_initializer()([3]), "at least two-dimensional")
    return results


@program(graph=True)
def orthogonal_nodes(tf: Any) -> dict[str, Any]:
    return {"value": tf.get_variable("v", [2, 3], initializer=tf.orthogonal_initializer(seed=1))}


@program
def stateless_random(tf: Any) -> dict[str, Any]:
    seed = [12, 34]
    with tf.Session() as session:
        found = {
            "uniform": tf.random.stateless_uniform([2, 3], seed),
            "range": tf.random.stateless_uniform([4], seed, 5.0, 7.0, tf.float64),
            "integers": tf.random.stateless_uniform([5], seed, 0, 100, tf.int32),
            "normal": tf.random.stateless_normal([2, 3], seed, mean=1.0, stddev=[1.0, 2.0, 3.0]),
            "truncated": tf.random.stateless_truncated_normal([7], [3, 4]),
            "classes": tf.random.stateless_categorical([[0.5, 2.0, 1.0]], 9, [1, 2]),
            "multinomial": tf.random.stateless_multinomial([[0.5, 2.0]], 9, [1, 2]),
        }
        values = dict(session.run(found))
    no_limit = raised(lambda: tf.random.stateless_uniform([2], seed, dtype=tf.int32), "maxval")
    return {**values, "no limit": no_limit}


@program
def special_functions(tf: Any) -> dict[str, Any]:
    x = tf.constant([-2.5, -0.5, 0.0, 1.0, 3.0])
    with tf.Session() as session:
        i0, i1 = session.run([tf.math.bessel_i0(x), tf.math.bessel_i1(x)])
    return {"betainc": tf.betainc([0.5, 2.0], [1.5, 3.0], [0.25, 0.75]), "i0": i0, "i1": i1}


@program(factor=4)
def linear_operators(tf: Any) -> dict[str, Any]:
    operators = {
        "full": tf.linalg.LinearOperatorFullMatrix(GENERAL),
        "stack": tf.linalg.LinearOperatorFullMatrix(np.stack([GENERAL, GENERAL + np.eye(3)])),
        "lower": tf.linalg.LinearOperatorLowerTriangular(GENERAL),
        "diag": tf.linalg.LinearOperatorDiag([1.0, -2.0, 0.5]),
        "identity": tf.linalg.LinearOperatorIdentity(3),
    }
    results: dict[str, Any] = {}
    for name, operator in operators.items():
        kind = operator.dtype.as_numpy_dtype
        right, vector = RIGHT.astype(kind), RIGHT[:, 0].astype(kind)
        found = {
            "dense": operator.to_dense(),
            "product": operator.matmul(right),
            "adjoint product": operator.matmul(right, adjoint=True),
            "product of adjoint": operator.matmul(right.T, adjoint_arg=True),
            "vector": operator.matvec(vector),
            "solution": operator.solve(right),
            "adjoint solution": operator.solve(right, adjoint=True),
            "vector solution": operator.solvevec(vector),
            "log det": operator.log_abs_determinant(),
            "det": operator.determinant(),
            "trace": operator.trace(),
            "diagonal": operator.diag_part(),
            "sum": operator.add_to_tensor(GENERAL.astype(kind)),
            "shape": operator.shape_tensor(),
            "batch": operator.batch_shape_tensor(),
        }
        with tf.Session() as session:
            values = session.run(found)
        results.update({f"{name} {key}": value for key, value in values.items()})
        results[f"{name} static"] = operator.shape.as_list()
        results[f"{name} facts"] = [operator.is_square, operator.tensor_rank]
    return results
