"""Decoders, helpers, attention and losses of tf.contrib.seq2seq against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import normal, softmax

rnn: Any = tf.contrib.rnn
seq2seq: Any = tf.contrib.seq2seq
close = np.testing.assert_allclose
BATCH, STEPS, SYMBOLS, UNITS = 2, 4, 6, 3
LENGTHS = [4, 2]


def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
    count = int(np.prod(shape))
    return (np.sin(np.arange(count) * 1.7 + 0.3) * 0.8).reshape(shape).astype(dtype.np)


class Model:
    """A cell, a table of symbols and a projection, in a graph with a session."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.cell = rnn.GRUCell(UNITS)
        self.table = tf.get_variable("table", [SYMBOLS, UNITS])
        self.layer = tf.layers.Dense(SYMBOLS, use_bias=False, name="symbols")
        self.state = tf.constant(normal(BATCH, UNITS, seed=3))

    def decode(self, helper: Any, **options: Any) -> Any:
        decoder = seq2seq.BasicDecoder(self.cell, helper, self.state, self.layer)
        return seq2seq.dynamic_decode(decoder, **options)

    def run(self, fetches: Any, feeds: Any = None) -> Any:
        self.session.run(tf.global_variables_initializer())
        return self.session.run(fetches, feeds)

    def by_hand(self, inputs: Any) -> tuple[Any, Any]:
        """Logits and states of all steps over given inputs."""
        state, logits, states = self.state, [], []
        for each in tf.unstack(inputs, axis=1):
            output, state = self.cell(each, state)
            logits.append(self.layer(output))
            states.append(state)
        return tf.stack(logits, 1), tf.stack(states, 1)


@pytest.fixture
def model() -> Any:
    scope = tf.variable_scope("model", initializer=initializer)
    with tf.Graph().as_default(), tf.Session() as session, scope:
        yield Model(session)


def test_training_decodes_the_given_inputs(model: Any) -> None:
    inputs = tf.constant(normal(BATCH, STEPS, UNITS))
    helper = seq2seq.TrainingHelper(inputs, LENGTHS)
    outputs, state, lengths = model.decode(helper, impute_finished=True)
    logits, states = model.by_hand(inputs)
    assert outputs.rnn_output.shape[-1] == SYMBOLS
    assert outputs.sample_id.dtype == tf.int32
    found = model.run([outputs.rnn_output, outputs.sample_id, state, lengths, logits, states])
    made, ids, last, ends, expected, hidden = found
    assert ends.tolist() == LENGTHS
    close(made[0], expected[0], rtol=1e-5)
    close(made[1, :2], expected[1, :2], rtol=1e-5)
    assert (made[1, 2:] == 0).all()
    assert ids[0].tolist() == expected[0].argmax(1).tolist()
    close(last, [hidden[0, 3], hidden[1, 1]], rtol=1e-5)


def test_training_without_imputing_goes_on(model: Any) -> None:
    inputs = tf.constant(normal(STEPS, BATCH, UNITS))
    helper = seq2seq.TrainingHelper(inputs, LENGTHS, time_major=True)
    outputs, state, lengths = model.decode(helper, output_time_major=True)
    logits, states = model.by_hand(tf.transpose(inputs, [1, 0, 2]))
    made, last, ends, expected, hidden = model.run(
        [outputs.rnn_output, state, lengths, logits, states]
    )
    close(made, expected.transpose(1, 0, 2), rtol=1e-5)
    close(last, hidden[:, -1], rtol=1e-5)
    assert ends.tolist() == LENGTHS


def test_gradients_reach_the_inputs_through_the_loop(model: Any) -> None:
    inputs = tf.constant(normal(BATCH, STEPS, UNITS))
    outputs, _, _ = model.decode(seq2seq.TrainingHelper(inputs, LENGTHS), impute_finished=True)
    logits, _ = model.by_hand(inputs)
    mask = tf.expand_dims(tf.sequence_mask(LENGTHS, dtype=tf.float32), 2)
    sources = [inputs, *model.cell.variables]
    ours = tf.gradients(tf.reduce_sum(tf.square(outputs.rnn_output)), sources)
    theirs = tf.gradients(tf.reduce_sum(tf.square(logits * mask)), sources)
    for one, other in zip(*model.run([ours, theirs]), strict=True):
        close(one, other, rtol=1e-4, atol=1e-5)


