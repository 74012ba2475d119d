"""Layers without windows: dense, dropout, flatten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.tensor import Tensor
from flowgraph.library.initializers import Zeros
from flowgraph.library.layers.arguments import activation_of, data_format_of, initializer_of
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.specs import InputSpec
from flowgraph.ops import array, layout
from flowgraph.ops.bias import bias_add
from flowgraph.ops.cast import cast
from flowgraph.ops.dense import dropout as dropout_op
from flowgraph.ops.smart import smart_cond
from flowgraph.ops.sparse_matmul import sparse_tensor_dense_matmul
from flowgraph.ops.tensordot import tensordot
from flowgraph.shapes import TensorShape

__all__ = ["Dense", "Dropout", "Flatten", "dense", "dropout", "flatten"]

Regularizer = Callable[[Any], Any] | None
_ZEROS = Zeros()


class Dense(Layer):
    """``activation(inputs · kernel + bias)`` over the last axis.

    Args:
        units: the length of the last axis of the outputs.
        activation: a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer: by default the scope's, else Glorot's uniform one.
        kernel_regularizer, bias_regularizer, activity_regularizer: functions of kernel, bias and
            outputs to losses.
        kernel_constraint, bias_constraint: functions from an updated to the permitted value.
        trainable: whether optimizers change the variables by default.
        name: the name of layer and scope.

    Attributes:
        kernel: [inputs, units]
        bias: [units], or None.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = _ZEROS,
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
        self.units = int(units)
        self.activation = activation_of(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(min_ndim=2)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        dtype = self.dtype or dtypes.float32
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(
                f"Unable to build `Dense` layer with non-floating point dtype {dtype!r}"
            )
        shape = TensorShape(input_shape)._dims
        width = shape[-1] if shape else None
        if width is None:
            raise ValueError(
                "The last dimension of the inputs to `Dense` should be defined. Found `None`."
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: width})
        self.kernel = self.add_weight(
            "kernel",
            shape=[width, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=dtype,
            trainable=True,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=dtype,
                trainable=True,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        shape = inputs.get_shape()
        rank = shape.ndims
        if isinstance(inputs, SparseTensor):
            outputs = sparse_tensor_dense_matmul(inputs, self.kernel)
        elif rank is not None and rank > 2:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*shape.as_list()[:-1], self.units])
        else:
            outputs = apply("MatMul", cast(inputs, self.kernel.dtype.base_dtype), self.kernel)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).with_rank_at_least(2)
        if shape.as_list()[-1] is None:
            raise ValueError(
                f"The innermost dimension of input_shape must be defined, but saw: {input_shape}"
            )
        return TensorShape([*shape.as_list()[:-1], self.units])


def dense(
    inputs: Any,
    units: int,
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = _ZEROS,
    kernel_regularizer: Regularizer = None,
    bias_regularizer: Regularizer = None,
    activity_regularizer: Regularizer = None,
    kernel_constraint: Regularizer = None,
    bias_constraint: Regularizer = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
) -> Any:
    """``activation(inputs · kernel + bias)`` over the last axis, with variables of its own.

    Args:
        inputs: [..., inputs], of rank 2 at least.
        name: the scope of the variables; by default "dense", made unique.
        reuse: True to use the variables of an earlier layer of that name.

    See `Dense` for the others.

    >>> import flowgraph as tf
    >>> x = tf.ones([2, 3])
    >>> tf.layers.dense(x, 4, activation=tf.nn.relu).shape
    TensorShape([Dimension(2), Dimension(4)])
    """
    arguments = dict(locals())
    del arguments["inputs"]
    layer = Dense(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs)


class Dropout(Layer):
    """While training, sets a share of the elements to 0 and scales the rest up to the same sum.

    Args:
        rate: the share that is dropped.
        noise_shape: the shape of the random choice, 1 where elements share one; None in it for the
            inputs' size.
        seed: of the random choice.
    """

    def __init__(
        self,
        rate: Any = 0.5,
        noise_shape: Any = None,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def _noise_shape(self, inputs: Tensor) -> Any:
        if self.noise_shape is None or isinstance(self.noise_shape, Tensor):
            return self.noise_shape
        sizes = array.shape(inputs) if None in self.noise_shape else None
        return [
            sizes[axis] if size is None and sizes is not None else size
            for axis, size in enumerate(self.noise_shape)
        ]

    def call(self, inputs: Any, training: Any = False) -> Any:
        """`inputs`, with elements dropped if `training` (a bool or a boolean tensor)."""

        def dropped() -> Any:
            noise_shape = self._noise_shape(inputs)
            return dropout_op(inputs, noise_shape=noise_shape, seed=self.seed, rate=self.rate)

        return smart_cond(training, dropped, lambda: array.identity(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """`inputs`; while training, with a share `rate` of the elements set to 0 and the others divided
    by ``1 - rate``.

    Args:
        noise_shape: the shape of the random choice, 1 where elements share one.
        training: a bool or a boolean tensor.
    """
    layer = Dropout(rate, noise_shape=noise_shape, seed=seed, name=name)
    return layer.apply(inputs, training=training)


class Flatten(Layer):
    """Each example as one vector: all axes but the first become one.

    Args:
        data_format: "channels_first" to move the channels to the end first.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(min_ndim=2)

    def call(self, inputs: Any) -> Any:
        rank = inputs.get_shape().ndims
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = layout.transpose(inputs, [0, *range(2, rank), 1])
        shape = inputs.get_shape().as_list()
        outputs = array.reshape(inputs, (shape[0] or array.shape(inputs)[0], -1))
        outputs.set_shape(self.compute_output_shape(inputs.get_shape()))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).as_list()
        rest = tuple(shape[1:])
        return TensorShape([shape[0], dims.num_elements(rest)])


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """`inputs` [batch, ...] as [batch, elements].

    Args:
        data_format: "channels_first" to move the channels to the end first.

    >>> import flowgraph as tf
    >>> tf.layers.flatten(tf.zeros([2, 3, 4])).shape
    TensorShape([Dimension(2), Dimension(12)])
    """
    return Flatten(name=name, data_format=data_format).apply(inputs)
