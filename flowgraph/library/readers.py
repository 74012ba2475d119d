"""Readers as Python objects: records from files whose names a queue holds."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.library.platform.records import TFRecordOptions

__all__ = [
    "FixedLengthRecordReader",
    "IdentityReader",
    "ReaderBase",
    "TFRecordReader",
    "TextLineReader",
    "WholeFileReader",
]

_Read = namedtuple("ReaderRead", ["key", "value"])  # type: ignore[name-match]
_ReadUpTo = namedtuple("ReaderReadUpTo", ["keys", "values"])  # type: ignore[name-match]


class ReaderBase:
    """A reader: each run of what `read` returns is the next record.

    Its place, and how many records it has read, live in the session.
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The handle that ops take."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether the reader can tell where it is."""
        return self._supports_serialize

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record: the pair (key, value) of strings.

        Args:
            queue: a queue of file names, or its handle; asked for a name where a file ends.

        Raises:
            OutOfRangeError: when run, if the queue is closed and empty.
            NotFoundError: when run, if there is no file of that name.
        """
        return _Read(*apply("ReaderReadV2", self._reader_ref, _ref_of(queue), name=name))

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """The next records of one file, at most `num_records`: (keys, values), two vectors."""
        return _ReadUpTo(
            *apply("ReaderReadUpToV2", self._reader_ref, _ref_of(queue), num_records, name=name)
        )

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records were read: an int64 scalar."""
        made: Tensor = apply("ReaderNumRecordsProducedV2", self._reader_ref, name=name)
        return made

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files were read to their ends: an int64 scalar."""
        made: Tensor = apply("ReaderNumWorkUnitsCompletedV2", self._reader_ref, name=name)
        return made

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Where the reader is, as a string.

        Raises:
            UnimplementedError: when run, if the reader cannot tell.
        """
        made: Tensor = apply("ReaderSerializeStateV2", self._reader_ref, name=name)
        return made

    def restore_state(self, state: Any, name: str | None = None) -> Operation:
        """An operation that puts the reader where `serialize_state` found one."""
        made: Operation = apply("ReaderRestoreStateV2", self._reader_ref, state, name=name)
        return made

    def reset(self, name: str | None = None) -> Operation:
        """An operation that makes the reader as good as new."""
        made: Operation = apply("ReaderResetV2", self._reader_ref, name=name)
        return made


def _ref_of(queue: Any) -> Tensor:
    ref: Tensor = queue if isinstance(queue, Tensor) else queue.queue_ref
    return ref


class WholeFileReader(ReaderBase):
    """A file is one record: the key is its name, the value its content."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply("WholeFileReaderV2", name=name), supports_serialize=True)


class TextLineReader(ReaderBase):
    """A line is a record, without its end; the key is ``file:number``, counted from 1.

    Args:
        skip_header_lines: how many lines at the beginning of each file to leave out.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        skipped = skip_header_lines or 0
        super().__init__(apply("TextLineReaderV2", skip_header_lines=skipped, name=name))


class FixedLengthRecordReader(ReaderBase):
    """Records of one length; the key is ``file:number``, counted from 0.

    Args:
        record_bytes: the length of a record.
        header_bytes, footer_bytes: what to leave out at the ends of a file.
        hop_bytes: from one record's beginning to the next, if that is not its length.
        encoding: how the files are compressed: "", "ZLIB" or "GZIP".
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ) -> None:
        handle = apply(
            "FixedLengthRecordReaderV2",
            record_bytes=record_bytes,
            header_bytes=header_bytes or 0,
            footer_bytes=footer_bytes or 0,
            hop_bytes=hop_bytes or 0,
            encoding=encoding or "",
            name=name,
        )
        super().__init__(handle)


class TFRecordReader(ReaderBase):
    """Records of files that `tf.python_io.TFRecordWriter` has written; the key is ``file:offset``.

    Args:
        options: how the files are compressed: `TFRecordOptions` or a compression type.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        encoding = TFRecordOptions.get_compression_type_string(options)
        super().__init__(apply("TFRecordReaderV2", compression_type=encoding, name=name))


class IdentityReader(ReaderBase):
    """What comes from the queue is the record, as key and as value."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(apply("IdentityReaderV2", name=name), supports_serialize=True)
