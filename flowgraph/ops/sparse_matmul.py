"""Products of sparse and dense matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor, SparseTensorValue
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.layout import transpose
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.segment_kernels import reduce_unsorted, with_rank, zero
from flowgraph.ops.sparse_kernels import as_sparse, checked_rank

__all__ = ["sparse_matmul", "sparse_tensor_dense_matmul"]

Gradients = list[Any]
TYPES = (
    dtypes.bfloat16,
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.complex64,
    dtypes.complex128,
)
NARROW = (dtypes.float16, dtypes.bfloat16)
PLACES = i64([[0, 1], [1, 0], [1, 2]])
VALUES = np.array([1.5, -2.0, 0.75])
SHAPE = i64([2, 3])
WIDE = np.sin(np.arange(12.0)).reshape(3, 4)
TALL = np.sin(np.arange(8.0)).reshape(2, 4)


@op(
    "SparseTensorDenseMatMul",
    "a_indices: Tindices, a_values: T, a_shape: int64, b: T -> product: T",
    T=TYPES,
    Tindices=types(INDEX, dtypes.int64),
    adjoint_a=False,
    adjoint_b=False,
)
class SparseTensorDenseMatMul:
    """The product of a sparse and a dense matrix, each taken adjoint or as it is."""

    samples = (
        case(PLACES, VALUES, SHAPE, WIDE),
        case(PLACES, VALUES, SHAPE, TALL, adjoint_a=True),
        case(PLACES, VALUES, SHAPE, WIDE.T.copy(), adjoint_b=True),
        case(PLACES, VALUES, SHAPE, TALL.T.copy(), adjoint_a=True, adjoint_b=True),
        case(PLACES.astype(np.int32), f32(VALUES), SHAPE, f32(WIDE)),
        case(PLACES, (VALUES * 4).astype(np.int32), SHAPE, (WIDE * 9).astype(np.int32)),
        case(PLACES, VALUES + 1j, SHAPE, TALL - 0.5j, adjoint_a=True),
        case(PLACES, VALUES + 1j, SHAPE, WIDE.T - 0.5j, adjoint_b=True),
        case(PLACES[::-1].copy(), f32(VALUES), SHAPE, f32(WIDE)),
        case(PLACES[:0], f32([]), SHAPE, f32(WIDE), grad=False),
        case(PLACES, VALUES, SHAPE, TALL, raises="must be equal, but are 3 and 2|Cannot multiply"),
        case(PLACES, VALUES, i64([2, 2]), TALL, raises=r"out of bounds \(>=2\)"),
    )

    def shape(
        indices: Operand,
        values: Operand,
        shape: Operand,
        b: Operand,
        *,
        adjoint_a: bool,
        adjoint_b: bool,
    ) -> Dims:
        checked_rank(indices, 2)
        checked_rank(values, 1)
        rows, inner = dims.with_rank(with_rank(shape.const_dims(), 2), 2)
        other, columns = dims.with_rank(with_rank(b.dims, 2), 2)
        if adjoint_a:
            rows, inner = inner, rows
        if adjoint_b:
            other, columns = columns, other
        if None not in (inner, other) and inner != other:
            raise ValueError(f"Dimensions must be equal, but are {inner} and {other}")
        return rows, columns

    def numpy(
        indices: Any, values: Any, shape: Any, b: Any, *, adjoint_a: bool, adjoint_b: bool
    ) -> Any:
        _check_places(indices, values, shape)
        rows, columns = indices.T
        height, inner = shape.tolist()
        if adjoint_a:
            rows, columns, height, inner = columns, rows, inner, height
            values = np.conj(values)
        if adjoint_b:
            b = np.conj(b.T)
        if inner != len(b):
            message = (
                f"Cannot multiply A and B because inner dimension does not match: {inner} vs. "
                f"{len(b)}.  Did you forget a transpose?"
            )
            raise InvalidArgumentError(None, None, message)
        wide = np.float32 if dtypes.as_dtype(b.dtype) in NARROW else b.dtype
        products = values.astype(wide, copy=False)[:, None] * b.astype(wide, copy=False)[columns]
        return reduce_unsorted(np.add, products, rows, height, zero).astype(b.dtype, copy=False)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        indices, values, shape, b = op.inputs
        adjoint_a, adjoint_b = op.attrs["adjoint_a"], op.attrs["adjoint_b"]
        db = apply("SparseTensorDenseMatMul", indices, values, shape, dy, adjoint_a=not adjoint_a)
        rows, columns = apply("Unpack", indices, num=2, axis=1)
        if adjoint_a:
            rows, columns = columns, rows
        if adjoint_b:
            b = apply("ConjugateTranspose", b, [1, 0])
            db = apply("ConjugateTranspose", db, [1, 0])
        products = apply("GatherV2", dy, rows, 0) * conj(apply("GatherV2", b, columns, 0))
        total = apply("Sum", products, [1])
        return [None, conj(total) if adjoint_a else total, None, db]


def _check_places(indices: Any, values: Any, shape: Any) -> None:
    if len(shape) != 2:
        raise InvalidArgumentError(None, None, "Tensor 'a_shape' must have 2 elements")
    if len(indices) != len(values):
        message = "Number of rows of a_indices does not match number of entries in a_values"
        raise InvalidArgumentError(None, None, message)
    outside = (indices < 0) | (indices >= shape)
    if outside.any():
        at, axis = (int(each) for each in np.argwhere(outside)[0])
        message = f"k ({indices[at, axis]}) from index[{at},{axis}] out of bounds (>={shape[axis]})"
        raise InvalidArgumentError(None, None, message)


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse and a dense matrix.

    Args:
        sp_a: a sparse matrix; or a dense one, if `b` is sparse.
        b: a dense matrix of the same type; or a sparse one.
        adjoint_a: take the adjoint of the first matrix.
        adjoint_b: take the adjoint of the second one.

    Raises:
        TypeError: if neither is sparse.
        ValueError: if the matrices are known not to fit.
    """
    if isinstance(b, SparseTensor | SparseTensorValue):
        first, second = (
            (adjoint_a, adjoint_b)
            if adjoint_a != adjoint_b
            else (
                not adjoint_a,
                not adjoint_b,
            )
        )
        return transpose(sparse_tensor_dense_matmul(b, sp_a, first, second))
    sparse = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sparse.indices, sparse.values, b]):
        product: Tensor = apply(
            "SparseTensorDenseMatMul",
            *sparse.components(),
            convert_to_tensor(b, name="b"),
            adjoint_a=adjoint_a,
            adjoint_b=adjoint_b,
        )
        return product


