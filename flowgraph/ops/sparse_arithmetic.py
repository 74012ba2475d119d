"""Sums, products and extremes of sparse tensors with sparse and with dense ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor, SparseTensorValue
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import INDEX, NUMBERS, REAL
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.sparse_kernels import (
    as_sparse,
    check_parts,
    check_same_shape,
    checked_rank,
    keys_of,
    positions,
    same_dims,
    sparse_shapes,
)

__all__ = ["sparse_add", "sparse_maximum", "sparse_minimum"]

Gradients = list[Any]
A = (i64([[0, 1], [1, 0], [1, 2]]), np.array([1.5, -2.0, 0.75]), i64([2, 3]))
B = (i64([[0, 0], [1, 0], [1, 2]]), np.array([0.5, 2.0, 3.25]), i64([2, 3]))
NONE = (np.zeros((0, 2), np.int64), np.zeros(0), i64([2, 3]))
OTHER = (B[0], B[1], i64([2, 4]))
GRID = np.arange(6.0).reshape(2, 3) - 2.5
PAIR = (
    "a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64"
)


def _typed(parts: Any, dtype: Any) -> Any:
    return parts[0], parts[1].astype(dtype), parts[2]


def _united(a: tuple[Any, Any, Any], b: tuple[Any, Any, Any], ufunc: Any) -> tuple[Any, Any, Any]:
    """The places of either operand in order, their values combined, and which are in both.

    Where only one operand has a value, the other one's is 0.
    """
    for parts in (a, b):
        check_parts(*parts)
    check_same_shape(a[2], b[2])
    keys = keys_of(a[2], a[0], b[0])
    _, first, where = np.unique(np.concatenate(keys), return_index=True, return_inverse=True)
    sides = np.zeros((2, len(first)), a[1].dtype)
    present = np.zeros((2, len(first)), bool)
    in_a, in_b = np.split(where.reshape(-1), [len(a[0])])
    for side, (where_to, values) in enumerate(((in_a, a[1]), (in_b, b[1]))):
        sides[side, where_to] = values
        present[side, where_to] = True
    places = np.concatenate([a[0], b[0]])[first]
    return places, ufunc(sides[0], sides[1]), present.all(axis=0)


@op(
    "SparseAdd",
    f"{PAIR}, thresh: Treal -> sum_indices: int64, sum_values: T, sum_shape: int64",
    T=NUMBERS,
    Treal=REAL,
)
class SparseAdd:
    """The sum of two sparse tensors of one shape.

    The sum of two elements is left out if its magnitude is below `thresh`.
    """

    samples = (
        case(*A, *B, np.float64(0)),
        case(*A, *B, np.float64(1)),
        case(*_typed(A, np.float32), *_typed(B, np.float32), np.float32(0)),
        case(*_typed(A, np.int32), *_typed(B, np.int32), np.int32(1)),
        case(*_typed(A, np.complex64), *_typed(B, np.complex64), np.float32(0.75), grad=False),
        case(*A, *NONE, np.float64(0), grad=False),
        case(*A, *OTHER, np.float64(0), raises="shapes do not match"),
    )

    def shape(
        a_indices: Operand,
        a_values: Operand,
        a_shape: Operand,
        b_indices: Operand,
        b_values: Operand,
        b_shape: Operand,
        thresh: Operand,
    ) -> list[Dims]:
        _, rank = sparse_shapes(a_indices, a_values, a_shape)
        _, other = sparse_shapes(b_indices, b_values, b_shape)
        return [(None, other if rank is None else rank), (None,), (rank,)]

    def numpy(
        a_indices: Any,
        a_values: Any,
        a_shape: Any,
        b_indices: Any,
        b_values: Any,
        b_shape: Any,
        thresh: Any,
    ) -> Any:
        places, sums, both = _united(
            (a_indices, a_values, a_shape), (b_indices, b_values, b_shape), np.add
        )
        kept = ~both | (np.abs(sums) >= thresh)
        return places[kept], sums[kept], a_shape.copy()

    def grad(op: Operation, _: Any, dy: Tensor, __: Any) -> Gradients:
        a_indices, b_indices = op.inputs[0], op.inputs[3]
        da, db = apply("SparseAddGrad", dy, a_indices, b_indices, op.outputs[0])
        return [None, da, None, None, db, None, None]


def _picked(values: Any, places: Any, among: Any) -> Any:
    """The value of each place among others, 0 for one that is not there."""
    result = np.zeros(len(places), values.dtype)
    at, present = positions(places, among)
    result[present] = values[at[present]]
    return result


@op(
    "SparseAddGrad",
    "backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64 "
    "-> a_val_grad: T, b_val_grad: T",
    T=NUMBERS,
)
class SparseAddGrad:
    """For each operand of SparseAdd the gradient of the sum at its places."""

    grad = None
    samples = (
        case(np.array([1.0, 2, 3, 4]), A[0], B[0], i64([[0, 0], [0, 1], [1, 0], [1, 2]])),
        case(f32([1, 2]), A[0], B[0], i64([[0, 1], [1, 2]])),
        case(f32([]), A[0][:0], B[0], i64([]).reshape(0, 2)),
    )

    def shape(dy: Operand, a: Operand, b: Operand, total: Operand) -> list[Dims]:
        rows = [dims.with_rank(checked_rank(each, 2), 2)[0] for each in (a, b)]
        return [(count,) for count in rows]

    def numpy(dy: Any, a: Any, b: Any, total: Any) -> Any:
        if len(dy) != len(total):
            message = "# elements in backprop_val_grad and # rows in sum_indices should match"
            raise InvalidArgumentError(None, None, message)
        return _picked(dy, a, total), _picked(dy, b, total)


@op(
    "SparseTensorDenseAdd",
    "a_indices: Tindices, a_values: T, a_shape: Tindices, b: T -> output: T",
    T=NUMBERS,
    Tindices=types(INDEX),
)
class SparseTensorDenseAdd:
    """The sum of a sparse and a dense tensor of one shape."""

    samples = (
        case(*A, GRID),
        case(A[0].astype(np.int32), f32(A[1]), A[2].astype(np.int32), f32(GRID)),
        case(A[0][[0, 0, 1]], *A[1:], GRID),
        case(*_typed(A, np.int64), GRID.astype(np.int64)),
        case(*_typed(A, np.complex64), GRID.astype(np.complex64)),
        case(*_typed(NONE, np.float32), f32(GRID), grad=False),
        case(*A, GRID[:1], raises="no broadcasting is supported|must be equal"),
    )

    def shape(indices: Operand, values: Operand, shape: Operand, b: Operand) -> Dims:
        sparse_shapes(indices, values, shape)
        return same_dims(b.dims, shape.const_dims())

    def numpy(indices: Any, values: Any, shape: Any, b: Any) -> Any:
        check_parts(indices, values, shape)
        if len(shape) != b.ndim:
            message = f"Two operands have different ranks; received: {len(shape)} and {b.ndim}"
            raise InvalidArgumentError(None, None, message)
        for axis, (one, other) in enumerate(zip(shape.tolist(), b.shape, strict=True)):
            if one != other:
                message = (
                    f"Dimension {axis} does not equal (no broadcasting is supported): sparse side "
                    f"{one} vs dense side {other}"
                )
                raise InvalidArgumentError(None, None, message)
        if ((indices < 0) | (indices >= shape)).any():
            raise InvalidArgumentError(None, None, "Sparse tensor has some invalid index")
        result = b.copy(order="C")
        np.add.at(result.reshape(-1), keys_of(shape, indices)[0], values)
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [None, apply("GatherNd", dy, op.inputs[0]), None, dy]


def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors of one shape of which at least one is sparse.

    Args:
        threshold: sums of two sparse tensors of a smaller magnitude are left out; by default none.
        thresh: the old name of it.

    Returns:
        A sparse tensor if both are sparse, otherwise a dense one.

    Raises:
        TypeError: if both are dense.
    """
    if threshold is not None and thresh is not None:
        raise ValueError("Cannot specify both 'threshold' and 'thresh'")
    sparse = [isinstance(each, SparseTensor | SparseTensorValue) for each in (a, b)]
    if not any(sparse):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not all(sparse):
        if sparse[1]:
            a, b = b, a
        return apply("SparseTensorDenseAdd", *as_sparse(a).components(), b)
    a, b = as_sparse(a), as_sparse(b)
    least = threshold if threshold is not None else 0 if thresh is None else thresh
    least = convert_to_tensor(least, a.dtype.real_dtype.base_dtype, name="threshold")
    found = apply("SparseAdd", *a.components(), *b.components(), least)
    merged = dims.merge(a.shape._dims, b.shape._dims)
    if dims.is_known(merged):
        return SparseTensor(found[0], found[1], list(merged or ()))
    return SparseTensor(*found)


