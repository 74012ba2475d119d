"""Files of records under the names of `tf.python_io`."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

from flowgraph import errors
from flowgraph.formats.events import RecordWriter, read_records
from flowgraph.library.platform.text import as_bytes

__all__ = [
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "tf_record_iterator",
]


class TFRecordCompressionType:
    """How a file of records is compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


class TFRecordOptions:
    """How to read or write a file of records.

    Raises:
        UnimplementedError: for a compression; files are written and read without one.
    """

    def __init__(self, compression_type: Any = None) -> None:
        if compression_type not in (None, "", TFRecordCompressionType.NONE):
            message = f"Records compressed by {compression_type} are not supported."
            raise errors.UnimplementedError(None, None, message)
        self.compression_type = compression_type


class TFRecordWriter:
    """Writes records, each a string of bytes, to a file.

    Raises:
        OpError: of the kind that fits the operating system's error.
    """

    def __init__(self, path: Any, options: TFRecordOptions | None = None) -> None:
        self._writer = RecordWriter(path)

    def write(self, record: Any) -> None:
        """Append a record."""
        self._writer.write(as_bytes(record))

    def flush(self) -> None:
        """Hand what is buffered to the operating system."""
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def tf_record_iterator(path: Any, options: TFRecordOptions | None = None) -> Iterator[bytes]:
    """The records of a file, in order.

    Raises:
        NotFoundError: if there is no such file.
        DataLossError: if a record is damaged.
    """
    return read_records(path)
