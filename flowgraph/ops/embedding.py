"""Rows of embedding matrices, also of matrices kept in several parts."""

from __future__ import annotations

from typing import Any

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import colocate_with, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants, joining, select
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_norm
from flowgraph.ops.reduce import reduce_sum

__all__ = ["embedding_lookup", "embedding_lookup_sparse"]

_COMBINERS = ("mean", "sqrtn", "sum")


def _parts(params: Any) -> list[Any]:
    if params is None or (isinstance(params, list | tuple) and not params):
        raise ValueError("Need at least one param")
    if hasattr(params, "_get_variable_list"):
        return list(params)
    return list(params) if isinstance(params, list | tuple) else [params]


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """The rows of `params` with the numbers `ids`, of shape ``ids.shape + params.shape[1:]``.

    Args:
        params: a tensor or variable; or a list of parts of one, equal in all but the first axis.
        ids: int32 or int64.
        partition_strategy: how ids are spread over n parts: "mod" puts id i in part ``i % n``,
            "div" gives each part consecutive ids, the first parts one more where they do not
            divide evenly.
        validate_indices: not used; ids are always checked.
        max_norm: scale down the rows with a larger norm.

    Raises:
        ValueError: if there are no params, or on another strategy.
    """
    parts = _parts(params)
    with name_scope(name, "embedding_lookup", [*parts, ids]) as scope:
        tensors = [
            convert_to_tensor(part, name=f"params_{index}") for index, part in enumerate(parts)
        ]
        ids = convert_to_tensor(ids, name="ids")
        if len(tensors) == 1:
            with colocate_with(tensors[0]):
                rows = apply("GatherV2", tensors[0], ids, 0, name=scope)
                rows = _limited(rows, ids, max_norm)
            result: Tensor = array.identity(rows)
            return result
        return _limited(_from_parts(tensors, ids, partition_strategy, scope), ids, max_norm)


def _from_parts(parts: list[Tensor], ids: Tensor, strategy: str, scope: str) -> Tensor:
    flat = array.reshape(ids, [-1])
    places = constants.range(array.size(flat))
    if strategy == "mod":
        owners, local = flat % len(parts), flat // len(parts)
    elif strategy == "div":
        owners, local = _by_division(parts, flat)
    else:
        raise ValueError(f"Unrecognized partition strategy: {strategy}")
    owners = cast(owners, dtypes.int32)
    count = len(parts)
    wanted = apply("DynamicPartition", local, owners, num_partitions=count)
    origins = apply("DynamicPartition", places, owners, num_partitions=count)
    found = []
    for part, numbers in zip(parts, wanted, strict=True):
        with colocate_with(part):
            found.append(apply("GatherV2", part, numbers, 0))
    rows = apply("ParallelDynamicStitch", origins, found, name=scope)
    row_dims = _row_dims(parts)
    row_shape: Any
    if dims.is_known(row_dims):
        row_shape = list(row_dims or ())
    else:
        row_shape = array.shape(parts[0])[1:]
    rows = array.reshape(rows, joining.concat([array.shape(ids), row_shape], 0))
    if ids.dims is not None and row_dims is not None:
        rows.set_shape((*ids.dims, *row_dims))
    return rows


def _row_dims(parts: list[Tensor]) -> dims.Dims:
    merged: dims.Dims = None
    for part in parts:
        merged = dims.merge(merged, None if part.dims is None else part.dims[1:])
    return merged


def _by_division(parts: list[Tensor], ids: Tensor) -> tuple[Tensor, Tensor]:
    """Each id's part and its row there, the first parts having one row more than the others."""
    lengths = [None if part.dims is None else part.dims[0] for part in parts]
    total = dims.num_elements(None if None in lengths else (sum(n for n in lengths if n),))
    if total:
        rows = constant(total, ids.dtype)
    else:
        sizes = [
            array.shape(part)[0] if length is None else length
            for part, length in zip(parts, lengths, strict=True)
        ]
        rows = reduce_sum(cast(joining.stack(sizes), ids.dtype))
    least = rows // len(parts)
    longer = rows % len(parts)
    owners = apply("Maximum", ids // (least + 1), (ids - longer) // least)
    in_longer = owners < longer
    local = select.where(in_longer, ids % (least + 1), (ids - longer) % least)
    return owners, local


def _limited(rows: Tensor, ids: Tensor, max_norm: float | None) -> Tensor:
    if max_norm is None:
        return rows
    axes: Any
    if ids.dims is not None and rows.dims is not None:
        axes = list(range(len(ids.dims), len(rows.dims)))
    else:
        axes = constants.range(array.rank(ids), array.rank(rows))
    limited: Tensor = clip_by_norm(rows, max_norm, axes)
    return limited


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: float | None = None,
) -> Tensor:
    """Rows of `params` combined per row of a sparse matrix of ids.

    Args:
        params: see `embedding_lookup`.
        sp_ids: a `SparseTensor` of ids; its rows are examples.
        sp_weights: a `SparseTensor` of the weights of the ids, with the same indices; or None.
        combiner: "sum", "mean" (the sum by the sum of weights, the default) or "sqrtn" (by the
            root of the sum of their squares).

    Returns:
        [rows of sp_ids up to the last with an id, ...].

    Raises:
        TypeError: if ids or weights are no `SparseTensor`.
        ValueError: on another combiner.
    """
    combiner = "mean" if combiner is None else combiner
    if combiner not in _COMBINERS:
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if sp_weights is not None and not isinstance(sp_weights, SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    parts = _parts(params)
    with name_scope(name, "embedding_lookup_sparse", [*parts, sp_ids.values]) as scope:
        segments = cast(sp_ids.indices[:, 0], dtypes.int32)
        ids, places = apply("Unique", sp_ids.values)
        rows = embedding_lookup(
            parts, ids, partition_strategy=partition_strategy, max_norm=max_norm
        )
        if sp_weights is None:
            ops = {"sum": "SparseSegmentSum", "mean": "SparseSegmentMean"}
            kind = ops.get(combiner, "SparseSegmentSqrtN")
            plain: Tensor = apply(kind, rows, places, segments, name=scope)
            return plain
        return _weighted(rows, places, segments, sp_weights.values, combiner, scope)


def _weighted(
    rows: Tensor, places: Tensor, segments: Tensor, weights: Tensor, combiner: str, scope: str
) -> Tensor:
    weights = cast(weights, rows.dtype.base_dtype)
    rows = apply("GatherV2", rows, places, 0)
    ones = apply("Fill", apply("ExpandDims", array.rank(rows) - 1, 0), 1)
    column = array.reshape(weights, joining.concat([array.shape(weights), ones], 0))
    if rows.dims is not None and weights.dims is not None:
        column.set_shape((*weights.dims, *[1] * (len(rows.dims) - 1)))
    weighted = rows * column
    result: Tensor
    if combiner == "sum":
        result = apply("SegmentSum", weighted, segments, name=scope)
        return result
    total = apply("SegmentSum", weighted, segments)
    if combiner == "mean":
        result = apply("DivNoNan", total, apply("SegmentSum", column, segments), name=scope)
        return result
    squares = apply("SegmentSum", apply("Pow", column, 2), segments)
    result = apply("DivNoNan", total, apply("Sqrt", squares), name=scope)
    return result
