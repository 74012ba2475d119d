"""Fully connected layers, biases and dropout (`tf.contrib.layers`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_initializers import xavier_initializer
from flowgraph.library.contrib_layers.outputs import (
    collect_named_outputs,
    get_variable_collections,
)
from flowgraph.library.contrib_layers.variables import (
    add_to_variable_collections,
    model_variable,
    renaming_getter,
)
from flowgraph.library.initializers import Zeros
from flowgraph.library.layers.core import Dense, Dropout
from flowgraph.library.scopes import variable_scope
from flowgraph.ops.activations import relu, relu6
from flowgraph.ops.bias import bias_add as bias_add_op

__all__ = [
    "bias_add",
    "dropout",
    "finished",
    "fully_connected",
    "linear",
    "relu6_layer",
    "relu_layer",
]

Function = Callable[..., Any] | None
XAVIER, ZEROS = xavier_initializer(), Zeros()


def finished(
    outputs: Any,
    normalizer_fn: Function,
    normalizer_params: dict[str, Any] | None,
    activation_fn: Function,
) -> Any:
    """`outputs`, normalized and through the activation, where there are such functions."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    return outputs if activation_fn is None else activation_fn(outputs)


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
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
    """``activation_fn(inputs · weights + biases)`` over the last axis.

    Args:
        inputs: [..., inputs], of rank 2 at least.
        num_outputs: the length of the last axis of the outputs.
        activation_fn: None for none.
        normalizer_fn: applied before the activation; there are no biases then.
        normalizer_params: its arguments.
        biases_initializer: None for no biases.
        reuse: True to use the variables of an earlier layer of that scope.
        variables_collections: collections for the variables: a list, or a dict of lists by
            "weights" and "biases".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the variable scope; by default "fully_connected", made unique.

    Raises:
        ValueError: if `num_outputs` is no int, or the inputs do not fit.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(f"num_outputs type should be int, got {type(num_outputs)}.")
    getter = renaming_getter(bias="biases", kernel="weights")
    with variable_scope(
        scope, "fully_connected", [inputs], reuse=reuse, custom_getter=getter
    ) as entered:
        inputs = convert_to_tensor(inputs)
        layer = Dense(
            num_outputs,
            use_bias=not normalizer_fn and biases_initializer is not None,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=entered.name,
            dtype=inputs.dtype.base_dtype,
            _scope=entered,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        add_to_variable_collections(layer.kernel, variables_collections, "weights")
        if layer.bias is not None:
            add_to_variable_collections(layer.bias, variables_collections, "biases")
        outputs = finished(outputs, normalizer_fn, normalizer_params, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


linear = functools.partial(fully_connected, activation_fn=None)
relu_layer = functools.partial(fully_connected, activation_fn=relu)
relu6_layer = functools.partial(fully_connected, activation_fn=relu6)


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Function = None,
    initializer: Any = ZEROS,
    regularizer: Function = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """``activation_fn(inputs + biases)`` with one bias per channel.

    Args:
        data_format: "NHWC" for channels last, "NCHW" for channels second.

    Raises:
        ValueError: if the channels are not known, or for another format.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as entered:
        inputs = convert_to_tensor(inputs)
        if inputs.dims is None:
            raise ValueError("Dims of shape must be known but is None")
        if len(inputs.dims) != 4 and data_format == "NCHW":
            raise ValueError("Data format NCHW only supports 4D Tensor")
        channels = inputs.dims[1 if data_format == "NCHW" else -1]
        if channels is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_variable(
            "biases",
            shape=[channels],
            dtype=inputs.dtype.base_dtype,
            initializer=initializer,
            regularizer=regularizer,
            collections=get_variable_collections(variables_collections, "biases"),
            trainable=trainable,
        )
        outputs = bias_add_op(inputs, biases, data_format=data_format)
        outputs = finished(outputs, None, None, activation_fn)
        return collect_named_outputs(outputs_collections, entered.name, outputs)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: int | None = None,
) -> Any:
    """`inputs`; while training, with elements set to 0 at random and the others divided by
    `keep_prob`.

    Args:
        keep_prob: how probably an element is kept.
        noise_shape: the shape of the random choice, 1 where elements share one.
        is_training: a bool or a boolean tensor.
    """
    getter = renaming_getter()
    with variable_scope(scope, "Dropout", [inputs], custom_getter=getter) as entered:
        inputs = convert_to_tensor(inputs)
        layer = Dropout(
            rate=1 - keep_prob,
            noise_shape=noise_shape,
            seed=seed,
            name=entered.name,
            _scope=entered,
        )
        outputs = layer.apply(inputs, training=is_training)
        return collect_named_outputs(outputs_collections, entered.name, outputs)
