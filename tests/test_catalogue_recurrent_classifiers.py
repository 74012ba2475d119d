"""The catalogue's recurrent classifiers of images, reviews and strings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.datasets import digits
from flowgraph.models import reber
from flowgraph.models.recurrent_classifiers import (
    row_classifier,
    sentiment_lstm,
    string_classifier,
)


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(6)
        yield session


def parameters(scope: str | None = None) -> int:
    return sum(v.shape.num_elements() for v in tf.trainable_variables(scope))


def learn_digits(session: Any, model: Any, epochs: int) -> tuple[float, float, float]:
    """Loss before training, and loss and accuracy after it, of all test digits in one feed."""
    data = digits.load()
    test = {model.x: data.test_images / 255, model.y: data.test_labels}
    session.run(tf.global_variables_initializer())
    before = session.run(model.loss, test)
    random = np.random.default_rng(0)
    for _ in range(epochs):
        for rows in random.permutation(1500).reshape(10, 150):
            images, labels = data.train_images[rows] / 255, data.train_labels[rows]
            session.run(model.train, {model.x: images, model.y: labels})
    return (before, *session.run([model.loss, model.accuracy], test))


def test_mnist_rnn_classifier(sess: Any) -> None:
    model = row_classifier()
    assert parameters("row_classifier/rnn") == (28 + 150) * 150 + 150 == 26_850
    assert parameters() == 28_360
    assert model.logits.shape.as_list() == [None, 10]
    before, after, accuracy = learn_digits(sess, model, 6)
    assert abs(before - math.log(10)) < 0.5
    assert after < 1 and accuracy > 0.7


def test_mnist_rnn_classifier_with_he_weights(sess: Any) -> None:
    """The book's variant: the cell's kernel from a truncated normal of variance 2 / rows."""
    start = tf.contrib.layers.variance_scaling_initializer()
    row_classifier(initializer=start)
    kernel, bias = tf.trainable_variables("row_classifier/rnn")
    sess.run(tf.global_variables_initializer())
    values = sess.run(kernel)
    np.testing.assert_allclose(values.std(), math.sqrt(2 / 178), rtol=0.02)
    assert not sess.run(bias).any()


def test_mnist_lstm_classifier(sess: Any) -> None:
    settings = {"n_neurons": 64, "learning_rate": 0.01, "summed_loss": True}
    model = row_classifier(tf.nn.rnn_cell.BasicLSTMCell, **settings)
    d, n = 28, 64
    assert parameters("row_classifier/rnn") == 4 * (n * d + n * n + n) == 23_808
    assert parameters() == 23_808 + 650
    before, after, accuracy = learn_digits(sess, model, 6)
    assert abs(before / 297 - math.log(10)) < 0.2
    assert after < before / 2 and accuracy > 0.7


GOOD, BAD = ["good", "great", "fine", "superb"], ["bad", "awful", "poor", "dull"]
OPENINGS = ["the film was", "i found the story", "this cast is", "all of it seemed"]
WORDS = ["<unk>", "<pad>", "not", *GOOD, *BAD, *" ".join(OPENINGS).split()]
LENGTH = 7


def reviews(random: Any, count: int) -> tuple[Any, Any]:
    """Ids and sentiments of "<opening> [not] <adjective>", half of them negated, padded with 1."""
    ids = np.ones([count, LENGTH], np.int32)
    labels = random.integers(0, 2, count)
    for row, positive in enumerate(labels):
        negated = bool(random.integers(2))
        adjectives = GOOD if bool(positive) != negated else BAD
        words = str(random.choice(OPENINGS)).split() + ["not"] * negated
        words.append(str(random.choice(adjectives)))
        ids[row, : len(words)] = [WORDS.index(word) for word in words]
    return ids, labels


def test_imdb_sentiment_lstm_parameters(sess: Any) -> None:
    printed = sentiment_lstm(as_printed=True)
    table, lstm, dense, norm = 30000 * 512, 4 * (2 * 512 * 512 + 2 * 512), 2 * 512 + 2, 4
    assert parameters() == table + lstm + dense + norm == 17_462_278
    assert printed.ids.shape.as_list() == [None, 512]
    model = sentiment_lstm(scope="corrected")
    assert parameters("corrected") == 17_462_278 - 4 * 512 - norm
    assert model.logits.op.type == "BiasAdd" and model.logits.shape.as_list() == [None, 2]


def test_imdb_sentiment_lstm_as_printed(sess: Any) -> None:
    """The random initial state makes two runs differ, and the scores have mean 0, variance 1."""
    model = sentiment_lstm(len(WORDS), 8, 8, None, as_printed=True)
    ids, labels = reviews(np.random.default_rng(0), 200)
    sess.run(tf.global_variables_initializer())
    first, second = (sess.run(model.logits, {model.ids: ids}) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_allclose(first.mean(0), [0, 0], atol=1e-4)
    assert sess.run(model.loss, {model.ids: ids, model.labels: labels}) > 0.3


def test_imdb_sentiment_lstm_padding(sess: Any) -> None:
    model = sentiment_lstm(len(WORDS), 8, 8, None)
    gradient = tf.convert_to_tensor(tf.gradients(model.loss, model.embedding)[0])
    ids, labels = reviews(np.random.default_rng(0), 20)
    sess.run(tf.global_variables_initializer())
    feed = {model.ids: ids, model.labels: labels}
    rows = sess.run(gradient, feed)
    used = np.unique(ids)
    assert 1 in used and not rows[1].any()
    assert all(rows[row].any() for row in used if row != 1)
    longer = np.concatenate([ids, np.ones_like(ids)], 1)
    one, other = (sess.run(model.logits, {model.ids: each}) for each in (ids, longer))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    noisy = [sess.run(model.logits, {**feed, model.keep_prob: 0.5}) for _ in range(2)]
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-3


def test_imdb_sentiment_lstm_negation(sess: Any) -> None:
    random = np.random.default_rng(1)
    model = sentiment_lstm(len(WORDS), 8, 16, LENGTH)
    bag = tf.reduce_sum(tf.one_hot(model.ids, len(WORDS)), 1)
    scores = tf.layers.dense(bag, 2)
    loss = tf.losses.sparse_softmax_cross_entropy(model.labels, scores)
    baseline = tf.train.AdamOptimizer(0.01).minimize(loss)
    hits = tf.reduce_mean(tf.cast(tf.nn.in_top_k(scores, model.labels, 1), tf.float32))
    sess.run(tf.global_variables_initializer())
    for _ in range(200):
        ids, labels = reviews(random, 50)
        feed = {model.ids: ids, model.labels: labels, model.keep_prob: 0.5}
        sess.run([model.train, baseline], feed)
    ids, labels = reviews(random, 1000)
    accuracy, of_words = sess.run([model.accuracy, hits], {model.ids: ids, model.labels: labels})
    assert accuracy >= 0.95
    assert of_words <= 0.8


def test_reber_grammar() -> None:
    assert reber.is_embedded_reber("BPBTSXXVPSEPE")
    for changed in ("BPBTSXXVPSETE", "BPBTSXXVPSEP", "BTBTSXXVPSEPE", "BPBTSXTVPSEPE", ""):
        assert not reber.is_embedded_reber(changed)
    strings, labels = reber.samples(np.random.default_rng(0), 1000)
    assert [reber.is_embedded_reber(string) for string in strings] == labels.astype(bool).tolist()
    assert 0.45 < labels.mean() < 0.55
    assert {len(string) for string, good in zip(strings, labels, strict=True) if good} > {9, 10, 11}
    ids, lengths = reber.encoded(strings)
    decoded = [
        "".join(reber.SYMBOLS[i] for i in row[:n]) for row, n in zip(ids, lengths, strict=True)
    ]
    assert decoded == strings


def test_reber_grammar_classifier(sess: Any) -> None:
    random = np.random.default_rng(0)
    strings, labels = reber.samples(random, 10000)
    ids, lengths = reber.encoded(strings)
    model = string_classifier(len(reber.SYMBOLS))
    sess.run(tf.global_variables_initializer())
    batches = np.argsort(lengths, kind="stable").reshape(-1, 50)
    for _ in range(8):
        for rows in random.permutation(batches):
            x = ids[rows, : lengths[rows].max()]
            feed = {model.x: x, model.length: lengths[rows], model.y: labels[rows]}
            sess.run(model.train, feed)

    strings, labels = reber.samples(random, 5000)
    ids, lengths = reber.encoded(strings)
    feed = {model.x: ids, model.length: lengths, model.y: labels}
    accuracy, logits = sess.run([model.accuracy, model.logits], feed)
    assert accuracy >= 0.99
    # Wrong only in the last symbol but one: what matters is the second one, long before.
    embedded = [s[:2] in ("BT", "BP") and reber.is_reber(s[2:-2]) for s in strings]
    hard = np.array(embedded) & (labels == 0)
    assert hard.sum() > 1000 and (logits[hard] < 0).mean() >= 0.98
