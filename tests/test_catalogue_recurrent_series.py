"""The catalogue's time series and deep recurrent networks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models import recurrent_series as series
from flowgraph.models.recurrent_deep import deep_rnn
from flowgraph.runtime.plan import Plan


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        yield session


def near(found: Any, expected: Any, atol: float = 1e-5) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def parameters() -> int:
    return sum(variable.shape.num_elements() for variable in tf.trainable_variables())


class Trained:
    """The projected network after 2000 steps on batches of 50, and the error at some of them."""

    def __init__(self) -> None:
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(42)
            self.model = series.time_series_rnn()
            init = tf.global_variables_initializer()
        self.session = tf.Session(graph=graph)
        self.session.run(init)
        random = np.random.default_rng(42)
        self.errors: dict[int, float] = {}
        for step in range(2001):
            x, y = series.series_batch(random)
            fetches = [self.model.train, self.model.loss] if step % 400 == 0 else [self.model.train]
            found = self.session.run(fetches, {self.model.x: x, self.model.y: y})
            if len(found) == 2:
                self.errors[step] = float(found[1])

    def predict(self, x: Any) -> Any:
        return self.session.run(self.model.outputs, {self.model.x: x})


@functools.cache
def trained() -> Trained:
    return Trained()


def test_time_series_rnn_raw(sess: Any) -> None:
    model = series.time_series_rnn(None)
    assert model.outputs.shape.as_list() == [None, 20, 100]
    assert parameters() == 10_200 and model.loss is None
    sess.run(tf.global_variables_initializer())
    x, _ = series.series_batch(np.random.default_rng(0), 7)
    found = sess.run(model.outputs, {model.x: x})
    assert found.shape == (7, 20, 100)
    assert found.min() == 0 < found.max()
    with pytest.raises(ValueError, match="no projection"):
        series.time_series_rnn("sum", scope="other")


def test_time_series_values() -> None:
    t = np.array([0.0, 1.0, 12.2])
    near(series.series(t), t * np.sin(t) / 3 + 2 * np.sin(5 * t), 1e-12)
    x, y = series.series_batch(np.random.default_rng(0), 50)
    assert x.shape == y.shape == (50, 20, 1)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])


def test_time_series_rnn_projection(sess: Any) -> None:
    model = series.time_series_rnn()
    assert model.outputs.shape.as_list() == [None, 20, 1]
    assert model.state.shape.as_list() == [None, 100]
    assert parameters() == 10_200 + 101
    plain = series.time_series_rnn(None, scope="plain")
    names = {v.op.name: v for v in tf.trainable_variables()}
    inner = "time_series/rnn/output_projection_wrapper/basic_rnn_cell"
    sess.run(tf.global_variables_initializer())
    for part in ("kernel", "bias"):
        value = sess.run(names[f"{inner}/{part}"])
        names[f"plain/rnn/basic_rnn_cell/{part}"].load(value, sess)
    x, _ = series.series_batch(np.random.default_rng(0), 7)
    one, other = sess.run([model.state, plain.state], {model.x: x, plain.x: x})
    np.testing.assert_array_equal(one, other)


def test_time_series_rnn_projection_learns() -> None:
    errors = trained().errors
    assert errors[0] > 5 > errors[400]
    assert errors[2000] < 1


def executed(session: Any, model: Any, feed: Any, n_steps: int = 20) -> int:
    """How many ops a run executes, those of the loop's body once per step."""
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    session.run(model.outputs, feed, options=options, run_metadata=metadata)
    nodes = [node.node_name for part in metadata.step_stats.dev_stats for node in part.node_stats]
    (loop,) = (op for op in map(session.graph.get_operation_by_name, nodes) if op.type == "While")
    return len(nodes) - 1 + n_steps * len(loop.get_attr("body").operations())


def test_time_series_rnn_reshape(sess: Any) -> None:
    wrapper = series.time_series_rnn("wrapper", scope="wrapper")
    reshaped = series.time_series_rnn("reshape", scope="reshape")
    assert reshaped.outputs.shape.as_list() == [None, 20, 1]
    groups = [tf.trainable_variables(name) for name in ("wrapper", "reshape")]
    assert [[v.shape.as_list() for v in group] for group in groups] == [
        [[101, 100], [100], [100, 1], [1]]
    ] * 2
    sess.run(tf.global_variables_initializer())
    for source, target in zip(*groups, strict=True):
        target.load(sess.run(source) + 0.01, sess)
        source.load(sess.run(target), sess)
    x, y = series.series_batch(np.random.default_rng(0))
    feed = {wrapper.x: x, wrapper.y: y, reshaped.x: x, reshaped.y: y}
    one, other = sess.run([[m.outputs, m.loss] for m in (wrapper, reshaped)], feed)
    near(one[0], other[0])
    np.testing.assert_allclose(one[1], other[1], rtol=1e-5)
    assert executed(sess, reshaped, feed) < executed(sess, wrapper, feed)


