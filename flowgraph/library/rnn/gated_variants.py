"""Further gated cells: update gate, intersection, architecture search, phased LSTM."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowgraph import dtypes
from flowgraph.library.initializers import Constant, Initializer, RandomUniform, Zeros
from flowgraph.library.rnn.cell import LayerRNNCell, RNNCell, size_of_last_axis
from flowgraph.library.rnn.linear import linear
from flowgraph.library.rnn.lstm import LSTMStateTuple
from flowgraph.library.scopes import variable_scope
from flowgraph.library.variable_scope import get_variable, get_variable_scope
from flowgraph.ops.activations import relu
from flowgraph.ops.bias import bias_add
from flowgraph.ops.cast import cast
from flowgraph.ops.identities import stop_gradient
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.random import random_uniform
from flowgraph.ops.rounding import floormod
from flowgraph.ops.select import where
from flowgraph.ops.split import split
from flowgraph.ops.transcendental import exp, sigmoid, tanh

__all__ = ["IntersectionRNNCell", "NASCell", "PhasedLSTMCell", "UGRNNCell"]


class UGRNNCell(RNNCell):
    """A cell with one gate, which mixes the old state and a new one (Collins et al. 2017).

    ``g, c = [x, h] kernel + bias``, ``h' = s h + (1 - s) activation(c)`` with
    ``s = sigmoid(g + forget_bias)``.

    Args:
        num_units: the size of state and output.
        initializer: of the kernel.
        forget_bias: added to the gate.
        activation: of the new state.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Callable[..., Any] = tanh,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            mapped = linear(concat([inputs, state], 1), 2 * self._num_units, True)
            gate, candidate = split(mapped, 2, 1)
            gate = sigmoid(gate + self._forget_bias)
            new_state = gate * state + (1.0 - gate) * self._activation(candidate)
        return new_state, new_state


class IntersectionRNNCell(RNNCell):
    """A cell with a gate through time and a gate through depth (Collins et al. 2017).

    ``h' = g h + (1 - g) tanh(a)`` goes on in time, ``y = d x + (1 - d) y_activation(b)`` is the
    output; g, a, d, b are parts of ``[x, h] kernel + bias``.

    Args:
        num_units: the size of state and output, and of the input unless that is projected.
        num_in_proj: `num_units`, to project inputs of another size.
        initializer: of the kernels.
        forget_bias: added to both gates.
        y_activation: of what is mixed into the output.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        num_units: int,
        num_in_proj: int | None = None,
        initializer: Any = None,
        forget_bias: float = 1.0,
        y_activation: Callable[..., Any] = relu,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._num_input_proj = num_in_proj
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._y_activation = y_activation

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            if size_of_last_axis(inputs.shape) != self._num_units:
                if not self._num_input_proj:
                    raise ValueError(
                        "Must have input size == output size for Intersection RNN. To fix, "
                        "num_in_proj should be set to num_units at cell init."
                    )
                with variable_scope("in_projection"):
                    inputs = linear(inputs, self._num_units, True)
            mapped = linear(concat([inputs, state], 1), 4 * self._num_units, True)
            through_time, h, through_depth, y = split(mapped, 4, 1)
            kept = sigmoid(through_time + self._forget_bias)
            passed = sigmoid(through_depth + self._forget_bias)
            new_state = kept * state + (1.0 - kept) * tanh(h)
            output = passed * inputs + (1.0 - passed) * self._y_activation(y)
        return output, new_state


class NASCell(LayerRNNCell):
    """The cell found by neural architecture search (Zoph and Le 2017).

    Args:
        num_units: the size of the memory.
        num_proj: the size of the output, if it is projected.
        use_bias: add a bias to what the state contributes.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_bias = use_bias

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        columns = 8 * self._num_units
        size = size_of_last_axis(inputs_shape)
        self._recurrent_kernel = self.add_variable("recurrent_kernel", [self.output_size, columns])
        self._kernel = self.add_variable("kernel", [size, columns])
        if self._use_bias:
            self._bias = self.add_variable("bias", [columns], initializer=Zeros())
        if self._num_proj is not None:
            shape = [self._num_units, self._num_proj]
            self._projection = self.add_variable("projection_weights", shape)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state
        recurrent = matmul(h, self._recurrent_kernel)
        if self._use_bias:
            recurrent = bias_add(recurrent, self._bias)
        a = split(matmul(inputs, self._kernel), 8, 1)
        b = split(recurrent, 8, 1)
        first = tanh(tanh(sigmoid(a[0] + b[0]) * relu(a[1] + b[1])) + c)
        second = tanh(sigmoid(a[2] + b[2]) + relu(a[3] * b[3]))
        third = tanh(tanh(a[4] + b[4]) * sigmoid(a[5] + b[5]))
        fourth = sigmoid(tanh(a[6] + b[6]) + sigmoid(a[7] + b[7]))
        new_c = first * second
        new_h = tanh(new_c * tanh(third + fourth))
        if self._num_proj is not None:
            new_h = matmul(new_h, self._projection)
        return new_h, LSTMStateTuple(new_c, new_h)


