"""Files of records under the names of `tf.python_io`."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

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


_ENCODINGS = {
    TFRecordCompressionType.NONE: "",
    TFRecordCompressionType.ZLIB: "ZLIB",
    TFRecordCompressionType.GZIP: "GZIP",
}


class TFRecordOptions:
    """How to read or write a file of records.

    Args:
        compression_type: one of `TFRecordCompressionType`, or "", "ZLIB", "GZIP".
        compression_level: from 0 to 9; zlib's choice if None.
        others: of zlib's details; accepted for compatibility.

    Raises:
        ValueError: if there is no such compression.
    """

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """How options, or a `TFRecordCompressionType`, are spelt: "ZLIB", "GZIP", or nothing."""
        if isinstance(options, TFRecordOptions):
            options = options.compression_type
        if not options:
            return ""
        if options in _ENCODINGS:
            return _ENCODINGS[options]
        if options in _ENCODINGS.values():
            return str(options)
        raise ValueError(f'Not a valid compression_type: "{options}"')


class TFRecordWriter:
    """Writes records, each a string of bytes, to a file.

    Args:
        path: of the file, which is created or replaced.
        options: how to compress it: `TFRecordOptions` or a compression type.

    Raises:
        OpError: of the kind that fits the operating system's error.
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        level = options.compression_level if isinstance(options, TFRecordOptions) else None
        encoding = TFRecordOptions.get_compression_type_string(options)
        self._writer = RecordWriter(path, encoding, -1 if level is None else level)

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


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file, in order.

    Args:
        options: how it is compressed: `TFRecordOptions` or a compression type.

    Raises:
        NotFoundError: if there is no such file.
        DataLossError: if a record is damaged.
    """
    return read_records(path, TFRecordOptions.get_compression_type_string(options))
