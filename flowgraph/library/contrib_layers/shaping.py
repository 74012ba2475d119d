"""Layers that rearrange and rescale: flattening, softmax, maxout, unit length, stacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.outputs import (
    collect_named_outputs,
    get_variable_collections,
    last_dimension,
)
from flowgraph.library.contrib_layers.variables import model_variable
from flowgraph.library.initializers import Constant, Ones
from flowgraph.library.layers.core import flatten as flatten_layer
from flowgraph.library.scopes import variable_scope
from flowgraph.ops import array, layout
from flowgraph.ops.broadcasting import meshgrid
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import lin_space, ones
from flowgraph.ops.joining import concat
from flowgraph.ops.one_hot import one_hot
from flowgraph.ops.reduce import reduce_max, reduce_sum
from flowgraph.ops.rounding import div
from flowgraph.ops.softmax import softmax as softmax_op

__all__ = [
    "flatten",
    "maxout",
    "one_hot_encoding",
    "poincare_normalize",
    "repeat",
    "softmax",
    "spatial_softmax",
    "stack",
    "unit_norm",
]


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Any:
    """`inputs` [batch, ...] as [batch, elements].

    Args:
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the name scope; by default "Flatten".
    """
    with name_scope(scope, "Flatten", [inputs]) as entered:
        inputs = convert_to_tensor(inputs)
        outputs = flatten_layer(inputs)
        return collect_named_outputs(outputs_collections, entered, outputs)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: Any,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """For each label a row with `on_value` at its place and `off_value` elsewhere."""
    with name_scope(scope, "OneHotEncoding", [labels, num_classes]) as entered:
        labels = convert_to_tensor(labels)
        if labels.dtype is dtypes.int32:
            labels = cast(labels, dtypes.int64, name="ToInt64")
        outputs = one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return collect_named_outputs(outputs_collections, entered, outputs)


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """``exp(logits) / sum(exp(logits))`` over the last axis, whose length must be known.

    Raises:
        ValueError: if it is not.
    """
    with variable_scope(scope, "softmax", [logits]):
        classes = last_dimension(logits.get_shape(), min_rank=2)
        flat = softmax_op(array.reshape(logits, [-1, classes]))
        predictions = array.reshape(flat, array.shape(logits))
        predictions.set_shape(logits.get_shape())
        return predictions


@add_arg_scope
def spatial_softmax(
    features: Any,
    temperature: float | None = None,
    name: str | None = None,
    variables_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
) -> Any:
    """Where each channel is strongest: the mean place under a softmax over its pixels.

    Args:
        features: [batch, height, width, channels], or with the channels second for "NCHW".
        temperature: divides the features; 1 at first if None. It is a variable.
        trainable: whether the temperature is trained.

    Returns:
        [batch, 2 * channels]: for each channel the place along height and width, from -1 to 1.

    Raises:
        ValueError: if the channels are not known, or for another format.
    """
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with variable_scope(name, "spatial_softmax"):
        shape = array.shape(features)
        first = 1 if data_format == "NHWC" else 2
        height, width = shape[first], shape[first + 1]
        channels = features.get_shape().as_list()[3 if data_format == "NHWC" else 1]
        if channels is None:
            raise ValueError(
                "The num_channels dimension of the inputs to `spatial_softmax` should be defined. "
                "Found `None`."
            )
        with name_scope("spatial_softmax_op", None, [features]):
            rows, columns = meshgrid(
                lin_space(-1.0, 1.0, height), lin_space(-1.0, 1.0, width), indexing="ij"
            )
            rows = array.reshape(rows, [height * width])
            columns = array.reshape(columns, [height * width])
            collections = get_variable_collections(variables_collections, "temperature")
            divisor = model_variable(
                "temperature",
                shape=(),
                dtype=dtypes.float32,
                initializer=Ones() if temperature is None else Constant(temperature),
                collections=collections if trainable else None,
                trainable=trainable,
            )
            if data_format == "NHWC":
                features = layout.transpose(features, [0, 3, 1, 2])
            attention = softmax_op(array.reshape(features, [-1, height * width]) / divisor)
            row = reduce_sum(rows * attention, [1], keepdims=True)
            column = reduce_sum(columns * attention, [1], keepdims=True)
            points = array.reshape(concat([row, column], 1), [-1, channels * 2])
            points.set_shape([None, channels * 2])
            return points


@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """`inputs` divided by their lengths along an axis: ``sqrt(epsilon + sum(inputs ** 2))``.

    Raises:
        ValueError: if the rank is not known, or `dim` is none of the axes.
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        rank = inputs.get_shape().ndims
        if not rank:
            raise ValueError("The input rank must be known.")
        if dim < 0 or dim >= rank:
            raise ValueError("dim must be positive but smaller than the input rank.")
        squares = reduce_sum(apply("Square", inputs), dim, True)
        lengths = apply("Sqrt", epsilon + squares)
        multiples = [array.shape(inputs)[dim : dim + 1]]
        if dim > 0:
            multiples.insert(0, ones([dim], dtypes.int32))
        if dim < rank - 1:
            multiples.append(ones([rank - 1 - dim], dtypes.int32))
        return div(inputs, array.tile(lengths, concat(multiples, 0)))


