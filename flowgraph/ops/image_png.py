"""The PNG format: an encoder, and a decoder for 16 bits per channel.

A file is a row of chunks; each is length, type, content and checksum. IHDR tells size and kind,
IDAT holds the compressed rows, each of them behind a byte that tells its filter: what was
subtracted from its bytes. The standard is ISO/IEC 15948.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["bit_depth", "decode_deep", "encode", "wrapped"]

Array = npt.NDArray[Any]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Colour types of 1, 2, 3 and 4 channels; the others are of palettes.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_CHANNELS = {kind: count for count, kind in _COLOUR_TYPES.items()}
_HEADER = struct.Struct(">IIBBBBB")
# Of interlaced files, per pass: first row, first column, distance of rows and of columns.
_PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def wrapped(image: Array, compressed: bytes) -> bytes:
    """The file of an image [height, width, channels] whose rows are compressed already."""
    height, width, channels = image.shape
    kind = _COLOUR_TYPES[channels]
    header = _HEADER.pack(width, height, image.itemsize * 8, kind, 0, 0, 0)
    chunks = [_chunk(b"IHDR", header), _chunk(b"IDAT", compressed), _chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(chunks)


def encode(image: Array, compression: int = -1) -> bytes:
    """An image [height, width, channels] of uint8 or uint16 as a file.

    Args:
        compression: zlib's level, 0 to 9; -1 for its default.
    """
    pixel = image.shape[2] * image.itemsize
    rows = np.ascontiguousarray(image, image.dtype.newbyteorder(">")).view(np.uint8)
    rows = rows.reshape(len(image), -1)
    return wrapped(image, zlib.compress(_filtered(rows, pixel).tobytes(), compression))


def _filtered(rows: Array, pixel: int) -> Array:
    """Each row behind the number of its filter: the one whose result is nearest to zeros."""
    left = np.zeros_like(rows)
    left[:, pixel:] = rows[:, :-pixel]
    up = np.zeros_like(rows)
    up[1:] = rows[:-1]
    corner = np.zeros_like(rows)
    corner[1:, pixel:] = rows[:-1, :-pixel]
    mean = ((left.astype(np.uint16) + up) // 2).astype(np.uint8)
    candidates = [rows, rows - left, rows - up, rows - mean, rows - _paeth(left, up, corner)]
    sizes = [np.abs(each.view(np.int8).astype(np.int16)).sum(1, np.int64) for each in candidates]
    chosen = np.argmin(sizes, 0)
    result = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    result[:, 0] = chosen
    for number, candidate in enumerate(candidates):
        result[chosen == number, 1:] = candidate[chosen == number]
    return result


def _paeth(left: Array, up: Array, corner: Array) -> Array:
    """Of the three neighbours the one nearest to ``left + up - corner``."""
    a, b, c = (each.astype(np.int16) for each in (left, up, corner))
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    first = (to_left <= to_up) & (to_left <= to_corner)
    chosen: Array = np.where(first, left, np.where(to_up <= to_corner, up, corner))
    return chosen


def _chunks(contents: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(SIGNATURE)
    while place + 12 <= len(contents):
        length, kind = struct.unpack_from(">I4s", contents, place)
        body = contents[place + 4 : place + 8 + length]
        (checksum,) = struct.unpack(">I", contents[place + 8 + length :][:4].rjust(4, b"\0"))
        if zlib.crc32(body) != checksum:
            raise ValueError(f"damaged chunk {kind!r}")
        yield kind, body[4:]
        place += 12 + length
        if kind == b"IEND":
            return
    raise ValueError("the file ends early")


def bit_depth(contents: bytes) -> int:
    """The bits per channel. Raises ValueError if there is no header."""
    if len(contents) < 33 or contents[12:16] != b"IHDR":
        raise ValueError("no header")
    return contents[24]


def decode_deep(contents: bytes) -> Array:
    """The image [height, width, channels] of a file with 16 bits per channel, as uint16.

    Raises:
        ValueError: if the file is damaged.
    """
    chunks = list(_chunks(contents))
    width, height, _, kind, _, _, interlaced = _HEADER.unpack(dict(chunks)[b"IHDR"])
    channels = _CHANNELS[kind]
    try:
        data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    image = np.zeros((height, width, channels), np.uint16)
    place = 0
    for top, left, down, across in _PASSES if interlaced else ((0, 0, 1, 1),):
        part = image[top::down, left::across]
        if part.size:
            length = part.shape[0] * (1 + part.shape[1] * channels * 2)
            if place + length > len(data):
                raise ValueError("too few rows")
            rows = np.frombuffer(data, np.uint8, length, place).reshape(part.shape[0], -1)
            part[...] = _unfiltered(rows, channels * 2).view(">u2").reshape(part.shape)
            place += length
    return image


def _unfiltered(rows: Array, pixel: int) -> Array:
    result = np.zeros((len(rows) + 1, rows.shape[1] - 1 + pixel), np.uint8)
    for number, row in enumerate(rows, 1):
        above, current = result[number - 1], result[number]
        kind, current[pixel:] = int(row[0]), row[1:]
        if kind == 1:
            current.reshape(-1, pixel).cumsum(0, out=current.reshape(-1, pixel))
        elif kind == 2:
            current += above
        elif kind in (3, 4):
            _unfilter_by_pixel(kind, current.reshape(-1, pixel), above.reshape(-1, pixel))
        elif kind:
            raise ValueError(f"unknown filter {kind}")
    return np.ascontiguousarray(result[1:, pixel:])


def _unfilter_by_pixel(kind: int, current: Array, above: Array) -> None:
    """Undo the filters that need the pixel to the left; the first pixels are a margin of 0."""
    pairs = itertools.pairwise(range(len(current)))
    for before, place in pairs:
        left, up = current[before], above[place]
        if kind == 3:
            current[place] += ((left.astype(np.uint16) + up) // 2).astype(np.uint8)
        else:
            current[place] += _paeth(left, up, above[before])
