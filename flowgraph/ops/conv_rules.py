"""Shape rules and geometry of the convolution ops, for two and three spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.graph.opdef import Operand
from flowgraph.ops.spatial_windows import (
    Windows,
    arranged,
    four,
    output_size,
    place,
    ranked,
    spatial,
)

__all__ = [
    "check_depths",
    "check_outer",
    "check_output",
    "conv_shape",
    "grouped",
    "size_list",
    "sized_shape",
    "windows_of",
]

Array = np.ndarray[Any, Any]


def check_outer(
    op_type: str, strides: Sequence[int], dilations: Sequence[int], data_format: str
) -> None:
    """Check the attributes of a convolution that have one entry per axis."""
    count = len(data_format)
    four(op_type, "dilation", dilations, count)
    if len(strides) != count:
        raise ValueError(
            f"{op_type} on data format {data_format} requires the stride attribute to contain "
            f"{count} values, but got: {len(strides)}"
        )
    channel = data_format.index("C")
    if strides[0] != 1 or strides[channel] != 1:
        raise ValueError(
            "Current implementation does not yet support strides in the batch and depth dimensions."
        )
    if dilations[0] != 1 or dilations[channel] != 1:
        raise ValueError(
            "Current implementation does not yet support dilations in the batch and depth "
            "dimensions."
        )


def grouped(channels: int | None, depth: int | None, outputs: int | None) -> None:
    """Check that filters of that depth fit the channels of the input, perhaps in groups."""
    if channels is None or depth is None:
        return
    if depth == 0:
        raise ValueError("Depth of filter must not be 0")
    if channels % depth:
        raise ValueError(
            f"Depth of input ({channels}) is not a multiple of input depth of filter ({depth})"
        )
    groups = channels // depth
    if outputs is not None and groups and outputs % groups:
        raise ValueError(
            f"Depth of output ({outputs}) is not a multiple of the number of groups ({groups})"
        )


def _explicit(padding: str, paddings: Sequence[int], data_format: str) -> Any:
    """The pads of the spatial axes, where the attribute lists them."""
    if padding != "EXPLICIT":
        if paddings:
            raise ValueError(
                f"explicit_paddings attribute must be empty if the padding attribute is {padding}"
            )
        return None
    if len(paddings) != 2 * len(data_format):
        raise ValueError(
            f"explicit_paddings attribute must contain {2 * len(data_format)} values, "
            f"but got: {len(paddings)}"
        )
    if any(each < 0 for each in paddings):
        raise ValueError("All elements of explicit_paddings must be nonnegative")
    pairs = list(zip(paddings[::2], paddings[1::2], strict=True))
    return spatial(pairs, data_format)


def conv_shape(
    op_type: str,
    x: Operand,
    filters: Operand,
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int],
    data_format: str,
    paddings: Sequence[int] = (),
) -> Dims:
    """The static shape of a convolution."""
    rank = len(data_format)
    sizes = ranked(x, rank)
    *window, depth, outputs = ranked(filters, rank)
    check_outer(op_type, strides, dilations, data_format)
    grouped(sizes[data_format.index("C")], depth, outputs)
    pads = _explicit(padding, paddings, data_format) or ((0, 0),) * len(window)
    lengths = [
        output_size(size, length, stride, dilation, padding, pad)
        for size, length, stride, dilation, pad in zip(
            spatial(sizes, data_format),
            window,
            spatial(strides, data_format),
            spatial(dilations, data_format),
            pads,
            strict=True,
        )
    ]
    return arranged(sizes[0], lengths, outputs, data_format)


def sized_shape(sizes: Operand, rank: int) -> tuple[int | None, ...]:
    """The static shape that an operand's value tells."""
    if sizes.dims is not None and len(sizes.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(sizes.dims)}")
    found = sizes.const_dims()
    if found is None:
        return (None,) * rank
    if len(found) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(found)}")
    return found


def size_list(sizes: Array, rank: int, what: str) -> tuple[int, ...]:
    """The value of an operand that tells a shape."""
    found = tuple(sizes.tolist())
    if len(found) != rank or any(size < 0 for size in found):
        text = f"{what} must be a vector of {rank} sizes, got {list(found)}"
        raise errors.InvalidArgumentError(None, None, text)
    return found


def windows_of(
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int],
    data_format: str,
    paddings: Sequence[int] = (),
) -> Windows:
    """The windows on an input of that shape."""
    return place(
        spatial(tuple(sizes), data_format),
        tuple(window),
        spatial(strides, data_format),
        spatial(dilations, data_format),
        padding,
        _explicit(padding, paddings, data_format) if paddings else None,
    )


def check_output(dy: Array, windows: Windows, batch: int, outputs: int) -> None:
    """Check that a gradient has the shape of the convolution's output, channels last."""
    wanted = (batch, *windows.outputs, outputs)
    if dy.shape != wanted:
        text = (
            f"Size of out_backprop doesn't match computed: actual = {list(dy.shape)}, "
            f"computed = {list(wanted)}"
        )
        raise errors.InvalidArgumentError(None, None, text)


def check_depths(x: Array, filters: Array) -> None:
    """Check, when an op runs, what `grouped` checks of static shapes."""
    try:
        grouped(x.shape[-1], filters.shape[-2], filters.shape[-1])
    except ValueError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None
