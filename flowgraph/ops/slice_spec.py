"""What the masks of a strided slice mean, for shapes and for arrays alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowgraph.dims import Dims

__all__ = ["MASKS", "Masks", "index_of", "sliced_shape"]

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@dataclass(frozen=True)
class Masks:
    """Bit sets over the entries of a slice specification.

    Attributes:
        begin: entries whose start is left out.
        end: entries whose end is left out.
        ellipsis: the entry that stands for all axes not named.
        new_axis: entries that add an axis of size 1.
        shrink: entries that choose one element and drop the axis.
    """

    begin: int = 0
    end: int = 0
    ellipsis: int = 0
    new_axis: int = 0
    shrink: int = 0


@dataclass(frozen=True)
class _Entry:
    """One entry of the specification, applied to input axis `axis` (None for a new axis)."""

    index: int | None
    axis: int | None


def _entries(count: int, masks: Masks, rank: int) -> list[_Entry]:
    """The specification with its ellipsis (one is added behind if there is none) spelled out."""
    if masks.ellipsis & (masks.ellipsis - 1):
        raise ValueError("Multiple ellipses in slice spec not allowed")
    used = sum(not (masks.new_axis | masks.ellipsis) >> i & 1 for i in range(count))
    entries: list[_Entry] = []
    axis = 0
    open_axes = rank - used
    for i in range(count):
        if masks.ellipsis >> i & 1:
            entries.extend(_Entry(None, axis + k) for k in range(max(open_axes, 0)))
            axis += max(open_axes, 0)
        elif masks.new_axis >> i & 1:
            entries.append(_Entry(i, None))
        else:
            entries.append(_Entry(i, axis))
            axis += 1
    if axis > rank:
        raise ValueError(f"Index out of range using input dim {rank}; input has only {rank} dims")
    entries.extend(_Entry(None, k) for k in range(axis, rank))
    return entries


def index_of(shape: tuple[int, ...], begin: Any, end: Any, strides: Any, masks: Masks) -> Any:
    """The NumPy index that a specification stands for.

    Raises:
        ValueError: if an index is out of range, or a stride is 0.
    """
    parts: list[Any] = []
    for entry in _entries(len(begin), masks, len(shape)):
        i, axis = entry.index, entry.axis
        if axis is None:
            parts.append(None)
        elif i is None:
            parts.append(slice(None))
        elif masks.shrink >> i & 1:
            parts.append(_element(begin[i], strides[i], shape[axis], axis))
        else:
            start = None if masks.begin >> i & 1 else begin[i]
            stop = None if masks.end >> i & 1 else end[i]
            _check_stride(strides[i], i)
            parts.append(slice(start, stop, strides[i]))
    return tuple(parts)


def _check_stride(stride: int, index: int) -> None:
    if stride == 0:
        raise ValueError(f"strides[{index}] must be non-zero")


def _element(index: int, stride: int, size: int, axis: int) -> int:
    if stride <= 0:
        raise ValueError("only stride 1 allowed on non-range indexing.")
    if not -size <= index < size:
        raise ValueError(f"slice index {index} of dimension {axis} out of bounds.")
    return index


def sliced_shape(shape: Dims, count: int, begin: Any, end: Any, strides: Any, masks: Masks) -> Dims:
    """The static shape of a strided slice.

    Args:
        count: the number of entries.
        begin: their starts, None where they are not known; so `end` and `strides`.
    """
    if shape is None:
        return None
    sizes: list[int | None] = []
    for entry in _entries(count, masks, len(shape)):
        i, axis = entry.index, entry.axis
        if axis is None:
            sizes.append(1)
            continue
        size = shape[axis]
        if i is None:
            sizes.append(size)
        elif masks.shrink >> i & 1:
            if begin is not None and strides is not None and size is not None:
                _element(begin[i], strides[i], size, axis)
        else:
            sizes.append(_extent(i, size, begin, end, strides, masks))
    return tuple(sizes)


def _extent(
    i: int, size: int | None, begin: Any, end: Any, strides: Any, masks: Masks
) -> int | None:
    """How many elements entry `i` takes from an axis of the given size."""
    if strides is None:
        return None
    stride = strides[i]
    _check_stride(stride, i)
    start_open, stop_open = masks.begin >> i & 1, masks.end >> i & 1
    if (begin is None and not start_open) or (end is None and not stop_open):
        return None
    start = None if start_open else begin[i]
    stop = None if stop_open else end[i]
    if size is None:
        return None
    return len(range(*slice(start, stop, stride).indices(size)))
