"""Cells that TensorFlow 2 no longer has, against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from rnn_formulas import batch_values, normal, one_step, sigmoid, softmax

rnn: Any = tf.contrib.rnn
close = np.testing.assert_allclose
X, C, H = batch_values(2, 5), batch_values(2, 3), batch_values(2, 4)[:, :3] * 0.5


def joined(*arrays: Any) -> Any:
    return np.concatenate(arrays, 1)


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def check(step: Any, output: Any, *state: Any) -> None:
    close(step.output, output, rtol=2e-5, atol=2e-5)
    assert len(step.state) == len(state)
    for found, expected in zip(step.state, state, strict=True):
        close(found, expected, rtol=2e-5, atol=2e-5)


def normalized(x: Any, gamma: Any, beta: Any) -> Any:
    return (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True) * gamma + beta


def test_layer_norm_lstm() -> None:
    step = one_step(lambda: rnn.LayerNormBasicLSTMCell(3, forget_bias=0.5), X, [C, H])

    def norm(x: Any, scope: str) -> Any:
        return normalized(x, step[f"{scope}/gamma"], step[f"{scope}/beta"])

    i, j, f, o = np.split(joined(X, H) @ step["kernel"], 4, 1)
    i, j = norm(i, "input"), norm(j, "transform")
    f, o = norm(f, "forget"), norm(o, "output")
    c = norm(C * sigmoid(f + 0.5) + sigmoid(i) * np.tanh(j), "state")
    h = np.tanh(c) * sigmoid(o)
    check(step, h, c, h)


def test_layer_norm_lstm_without_normalization() -> None:
    step = one_step(lambda: rnn.LayerNormBasicLSTMCell(3, layer_norm=False), X, [C, H])
    i, j, f, o = np.split(joined(X, H) @ step["kernel"] + step["bias"], 4, 1)
    c = C * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
    check(step, np.tanh(c) * sigmoid(o), c, np.tanh(c) * sigmoid(o))


def test_coupled_gates() -> None:
    h = batch_values(2, 2)
    step = one_step(
        lambda: rnn.CoupledInputForgetGateLSTMCell(
            3, use_peepholes=True, num_proj=2, proj_clip=0.4, num_unit_shards=2
        ),
        X,
        [C, h],
    )
    kernel = np.concatenate([step["W_0"], step["W_1"]])
    j, f, o = np.split(joined(X, h) @ kernel + step["B"], 3, 1)
    forget = sigmoid(f + 1 + step["W_F_diag"] * C)
    c = forget * C + (1 - forget) * np.tanh(j)
    output = sigmoid(o + step["W_O_diag"] * c) * np.tanh(c) @ step["W_P_0"]
    check(step, np.clip(output, -0.4, 0.4), c, np.clip(output, -0.4, 0.4))


def test_coupled_gates_with_a_joined_state() -> None:
    make = lambda: rnn.CoupledInputForgetGateLSTMCell(3, state_is_tuple=False)  # noqa: E731
    step = one_step(make, X, [joined(C, H)])
    j, f, o = np.split(joined(X, H) @ step["W_0"] + step["B"], 3, 1)
    c = sigmoid(f + 1) * C + (1 - sigmoid(f + 1)) * np.tanh(j)
    check(step, sigmoid(o) * np.tanh(c), joined(c, sigmoid(o) * np.tanh(c)))


def test_update_gate() -> None:
    step = one_step(lambda: rnn.UGRNNCell(3, forget_bias=0.5), X, [H])
    gate, candidate = np.split(joined(X, H) @ step["kernel"] + step["bias"], 2, 1)
    gate = sigmoid(gate + 0.5)
    new = gate * H + (1 - gate) * np.tanh(candidate)
    check(step, new, new)


def test_intersection() -> None:
    step = one_step(lambda: rnn.IntersectionRNNCell(3, num_in_proj=3), X, [H])
    x = X @ step["in_projection/kernel"] + step["in_projection/bias"]
    parts = np.split(joined(x, H) @ step["kernel"] + step["bias"], 4, 1)
    g, d = sigmoid(parts[0] + 1), sigmoid(parts[2] + 1)
    check(step, d * x + (1 - d) * relu(parts[3]), g * H + (1 - g) * np.tanh(parts[1]))


def test_intersection_needs_equal_sizes() -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="input size == output size"):
        rnn.IntersectionRNNCell(3)(tf.constant(X), tf.constant(H))


def test_architecture_search() -> None:
    h = batch_values(2, 2)
    step = one_step(lambda: rnn.NASCell(3, num_proj=2, use_bias=True), X, [C, h])
    a = np.split(X @ step["kernel"], 8, 1)
    b = np.split(h @ step["recurrent_kernel"] + step["bias"], 8, 1)
    s = [p + q for p, q in zip(a, b, strict=True)]
    one = np.tanh(np.tanh(sigmoid(s[0]) * relu(s[1])) + C)
    two = np.tanh(sigmoid(s[2]) + relu(a[3] * b[3]))
    three = np.tanh(np.tanh(s[4]) * sigmoid(s[5]))
    four = sigmoid(np.tanh(s[6]) + sigmoid(s[7]))
    output = np.tanh(one * two * np.tanh(three + four)) @ step["projection_weights"]
    check(step, output, one * two, output)


def test_phased_lstm() -> None:
    time = np.array([[0.7], [12.5]], np.float32)
    make = lambda: rnn.PhasedLSTMCell(3, use_peepholes=True, leak=0.01)  # noqa: E731
    step = one_step(make, (time, X), [C, H])

    def mapped(scope: str, *args: Any) -> Any:
        return joined(*args) @ step[f"{scope}/kernel"] + step[f"{scope}/bias"]

    i, f = np.split(sigmoid(mapped("mask_gates", X, H, C)), 2, 1)
    c = C * f + i * np.tanh(mapped("new_input", X, H))
    h = np.tanh(c) * sigmoid(mapped("output_gate", X, H, c))
    cycle = np.mod(time - step["phase"], step["period"]) / step["period"]
    on = step["ratio_on"]
    k = np.where(cycle < on, 2 - 2 * cycle / on, 0.01 * cycle)
    k = np.where(cycle < 0.5 * on, 2 * cycle / on, k)
    check(step, k * h + (1 - k) * H, k * c + (1 - k) * C, k * h + (1 - k) * H)


def test_phased_lstm_starts_within_its_periods() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        cell = rnn.PhasedLSTMCell(200, period_init_min=2.0, period_init_max=5.0)
        cell((tf.zeros([1, 1]), tf.zeros([1, 3])), cell.zero_state(1, tf.float32))
        session.run(tf.global_variables_initializer())
        found = {v.op.name.rpartition("/")[2]: session.run(v) for v in cell.variables}
    assert 2 <= found["period"].min() < found["period"].max() <= 5
    assert (found["phase"] >= 0).all()
    assert (found["phase"] <= 5).all()


def convolved(x: Any, kernel: Any) -> Any:
    """One-dimensional convolution [batch, width, channels] with zeros around."""
    width = kernel.shape[0]
    before = (width - 1) // 2
    padded = np.pad(x, [(0, 0), (before, width - 1 - before), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, 1)
    return np.einsum("bxcw,wcd->bxd", windows, kernel)


@pytest.mark.parametrize("skip", [False, True])
def test_convolutional_lstm(skip: bool) -> None:
    x, c, h = normal(2, 6, 1), normal(2, 6, 2, seed=1), normal(2, 6, 2, seed=2)

    def make() -> Any:
        return rnn.Conv1DLSTMCell(
            input_shape=[6, 1], output_channels=2, kernel_shape=[3], skip_connection=skip
        )

    step = one_step(make, x, [c, h])
    mapped = convolved(np.concatenate([x, h], 2), step["kernel"]) + step["biases"]
    i, j, f, o = np.split(mapped, 4, 2)
    new_c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
    output = np.tanh(new_c) * sigmoid(o)
    if skip:
        output = np.concatenate([output, x], 2)
    check(step, output, new_c, output)


def test_convolutional_lstm_over_images_and_volumes() -> None:
    with tf.Graph().as_default():
        for cell, shape in (
            (
                rnn.Conv2DLSTMCell(input_shape=[4, 5, 1], output_channels=2, kernel_shape=[3, 3]),
                [4, 5],
            ),
            (
                rnn.Conv3DLSTMCell(
                    input_shape=[4, 5, 3, 1], output_channels=2, kernel_shape=[3, 3, 2]
                ),
                [4, 5, 3],
            ),
        ):
            inputs = tf.zeros([7, *shape, 1])
            output, state = cell(inputs, cell.zero_state(7, tf.float32))
            assert output.shape.as_list() == state.c.shape.as_list() == [7, *shape, 2]
    with pytest.raises(ValueError, match="Invalid input_shape"):
        rnn.ConvLSTMCell(2, [4, 1], 2, [3, 3])


def gru(step: Any, x: Any, h: Any, scope: str = "") -> Any:
    r, u = np.split(
        sigmoid(joined(x, h) @ step[scope + "gates/kernel"] + step[scope + "gates/bias"]), 2, 1
    )
    kernel, bias = step[scope + "candidate/kernel"], step[scope + "candidate/bias"]
    return u * h + (1 - u) * np.tanh(joined(x, r * h) @ kernel + bias)


def test_projections() -> None:
    step = one_step(lambda: rnn.InputProjectionWrapper(rnn.GRUCell(3), 4, tf.nn.relu), X, [H])
    new = gru(step, relu(X @ step["kernel"] + step["bias"]), H, "gru_cell/")
    check(step, new, new)
    step = one_step(lambda: rnn.OutputProjectionWrapper(rnn.GRUCell(3), 4, tf.tanh), X, [H])
    new = gru(step, X, H, "gru_cell/")
    check(step, np.tanh(new @ step["kernel"] + step["bias"]), new)
    with pytest.raises(ValueError, match="output_size must be > 0"):
        rnn.OutputProjectionWrapper(rnn.GRUCell(3), 0)


def test_embedding() -> None:
    step = one_step(lambda: rnn.EmbeddingWrapper(rnn.GRUCell(3), 7, 4), np.array([6, 2]), [H])
    new = gru(step, step["embedding"][[6, 2]], H, "gru_cell/")
    check(step, new, new)
    with pytest.raises(ValueError, match="must be > 0"):
        rnn.EmbeddingWrapper(rnn.GRUCell(3), 0, 4)


@pytest.mark.parametrize("coupled", [True, False])
def test_highway(coupled: bool) -> None:
    h = batch_values(2, 5)
    with tf.Graph().as_default(), tf.Session() as session:
        cell = rnn.HighwayWrapper(rnn.GRUCell(5), coupled)
        output, inner = cell(tf.constant(X), tf.constant(h))
        names = [each.op.name for each in tf.global_variables()]
        session.run(tf.global_variables_initializer())
        found, state = session.run([output, inner])
        values = dict(zip(names, session.run(tf.global_variables()), strict=True))
    assert ("transform_w" in names) != coupled
    carry = sigmoid(X @ values["carry_w"] + values["carry_b"])
    transform = 1 - carry
    if not coupled:
        transform = sigmoid(X @ values["transform_w"] + values["transform_b"])
        assert (values["transform_b"] == -1).all()
    close(found, X * carry + state * transform, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("is_tuple", [True, False])
def test_attention_to_last_states(is_tuple: bool) -> None:
    window, attention = normal(2, 8, seed=5), normal(2, 4, seed=6)
    state = [H, attention, window]
    make = lambda: rnn.AttentionCellWrapper(  # noqa: E731
        rnn.GRUCell(3), 2, attn_size=4, attn_vec_size=3, state_is_tuple=is_tuple
    )
    step = one_step(make, X, state if is_tuple else [joined(*state)])
    x = joined(X, attention) @ step["kernel"] + step["bias"]
    new = gru(step, x, H, "gru_cell/")
    memory = window.reshape(2, 2, 4)
    keys = memory @ step["attention/attn_w"][0, 0]
    query = new @ step["attention/kernel"] + step["attention/bias"]
    shares = softmax((step["attention/attn_v"] * np.tanh(keys + query[:, None])).sum(2))
    mean = (shares[:, :, None] * memory).sum(1)
    scope = "attn_output_projection/"
    output = joined(new, mean) @ step[scope + "kernel"] + step[scope + "bias"]
    states = [new, mean, joined(window[:, 4:], output)]
    check(step, output, *(states if is_tuple else [joined(*states)]))


def test_attention_to_last_states_refuses() -> None:
    with pytest.raises(ValueError, match="greater than zero"):
        rnn.AttentionCellWrapper(rnn.GRUCell(3), 0)
    with pytest.raises(ValueError, match="state_is_tuple is not set"):
        rnn.AttentionCellWrapper(rnn.BasicLSTMCell(3), 2, state_is_tuple=False)


@pytest.mark.parametrize("peephole", [True, False])
def test_lstm_as_one_op(peephole: bool) -> None:
    block = one_step(lambda: rnn.LSTMBlockCell(3, 0.5, 0.6, peephole), X, [C, H])
    i, j, f, o = np.split(joined(X, H) @ block["kernel"] + block["bias"], 4, 1)
    w_i, w_f, w_o = (block[f"w_{gate}_diag"] if peephole else 0 for gate in "ifo")
    c = sigmoid(f + 0.5 + w_f * C) * C + sigmoid(i + w_i * C) * np.tanh(j)
    c = np.clip(c, -0.6, 0.6)
    h = sigmoid(o + w_o * c) * np.tanh(c)
    check(block, h, c, h)


def test_gru_as_one_op() -> None:
    step = one_step(lambda: rnn.GRUBlockCellV2(3), X, [H])
    check(step, gru(step, X, H), gru(step, X, H))
    old = one_step(lambda: rnn.GRUBlockCell(cell_size=3), X, [H])
    names = {"w_ru": "gates/kernel", "b_ru": "gates/bias", "w_c": "candidate/kernel"}
    renamed = {names.get(key, "candidate/bias"): value for key, value in old.variables.items()}
    check(old, gru(renamed, X, H), gru(renamed, X, H))
    with pytest.raises(ValueError, match="Exactly one of"):
        rnn.GRUBlockCell()


def gradients_of(make: Any, states: int) -> list[Any]:
    """Output of one step and the gradients of its square, by inputs, states and variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        values = iter(normal(20, 20, seed=9) * 0.7)

        def initializer(shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
            count = int(np.prod(shape))
            return np.resize(next(values), count).reshape(shape)

        x = tf.constant(X)
        start = [tf.constant(C), tf.constant(H)][2 - states :]
        with tf.variable_scope("s", initializer=initializer):
            cell = make()
            output, _ = cell(x, tf.nest.pack_sequence_as(cell.state_size, start))
        loss = tf.reduce_sum(tf.square(output))
        found = [output, *tf.gradients(loss, [x, *start, *cell.trainable_variables])]
        session.run(tf.global_variables_initializer())
        return list(session.run(found))


@pytest.mark.parametrize(
    ("block", "plain", "states"),
    [
        (lambda: rnn.LSTMBlockCell(3), lambda: rnn.LSTMCell(3), 2),
        (
            lambda: rnn.LSTMBlockCell(3, use_peephole=True, name="lstm_cell"),
            lambda: _Peepholes(3),
            2,
        ),
        (lambda: rnn.GRUBlockCellV2(3), lambda: rnn.GRUCell(3, bias_initializer=None), 1),
    ],
)
def test_gradients_of_single_ops(block: Any, plain: Any, states: int) -> None:
    ours, theirs = gradients_of(block, states), gradients_of(plain, states)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        close(one, other, rtol=1e-4, atol=1e-5)


class _Peepholes(rnn.LSTMCell):  # type: ignore[misc]
    """`LSTMCell` that makes its peepholes in the order of `LSTMBlockCell`."""

    def __init__(self, num_units: int) -> None:
        super().__init__(num_units, use_peepholes=True, name="lstm_cell")

    def build(self, inputs_shape: Any) -> None:
        self._kernel = self.add_variable("kernel", [inputs_shape[1].value + 3, 12])
        self._bias = self.add_variable("bias", [12], initializer=tf.zeros_initializer())
        self._w_i, self._w_f, self._w_o = (
            self.add_variable(f"w_{gate}_diag", [3]) for gate in "ifo"
        )
