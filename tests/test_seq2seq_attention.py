"""Attention mechanisms and the cell around them against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import normal, sigmoid, softmax

rnn: Any = tf.contrib.rnn
seq2seq: Any = tf.contrib.seq2seq
close = np.testing.assert_allclose
MEMORY, QUERY = normal(2, 4, 3), normal(2, 5, seed=1)
LENGTHS = [4, 2]
MASK = np.arange(4) < np.array(LENGTHS)[:, None]


def alignments_of(make: Any, query: Any, state: Any = None) -> tuple[Any, dict[str, Any]]:
    """What a mechanism gives for a query, and its variables by the last part of their names."""
    with tf.Graph().as_default(), tf.Session() as session:
        mechanism = make(tf.constant(MEMORY))
        start = mechanism.initial_state(2, tf.float32) if state is None else tf.constant(state)
        weights, after = mechanism(tf.constant(query), start)
        assert weights.shape.as_list() == [2, mechanism.alignments_size] == [2, 4]
        session.run(tf.global_variables_initializer())
        found, same = session.run([weights, after])
        close(found, same)
        variables = {each.op.name: session.run(each) for each in tf.global_variables()}
    short = {"/".join(name.split("/")[-2:]): value for name, value in variables.items()}
    return found, short


def masked(scores: Any) -> Any:
    return softmax(np.where(MASK, scores, -np.inf))


@pytest.mark.parametrize("normalize", [False, True])
def test_additive_attention(normalize: bool) -> None:
    found, variables = alignments_of(
        lambda memory: seq2seq.BahdanauAttention(6, memory, LENGTHS, normalize=normalize), QUERY
    )
    keys = (MEMORY * MASK[:, :, None]) @ variables["memory_layer/kernel"]
    summed = keys + (QUERY @ variables["query_layer/kernel"])[:, None]
    v = variables["bahdanau_attention/attention_v"]
    if normalize:
        assert variables["bahdanau_attention/attention_g"] == pytest.approx(6**-0.5)
        v = v / np.linalg.norm(v) * 6**-0.5
    close(found, masked((v * np.tanh(summed)).sum(2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [False, True])
def test_multiplicative_attention(scale: bool) -> None:
    found, variables = alignments_of(
        lambda memory: seq2seq.LuongAttention(5, memory, LENGTHS, scale=scale), QUERY
    )
    keys = (MEMORY * MASK[:, :, None]) @ variables["memory_layer/kernel"]
    close(found, masked(np.einsum("btu,bu->bt", keys, QUERY)), rtol=1e-5, atol=1e-6)
    assert ("luong_attention/attention_g" in variables) == scale


def test_probability_and_mask_of_ones_own() -> None:
    found, variables = alignments_of(
        lambda memory: seq2seq.LuongAttention(
            5, memory, LENGTHS, probability_fn=tf.sigmoid, score_mask_value=-1.0
        ),
        QUERY,
    )
    keys = (MEMORY * MASK[:, :, None]) @ variables["memory_layer/kernel"]
    scores = np.where(MASK, np.einsum("btu,bu->bt", keys, QUERY), -1)
    close(found, sigmoid(scores), rtol=1e-5)
    hard, _ = alignments_of(
        lambda memory: seq2seq.LuongAttention(5, memory, probability_fn=seq2seq.hardmax), QUERY
    )
    assert (np.sort(hard, 1) == [0, 0, 0, 1]).all()


def test_keys_and_values_of_ones_own() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        mechanism = seq2seq.LuongAttention(
            5, tf.constant(MEMORY), custom_key_value_fn=lambda keys, values: (keys * 0, values * 2)
        )
        weights, _ = mechanism(tf.constant(QUERY), tf.zeros([2, 4]))
        session.run(tf.global_variables_initializer())
        found, values = session.run([weights, mechanism.values])
    close(found, np.full([2, 4], 0.25))
    close(values, MEMORY * 2)


def test_refused_memories() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        unknown = tf.placeholder(tf.float32, [2, 4, None])
        with pytest.raises(ValueError, match="fully defined inner dims"):
            seq2seq.LuongAttention(5, unknown)
        with pytest.raises(ValueError, match="Incompatible or unknown inner dimensions"):
            seq2seq.LuongAttention(4, tf.constant(MEMORY))(tf.constant(QUERY), None)
        lengths = tf.placeholder(tf.int32, [2])
        mechanism = seq2seq.BahdanauAttention(5, tf.constant(MEMORY), lengths)
        weights, _ = mechanism(tf.constant(QUERY), None)
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="must greater than zero"):
            session.run(weights, {lengths: [0, 3]})


def monotonic(p: Any, previous: Any) -> Any:
    """Attention by its definition, one step of the memory after the other."""
    result = np.zeros_like(p)
    for row in range(len(p)):
        for end in range(p.shape[1]):
            for start in range(end + 1):
                passed = np.prod(1 - p[row, start:end])
                result[row, end] += previous[row, start] * passed * p[row, end]
    return result


def test_monotonic_attention() -> None:
    p = np.random.default_rng(0).uniform(0.1, 0.9, [2, 5]).astype(np.float32)
    previous = softmax(normal(2, 5))
    choices = np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 0]], np.float32)
    first = np.eye(5, dtype=np.float32)[[0, 2]]
    with tf.Graph().as_default(), tf.Session() as session:
        for mode in ("recursive", "parallel"):
            found = session.run(seq2seq.monotonic_attention(p, previous, mode))
            close(found, monotonic(p, previous), rtol=1e-4, atol=1e-6)
        for mode in ("recursive", "hard"):
            found = session.run(seq2seq.monotonic_attention(choices, first, mode))
            assert found.tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
        with pytest.raises(ValueError, match="mode must be"):
            seq2seq.monotonic_attention(p, previous, "other")


@pytest.mark.parametrize("mode", ["parallel", "recursive", "hard"])
def test_monotonic_mechanisms(mode: str) -> None:
    state = np.eye(4, dtype=np.float32)[[1, 0]]
    for make, scope in (
        (seq2seq.BahdanauMonotonicAttention, "bahdanau_monotonic_attention"),
        (seq2seq.LuongMonotonicAttention, "luong_monotonic_attention"),
    ):
        found, variables = alignments_of(
            lambda memory, make=make: make(5, memory, score_bias_init=-0.3, mode=mode),
            QUERY,
            state,
        )
        keys = MEMORY @ variables["memory_layer/kernel"]
        if "query_layer/kernel" in variables:
            summed = keys + (QUERY @ variables["query_layer/kernel"])[:, None]
            scores = (variables[f"{scope}/attention_v"] * np.tanh(summed)).sum(2)
        else:
            scores = np.einsum("btu,bu->bt", keys, QUERY)
        scores = scores + variables[f"{scope}/attention_score_bias"]
        p = (scores > 0).astype(np.float32) if mode == "hard" else sigmoid(scores)
        close(found, monotonic(p, state), rtol=1e-4, atol=1e-6)


def test_monotonic_attention_begins_at_the_first_step() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        mechanism = seq2seq.LuongMonotonicAttention(5, tf.constant(MEMORY), sigmoid_noise=1.0)
        start = mechanism.initial_alignments(2, tf.float32)
        weights, _ = mechanism(tf.constant(QUERY), start)
        session.run(tf.global_variables_initializer())
        assert session.run(start).tolist() == [[1, 0, 0, 0]] * 2
        assert not np.allclose(session.run(weights), session.run(weights))


class Wrapped:
    """One step of an `AttentionWrapper`, with its variables."""

    def __init__(self, inputs: Any, **options: Any) -> None:
        with tf.Graph().as_default(), tf.Session() as session:
            mechanism = seq2seq.BahdanauAttention(6, tf.constant(MEMORY), LENGTHS)
            cell = seq2seq.AttentionWrapper(rnn.GRUCell(5), mechanism, **options)
            state = cell.zero_state(2, tf.float32).clone(attention=tf.constant(ATTENTION))
            output, after = cell(tf.constant(inputs), state)
            self.sizes = (cell.output_size, cell.state_size)
            self.names = [each.op.name for each in tf.global_variables()]
            session.run(tf.global_variables_initializer())
            self.output, self.cell_state, self.attention, self.alignments, self.time = session.run(
                [output, after.cell_state, after.attention, after.alignments, after.time]
            )
            values = session.run(tf.global_variables())
        self.variables = dict(zip(self.names, values, strict=True))
        self.mean = np.einsum("bt,btd->bd", self.alignments, MEMORY)


ATTENTION = normal(2, 3, seed=8)
INPUTS = normal(2, 2, seed=9)


def gru(variables: Any, scope: str, x: Any, h: Any) -> Any:
    gates = np.concatenate([x, h], 1) @ variables[scope + "gates/kernel"]
    r, u = np.split(sigmoid(gates + variables[scope + "gates/bias"]), 2, 1)
    candidate = np.concatenate([x, r * h], 1) @ variables[scope + "candidate/kernel"]
    return u * h + (1 - u) * np.tanh(candidate + variables[scope + "candidate/bias"])


def test_wrapper_without_a_layer() -> None:
    step = Wrapped(INPUTS)
    given = np.concatenate([INPUTS, ATTENTION], 1)
    hidden = gru(step.variables, "attention_wrapper/gru_cell/", given, np.zeros([2, 5]))
    close(step.cell_state, hidden, rtol=1e-5, atol=1e-6)
    close(step.output, step.mean, rtol=1e-5, atol=1e-6)
    close(step.attention, step.mean, rtol=1e-5, atol=1e-6)
    assert step.time == 1
    assert step.sizes[0] == step.sizes[1].attention == 3
    assert "attention_wrapper/bahdanau_attention/query_layer/kernel" in step.names
    assert step.names[0] == "memory_layer/kernel"


def test_wrapper_with_a_layer() -> None:
    step = Wrapped(INPUTS, attention_layer_size=3, output_attention=False)
    kernel = step.variables["attention_wrapper/attention_layer/kernel"]
    both = np.concatenate([step.cell_state, step.mean], 1)
    close(step.attention, both @ kernel, rtol=1e-5, atol=1e-6)
    close(step.output, step.cell_state)
    assert step.sizes[0] == 5


def test_wrapper_with_functions_and_layers_of_ones_own() -> None:
    step = Wrapped(
        INPUTS,
        cell_input_fn=lambda inputs, attention: inputs * 2.0,
        attention_layer=tf.layers.Dense(3, activation=tf.tanh, name="mine"),
    )
    hidden = gru(step.variables, "attention_wrapper/gru_cell/", INPUTS * 2, np.zeros([2, 5]))
    close(step.cell_state, hidden, rtol=1e-5, atol=1e-6)
    kernel = step.variables["attention_wrapper/mine/kernel"]
    both = np.concatenate([hidden, step.mean], 1)
    close(step.output, np.tanh(both @ kernel), rtol=1e-5, atol=1e-6)


def test_several_mechanisms_and_the_history_of_alignments() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        memory = tf.constant(MEMORY)
        mechanisms = [seq2seq.BahdanauAttention(6, memory), seq2seq.LuongAttention(5, memory)]
        start = tf.constant(normal(2, 5, seed=4))
        cell = seq2seq.AttentionWrapper(
            rnn.GRUCell(5),
            mechanisms,
            attention_layer_size=[2, 3],
            alignment_history=True,
            initial_cell_state=start,
            name="both",
        )
        inputs = tf.constant(normal(2, 6, 2))
        outputs, state = tf.nn.dynamic_rnn(
            cell, inputs, [6, 3], initial_state=cell.zero_state(2, tf.float32), dtype=tf.float32
        )
        history = [each.stack() for each in state.alignment_history]
        session.run(tf.global_variables_initializer())
        found, first, second, last, time = session.run(
            [outputs, *history, state.alignments[0], state.time]
        )
        assert found.shape == (2, 6, 5)
        assert first.shape == second.shape == (6, 2, 4)
        close(first.sum(2), np.ones([6, 2]), rtol=1e-5)
        close(last, [first[5, 0], first[2, 1]], rtol=1e-5)
        assert time == 6
        names = [each.op.name for each in tf.trainable_variables()]
        assert "rnn/both/attention_layer/kernel" in names
        assert "rnn/both/attention_layer_1/kernel" in names


def test_wrapper_refuses() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        mechanism = seq2seq.BahdanauAttention(6, tf.constant(MEMORY))
        cell = rnn.GRUCell(5)
        for options, match in (
            ({"attention_mechanism": 3}, "only instances of AttentionMechanism"),
            ({"attention_layer_size": [1, 2]}, "exactly one integer"),
            ({"cell_input_fn": 3}, "must be callable"),
            ({"attention_layer_size": 3, "attention_layer": 3}, "Only one of"),
        ):
            arguments: dict[str, Any] = {"attention_mechanism": mechanism, **options}
            with pytest.raises((TypeError, ValueError), match=match):
                seq2seq.AttentionWrapper(cell, **arguments)
        wrapper = seq2seq.AttentionWrapper(cell, mechanism)
        with pytest.raises(TypeError, match="AttentionWrapperState"):
            wrapper(tf.zeros([2, 3]), tf.zeros([2, 5]))
        state = wrapper.zero_state(2, tf.float32)
        with pytest.raises(ValueError, match="expected to be same"):
            state.clone(attention=tf.zeros([3, 3]))
        batch = tf.placeholder(tf.int32, [])
        wrong = wrapper.zero_state(batch, tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError, match="tile_batch"):
            session.run(wrong.cell_state, {batch: 6})
