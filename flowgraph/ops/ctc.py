"""Connectionist temporal classification: loss and decoders."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import ctc_decoding, ctc_kernels
from flowgraph.ops.layout import transpose
from flowgraph.ops.sample_values import f32, i32, i64
from flowgraph.ops.sparse_kernels import checked_rank

__all__ = [
    "ctc_beam_search_decoder",
    "ctc_beam_search_decoder_v2",
    "ctc_greedy_decoder",
    "ctc_loss",
]

Gradients = list[Any]
TYPES = types((dtypes.float32, dtypes.float64), dtypes.float32)
LOGITS = np.sin(np.arange(48.0) * 1.7).reshape(6, 2, 4) * 2
PLACES = i64([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]])
LABELS = i32([0, 1, 1, 2, 0])
LENGTHS = i32([6, 4])
SIGNATURE = (
    "inputs: T, labels_indices: int64, labels_values: int32, sequence_length: int32 "
    "-> loss: T, gradient: T"
)


def _batch(inputs: Operand, lengths: Operand) -> tuple[Dims, int | None]:
    """The shape of the inputs, and the size of the batch."""
    steps, batch, classes = dims.with_rank(checked_rank(inputs, 3), 3)
    (count,) = dims.with_rank(checked_rank(lengths, 1), 1)
    if None not in (batch, count) and batch != count:
        raise ValueError(f"Dimensions must be equal, but are {batch} and {count}")
    size = count if batch is None else batch
    return (steps, size, classes), size


@op(
    "CTCLoss",
    SIGNATURE,
    preprocess_collapse_repeated=False,
    ctc_merge_repeated=True,
    ignore_longer_outputs_than_inputs=False,
    T=TYPES,
)
class CTCLoss:
    """The negative logarithm of the probability of each label sequence, and its gradient."""

    samples = (
        case(f32(LOGITS), PLACES, LABELS, LENGTHS),
        case(f32(LOGITS), PLACES, LABELS, LENGTHS, ctc_merge_repeated=False),
        case(f32(LOGITS), PLACES, LABELS, LENGTHS, preprocess_collapse_repeated=True),
        case(f32(LOGITS), PLACES[1:4], i32([1, 3, 1]), i32([5, 6])),
        case(f32(LOGITS), PLACES, LABELS, i32([2, 6]), ignore_longer_outputs_than_inputs=True),
        case(f32(LOGITS[:4]), PLACES, i32([1, 1, 1, 2, 2]), i32([4, 4])),
        case(LOGITS, PLACES, LABELS, i32([2, 6]), raises="Not enough time for target transition"),
        case(LOGITS, PLACES[:3], LABELS[:3], LENGTHS, raises="Labels length is zero in batch 1"),
        case(LOGITS, PLACES, -LABELS, LENGTHS, raises="must be nonnegative integers"),
        case(LOGITS, PLACES, LABELS + 2, LENGTHS, raises="Saw a non-null label"),
        case(LOGITS, PLACES, LABELS, LENGTHS + 2, raises=r"sequence_length\(0\) <= 6"),
        case(LOGITS[0], PLACES, LABELS, LENGTHS, raises="must be rank 3 but is rank 2|3-Tensor"),
    )

    def shape(inputs: Operand, indices: Operand, values: Operand, lengths: Operand) -> list[Dims]:
        whole, size = _batch(inputs, lengths)
        rows, _ = dims.with_rank(checked_rank(indices, 2), 2)
        (count,) = dims.with_rank(checked_rank(values, 1), 1)
        if None not in (rows, count) and rows != count:
            raise ValueError(f"Dimensions must be equal, but are {rows} and {count}")
        return [(size,), whole]

    def numpy(
        inputs: Any,
        indices: Any,
        values: Any,
        lengths: Any,
        *,
        preprocess_collapse_repeated: bool,
        ctc_merge_repeated: bool,
        ignore_longer_outputs_than_inputs: bool,
    ) -> Any:
        return ctc_kernels.loss_and_gradient(
            inputs,
            indices,
            values,
            lengths,
            preprocess_collapse_repeated,
            ctc_merge_repeated,
            ignore_longer_outputs_than_inputs,
        )

    def grad(op: Operation, dloss: Tensor, _: Any) -> Gradients:
        message = "ctc_loss has no second derivative: its gradient is an output of the same op."
        gradient = apply("PreventGradient", op.outputs[1], message=message)
        return [apply("ExpandDims", dloss, -1) * gradient, None, None, None]


def ctc_loss(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Tensor:
    """The CTC loss: ``-log(probability of the labels)``, over all alignments with the inputs.

    Args:
        labels: a sparse int32 matrix [batch, places] of classes below ``classes - 1``.
        inputs: logits, float32 or float64, [steps, batch, classes]; the last class is the blank.
        sequence_length: int32 [batch], how many steps of each sequence count.
        preprocess_collapse_repeated: labels that repeat the one before are left out.
        ctc_merge_repeated: repeated classes without a blank between them stand for one label.
        ignore_longer_outputs_than_inputs: a sequence that is shorter than its labels has the loss
            0; otherwise that is an error.
        time_major: False if `inputs` is [batch, steps, classes].
        logits: another name of `inputs`.

    Returns:
        [batch].

    Raises:
        TypeError: if `labels` is not sparse.

    Source: Graves et al.: Connectionist Temporal Classification (ICML 2006).
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError("Expected labels (first argument) to be a SparseTensor")
    if inputs is not None and logits is not None:
        raise ValueError("Cannot specify both 'inputs' and 'logits'.")
    values = convert_to_tensor(logits if inputs is None else inputs, name="logits")
    if not time_major:
        values = transpose(values, [1, 0, 2])
    loss, _ = apply(
        "CTCLoss",
        values,
        labels.indices,
        labels.values,
        sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )
    result: Tensor = loss
    return result