class _LogUniform(Initializer):
    """Exponentials of uniformly distributed numbers."""

    def __init__(self, low: float, high: float) -> None:
        self._bounds = (math.log(low), math.log(high))

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        return exp(random_uniform(shape, *self._bounds, dtype=dtype or dtypes.float32))


class PhasedLSTMCell(RNNCell):
    """An LSTM that is updated only in a part of a period of its own (Neil et al. 2016).

    Its input is a pair: the time [batch, 1] and the features [batch, size].

    Args:
        num_units: the size of memory and output.
        use_peepholes: let the gates see the memory.
        leak: how much gets through outside of that part.
        ratio_on: the part of the period in which the gates are open.
        trainable_ratio_on: whether that part is trained.
        period_init_min, period_init_max: the periods' logarithms start uniformly distributed
            between those of these two.
        reuse: True to take existing variables.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        leak: float = 0.001,
        ratio_on: float = 0.1,
        trainable_ratio_on: bool = True,
        period_init_min: float = 1.0,
        period_init_max: float = 1000.0,
        reuse: bool | None = None,
    ) -> None:
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._leak = leak
        self._ratio_on = ratio_on
        self._trainable_ratio_on = trainable_ratio_on
        self._period_init_min = period_init_min
        self._period_init_max = period_init_max

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state
        time, x = inputs
        units = self._num_units
        with variable_scope("mask_gates"):
            seen = [x, h, c] if self._use_peepholes else [x, h]
            i, f = split(sigmoid(linear(seen, 2 * units, True)), 2, 1)
        with variable_scope("new_input"):
            new_input = tanh(linear([x, h], units, True))
        new_c = c * f + i * new_input
        with variable_scope("output_gate"):
            seen = [x, h, new_c] if self._use_peepholes else [x, h]
            o = sigmoid(linear(seen, units, True))
        openness = self._openness(time)
        new_h = openness * (tanh(new_c) * o) + (1 - openness) * h
        new_c = openness * new_c + (1 - openness) * c
        return new_h, LSTMStateTuple(new_c, new_h)

    def _openness(self, time: Any) -> Any:
        """How far the gates are open: up, down, and but for the leak closed."""
        sizes = [self._num_units]
        start = _LogUniform(self._period_init_min, self._period_init_max)
        period = get_variable("period", sizes, initializer=start)
        phase = get_variable(
            "phase", sizes, initializer=RandomUniform(0.0, period.initialized_value())
        )
        ratio_on = get_variable(
            "ratio_on",
            sizes,
            initializer=Constant(self._ratio_on),
            trainable=self._trainable_ratio_on,
        )
        shifted = time - cast(phase, time.dtype)
        length = cast(period, time.dtype)
        # The modulus has the gradient of what it is taken of.
        within = stop_gradient(floormod(shifted, length) - shifted) + shifted
        cycle = cast(within / length, dtypes.float32)
        up = 2 * cycle / ratio_on
        either = where(cycle < ratio_on, 2 - up, self._leak * cycle)
        return where(cycle < 0.5 * ratio_on, up, either)
