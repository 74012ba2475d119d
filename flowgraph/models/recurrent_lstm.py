"""One step of long short-term memory as each of the books writes it.

All take rows: x [batch, d], h and c [batch, n], and give the new c and h. They are one function:

    i, f, o = sigmoid(x Wx + h Wh + b) each,  g = tanh(x Wxg + h Whg + bg)
    c' = f c + i g,   h' = o tanh(c')

Ramsundar prints no equations and takes TensorFlow's cell, which adds 1 to the forget gate's bias.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import flowgraph as tf

__all__ = [
    "LstmState",
    "LstmWeights",
    "buduma_forget_gate",
    "buduma_lstm_step",
    "charniak_lstm_step",
    "geron_lstm_step",
    "kernel_of",
    "lstm_parameters",
    "pattanayak_lstm_step",
]


class LstmState(NamedTuple):
    """The memory and the output, [batch, n] each."""

    c: Any
    h: Any


class LstmWeights(NamedTuple):
    """For the gates i, f, o and the candidate g: matrices [d, n], [n, n] and biases [n]."""

    x: dict[str, Any]
    h: dict[str, Any]
    b: dict[str, Any]


def lstm_parameters(n_inputs: int, n: int, biases: int = 1) -> int:
    """``4 (n_inputs n + n^2 + biases n)``; PyTorch has two biases where one would do."""
    return 4 * (n_inputs * n + n * n + biases * n)


def kernel_of(weights: LstmWeights, forget_bias: float = 1.0) -> tuple[Any, Any]:
    """Kernel [d + n, 4n] and bias [4n] with which a `BasicLSTMCell` is the cell of `weights`."""
    order = "igfo"
    columns = [tf.concat([weights.x[gate], weights.h[gate]], 0) for gate in order]
    biases = [weights.b[gate] - (forget_bias if gate == "f" else 0) for gate in order]
    return tf.concat(columns, 1), tf.concat(biases, 0)


def geron_lstm_step(x: Any, state: LstmState, weights: LstmWeights) -> LstmState:
    """Equation 14-3 of Géron: two products per gate."""
    with tf.name_scope("geron_lstm"):

        def layer(gate: str) -> Any:
            from_input = tf.matmul(x, weights.x[gate])
            return from_input + tf.matmul(state.h, weights.h[gate]) + weights.b[gate]

        i, f, o = (tf.sigmoid(layer(gate)) for gate in "ifo")
        c = f * state.c + i * tf.tanh(layer("g"))
        return LstmState(c, o * tf.tanh(c))


def buduma_forget_gate(w: Any, h: Any, x: Any, b: Any) -> tuple[Any, Any]:
    """``W.[h, x]`` and ``sigmoid(W.[h, x] + b)`` for columns h [n], x [d] and W [n, n + d]
    (Buduma, the slides at the end)."""
    with tf.name_scope("buduma_forget_gate"):
        product = tf.squeeze(tf.matmul(w, tf.expand_dims(tf.concat([h, x], 0), 1)), 1)
        return product, tf.sigmoid(product + b)


def buduma_lstm_step(x: Any, state: LstmState, weights: LstmWeights) -> LstmState:
    """The slides of Buduma: ``W [h, x]`` with columns; there without biases."""
    with tf.name_scope("buduma_lstm"):
        joined = tf.transpose(tf.concat([state.h, x], 1))

        def layer(gate: str) -> Any:
            w = tf.transpose(tf.concat([weights.h[gate], weights.x[gate]], 0))
            return tf.matmul(w, joined) + tf.expand_dims(weights.b[gate], 1)

        f, i, o = (tf.sigmoid(layer(gate)) for gate in "fio")
        candidate = tf.tanh(layer("g"))
        c = f * tf.transpose(state.c) + i * candidate
        return LstmState(tf.transpose(c), tf.transpose(o * tf.tanh(c)))


def pattanayak_lstm_step(x: Any, state: LstmState, weights: LstmWeights) -> LstmState:
    """Pattanayak, chapter 4: ``f = sigmoid(W x + U h)``; printed without the biases."""
    with tf.name_scope("pattanayak_lstm"):
        n = weights.h["f"].shape.as_list()[0]
        w = tf.concat([weights.x[gate] for gate in "fiog"], 1)
        u = tf.concat([weights.h[gate] for gate in "fiog"], 1)
        b = tf.concat([weights.b[gate] for gate in "fiog"], 0)
        summed = tf.matmul(x, w) + tf.matmul(state.h, u) + b
        gates = tf.sigmoid(summed[:, : 3 * n])
        f, i, o = tf.split(gates, 3, axis=1)
        c = f * state.c + i * tf.tanh(summed[:, 3 * n :])
        return LstmState(c, o * tf.tanh(c))


def charniak_lstm_step(
    x: Any, state: LstmState, weights: LstmWeights, as_printed: bool = False
) -> LstmState:
    """Equations 4.11 to 4.18 of Charniak, with ``h'`` for the joined output and input.

    Equation 4.18 is printed ``h = h'' a2`` with a linear layer ``h''`` of ``h'``. The text and
    figure 4.9 say that the memory goes through a tanh: ``h = sigmoid(h'') tanh(c)``.

    Args:
        as_printed: take equation 4.18 as it stands.
    """
    with tf.name_scope("charniak_lstm"):
        joined = tf.concat([state.h, x], 1)

        def linear(gate: str) -> Any:
            kernel = tf.concat([weights.h[gate], weights.x[gate]], 0)
            return tf.nn.xw_plus_b(joined, kernel, weights.b[gate])

        kept = state.c * tf.sigmoid(linear("f"))
        a1, a2 = tf.sigmoid(linear("i")), tf.tanh(linear("g"))
        c = kept + a1 * a2
        if as_printed:
            return LstmState(c, linear("o") * a2)
        return LstmState(c, tf.sigmoid(linear("o")) * tf.tanh(c))
