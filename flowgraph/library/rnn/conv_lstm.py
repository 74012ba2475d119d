"""LSTMs whose products are convolutions."""

from __future__ import annotations

from typing import Any

from flowgraph.library.initializers import Constant
from flowgraph.library.rnn.cell import RNNCell
from flowgraph.library.rnn.lstm import LSTMStateTuple
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.conv_functions import conv1d, conv2d, conv3d
from flowgraph.ops.joining import concat
from flowgraph.ops.split import split
from flowgraph.ops.transcendental import sigmoid, tanh
from flowgraph.shapes import TensorShape

__all__ = ["Conv1DLSTMCell", "Conv2DLSTMCell", "Conv3DLSTMCell", "ConvLSTMCell"]


class ConvLSTMCell(RNNCell):
    """An LSTM over images: each gate is a convolution of input and state (Shi et al. 2015).

    Args:
        conv_ndims: the number of spatial axes: 1, 2 or 3.
        input_shape: the sizes of an input without the batch, channels last.
        output_channels: the channels of the state.
        kernel_shape: the sizes of the kernel, a list.
        use_bias: whether there is a variable "biases".
        skip_connection: put the input beside the output.
        forget_bias: added to the forget gate.
        initializers: no longer used.
        name: the name of its variable scope.

    Raises:
        ValueError: if the input's rank is not one more than `conv_ndims`.
    """

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Any,
        output_channels: int,
        kernel_shape: Any,
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: str = "conv_lstm_cell",
    ) -> None:
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims = conv_ndims
        self._input_shape = list(input_shape)
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._skip_connection = skip_connection
        self._forget_bias = forget_bias

    @property
    def state_size(self) -> Any:
        size = TensorShape([*self._input_shape[:-1], self._output_channels])
        return LSTMStateTuple(size, size)

    @property
    def output_size(self) -> Any:
        skipped = self._input_shape[-1] if self._skip_connection else 0
        return TensorShape([*self._input_shape[:-1], self._output_channels + skipped])

    def _convolved(self, args: Any) -> Any:
        channels = 4 * self._output_channels
        shape = [*self._kernel_shape, args.get_shape()[-1].value, channels]
        kernel = get_variable("kernel", shape, dtype=args.dtype)
        if self._conv_ndims == 1:
            made = conv1d(args, kernel, 1, "SAME")
        else:
            convolve = conv2d if self._conv_ndims == 2 else conv3d
            made = convolve(args, kernel, [1] * (self._conv_ndims + 2), "SAME")
        if not self._use_bias:
            return made
        return made + get_variable(
            "biases", [channels], dtype=args.dtype, initializer=Constant(0.0, args.dtype)
        )

    def call(self, inputs: Any, state: Any) -> Any:
        c, h = state
        axis = self._conv_ndims + 1
        i, j, f, o = split(self._convolved(concat([inputs, h], axis)), 4, axis)
        new_c = sigmoid(f + self._forget_bias) * c + sigmoid(i) * tanh(j)
        output = tanh(new_c) * sigmoid(o)
        if self._skip_connection:
            output = concat([output, inputs], -1)
        return output, LSTMStateTuple(new_c, output)


class Conv1DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over sequences."""

    def __init__(self, name: str = "conv_1d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=1, name=name, **kwargs)


class Conv2DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over images."""

    def __init__(self, name: str = "conv_2d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=2, name=name, **kwargs)


class Conv3DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over volumes."""

    def __init__(self, name: str = "conv_3d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=3, name=name, **kwargs)
