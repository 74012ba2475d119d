"""Readers: the ops that make them, and that read records from files whose names a queue holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.queues import handled
from flowgraph.ops.readers_store import (
    FixedLengthRecordReader,
    IdentityReader,
    Reader,
    TextLineReader,
    TFRecordReader,
    WholeFileReader,
)

__all__ = ["ReaderRead"]

_SHARING = {"container": "", "shared_name": ""}


def _handle_shape() -> Dims:
    return ()


def _handle(*, state: Reader) -> Any:
    return state.handle


@op("WholeFileReaderV2", "-> reader_handle: resource", **_SHARING)
class WholeFileReaderV2:
    """A reader to which a file is one record: name and content."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state() -> Reader:
        return WholeFileReader()


@op("IdentityReaderV2", "-> reader_handle: resource", **_SHARING)
class IdentityReaderV2:
    """A reader that returns what comes from the queue, as key and as value."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state() -> Reader:
        return IdentityReader()


@op("TextLineReaderV2", "-> reader_handle: resource", skip_header_lines=0, **_SHARING)
class TextLineReaderV2:
    """A reader of lines; keys are ``file:number``, counted from 1."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(skip_header_lines: int) -> Reader:
        return TextLineReader(skip_header_lines)


@op(
    "FixedLengthRecordReaderV2",
    "-> reader_handle: resource",
    header_bytes=0,
    record_bytes=attr("int"),
    footer_bytes=0,
    hop_bytes=0,
    encoding="",
    **_SHARING,
)
class FixedLengthRecordReaderV2:
    """A reader of records of one length; keys are ``file:number``, counted from 0."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(
        header_bytes: int, record_bytes: int, footer_bytes: int, hop_bytes: int, encoding: str
    ) -> Reader:
        return FixedLengthRecordReader(
            header_bytes, record_bytes, footer_bytes, hop_bytes, encoding
        )


@op("TFRecordReaderV2", "-> reader_handle: resource", compression_type="", **_SHARING)
class TFRecordReaderV2:
    """A reader of files of records; keys are ``file:offset``."""

    stateful = True
    grad = None
    shape = _handle_shape
    numpy = _handle

    def new_state(compression_type: str) -> Reader:
        return TFRecordReader(compression_type)


@op("ReaderReadV2", "reader_handle: resource, queue_handle: resource -> key: string, value: string")
class ReaderRead:
    """The next record; a new file name is taken from the queue, waiting for it, where one ends."""

    stateful = True
    grad = None

    def shape(reader: Operand, queue: Operand) -> list[Dims]:
        return [(), ()]

    def numpy(reader: Any, queue: Any) -> tuple[Any, Any]:
        key, value = handled(reader).read(handled(queue))
        return np.array(key, np.object_), np.array(value, np.object_)


@op(
    "ReaderReadUpToV2",
    "reader_handle: resource, queue_handle: resource, num_records: int64 "
    "-> keys: string, values: string",
)
class ReaderReadUpTo:
    """The next records of one file, as many as it has left, at most `num_records`."""

    stateful = True
    grad = None

    def shape(reader: Operand, queue: Operand, count: Operand) -> list[Dims]:
        return [(None,), (None,)]

    def numpy(reader: Any, queue: Any, count: Any) -> list[Any]:
        records = handled(reader).read_up_to(handled(queue), int(count))
        results = np.empty((2, len(records)), np.object_)
        for place, record in enumerate(records):
            results[:, place] = record
        return [results[0], results[1]]


def _scalar(reader: Operand) -> Dims:
    return ()


@op("ReaderNumRecordsProducedV2", "reader_handle: resource -> records_produced: int64")
class ReaderNumRecordsProduced:
    """How many records a reader has read."""

    stateful = True
    grad = None
    shape = _scalar

    def numpy(reader: Any) -> Any:
        return np.array(handled(reader).produced, np.int64)


@op("ReaderNumWorkUnitsCompletedV2", "reader_handle: resource -> units_completed: int64")
class ReaderNumWorkUnitsCompleted:
    """How many files a reader has read to their ends."""

    stateful = True
    grad = None
    shape = _scalar

    def numpy(reader: Any) -> Any:
        return np.array(handled(reader).completed, np.int64)


@op("ReaderSerializeStateV2", "reader_handle: resource -> state: string")
class ReaderSerializeState:
    """Where a reader is, as a string; not all kinds of readers can tell."""

    stateful = True
    grad = None
    shape = _scalar

    def numpy(reader: Any) -> Any:
        return np.array(handled(reader).state(), np.object_)


@op("ReaderRestoreStateV2", "reader_handle: resource, state: string ->")
class ReaderRestoreState:
    """Put a reader where another one was."""

    stateful = True
    grad = None

    def shape(reader: Operand, state: Operand) -> Any:
        if state.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(state.dims)}")
        return []

    def numpy(reader: Any, content: Any) -> tuple[()]:
        handled(reader).restore(np.asarray(content, np.object_).item())
        return ()


@op("ReaderResetV2", "reader_handle: resource ->")
class ReaderReset:
    """Make a reader as good as new."""

    stateful = True
    grad = None

    def shape(reader: Operand) -> Any:
        return []

    def numpy(reader: Any) -> tuple[()]:
        handled(reader).reset()
        return ()
