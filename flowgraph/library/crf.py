"""Linear-chain conditional random fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.rnn.cell import RNNCell
from flowgraph.library.rnn.dynamic import dynamic_rnn
from flowgraph.library.rnn.shapes import known_size
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.array import reshape
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import range as range_
from flowgraph.ops.constants import zeros_like
from flowgraph.ops.gather import gather
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.masking import sequence_mask
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.reorder import reverse_sequence
from flowgraph.ops.scan import argmax
from flowgraph.ops.select import where
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.statistics import reduce_logsumexp

__all__ = [
    "CrfDecodeBackwardRnnCell",
    "CrfDecodeForwardRnnCell",
    "CrfForwardRnnCell",
    "crf_binary_score",
    "crf_decode",
    "crf_forward",
    "crf_log_likelihood",
    "crf_log_norm",
    "crf_multitag_sequence_score",
    "crf_sequence_score",
    "crf_unary_score",
    "viterbi_decode",
]


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """The unnormalized score of a tag sequence: its potentials plus its transitions.

    Args:
        inputs: [batch, time, tags], unary potentials.
        tag_indices: [batch, time].
        sequence_lengths: [batch].
        transition_params: [tags, tags], from row to column.

    Returns:
        [batch]
    """
    return crf_unary_score(tag_indices, sequence_lengths, inputs) + crf_binary_score(
        tag_indices, sequence_lengths, transition_params
    )


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Any:
    """The sum of the potentials of a tag sequence, [batch]; arguments as `crf_sequence_score`."""
    inputs = convert_to_tensor(inputs)
    sizes = shape_of(inputs)
    batch, time, tags = sizes[0], sizes[1], sizes[2]
    tag_indices = cast(tag_indices, dtypes.int32)
    starts = expand_dims(range_(batch) * (time * tags), 1) + expand_dims(range_(time) * tags, 0)
    places = reshape(starts + tag_indices, [-1])
    scores = reshape(gather(reshape(inputs, [-1]), places), [batch, time])
    mask = sequence_mask(
        sequence_lengths, maxlen=shape_of(tag_indices)[1], dtype=inputs.dtype.base_dtype
    )
    return reduce_sum(scores * mask, 1)


def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The sum of the transitions of a tag sequence, [batch]; arguments as `crf_sequence_score`."""
    params = convert_to_tensor(transition_params)
    tags = known_size(params, 0)
    tag_indices = cast(tag_indices, dtypes.int32)
    places = tag_indices[:, :-1] * tags + tag_indices[:, 1:]
    scores = gather(reshape(params, [-1]), places)
    mask = sequence_mask(
        sequence_lengths, maxlen=shape_of(tag_indices)[1], dtype=params.dtype.base_dtype
    )
    return reduce_sum(scores * mask[:, 1:], 1)


def crf_multitag_sequence_score(
    inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any
) -> Any:
    """The log of the sum of the exponentiated scores of all tag sequences that are allowed.

    Args:
        inputs, sequence_lengths, transition_params: as `crf_sequence_score`.
        tag_bitmap: [batch, time, tags] bools: the tags allowed in each step.

    Returns:
        [batch]
    """
    inputs = convert_to_tensor(inputs)
    never = float("-inf") + zeros_like(inputs)
    return crf_log_norm(where(tag_bitmap, inputs, never), sequence_lengths, transition_params)


def crf_forward(inputs: Any, state: Any, transition_params: Any, sequence_lengths: Any) -> Any:
    """The logarithms of the forward values at the end of each sequence.

    ``a'[j] = inputs[j] + logsumexp_i(a[i] + transition[i, j])``, step by step.

    Args:
        inputs: [batch, time, tags], the potentials of the steps after the first.
        state: [batch, tags], the forward values of the first step.
        transition_params: [tags, tags].
        sequence_lengths: [batch], counting the first step.

    Returns:
        [batch, tags]
    """
    rest = maximum(convert_to_tensor(0, _lengths_dtype(sequence_lengths)), sequence_lengths - 1)
    cell = CrfForwardRnnCell(transition_params)
    _, alphas = dynamic_rnn(cell, inputs, rest, initial_state=state, dtype=dtypes.float32)
    return alphas


