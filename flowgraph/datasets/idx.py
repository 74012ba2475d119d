"""The idx file format, in which MNIST and its relatives are published.

A file holds one array: two zero bytes, a byte for the element type, a byte for the rank, the
dimensions as unsigned 32-bit integers, then the elements in C order, everything big endian. It may
be compressed with gzip, which is recognised by content and not by name.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from flowgraph.datasets.files import replacing
from flowgraph.errors import DataLossError, InvalidArgumentError, NotFoundError

__all__ = ["read", "write"]

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
_MAX_RANK = 64
_MAX_DIMENSION = 2**32 - 1
_GZIP_MAGIC = b"\x1f\x8b"
# Deflate cannot shrink data by more than this, so a header that promises more is a lie.
_MAX_GZIP_RATIO = 1032
_CHUNK = 1 << 20


def read(path: str | os.PathLike[str]) -> np.ndarray[Any, Any]:
    """The array stored in an idx file, plain or compressed with gzip.

    Args:
        path: the file.

    Returns:
        A new, writable array in the machine's byte order; uint8, int8, int16, int32, float32 or
        float64, with the shape that the header gives.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: the file is not in idx format.
        DataLossError: the file is truncated or damaged, goes on after its end, or its header
            promises more than the file can hold.
    """
    path = Path(path)
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            size = os.fstat(raw.fileno()).st_size
            if not compressed:
                return _read_array(raw, path, size)
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                return _read_array(cast(BinaryIO, stream), path, size * _MAX_GZIP_RATIO)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFoundError(None, None, f"{path}: no such file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataLossError(None, None, f"{path}: damaged gzip data: {error}") from error


def write(path: str | os.PathLike[str], array: Any) -> None:
    """Stores an array as an idx file, compressed with gzip if the name ends in ``.gz``.

    The file appears complete or not at all, and equal arrays give equal bytes.

    Args:
        path: the file to make or replace; its folder must exist.
        array: uint8, int8, int16, int32, float32 or float64, of any shape.

    Raises:
        InvalidArgumentError: the format has no code for the dtype, or a dimension exceeds 2^32-1.
        NotFoundError: the folder does not exist.
    """
    array = np.asarray(array)
    path = Path(path)
    code = _CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        raise InvalidArgumentError(None, None, f"{path}: idx files cannot hold {array.dtype}")
    if any(dimension > _MAX_DIMENSION for dimension in array.shape):
        raise InvalidArgumentError(None, None, f"{path}: idx files cannot hold {array.shape}")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    body = array.astype(_DTYPES[code], copy=False).tobytes()
    with replacing(path) as raw:
        if path.suffix != ".gz":
            raw.write(header + body)
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream:
            stream.write(header + body)


def _read_array(stream: BinaryIO, path: Path, most: int) -> np.ndarray[Any, Any]:
    dtype, shape = _read_header(stream, path)
    size = math.prod(shape) * dtype.itemsize
    # NumPy multiplies the dimensions other than zero even where the product is zero.
    reach = math.prod(max(dimension, 1) for dimension in shape) * dtype.itemsize
    if size > most or reach > sys.maxsize:
        raise DataLossError(
            None,
            None,
            f"{path}: the header promises {size} bytes for shape {shape}, "
            "more than the file can hold; it is truncated or damaged",
        )
    array: np.ndarray[Any, Any] = np.empty(shape, dtype)
    if size:
        _fill(stream, array.reshape(-1).view(np.uint8).data, path)
    # Reading on to the end is what makes gzip compare its checksum.
    if stream.read(1):
        raise DataLossError(None, None, f"{path}: goes on after the {size} bytes of its array")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(stream: BinaryIO, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    dtype = _DTYPES.get(magic[2]) if len(magic) == 4 and magic[:2] == b"\0\0" else None
    if dtype is None or magic[3] > _MAX_RANK:
        raise InvalidArgumentError(
            None, None, f"{path}: not an idx file, it begins with {magic.hex(' ') or 'nothing'}"
        )
    rank = magic[3]
    dimensions = stream.read(4 * rank)
    if len(dimensions) != 4 * rank:
        raise DataLossError(None, None, f"{path}: truncated in its header")
    return dtype, struct.unpack(f">{rank}I", dimensions)


def _fill(stream: BinaryIO, target: memoryview, path: Path) -> None:
    position = 0
    while position < len(target):
        chunk = stream.read(min(_CHUNK, len(target) - position))
        if not chunk:
            raise DataLossError(
                None, None, f"{path}: truncated, {position} of {len(target)} bytes are there"
            )
        target[position : position + len(chunk)] = chunk
        position += len(chunk)
