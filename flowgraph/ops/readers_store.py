"""What a reader is while a session runs: the file it is in, and how far it has come."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowgraph import errors, protos
from flowgraph.graph import hooks
from flowgraph.graph.waiting import wait_until

__all__ = [
    "FixedLengthRecordReader",
    "IdentityReader",
    "Reader",
    "TFRecordReader",
    "TextLineReader",
    "WholeFileReader",
]

Record = tuple[bytes, bytes]


class Reader:
    """Produces records, keys and values, from the files whose names a queue gives.

    Attributes:
        produced: how many records were read.
        completed: how many files were read to their ends.
    """

    # Whether a file is one record, so that it is at its end with it.
    one_record = False
    keeps_state = False

    def __init__(self) -> None:
        self.handle = np.empty((), np.object_)
        self.handle[()] = self
        self.produced = 0
        self.completed = 0
        self._started = 0
        self._work = b""
        self._records: Iterator[Record] | None = None
        self._busy = False
        self._free = threading.Condition()

    def records(self, work: bytes) -> Iterator[Record]:
        """The records of a file."""
        raise NotImplementedError

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time, though it may wait for a file name for long."""
        with self._free:
            wait_until(self._free, lambda: not self._busy)
            self._busy = True
        try:
            yield
        finally:
            with self._free:
                self._busy = False
                self._free.notify_all()

    def read(self, queue: Any) -> Record:
        """The next record; takes the next file from `queue` where one ends."""
        with self._alone():
            while True:
                found = self._next(queue)
                if found is not None:
                    return found

    def read_up_to(self, queue: Any, count: int) -> list[Record]:
        """The next records, as many of `count` as the file has that the first one is in."""
        if count <= 0:
            return []
        with self._alone():
            found: list[Record] = []
            while len(found) < count:
                record = self._next(queue)
                if record is not None:
                    found.append(record)
                if found and self._records is None:
                    break
            return found

    def _next(self, queue: Any) -> Record | None:
        """The next record, or None where a file ends."""
        if self._records is None:
            self._work = _file_name(queue)
            self._records = self.records(self._work)
            self._started += 1
        try:
            found = next(self._records, None)
        except BaseException:
            self._records = None
            raise
        if found is not None:
            self.produced += 1
        if found is None or self.one_record:
            self._records = None
            self.completed += 1
        return found

    def reset(self) -> None:
        """Forget the file and the counts."""
        with self._alone():
            self._records = None
            self._work = b""
            self._started = self.produced = self.completed = 0

    def state(self) -> bytes:
        """The counts, as a ReaderBaseState."""
        self._check_keeps_state("SerializeState")
        with self._alone():
            message = protos.ReaderBaseState(
                work_started=self._started,
                work_finished=self.completed,
                num_records_produced=self.produced,
                current_work=self._work,
            )
        content: bytes = message.SerializeToString()
        return content

    def restore(self, content: bytes) -> None:
        """Go on where `state` was asked for.

        Raises:
            InvalidArgumentError: if the content is no such state.
        """
        self._check_keeps_state("RestoreState")
        try:
            state = protos.ReaderBaseState.FromString(content)
        except DecodeError:
            raise _invalid("Could not parse reader state") from None
        if state.work_started < 0 or state.work_finished < 0 or state.num_records_produced < 0:
            raise _invalid("The counts of a reader's state must not be negative")
        if state.work_started < state.work_finished:
            raise _invalid("Inconsistent reader state: more work finished than started")
        with self._alone():
            self._started, self.completed = state.work_started, state.work_finished
            self.produced = state.num_records_produced
            self._work = state.current_work
            in_progress = self._started > self.completed
            self._records = self.records(self._work) if in_progress else None

    def _check_keeps_state(self, what: str) -> None:
        if not self.keeps_state:
            raise errors.UnimplementedError(None, None, f"Reader {what}")


def _file_name(queue: Any) -> bytes:
    components = queue.dequeue()
    if len(components) != 1 or components[0].dtype != np.object_ or components[0].ndim:
        raise _invalid("Expected a queue with one component, a string")
    name: bytes = components[0].item()
    return name


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def path_of(work: bytes) -> str:
    """A file's name as a path; a ``file://`` in front is dropped."""
    return os.fsdecode(work).removeprefix("file://")


@contextmanager
def _opened(work: bytes, encoding: str = "") -> Iterator[Any]:
    path = path_of(work)
    with hooks.file_errors(path), hooks.open_to_read(path, encoding) as file:
        yield file


class WholeFileReader(Reader):
    """A file is one record: its name and its content."""

    one_record = True
    keeps_state = True

    def records(self, work: bytes) -> Iterator[Record]:
        with _opened(work) as file:
            yield work, file.read()


class IdentityReader(Reader):
    """What comes from the queue is the record, as key and as value."""

    one_record = True
    keeps_state = True

    def records(self, work: bytes) -> Iterator[Record]:
        yield work, work


class TextLineReader(Reader):
    """A line is a record, without its end; the key is the file's name and the line's number.

    Args:
        skip_header_lines: how many lines at the beginning of each file are no records.
    """

    def __init__(self, skip_header_lines: int) -> None:
        super().__init__()
        self._skipped = skip_header_lines

    def records(self, work: bytes) -> Iterator[Record]:
        with _opened(work) as file:
            for number, line in enumerate(file, start=1):
                if number > self._skipped:
                    yield b"%s:%d" % (work, number), line.rstrip(b"\n").replace(b"\r", b"")


class FixedLengthRecordReader(Reader):
    """So many bytes are a record; the key is the file's name and the record's number.

    Args:
        header_bytes, footer_bytes: what lies before and after the records.
        record_bytes: the length of a record.
        hop_bytes: from one record's beginning to the next, if that is not its length.
        encoding: how the files are compressed.
    """

    def __init__(
        self,
        header_bytes: int,
        record_bytes: int,
        footer_bytes: int,
        hop_bytes: int,
        encoding: str,
    ) -> None:
        super().__init__()
        for name, value, least in (
            ("header_bytes", header_bytes, 0),
            ("record_bytes", record_bytes, 1),
            ("footer_bytes", footer_bytes, 0),
            ("hop_bytes", hop_bytes, 0),
        ):
            if value < least:
                raise _invalid(f"{name} must be at least {least} but is {value}")
        self._header = header_bytes
        self._length = record_bytes
        self._footer = footer_bytes
        self._hop = hop_bytes or record_bytes
        self._encoding = encoding

    def records(self, work: bytes) -> Iterator[Record]:
        with _opened(work, self._encoding) as file:
            end = file.seek(0, os.SEEK_END) - self._footer
            begin, number = self._header, 0
            while begin + self._length <= end:
                file.seek(begin)
                yield b"%s:%d" % (work, number), file.read(self._length)
                begin += self._hop
                number += 1


class TFRecordReader(Reader):
    """A record of a file of records; the key is the file's name and the record's offset.

    Args:
        compression_type: how the files are compressed: "", "ZLIB" or "GZIP".
    """

    def __init__(self, compression_type: str) -> None:
        super().__init__()
        self._encoding = compression_type

    def records(self, work: bytes) -> Iterator[Record]:
        offset = 0
        for content in hooks.read_records(path_of(work), self._encoding):
            yield b"%s:%d" % (work, offset), content
            offset += len(content) + _FRAME_BYTES


# Length and checksums around the content of a record.
_FRAME_BYTES = 16