def _inner(dims_: Dims, transposed: bool) -> tuple[int | None, ...]:
    rows, columns = dims.with_rank(with_rank(dims_, 2), 2)
    return (columns, rows) if transposed else (rows, columns)


@op(
    "SparseMatMul",
    "a: Ta, b: Tb -> product: float32",
    transpose_a=False,
    transpose_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    Ta=types((dtypes.float32, dtypes.bfloat16), dtypes.float32),
    Tb=types((dtypes.float32, dtypes.bfloat16), dtypes.float32),
)
class SparseMatMul:
    """The float32 product of two dense matrices, of which many elements are supposed to be 0.

    `a_is_sparse` and `b_is_sparse` are hints that change nothing.
    """

    samples = (
        case(f32(TALL), f32(WIDE.T[:, :2])),
        case(f32(TALL), f32(TALL), transpose_a=True, a_is_sparse=True),
        case(f32(WIDE), f32(WIDE), transpose_b=True),
        case(f32(WIDE), f32(TALL.T[:3]), transpose_a=True, transpose_b=False),
        case(f32(WIDE), f32(TALL[:, :3]), transpose_a=True, transpose_b=True, b_is_sparse=True),
        case(f32(TALL).astype(dtypes.bfloat16.np), f32(WIDE.T)),
        case(f32(WIDE), f32(WIDE), raises="must be equal|incompatible"),
    )

    def shape(a: Operand, b: Operand, *, transpose_a: bool, transpose_b: bool) -> Dims:
        rows, inner = _inner(a.dims, transpose_a)
        other, columns = _inner(b.dims, transpose_b)
        if None not in (inner, other) and inner != other:
            raise ValueError(f"Dimensions must be equal, but are {inner} and {other}")
        return rows, columns

    def numpy(a: Any, b: Any, *, transpose_a: bool, transpose_b: bool) -> Any:
        left, right = a.astype(np.float32, copy=False), b.astype(np.float32, copy=False)
        left = left.T if transpose_a else left
        right = right.T if transpose_b else right
        if left.shape[1] != right.shape[0]:
            message = f"Matrix size incompatible: a: {list(a.shape)}, b: {list(b.shape)}"
            raise InvalidArgumentError(None, None, message)
        return left @ right

    def grad(op: Operation, dy: Tensor) -> Gradients:
        a, b = op.inputs
        turned_a, turned_b = op.attrs["transpose_a"], op.attrs["transpose_b"]

        def product(x: Tensor, y: Tensor, left: bool, right: bool) -> Tensor:
            made: Tensor = apply("SparseMatMul", x, y, transpose_a=left, transpose_b=right)
            return made

        da = product(b, dy, turned_b, True) if turned_a else product(dy, b, False, not turned_b)
        db = product(dy, a, True, turned_a) if turned_b else product(a, dy, not turned_a, False)
        return [cast(da, a.dtype.base_dtype), cast(db, b.dtype.base_dtype)]


sparse_matmul = function_of("SparseMatMul", "sparse_matmul")
