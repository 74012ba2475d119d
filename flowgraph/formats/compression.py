"""Files that are compressed as a whole, by zlib or gzip, opened as if they were not."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from flowgraph import errors
from flowgraph.graph import hooks

__all__ = ["ENCODINGS", "damage_as_data_loss", "open_to_read", "open_to_write"]

ENCODINGS = ("", "ZLIB", "GZIP")


def _check(encoding: str) -> None:
    if encoding not in ENCODINGS:
        message = f"Unsupported compression {encoding!r}: it must be one of {ENCODINGS}."
        raise errors.InvalidArgumentError(None, None, message)


@contextmanager
def damage_as_data_loss(path: str) -> Iterator[None]:
    """Turns what a decompressor complains of into a DataLossError."""
    try:
        yield
    except (zlib.error, gzip.BadGzipFile, EOFError) as error:
        message = f"{path}: corrupted compressed data: {error}"
        raise errors.DataLossError(None, None, message) from error


def open_to_read(path: str, encoding: str) -> Any:
    """The decompressed content of a file, as a binary file.

    Raises:
        OSError: if it cannot be opened.
        InvalidArgumentError: for an unknown encoding.
        DataLossError: if the content is damaged; that of a gzip file may do so while it is read.
    """
    _check(encoding)
    if encoding == "GZIP":
        return gzip.open(path, "rb")
    file = open(path, "rb")  # noqa: SIM115 - the caller closes it
    if not encoding:
        return file
    with file, damage_as_data_loss(path):
        return io.BytesIO(zlib.decompress(file.read()))


def open_to_write(path: str, encoding: str, level: int = -1) -> Any:
    """A new binary file, or one that compresses what is written to it."""
    _check(encoding)
    if encoding == "GZIP":
        return gzip.open(path, "wb", level)
    file = open(path, "wb")  # noqa: SIM115 - the caller closes it
    return _Deflating(file, level) if encoding else file


class _Deflating:
    """Writes a zlib stream to a file."""

    def __init__(self, file: BinaryIO, level: int) -> None:
        self._file = file
        self._compressor = zlib.compressobj(level)

    def write(self, content: bytes) -> None:
        self._file.write(self._compressor.compress(content))

    def flush(self) -> None:
        self._file.write(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            self._file.write(self._compressor.flush())
            self._file.close()


hooks.open_to_read = open_to_read