def _declare_extreme(name: str, ufunc: Any, allowed: Any, doc: str) -> None:
    @op(name, f"{PAIR} -> output_indices: int64, output_values: T", T=allowed)
    class Extreme:
        __doc__ = doc
        samples = (
            case(*A, *B, grad=False),
            case(*_typed(A, np.float32), *_typed(B, np.float32), grad=False),
            case(*_typed(A, np.int64), *_typed(B, np.int64)),
            case(*A, *NONE, grad=False),
            case(*A, *OTHER, raises="shapes do not match"),
        )

        def shape(
            a_indices: Operand,
            a_values: Operand,
            a_shape: Operand,
            b_indices: Operand,
            b_values: Operand,
            b_shape: Operand,
        ) -> list[Dims]:
            _, rank = sparse_shapes(a_indices, a_values, a_shape)
            _, other = sparse_shapes(b_indices, b_values, b_shape)
            return [(None, other if rank is None else rank), (None,)]

        def numpy(
            a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any, b_shape: Any
        ) -> Any:
            a, b = (a_indices, a_values, a_shape), (b_indices, b_values, b_shape)
            return _united(a, b, ufunc)[:2]


_declare_extreme(
    "SparseSparseMaximum",
    np.maximum,
    REAL,
    "The larger one of two sparse tensors' elements, at the places of either; absent ones are 0.",
)
_declare_extreme(
    "SparseSparseMinimum",
    np.minimum,
    NUMBERS,
    "The smaller one of two sparse tensors' elements, at the places of either; absent ones are 0.",
)


def _extreme(op_type: str, a: SparseTensor, b: SparseTensor, name: str | None) -> SparseTensor:
    parts = [*a.components(), *b.components()]
    with name_scope(name, op_type, parts) as scope:
        indices, values = apply(op_type, *parts, name=scope)
    return SparseTensor(indices, values, a.dense_shape)


def sparse_maximum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The larger one of two sparse tensors' elements, absent ones counting as 0."""
    return _extreme("SparseSparseMaximum", sp_a, sp_b, name)


def sparse_minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The smaller one of two sparse tensors' elements, absent ones counting as 0."""
    return _extreme("SparseSparseMinimum", sp_a, sp_b, name)
