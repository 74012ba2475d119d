"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flowgraph.graph.build import apply
from flowgraph.library.layers.arguments import (
    data_format_of,
    padding_of,
    tuple_of,
    window_count,
)
from flowgraph.library.layers.base import Layer
from flowgraph.library.layers.specs import InputSpec
from flowgraph.ops import layout
from flowgraph.shapes import TensorShape

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
]

Ints = int | Sequence[int]


class _Pooling(Layer):
    """One value for each window."""

    rank: ClassVar[int]
    op_type: ClassVar[str]

    def __init__(
        self,
        pool_size: Ints,
        strides: Ints,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        self.pool_size = tuple_of(pool_size, self.rank, "pool_size")
        self.strides = tuple_of(strides, self.rank, "strides")
        self.padding = padding_of(padding)
        self.data_format = data_format_of(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _pool(self, inputs: Any, sizes: Ints, strides: Ints, data_format: str) -> Any:
        channels_second = data_format == "NCHW"
        return apply(
            self.op_type,
            inputs,
            ksize=_around(sizes, channels_second),
            strides=_around(strides, channels_second),
            padding=self.padding.upper(),
            data_format=data_format,
        )

    def call(self, inputs: Any) -> Any:
        return self._pool(
            inputs,
            self.pool_size,
            self.strides,
            "NHWC" if self.data_format == "channels_last" else "NCHW",
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        for axis, (size, stride) in enumerate(zip(self.pool_size, self.strides, strict=True)):
            shape[first + axis] = window_count(shape[first + axis], size, self.padding, stride)
        return TensorShape(shape)


def _around(values: Ints, channels_second: bool) -> list[int]:
    spatial = list(values) if isinstance(values, Sequence) else [values]
    return [1, 1, *spatial] if channels_second else [1, *spatial, 1]


class _Pooling1D(_Pooling):
    rank = 1

    def call(self, inputs: Any) -> Any:
        channels_last = self.data_format == "channels_last"
        axis = 2 if channels_last else 3
        outputs = self._pool(
            layout.expand_dims(inputs, axis),
            (*self.pool_size, 1),
            (*self.strides, 1),
            "NHWC" if channels_last else "NCHW",
        )
        return layout.squeeze(outputs, axis)


class _Pooling3D(_Pooling):
    rank = 3

    def call(self, inputs: Any) -> Any:
        channels_first = self.data_format == "channels_first"
        if channels_first:
            inputs = layout.transpose(inputs, (0, 2, 3, 4, 1))
        outputs = self._pool(inputs, self.pool_size, self.strides, "NDHWC")
        if channels_first:
            outputs = layout.transpose(outputs, (0, 4, 1, 2, 3))
        return outputs


class MaxPooling1D(_Pooling1D):
    """The largest element of each window of sequences [batch, length, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    op_type = "MaxPool"


class AveragePooling1D(_Pooling1D):
    """The mean of each window of sequences [batch, length, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    op_type = "AvgPool"


class MaxPooling2D(_Pooling):
    """The largest element of each window of images [batch, height, width, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    rank = 2
    op_type = "MaxPool"


class AveragePooling2D(_Pooling):
    """The mean of each window of images [batch, height, width, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    rank = 2
    op_type = "AvgPool"


class MaxPooling3D(_Pooling3D):
    """The largest element of each window of volumes [batch, depth, height, width, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    op_type = "MaxPool3D"


class AveragePooling3D(_Pooling3D):
    """The mean of each window of volumes [batch, depth, height, width, channels].

    Args:
        pool_size: the size of the windows, an int or one per axis.
        strides: how far apart they are, likewise.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    op_type = "AvgPool3D"


def max_pooling1d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element of each window of sequences; see `MaxPooling1D`."""
    return MaxPooling1D(pool_size, strides, padding, data_format, name).apply(inputs)


def average_pooling1d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window of sequences; see `AveragePooling1D`."""
    return AveragePooling1D(pool_size, strides, padding, data_format, name).apply(inputs)


def max_pooling2d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element of each window of images; see `MaxPooling2D`.

    >>> import flowgraph as tf
    >>> tf.layers.max_pooling2d(tf.zeros([1, 6, 6, 3]), 2, 2).shape.as_list()
    [1, 3, 3, 3]
    """
    return MaxPooling2D(pool_size, strides, padding, data_format, name).apply(inputs)


def average_pooling2d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window of images; see `AveragePooling2D`."""
    return AveragePooling2D(pool_size, strides, padding, data_format, name).apply(inputs)


def max_pooling3d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The largest element of each window of volumes; see `MaxPooling3D`."""
    return MaxPooling3D(pool_size, strides, padding, data_format, name).apply(inputs)


def average_pooling3d(
    inputs: Any,
    pool_size: Ints,
    strides: Ints,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> Any:
    """The mean of each window of volumes; see `AveragePooling3D`."""
    return AveragePooling3D(pool_size, strides, padding, data_format, name).apply(inputs)
