"""Functions of sparse tensors made of other ops."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor, SparseTensorValue
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants, select
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.assertions import assert_equal, assert_less_equal
from flowgraph.ops.cast import cast
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.gather import gather
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.layout import expand_dims, transpose
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.sets import setdiff1d
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.sparse_dense import sparse_tensor_to_dense
from flowgraph.ops.sparse_kernels import as_sparse
from flowgraph.ops.sparse_order import sparse_reorder

__all__ = [
    "convert_to_tensor_or_sparse_tensor",
    "sparse_expand_dims",
    "sparse_eye",
    "sparse_mask",
    "sparse_merge",
    "sparse_reset_shape",
    "sparse_retain",
    "sparse_to_indicator",
    "sparse_transpose",
]


def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """`value` as a `SparseTensor` if it is one or the value of one, otherwise as a tensor.

    Raises:
        RuntimeError: if a sparse tensor has another type than `dtype`.
    """
    if not isinstance(value, SparseTensor | SparseTensorValue):
        return convert_to_tensor(value, dtype, name)
    sparse = SparseTensor.from_value(value)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(sparse.dtype):
        raise RuntimeError(
            f"Sparse dtype: requested = {dtypes.as_dtype(dtype).name}, actual = {sparse.dtype.name}"
        )
    return sparse


def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Those elements of a sparse tensor where a vector of bools is True.

    Args:
        to_retain: one bool for each element of the sparse tensor.

    Raises:
        ValueError: if it is known to be no vector of that length.
    """
    sparse = as_sparse(sp_input)
    kept = convert_to_tensor(to_retain)
    length = kept.shape.with_rank(1)[0]
    if sparse.values.shape.ndims is not None:
        sparse.values.shape[0].assert_is_compatible_with(length)
    chosen = array.reshape(select.where(kept), [-1])
    indices = gather(sparse.indices, chosen)
    values = gather(sparse.values, chosen)
    return SparseTensor(indices, values, array.identity(sparse.dense_shape))


