"""How a checkpoint names the parts of a partitioned tensor.

A part is a box: per dimension the first index and the length, `WHOLE` standing for the entire
dimension. The key under which its data lies is made of byte strings that sort as their values do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["WHOLE", "Box", "check_cover", "slice_key"]

WHOLE = -1

Box = Sequence[tuple[int, int]]


def slice_key(name: str, box: Box) -> bytes:
    """The key of the part `box` of the tensor `name`.

    >>> slice_key("w", [(2, 3)])
    b'\\x00w\\x00\\x01\\x01\\x01\\x82\\x83'
    """
    escaped = name.encode("utf-8", "surrogateescape")
    escaped = escaped.replace(b"\xff", b"\xff\x00").replace(b"\x00", b"\x00\xff")
    key = _ordered_unsigned(0) + escaped + b"\x00\x01" + _ordered_unsigned(len(box))
    return key + b"".join(_ordered_signed(number) for extent in box for number in extent)


def _ordered_unsigned(value: int) -> bytes:
    """The number of significant bytes, then those bytes."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _ordered_signed(value: int) -> bytes:
    """`value` in as few bytes as hold it, the first bits of which count the bytes in unary.

    The sign inverts the unary count, so that negative numbers sort before the others.
    """
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    count = ((1 << size) - 1) << (7 * size)
    encoded = (value ^ count) & ((1 << (8 * size)) - 1)
    return encoded.to_bytes(size, "big")


def check_cover(shape: Sequence[int], boxes: Sequence[Box]) -> None:
    """Checks that `boxes` cover a tensor of that shape, and no element twice.

    Raises:
        ValueError: saying what is wrong.
    """
    for box in boxes:
        if len(box) != len(shape):
            raise ValueError(f"a part has {len(box)} dimensions, the tensor {len(shape)}")
        for (start, length), size in zip(box, shape, strict=True):
            if start < 0 or length < 0 or start + length > size:
                raise ValueError(f"the part {list(box)} exceeds the shape {list(shape)}")
    filled = [box for box in boxes if all(length for _, length in box)]
    volume = sum(math.prod(length for _, length in box) for box in filled)
    if volume != math.prod(shape):
        raise ValueError(f"the parts have {volume} elements, the tensor {math.prod(shape)}")
    extents = np.array(filled, np.int64).reshape(len(filled), len(shape), 2)
    starts, ends = extents[:, :, 0], extents.sum(axis=2)
    for index in range(len(filled) - 1):
        later = slice(index + 1, None)
        meets = (starts[later] < ends[index]) & (starts[index] < ends[later])
        if meets.all(axis=1).any():
            raise ValueError(f"the part {list(filled[index])} overlaps another")
