"""Cross-entropy of lists of outputs, weighted, and models unrolled for several lengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable_scope
from flowgraph.ops.array import reshape
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.cross_entropy import sparse_softmax_cross_entropy_with_logits
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.sums import add_n

__all__ = ["model_with_buckets", "sequence_loss", "sequence_loss_by_example"]


def sequence_loss_by_example(
    logits: list[Any],
    targets: list[Any],
    weights: list[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """Each sequence's cross-entropy, summed over its steps: ``sum_t weights[t] * loss[t]``.

    Args:
        logits: a list of tensors [batch, classes], one per step.
        targets: a list of tensors [batch] of classes.
        weights: a list of tensors [batch].
        average_across_timesteps: divide by the sum of the weights.
        softmax_loss_function: ``f(labels=..., logits=...)`` in place of the sparse cross-entropy.

    Returns:
        A tensor [batch].

    Raises:
        ValueError: if the lists are not equally long.
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError(
            "Lengths of logits, weights, and targets must be the same "
            f"{len(logits)}, {len(weights)}, {len(targets)}."
        )
    with name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        losses = []
        for logit, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is None:
                flat = reshape(target, [-1])
                loss = sparse_softmax_cross_entropy_with_logits(labels=flat, logits=logit)
            else:
                loss = softmax_loss_function(labels=target, logits=logit)
            losses.append(loss * weight)
        total = add_n(losses)
        if average_across_timesteps:
            # Just to avoid a division by zero, where all weights are.
            total = total / (add_n(weights) + 1e-12)
        return total


def sequence_loss(
    logits: list[Any],
    targets: list[Any],
    weights: list[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., Any] | None = None,
    name: str | None = None,
) -> Any:
    """The sum of `sequence_loss_by_example` over the batch, a scalar.

    Args:
        average_across_batch: divide by the size of the batch.
        logits, targets, weights, average_across_timesteps, softmax_loss_function: as there.

    Raises:
        ValueError: if the lists are not equally long.
    """
    with name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        cost = reduce_sum(
            sequence_loss_by_example(
                logits, targets, weights, average_across_timesteps, softmax_loss_function
            )
        )
        if average_across_batch:
            return cost / cast(shape_of(targets[0])[0], cost.dtype)
        return cost


def model_with_buckets(
    encoder_inputs: list[Any],
    decoder_inputs: list[Any],
    targets: list[Any],
    weights: list[Any],
    buckets: list[tuple[int, int]],
    seq2seq: Callable[[list[Any], list[Any]], Any],
    softmax_loss_function: Callable[..., Any] | None = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list[Any], list[Any]]:
    """A model for several pairs of lengths, which share their variables.

    Args:
        encoder_inputs, decoder_inputs: lists of inputs, one per step.
        targets, weights: lists as in `sequence_loss`.
        buckets: pairs of the lengths of input and output, the longest last.
        seq2seq: ``f(encoder_inputs, decoder_inputs)`` to a list of outputs and a state.
        softmax_loss_function: as in `sequence_loss`.
        per_example_loss: give `sequence_loss_by_example`, else `sequence_loss`.

    Returns:
        The outputs and the losses, one entry per bucket.

    Raises:
        ValueError: if a list is shorter than the last bucket.
    """
    for what, values, least in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]),
        ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):
        if len(values) < least:
            raise ValueError(
                f"Length of {what} ({len(values)}) must be at least that of last bucket ({least})."
            )
    outputs, losses = [], []
    loss = sequence_loss_by_example if per_example_loss else sequence_loss
    everything = [*encoder_inputs, *decoder_inputs, *targets, *weights]
    with name_scope(name, "model_with_buckets", everything):
        for number, (longest_in, longest_out) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if number > 0 else None):
                made, _ = seq2seq(encoder_inputs[:longest_in], decoder_inputs[:longest_out])
                outputs.append(made)
                losses.append(
                    loss(
                        made,
                        targets[:longest_out],
                        weights[:longest_out],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses
