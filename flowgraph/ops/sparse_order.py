"""Sparse tensors reordered, reshaped and with a value in every row."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, identity
from flowgraph.ops.cast import cast
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.sparse_kernels import (
    as_sparse,
    check_parts,
    checked_rank,
    keys_of,
    sparse_shapes,
)

__all__ = ["sparse_fill_empty_rows", "sparse_reorder", "sparse_reshape"]

Gradients = list[Any]
PLACES = i64([[1, 2], [0, 1], [1, 0]])
VALUES = np.array([1.5, -2.0, 0.75])
SHAPE = i64([2, 3])
TEXTS = np.array([b"a", b"b", b"c"], object)


@op(
    "SparseReorder",
    "input_indices: int64, input_values: T, input_shape: int64 "
    "-> output_indices: int64, output_values: T",
    T=ANY_TYPE,
)
class SparseReorder:
    """A sparse tensor's elements in row-major order."""

    samples = (
        case(PLACES, VALUES, SHAPE),
        case(PLACES, f32(VALUES), SHAPE),
        case(PLACES, TEXTS, SHAPE),
        case(PLACES[1:], VALUES[1:], SHAPE),
        case(PLACES[:0], f32([]), SHAPE, grad=False),
    )

    def shape(indices: Operand, values: Operand, shape: Operand) -> list[Dims]:
        count, rank = sparse_shapes(indices, values, shape)
        return [(count, rank), (count,)]

    def numpy(indices: Any, values: Any, shape: Any) -> Any:
        check_parts(indices, values, shape)
        order = np.argsort(keys_of(shape, indices)[0], kind="stable")
        return indices[order], values[order]

    def grad(op: Operation, _: Any, dy: Tensor) -> Gradients:
        indices, _, shape = op.inputs
        rows = apply("StridedSlice", apply("Shape", indices), [0], [1], [1], shrink_axis_mask=1)
        _, order = apply("SparseReorder", indices, apply("Range", 0, rows, 1), shape)
        return [None, apply("GatherV2", dy, apply("InvertPermutation", order), 0), None]


def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its elements in row-major order."""
    sparse = as_sparse(sp_input)
    indices, values = apply("SparseReorder", *sparse.components(), name=name)
    if sparse.shape.is_fully_defined():
        return SparseTensor(indices, values, sparse.shape.as_list())
    return SparseTensor(indices, values, identity(sparse.dense_shape))


def _completed(shape: Any, wanted: Any) -> Any:
    """The wanted shape with its -1 replaced."""
    count = dims.product(int(size) for size in shape)
    open_places = np.flatnonzero(wanted == -1)
    sizes = wanted.astype(np.int64)
    if len(open_places) > 1:
        both = f"{open_places[0]} and {open_places[1]}"
        _refuse(f"only one output dimension may be -1, not both {both}")
    if (sizes < -1).any():
        at = int(np.argmax(sizes < -1))
        _refuse(f"size {at} must be non-negative, not {sizes[at]}")
    if len(open_places):
        known = dims.product(int(size) for size in sizes if size != -1)
        if known == 0:
            _refuse(
                "reshape cannot infer the missing input size for an empty tensor unless all "
                "specified input sizes are non-zero"
            )
        if count % known:
            _refuse(
                f"Input to reshape is a SparseTensor with {count} dense values, but the requested "
                f"shape requires a multiple of {known}. input_shape={shape.tolist()} "
                f"output_shape={wanted.tolist()}"
            )
        sizes[open_places[0]] = count // known
    total = dims.product(int(size) for size in sizes)
    if total != count:
        _refuse(
            f"Input to reshape is a tensor with {count} dense values, but the requested shape has "
            f"{total}. input_shape={shape.tolist()} output_shape={sizes.tolist()}"
        )
    return sizes


def _refuse(message: str) -> NoReturn:
    raise InvalidArgumentError(None, None, message)


@op(
    "SparseReshape",
    "input_indices: int64, input_shape: int64, new_shape: int64 "
    "-> output_indices: int64, output_shape: int64",
)
class SparseReshape:
    """The places of a sparse tensor's elements, in row-major order, in another shape."""

    grad = None
    samples = (
        case(PLACES, SHAPE, i64([3, 2])),
        case(PLACES, SHAPE, i64([-1])),
        case(PLACES, SHAPE, i64([1, -1, 2])),
        case(PLACES, SHAPE, i64([2, 3])),
        case(PLACES[:0], i64([2, 0]), i64([0, 5])),
        case(PLACES, SHAPE, i64([7]), raises="but the requested shape has 7"),
        case(PLACES, SHAPE, i64([-1, 4]), raises="requires a multiple of 4"),
        case(PLACES, SHAPE, i64([-1, -1]), raises="only one output dimension may be -1"),
    )

    def shape(indices: Operand, shape: Operand, new_shape: Operand) -> list[Dims]:
        rows, _ = dims.with_rank(checked_rank(indices, 2), 2)
        checked_rank(shape, 1)
        (rank,) = dims.with_rank(checked_rank(new_shape, 1), 1)
        return [(rows, rank), (rank,)]

    def numpy(indices: Any, shape: Any, new_shape: Any) -> Any:
        if indices.shape[1] != len(shape):
            _refuse(f"Input shape has {len(shape)} sizes for indices of {indices.shape[1]}")
        sizes = _completed(shape, new_shape)
        keys = keys_of(shape, indices)[0]
        places = np.empty((len(indices), len(sizes)), np.int64)
        for axis in range(len(sizes) - 1, -1, -1):
            keys, places[:, axis] = np.divmod(keys, max(int(sizes[axis]), 1))
        return places, sizes


def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor of the same elements, in row-major order, in another shape.

    Args:
        shape: of the same number of elements; one size may be -1, which follows from the others.

    Raises:
        ValueError: if the number of elements is known to differ.
    """
    sparse = as_sparse(sp_input)
    wanted = cast(shape, dtypes.int64)
    with name_scope(name, "SparseReshape", [*sparse.components(), wanted]) as scope:
        indices, new_shape = apply(
            "SparseReshape", sparse.indices, sparse.dense_shape, wanted, name=scope
        )
        sizes = _static_shape(sparse.shape._dims, wanted)
        if sizes is not None:
            new_shape = convert_to_tensor(sizes, dtypes.int64)
        return SparseTensor(indices, identity(sparse.values), new_shape)


def _static_shape(old: Dims, wanted: Tensor) -> list[int] | None:
    """The new shape, if it is known before running."""
    sizes, given, count = wanted.const_dims(), wanted.const_value(), dims.num_elements(old)
    if count is None or sizes is None:
        return None
    if given is not None and (given == -1).sum() > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {given}")
    known = dims.product(size for size in sizes if size is not None)
    missing = sizes.count(None)
    if missing > 1 or (missing and known == 0):
        return None
    complete = [count // known if size is None else size for size in sizes]
    if dims.product(complete) != count:
        raise ValueError(
            f"Cannot reshape a tensor with {count} elements to shape {list(sizes)} "
            f"({dims.product(complete)} elements)."
        )
    return complete


@op(
    "SparseFillEmptyRows",
    "indices: int64, values: T, dense_shape: int64, default_value: T -> output_indices: int64, "
    "output_values: T, empty_row_indicator: bool, reverse_index_map: int64",
    T=ANY_TYPE,
)
class SparseFillEmptyRows:
    """A sparse tensor with a default value at the start of every row that has none.

    The further outputs tell which rows were empty, and where each element went.
    """

    samples = (
        case(i64([[0, 1], [2, 0], [2, 3]]), VALUES, i64([4, 5]), np.float64(9)),
        case(i64([[2, 1], [0, 0], [2, 3]]), f32(VALUES), i64([4, 5]), np.float32(9)),
        case(i64([[0, 1], [1, 0]]), TEXTS[:2], i64([2, 5]), np.array(b"none", object)),
        case(i64([[3]]), i64([4]), i64([5]), np.int64(-1)),
        case(PLACES[:0], f32([]), i64([2, 3]), np.float32(1), grad=False),
        case(PLACES[:0], f32([]), i64([0, 3]), np.float32(1), grad=False),
        case(PLACES, VALUES, SHAPE, VALUES[:1], raises="must be rank 0 but is rank 1|a scalar"),
        case(PLACES, VALUES, i64([1, 3]), np.float64(0), raises="is invalid"),
    )

    def shape(indices: Operand, values: Operand, shape: Operand, default: Operand) -> list[Dims]:
        count, rank = sparse_shapes(indices, values, shape)
        checked_rank(default, 0)
        known = shape.const_dims()
        rows = known[0] if known else None
        return [(None, rank), (None,), (rows,), (count,)]

    def numpy(indices: Any, values: Any, shape: Any, default: Any) -> Any:
        check_parts(indices, values, shape)
        if default.ndim:
            _refuse("default_value must be a scalar")
        rows, count = indices[:, 0], int(shape[0])
        if not count and len(rows):
            _refuse(
                f"Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = {len(rows)}"
            )
        outside = (rows < 0) | (rows >= count)
        if outside.any():
            at = int(np.argmax(outside))
            _refuse(f"indices({at}, 0) is invalid: {rows[at]} >= {count}")
        empty = np.bincount(rows, minlength=count) == 0
        vacant = np.flatnonzero(empty)
        all_rows = np.concatenate([rows, vacant])
        order = np.argsort(all_rows, kind="stable")
        places = np.zeros((len(all_rows), len(shape)), np.int64)
        places[: len(rows)] = indices
        places[len(rows) :, 0] = vacant
        filled = np.concatenate([values, np.full(len(vacant), default, values.dtype)])
        went = np.empty(len(order), np.int64)
        went[order] = np.arange(len(order))
        return places[order], filled[order], empty, went[: len(rows)]

    def grad(op: Operation, _: Any, dy: Tensor, *__: Any) -> Gradients:
        dx, ddefault = apply("SparseFillEmptyRowsGrad", op.outputs[3], dy)
        return [None, dx, None, ddefault]


@op(
    "SparseFillEmptyRowsGrad",
    "reverse_index_map: int64, grad_values: T -> d_values: T, d_default_value: T",
    T=ANY_TYPE,
)
class SparseFillEmptyRowsGrad:
    """The gradients of SparseFillEmptyRows for its values, and for the default value."""

    samples = (
        case(i64([0, 2, 3]), np.array([1.0, 2, 3, 4, 5]), grad=False),
        case(i64([1, 0]), f32([1, 2]), grad=False),
        case(i64([]), f32([1, 2]), grad=False),
    )

    def shape(went: Operand, dy: Operand) -> list[Dims]:
        checked_rank(dy, 1)
        return [checked_rank(went, 1), ()]

    def numpy(went: Any, dy: Any) -> Any:
        if ((went < 0) | (went >= len(dy))).any():
            _refuse(f"Elements in reverse index must be in [0, {len(dy)})")
        others = np.ones(len(dy), bool)
        others[went] = False
        return dy[went], np.asarray(dy[others].sum(dtype=dy.dtype))

    def grad(op: Operation, dvalues: Tensor, ddefault: Tensor) -> Gradients:
        went, dy = op.inputs
        places = apply("ExpandDims", went, -1)
        rest = apply("ScatterNd", places, dvalues - ddefault, apply("Shape", dy, out_type="int64"))
        return [None, rest + ddefault]


def sparse_fill_empty_rows(
    sp_input: Any, default_value: Any, name: str | None = None
) -> tuple[SparseTensor, Tensor]:
    """A sparse tensor with a default value at the start of every row that has none.

    Returns:
        The sparse tensor, and a vector of bools that tells which rows were empty.
    """
    sparse = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", sparse.components()):
        default = convert_to_tensor(default_value, sparse.dtype)
        indices, values, empty, _ = apply("SparseFillEmptyRows", *sparse.components(), default)
        return SparseTensor(indices, values, sparse.dense_shape), empty
