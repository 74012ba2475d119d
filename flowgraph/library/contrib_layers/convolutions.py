"""Convolution layers (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.dense import XAVIER, ZEROS, finished
from flowgraph.library.contrib_layers.outputs import collect_named_outputs
from flowgraph.library.contrib_layers.variables import (
    add_to_variable_collections,
    renaming_getter,
)
from flowgraph.library.layers.convolution import Conv1D, Conv2D, Conv3D, Convolution
from flowgraph.library.layers.transposed import Conv2DTranspose, Conv3DTranspose
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.activations import relu

__all__ = [
    "convolution",
    "convolution1d",
    "convolution2d",
    "convolution2d_transpose",
    "convolution3d",
    "convolution3d_transpose",
    "format_of",
]

Function = Callable[..., Any] | None
Ints = int | Sequence[int]
_FORMATS = (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")
_LAYERS: dict[int, type[Convolution]] = {3: Conv1D, 4: Conv2D, 5: Conv3D}


def format_of(data_format: str | None, allowed: Sequence[str | None] = _FORMATS) -> str:
    """What `tf.layers` calls a data format. Raises ValueError if it is not one of those."""
    if data_format not in allowed:
        raise ValueError(f"Invalid data_format: {data_format!r}; it has to be one of {allowed}.")
    second = data_format is not None and data_format.startswith("NC")
    return "channels_first" if second else "channels_last"


def _by_layer(
    layer_class: type[Convolution],
    default_name: str,
    inputs: Any,
    num_outputs: int,
    settings: dict[str, Any],
    finishing: tuple[Function, dict[str, Any] | None, Function],
    biases_initializer: Any,
    reuse: bool | None,
    variables_collections: Any,
    outputs_collections: Any,
    scope: Any,
) -> Any:
    getter = renaming_getter(bias="biases", kernel="weights")
    with variable_scope(
        scope, default_name, [inputs], reuse=reuse, custom_getter=getter
    ) as entered:
        inputs = convert_to_tensor(inputs)
        layer = layer_class(
            num_outputs,
            use_bias=not finishing[0] and biases_initializer is not None,
            bias_initializer=biases_initializer,
            name=entered.name,
            dtype=inputs.dtype.base_dtype,
            _scope=entered,
            _reuse=reuse,
            **settings,
        )
        outputs = layer.apply(inputs)
        add_to_variable_collections(layer.kernel, variables_collections, "weights")
        if layer.bias is not None:
            add_to_variable_collections(layer.bias, variables_collections, "biases")
        outputs = finished(outputs, *finishing)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Ints = 1,
    activation_fn: Function = relu,
    normalizer_fn: Function = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Function = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    conv_dims: int | None = None,
) -> Any:
    """``activation_fn(inputs * weights + biases)``: a convolution of sequences, images or volumes.

    Args:
        inputs: [batch, ..., channels], or with the channels second, of rank 3, 4 or 5.
        num_outputs: the number of channels of the outputs.
        kernel_size: the size of the windows, an int or one per axis.
        stride: how far apart they are, likewise.
        padding: "SAME" for zeros around the inputs, or "VALID".
        data_format: "NWC", "NHWC", "NDHWC" or None for channels last; "NCW", "NCHW", "NCDHW".
        rate: how far apart the elements of a window are, an int or one per axis.
        activation_fn: None for none.
        normalizer_fn: applied before the activation; there are no biases then.
        normalizer_params: its arguments.
        biases_initializer: None for no biases.
        reuse: True to use the variables of an earlier layer of that scope.
        variables_collections: collections for the variables: a list, or a dict of lists by
            "weights" and "biases".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the variable scope; by default "Conv", made unique.
        conv_dims: the number of axes that the inputs must have besides batch and channels.

    Raises:
        ValueError: if the inputs do not fit, or for another format.
    """
    layer_format = format_of(data_format)
    rank = convert_to_tensor(inputs).get_shape().ndims
    if conv_dims is not None and conv_dims + 2 != rank:
        raise ValueError(f"Convolution expects input with rank {conv_dims + 2}, got {rank}")
    if rank not in _LAYERS:
        raise ValueError(f"Convolution not supported for input with rank {rank}")
    settings = {
        "kernel_size": kernel_size,
        "strides": stride,
        "padding": padding,
        "data_format": layer_format,
        "dilation_rate": rate,
        "kernel_initializer": weights_initializer,
        "kernel_regularizer": weights_regularizer,
        "bias_regularizer": biases_regularizer,
        "trainable": trainable,
    }
    return _by_layer(
        _LAYERS[rank],
        "Conv",
        inputs,
        num_outputs,
        settings,
        (normalizer_fn, normalizer_params, activation_fn),
        biases_initializer,
        reuse,
        variables_collections,
        outputs_collections,
        scope,
    )


def _with_rank(spatial: int, name: str, what: str) -> Callable[..., Any]:
    def layer(
        inputs: Any,
        num_outputs: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        rate: Ints = 1,
        activation_fn: Function = relu,
        normalizer_fn: Function = None,
        normalizer_params: dict[str, Any] | None = None,
        weights_initializer: Any = XAVIER,
        weights_regularizer: Function = None,
        biases_initializer: Any = ZEROS,
        biases_regularizer: Function = None,
        reuse: bool | None = None,
        variables_collections: Any = None,
        outputs_collections: Any = None,
        trainable: bool = True,
        scope: Any = None,
    ) -> Any:
        return convolution(
            inputs,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            rate,
            activation_fn,
            normalizer_fn,
            normalizer_params,
            weights_initializer,
            weights_regularizer,
            biases_initializer,
            biases_regularizer,
            reuse,
            variables_collections,
            outputs_collections,
            trainable,
            scope,
            conv_dims=spatial,
        )

    layer.__name__ = layer.__qualname__ = name
    layer.__doc__ = f"`convolution` of {what} only."
    return layer


convolution1d = add_arg_scope(_with_rank(1, "convolution1d", "sequences"))
convolution2d = add_arg_scope(_with_rank(2, "convolution2d", "images"))
convolution3d = add_arg_scope(_with_rank(3, "convolution3d", "volumes"))


@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Function = relu,
    normalizer_fn: Function = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Function = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A transposed convolution of images: with a stride s it makes them s times as large.

    The arguments are those of `convolution`; the scope is "Conv2d_transpose" by default.
    """
    settings = {
        "kernel_size": kernel_size,
        "strides": stride,
        "padding": padding,
        "data_format": format_of(data_format, ("NCHW", "NHWC")),
        "kernel_initializer": weights_initializer,
        "kernel_regularizer": weights_regularizer,
        "bias_regularizer": biases_regularizer,
        "trainable": trainable,
    }
    return _by_layer(
        Conv2DTranspose,
        "Conv2d_transpose",
        inputs,
        num_outputs,
        settings,
        (normalizer_fn, normalizer_params, activation_fn),
        biases_initializer,
        reuse,
        variables_collections,
        outputs_collections,
        scope,
    )


@add_arg_scope
def convolution3d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    activation_fn: Function = relu,
    normalizer_fn: Function = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Function = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A transposed convolution of volumes: with a stride s it makes them s times as large.

    The arguments are those of `convolution`; the scope is "Conv3d_transpose" by default.
    """
    settings = {
        "kernel_size": kernel_size,
        "strides": stride,
        "padding": padding,
        "data_format": format_of(data_format, ("NCDHW", "NDHWC")),
        "kernel_initializer": weights_initializer,
        "kernel_regularizer": weights_regularizer,
        "bias_regularizer": biases_regularizer,
        "trainable": trainable,
    }
    return _by_layer(
        Conv3DTranspose,
        "Conv3d_transpose",
        inputs,
        num_outputs,
        settings,
        (normalizer_fn, normalizer_params, activation_fn),
        biases_initializer,
        reuse,
        variables_collections,
        outputs_collections,
        scope,
    )
