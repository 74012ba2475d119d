"""How windows move over the spatial axes of images: what convolution and pooling have in common.

Kernels work on arrays whose channels come last, ``[batch, *sizes, channels]``; `channels_last` and
`restored` turn the other data formats into that and back.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.graph.opdef import Operand, attr

__all__ = [
    "FORMAT_2D",
    "FORMAT_3D",
    "PADDING",
    "Steps",
    "Windows",
    "arranged",
    "channels_last",
    "chunks",
    "four",
    "narrow",
    "output_size",
    "place",
    "ranked",
    "restored",
    "spatial",
]

Array = np.ndarray[Any, Any]
Slices = tuple[slice, ...]
Steps = tuple[tuple[tuple[int, ...], Slices, Slices], ...]
Pads = tuple[tuple[int, int], ...]

PADDING = attr("string", allowed=("SAME", "VALID"))
FORMAT_2D = attr("string", "NHWC", allowed=("NHWC", "NCHW"))
FORMAT_3D = attr("string", "NDHWC", allowed=("NDHWC", "NCDHW"))

# Elements handled at a time, so that temporaries stay in the cache.
_CHUNK = 1 << 18


def ranked(operand: Operand, rank: int) -> tuple[int | None, ...]:
    """The shape of an operand that must have that rank."""
    if operand.dims is None:
        return (None,) * rank
    if len(operand.dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
    return operand.dims


def four(op_type: str, what: str, values: Sequence[int], count: int = 4) -> None:
    """Check the length of an attribute that has one entry per axis."""
    if len(values) != count:
        raise ValueError(
            f"{op_type} requires the {what} attribute to contain {count} values, "
            f"but got: {len(values)}"
        )


def spatial(values: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    """Of one entry per axis, those of the spatial axes."""
    return tuple(values[2:] if data_format[1] == "C" else values[1:-1])


def arranged(
    batch: int | None, sizes: Sequence[int | None], channels: int | None, data_format: str
) -> Dims:
    """A shape in that data format."""
    if data_format[1] == "C":
        return (batch, channels, *sizes)
    return (batch, *sizes, channels)


def channels_last(x: Array, data_format: str) -> Array:
    """A view of `x` with the channels as last axis."""
    return np.moveaxis(x, 1, -1) if data_format[1] == "C" else x


def restored(y: Array, data_format: str, out: Array | None = None) -> Array:
    """`y`, whose channels come last, in that data format, written to `out` if that is given."""
    if data_format[1] == "C":
        y = np.moveaxis(y, -1, 1)
    if out is None:
        return np.ascontiguousarray(y)
    if out is not y:
        out[...] = y
    return out


def narrow(x: Array) -> Array:
    """Half-precision numbers in float32, in which they are multiplied and summed."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x


