"""The plain recurrent cell and the gated recurrent unit."""

from __future__ import annotations

from typing import Any

from flowgraph.library.initializers import Constant, Zeros
from flowgraph.library.layers.arguments import activation_of
from flowgraph.library.rnn.cell import LayerRNNCell, size_of_last_axis
from flowgraph.ops.bias import bias_add
from flowgraph.ops.joining import concat
from flowgraph.ops.linalg import matmul
from flowgraph.ops.split import split
from flowgraph.ops.transcendental import sigmoid, tanh

__all__ = ["BasicRNNCell", "GRUCell"]


class BasicRNNCell(LayerRNNCell):
    """The plain recurrent cell: ``h' = activation([x, h] kernel + bias)``, also its output.

    Args:
        num_units: the size of the state.
        activation: a function or the name of one, tanh if None.
        reuse: True to take existing variables.
        name: the name of its variable scope, "basic_rnn_cell" if None.
        dtype: of its variables, that of the first input if None.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._num_units = num_units
        self._activation = activation_of(activation) or tanh

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        rows = size_of_last_axis(inputs_shape) + self._num_units
        self._kernel = self.add_variable("kernel", [rows, self._num_units])
        self._bias = self.add_variable("bias", [self._num_units], initializer=Zeros(self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        summed = bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias)
        output = self._activation(summed)
        return output, output


class GRUCell(LayerRNNCell):
    """The gated recurrent unit of Cho et al. (2014); its output is its state.

    ``r, u = sigmoid([x, h] gates/kernel + gates/bias)``,
    ``c = activation([x, r h] candidate/kernel + candidate/bias)``, ``h' = u h + (1 - u) c``.

    Args:
        num_units: the size of the state.
        activation: a function or the name of one, tanh if None.
        reuse: True to take existing variables.
        kernel_initializer: of both kernels.
        bias_initializer: of both biases; if None, those of the gates start at 1 and the
            candidate's at 0.
        name: the name of its variable scope, "gru_cell" if None.
        dtype: of its variables, that of the first input if None.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self._num_units = num_units
        self._activation = activation_of(activation) or tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        units = self._num_units
        rows = size_of_last_axis(inputs_shape) + units
        kernels, biases = self._kernel_initializer, self._bias_initializer
        self._gate_kernel = self.add_variable("gates/kernel", [rows, 2 * units], None, kernels)
        self._gate_bias = self.add_variable(
            "gates/bias", [2 * units], None, Constant(1.0, self.dtype) if biases is None else biases
        )
        self._candidate_kernel = self.add_variable("candidate/kernel", [rows, units], None, kernels)
        self._candidate_bias = self.add_variable(
            "candidate/bias", [units], None, Zeros(self.dtype) if biases is None else biases
        )
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        gates = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        reset, update = split(sigmoid(gates), 2, 1)
        joined = concat([inputs, reset * state], 1)
        candidate = bias_add(matmul(joined, self._candidate_kernel), self._candidate_bias)
        output = update * state + (1 - update) * self._activation(candidate)
        return output, output