def _lengths_dtype(lengths: Any) -> Any:
    return convert_to_tensor(lengths).dtype.base_dtype


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The log of the sum of the exponentiated scores of all tag sequences, [batch]; 0 for a length
    of 0. Arguments as `crf_sequence_score`.
    """
    inputs = convert_to_tensor(inputs)
    lengths = convert_to_tensor(sequence_lengths)
    first = squeeze(slice_(inputs, [0, 0, 0], [-1, 1, -1]), [1])
    rest = slice_(inputs, [0, 1, 0], [-1, -1, -1])
    alphas = crf_forward(rest, first, transition_params, lengths)
    norm = reduce_logsumexp(alphas, [1])
    return where(lengths <= 0, zeros_like(norm), norm)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Any, Any]:
    """The log probability of tag sequences: `crf_sequence_score` minus `crf_log_norm`.

    Args:
        inputs: [batch, time, tags], unary potentials.
        tag_indices: [batch, time].
        sequence_lengths: [batch].
        transition_params: [tags, tags]; the variable "transitions" if None.

    Returns:
        The log probabilities, [batch], and the transition parameters.
    """
    inputs = convert_to_tensor(inputs)
    if transition_params is None:
        tags = inputs.get_shape()[2].value
        transition_params = get_variable("transitions", [tags, tags])
    scores = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    norm = crf_log_norm(inputs, sequence_lengths, transition_params)
    return scores - norm, transition_params


class CrfForwardRnnCell(RNNCell):
    """The step of the forward recursion, as a cell.

    Args:
        transition_params: [tags, tags].
    """

    def __init__(self, transition_params: Any) -> None:
        super().__init__()
        self._params = expand_dims(convert_to_tensor(transition_params), 0)
        self._num_tags = known_size(self._params, 1)

    @property
    def state_size(self) -> Any:
        return self._num_tags

    @property
    def output_size(self) -> Any:
        return self._num_tags

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: the new forward values, twice."""
        new = inputs + reduce_logsumexp(expand_dims(state, 2) + self._params, [1])
        return new, new


class CrfDecodeForwardRnnCell(RNNCell):
    """The step of Viterbi's recursion, as a cell: best scores, and where they come from.

    Args:
        transition_params: [tags, tags].
    """

    def __init__(self, transition_params: Any) -> None:
        super().__init__()
        self._params = expand_dims(convert_to_tensor(transition_params), 0)
        self._num_tags = known_size(self._params, 1)

    @property
    def state_size(self) -> Any:
        return self._num_tags

    @property
    def output_size(self) -> Any:
        return self._num_tags

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: for each tag the best tag before it, and the best score."""
        scores = expand_dims(state, 2) + self._params
        return cast(argmax(scores, 1), dtypes.int32), inputs + reduce_max(scores, [1])


class CrfDecodeBackwardRnnCell(RNNCell):
    """The step back along the best path, as a cell.

    Args:
        num_tags: the number of tags.
    """

    def __init__(self, num_tags: int) -> None:
        super().__init__()
        self._num_tags = num_tags

    @property
    def state_size(self) -> Any:
        return 1

    @property
    def output_size(self) -> Any:
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: the tag before, [batch, 1], twice."""
        sizes = shape_of(inputs)
        places = range_(sizes[0]) * sizes[1] + squeeze(state, [1])
        before = expand_dims(gather(reshape(inputs, [-1]), places), 1)
        return before, before


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[Any, Any]:
    """The tag sequences with the highest scores, by Viterbi's algorithm.

    Args:
        potentials: [batch, time, tags], unary potentials.
        transition_params: [tags, tags].
        sequence_length: [batch].

    Returns:
        The tags [batch, time], int32, and their scores [batch].
    """
    potentials = convert_to_tensor(potentials)
    lengths = convert_to_tensor(sequence_length)
    zero = convert_to_tensor(0, lengths.dtype.base_dtype)
    rest = maximum(zero, lengths - 1)
    num_tags = potentials.get_shape()[2].value
    first = squeeze(slice_(potentials, [0, 0, 0], [-1, 1, -1]), [1])
    # With one step appended that belongs to no sequence, there is always a loop to run.
    appended = concat([potentials[:, 1:], zeros_like(potentials[:, :1])], 1)
    pointers, last_score = dynamic_rnn(
        CrfDecodeForwardRnnCell(transition_params),
        appended,
        sequence_length=rest,
        initial_state=first,
        dtype=dtypes.int32,
        scope="crf_decode_forward",
    )
    pointers = reverse_sequence(pointers, rest, seq_axis=1, batch_axis=0)
    last = expand_dims(cast(argmax(last_score, 1), dtypes.int32), 1)
    path, _ = dynamic_rnn(
        CrfDecodeBackwardRnnCell(num_tags),
        pointers,
        sequence_length=rest,
        initial_state=last,
        dtype=dtypes.int32,
        scope="crf_decode_backward",
    )
    tags = concat([last, squeeze(path, [2])], 1)[:, :-1]
    return reverse_sequence(tags, lengths, seq_axis=1, batch_axis=0), reduce_max(last_score, 1)


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """The tag sequence with the highest score, computed at once with NumPy.

    >>> tags, score = viterbi_decode([[1.0, 0.0], [0.0, 0.5]], [[0.0, -1.0], [0.0, 0.0]])
    >>> tags, float(score)
    ([0, 0], 1.0)

    Args:
        score: [time, tags], unary potentials.
        transition_params: [tags, tags].

    Returns:
        The list of tags, and their score.
    """
    score, params = np.asarray(score), np.asarray(transition_params)
    best = score[0]
    pointers = []
    for potentials in score[1:]:
        through = best[:, None] + params
        pointers.append(np.argmax(through, 0))
        best = potentials + np.max(through, 0)
    tags = [int(np.argmax(best))]
    for pointer in reversed(pointers):
        tags.append(int(pointer[tags[-1]]))
    return tags[::-1], np.max(best)
