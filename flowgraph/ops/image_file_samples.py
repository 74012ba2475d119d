"""Small image files, for the samples of declarations."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from flowgraph.ops import image_png

__all__ = [
    "ANIMATION",
    "JPEG",
    "JPEG_GREY",
    "NARROW",
    "STILL",
    "WIDE",
    "bitmap",
    "stored_png",
    "text",
]

Array = npt.NDArray[Any]

NARROW = (np.arange(60) * 37 % 251).reshape(4, 5, 3).astype(np.uint8)
WIDE = NARROW.astype(np.uint16) * np.uint16(257) + np.uint16(5)


def text(contents: bytes) -> Array:
    """A scalar string."""
    return np.array(contents, np.object_)


def stored_png(image: Array) -> Array:
    """A PNG file whose rows are not compressed: the same with every version of zlib."""
    rows = np.ascontiguousarray(image, image.dtype.newbyteorder(">")).view(np.uint8)
    data = b"".join(b"\0" + row.tobytes() for row in rows.reshape(len(image), -1))
    size = len(data)
    head = b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF)
    return text(image_png.wrapped(image, head + data + struct.pack(">I", zlib.adler32(data))))


def bitmap(image: Array) -> Array:
    """A BMP file, from an image in the order blue, green, red."""
    height, width, channels = image.shape
    rows = np.zeros((height, -(-width * channels // 4) * 4), np.uint8)
    rows[:, : width * channels] = image.reshape(height, -1)
    file = struct.pack("<2sIII", b"BM", 54 + rows.size, 0, 54)
    sizes = struct.pack("<IiiHHII", 40, width, height, 1, channels * 8, 0, rows.size)
    return text(file + sizes + bytes(16) + rows.tobytes())


def _decoded(*lines: str) -> Array:
    return text(base64.b64decode("".join(lines)))


STILL = _decoded("R0lGODdhAwACAIEAAP8AAAD/AAAA/8iWZCwAAAAAAwACAAAICAABBBAwQGBAADs=")
ANIMATION = _decoded(
    "R0lGODdhAwACAIEAAP8AAAD/AAAA/8iWZCH5BAgAAAAALAAAAAADAAIAAAgIAAEEEDBAYEAAIfkECAAAAAAs",
    "AAAAAAMAAgCB/wAAAP8AAAD/yJZkCAgAAQwQEEBgQAA7",
)
JPEG = _decoded(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNi",
    "UFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8",
    "fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wAARCAAKAAkDASIAAhEBAxEB/8QAFgABAQEAAAAA",
    "AAAAAAAAAAAABQEE/8QAHRAAAgIBBQAAAAAAAAAAAAAAAAECBAUVISIxUv/EABUBAQEAAAAAAAAAAAAAAAAA",
    "AAIE/8QAFhEBAQEAAAAAAAAAAAAAAAAAAQAR/9oADAMBAAIRAxEAPwCUMP1xFdHXkUqRSitkaiUNiG3/2Q==",
)
JPEG_GREY = _decoded(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNi",
    "UFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/wAALCAAKAAkBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABQME",
    "/8QAHxAAAQMDBQAAAAAAAAAAAAAAAAECBQQRFSEiMWKR/9oACAEBAAA/AIR8NxtFsP1FaFrbJonhvP/Z",
)
