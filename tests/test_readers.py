"""Readers used by many threads, and files of records that are compressed or damaged."""

from __future__ import annotations

import gzip
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import flowgraph as tf

KINDS = tf.python_io.TFRecordCompressionType
SOON = 20


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def write(path: Path, records: list[bytes], options: Any = None) -> str:
    with tf.python_io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)
            writer.flush()
    return str(path)


def read(path: str, options: Any = None) -> list[bytes]:
    return list(tf.python_io.tf_record_iterator(path, options))


def test_compressed_records(tmp_path: Path) -> None:
    records = [b"one", b"", b"x" * 10_000]
    plain = write(tmp_path / "plain", records)
    for kind, name, decompress in (
        (KINDS.ZLIB, "ZLIB", zlib.decompress),
        (KINDS.GZIP, "GZIP", gzip.decompress),
    ):
        options = tf.python_io.TFRecordOptions(kind, compression_level=9)
        path = write(tmp_path / name, records, options)
        content = Path(path).read_bytes()
        assert decompress(content) == Path(plain).read_bytes()
        assert len(content) < 1000
        assert read(path, options) == read(path, kind) == read(path, name) == records
    assert read(plain, tf.python_io.TFRecordOptions("")) == records


def test_compression_types() -> None:
    spelt = tf.python_io.TFRecordOptions.get_compression_type_string
    assert [spelt(each) for each in (None, KINDS.NONE, KINDS.ZLIB, "GZIP")] == [
        "",
        "",
        "ZLIB",
        "GZIP",
    ]
    assert spelt(tf.python_io.TFRecordOptions(KINDS.GZIP)) == "GZIP"
    with pytest.raises(ValueError, match="Not a valid compression_type"):
        tf.python_io.TFRecordOptions("BZIP")


@pytest.mark.parametrize("kind", [KINDS.NONE, KINDS.ZLIB, KINDS.GZIP])
def test_damaged_records(tmp_path: Path, kind: int) -> None:
    path = Path(write(tmp_path / "records", [bytes(range(200)) * 5], kind))
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:40] + b"\0\0" + content[42:], b"x" * 50):
        path.write_bytes(damaged)
        with pytest.raises(tf.errors.DataLossError):
            read(str(path), kind)


def test_fixed_length_records_of_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    path.write_bytes(gzip.compress(b"hhaabbccf"))
    queue = tf.FIFOQueue(3, tf.string, [[]])
    reader = tf.FixedLengthRecordReader(2, 2, 1, encoding="GZIP")
    records = reader.read_up_to(queue, 9)
    with tf.Session() as session:
        session.run(queue.enqueue(str(path)))
        assert session.run(records.values).tolist() == [b"aa", b"bb", b"cc"]


def test_threads_share_a_reader(tmp_path: Path) -> None:
    names = []
    for number in range(4):
        path = tmp_path / f"{number}.txt"
        path.write_text("".join(f"{number}-{line}\n" for line in range(25)))
        names.append(str(path))
    queue = tf.train.string_input_producer(names, num_epochs=1)
    reader = tf.TextLineReader()
    value = reader.read(queue).value

    def consume(session: Any) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(session.run(value))
            except tf.errors.OutOfRangeError:
                return found

    with tf.Session() as session, ThreadPoolExecutor(4) as pool:
        session.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        parts = [pool.submit(consume, session) for _ in range(4)]
        seen = Counter(line for part in parts for line in part.result(SOON))
        assert session.run(reader.num_records_produced()) == 100
        assert session.run(reader.num_work_units_completed()) == 4
        coord.request_stop()
        coord.join(threads)
    assert seen == Counter(f"{file}-{line}".encode() for file in range(4) for line in range(25))


def test_reader_that_waits_for_a_file() -> None:
    queue = tf.FIFOQueue(3, tf.string, [[]])
    reader = tf.IdentityReader()
    value, produced = reader.read(queue).value, reader.num_records_produced()
    options = tf.RunOptions(timeout_in_ms=40)
    with tf.Session() as session, ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(session.run, value)
        time.sleep(0.05)
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(value, options=options)
        assert session.run(produced) == 0
        session.run(queue.enqueue("work"))
        assert waiting.result(SOON) == b"work"


def test_reader_goes_on_after_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_bytes(b"content")
    queue = tf.FIFOQueue(3, tf.string, [[]])
    record = tf.WholeFileReader().read(queue)
    with tf.Session() as session:
        session.run(queue.enqueue_many([[str(tmp_path / "missing"), str(path)]]))
        with pytest.raises(tf.errors.NotFoundError, match="missing"):
            session.run(record)
        assert session.run(record.value) == b"content"


@pytest.mark.parametrize(
    "lengths",
    [{"record_bytes": 0}, {"record_bytes": 1, "header_bytes": -1}, {"record_bytes": -3}],
)
def test_lengths_that_mean_nothing(lengths: dict[str, int]) -> None:
    reader = tf.FixedLengthRecordReader(**lengths)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="at least"):
        session.run(reader.num_records_produced())


def test_queue_of_numbers_names_no_files() -> None:
    queue = tf.FIFOQueue(3, tf.int32, [[]])
    value = tf.WholeFileReader().read(queue).value
    with tf.Session() as session:
        session.run(queue.enqueue(1))
        with pytest.raises(tf.errors.InvalidArgumentError, match="one component, a string"):
            session.run(value)