@op(
    "CTCGreedyDecoder",
    "inputs: T, sequence_length: int32 -> decoded_indices: int64, decoded_values: int64, "
    "decoded_shape: int64, log_probability: T",
    merge_repeated=False,
    T=TYPES,
)
class CTCGreedyDecoder:
    """The most probable class of each step, without blanks; minus the sums of their logits."""

    grad = None
    samples = (
        case(f32(LOGITS), LENGTHS),
        case(f32(LOGITS), LENGTHS, merge_repeated=True),
        case(np.repeat(LOGITS, 2, axis=0), i32([12, 7]), merge_repeated=True),
        case(f32(LOGITS), i32([0, 0])),
        case(LOGITS, LENGTHS[:1], raises=r"must be equal|batch_size"),
        case(LOGITS, LENGTHS + 2, raises=r"sequence_length\(0\) <= 6"),
    )

    def shape(inputs: Operand, lengths: Operand) -> list[Dims]:
        _, size = _batch(inputs, lengths)
        return [(None, 2), (None,), (2,), (size, 1)]

    def numpy(inputs: Any, lengths: Any, *, merge_repeated: bool) -> Any:
        return ctc_decoding.greedy(inputs, lengths, merge_repeated)


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True
) -> tuple[list[SparseTensor], Tensor]:
    """The most probable class of each step, without blanks.

    Args:
        inputs: logits [steps, batch, classes]; the last class is the blank.
        sequence_length: int32 [batch], how many steps of each sequence count.
        merge_repeated: a class that repeats that of the step before is left out.

    Returns:
        A list of one sparse matrix of int64 labels; and minus the sum of the largest logits,
        [batch, 1].
    """
    indices, values, shape, score = apply(
        "CTCGreedyDecoder", inputs, sequence_length, merge_repeated=merge_repeated
    )
    return [SparseTensor(indices, values, shape)], score


@op(
    "CTCBeamSearchDecoder",
    "inputs: T, sequence_length: int32 -> decoded_indices: top_paths * int64, decoded_values: "
    "top_paths * int64, decoded_shape: top_paths * int64, log_probability: T",
    beam_width=attr("int", minimum=1),
    top_paths=attr("int", minimum=1),
    merge_repeated=True,
    T=TYPES,
)
class CTCBeamSearchDecoder:
    """The most probable label sequences, of those that a beam of prefixes leads to."""

    grad = None
    samples = (
        case(f32(LOGITS), LENGTHS, beam_width=5, top_paths=1),
        case(f32(LOGITS), LENGTHS, beam_width=20, top_paths=3, merge_repeated=False),
        case(f32(LOGITS), LENGTHS, beam_width=4, top_paths=4, merge_repeated=False),
        case(f32(np.repeat(LOGITS, 2, axis=0)), i32([12, 7]), beam_width=8, top_paths=2),
        case(f32(LOGITS), LENGTHS, beam_width=1, top_paths=1),
        case(LOGITS, LENGTHS, beam_width=2, top_paths=3, raises="more paths than the beam width"),
        case(LOGITS, i32([0, 4]), beam_width=3, top_paths=2, raises="Less leaves"),
    )

    def shape(inputs: Operand, lengths: Operand, *, top_paths: int) -> list[Dims]:
        _, size = _batch(inputs, lengths)
        each: list[Dims] = [(None, 2), (None,), (2,)]
        return [*(part for part in each for _ in range(top_paths)), (size, top_paths)]

    def numpy(
        inputs: Any, lengths: Any, *, beam_width: int, top_paths: int, merge_repeated: bool
    ) -> Any:
        indices, values, shapes, scores = ctc_decoding.beam_search(
            inputs, lengths, beam_width, top_paths, merge_repeated
        )
        return [*indices, *values, *shapes, scores]


def ctc_beam_search_decoder(
    inputs: Any,
    sequence_length: Any,
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
) -> tuple[list[SparseTensor], Tensor]:
    """The most probable label sequences, of those that a beam of prefixes leads to.

    Args:
        inputs: logits [steps, batch, classes]; the last class is the blank.
        sequence_length: int32 [batch], how many steps of each sequence count.
        beam_width: how many prefixes are kept at each step.
        top_paths: how many sequences are returned, at most `beam_width`.
        merge_repeated: equal labels that follow each other are returned as one.

    Returns:
        A list of `top_paths` sparse matrices of int64 labels, the most probable first; and the
        logarithms of their probabilities, [batch, top_paths].
    """
    found = apply(
        "CTCBeamSearchDecoder",
        inputs,
        sequence_length,
        beam_width=beam_width,
        top_paths=top_paths,
        merge_repeated=merge_repeated,
    )
    starts = range(0, 3 * top_paths, top_paths)
    parts = [found[start : start + top_paths] for start in starts]
    return [SparseTensor(*each) for each in zip(*parts, strict=True)], found[-1]


def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Tensor]:
    """As `ctc_beam_search_decoder`, equal labels that follow each other being kept."""
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, False)
