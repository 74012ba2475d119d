"""The unrolled models of tf.contrib.legacy_seq2seq: scopes, formulas, feeding, buckets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import normal, softmax

rnn: Any = tf.contrib.rnn
legacy: Any = tf.contrib.legacy_seq2seq
close = np.testing.assert_allclose
SYMBOLS, SIZE, UNITS = 5, 4, 3


def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
    count = int(np.prod(shape))
    return (np.sin(np.arange(count) * 1.7 + 0.3) * 0.8).reshape(shape).astype(dtype.np)


@pytest.fixture
def session() -> Any:
    scope = tf.variable_scope("", initializer=initializer)
    with tf.Graph().as_default(), tf.Session() as opened, scope:
        yield opened


def run(session: Any, fetches: Any) -> Any:
    session.run(tf.global_variables_initializer())
    return session.run(fetches)


def symbols(*steps: list[int]) -> list[Any]:
    return [tf.constant(each) for each in steps]


ENCODED = ([1, 2], [3, 0], [4, 4])
DECODED = ([0, 0], [2, 1], [3, 3])


def names() -> list[str]:
    return sorted(each.op.name for each in tf.global_variables())


def dense_inputs(count: int) -> list[Any]:
    return [tf.constant(normal(2, UNITS, seed=seed)) for seed in range(count)]


def test_plain_decoder(session: Any) -> None:
    inputs = dense_inputs(3)
    cell = rnn.GRUCell(UNITS)
    outputs, state = legacy.rnn_decoder(inputs, tf.zeros([2, UNITS]), cell)
    fed, _ = legacy.rnn_decoder(
        inputs,
        tf.zeros([2, UNITS]),
        cell,
        loop_function=lambda output, i: output * float(i),
        scope="fed",
    )
    first, after = cell(inputs[0], tf.zeros([2, UNITS]))
    second, _ = cell(first * 1.0, after)
    expected, last = tf.nn.static_rnn(cell, inputs, dtype=tf.float32)
    found = run(session, [outputs, state, expected, last, fed[1], second])
    close(found[0], found[2], rtol=1e-6)
    close(found[1], found[3], rtol=1e-6)
    close(found[4], found[5], rtol=1e-6)
    assert names()[0].startswith("rnn_decoder/gru_cell/")


def test_untied_and_tied_models(session: Any) -> None:
    encoder, decoder = dense_inputs(3), dense_inputs(2)
    cell = rnn.GRUCell(UNITS)
    outputs, _ = legacy.basic_rnn_seq2seq(encoder, decoder, cell)
    assert {name.rpartition("gru_cell")[0] for name in names()} == {
        "basic_rnn_seq2seq/rnn/",
        "basic_rnn_seq2seq/rnn_decoder/",
    }
    tied_cell = rnn.GRUCell(UNITS)
    tied, _ = legacy.tied_rnn_seq2seq(encoder, decoder, tied_cell)
    scopes = {name.rpartition("gru_cell")[0] for name in names() if "tied" in name}
    assert scopes == {"combined_tied_rnn_seq2seq/tied_rnn_seq2seq/"}
    both, _ = tf.nn.static_rnn(tied_cell, encoder + decoder, dtype=tf.float32, scope="again")
    found, expected, plain = run(session, [tied, both[3:], outputs])
    close(found, expected, rtol=1e-6)
    # All start from the same values, so it makes no difference that they are not shared.
    close(plain, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["embedding_rnn_seq2seq", "embedding_attention_seq2seq"])
def test_feeding_back_the_likeliest_symbol(session: Any, name: str) -> None:
    def build(feed_previous: Any, decoder: Any, reuse: Any) -> Any:
        with tf.variable_scope("model", reuse=reuse):
            return getattr(legacy, name)(
                symbols(*ENCODED),
                decoder,
                rnn.BasicLSTMCell(UNITS),
                SYMBOLS,
                SYMBOLS,
                SIZE,
                feed_previous=feed_previous,
            )[0]

    fed = build(True, symbols(*DECODED), None)
    likeliest = [tf.argmax(each, 1, output_type=tf.int32) for each in fed]
    given = build(False, [tf.constant(DECODED[0]), *likeliest[:2]], True)
    switch = tf.placeholder_with_default(True, [])
    switched = build(switch, symbols(*DECODED), True)
    plain = build(False, symbols(*DECODED), True)
    session.run(tf.global_variables_initializer())
    ours, theirs, on = session.run([fed, given, switched])
    close(ours, theirs, rtol=1e-5)
    close(ours, on, rtol=1e-5)
    off, expected = session.run([switched, plain], {switch: False})
    close(off, expected, rtol=1e-5)
    assert not np.allclose(ours, expected)


def test_scopes_of_the_embedding_models(session: Any) -> None:
    cell = rnn.GRUCell(UNITS)
    arguments = (symbols(*ENCODED), symbols(*DECODED))
    legacy.embedding_attention_seq2seq(*arguments, cell, SYMBOLS, SYMBOLS, SIZE)
    top = "embedding_attention_seq2seq/"
    decoder = top + "embedding_attention_decoder/"
    inner = decoder + "attention_decoder/"
    for expected in (
        top + "rnn/embedding_wrapper/embedding",
        top + "rnn/embedding_wrapper/gru_cell/gates/kernel",
        decoder + "embedding",
        inner + "AttnW_0",
        inner + "AttnV_0",
        inner + "kernel",
        inner + "output_projection_wrapper/gru_cell/gates/kernel",
        inner + "output_projection_wrapper/kernel",
        inner + "Attention_0/kernel",
        inner + "AttnOutputProjection/bias",
    ):
        assert expected in names()
    outputs, state = legacy.embedding_tied_rnn_seq2seq(
        *arguments, rnn.GRUCell(UNITS), SYMBOLS, SIZE, num_decoder_symbols=2
    )
    assert [each.shape.as_list() for each in outputs] == [[2, 2]] * 3
    assert state.shape.as_list() == [2, UNITS]
    tied = "embedding_tied_rnn_seq2seq/combined_tied_rnn_seq2seq/tied_rnn_seq2seq/"
    assert tied + "output_projection_wrapper/gru_cell/gates/kernel" in names()


def test_attention_of_an_unrolled_decoder(session: Any) -> None:
    memory, x = normal(2, 4, SIZE, seed=7), normal(2, SIZE, seed=8)
    state = normal(2, UNITS, seed=9)
    outputs, last = legacy.attention_decoder(
        [tf.constant(x)],
        tf.constant(state),
        tf.constant(memory),
        rnn.GRUCell(UNITS),
        output_size=2,
        num_heads=2,
        initial_state_attention=True,
    )
    values = {each.op.name[len("attention_decoder/") :]: each for each in tf.global_variables()}
    found, hidden, v = run(session, [outputs[0], last, values])

    def attention(query: Any) -> list[Any]:
        means = []
        for head in range(2):
            keys = memory @ v[f"AttnW_{head}"][0, 0]
            asked = query @ v[f"Attention_{head}/kernel"] + v[f"Attention_{head}/bias"]
            shares = softmax((v[f"AttnV_{head}"] * np.tanh(keys + asked[:, None])).sum(2))
            means.append((shares[:, :, None] * memory).sum(1))
        return means

    given = np.concatenate([x, *attention(state)], 1) @ v["kernel"] + v["bias"]
    with tf.Graph().as_default(), tf.Session() as other:
        with tf.variable_scope("", initializer=initializer):
            expected, _ = rnn.GRUCell(UNITS)(tf.constant(given), tf.constant(state))
        hidden_expected = run(other, expected)
    close(hidden, hidden_expected, rtol=1e-4, atol=1e-5)
    both = np.concatenate([hidden, *attention(hidden)], 1)
    scope = "AttnOutputProjection/"
    close(found, both @ v[scope + "kernel"] + v[scope + "bias"], rtol=1e-4, atol=1e-5)


def test_several_decoders(session: Any) -> None:
    outputs, states = legacy.one2many_rnn_seq2seq(
        symbols(*ENCODED),
        {"a": symbols(*DECODED), "b": symbols(*DECODED[:2])},
        rnn.GRUCell(UNITS),
        {"a": rnn.GRUCell(UNITS), "b": rnn.GRUCell(UNITS)},
        SYMBOLS,
        {"a": 6, "b": 7},
        SIZE,
    )
    assert [each.shape.as_list() for each in outputs["a"]] == [[2, 6]] * 3
    assert [each.shape.as_list() for each in outputs["b"]] == [[2, 7]] * 2
    assert sorted(states) == ["a", "b"]
    expected = "one2many_rnn_seq2seq/one2many_decoder_b/embedding_rnn_decoder/embedding"
    assert expected in names()
    assert np.isfinite(run(session, outputs["b"][1])).all()


def test_projections_must_fit(session: Any) -> None:
    weights, biases = tf.zeros([UNITS, SYMBOLS]), tf.zeros([SYMBOLS + 1])
    with pytest.raises(ValueError, match="incompatible"):
        legacy.embedding_rnn_decoder(
            symbols(*DECODED),
            tf.zeros([2, UNITS]),
            rnn.GRUCell(UNITS),
            SYMBOLS,
            SIZE,
            output_projection=(weights, biases),
        )
    with pytest.raises(ValueError, match="at least 1 input"):
        legacy.attention_decoder([], None, tf.zeros([2, 3, 4]), None)
    with pytest.raises(ValueError, match="less than 1 heads"):
        legacy.attention_decoder([1], None, tf.zeros([2, 3, 4]), None, num_heads=0)


LOGITS = [normal(2, SYMBOLS, seed=seed) for seed in range(3)]
TARGETS = [np.array(each) for each in DECODED]
WEIGHTS = [np.array(each, np.float32) for each in ([1, 1], [0.5, 1], [0, 2])]


def weighted_losses() -> Any:
    rows = zip(LOGITS, TARGETS, WEIGHTS, strict=True)
    return sum(-np.log(softmax(x)[[0, 1], t]) * w for x, t, w in rows)


def test_losses(session: Any) -> None:
    arguments = [[tf.constant(each) for each in every] for every in (LOGITS, TARGETS, WEIGHTS)]
    plain = legacy.sequence_loss_by_example(*arguments, average_across_timesteps=False)
    mean = legacy.sequence_loss_by_example(*arguments)
    total = legacy.sequence_loss(*arguments)
    summed = legacy.sequence_loss(*arguments, average_across_batch=False)
    own = legacy.sequence_loss(
        *arguments, softmax_loss_function=lambda labels, logits: tf.ones_like(labels, tf.float32)
    )
    found = session.run([plain, mean, total, summed, own])
    expected = weighted_losses()
    close(found[0], expected, rtol=1e-5)
    close(found[1], expected / np.sum(WEIGHTS, 0), rtol=1e-5)
    close(found[2], np.mean(expected / np.sum(WEIGHTS, 0)), rtol=1e-5)
    close(found[3], np.sum(expected / np.sum(WEIGHTS, 0)), rtol=1e-5)
    close(found[4], 1, rtol=1e-5)
    with pytest.raises(ValueError, match="must be the same"):
        legacy.sequence_loss(arguments[0][:2], *arguments[1:])


def test_buckets_share_variables_and_train(session: Any) -> None:
    encoder = [tf.placeholder(tf.int32, [None]) for _ in range(4)]
    decoder = [tf.placeholder(tf.int32, [None]) for _ in range(5)]
    weights = [tf.placeholder(tf.float32, [None]) for _ in range(5)]
    cell = rnn.BasicLSTMCell(8)

    def model(inputs: Any, outputs: Any) -> Any:
        return legacy.embedding_attention_seq2seq(inputs, outputs, cell, SYMBOLS, SYMBOLS, SIZE)

    arguments = (encoder, decoder[:4], decoder[1:], weights[:4])
    buckets = [(2, 3), (4, 4)]
    outputs, losses = legacy.model_with_buckets(*arguments, buckets, model)
    assert [len(each) for each in outputs] == [3, 4]
    assert len(names()) == len(set(names()))
    count = len(names())
    trains = [tf.train.AdamOptimizer(0.05).minimize(each) for each in losses]
    session.run(tf.global_variables_initializer())
    fed: dict[Any, Any] = {each: [number % SYMBOLS] * 2 for number, each in enumerate(encoder)}
    fed |= {each: [(2 * number) % SYMBOLS] * 2 for number, each in enumerate(decoder)}
    fed |= {each: [1.0, 1.0] for each in weights}
    before = session.run(losses, fed)
    for _ in range(40):
        session.run(trains, fed)
    after = session.run(losses, fed)
    assert all(new < 0.3 * old for new, old in zip(after, before, strict=True))
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        _, rows = legacy.model_with_buckets(*arguments, buckets, model, per_example_loss=True)
    assert session.run(rows[0], fed).shape == (2,)
    assert count == len({name for name in names() if "Adam" not in name and "beta" not in name})
    with pytest.raises(ValueError, match="must be at least that of last bucket"):
        legacy.model_with_buckets(*arguments, [(2, 3), (6, 4)], model)
