"""Convolution layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.initializers import Zeros
from flowgraph.library.layers.arguments import (
    activation_of,
    data_format_of,
    initializer_of,
    padding_of,
    tuple_of,
    window_count,
)
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.specs import InputSpec
from flowgraph.ops import array
from flowgraph.ops.bias import bias_add
from flowgraph.ops.conv_functions import conv1d as conv1d_op
from flowgraph.ops.padding import pad
from flowgraph.shapes import TensorShape

__all__ = ["ZEROS", "Conv1D", "Conv2D", "Conv3D", "Convolution", "Ints", "Regularizer", "channels"]

Ints = int | Sequence[int]
Regularizer = Callable[[Any], Any] | None
ZEROS = Zeros()


def channels(input_shape: Any, axis: int) -> int:
    """The size of the channels' axis. Raises ValueError if it is not known."""
    shape = TensorShape(input_shape)._dims
    size = shape[axis] if shape else None
    if size is None:
        raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
    return size


class Convolution(Layer):
    """The convolution of inputs with a kernel, plus a bias, through an activation.

    Args:
        filters: the number of channels of the outputs.
        kernel_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same"; for sequences also "causal": no output sees later inputs.
        data_format: "channels_last" or "channels_first".
        dilation_rate: how far apart the elements of a window are, an int or one per axis.
        activation: a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: by default the scope's, else Glorot's uniform one.
        kernel_regularizer, bias_regularizer, activity_regularizer: functions of kernel, bias and
            outputs to losses.
        kernel_constraint, bias_constraint: functions from an updated to the permitted value.
        trainable: whether optimizers change the variables by default.
        name: the name of layer and scope.

    Attributes:
        kernel: [*kernel_size, channels, filters]
        bias: [filters], or None.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: Ints,
        strides: Ints = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Ints = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Regularizer = None,
        bias_constraint: Regularizer = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs
        )
        self.filters = int(filters)
        self.kernel_size = tuple_of(kernel_size, self.rank, "kernel_size")
        self.strides = tuple_of(strides, self.rank, "strides")
        self.padding = padding_of(padding, causal=self.rank == 1)
        self.data_format = data_format_of(data_format)
        self.dilation_rate = tuple_of(dilation_rate, self.rank, "dilation_rate")
        if min(self.dilation_rate) < 1:
            raise ValueError("dilation_rate must be positive")
        self.activation = activation_of(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.kernel: Any = None
        self.bias: Any = None

    @property
    def channels_first(self) -> bool:
        return self.data_format == "channels_first"

    @property
    def channel_axis(self) -> int:
        return 1 if self.channels_first else -1

    def kernel_shape(self, inputs: int) -> tuple[int, ...]:
        """The kernel's shape for that many channels of the inputs."""
        return (*self.kernel_size, inputs, self.filters)

    def add_kernel(self, name: str, shape: tuple[int, ...], prefix: str) -> Any:
        """A variable with the initializer, regularizer and constraint that `prefix` names."""
        return self.add_weight(
            name,
            shape=shape,
            initializer=getattr(self, prefix + "_initializer"),
            regularizer=getattr(self, prefix + "_regularizer"),
            constraint=getattr(self, prefix + "_constraint"),
            trainable=True,
            dtype=self.dtype,
        )

    def build(self, input_shape: Any) -> None:
        inputs = channels(input_shape, self.channel_axis)
        self.kernel = self.add_kernel("kernel", self.kernel_shape(inputs), "kernel")
        if self.use_bias:
            self.bias = self.add_kernel("bias", (self.filters,), "bias")
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: inputs})
        convert_to_tensor(list(self.dilation_rate), name="dilation_rate")
        self.built = True

    def call(self, inputs: Any) -> Any:
        return self.finish(self._convolve(inputs))

    def _convolve(self, inputs: Any) -> Any:
        raise NotImplementedError

    def around(self, values: Sequence[int]) -> list[int]:
        """One number per axis, 1 for batch and channels."""
        return [1, 1, *values] if self.channels_first else [1, *values, 1]

    def finish(self, outputs: Any) -> Any:
        """`outputs` with the bias, through the activation."""
        if self.use_bias:
            if self.rank == 1 and self.channels_first:
                outputs = outputs + array.reshape(self.bias, (1, self.filters, 1))
            else:
                form = "NCHW" if self.channels_first else "NHWC"
                outputs = bias_add(outputs, self.bias, data_format=form)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).as_list()
        first = 2 if self.channels_first else 1
        for axis in range(self.rank):
            shape[first + axis] = window_count(
                shape[first + axis],
                self.kernel_size[axis],
                self.padding,
                self.strides[axis],
                self.dilation_rate[axis],
            )
        shape[self.channel_axis] = self.filters
        return TensorShape(shape)


class Conv1D(Convolution):
    """The convolution of sequences [batch, length, channels]; see `conv1d`."""

    rank = 1

    def _convolve(self, inputs: Any) -> Any:
        padding = self.padding.upper()
        if padding == "CAUSAL":
            before = self.dilation_rate[0] * (self.kernel_size[0] - 1)
            axes = [[0, 0], [0, 0], [0, 0]]
            axes[2 if self.channels_first else 1] = [before, 0]
            inputs, padding = pad(inputs, axes), "VALID"
        return conv1d_op(
            inputs,
            self.kernel,
            stride=self.strides[0],
            padding=padding,
            data_format="NCW" if self.channels_first else "NWC",
            dilations=self.dilation_rate[0],
        )


class Conv2D(Convolution):
    """The convolution of images [batch, height, width, channels]; see `conv2d`."""

    rank = 2

    def _convolve(self, inputs: Any) -> Any:
        return apply(
            "Conv2D",
            inputs,
            self.kernel,
            strides=self.around(self.strides),
            padding=self.padding.upper(),
            data_format="NCHW" if self.channels_first else "NHWC",
            dilations=self.around(self.dilation_rate),
        )


class Conv3D(Convolution):
    """The convolution of volumes [batch, depth, height, width, channels]; see `conv3d`."""

    rank = 3

    def _convolve(self, inputs: Any) -> Any:
        return apply(
            "Conv3D",
            inputs,
            self.kernel,
            strides=self.around(self.strides),
            padding=self.padding.upper(),
            data_format="NCDHW" if self.channels_first else "NDHWC",
            dilations=self.around(self.dilation_rate),
        )
