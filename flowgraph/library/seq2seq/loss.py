"""Cross-entropy of sequences, weighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.ops.array import reshape
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.rounding import div_no_nan
from flowgraph.ops.statistics import count_nonzero

__all__ = ["sequence_loss"]


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross-entropy of a batch of sequences.

    Averages divide by the sum of the weights, sums by the number of weights that are not 0.

    Args:
        logits: [batch, time, classes].
        targets: [batch, time] classes.
        weights: [batch, time]; 0 beyond the end of a sequence.
        average_across_timesteps, average_across_batch: the axes that are averaged over.
        sum_over_timesteps, sum_over_batch: the axes that are summed over, in place of averaging.
        softmax_loss_function: ``f(labels=..., logits=...)`` in place of the sparse cross-entropy.

    Returns:
        A scalar, or what is left: [batch], [time] or [batch, time].

    Raises:
        ValueError: if a rank is wrong, or an axis is to be both averaged and summed over.
    """
    if len(logits.get_shape()) != 3:
        raise ValueError("Logits must be a [batch_size x sequence_length x logits] tensor")
    if len(targets.get_shape()) != 2:
        raise ValueError("Targets must be a [batch_size x sequence_length] tensor")
    if len(weights.get_shape()) != 2:
        raise ValueError("Weights must be a [batch_size x sequence_length] tensor")
    if average_across_timesteps and sum_over_timesteps:
        raise ValueError(
            "average_across_timesteps and sum_over_timesteps cannot be set to True at same time."
        )
    if average_across_batch and sum_over_batch:
        raise ValueError(
            "average_across_batch and sum_over_batch cannot be set to True at same time."
        )
    if average_across_batch and sum_over_timesteps:
        raise ValueError(
            "average_across_batch and sum_over_timesteps cannot be set to True at same time "
            "because of ambiguous order."
        )
    if sum_over_batch and average_across_timesteps:
        raise ValueError(
            "sum_over_batch and average_across_timesteps cannot be set to True at same time "
            "because of ambiguous order."
        )
    over_time = average_across_timesteps or sum_over_timesteps
    over_batch = average_across_batch or sum_over_batch
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        flat_logits = reshape(logits, [-1, shape_of(logits)[2]])
        flat_targets = reshape(targets, [-1])
        loss_of = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        loss = loss_of(labels=flat_targets, logits=flat_logits) * reshape(weights, [-1])
        loss = reshape(loss, shape_of(logits)[0:2])
        loss.set_shape(targets.get_shape().merge_with(logits.get_shape()[:2]))
        axes = [axis for axis, reduced in ((0, over_batch), (1, over_time)) if reduced]
        if not axes:
            return loss
        if sum_over_timesteps or sum_over_batch:
            total = cast(count_nonzero(weights, axes), loss.dtype)
        else:
            total = reduce_sum(weights, axes)
        return div_no_nan(reduce_sum(loss, axes), total)
