"""One step of a beam search, and the reordering of what belongs to beams."""

from __future__ import annotations

import collections
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.structure import map_structure
from flowgraph.graph.tensor import Tensor
from flowgraph.library.rnn.shapes import known_size
from flowgraph.library.seq2seq.attention_wrapper import AttentionWrapperState
from flowgraph.ops.arithmetic import minimum
from flowgraph.ops.array import reshape, tile
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.beam import gather_tree
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import fill, ones_like
from flowgraph.ops.constants import range as range_
from flowgraph.ops.gather import gather
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims, transpose
from flowgraph.ops.logic import equal, logical_not, logical_or
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.reduce import reduce_all, reduce_max, reduce_sum
from flowgraph.ops.reorder import top_k
from flowgraph.ops.rounding import floordiv, floormod
from flowgraph.ops.select import where
from flowgraph.ops.softmax import log_softmax
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.transcendental import log

__all__ = [
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "beam_search_step",
    "gather_beams",
    "gather_tree_from_array",
    "seen_so_far",
    "tile_batch",
]


class BeamSearchDecoderState(
    collections.namedtuple(
        "BeamSearchDecoderState",
        ("cell_state", "log_probs", "finished", "lengths", "accumulated_attention_probs"),
    )
):
    """The state of a beam search; everything but the cell's state is [batch, beam, ...]."""


