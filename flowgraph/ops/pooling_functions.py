"""Pooling over one, two or three spatial axes."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.spatial_arguments import per_axis

__all__ = [
    "avg_pool",
    "avg_pool1d",
    "avg_pool3d",
    "avg_pool_v2",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool_v2",
    "max_pool_with_argmax",
]

FORMATS = {3: "NWC", 4: "NHWC", 5: "NDHWC"}


def _pooled(
    op_type: str, value: Any, ksize: Any, strides: Any, padding: str, form: str, name: str
) -> Tensor:
    """Pooling over as many spatial axes as the data format has, named `name`."""
    count = len(form) - 2
    result: Tensor = apply(
        op_type,
        value,
        ksize=per_axis(ksize, count, form, "ksize"),
        strides=per_axis(strides, count, form, "strides"),
        padding=padding,
        data_format=form,
        name=name,
    )
    return result


def _pooled_sequence(
    op_type: str,
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    name: str,
) -> Tensor:
    """Pooling of sequences, as images of height 1, by an op named `name`."""
    form = data_format or "NWC"
    sizes = [1, *per_axis(ksize, 1, form, "ksize")]
    moves = [1, *per_axis(strides, 1, form, "strides")]
    axis = 1 if form == "NWC" else 2
    images = expand_dims(value, axis)
    result: Tensor = apply(
        op_type,
        images,
        ksize=sizes,
        strides=moves,
        padding=padding,
        data_format="NHWC" if form == "NWC" else "NCHW",
        name=name,
    )
    return squeeze(result, axis)


def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The largest element of each window.

    Args:
        value: [batch, height, width, channels], or with the channels second for NCHW.
        ksize: the sizes of a window: an int, one per spatial axis or one per axis.
        strides: how far apart the windows are; likewise.
        padding: "SAME" (windows may hang over the border, such that the output's sizes are
            ``ceil(size / stride)``) or "VALID" (they may not).

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    with name_scope(name, "MaxPool", [value]) as scope:
        return _pooled("MaxPool", value, ksize, strides, padding, data_format or "NHWC", scope)


def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """The mean of the elements that each window holds; the arguments are those of `max_pool`."""
    with name_scope(name, "AvgPool", [value]) as scope:
        return _pooled("AvgPool", value, ksize, strides, padding, data_format or "NHWC", scope)


def max_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Tensor:
    """`max_pool` by another name."""
    with name_scope(name, "MaxPool2d", [input]) as scope:
        return _pooled("MaxPool", input, ksize, strides, padding, data_format or "NHWC", scope)


def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """`max_pool` of sequences, [batch, width, channels], or [batch, channels, width] for NCW."""
    with name_scope(name, "MaxPool1d", [input]) as scope:
        return _pooled_sequence("MaxPool", input, ksize, strides, padding, data_format, scope)


def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """`avg_pool` of sequences, [batch, width, channels], or [batch, channels, width] for NCW."""
    with name_scope(name, "AvgPool1D", [input]) as scope:
        return _pooled_sequence("AvgPool", input, ksize, strides, padding, data_format, scope)


def max_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """`max_pool` of volumes, [batch, depth, height, width, channels], or NCDHW."""
    with name_scope(name, "MaxPool3D", [input]) as scope:
        return _pooled("MaxPool3D", input, ksize, strides, padding, data_format or "NDHWC", scope)


def avg_pool3d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Tensor:
    """`avg_pool` of volumes, [batch, depth, height, width, channels], or NCDHW."""
    with name_scope(name, "AvgPool3D", [input]) as scope:
        return _pooled("AvgPool3D", input, ksize, strides, padding, data_format or "NDHWC", scope)


def _rank(input: Any, data_format: str | None) -> int:
    """The rank of what is pooled, from its data format or its shape."""
    rank = len(data_format) if data_format else convert_to_tensor(input).shape.ndims
    if rank is None:
        raise ValueError("The rank of the input must be known, or a data format given.")
    if not 3 <= rank <= 5:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")
    return rank


def max_pool_v2(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """`max_pool1d`, `max_pool` or `max_pool3d`, by the rank of `input`.

    Raises:
        ValueError: unless that is known and from 3 to 5.
    """
    pool = {3: max_pool1d, 4: max_pool, 5: max_pool3d}
    rank = _rank(input, data_format)
    return pool[rank](input, ksize, strides, padding, data_format or FORMATS[rank], name)


def avg_pool_v2(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """`avg_pool1d`, `avg_pool` or `avg_pool3d`, by the rank of `input`.

    Raises:
        ValueError: unless that is known and from 3 to 5.
    """
    pool = {3: avg_pool1d, 4: avg_pool, 5: avg_pool3d}
    rank = _rank(input, data_format)
    return pool[rank](input, ksize, strides, padding, data_format or FORMATS[rank], name)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    include_batch_in_index: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest element of each window, and where it lies.

    Args:
        input: [batch, height, width, channels].
        ksize: the sizes of a window, one number per axis.
        strides: how far apart the windows are, one number per axis.
        padding: "SAME" or "VALID".
        data_format: "NHWC" only.
        Targmax: the type of the second result, int64 or int32.
        include_batch_in_index: count places from the first image of the batch, not from each one's
            first element.

    Returns:
        ``(output, argmax)``, where the place of [y, x, channel] is
        ``(y * width + x) * channels + channel``.

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    output, argmax = apply(
        "MaxPoolWithArgmax",
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=dtypes.int64 if Targmax is None else Targmax,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )
    return output, argmax
