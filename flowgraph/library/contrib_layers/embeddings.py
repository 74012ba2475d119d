"""Embeddings of sequences and bags of words (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.outputs import collect_named_outputs
from flowgraph.library.contrib_layers.variables import model_variable
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.gather import gather
from flowgraph.ops.joining import concat
from flowgraph.ops.reduce import reduce_mean
from flowgraph.ops.sets import unique
from flowgraph.ops.sparse_embedding import safe_embedding_lookup_sparse

__all__ = ["bow_encoder", "dense_to_sparse", "embed_sequence", "embedding_lookup_unique"]

Function = Callable[..., Any] | None


def embedding_lookup_unique(
    params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None
) -> Any:
    """`embedding_lookup`, looking each id up only once however often it occurs.

    Args:
        params: a table, or several that are its parts.
        ids: int32 or int64, of any shape.

    Raises:
        ValueError: if there is no table.
    """
    with name_scope(name, "EmbeddingLookupUnique", [ids]):
        ids = convert_to_tensor(ids)
        shape = array.shape(ids)
        distinct, places = unique(array.reshape(ids, [-1]))
        rows = embedding_lookup(params, distinct, partition_strategy)
        found = gather(rows, places)
        width = array.shape(rows)[1:]
        result = array.reshape(found, concat([shape, width], 0))
        if ids.dims is not None and rows.dims is not None:
            result.set_shape([*ids.dims, *rows.dims[1:]])
        return result


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Function = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Any:
    """Each id of sequences replaced by its row of a table of embeddings.

    Args:
        ids: int32 or int64 [batch, length].
        vocab_size, embed_dim: the shape of the table; not needed to reuse one.
        unique: look each id up only once however often it occurs.
        scope: the variable scope; by default "EmbedSequence", made unique.
        reuse: True to use the table of an earlier call of that scope.

    Returns:
        [batch, length, embed_dim]

    Raises:
        ValueError: if a new table would have no shape.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "Must specify vocab size and embedding dimension when not reusing. Got "
            f"vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        known = vocab_size is not None and embed_dim is not None
        embeddings = model_variable(
            "embeddings",
            shape=[vocab_size, embed_dim] if known else None,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if unique:
            return embedding_lookup_unique(embeddings, ids)
        return embedding_lookup(embeddings, ids)


@add_arg_scope
def dense_to_sparse(
    tensor: Any, eos_token: Any = 0, outputs_collections: Any = None, scope: Any = None
) -> SparseTensor:
    """The elements of a dense tensor that are not `eos_token`, with their places."""
    with variable_scope(scope, "dense_to_sparse", [tensor]) as entered:
        tensor = convert_to_tensor(tensor)
        token = constant(eos_token, tensor.dtype)
        places = apply("Where", apply("NotEqual", tensor, token))
        values = apply("GatherNd", tensor, places)
        shape = array.shape(tensor, out_type=dtypes.int64)
        outputs = SparseTensor(places, values, shape)
        if outputs_collections:
            collect_named_outputs(outputs_collections, entered.name, outputs.values)
        return outputs


def bow_encoder(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    sparse_lookup: bool = True,
    initializer: Any = None,
    regularizer: Function = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: bool | None = None,
) -> Any:
    """The mean embedding of the ids of each example.

    Args:
        ids: int32 or int64 [batch, length], dense or sparse; with `sparse_lookup` the zeros of
            dense ones are left out.
        vocab_size, embed_dim: the shape of the table.
        sparse_lookup: whether to look up by sparse ids; an example without any has the row 0.
        scope: the variable scope; by default "bow_encoder", made unique.

    Returns:
        [batch, embed_dim]

    Raises:
        TypeError: for sparse ids without `sparse_lookup`.
    """
    with variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        embeddings = model_variable(
            "embeddings",
            shape=[vocab_size, embed_dim],
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        if not sparse_lookup:
            if isinstance(ids, SparseTensor):
                raise TypeError(f"ids are expected to be dense Tensor, got: {ids}")
            return reduce_mean(embedding_lookup(embeddings, ids), axis=1)
        sparse = ids if isinstance(ids, SparseTensor) else dense_to_sparse(ids)
        return safe_embedding_lookup_sparse([embeddings], sparse, combiner="mean", default_id=0)