@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Any:
    """The largest of each group of features (Goodfellow et al. 2013).

    Args:
        num_units: how many groups there are along `axis`.

    Raises:
        ValueError: if it does not divide the number of features.
    """
    with variable_scope(scope, "MaxOut", [inputs]):
        inputs = convert_to_tensor(inputs)
        shape = inputs.get_shape().as_list()
        features = shape[axis]
        if features % num_units:
            raise ValueError(
                f"number of features({features}) is not a multiple of num_units({num_units})"
            )
        shape[axis] = num_units
        sizes: list[Any] = [*shape, features // num_units]
        for place, size in enumerate(sizes):
            if size is None:
                sizes[place] = array.shape(inputs)[place]
        return reduce_max(array.reshape(inputs, sizes), -1, keepdims=False)


def poincare_normalize(
    x: Any, axis: Any = 1, epsilon: float = 1e-5, name: str | None = None
) -> Any:
    """`x` scaled down, where its norm along `axis` is larger, to the norm ``1 - epsilon``."""
    with name_scope(name, "poincare_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        inverse = apply("Rsqrt", reduce_sum(apply("Square", x), axis, keepdims=True))
        return apply("Mul", x, apply("Minimum", (1.0 - epsilon) * inverse, 1.0), name=scope)


def _name_of(layer: Any, default: str) -> str:
    name = getattr(layer, "__name__", None) or getattr(
        getattr(layer, "func", None), "__name__", None
    )
    return str(name or default)


def repeat(
    inputs: Any, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """The same layer applied several times, each time to its last outputs.

    ``repeat(x, 2, conv2d, 64, [3, 3], scope="conv1")`` is ``conv2d`` with the scope
    "conv1/conv1_1", then with "conv1/conv1_2".

    Args:
        args, kwargs: of the layer, after the inputs.
        scope: by default the layer's name inside "Repeat".
    """
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        outputs = convert_to_tensor(inputs)
        prefix = _name_of(layer, "repeat") if scope is None else scope
        for number in range(1, repetitions + 1):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{prefix}_{number}"})
        return outputs


def stack(inputs: Any, layer: Callable[..., Any], stack_args: Sequence[Any], **kwargs: Any) -> Any:
    """A layer applied once for each of several arguments, each time to its last outputs.

    ``stack(x, fully_connected, [32, 64], scope="fc")`` is ``fully_connected`` of 32 units with the
    scope "fc/fc_1", then of 64 with "fc/fc_2".

    Args:
        stack_args: the argument, or a list of arguments, of each application.
        kwargs: of all applications.
        scope: by default the layer's name inside "Stack".

    Raises:
        ValueError: if `stack_args` is no list.
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, list | tuple):
        raise ValueError("stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        outputs = convert_to_tensor(inputs)
        prefix = _name_of(layer, "stack") if scope is None else scope
        for number, given in enumerate(stack_args, 1):
            arguments = given if isinstance(given, list | tuple) else [given]
            outputs = layer(outputs, *arguments, **{**kwargs, "scope": f"{prefix}_{number}"})
        return outputs
