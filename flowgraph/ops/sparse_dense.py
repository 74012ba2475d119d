"""Sparse tensors made dense, and dense ones sparse."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array, select
from flowgraph.ops.array import ANY_TYPE
from flowgraph.ops.constants import zeros, zeros_like
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.logic import not_equal
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.scatter import gather_nd
from flowgraph.ops.sparse_kernels import as_sparse, check_indices, keys_of

__all__ = ["from_dense", "sparse_tensor_to_dense", "sparse_to_dense"]

Gradients = list[Any]
PLACES = i64([[0, 1], [1, 0], [1, 2]])
VALUES = np.array([1.5, -2.0, 0.75])
SHAPE = i64([2, 3])


@op(
    "SparseToDense",
    "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T "
    "-> dense: T",
    validate_indices=True,
    T=ANY_TYPE,
    Tindices=types(INDEX),
)
class SparseToDense:
    """A tensor of one value, but for the elements whose places and values are given.

    The places are a matrix of one row each, a vector for a vector, or a scalar for a single one.
    With `validate_indices` they must ascend and not repeat; otherwise the last one counts.
    """

    samples = (
        case(PLACES, SHAPE, VALUES, np.float64(0)),
        case(PLACES.astype(np.int32), i32([2, 3]), f32([1, 2, 3]), np.float32(-1)),
        case(i64([0, 2]), i64([4]), i32([7, 8]), np.int32(9)),
        case(i64([0, 2]), i64([4]), np.float64(2.5), np.float64(1)),
        case(np.int64(2), i64([4]), np.float64(7), np.float64(0)),
        case(PLACES, SHAPE, np.array([b"a", b"b", b"c"], object), np.array(b"-", object)),
        case(PLACES, SHAPE, np.array([True, True, False]), np.array(False)),
        case(PLACES[:0], SHAPE, VALUES[:0], np.float64(3), grad=False),
        case(PLACES[::-1].copy(), SHAPE, f32([1, 2, 3]), np.float32(0), validate_indices=False),
        case(PLACES[::-1].copy(), SHAPE, VALUES, np.float64(0), raises="is out of order"),
        case(PLACES[[0, 0, 1]], SHAPE, VALUES, np.float64(0), raises="is repeated"),
        case(PLACES, i64([2, 2]), VALUES, np.float64(0), raises="out of bounds"),
    )

    def shape(indices: Operand, shape: Operand, values: Operand, default: Operand) -> Dims:
        return shape.const_dims()

    def numpy(
        indices: Any, shape: Any, values: Any, default: Any, *, validate_indices: bool
    ) -> Any:
        if indices.ndim > 2:
            message = (
                "sparse_indices should be a scalar, vector, or matrix, got shape "
                f"{list(indices.shape)}"
            )
            raise InvalidArgumentError(None, None, message)
        places = indices.reshape(-1, indices.shape[1] if indices.ndim == 2 else 1)
        if places.shape[1] != len(shape):
            message = f"output_shape has incorrect number of elements: {len(shape)} should be: "
            raise InvalidArgumentError(None, None, f"{message}{places.shape[1]}")
        if values.ndim and len(values) != len(places):
            message = f"sparse_values has incorrect shape {list(values.shape)}, should be [] or "
            raise InvalidArgumentError(None, None, f"{message}[{len(places)}]")
        check_indices(places, shape, ordered=validate_indices)
        dense = np.empty(shape.tolist(), values.dtype)
        dense[...] = default
        dense.reshape(-1)[keys_of(shape, places)[0]] = values
        return dense

    def grad(op: Operation, dy: Tensor) -> Gradients:
        indices, shape, values, _ = op.inputs
        if indices.dims is None or len(indices.dims) != 2:
            rank = apply("ExpandDims", apply("Size", shape), 0)
            indices = array.reshape(indices, apply("ConcatV2", [[-1], rank], 0))
        chosen = apply("GatherNd", dy, indices)
        total = apply("Sum", chosen, [0])
        rest = apply("Sum", dy, apply("Range", 0, apply("Rank", dy), 1)) - total
        return [None, None, total if values.dims == () else chosen, rest]


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor of one value, but for the elements whose places and values are given.

    Args:
        sparse_indices: [n, rank] places; a vector for a vector, or a scalar for a single element.
        output_shape: of the result, of the same integer type.
        sparse_values: [n], or one value for all places.
        default_value: of all other elements.
        validate_indices: whether the places are checked to ascend without repetition.

    >>> import flowgraph as tf
    >>> with tf.Session() as session:
    ...     session.run(tf.sparse_to_dense([[0, 1], [1, 0]], [2, 2], [5, 6])).tolist()
    [[0, 5], [6, 0]]
    """
    result: Tensor = apply(
        "SparseToDense",
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices=validate_indices,
        name=name,
    )
    return result


def sparse_tensor_to_dense(
    sp_input: Any,
    default_value: Any = None,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A sparse tensor as a dense one.

    Args:
        default_value: of the elements that the sparse tensor leaves out; by default 0, or "".
        validate_indices: whether the places are checked to ascend without repetition.

    Raises:
        TypeError: if the input is no sparse tensor.
    """
    sparse = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sparse.dtype)
    return sparse_to_dense(
        sparse.indices, sparse.dense_shape, sparse.values, default_value, validate_indices, name
    )


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a tensor that are not zero, as a sparse tensor of the same shape."""
    with name_scope(name, "dense_to_sparse"):
        dense = convert_to_tensor(tensor)
        indices = select.where_v2(not_equal(dense, zeros_like(dense)))
        values = gather_nd(dense, indices)
        return SparseTensor(indices, values, array.shape(dense, out_type=dtypes.int64))
