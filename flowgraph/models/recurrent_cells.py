"""Cells that the books describe and TensorFlow does not have."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["BookGruCell", "LinearGatedUnitCell", "TrainingDropout", "TwoBiasLstmCell"]

_Rnn = tf.nn.rnn_cell


def _layer(name: str, x: Any, units: int, bias: float = 0.0) -> Any:
    """``x W + b`` with the variables ``name/kernel`` and ``name/bias``."""
    with tf.variable_scope(name):
        kernel = tf.get_variable("kernel", [x.shape.as_list()[1], units], x.dtype)
        start = tf.constant_initializer(bias)
        return tf.nn.xw_plus_b(x, kernel, tf.get_variable("bias", [units], x.dtype, start))


class _Sized(_Rnn.RNNCell):
    """A cell whose state is one tensor, its output too."""

    def __init__(self, num_units: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self._num_units = num_units

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units


class BookGruCell(_Sized):
    """The gated recurrent unit as the books write it.

    ``z = sigmoid(x Wxz + h Whz + bz)``, ``r`` likewise,
    ``g = tanh(x Wxg + (r h) Whg + bg)``, ``h' = (1 - z) h + z g``

    (Géron, equation 14-4, whose last line is garbled in print; the text says this). TensorFlow's
    `GRUCell` has ``h' = u h + (1 - u) g``: it is this cell with ``u = 1 - z``, so with the weights
    of z negated.

    Args:
        num_units: n.
        reset_after: ``g = tanh(x Wxg + r (h Whg) + bg)``, the reset after the product
            (Pattanayak, chapter 4).
    """

    def __init__(self, num_units: int, reset_after: bool = False, name: str | None = None) -> None:
        super().__init__(num_units, name)
        self._reset_after = reset_after

    def call(self, inputs: Any, state: Any) -> Any:
        """One step; the output is the state."""
        n = self._num_units
        joined = tf.concat([inputs, state], 1)
        z = tf.sigmoid(_layer("update", joined, n))
        r = tf.sigmoid(_layer("reset", joined, n))
        with tf.variable_scope("candidate"):
            recurrent = tf.get_variable("recurrent_kernel", [n, n], inputs.dtype)
        if self._reset_after:
            kept = r * tf.matmul(state, recurrent)
        else:
            kept = tf.matmul(r * state, recurrent)
        candidate = tf.tanh(_layer("candidate", inputs, n) + kept)
        new = (1 - z) * state + z * candidate
        return new, new


class LinearGatedUnitCell(_Rnn.RNNCell):
    """The linear gated unit (Charniak, exercise 4.6): one control layer forgets and writes.

    ``g = sigmoid([h x] Wg + bg)``, ``c' = g c + (1 - g) tanh([h x] Wc + bc)``,
    ``h' = sigmoid([h x] Wh + bh) tanh(c')``: three linear layers where the LSTM has four.
    """

    def __init__(self, num_units: int, gate_bias: float = 1.0, name: str | None = None) -> None:
        super().__init__(name=name)
        self._num_units = num_units
        self._gate_bias = gate_bias

    @property
    def state_size(self) -> Any:
        return _Rnn.LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: the output h' and the state (c', h')."""
        c, h = state
        n, joined = self._num_units, tf.concat([h, inputs], 1)
        gate = tf.sigmoid(_layer("control", joined, n, self._gate_bias))
        c = gate * c + (1 - gate) * tf.tanh(_layer("candidate", joined, n))
        h = tf.sigmoid(_layer("output", joined, n)) * tf.tanh(c)
        return h, _Rnn.LSTMStateTuple(c, h)


class TwoBiasLstmCell(_Rnn.RNNCell):
    """The LSTM cell as PyTorch has it, with which Buduma's listings are written: a bias for the
    input's product and one for the output's, neither raised for the forget gate."""

    def __init__(self, num_units: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self._num_units = num_units

    @property
    def state_size(self) -> Any:
        return _Rnn.LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: the output h' and the state (c', h')."""
        c, h = state
        summed = _layer("ih", inputs, 4 * self._num_units) + _layer("hh", h, 4 * self._num_units)
        i, f, g, o = tf.split(summed, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        return h, _Rnn.LSTMStateTuple(c, h)


class TrainingDropout(_Rnn.DropoutWrapper):
    """Dropout of a cell's inputs that a boolean scalar tensor turns on and off, so that one graph
    serves training and use (Géron, chapter 14). Variables are named as without it."""

    def __init__(self, cell: Any, keep_prob: float, is_training: Any, seed: Any = None) -> None:
        kept = tf.where(is_training, tf.constant(keep_prob), tf.constant(1.0))
        super().__init__(cell, input_keep_prob=kept, seed=seed)
