"""Record files: TensorFlow's framing, and what is made of damage."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgraph import errors
from flowgraph.formats import crc
from flowgraph.formats.events import (
    EventWriter,
    RecordWriter,
    encode_record,
    read_events,
    read_records,
)
from flowgraph.protos import Event, Summary

_RECORDED = json.loads((Path(__file__).parent / "data" / "bundles" / "records.json").read_text())
CONTENTS = [bytes.fromhex(content) for content in _RECORDED["contents"]]
FILE = bytes.fromhex(_RECORDED["file"])
SMALL = encode_record(b"first") + encode_record(b"") + encode_record(b"third")


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "records"
    path.write_bytes(content)
    return path


def test_file_equals_recorded_one(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "r") as writer:
        for content in CONTENTS:
            writer.write(content)
    assert (tmp_path / "r").read_bytes() == FILE


def test_recorded_file_is_read(tmp_path: Path) -> None:
    assert list(read_records(_file(tmp_path, FILE))) == CONTENTS


@given(st.lists(st.binary(max_size=50)))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip"
    with RecordWriter(path) as writer:
        for content in contents:
            writer.write(content)
    assert list(read_records(path)) == contents


def test_flush_shows_records_to_others(tmp_path: Path) -> None:
    writer = RecordWriter(tmp_path / "r")
    writer.write(b"seen")
    writer.flush()
    assert list(read_records(tmp_path / "r")) == [b"seen"]
    writer.close()
    writer.close()


def test_truncation_is_an_end_only_within_a_length(tmp_path: Path) -> None:
    ends = [0, 21, 37, 58]
    for length in range(len(SMALL)):
        records = read_records(_file(tmp_path, SMALL[:length]))
        start = max(end for end in ends if end <= length)
        if length - start < 12:
            assert list(records) == [b"first", b"", b"third"][: ends.index(start)]
        else:
            with pytest.raises(errors.DataLossError, match=f"truncated record at {start}"):
                list(records)


@pytest.mark.parametrize("position", range(len(SMALL)))
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_flipped_byte_is_found(tmp_path: Path, position: int, flip: int) -> None:
    damaged = bytearray(SMALL)
    damaged[position] ^= flip
    with pytest.raises(errors.DataLossError, match="corrupted record"):
        list(read_records(_file(tmp_path, bytes(damaged))))


def test_absurd_length_allocates_nothing(tmp_path: Path) -> None:
    length = struct.pack("<Q", 1 << 60)
    header = length + struct.pack("<I", crc.masked_crc(length))
    with pytest.raises(errors.DataLossError, match="truncated"):
        list(read_records(_file(tmp_path, header + b"x" * 20)))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFoundError, match="nowhere"):
        list(read_records(tmp_path / "nowhere"))
    with pytest.raises(errors.NotFoundError, match="nowhere"):
        RecordWriter(tmp_path / "nowhere" / "r")


def test_events(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e", wall_time=12.5)
    event = Event(step=3, summary=Summary(value=[Summary.Value(tag="loss", simple_value=0.5)]))
    writer.write(event)
    writer.close()
    first, second = read_events(writer.path)
    assert first == Event(wall_time=12.5, file_version="brain.Event:2")
    assert second == event


def test_record_that_is_no_event(tmp_path: Path) -> None:
    path = _file(tmp_path, encode_record(b"\xff\xff"))
    with pytest.raises(errors.DataLossError, match="record 0 is not an event"):
        list(read_events(path))
