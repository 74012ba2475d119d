"""Shape rules and geometry of the pooling ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.opdef import Operand
from flowgraph.ops.spatial_windows import (
    Windows,
    arranged,
    channels_last,
    four,
    output_size,
    place,
    ranked,
    restored,
    spatial,
)

__all__ = ["arrange", "pooled_shape", "rearrange"]

Array = np.ndarray[Any, Any]


def pooled_shape(
    op_type: str,
    x: Operand,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str,
) -> Dims:
    """The static shape of what pooling makes of `x`.

    Raises:
        ValueError: if the attributes have another length than the data format, a window is larger
            than its axis, or windows extend over the batch.
    """
    rank = len(data_format)
    sizes = ranked(x, rank)
    four(op_type, "stride", strides, rank)
    four(op_type, "ksize", ksize, rank)
    if ksize[0] != 1 or strides[0] != 1:
        raise ValueError("Pooling is not yet supported on the batch dimension.")
    if min(ksize) <= 0:
        raise ValueError(f"Sliding window ksize must be positive, but is {list(ksize)}")
    channel = data_format.index("C")
    if op_type != "MaxPool" and (ksize[channel] != 1 or strides[channel] != 1):
        raise ValueError("Pooling is not yet supported on the depth dimension.")
    _check_depth(sizes[channel], ksize, strides, channel)
    lengths = [
        output_size(size, window, stride, 1, padding)
        for size, window, stride in zip(
            spatial(sizes, data_format),
            spatial(ksize, data_format),
            spatial(strides, data_format),
            strict=True,
        )
    ]
    depth = sizes[channel]
    depth = None if depth is None else depth // ksize[channel]
    return arranged(sizes[0], lengths, depth, data_format)


def _check_depth(
    depth: int | None, ksize: Sequence[int], strides: Sequence[int], channel: int
) -> None:
    """Check windows over the channels, if there are any: they may not overlap, nor others move."""
    window = ksize[channel]
    if window == 1 and strides[channel] == 1:
        return
    if max(ksize) != window or sum(ksize) != window + len(ksize) - 1:
        raise ValueError(
            "MaxPooling supports exactly one of pooling across depth or pooling across "
            "width/height."
        )
    if strides[channel] != window or (depth is not None and depth % window):
        raise ValueError(
            "Depthwise max pooling requires the depth window to evenly divide the input depth "
            "and to equal the depth stride."
        )


def arrange(
    shape: Sequence[int],
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    data_format: str,
    *arrays: Array,
) -> tuple[Windows, list[Array]]:
    """The windows on an input of that shape, and arrays laid out for the kernels.

    Where windows extend over the channels, these count as a further spatial axis.
    """
    channel = data_format.index("C")
    sizes, window = spatial(tuple(shape), data_format), spatial(ksize, data_format)
    moves = spatial(strides, data_format)
    views = [channels_last(array, data_format) for array in arrays]
    if ksize[channel] != 1:
        sizes, window = (*sizes, shape[channel]), (*window, ksize[channel])
        moves = (*moves, strides[channel])
        views = [view[..., None] for view in views]
    return place(sizes, window, moves, (1,) * len(sizes), padding), views


def rearrange(
    result: Array, ksize: Sequence[int], data_format: str, out: Array | None = None
) -> Array:
    """What a kernel made of arrays from `arrange`, in the data format of the op."""
    if ksize[data_format.index("C")] != 1:
        result = result[..., 0]
    return restored(result, data_format, out)
