"""Beam search against the enumeration of all sequences; following beams back."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import normal

rnn: Any = tf.contrib.rnn
seq2seq: Any = tf.contrib.seq2seq
close = np.testing.assert_allclose
SYMBOLS, END, STEPS = 4, 3, 3


class Chain(tf.nn.rnn_cell.RNNCell):
    """A cell whose logits follow from the last two symbols, by a table."""

    state_size = SYMBOLS
    output_size = SYMBOLS

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.table = tf.constant(table)

    def call(self, inputs: Any, state: Any) -> Any:
        logits = tf.einsum("bi,bj,ijk->bk", inputs, state, self.table)
        return logits, inputs


TABLE = normal(SYMBOLS, SYMBOLS, SYMBOLS, seed=3) * 2


def log_softmax(x: Any) -> Any:
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def all_sequences(start: int, length_weight: float) -> list[tuple[float, tuple[int, ...]]]:
    """Score and symbols of every sequence of up to STEPS symbols, the best first."""
    found = {}
    for symbols in itertools.product(range(SYMBOLS), repeat=STEPS):
        end = symbols.index(END) + 1 if END in symbols else STEPS
        sequence = symbols[:end]
        previous, before, total = start, 0, 0.0
        for symbol in sequence:
            total += log_softmax(TABLE[previous, before])[symbol]
            previous, before = symbol, previous
        # In the step that chooses it, the end does not count in the penalty; later it does.
        counted = len(sequence) - (sequence[-1] == END and len(sequence) == STEPS)
        penalty = ((5 + counted) / 6) ** length_weight
        found[sequence] = total / penalty
    ranked = sorted(((score, sequence) for sequence, score in found.items()), reverse=True)
    return ranked


def search(starts: list[int], width: int, **options: Any) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        cell = Chain(TABLE)
        state = tf.one_hot([0] * len(starts), SYMBOLS)
        decoder = seq2seq.BeamSearchDecoder(
            cell,
            lambda ids: tf.one_hot(ids, SYMBOLS),
            starts,
            END,
            seq2seq.tile_batch(state, width),
            width,
            **options,
        )
        outputs, final, lengths = seq2seq.dynamic_decode(decoder, maximum_iterations=STEPS)
        assert outputs.predicted_ids.shape.as_list()[2] == width
        return session.run(
            [
                outputs.predicted_ids,
                outputs.beam_search_decoder_output.scores,
                final.log_probs,
                final.lengths,
                lengths,
            ]
        )


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_sequences(weight: float) -> None:
    width = SYMBOLS**STEPS
    ids, scores, _, lengths, _ = search([0, 2], width, length_penalty_weight=weight)
    for row, start in enumerate([0, 2]):
        expected = all_sequences(start, weight)
        for beam, (score, sequence) in enumerate(expected[:20]):
            assert tuple(ids[row, : len(sequence), beam]) == sequence
            assert (ids[row, len(sequence) :, beam] == END).all()
            assert scores[row, -1, beam] == pytest.approx(score, rel=1e-4)
            assert lengths[row, beam] == len(sequence)


def test_a_beam_of_one_is_greedy() -> None:
    ids, _, log_probs, lengths, ends = search([1], 1)
    previous, before, total, expected = 1, 0, 0.0, []
    for _ in range(STEPS):
        logits = log_softmax(TABLE[previous, before])
        symbol = int(logits.argmax())
        total += logits[symbol]
        expected.append(symbol)
        previous, before = symbol, previous
        if symbol == END:
            break
    assert ids[0, : len(expected), 0].tolist() == expected
    close(log_probs[0, 0], total, rtol=1e-5)
    assert lengths[0, 0] == len(expected) == ends[0, 0]


def test_a_narrow_beam_keeps_the_best_prefixes() -> None:
    ids, _, log_probs, _, _ = search([0], 2)
    beams: list[Any] = [(0.0, (0, 0), ())]
    for _ in range(STEPS):
        longer = []
        for total, (before, previous), symbols in beams:
            if symbols and symbols[-1] == END:
                longer.append((total, (before, previous), symbols))
                continue
            logits = log_softmax(TABLE[previous, before])
            longer += [(total + logits[s], (previous, s), (*symbols, s)) for s in range(SYMBOLS)]
        beams = sorted(longer, reverse=True)[:2]
    for beam, (total, _, symbols) in enumerate(beams):
        assert tuple(ids[0, : len(symbols), beam]) == symbols
        close(log_probs[0, beam], total, rtol=1e-5)


def attention_search(reorder: bool, coverage: float) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(2)
        width, batch = 3, 2
        memory = seq2seq.tile_batch(tf.constant(normal(batch, 5, 4)), width)
        lengths = seq2seq.tile_batch(tf.constant([5, 3]), width)
        mechanism = seq2seq.BahdanauAttention(6, memory, lengths)
        cell = seq2seq.AttentionWrapper(rnn.GRUCell(4), mechanism, alignment_history=True)
        table = tf.get_variable("table", [SYMBOLS, 4])
        decoder = seq2seq.BeamSearchDecoder(
            cell,
            table,
            tf.constant([0, 1]),
            END,
            cell.zero_state(batch * width, tf.float32),
            width,
            output_layer=tf.layers.Dense(SYMBOLS),
            coverage_penalty_weight=coverage,
            reorder_tensor_arrays=reorder,
        )
        outputs, final, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=6)
        history = final.cell_state.alignment_history
        stacked = history if reorder else history.stack()
        steps = outputs.beam_search_decoder_output
        session.run(tf.global_variables_initializer())
        found = [stacked, outputs.predicted_ids, steps.parent_ids, steps.predicted_ids, final]
        if reorder:
            return session.run(found)
        return session.run([*found[:4], final.log_probs])


def test_alignments_in_the_order_of_the_sequences() -> None:
    ordered, ids, parents, symbols, final = attention_search(True, 0.0)
    plain = attention_search(False, 0.0)[0]
    steps = len(plain)
    assert ordered.shape == plain.shape == (steps, 6, 5)
    ordered, plain = (each.reshape(steps, 2, 3, 5) for each in (ordered, plain))
    for row, beam in itertools.product(range(2), range(3)):
        place = beam
        length = int(final.lengths[row, beam])
        longest = int(final.lengths[row].max())
        for step in range(steps - 1, -1, -1):
            if step >= longest:
                continue
            if step < length:
                close(ordered[step, row, beam], plain[step, row, place], rtol=1e-6)
                assert ids[row, step, beam] == symbols[row, step, place]
            place = parents[row, step, place]
        assert (ids[row, length:, beam] == END).all()


def test_the_coverage_penalty_changes_the_search() -> None:
    without, with_penalty = attention_search(True, 0.0), attention_search(True, 2.0)
    assert with_penalty[4].accumulated_attention_probs.shape == (2, 3, 5)
    assert not np.allclose(without[4].log_probs, with_penalty[4].log_probs)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="attention weights"):
        decoder = seq2seq.BeamSearchDecoder(
            rnn.GRUCell(4),
            tf.zeros([4, 4]),
            [0],
            END,
            tf.zeros([2, 4]),
            2,
            coverage_penalty_weight=1.0,
        )
        decoder.initialize()


def test_refused_arguments() -> None:
    with tf.Graph().as_default():
        arguments = {"cell": Chain(TABLE), "embedding": tf.zeros([4, 4]), "beam_width": 2}
        state = tf.zeros([2, SYMBOLS])
        make = seq2seq.BeamSearchDecoder
        with pytest.raises(ValueError, match="must be a vector"):
            make(start_tokens=[[0]], end_token=1, initial_state=state, **arguments)
        with pytest.raises(ValueError, match="must be a scalar"):
            make(start_tokens=[0], end_token=[1], initial_state=state, **arguments)
        with pytest.raises(TypeError, match="must be a Layer"):
            make(start_tokens=[0], end_token=1, initial_state=state, output_layer=3, **arguments)


def test_following_beams_back() -> None:
    symbols = [[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]]
    parents = [[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]]
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(seq2seq.gather_tree(symbols, parents, [3], 10))
        assert found.tolist() == [[[2, 2, 2]], [[6, 5, 6]], [[7, 8, 9]]]
        short = session.run(seq2seq.gather_tree(symbols, parents, [2], 10))
        assert short.tolist() == [[[1, 2, 2]], [[4, 5, 6]], [[10, 10, 10]]]
        ended = session.run(seq2seq.gather_tree(symbols, parents, [3], 6))
        assert ended.tolist() == [[[2, 2, 2]], [[6, 5, 6]], [[6, 8, 6]]]
        with pytest.raises(tf.errors.InvalidArgumentError, match="invalid parent id 3"):
            session.run(seq2seq.gather_tree(symbols, np.full([3, 1, 3], 3), [3], 6))
        with pytest.raises(ValueError, match="must be rank 3"):
            seq2seq.gather_tree([[1]], [[1]], [1], 6)


def test_arrays_in_the_order_of_beams() -> None:
    kept = np.arange(3 * 1 * 3 * 2).reshape(3, 1, 3, 2)
    parents = np.array([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]])
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(seq2seq.gather_tree_from_array(kept, parents, [[3, 3, 3]]))
        merged = session.run(
            seq2seq.gather_tree_from_array(kept.reshape(3, 3, 2), parents, [[3, 3, 3]])
        )
    places = [[1, 1, 1], [2, 1, 2], [0, 1, 2]]
    expected = [[kept[step, 0, place] for place in row] for step, row in enumerate(places)]
    assert found[:, 0].tolist() == np.array(expected).tolist()
    assert merged.tolist() == np.array(expected).tolist()


def test_tiled_batches() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        unknown = tf.placeholder(tf.int32, [None, 2])
        pair = seq2seq.tile_batch((tf.constant([1, 2]), unknown), 3)
        assert [each.shape.as_list() for each in pair] == [[6], [None, 2]]
        one, two = session.run(pair, {unknown: [[1, 2], [3, 4]]})
        assert one.tolist() == [1, 1, 1, 2, 2, 2]
        assert two.tolist() == [[1, 2]] * 3 + [[3, 4]] * 3
        with pytest.raises(ValueError, match="statically known rank"):
            seq2seq.tile_batch(tf.constant(1), 3)