class BeamSearchDecoderOutput(
    collections.namedtuple("BeamSearchDecoderOutput", ("scores", "predicted_ids", "parent_ids"))
):
    """What a step puts out, [batch, beam]: scores, symbols, and the beams they continue."""


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Each entry of a batch `multiplier` times in a row: ``[b, ...]`` to ``[b * multiplier, ...]``.

    Args:
        t: a tensor of rank 1 or more, or a structure of them.
        multiplier: how often.

    Raises:
        ValueError: if the rank is 0 or not known.
    """
    with name_scope(name, "tile_batch", [multiplier]):
        return map_structure(lambda each: _tiled(each, multiplier), t)


def _tiled(t: Any, multiplier: int) -> Tensor:
    t = convert_to_tensor(t, name="t")
    if not t.get_shape().ndims:
        raise ValueError("t must have statically known rank of at least 1")
    rank = t.get_shape().ndims
    static = t.get_shape().as_list()
    sizes = shape_of(t)
    repeated = tile(expand_dims(t, 1), [1, multiplier, *[1] * (rank - 1)])
    made = reshape(repeated, concat([[sizes[0] * multiplier], sizes[1:]], 0))
    first = None if static[0] is None else static[0] * multiplier
    made.set_shape([first, *static[1:]])
    return made


def gather_beams(values: Any, beam_ids: Any, batch_size: Any, beam_width: Any) -> Any:
    """``values[b, beam_ids[b, k]]`` for each beam k, of values [batch, beam, ...]."""
    offsets = expand_dims(range_(batch_size) * beam_width, 1)
    sizes = shape_of(values)
    rows = reshape(values, concat([[-1], sizes[2:]], 0))
    chosen = gather(rows, reshape(beam_ids + offsets, [-1]))
    made = reshape(chosen, concat([shape_of(beam_ids), sizes[2:]], 0))
    made.set_shape(beam_ids.get_shape()[:2].concatenate(values.get_shape()[2:]))
    return made


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> Any:
    """What each step kept for a beam, in the order of the sequences that were found.

    Args:
        t: a `TensorArray` or a tensor, [time, batch, beam, ...] or [time, batch * beam, ...].
        parent_ids: [time, batch, beam]: the beam of the step before that each one continues.
        sequence_length: [batch, beam].

    Returns:
        A tensor shaped as `t`.
    """
    t = t.stack() if isinstance(t, TensorArray) else convert_to_tensor(t)
    sizes = shape_of(parent_ids)
    steps, batch_size, beam_width = sizes[0], sizes[1], sizes[2]
    own = tile(reshape(range_(beam_width), [1, 1, -1]), [steps, batch_size, 1])
    longest = cast(reduce_max(sequence_length, axis=1), dtypes.int32)
    sorted_ids = gather_tree(own, parent_ids, longest, beam_width + 1)
    inside = transpose(sequence_mask(sequence_length, maxlen=steps), [2, 0, 1])
    sorted_ids = where(inside, sorted_ids, own)
    flat = reshape(t, [steps * batch_size, beam_width, -1])
    beams = reshape(sorted_ids, [-1, beam_width])
    ordered = gather_beams(flat, beams, steps * batch_size, beam_width)
    made = reshape(ordered, shape_of(t))
    made.set_shape(t.get_shape())
    return made


def seen_so_far(cell_state: Any, coverage_penalty_weight: Any) -> Any:
    """The sum of the alignments in a state, for the coverage penalty; () where there is none.

    Raises:
        ValueError: if a penalty is wanted and the state has no alignments.
    """
    known = convert_to_tensor(coverage_penalty_weight).const_value()
    if known is not None and known == 0:
        return ()
    parts: list[Any] = []
    if isinstance(cell_state, AttentionWrapperState):
        parts = [cell_state]
    elif isinstance(cell_state, list | tuple):
        parts = [each for each in cell_state if isinstance(each, AttentionWrapperState)]
    weights: list[Any] = []
    for each in parts:
        alignments = each.alignments
        weights.extend(alignments if isinstance(alignments, tuple) else [alignments])
    if not weights:
        raise ValueError(
            "AttentionWrapperState must have attention weights for the coverage penalty"
        )
    return concat(weights, -1) if len(weights) > 1 else weights[0]


def _length_penalty(lengths: Any, weight: Any) -> Any:
    """``((5 + lengths) / 6) ** weight`` (Wu et al. 2016); None for the weight 0."""
    weight = convert_to_tensor(weight, name="penalty_factor")
    if weight.get_shape().ndims != 0:
        raise ValueError(f"penalty_factor should be a scalar, but saw shape: {weight.shape}")
    known = weight.const_value()
    if known is not None and known == 0:
        return None
    return ((5.0 + cast(lengths, dtypes.float32)) / 6.0) ** weight


def _scores(
    log_probs: Any, lengths: Any, length_weight: Any, coverage_weight: Any, done: Any, seen: Any
) -> Any:
    penalty = _length_penalty(lengths, length_weight)
    scores = log_probs if penalty is None else log_probs / cast(penalty, log_probs.dtype)
    coverage_weight = convert_to_tensor(coverage_weight, name="coverage_penalty_weight")
    if coverage_weight.get_shape().ndims != 0:
        raise ValueError(
            f"coverage_penalty_weight should be a scalar, but saw shape: {coverage_weight.shape}"
        )
    if isinstance(seen, tuple):
        return scores
    # Steps past the end of the memory were never seen, and are not to be missed.
    covered = where(equal(seen, 0.0), ones_like(seen), seen)
    missing = reduce_sum(log(minimum(covered, 1.0)), 2) * cast(done, dtypes.float32)
    return scores + expand_dims(missing * coverage_weight, 2)


def _ended_alone(log_probs: Any, end_token: Any, finished: Any) -> Any:
    """Log probabilities with which a finished beam goes on by the end token only."""
    classes = known_size(log_probs, 2)
    lowest = log_probs.dtype.base_dtype.min
    row = one_hot(end_token, classes, 0.0, lowest, dtype=log_probs.dtype)
    sizes = concat([shape_of(finished), [1]], 0)
    rows = tile(reshape(row, [1, 1, -1]), sizes)
    return where(tile(expand_dims(finished, 2), [1, 1, classes]), rows, log_probs)


def beam_search_step(
    logits: Any,
    next_cell_state: Any,
    state: BeamSearchDecoderState,
    batch_size: Any,
    beam_width: int,
    end_token: Any,
    length_penalty_weight: Any,
    coverage_penalty_weight: Any,
    reorder: Any,
) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
    """The best continuations of all beams of each batch entry.

    Args:
        logits: [batch, beam, classes].
        next_cell_state: the cell's state after the step.
        state: that of the search before it.
        reorder: from cell state and the chosen beams to the chosen beams' cell state.
    """
    finished = state.finished
    going_on = cast(logical_not(finished), dtypes.int64)
    log_probs = _ended_alone(log_softmax(logits), end_token, finished)
    totals = expand_dims(state.log_probs, 2) + log_probs
    classes = known_size(logits, -1)
    ends = one_hot(
        fill([batch_size, beam_width], end_token),
        classes,
        convert_to_tensor(0, dtypes.int64),
        convert_to_tensor(1, dtypes.int64),
        dtype=dtypes.int64,
    )
    lengths = ends * expand_dims(going_on, 2) + expand_dims(state.lengths, 2)
    seen = seen_so_far(next_cell_state, coverage_penalty_weight)
    if not isinstance(seen, tuple):
        seen = seen * expand_dims(cast(going_on, dtypes.float32), 2)
        seen = seen + state.accumulated_attention_probs
    all_done = reduce_all(finished, axis=1, keepdims=True)
    scores = _scores(
        totals, lengths, length_penalty_weight, coverage_penalty_weight, all_done, seen
    )
    best, places = top_k(reshape(scores, [batch_size, -1]), k=beam_width)
    symbols = cast(floormod(places, classes), dtypes.int32)
    beams = cast(floordiv(places, classes), dtypes.int32)
    for each in (best, symbols, beams):
        each.set_shape([_static(batch_size), beam_width])

    def chosen(values: Any) -> Any:
        return gather_beams(values, beams, batch_size, beam_width)

    was_finished = chosen(finished)
    flat_totals = reshape(totals, [batch_size, -1])
    next_log_probs = gather_beams(flat_totals, places, batch_size, beam_width * classes)
    new_state = BeamSearchDecoderState(
        cell_state=map_structure(lambda each: reorder(each, beams), next_cell_state),
        log_probs=next_log_probs,
        finished=logical_or(was_finished, equal(symbols, end_token)),
        lengths=chosen(state.lengths) + cast(logical_not(was_finished), dtypes.int64),
        accumulated_attention_probs=seen if isinstance(seen, tuple) else chosen(seen),
    )
    return BeamSearchDecoderOutput(best, symbols, beams), new_state


def _static(size: Any) -> int | None:
    known = convert_to_tensor(size).const_value()
    return None if known is None else int(known)