def test_creative_rnn_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    done = trained()
    plans = []

    def counted_plan(*arguments: Any) -> Plan:
        plans.append(Plan(*arguments))
        return plans[-1]

    monkeypatch.setattr("flowgraph.runtime.session.Plan", counted_plan)
    reach = np.abs(series.series(np.arange(0, 30, 0.01))).max()
    start = 12.2 + 0.1 * np.arange(21)
    real = series.series(start)
    for seed in (np.zeros(20), real[:20]):
        values = series.continued(done.predict, seed, 300)
        assert values.shape == (320,)
        np.testing.assert_array_equal(values[:20], seed)
        assert np.isfinite(values).all() and np.abs(values).max() < 2 * reach
    assert len(plans) == 1
    first = series.continued(done.predict, real[:20], 1)[-1]
    assert abs(first - real[20]) < 0.5


def test_deep_rnn_multicell(sess: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 20, 1])
    outputs, states = deep_rnn(x)
    assert outputs.shape.as_list() == [None, 20, 100]
    assert isinstance(states, tuple)
    assert [state.shape.as_list() for state in states] == [[None, 100]] * 3
    assert parameters() == 50_400
    names = [v.op.name for v in tf.trainable_variables()]
    assert names == [
        f"deep_rnn/rnn/multi_rnn_cell/cell_{layer}/basic_rnn_cell/{part}"
        for layer in range(3)
        for part in ("kernel", "bias")
    ]
    _, joined = deep_rnn(x, state_is_tuple=False, scope="joined")
    assert joined.shape.as_list() == [None, 300]
    sess.run(tf.global_variables_initializer())
    pairs = zip(tf.trainable_variables("deep_rnn"), tf.trainable_variables("joined"), strict=True)
    for source, target in pairs:
        target.load(sess.run(source), sess)
    data = np.random.default_rng(0).normal(size=[4, 20, 1])
    last, apart, beside = sess.run([outputs, states, joined], {x: data})
    np.testing.assert_array_equal(last[:, -1], apart[2])
    np.testing.assert_array_equal(np.concatenate(apart, 1), beside)


def test_deep_rnn_multicell_of_one_object() -> None:
    """``[cell] * 3`` is one set of variables, whose kernel cannot fit both kinds of input."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 20, 1])
        cell = tf.contrib.rnn.BasicRNNCell(100)
        stack = tf.contrib.rnn.MultiRNNCell([cell] * 3)
        with pytest.raises(ValueError, match="Dimensions must be equal"):
            tf.nn.dynamic_rnn(stack, x, dtype=tf.float32)


def predictor(**dropout: Any) -> tuple[Any, Any]:
    tf.set_random_seed(11)
    x = tf.placeholder(tf.float32, [None, 20, 1])
    outputs, _ = deep_rnn(x, n_neurons=30, n_layers=2, **dropout)
    return x, tf.layers.dense(outputs, 1, name="prediction")


def names_and_shapes() -> dict[str, list[int]]:
    return {v.name: v.shape.as_list() for v in tf.global_variables()}


def test_deep_rnn_dropout_two_graphs(tmp_path: Path) -> None:
    path = str(tmp_path / "my_model.ckpt")
    random = np.random.default_rng(0)
    batch, target = series.series_batch(random)
    with tf.Graph().as_default(), tf.Session() as session:
        x, predicted = predictor(input_keep_prob=0.5)
        training = names_and_shapes()
        loss = tf.reduce_mean(tf.square(predicted - target))
        saver = tf.train.Saver()
        train = tf.train.AdamOptimizer(0.01).minimize(loss)
        session.run(tf.global_variables_initializer())
        first, *_ = [session.run([loss, train], {x: batch})[0] for _ in range(60)]
        saver.save(session, path)
        noisy = [session.run(predicted, {x: batch}) for _ in range(2)]
        weights = session.run(tf.trainable_variables())
    assert np.abs(noisy[0] - noisy[1]).max() > 0.01
    with tf.Graph().as_default(), tf.Session() as session:
        x, predicted = predictor()
        assert names_and_shapes() == training
        tf.train.Saver().restore(session, path)
        for one, other in zip(session.run(tf.trainable_variables()), weights, strict=True):
            np.testing.assert_array_equal(one, other)
        sure = [session.run(predicted, {x: batch}) for _ in range(2)]
        np.testing.assert_array_equal(*sure)
        assert np.mean((sure[0] - target) ** 2) < first / 2


def test_deep_rnn_dropout_in_one_graph(sess: Any) -> None:
    is_training = tf.placeholder_with_default(False, [])
    x, predicted = predictor(input_keep_prob=0.5, is_training=is_training)
    same = names_and_shapes()
    sess.run(tf.global_variables_initializer())
    batch, _ = series.series_batch(np.random.default_rng(0))
    weights = sess.run(tf.global_variables())
    sure = [sess.run(predicted, {x: batch}) for _ in range(2)]
    noisy = [sess.run(predicted, {x: batch, is_training: True}) for _ in range(2)]
    np.testing.assert_array_equal(*sure)
    assert np.abs(noisy[0] - noisy[1]).max() > 0.01
    with tf.Graph().as_default(), tf.Session() as session:
        x, plain = predictor()
        assert names_and_shapes() == same
        for variable, value in zip(tf.global_variables(), weights, strict=True):
            variable.load(value, session)
        near(session.run(plain, {x: batch}), sure[0], 1e-6)
