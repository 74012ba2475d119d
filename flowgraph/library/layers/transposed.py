"""Transposed convolution layers: they enlarge images and volumes."""

from __future__ import annotations

from typing import Any

from flowgraph.library.layers.arguments import transposed_length
from flowgraph.library.layers.convolution import (
    ZEROS,
    Conv2D,
    Conv3D,
    Convolution,
    Ints,
    Regularizer,
    channels,
)
from flowgraph.library.layers.specs import InputSpec
from flowgraph.ops import array
from flowgraph.ops.conv_transpose import conv2d_transpose as conv2d_transpose_op
from flowgraph.ops.conv_transpose import conv3d_transpose as conv3d_transpose_op
from flowgraph.ops.joining import stack
from flowgraph.shapes import TensorShape

__all__ = ["Conv2DTranspose", "Conv3DTranspose", "conv2d_transpose", "conv3d_transpose"]


class _Transposed(Convolution):
    def __init__(
        self,
        filters: int,
        kernel_size: Ints,
        strides: Ints = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
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
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )

    def build(self, input_shape: Any) -> None:
        inputs = channels(input_shape, self.channel_axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: inputs})
        shape = (*self.kernel_size, self.filters, inputs)
        self.kernel = self.add_kernel("kernel", shape, "kernel")
        if self.use_bias:
            self.bias = self.add_kernel("bias", (self.filters,), "bias")
        self.built = True

    def _enlarged(self, lengths: list[Any]) -> list[Any]:
        settings = zip(lengths, self.kernel_size, self.strides, strict=True)
        return [transposed_length(n, size, self.padding, stride) for n, size, stride in settings]

    def _output_shape(self, inputs: Any) -> Any:
        shape = array.shape(inputs)
        batch = shape[0]
        first = 2 if self.channels_first else 1
        lengths = self._enlarged([shape[first + axis] for axis in range(self.rank)])
        if self.channels_first:
            return stack([batch, self.filters, *lengths])
        return stack([batch, *lengths, self.filters])

    def call(self, inputs: Any) -> Any:
        outputs = self._convolve(inputs)
        outputs.set_shape(self.compute_output_shape(inputs.get_shape()))
        return self.finish(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).as_list()
        first = 2 if self.channels_first else 1
        shape[first : first + self.rank] = self._enlarged(shape[first : first + self.rank])
        shape[self.channel_axis] = self.filters
        return TensorShape(shape)


class Conv2DTranspose(_Transposed, Conv2D):
    """The transpose of `Conv2D`: its outputs are what `Conv2D` would make the inputs of.

    The arguments are those of `Conv2D`, but for the dilation.

    Attributes:
        kernel: [height, width, filters, channels]
    """

    def _convolve(self, inputs: Any) -> Any:
        return conv2d_transpose_op(
            inputs,
            self.kernel,
            self._output_shape(inputs),
            self.around(self.strides),
            padding=self.padding.upper(),
            data_format="NCHW" if self.channels_first else "NHWC",
        )


class Conv3DTranspose(_Transposed, Conv3D):
    """The transpose of `Conv3D`: its outputs are what `Conv3D` would make the inputs of.

    The arguments are those of `Conv3D`, but for the dilation.

    Attributes:
        kernel: [depth, height, width, filters, channels]
    """

    def _convolve(self, inputs: Any) -> Any:
        return conv3d_transpose_op(
            inputs,
            self.kernel,
            self._output_shape(inputs),
            self.around(self.strides),
            padding=self.padding.upper(),
            data_format="NCDHW" if self.channels_first else "NDHWC",
        )


def conv2d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    reuse: bool | None = None,
) -> Any:
    """A transposed convolution of images: with strides s it makes them s times as large.

    The arguments are those of `conv2d`, but for the dilation.

    >>> import flowgraph as tf
    >>> x = tf.zeros([1, 4, 4, 8])
    >>> tf.layers.conv2d_transpose(x, 3, 5, strides=2, padding="same").shape.as_list()
    [1, 8, 8, 3]
    """
    arguments = dict(locals())
    del arguments["inputs"]
    layer = Conv2DTranspose(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs)


def conv3d_transpose(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
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
    reuse: bool | None = None,
) -> Any:
    """A transposed convolution of volumes: with strides s it makes them s times as large.

    The arguments are those of `conv3d`, but for the dilation.
    """
    arguments = dict(locals())
    del arguments["inputs"]
    layer = Conv3DTranspose(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs)