def test_greedy_decoding(model: Any) -> None:
    helper = seq2seq.GreedyEmbeddingHelper(model.table, [1, 2], end_token=5)
    outputs, _, lengths = model.decode(helper, maximum_iterations=6)
    ids = tf.constant([1, 2])
    state, expected = model.state, []
    for _ in range(6):
        output, state = model.cell(tf.nn.embedding_lookup(model.table, ids), state)
        ids = tf.argmax(model.layer(output), 1, output_type=tf.int32)
        expected.append(ids)
    found, ends, wanted = model.run([outputs.sample_id, lengths, tf.stack(expected, 1)])
    for row, end, other in zip(found, ends, wanted, strict=True):
        ended = np.flatnonzero(other == 5)
        assert end == (ended[0] + 1 if len(ended) else 6)
        assert row[:end].tolist() == other[:end].tolist()


def test_decoding_ends_when_all_have_ended(model: Any) -> None:
    def function(ids: Any) -> Any:
        return tf.nn.embedding_lookup(model.table, ids)

    helper = seq2seq.GreedyEmbeddingHelper(function, [0, 0], end_token=0)
    # All logits are equal, so the first symbol, which ends a sequence, is chosen at once.
    model.layer = tf.layers.Dense(
        SYMBOLS, use_bias=False, kernel_initializer=tf.zeros_initializer()
    )
    outputs, _, lengths = model.decode(helper)
    found, ends = model.run([outputs.sample_id, lengths])
    assert found.tolist() == [[0], [0]]
    assert ends.tolist() == [1, 1]
    nothing, _, none = model.decode(helper, maximum_iterations=0, scope="none")
    assert model.run(none).tolist() == [0, 0]
    assert nothing.sample_id.dtype == tf.int32


@pytest.mark.parametrize("temperature", [None, 1e-6])
def test_sampling(model: Any, temperature: Any) -> None:
    helper = seq2seq.SampleEmbeddingHelper(
        model.table, [1, 2], end_token=-1, softmax_temperature=temperature, seed=3
    )
    outputs, _, _ = model.decode(helper, maximum_iterations=200)
    ids, logits = model.run([outputs.sample_id, outputs.rnn_output])
    assert ids.shape == (2, 200)
    if temperature:
        assert (ids == logits.argmax(2)).all()
    else:
        share = softmax(logits).mean((0, 1))
        close(np.bincount(ids.reshape(-1), minlength=SYMBOLS) / 400, share, atol=0.08)


@pytest.mark.parametrize("probability", [0.0, 1.0, 0.5])
def test_scheduled_embedding(model: Any, probability: float) -> None:
    inputs = tf.constant(normal(BATCH, 40, UNITS))
    helper = seq2seq.ScheduledEmbeddingTrainingHelper(
        inputs, [40, 40], model.table, probability, seed=1, scheduling_seed=2
    )
    outputs, _, _ = model.decode(helper)
    logits, _ = model.by_hand(inputs)
    made, ids, expected = model.run([outputs.rnn_output, outputs.sample_id, logits])
    drawn = (ids != -1).mean()
    assert {0.0: drawn == 0, 1.0: drawn == 1, 0.5: 0.3 < drawn < 0.7}[probability]
    assert np.allclose(made, expected, atol=1e-5) == (probability == 0)


@pytest.mark.parametrize("function", [None, lambda outputs: outputs * 0.5])
def test_scheduled_output(model: Any, function: Any) -> None:
    model.layer = tf.layers.Dense(UNITS, use_bias=False)
    inputs, extra = tf.constant(normal(BATCH, STEPS, UNITS)), tf.constant(normal(BATCH, STEPS, 1))
    helper = seq2seq.ScheduledOutputTrainingHelper(
        inputs, LENGTHS, 1.0, next_inputs_fn=function, auxiliary_inputs=extra
    )
    outputs, _, _ = model.decode(helper, impute_finished=True)
    output, state = model.cell(tf.concat([inputs[:, 0], extra[:, 0]], 1), model.state)
    first = model.layer(output)
    fed = first if function is None else function(first)
    second = model.layer(model.cell(tf.concat([fed, extra[:, 1]], 1), state)[0])
    made, ids, one, two = model.run([outputs.rnn_output, outputs.sample_id, first, second])
    close(made[:, 0], one, rtol=1e-5, atol=1e-6)
    close(made[:, 1], two, rtol=1e-5, atol=1e-6)
    assert ids[0].tolist() == [1] * STEPS


