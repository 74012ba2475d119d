"""Pooling layers (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.arg_scope import add_arg_scope
from flowgraph.library.contrib_layers.convolutions import format_of
from flowgraph.library.contrib_layers.outputs import collect_named_outputs
from flowgraph.library.layers import pooling

__all__ = ["avg_pool2d", "avg_pool3d", "max_pool2d", "max_pool3d"]

Ints = int | Sequence[int]
_IMAGES, _VOLUMES = ("NCHW", "NHWC"), ("NCDHW", "NDHWC")


def _pooled(
    layer_class: Any,
    default_name: str,
    formats: tuple[str, str],
    inputs: Any,
    kernel_size: Ints,
    stride: Ints,
    padding: str,
    data_format: str,
    outputs_collections: Any,
    scope: Any,
) -> Any:
    layer_format = format_of(data_format, formats)
    with name_scope(scope, default_name, [inputs]) as entered:
        inputs = convert_to_tensor(inputs)
        layer = layer_class(kernel_size, stride, padding, layer_format, _scope=entered)
        outputs = layer.apply(inputs)
        return collect_named_outputs(outputs_collections, entered, outputs)


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Ints,
    stride: Ints = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The largest element of each window of images.

    Args:
        inputs: [batch, height, width, channels], or with the channels second for "NCHW".
        kernel_size: the size of the windows, an int or one per axis.
        stride: how far apart they are, likewise.
        padding: "VALID" or "SAME".
        outputs_collections: collections for the outputs, under the scope's name.
        scope: the name scope; by default "MaxPool2D".

    Raises:
        ValueError: for another format, or a kernel size that does not fit.
    """
    return _pooled(
        pooling.MaxPooling2D,
        "MaxPool2D",
        _IMAGES,
        inputs,
        kernel_size,
        stride,
        padding,
        data_format,
        outputs_collections,
        scope,
    )


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Ints,
    stride: Ints = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The mean of each window of images; see `max_pool2d`."""
    return _pooled(
        pooling.AveragePooling2D,
        "AvgPool2D",
        _IMAGES,
        inputs,
        kernel_size,
        stride,
        padding,
        data_format,
        outputs_collections,
        scope,
    )


@add_arg_scope
def max_pool3d(
    inputs: Any,
    kernel_size: Ints,
    stride: Ints = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The largest element of each window of volumes; see `max_pool2d`."""
    return _pooled(
        pooling.MaxPooling3D,
        "MaxPool3D",
        _VOLUMES,
        inputs,
        kernel_size,
        stride,
        padding,
        data_format,
        outputs_collections,
        scope,
    )


@add_arg_scope
def avg_pool3d(
    inputs: Any,
    kernel_size: Ints,
    stride: Ints = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """The mean of each window of volumes; see `max_pool2d`."""
    return _pooled(
        pooling.AveragePooling3D,
        "AvgPool3D",
        _VOLUMES,
        inputs,
        kernel_size,
        stride,
        padding,
        data_format,
        outputs_collections,
        scope,
    )
