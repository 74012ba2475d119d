"""Connectionist temporal classification of labels in dense matrices."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants, select
from flowgraph.ops.arithmetic import subtract
from flowgraph.ops.cast import cast
from flowgraph.ops.ctc import ctc_loss
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.masking import boolean_mask, sequence_mask
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.scatter import gather_nd, scatter_nd

__all__ = ["collapse_repeated", "ctc_loss_v2"]


def collapse_repeated(
    labels: Any, seq_length: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Labels without those that repeat the one before.

    Args:
        labels: [batch, longest].
        seq_length: int [batch], how many labels of each row count.

    Returns:
        [batch, longest left], padded with 0; and how many labels are left of each row.
    """
    with name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels = convert_to_tensor(labels, name="labels")
        lengths = convert_to_tensor(seq_length, name="seq_length")
        first = constants.ones_like(labels[:, :1], dtypes.bool)
        changes = concat([first, apply("NotEqual", labels[:, 1:], labels[:, :-1])], 1)
        counted = sequence_mask(lengths, array.shape(labels)[1])
        kept = apply("LogicalAnd", changes, counted)
        left = reduce_sum(cast(kept, lengths.dtype), 1)
        longest = reduce_max(left)
        places = select.where_v2(sequence_mask(left, longest))
        shape = stack([cast(array.shape(labels)[0], dtypes.int64), cast(longest, dtypes.int64)])
        collapsed = scatter_nd(places, boolean_mask(labels, kept), shape)
        return collapsed, left


def _sparse_labels(labels: Any, label_length: Any) -> SparseTensor:
    dense = convert_to_tensor(labels, name="labels")
    shape = array.shape(dense, out_type=dtypes.int64)
    places = select.where_v2(sequence_mask(label_length, shape[1]))
    return SparseTensor(places, gather_nd(dense, places), shape)


def ctc_loss_v2(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Tensor:
    """The CTC loss of labels in a dense matrix, see `ctc_loss`.

    Args:
        labels: int [batch, longest]; or a sparse matrix.
        logits: [steps, batch, classes].
        label_length: int [batch], how many labels of each row count; None if they are sparse.
        logit_length: int32 [batch], how many steps of each sequence count.
        logits_time_major: False if `logits` is [batch, steps, classes].
        unique: what `ctc_unique_labels` made; not needed here.
        blank_index: which class is the blank, from the end if negative; 0 by default.

    Returns:
        [batch].

    Raises:
        ValueError: if the labels are sparse and there is no `blank_index`.
    """
    with name_scope(name, "ctc_loss", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        if isinstance(labels, SparseTensor):
            if blank_index is None:
                raise ValueError("blank_index must be given when using SparseTensor labels.")
            sparse = labels
        else:
            sparse = _sparse_labels(labels, label_length)
        classes: Any = None if logits.dims is None else logits.dims[2]
        if classes is None:
            classes = array.shape(logits)[2]
        blank: Any = 0 if blank_index is None else blank_index
        if blank < 0:
            blank = blank + classes
        if type(blank) is Tensor or type(classes) is Tensor or blank != classes - 1:
            before, behind = logits[:, :, :blank], logits[:, :, blank + 1 :]
            logits = concat([before, behind, logits[:, :, blank : blank + 1]], 2)
            values = sparse.values
            lower = apply("Less", values, cast(blank, values.dtype))
            values = select.where_v2(lower, values, subtract(values, 1))
            sparse = SparseTensor(sparse.indices, values, sparse.dense_shape)
        values = cast(sparse.values, dtypes.int32)
        return ctc_loss(
            SparseTensor(sparse.indices, values, sparse.dense_shape),
            logits,
            cast(logit_length, dtypes.int32),
            time_major=logits_time_major,
        )
