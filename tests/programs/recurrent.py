"""Recurrent networks: cells, wrappers, static and dynamic unrolling, gradients through them."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def cells_of(tf: Any) -> Any:
    """`tf.nn.rnn_cell`; TensorFlow 2 has it in a module of its own only."""
    if tf.__name__.startswith("flowgraph"):
        return tf.nn.rnn_cell
    return importlib.import_module("tensorflow.python.keras.layers.legacy_rnn.rnn_cell_impl")


def initializer(tf: Any) -> Any:
    def values(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return tf.constant(ramp(*shape) * 0.5)

    return values


def steps(tf: Any, count: int = 3) -> list[Any]:
    return [tf.constant(ramp(2, 5, shift=number)) for number in range(count)]


def whole(tf: Any) -> Any:
    return tf.constant(np.stack([ramp(2, 5, shift=number) for number in range(3)], 1))


def named(tf: Any, results: Any) -> dict[str, Any]:
    """The parts of a structure by number, with the variables and their shapes."""
    found = {str(number): each for number, each in enumerate(tf.nest.flatten(results))}
    variables = tf.global_variables()
    return {
        **{key: tf.identity(each, name=f"result_{key}") for key, each in found.items()},
        "variables": [[each.name, each.shape.as_list()] for each in variables],
    }


def summed(tf: Any, results: Any) -> Any:
    return tf.add_n([tf.reduce_sum(tf.square(each)) for each in tf.nest.flatten(results)])


def with_gradients(tf: Any, results: Any) -> dict[str, Any]:
    gradients = tf.gradients(summed(tf, results), tf.trainable_variables())
    found = named(tf, results)
    for number, gradient in enumerate(gradients):
        found[f"gradient {number}"] = tf.identity(gradient, name=f"gradient_{number}")
    return found


def in_scope(tf: Any, build: Any) -> dict[str, Any]:
    with tf.variable_scope("model", initializer=initializer(tf)):
        results = build(cells_of(tf))
    return with_gradients(tf, results)


@program
def basic_rnn_static(tf: Any) -> dict[str, Any]:
    return in_scope(tf, lambda c: tf.nn.static_rnn(c.BasicRNNCell(3), steps(tf), dtype=tf.float32))


@program
def gru_static_with_lengths(tf: Any) -> dict[str, Any]:
    return in_scope(
        tf,
        lambda c: tf.nn.static_rnn(
            c.GRUCell(3), steps(tf), dtype=tf.float32, sequence_length=[1, 3]
        ),
    )


@program
def basic_lstm_static(tf: Any) -> dict[str, Any]:
    return in_scope(tf, lambda c: tf.nn.static_rnn(c.BasicLSTMCell(3), steps(tf), dtype=tf.float32))


@program
def lstm_with_everything(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.LSTMCell(
            4,
            use_peepholes=True,
            cell_clip=0.3,
            num_proj=2,
            proj_clip=0.2,
            forget_bias=0.5,
            initializer=initializer(tf),
        )
        return tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def lstm_in_shards(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.LSTMCell(4, num_proj=2, num_unit_shards=2, num_proj_shards=2)
        return tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)

    with tf.variable_scope("model", initializer=initializer(tf)):
        return named(tf, build(cells_of(tf)))


@program
def joined_states(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cells = [
            c.LSTMCell(4, num_proj=2, state_is_tuple=False),
            c.BasicLSTMCell(3, state_is_tuple=False),
        ]
        cell = c.MultiRNNCell(cells, state_is_tuple=False)
        return tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def stacked_cells(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.MultiRNNCell([c.GRUCell(3), c.LSTMCell(4), c.BasicRNNCell(2)])
        return tf.nn.dynamic_rnn(cell, whole(tf), dtype=tf.float32, sequence_length=[3, 1])

    return in_scope(tf, build)


@program
def residual_and_device(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.ResidualWrapper(c.DeviceWrapper(c.GRUCell(5), "/cpu:0"))
        return tf.nn.dynamic_rnn(cell, whole(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def dropout_in_static(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.DropoutWrapper(c.LSTMCell(5), 0.5, 0.6, 0.7, seed=3)
        return tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def dropout_of_stacked_states(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        stacked = c.MultiRNNCell([c.GRUCell(3), c.LSTMCell(4)])
        cell = c.DropoutWrapper(stacked, state_keep_prob=0.5, seed=3)
        return tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def variational_dropout(tf: Any) -> dict[str, Any]:
    def build(c: Any) -> Any:
        cell = c.DropoutWrapper(
            c.LSTMCell(5),
            0.5,
            0.6,
            0.7,
            variational_recurrent=True,
            input_size=5,
            dtype=tf.float32,
            seed=3,
        )
        return tf.nn.dynamic_rnn(cell, whole(tf), dtype=tf.float32)

    return in_scope(tf, build)


@program
def dynamic_forms(tf: Any) -> dict[str, Any]:
    cells = cells_of(tf)
    inputs = tf.placeholder_with_default(whole(tf), [None, None, 5])
    with tf.variable_scope("model", initializer=initializer(tf)):
        cell = cells.BasicLSTMCell(3)
        outputs, state = tf.nn.dynamic_rnn(cell, inputs, sequence_length=[2, 0], dtype=tf.float32)
        again, later = tf.nn.dynamic_rnn(
            cell, tf.transpose(inputs, [1, 0, 2]), initial_state=state, time_major=True
        )
    found = with_gradients(tf, [outputs, state, again, later])
    found["input gradient"] = tf.identity(tf.gradients(summed(tf, later), inputs)[0], name="di")
    return found


@program
def bidirectional_forms(tf: Any) -> dict[str, Any]:
    cells = cells_of(tf)
    with tf.variable_scope("model", initializer=initializer(tf)):
        dynamic = tf.nn.bidirectional_dynamic_rnn(
            cells.GRUCell(3),
            cells.GRUCell(2),
            whole(tf),
            sequence_length=[2, 3],
            dtype=tf.float32,
        )
        static = tf.nn.static_bidirectional_rnn(
            cells.GRUCell(3),
            cells.GRUCell(2),
            steps(tf),
            sequence_length=[2, 3],
            dtype=tf.float32,
            scope="static",
        )
        unmasked = tf.nn.bidirectional_dynamic_rnn(
            cells.GRUCell(3),
            cells.GRUCell(2),
            tf.transpose(whole(tf), [1, 0, 2]),
            dtype=tf.float32,
            time_major=True,
            scope="unmasked",
        )
    return with_gradients(tf, [dynamic, static, unmasked])


@program
def raw_loop(tf: Any) -> dict[str, Any]:
    cells = cells_of(tf)
    inputs = tf.TensorArray(tf.float32, size=3, clear_after_read=False)
    inputs = inputs.unstack(tf.transpose(whole(tf), [1, 0, 2]))
    lengths = tf.constant([2, 3])
    cell = cells.BasicRNNCell(3)

    def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> Any:
        if output is None:
            next_state = cell.zero_state(2, tf.float32)
            loop_state = tf.constant(10)
        else:
            next_state = state
            loop_state = loop_state + time
        finished = time >= lengths
        given = tf.cond(
            tf.reduce_all(finished), lambda: tf.zeros([2, 5]), lambda: inputs.read(time)
        )
        return finished, given, next_state, output, loop_state

    with tf.variable_scope("model", initializer=initializer(tf)):
        emitted, state, loop_state = tf.nn.raw_rnn(cell, loop_fn)
    return named(tf, [emitted.stack(), state, loop_state])


class Counter:
    """A cell by its interface alone: adds its input to its state, and has a pair as its output."""

    state_size = 5
    output_size = (5, 1)

    def __init__(self, tf: Any) -> None:
        self._tf = tf

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        return self._tf.ones([batch_size, 5], dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        state = state + inputs
        return (state * 2.0, self._tf.reduce_sum(state, 1, keepdims=True)), state


@program
def cell_by_interface(tf: Any) -> dict[str, Any]:
    dynamic = tf.nn.dynamic_rnn(Counter(tf), whole(tf), dtype=tf.float32, sequence_length=[1, 2])
    static = tf.nn.static_rnn(Counter(tf), steps(tf), dtype=tf.float32, sequence_length=[1, 2])
    return named(tf, [dynamic, static])


@program
def double_precision(tf: Any) -> dict[str, Any]:
    cells = cells_of(tf)
    inputs = tf.constant(ramp(2, 3, 4).astype(np.float64))
    with tf.variable_scope(
        "model", initializer=tf.constant_initializer(0.25, tf.float64), dtype=tf.float64
    ):
        results = [
            tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float64, scope=name)
            for name, cell in (("a", cells.GRUCell(3)), ("b", cells.BasicLSTMCell(3)))
        ]
    return named(tf, results)


@program
def errors(tf: Any) -> dict[str, Any]:
    cells = cells_of(tf)
    cell = cells.GRUCell(3)
    unknown = tf.placeholder(tf.float32, [2, 3, None])
    return {
        "no state": raised(lambda: tf.nn.dynamic_rnn(cell, whole(tf)), "dtype.? must be specified"),
        "no list": raised(lambda: tf.nn.static_rnn(cell, whole(tf), dtype=tf.float32), "sequence"),
        "no inputs": raised(lambda: tf.nn.static_rnn(cell, [], dtype=tf.float32), "empty"),
        "no cell": raised(lambda: tf.nn.dynamic_rnn(3, whole(tf), dtype=tf.float32), "RNNCell"),
        "no depth": raised(
            lambda: tf.nn.dynamic_rnn(cell, unknown, dtype=tf.float32),
            "must be accessible via shape inference",
        ),
        "lengths": raised(
            lambda: tf.nn.dynamic_rnn(cell, whole(tf), [[1], [2]], dtype=tf.float32), "vector"
        ),
        "no cells": raised(lambda: cells.MultiRNNCell([]), "at least one cell"),
        "keep prob": raised(lambda: cells.DropoutWrapper(cell, 1.5), "between 0 and 1"),
        "visitor": raised(
            lambda: cells.DropoutWrapper(cell, dropout_state_filter_visitor=3), "callable"
        ),
        "state sizes": raised(
            lambda: cells.MultiRNNCell([cells.BasicLSTMCell(2)], state_is_tuple=False),
            "state_is_tuple is not set",
        ),
    }
