"""Windows with holes (atrous convolution), by moving space into the batch and back.

Every rate-th element of each axis becomes an image of its own, in which a window with holes is a
plain one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.static_values import const_value
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import shape
from flowgraph.ops.conv_functions import conv1d
from flowgraph.ops.conv_transpose import conv2d_transpose
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.spatial_arguments import per_axis
from flowgraph.ops.spatial_batch import (
    batch_to_space,
    batch_to_space_nd,
    required_space_to_batch_paddings,
    space_to_batch,
    space_to_batch_nd,
)

__all__ = [
    "atrous_conv2d",
    "atrous_conv2d_transpose",
    "convolution",
    "convolution_of_any_rank",
    "moves_and_rates",
    "with_space_to_batch",
]

Array = np.ndarray[Any, Any]


def moves_and_rates(count: int, strides: Any, dilation_rate: Any) -> tuple[Array, Array]:
    """Strides and dilation rates, one per spatial axis.

    Raises:
        ValueError: if there are as many as not, one is not positive, or some of both exceed one.
    """
    found = []
    for name, value in (("dilation_rate", dilation_rate), ("strides", strides)):
        given = [1] * count if value is None else list(value)
        if len(given) != count:
            raise ValueError(f"len({name})={len(given)} but should be {count}")
        each = np.array(given, np.int32)
        if (each < 1).any():
            raise ValueError(f"all values of {name} must be positive")
        found.append(each)
    rates, moves = found
    if (moves > 1).any() and (rates > 1).any():
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
    return moves, rates


def _same_paddings(filter_shape: Any, count: int, rate: Any) -> Tensor:
    """What SAME adds before and behind each spatial axis, for windows with holes."""
    extra = (filter_shape[:count] - 1) * rate
    start = extra // 2
    end = extra - start
    return stack([[start[i], end[i]] for i in range(count)])


def _adjusted(given: Tensor, fill: int, places: Sequence[int]) -> Any:
    """`given`, one entry per spatial axis, as one entry per axis from the second on.

    Args:
        fill: the entries of axes that are not listed in `places`.
    """
    value = const_value(given)
    rest = given.shape.as_list()[1:]
    source: Any = given if value is None else value
    parts: list[Any] = []
    axis = 1
    start = 0
    while start < len(places):
        if places[start] > 1:
            parts.append(np.full([places[start] - axis, *rest], fill, given.dtype.np))
        end = start + 1
        while end < len(places) and places[end] == places[end - 1] + 1:
            end += 1
        parts.append(source[start:end])
        axis, start = places[end - 1] + 1, end
    return np.concatenate(parts) if value is not None else concat(parts, 0)


def with_space_to_batch(
    input: Any,
    dilation_rate: Any,
    padding: str,
    op: Callable[[Tensor, int, str], Tensor],
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """`op` with holes in its windows: done on `input` with blocks of space moved into the batch.

    Args:
        input: of rank ``len(dilation_rate) + 2`` at least.
        dilation_rate: how far apart the elements of a window are, one integer per spatial axis; if
            all are 1, the result is that of `op` on the input as it is.
        padding: "SAME" or "VALID".
        op: makes of a tensor, the number of spatial axes and a padding the output.
        filter_shape: the sizes of a window, needed for "SAME".
        spatial_dims: the spatial axes, ascending; by default all behind the batch (behind the
            channels for a data format that starts with NC).

    Raises:
        ValueError: if these do not fit together.
    """
    input = convert_to_tensor(input, name="input")
    rates = convert_to_tensor(dilation_rate, dtypes.int32, name="dilation_rate")
    if rates.shape.ndims not in (None, 1):
        raise ValueError("rate must be rank 1")
    if not rates.shape.is_fully_defined():
        raise ValueError("rate must have known shape")
    count = rates.shape.as_list()[0] or 0
    places = _places(input, spatial_dims, count, data_format)
    known = const_value(rates)
    if known is not None:
        if (known < 1).any():
            raise ValueError("dilation_rate must be positive")
        if (known == 1).all():
            return op(input, count, padding)
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("filter_shape must be specified for SAME padding")
        filter_shape = convert_to_tensor(filter_shape, name="filter_shape")
        sizes = const_value(filter_shape)
        rate = rates if known is None else known
        base: Any = _same_paddings(filter_shape if sizes is None else sizes, count, rate)
    elif padding == "VALID":
        base = np.zeros([count, 2], np.int32)
    else:
        raise ValueError(f"Invalid padding method {padding!r}")
    static = None if input.dims is None else [input.dims[place] for place in places]
    spaces: Any = static
    if static is None or None in static:
        dynamic = shape(input)
        spaces = stack([dynamic[place] for place in places])
    paddings, crops = required_space_to_batch_paddings(spaces, rates, base)
    block = _adjusted(rates, 1, places)
    paddings, crops = _adjusted(paddings, 0, places), _adjusted(crops, 0, places)
    result = op(space_to_batch_nd(input, block, paddings), count, "VALID")
    return batch_to_space_nd(result, block, crops)


def _places(input: Tensor, spatial_dims: Any, count: int, data_format: str | None) -> list[int]:
    """The spatial axes, checked."""
    first = data_format is not None and data_format.startswith("NC")
    start = 2 if first else 1
    given = list(range(start, start + count) if spatial_dims is None else spatial_dims)
    places = sorted({int(place) for place in given})
    if places != given or any(place < 1 for place in places):
        raise ValueError(
            "spatial_dims must be a montonically increasing sequence of positive integers"
        )
    least = places[-1] if first else places[-1] + 1
    if input.dims is not None and len(input.dims) < least:
        raise ValueError(f"input tensor must have rank {least} at least")
    return places


def _convolved(
    input: Tensor, filter: Tensor, padding: str, form: str | None, strides: Any, name: str | None
) -> Tensor:
    """The convolution without holes over as many spatial axes as there are strides."""
    count = len(strides)
    if count == 1:
        if form not in (None, "NCW", "NWC", "NCHW", "NHWC"):
            raise ValueError('data_format must be "NWC" or "NCW".')
        moves = int(strides[0])
        return conv1d(input, filter, moves, padding, data_format=form or "NWC", name=name)
    last, first = ("NHWC", "NCHW") if count == 2 else ("NDHWC", "NCDHW")
    if form not in (None, last, first):
        raise ValueError(f'data_format must be "{last}" or "{first}".')
    chosen = form or last
    result: Tensor = apply(
        f"Conv{count}D",
        input,
        filter,
        strides=per_axis(list(strides), count, chosen, "strides"),
        padding=padding,
        data_format=chosen,
        name=name,
    )
    return result


def convolution_of_any_rank(
    input: Tensor,
    filter: Tensor,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    data_format: str | None = None,
    name: str | None = None,
) -> Tensor:
    """`convolution` without a name scope of its own, as layers build it.

    Its op is named `name`, or by its type; windows with holes go by way of the batch.
    """
    count = _spatial_axes(input, filter)
    moves, rates = moves_and_rates(count, strides, dilation_rate)
    if input.dims is not None and len(input.dims) != count + 2:
        raise ValueError(f"Input tensor must be of rank {count + 2} but was {len(input.dims)}.")
    return with_space_to_batch(
        input,
        rates,
        padding,
        lambda each, _, chosen: _convolved(each, filter, chosen, data_format, moves, name),
        filter_shape=filter.shape,
        data_format=data_format,
    )


def _spatial_axes(input: Tensor, filter: Tensor) -> int:
    known = next((each.dims for each in (filter, input) if each.dims is not None), None)
    if known is None:
        raise ValueError("rank of input or filter must be known")
    if not 3 <= len(known) <= 5:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {len(known)}.")
    return len(known) - 2


def convolution(
    input: Any,
    filter: Any,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """The convolution over one, two or three spatial axes, perhaps with holes in the windows.

    Args:
        input: [batch, *sizes, channels], or with the channels second for a data format that starts
            with NC.
        filter: [*window, channels, outputs].
        padding: "SAME" or "VALID".
        strides: how far apart the windows are, one per spatial axis.
        dilation_rate: how far apart the elements of a window are, one per spatial axis; only where
            all strides are 1.
        data_format: "NWC", "NCW"; "NHWC", "NCHW"; "NDHWC", "NCDHW".

    Raises:
        ValueError: if shapes or attributes do not fit.
    """
    if not isinstance(filter, Tensor):
        with name_scope("convolution_internal"):
            filter = convert_to_tensor(filter, name="filters")
    if not isinstance(input, Tensor):
        with name_scope("convolution_internal"):
            input = convert_to_tensor(input, name="input")
    count = _spatial_axes(input, filter)
    form = data_format or ("NWC", "NHWC", "NDHWC")[count - 1]
    rates = per_axis(dilation_rate, count, form, "dilations")
    moves = per_axis(strides, count, form, "strides")
    inner = slice(2, None) if form.startswith("NC") else slice(1, -1)
    with name_scope(name, "convolution", [input, filter]) as scope:
        if all(rate == 1 for rate in rates):
            return _convolved(input, filter, padding, data_format, moves[inner], scope)
        return convolution_of_any_rank(
            input, filter, padding, moves[inner], rates[inner], data_format, scope
        )


def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: str, name: str | None = None
) -> Tensor:
    """The convolution of images with filters whose elements are `rate` apart.

    Args:
        value: [batch, height, width, channels].
        filters: [height, width, channels, outputs].
        padding: "SAME" or "VALID".
    """
    return convolution(
        value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name
    )


def atrous_conv2d_transpose(
    value: Any,
    filters: Any,
    output_shape: Any,
    rate: int,
    padding: str,
    name: str | None = None,
) -> Tensor:
    """The transpose of `atrous_conv2d`.

    Args:
        value: [batch, height, width, inputs].
        filters: [height, width, outputs, inputs].
        output_shape: the shape of the result, a list or a tensor.

    Raises:
        ValueError: if shapes or arguments do not fit.
    """
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]):
        value = convert_to_tensor(value, name="value")
        filters = convert_to_tensor(filters, name="filters")
        if not value.shape[3:].is_compatible_with(filters.shape[3:]):
            raise ValueError(
                f"value's input channels does not match filters' input channels, "
                f"{value.shape[3]} != {filters.shape[3]}"
            )
        if rate < 1:
            raise ValueError(f"rate {rate} cannot be less than one")
        if rate == 1:
            return conv2d_transpose(value, filters, output_shape, [1, 1, 1, 1], padding)
        sizes = convert_to_tensor(output_shape, name="output_shape")
        if not sizes.shape.is_compatible_with([4]):
            raise ValueError(f"output_shape must have shape (4,), got {sizes.shape}")
        if isinstance(output_shape, tuple):
            output_shape = list(output_shape)
        pads = _transpose_pads(filters, rate, padding)
        spaces = [output_shape[axis + 1] + sum(pads[axis]) for axis in (0, 1)]
        extra = [(rate - each % rate) % rate for each in spaces]
        moved = space_to_batch(value, [[0, each] for each in extra], rate)
        inner = [(space + more) // rate for space, more in zip(spaces, extra, strict=True)]
        result: Tensor = apply(
            "Conv2DBackpropInput",
            [rate * rate * output_shape[0], *inner, output_shape[3]],
            filters,
            moved,
            strides=[1, 1, 1, 1],
            padding="VALID",
        )
        crops = [[pad[0], pad[1] + more] for pad, more in zip(pads, extra, strict=True)]
        return batch_to_space(result, crops, rate)


def _transpose_pads(filters: Tensor, rate: int, padding: str) -> list[list[Any]]:
    """What SAME adds before and behind each spatial axis."""
    if padding == "VALID":
        return [[0, 0], [0, 0]]
    if padding != "SAME":
        raise ValueError("padding must be either VALID or SAME")
    known = filters.shape.is_fully_defined()
    sizes: Any = filters.shape.as_list() if known else shape(filters)
    found = []
    for axis in (0, 1):
        total = sizes[axis] + (sizes[axis] - 1) * (rate - 1) - 1
        found.append([total // 2, total - total // 2])
    return found
