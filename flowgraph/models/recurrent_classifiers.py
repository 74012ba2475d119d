"""Recurrent networks that classify sequences and their steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flowgraph as tf
from flowgraph.models.recurrent_cells import TwoBiasLstmCell
from flowgraph.models.recurrent_training import clipped_step

__all__ = [
    "Classifier",
    "SentimentModel",
    "Tagger",
    "row_classifier",
    "sentiment_lstm",
    "sequence_tagger",
    "string_classifier",
]


class Classifier(NamedTuple):
    """Placeholders, logits [batch, n_classes], the loss, a training step and the accuracy.

    `length` is the placeholder of the sequences' lengths, None where all are full.
    """

    x: Any
    y: Any
    length: Any
    logits: Any
    loss: Any
    train: Any
    accuracy: Any


def _hit_rate(logits: Any, y: Any) -> Any:
    return tf.reduce_mean(tf.cast(tf.nn.in_top_k(logits, y, 1), tf.float32), name="accuracy")


def row_classifier(
    cell: Callable[[int], Any] = tf.contrib.rnn.BasicRNNCell,
    n_steps: int = 28,
    n_inputs: int = 28,
    n_neurons: int = 150,
    n_outputs: int = 10,
    learning_rate: float = 0.001,
    initializer: Any = None,
    summed_loss: bool = False,
    scope: str = "row_classifier",
) -> Classifier:
    """An image read row by row; the last output of the cell is classified.

    With the defaults it is Géron's (chapter 14), of 28,360 parameters. Pattanayak's (listing 4-3):
    ``row_classifier(BasicLSTMCell, n_neurons=64, learning_rate=.01, summed_loss=True)``.

    Args:
        cell: makes a cell from a number of neurons.
        initializer: of all weights of the cell, as `variance_scaling_initializer()`.
        summed_loss: the batch's sum of the cross-entropies in place of their mean.
    """
    with tf.variable_scope(scope):
        x = tf.placeholder(tf.float32, [None, n_steps, n_inputs], name="x")
        y = tf.placeholder(tf.int32, [None], name="y")
        with tf.variable_scope("rnn", initializer=initializer) as inner:
            _, state = tf.nn.dynamic_rnn(cell(n_neurons), x, dtype=tf.float32, scope=inner)
        last = getattr(state, "h", state)
        logits = tf.contrib.layers.fully_connected(last, n_outputs, activation_fn=None)
        entropies = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_sum(entropies) if summed_loss else tf.reduce_mean(entropies)
        train = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        return Classifier(x, y, None, logits, loss, train, _hit_rate(logits, y))


class Tagger(NamedTuple):
    """Placeholders x [batch, n_steps, n_inputs], y and weights [batch, n_steps], per-step logits
    and probabilities, the loss, a training step and the accuracy."""

    x: Any
    y: Any
    length: Any
    hidden: Any
    logits: Any
    probabilities: Any
    loss: Any
    train: Any
    accuracy: Any


def sequence_tagger(
    n_inputs: int,
    n_classes: int,
    n_neurons: int = 32,
    cell: Callable[[int], Any] = tf.nn.rnn_cell.BasicRNNCell,
    bidirectional: bool = False,
    learning_rate: float = 0.01,
    scope: str = "tagger",
) -> Tagger:
    """A class for every step.

    ``h(t) = f(W_hh h(t-1) + W_xh x(t) + b_h)``, ``o(t) = softmax(W_ho h(t) + b_o)`` with the mean
    of the steps' cross-entropies as loss: Elman's network, if the cell is the plain one. With
    `bidirectional`, h(t) is two states side by side, one of a cell that reads forward and one of
    another that reads backward (Pattanayak, chapter 4; Buduma, chapter 9).
    """
    with tf.variable_scope(scope):
        x = tf.placeholder(tf.float32, [None, None, n_inputs], name="x")
        y = tf.placeholder(tf.int32, [None, None], name="y")
        length = tf.placeholder_with_default(
            tf.fill([tf.shape(x)[0]], tf.shape(x)[1]), [None], name="length"
        )
        if bidirectional:
            pair = (cell(n_neurons), cell(n_neurons))
            both, _ = tf.nn.bidirectional_dynamic_rnn(*pair, x, length, dtype=tf.float32)
            hidden = tf.concat(both, 2)
        else:
            hidden, _ = tf.nn.dynamic_rnn(cell(n_neurons), x, length, dtype=tf.float32)
        logits = tf.layers.dense(hidden, n_classes, name="outputs")
        mask = tf.sequence_mask(length, tf.shape(x)[1], dtype=tf.float32)
        loss = tf.contrib.seq2seq.sequence_loss(logits, y, mask)
        train = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        hits = tf.cast(tf.equal(tf.argmax(logits, 2, output_type=tf.int32), y), tf.float32)
        accuracy = tf.reduce_sum(hits * mask) / tf.reduce_sum(mask)
        return Tagger(x, y, length, hidden, logits, tf.nn.softmax(logits), loss, train, accuracy)


class SentimentModel(NamedTuple):
    """Ids [batch, n_steps], labels [batch], the table of the words, the logits and the training."""

    ids: Any
    labels: Any
    keep_prob: Any
    embedding: Any
    logits: Any
    loss: Any
    train: Any
    accuracy: Any


def sentiment_lstm(
    vocabulary: int = 30000,
    embedding_size: int = 512,
    n_neurons: int = 512,
    n_steps: int | None = 512,
    padding: int = 1,
    as_printed: bool = False,
    learning_rate: float = 0.01,
    scope: str = "sentiment",
) -> SentimentModel:
    """A review's sentiment by an LSTM (Buduma, chapter 9): embedding, cell, two classes.

    In every step h, not c, goes through dropout (fed as `keep_prob`, 1 by default) before the next.
    The row `padding` of the table has no gradient, and padded steps leave the state as it is.

    Args:
        as_printed: the cell with two biases and random initial states, and after the last layer
            the sigmoid and the batch normalization that the book puts there, of 17,462,278
            parameters in all. A softmax cross-entropy wants logits, which is the default.
    """
    with tf.variable_scope(scope):
        ids = tf.placeholder(tf.int32, [None, n_steps], name="ids")
        labels = tf.placeholder(tf.int32, [None], name="labels")
        keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
        embedding = tf.get_variable("embedding", [vocabulary, embedding_size])
        known = tf.not_equal(ids, padding)
        words = tf.nn.embedding_lookup(embedding, ids)
        words *= tf.expand_dims(tf.cast(known, tf.float32), 2)
        make = TwoBiasLstmCell if as_printed else tf.nn.rnn_cell.BasicLSTMCell
        cell = tf.nn.rnn_cell.DropoutWrapper(make(n_neurons), state_keep_prob=keep_prob)
        length = tf.reduce_sum(tf.cast(known, tf.int32), 1)
        initial = None
        if as_printed:
            shape = [tf.shape(ids)[0], n_neurons]
            initial = tf.nn.rnn_cell.LSTMStateTuple(*(tf.random_uniform(shape) for _ in "ch"))
        _, state = tf.nn.dynamic_rnn(cell, words, length, initial, dtype=tf.float32)
        logits = tf.layers.dense(state.h, 2, name="classes")
        if as_printed:
            logits = tf.layers.batch_normalization(tf.sigmoid(logits), training=True)
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        train = tf.train.AdamOptimizer(learning_rate).minimize(loss)
        accuracy = _hit_rate(logits, labels)
    return SentimentModel(ids, labels, keep_prob, embedding, logits, loss, train, accuracy)


def string_classifier(
    n_symbols: int,
    n_neurons: int = 30,
    cell: Callable[[int], Any] = tf.nn.rnn_cell.BasicLSTMCell,
    learning_rate: float = 0.01,
    max_norm: float = 1.0,
    scope: str = "string_classifier",
) -> Classifier:
    """Valid or not, from one-hot symbols of strings of any length (Géron, chapter 14, exercise 7).

    The state after the last symbol gives one logit; gradients are clipped to the global norm
    `max_norm`.
    """
    with tf.variable_scope(scope):
        x = tf.placeholder(tf.int32, [None, None], name="x")
        y = tf.placeholder(tf.float32, [None], name="y")
        length = tf.placeholder(tf.int32, [None], name="length")
        symbols = tf.one_hot(x, n_symbols)
        _, state = tf.nn.dynamic_rnn(cell(n_neurons), symbols, length, dtype=tf.float32)
        logits = tf.layers.dense(getattr(state, "h", state), 1, name="valid")[:, 0]
        entropies = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_mean(entropies)
        train = clipped_step(tf.train.AdamOptimizer(learning_rate), loss, max_norm).train
        accuracy = tf.reduce_mean(tf.cast(tf.equal(logits > 0, y > 0.5), tf.float32))
    return Classifier(x, y, length, logits, loss, train, accuracy)
