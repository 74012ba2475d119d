"""Embeddings of sparse ids of which some rows may be empty or invalid."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants, select
from flowgraph.ops.cast import cast
from flowgraph.ops.embedding import embedding_lookup_sparse
from flowgraph.ops.gather import gather
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.sparse_functions import sparse_retain
from flowgraph.ops.sparse_order import sparse_fill_empty_rows, sparse_reshape

__all__ = ["safe_embedding_lookup_sparse"]


def _as_matrix(ids: SparseTensor, rank: Any) -> SparseTensor:
    shape = ids.dense_shape
    rows = reduce_prod(slice_(shape, [0], [rank - 1]))
    return sparse_reshape(ids, stack([rows, gather(shape, rank - 1)]))


def _valid(
    ids: SparseTensor, weights: SparseTensor | None, combiner: str
) -> tuple[SparseTensor, SparseTensor | None]:
    """Without negative ids and, but for the combiner "sum", without weights of 0 and less."""
    kept = apply("GreaterEqual", ids.values, 0)
    if weights is None:
        return sparse_retain(ids, kept), None
    kept = apply("LogicalAnd", kept, apply("Greater", weights.values, 0))
    ids, weights = sparse_retain(ids, kept), sparse_retain(weights, kept)
    if combiner != "sum":
        kept = apply("Greater", weights.values, 0)
        ids, weights = sparse_retain(ids, kept), sparse_retain(weights, kept)
    return ids, weights


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: float | None = None,
) -> Tensor:
    """Rows of an embedding combined per row of sparse ids; zeros for a row without any.

    Ids below 0 are left out, and so are those with a weight of 0 or less.

    Args:
        embedding_weights: a matrix, or a list of parts of one (see `embedding_lookup`).
        sparse_ids: a sparse tensor of rank 2 or more, whose last axis is combined.
        sparse_weights: their weights, in the same places; None for 1.
        combiner: "sum", "mean" or "sqrtn", see `embedding_lookup_sparse`.
        default_id: its row stands where there are no ids, instead of zeros.
        partition_strategy: "mod" or "div".
        max_norm: scale down the rows with a larger norm.

    Returns:
        Of the shape of `sparse_ids` with its last axis replaced by that of the embeddings.

    Raises:
        ValueError: if there are no embeddings.
    """
    if embedding_weights is None or (isinstance(embedding_weights, list) and not embedding_weights):
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    parts = embedding_weights if isinstance(embedding_weights, list) else [embedding_weights]
    if hasattr(embedding_weights, "_get_variable_list"):
        parts = list(embedding_weights)
    with name_scope(name, "embedding_lookup", [*parts, sparse_ids.values]) as scope:
        original = sparse_ids.dense_shape
        known_rank = original.shape[0].value
        rank: Any = array.size(original) if known_rank is None else known_rank
        ids = _as_matrix(sparse_ids, rank)
        weights = None
        if sparse_weights is not None:
            weights = SparseTensor(ids.indices, sparse_weights.values, ids.dense_shape)
        ids, weights = _valid(ids, weights, combiner)
        ids, empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        found = embedding_lookup_sparse(
            parts,
            ids,
            weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            width = stack([1, array.shape(found)[1]])
            empty = array.tile(array.reshape(empty, [-1, 1]), width)
            found = select.where(empty, constants.zeros_like(found), found, name=scope)
        lead = slice_(cast(original, dtypes.int32), [0], [rank - 1])
        result = array.reshape(found, concat([lead, slice_(array.shape(found), [1], [-1])], 0))
        if known_rank is not None and found.dims is not None:
            result.set_shape([None] * (known_rank - 1) + list(found.dims[1:]))
        return result
