"""Convolution layers as functions."""

from __future__ import annotations

from typing import Any

from flowgraph.library.layers.convolution import ZEROS, Conv1D, Conv2D, Conv3D, Ints, Regularizer

__all__ = ["conv1d", "conv2d", "conv3d"]


def _applied(layer: type, arguments: dict[str, Any]) -> Any:
    inputs, reuse = arguments.pop("inputs"), arguments.pop("reuse")
    return layer(_scope=arguments["name"], _reuse=reuse, **arguments).apply(inputs)


def conv1d(
    inputs: Any,
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
    reuse: bool | None = None,
) -> Any:
    """``activation(inputs * kernel + bias)``: a convolution of sequences.

    Args:
        inputs: [batch, length, channels], or [batch, channels, length].
        padding: "valid", "same", or "causal": no output sees later inputs.

    See `conv2d` for the others.
    """
    return _applied(Conv1D, dict(locals()))


def conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Ints = (1, 1),
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
    """``activation(inputs * kernel + bias)``: a convolution of images.

    Args:
        inputs: [batch, height, width, channels], or [batch, channels, height, width].
        filters: the number of channels of the outputs.
        kernel_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid", or "same" for zeros around the inputs.
        data_format: "channels_last" or "channels_first".
        dilation_rate: how far apart the elements of a window are, an int or one per axis.
        activation: a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: by default the scope's, else Glorot's uniform one.
        kernel_regularizer, bias_regularizer, activity_regularizer: functions of kernel, bias and
            outputs to losses.
        kernel_constraint, bias_constraint: functions from an updated to the permitted value.
        trainable: whether optimizers change the variables by default.
        name: the scope of the variables; by default "conv2d", made unique.
        reuse: True to use the variables of an earlier layer of that name.

    Raises:
        ValueError: if the inputs' rank or channels do not fit, or arguments are none of these.

    >>> import flowgraph as tf
    >>> tf.layers.conv2d(tf.zeros([1, 8, 8, 3]), 16, 3, padding="same").shape.as_list()
    [1, 8, 8, 16]
    """
    return _applied(Conv2D, dict(locals()))


def conv3d(
    inputs: Any,
    filters: int,
    kernel_size: Ints,
    strides: Ints = (1, 1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Ints = (1, 1, 1),
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
    """``activation(inputs * kernel + bias)``: a convolution of volumes.

    Args:
        inputs: [batch, depth, height, width, channels], or with the channels second.

    See `conv2d` for the others.
    """
    return _applied(Conv3D, dict(locals()))
