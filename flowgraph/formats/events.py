"""Files of records (TFRecord), and event files, which are records that hold Event messages.

A record is its length in eight bytes, the masked CRC-32C of those, its content, and the masked
CRC-32C of that; numbers are little endian.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

from google.protobuf.message import DecodeError

from flowgraph import errors
from flowgraph.formats import compression, crc, files
from flowgraph.graph import hooks
from flowgraph.protos import Event

__all__ = ["EventWriter", "RecordWriter", "encode_record", "read_events", "read_records"]

_HEADER_SIZE = 12
_CRC_SIZE = 4
_FILE_VERSION = "brain.Event:2"


def encode_record(content: bytes) -> bytes:
    """`content` with the length and the checksums that frame it in a file."""
    length = struct.pack("<Q", len(content))
    return b"".join(
        [
            length,
            struct.pack("<I", crc.masked_crc(length)),
            content,
            struct.pack("<I", crc.masked_crc(content)),
        ]
    )


class RecordWriter:
    """Writes records to a file, which is created or emptied.

    Args:
        encoding: how the file is compressed: "", "ZLIB" or "GZIP".
        level: of the compression, from 0 to 9; -1 for zlib's choice.

    Raises:
        OpError: of the kind that fits the operating system's error, from every method.
    """

    def __init__(self, path: str | os.PathLike[str], encoding: str = "", level: int = -1) -> None:
        self.path = os.fspath(path)
        with files.typed_errors(self.path):
            self._file: BinaryIO = compression.open_to_write(self.path, encoding, level)

    def write(self, content: bytes) -> None:
        """Appends a record. It may stay in a buffer until `flush` or `close`."""
        with files.typed_errors(self.path):
            self._file.write(encode_record(content))

    def flush(self) -> None:
        """Hands what is buffered to the operating system, so that other processes see it."""
        with files.typed_errors(self.path):
            self._file.flush()

    def close(self) -> None:
        """Flushes and closes the file; a second call does nothing."""
        with files.typed_errors(self.path):
            self._file.close()

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class EventWriter:
    """Writes Event messages; the first one tells the version of the format.

    Args:
        path: of the file, which is created or emptied. TensorBoard looks for names that contain
            ``tfevents``.
        wall_time: of the first event, in seconds since 1970; by default now.
    """

    def __init__(self, path: str | os.PathLike[str], wall_time: float | None = None) -> None:
        self._records = RecordWriter(path)
        now = time.time() if wall_time is None else wall_time
        self.write(Event(wall_time=now, file_version=_FILE_VERSION))

    @property
    def path(self) -> str:
        return self._records.path

    def write(self, event: Any) -> None:
        """Appends an Event message."""
        self._records.write(event.SerializeToString())

    def flush(self) -> None:
        """Makes the events visible to other processes."""
        self._records.flush()

    def close(self) -> None:
        """Flushes and closes the file; a second call does nothing."""
        self._records.close()


def read_records(path: str | os.PathLike[str], encoding: str = "") -> Iterator[bytes]:
    """The records of a file, in order, checksums verified.

    A file may end within the twelve bytes of a record's length, as when another process is
    writing it: that is the end.

    Args:
        encoding: how the file is compressed: "", "ZLIB" or "GZIP".

    Raises:
        NotFoundError: if there is no such file.
        DataLossError: if a record is damaged, or the file ends within its content.
    """
    name = os.fspath(path)
    with files.typed_errors(name):
        file = compression.open_to_read(name, encoding)
    with file:
        offset = 0
        while (content := _next_record(file, offset, name, not encoding)) is not None:
            yield content
            offset += _HEADER_SIZE + len(content) + _CRC_SIZE


def _next_record(file: BinaryIO, offset: int, path: str, has_size: bool) -> bytes | None:
    with files.typed_errors(path), compression.damage_as_data_loss(path):
        header = file.read(_HEADER_SIZE)
        if len(header) < _HEADER_SIZE:
            return None
        length, length_crc = struct.unpack("<QI", header)
        if length_crc != crc.masked_crc(header[:8]):
            message = f"{path}: corrupted record at {offset} (is this a file of records?)"
            raise errors.DataLossError(None, None, message)
        # Asked before reading, lest a damaged length take all memory.
        available = os.fstat(file.fileno()).st_size - offset - _HEADER_SIZE if has_size else length
        content = file.read(min(length, max(available, 0)))
        trailer = file.read(_CRC_SIZE)
    if len(content) < length or len(trailer) < _CRC_SIZE:
        raise errors.DataLossError(None, None, f"{path}: truncated record at {offset}")
    if struct.pack("<I", crc.masked_crc(content)) != trailer:
        raise errors.DataLossError(None, None, f"{path}: corrupted record at {offset}")
    return content


def read_events(path: str | os.PathLike[str]) -> Iterator[Any]:
    """The Event messages of a file, in order.

    Raises:
        NotFoundError: if there is no such file.
        DataLossError: if a record is damaged, or holds no Event.
    """
    for number, content in enumerate(read_records(path)):
        try:
            yield Event.FromString(content)
        except DecodeError:
            message = f"{os.fspath(path)}: record {number} is not an event"
            raise errors.DataLossError(None, None, message) from None


hooks.read_records = read_records
