"""Layers as objects that know their inputs; a layer may stand wherever a tensor is expected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import flowgraph as tf

__all__ = ["BatchNorm", "Dense", "Flatten", "Input", "Layer", "SoftMax", "Squeeze"]


class Layer(ABC):
    """A part of a network that reads the outputs of `in_layers`.

    Attributes:
        name: set by the `TensorGraph` if None.
        out_tensor: the layer's output, once built.
        variable_scope: the scope of the layer's variables, empty if it has none.
    """

    def __init__(
        self, in_layers: Layer | Sequence[Layer] | None = None, name: str | None = None
    ) -> None:
        if isinstance(in_layers, Layer):
            in_layers = [in_layers]
        self.in_layers: list[Layer] = list(in_layers or ())
        self.name = name
        self.out_tensor: Any = None
        self.variable_scope = ""

    @abstractmethod
    def create_tensor(self) -> Any:
        """Builds and returns `out_tensor`; the layers that this one reads are built already."""

    def inputs(self) -> list[Any]:
        """The tensors that the layer reads."""
        return [tf.convert_to_tensor(layer) for layer in self.in_layers]

    def _variable(self, name: str, shape: Sequence[Any], initializer: Any) -> Any:
        self.variable_scope = str(self.name)
        with tf.variable_scope(self.variable_scope):
            return tf.get_variable(name, shape, initializer=initializer)


def _layer_tensor(
    layer: Layer, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Any:
    if layer.out_tensor is None:
        raise ValueError(f"layer {layer.name} is not built yet")
    if dtype is not None and not dtype.is_compatible_with(layer.out_tensor.dtype):
        raise ValueError(f"layer {layer.name} is {layer.out_tensor.dtype.name}, not {dtype.name}")
    return layer.out_tensor


tf.register_tensor_conversion_function(Layer, _layer_tensor)


class Input(Layer):
    """A placeholder of the given shape."""

    def __init__(self, shape: Sequence[int | None], dtype: Any = None, name: str | None = None):
        super().__init__(None, name)
        self.shape = tuple(shape)
        self.dtype = tf.float32 if dtype is None else dtype

    def create_tensor(self) -> Any:
        self.out_tensor = tf.placeholder(self.dtype, self.shape)
        return self.out_tensor


class Squeeze(Layer):
    """The input without the dimensions `squeeze_dims`, all of size 1."""

    def __init__(
        self,
        in_layers: Layer | Sequence[Layer],
        squeeze_dims: int | Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(in_layers, name)
        self.squeeze_dims = squeeze_dims

    def create_tensor(self) -> Any:
        (x,) = self.inputs()
        self.out_tensor = tf.squeeze(x, axis=self.squeeze_dims)
        return self.out_tensor


class Flatten(Layer):
    """Each row of the input as one vector."""

    def create_tensor(self) -> Any:
        (x,) = self.inputs()
        size = 1
        for dimension in x.shape.as_list()[1:]:
            size *= dimension
        self.out_tensor = tf.reshape(x, [-1, size])
        return self.out_tensor


class Dense(Layer):
    """``activation(x W + b)``, then the normalizer if there is one.

    Args:
        out_channels: units.
        activation_fn: None for none.
        normalizer_fn: applied to the result as ``normalizer_fn(y, **normalizer_params)``.
    """

    def __init__(
        self,
        in_layers: Layer | Sequence[Layer],
        out_channels: int,
        activation_fn: Callable[[Any], Any] | None = None,
        normalizer_fn: Callable[..., Any] | None = None,
        normalizer_params: dict[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(in_layers, name)
        self.out_channels = out_channels
        self.activation_fn = activation_fn
        self.normalizer_fn = normalizer_fn
        self.normalizer_params = normalizer_params or {}

    def create_tensor(self) -> Any:
        (x,) = self.inputs()
        shape = [x.shape.as_list()[-1], self.out_channels]
        weights = self._variable("weights", shape, tf.variance_scaling_initializer(2.0))
        biases = self._variable("biases", shape[1:], tf.zeros_initializer())
        y = tf.matmul(x, weights) + biases
        if self.activation_fn is not None:
            y = self.activation_fn(y)
        if self.normalizer_fn is not None:
            y = self.normalizer_fn(y, **self.normalizer_params)
        self.out_tensor = y
        return y


class BatchNorm(Layer):
    """Each column with the batch's mean and variance taken off, then scaled and shifted."""

    def create_tensor(self) -> Any:
        (x,) = self.inputs()
        size = [x.shape.as_list()[-1]]
        gamma = self._variable("gamma", size, tf.ones_initializer())
        beta = self._variable("beta", size, tf.zeros_initializer())
        mean, variance = tf.nn.moments(x, [0])
        self.out_tensor = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)
        return self.out_tensor


class SoftMax(Layer):
    """The input as probabilities."""

    def create_tensor(self) -> Any:
        (x,) = self.inputs()
        self.out_tensor = tf.nn.softmax(x)
        return self.out_tensor
