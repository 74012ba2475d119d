"""Following beams back from their ends: `gather_tree`."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Tensor

__all__ = ["gather_tree"]


@op(
    "GatherTree",
    "step_ids: T, parent_ids: T, max_sequence_lengths: int32, end_token: T -> beams: T",
    T=(dtypes.int32,),
)
class GatherTree:
    """The sequences that beams stand for, from the symbols and parents of each step.

    ``beams[t, b, k]`` is the symbol at step t on the way that leads to the last beam k of batch
    entry b. From a sequence's first `end_token` on, and past the longest length of its batch
    entry, there are only end tokens.
    """

    grad = None

    def shape(
        step_ids: Operand, parent_ids: Operand, max_sequence_lengths: Operand, end_token: Operand
    ) -> Dims:
        for operand, rank in (
            (step_ids, 3),
            (parent_ids, 3),
            (max_sequence_lengths, 1),
            (end_token, 0),
        ):
            if operand.dims is not None and len(operand.dims) != rank:
                raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
        steps = dims.merge(dims.merge(step_ids.dims, parent_ids.dims), (None, None, None))
        assert steps is not None
        batch = dims.merge((steps[1],), max_sequence_lengths.dims)
        assert batch is not None
        return (steps[0], batch[0], steps[2])

    def numpy(step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any) -> Any:
        if step_ids.shape != parent_ids.shape:
            raise errors.InvalidArgumentError(
                None, None, "step_ids.shape must match parent_ids.shape"
            )
        steps, batch, width = step_ids.shape
        beams = np.full(step_ids.shape, end_token, step_ids.dtype)
        lengths = np.minimum(max_sequence_lengths, steps)[:, None]
        rows = np.arange(batch)[:, None]
        chosen = np.broadcast_to(np.arange(width), (batch, width)).copy()
        for step in range(steps - 1, -1, -1):
            inside = step < lengths
            beams[step] = np.where(inside, step_ids[step][rows, chosen], end_token)
            parents = parent_ids[step][rows, chosen]
            wrong = inside & ((parents < 0) | (parents >= width))
            if step > 0 and wrong.any():
                entry, beam = np.argwhere(wrong)[0].tolist()
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"Saw invalid parent id {parents[entry, beam]} at (batch, time, beam) == "
                    f"({entry}, {step}, {beam})",
                )
            chosen = np.where(inside, parents, chosen) if step > 0 else chosen
        ended = np.logical_or.accumulate(beams == end_token, axis=0)
        beams[ended] = end_token
        return beams


def gather_tree(
    step_ids: Any,
    parent_ids: Any,
    max_sequence_lengths: Any,
    end_token: Any,
    name: str | None = None,
) -> Tensor:
    """The whole sequences of a beam search.

    >>> import flowgraph as tf
    >>> tree = tf.contrib.seq2seq.gather_tree(
    ...     step_ids=[[[1, 2]], [[3, 4]]], parent_ids=[[[0, 0]], [[1, 0]]],
    ...     max_sequence_lengths=[2], end_token=9)
    >>> with tf.Session() as session:
    ...     session.run(tree).tolist()
    [[[2, 1]], [[3, 4]]]

    Args:
        step_ids: [time, batch, beam] integers: the symbol each beam got in each step.
        parent_ids: [time, batch, beam] integers: the beam of the step before that it continues.
        max_sequence_lengths: [batch]: the longest sequence of each batch entry.
        end_token: the symbol that ends a sequence and fills what lies behind its end.

    Returns:
        [time, batch, beam] symbols.
    """
    with name_scope(name, "GatherTree") as scope:
        result: Tensor = apply(
            "GatherTree", step_ids, parent_ids, max_sequence_lengths, end_token, name=scope
        )
        return result