def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its axes in another order.

    Args:
        perm: the order; by default they are reversed.
    """
    sparse = as_sparse(sp_input)
    with name_scope(name, "SparseTranspose", sparse.components()):
        if perm is None:
            rank = sparse.shape.ndims
            if rank is not None:
                perm = np.arange(rank)[::-1]
            else:
                count = array.size(sparse.dense_shape)
                perm = (count - 1) - constants.range(0, count, 1)
        turned = transpose(gather(transpose(sparse.indices), perm))
        order = convert_to_tensor(perm).const_value()
        sizes: Any
        if order is not None and sparse.shape.is_fully_defined():
            known = sparse.shape.as_list()
            sizes = [known[axis] for axis in order.tolist()]
        else:
            sizes = gather(sparse.dense_shape, perm)
        return sparse_reorder(SparseTensor(turned, sparse.values, sizes))


def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """A sparse tensor of the same elements in a dense shape that is larger, or as small as can be.

    Args:
        new_shape: at least as long as the old one along every axis; by default the smallest shape
            that holds all elements.

    Raises:
        ValueError: if the new shape is known to be too small or of another rank.
    """
    sparse = as_sparse(sp_input)
    indices, values, old = (array.identity(each) for each in sparse.components())
    if new_shape is None:
        top = reduce_max(indices, 0)
        needed = maximum(constant(0, dtypes.int64), apply("Add", top, constants.ones_like(old)))
        return SparseTensor(indices, values, needed)
    wanted = convert_to_tensor(new_shape)
    rank = wanted.shape.with_rank(1)[0]
    wanted = cast(wanted, dtypes.int64)
    rank.assert_is_compatible_with(old.shape[0])
    known = wanted.const_value()
    if known is not None and sparse.shape.is_fully_defined():
        before = np.array(sparse.shape.as_list())
        if (before > known).any():
            raise ValueError(
                "Requested new_shape should have dimension sizes >= sp_input.shape.  Found "
                f"new_shape ({before}), sp_input.shape ({known})."
            )
        return SparseTensor(indices, values, known)
    same_rank = assert_equal(array.shape(old), array.shape(wanted))
    wanted = with_dependencies([same_rank], wanted)
    wanted = with_dependencies([assert_less_equal(old, wanted)], wanted)
    return SparseTensor(indices, values, wanted)


def sparse_mask(a: IndexedSlices, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """`IndexedSlices` without the rows whose numbers are given.

    Args:
        mask_indices: the numbers (of the dense tensor's rows) to leave out.
    """
    with name_scope(name, "sparse_mask", [*a.components(), mask_indices]) as scope:
        kept, places = setdiff1d(a.indices, mask_indices)
        values = gather(a.values, places, name=scope)
        return IndexedSlices(values, kept, a.dense_shape)


def _checked_sizes(sp_ids: Any, vocab_size: Any) -> tuple[list[SparseTensor], list[Any]]:
    if isinstance(sp_ids, SparseTensor | SparseTensorValue):
        sp_ids, vocab_size = [sp_ids], [vocab_size]
    elif not isinstance(sp_ids, Iterable):
        raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
    elif not isinstance(vocab_size, Iterable):
        text = "vocab_size has to be a list of Tensors or Python ints."
        raise TypeError(f"{text} Found {type(vocab_size)}")
    for size in vocab_size:
        if not isinstance(size, Tensor | Integral):
            raise TypeError(f"vocab_size has to be a Tensor or Python int. Found {type(size)}")
    ids = [as_sparse(each) for each in sp_ids]
    if len(ids) != len(vocab_size):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    return ids, list(vocab_size)


def sparse_merge(
    sp_ids: Any,
    sp_values: Any,
    vocab_size: Any,
    name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """A sparse tensor whose last index is an id: the ids replace the last index of their tensor.

    Args:
        sp_ids: a sparse tensor of ids below `vocab_size`; or a list of them, one for each of
            several last axes.
        sp_values: a sparse tensor of the values, its indices equal to those of the ids.
        vocab_size: the length of the last axis, or a list of the lengths of the last axes.
        already_sorted: the result is in row-major order without being put into it.
    """
    all_ids, sizes = _checked_sizes(sp_ids, vocab_size)
    values = as_sparse(sp_values)
    with name_scope(name, "SparseMerge", [values.values]):
        columns = [expand_dims(cast(ids.values, dtypes.int64), 1) for ids in all_ids]
        lengths = [cast(size, dtypes.int64) for size in sizes]
        indices = concat([all_ids[0].indices[:, :-1], *columns], 1)
        shape = concat([all_ids[0].dense_shape[:-1], lengths], 0)
        merged = SparseTensor(indices, values.values, shape)
        if already_sorted:
            return merged
        ordered = sparse_reorder(merged)
        return SparseTensor(ordered.indices, ordered.values, shape)


def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """A dense tensor of bools: True where a row of a sparse tensor holds the id ``i``.

    Args:
        sp_input: a sparse tensor of ids, int32 or int64.
        vocab_size: more than the largest id.

    Returns:
        Of the shape of `sp_input` with the last axis `vocab_size` long.
    """
    sparse = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", sparse.components()) as scope:
        count = array.shape(sparse.indices)[0]
        flags = constants.fill(expand_dims(count, 0), True)
        values = SparseTensor(sparse.indices, flags, sparse.dense_shape)
        merged = sparse_merge(sparse, values, vocab_size, scope)
        return sparse_tensor_to_dense(merged, False, validate_indices=False, name=scope)


def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with a further axis of length 1 before `axis`, by default at the end."""
    sparse = as_sparse(sp_input)
    rank: Any = sparse.dense_shape.shape[0].value
    if rank is None:
        rank = array.shape(sparse.dense_shape)[0]
    with name_scope(name, "expand_dims", sparse.components()):
        place = convert_to_tensor(-1 if axis is None else axis, dtypes.int32, name="axis")
        place = select.where_v2(place >= 0, place, place + rank + 1)
        rows = array.shape(sparse.indices)[0]
        column = constants.zeros([rows, 1], dtypes.int64)
        before = slice_(sparse.indices, [0, 0], stack([-1, place]))
        behind = slice_(sparse.indices, stack([0, place]), [-1, -1])
        indices = concat([before, column, behind], 1)
        front = slice_(sparse.dense_shape, [0], stack([place]))
        back = slice_(sparse.dense_shape, stack([place]), [-1])
        one = convert_to_tensor([1], dtypes.int64, name="new_shape")
        return SparseTensor(indices, sparse.values, concat([front, one, back], 0))


def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """A sparse matrix with ones on its diagonal.

    Args:
        num_columns: as many as rows by default.
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _int64(num_columns, "num_columns")
        length = minimum(rows, columns)
        diagonal = constants.range(length, dtype=dtypes.int64)
        ones = constants.ones(array.reshape(length, [1]), dtype)
        return SparseTensor(stack([diagonal, diagonal], 1), ones, stack([rows, columns]))


def _int64(value: Any, name: str) -> Tensor:
    if isinstance(value, Integral):
        return convert_to_tensor(value, dtypes.int64, name=name)
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be an integer value")
    converted: Tensor = cast(value, dtypes.int64)
    return converted