def test_inference_of_other_things_than_symbols(model: Any) -> None:
    helper = seq2seq.InferenceHelper(
        sample_fn=lambda outputs: outputs[:, :UNITS] * 2.0,
        sample_shape=[UNITS],
        sample_dtype=tf.float32,
        start_inputs=tf.zeros([BATCH, UNITS]),
        end_fn=lambda samples: tf.reduce_sum(samples, 1) > 1e9,
    )
    outputs, _, lengths = model.decode(helper, maximum_iterations=3)
    ids, logits, ends = model.run([outputs.sample_id, outputs.rnn_output, lengths])
    close(ids, logits[:, :, :UNITS] * 2)
    assert ends.tolist() == [3, 3]


def test_a_helper_of_functions(model: Any) -> None:
    helper = seq2seq.CustomHelper(
        initialize_fn=lambda: (tf.fill([BATCH], False), tf.ones([BATCH, UNITS])),
        sample_fn=lambda time, outputs, state: tf.fill([BATCH], time),
        next_inputs_fn=lambda time, outputs, state, sample_ids: (
            sample_ids >= 2,
            tf.ones([BATCH, UNITS]),
            state,
        ),
    )
    with pytest.raises(ValueError, match="before initialize"):
        _ = helper.batch_size
    outputs, _, lengths = model.decode(helper)
    logits, _ = model.by_hand(tf.ones([BATCH, 3, UNITS]))
    made, ids, ends, expected = model.run([outputs.rnn_output, outputs.sample_id, lengths, logits])
    close(made, expected, rtol=1e-5)
    assert ids.tolist() == [[0, 1, 2]] * 2
    assert ends.tolist() == [3, 3]


def test_refused_arguments(model: Any) -> None:
    with pytest.raises(TypeError, match="type Decoder"):
        seq2seq.dynamic_decode(model.cell)
    with pytest.raises(TypeError, match="must be a Helper"):
        seq2seq.BasicDecoder(model.cell, 3, model.state)
    with pytest.raises(ValueError, match="must be a vector"):
        seq2seq.GreedyEmbeddingHelper(model.table, [[1]], 2)
    with pytest.raises(ValueError, match="must be a scalar"):
        seq2seq.GreedyEmbeddingHelper(model.table, [1], [2])
    with pytest.raises(ValueError, match="to be a vector"):
        seq2seq.TrainingHelper(tf.zeros([2, 3, 4]), [[1, 2]])
    with pytest.raises(ValueError, match="scalar or a vector"):
        seq2seq.ScheduledOutputTrainingHelper(tf.zeros([2, 3, 4]), [1, 2], [[0.5]])
    helper = seq2seq.GreedyEmbeddingHelper(model.table, [1, 2], 3)
    with pytest.raises(ValueError, match="must be a scalar"):
        model.decode(helper, maximum_iterations=[1])


LOGITS, TARGETS = normal(2, 3, 5), np.array([[0, 4, 2], [1, 1, 3]])
WEIGHTS = np.array([[1.0, 0.5, 0.0], [2.0, 1.0, 1.0]], np.float32)


def losses() -> Any:
    shares = softmax(LOGITS)
    picked = np.take_along_axis(shares, TARGETS[:, :, None], 2)[:, :, 0]
    return -np.log(picked) * WEIGHTS


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((True, True), losses().sum() / WEIGHTS.sum()),
        ((True, False), losses().sum(1) / WEIGHTS.sum(1)),
        ((False, True), losses().sum(0) / WEIGHTS.sum(0)),
        ((False, False), losses()),
        ((False, False, True, True), losses().sum() / 5),
        ((False, False, True, False), losses().sum(1) / [2, 3]),
        ((False, False, False, True), losses().sum(0) / [2, 2, 1]),
    ],
)
def test_sequence_loss(options: Any, expected: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        arguments = [tf.constant(each) for each in (LOGITS, TARGETS, WEIGHTS)]
        loss = seq2seq.sequence_loss(*arguments, *options)
        assert loss.shape.as_list() == list(np.shape(expected))
        close(session.run(loss), expected, rtol=1e-5)


def test_sequence_loss_with_an_own_function_and_refusals() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        arguments = [tf.constant(each) for each in (LOGITS, TARGETS, WEIGHTS)]

        def ones(labels: Any, logits: Any) -> Any:
            return tf.ones_like(labels, tf.float32)

        loss = seq2seq.sequence_loss(*arguments, softmax_loss_function=ones)
        assert session.run(loss) == 1
        with pytest.raises(ValueError, match="Logits must be"):
            seq2seq.sequence_loss(*[arguments[1]] * 3)
        for options in ((True, True, True), (True, True, False, True), (False, True, True)):
            with pytest.raises(ValueError, match="at same time"):
                seq2seq.sequence_loss(*arguments, *options)
