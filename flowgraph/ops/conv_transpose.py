"""Transposed convolutions: the gradients of convolutions, used as layers that enlarge images."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.spatial_arguments import one_axis_format, padding_attrs, per_axis

__all__ = ["conv1d_transpose", "conv2d_transpose", "conv3d_transpose", "conv_transpose"]


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of `conv1d`; the arguments are those of `conv2d_transpose`.

    Args:
        input: [batch, width, inputs], or [batch, inputs, width] for the data format NCW.
        filters: [width, outputs, inputs].
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        images, axis = one_axis_format(data_format)
        moves = [1, *per_axis(strides, 1, images, "stride")]
        rates = [1, *per_axis(dilations, 1, images, "dilations")]
        input = expand_dims(input, axis)
        filters = expand_dims(filters, 0)
        shape = output_shape if isinstance(output_shape, Tensor) else list(output_shape)
        sizes = concat([shape[:axis], [1], shape[axis:]], 0)
        result: Tensor = apply(
            "Conv2DBackpropInput",
            sizes,
            filters,
            input,
            strides=moves,
            padding=padding,
            data_format=images,
            dilations=rates,
            name=scope,
        )
        return squeeze(result, axis)


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of `conv2d`: with strides, a layer that enlarges images.

    Args:
        value: [batch, height, width, inputs], or with the channels second for NCHW.
        filter: [height, width, outputs, inputs].
        output_shape: the shape of the result, a list or a tensor; `conv2d` with the same filter and
            attributes must make the shape of `value` of it.
        strides: by how much the sizes grow: an int, one per spatial axis or one per axis.
        padding: "SAME", "VALID", or a pair of numbers per axis.
        dilations: how far apart the elements of a window are; as `strides`.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        images = data_format or "NHWC"
        result: Tensor = apply(
            "Conv2DBackpropInput",
            output_shape,
            filter,
            value,
            strides=per_axis(strides, 2, images, "strides"),
            data_format=images,
            dilations=per_axis(dilations, 2, images, "dilations"),
            name=scope,
            **padding_attrs(padding),
        )
        return result


def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of `conv3d`; the arguments are those of `conv2d_transpose`.

    Args:
        value: [batch, depth, height, width, inputs], or with the channels second for NCDHW.
        filter: [depth, height, width, outputs, inputs].
    """
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as scope:
        volumes = data_format or "NDHWC"
        result: Tensor = apply(
            "Conv3DBackpropInputV2",
            output_shape,
            filter,
            value,
            strides=per_axis(strides, 3, volumes, "strides"),
            padding=padding,
            data_format=volumes,
            dilations=per_axis(dilations, 3, volumes, "dilations"),
            name=scope,
        )
        return result


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transposed convolution over as many spatial axes as `output_shape` has, less two.

    The arguments are those of `conv2d_transpose`.

    Raises:
        ValueError: unless `output_shape` has a known length from 3 to 5.
    """
    with name_scope(name, "conv_transpose", [input, filters, output_shape]) as scope:
        if isinstance(output_shape, Tensor):
            rank = output_shape.shape.as_list()[0]
        elif isinstance(output_shape, Sized):
            rank = len(output_shape)
        else:
            raise ValueError("output_shape must be a tensor or sized collection.")
        if rank is None or not 3 <= rank <= 5:
            raise ValueError(f"output_shape must be of length 3, 4 or 5 but was {rank}.")
        others: dict[str, Any] = {"padding": padding, "dilations": dilations, "name": scope}
        if rank == 3:
            form = data_format or "NWC"
            return conv1d_transpose(
                input, filters, output_shape, strides, data_format=form, **others
            )
        if rank == 4:
            form = data_format or "NHWC"
            return conv2d_transpose(
                input, filters, output_shape, strides, data_format=form, **others
            )
        form = data_format or "NDHWC"
        return conv3d_transpose(input, filters, output_shape, strides, data_format=form, **others)