def chunks(count: int, elements: int) -> list[slice]:
    """Slices of an axis of length `count` whose parts, of so many elements, fit the cache."""
    step = max(1, _CHUNK // max(1, elements))
    return [slice(start, min(count, start + step)) for start in range(0, count, step)]


def output_size(
    size: int | None,
    window: int | None,
    stride: int,
    dilation: int,
    padding: str,
    pads: tuple[int, int] = (0, 0),
) -> int | None:
    """How many windows fit along an axis, None if that is not known.

    Raises:
        ValueError: if the window is larger than the axis, or `stride` not positive.
    """
    if stride <= 0:
        raise ValueError(f"Stride must be > 0, but got {stride}")
    if dilation < 1:
        raise ValueError(f"Dilation rate must be >= 1, but got {dilation}")
    if size is None or (window is None and padding != "SAME"):
        return None
    if padding == "SAME":
        return -(-size // stride)
    extent = ((window or 0) - 1) * dilation + 1
    whole = size + pads[0] + pads[1]
    if whole < extent:
        raise ValueError(f"Negative dimension size caused by subtracting {extent} from {whole}")
    return (whole - extent) // stride + 1


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows on the spatial axes of an array ``[batch, *sizes, channels]``.

    Attributes:
        sizes: the lengths of the spatial axes.
        window: how many elements a window takes along each.
        outputs: how many windows there are along each.
        pads: how many elements the axes are extended by, before and behind.
    """

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: Pads
    outputs: tuple[int, ...]

    @functools.cached_property
    def is_pointwise(self) -> bool:
        """Whether each window is one element, in order, without any between."""
        return self.sizes == self.outputs and all(
            length == 1 and step == 1 and pad == (0, 0)
            for length, step, pad in zip(self.window, self.strides, self.pads, strict=True)
        )

    @functools.cached_property
    def _along(self) -> list[list[tuple[int, slice, slice]]]:
        """Per axis and offset into the window: which inputs it meets, and in which windows."""
        return [self._axis_steps(axis) for axis in range(len(self.sizes))]

    def _axis_steps(self, axis: int) -> list[tuple[int, slice, slice]]:
        stride, size = self.strides[axis], self.sizes[axis]
        found = []
        for offset in range(self.window[axis]):
            shift = offset * self.dilations[axis] - self.pads[axis][0]
            first = max(0, -(shift // stride))
            last = min(self.outputs[axis], (size - 1 - shift) // stride + 1)
            if last > first:
                begin = first * stride + shift
                end = (last - 1) * stride + shift + 1
                found.append((offset, slice(begin, end, stride), slice(first, last)))
        return found

    def axis_steps(self, axis: int) -> list[tuple[Slices, Slices]]:
        """For each offset along one spatial axis: slices of the input and of the output."""
        front = (slice(None),) * (axis + 1)
        return [((*front, inside), (*front, outside)) for _, inside, outside in self._along[axis]]

    @functools.cached_property
    def steps(self) -> Steps:
        """For each offset, in row-major order: itself, slices of the input and of the output.

        Offsets that only meet the padding are left out.
        """
        found = []
        for parts in product(*self._along):
            offset = tuple(part[0] for part in parts)
            inside = (slice(None), *(part[1] for part in parts))
            outside = (slice(None), *(part[2] for part in parts))
            found.append((offset, inside, outside))
        return tuple(found)

    def counts(self, axis: int) -> Array:
        """How many elements of the input each window along a spatial axis holds."""
        found = np.zeros(self.outputs[axis], np.int64)
        for _, _, outside in self._along[axis]:
            found[outside] += 1
        return found

    def padded(self, x: Array) -> Array:
        """`x` extended by zeros; itself where nothing is added."""
        if not any(before or behind for before, behind in self.pads):
            return x
        sizes = [size + sum(pad) for size, pad in zip(self.sizes, self.pads, strict=True)]
        whole = np.zeros((x.shape[0], *sizes, x.shape[-1]), x.dtype)
        whole[self.inner] = x
        return whole

    def padded_lines(self, x: Array, lines: slice) -> Array:
        """The part of `padded` that the windows of some outputs along the first axis cover."""
        before = self.pads[0][0]
        first = lines.start * self.strides[0] - before
        reach = (self.window[0] - 1) * self.dilations[0] + 1
        end = (lines.stop - 1) * self.strides[0] + reach - before
        start, stop = max(first, 0), min(end, self.sizes[0])
        if not any(pad for pads in self.pads[1:] for pad in pads) and (start, stop) == (first, end):
            return x[:, start:stop]
        sizes = [size + sum(pad) for size, pad in zip(self.sizes[1:], self.pads[1:], strict=True)]
        whole = np.zeros((x.shape[0], end - first, *sizes, x.shape[-1]), x.dtype)
        inside = (slice(None), slice(start - first, stop - first), *self.inner[2:])
        whole[inside] = x[:, start:stop]
        return whole

    @property
    def inner(self) -> Slices:
        """Where the input lies in the padded array."""
        spans = zip(self.sizes, self.pads, strict=True)
        return (slice(None), *(slice(before, before + size) for size, (before, _) in spans))

    def patches(self, padded: Array, lines: int | None = None) -> Array:
        """A view ``[batch, *outputs, *window, channels]`` of the padded array.

        Args:
            lines: how many outputs there are along the first axis, where not all of them.
        """
        outputs = self.outputs if lines is None else (lines, *self.outputs[1:])
        batch, *steps, channel = padded.strides
        moves = [step * stride for step, stride in zip(steps, self.strides, strict=True)]
        inner = [step * dilation for step, dilation in zip(steps, self.dilations, strict=True)]
        return np.lib.stride_tricks.as_strided(
            padded,
            (padded.shape[0], *outputs, *self.window, padded.shape[-1]),
            (batch, *moves, *inner, channel),
            writeable=False,
        )


def _pads(
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: str,
) -> Pads:
    if padding != "SAME":
        return ((0, 0),) * len(sizes)
    found = []
    for size, length, stride, dilation in zip(sizes, window, strides, dilations, strict=True):
        reach = (-(-size // stride) - 1) * stride + (length - 1) * dilation + 1
        total = max(0, reach - size)
        found.append((total // 2, total - total // 2))
    return tuple(found)


@functools.lru_cache(maxsize=1024)
def place(
    sizes: tuple[int, ...],
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    padding: str,
    explicit: Pads | None = None,
) -> Windows:
    """The windows on spatial axes of known lengths.

    Raises:
        InvalidArgumentError: if a window is larger than its axis.
    """
    pads = explicit or _pads(sizes, window, strides, dilations, padding)
    outputs = []
    for size, length, stride, dilation, pad in zip(
        sizes, window, strides, dilations, pads, strict=True
    ):
        room = size + sum(pad) - (length - 1) * dilation - 1 + stride
        if padding == "SAME":
            room = -(-size // stride) * stride
        if room < 0:
            text = (
                f"Computed output size would be negative: {room} [input_size: {size}, "
                f"effective_filter_size: {(length - 1) * dilation + 1}, stride: {stride}]"
            )
            raise errors.InvalidArgumentError(None, None, text)
        outputs.append(room // stride)
    return Windows(sizes, window, strides, dilations, pads, tuple(outputs))
