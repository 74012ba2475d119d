"""Readers of files, and files as strings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.programs import program, raised

READS = 12


def _records(tf: Any, reader: Any, files: list[bytes], write: Any = Path.write_bytes) -> Any:
    """What a reader finds in files of these contents, until the end."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, content in enumerate(files):
            path = Path(folder, f"file{number}")
            write(path, content)
            names.append(str(path))
        queue = tf.FIFOQueue(9, tf.string, [[]])
        read = reader.read(queue)
        counts = reader.num_records_produced(), reader.num_work_units_completed()
        found = []
        with tf.Session() as session:
            session.run(queue.enqueue_many([names]))
            session.run(queue.close())
            try:
                for _ in range(READS):
                    key, value = session.run(list(read))
                    found.append([key.decode().rpartition("/")[2], value.decode("latin-1")])
            except tf.errors.OutOfRangeError:
                found.append("end")
            return [*found, [int(count) for count in session.run(counts)]]


@program(graph=True)
def all_kinds(tf: Any) -> dict[str, Any]:
    lines = b"one\n\ntwo \r\nthree"
    blocks = b"<head>abcdefghij<foot>"
    return {
        "text": _records(tf, tf.TextLineReader(), [lines, b"", b"x\n"]),
        "header": _records(tf, tf.TextLineReader(skip_header_lines=2), [lines, b"x\n"]),
        "whole": _records(tf, tf.WholeFileReader(), [lines, b""]),
        "fixed": _records(tf, tf.FixedLengthRecordReader(2, 6, 6), [blocks, blocks[:6]]),
        "hop": _records(tf, tf.FixedLengthRecordReader(4, 6, 6, 2, name="hop"), [blocks]),
        "ahead": _records(tf, tf.FixedLengthRecordReader(2, hop_bytes=3), [b"abcdefghi"]),
    }


@program
def records(tf: Any) -> dict[str, Any]:
    kinds = tf.python_io.TFRecordCompressionType
    found = {}
    for name, kind in (("plain", kinds.NONE), ("zlib", kinds.ZLIB), ("gzip", kinds.GZIP)):
        options = tf.python_io.TFRecordOptions(kind)

        def write(path: Path, content: bytes, options: Any = options) -> None:
            with tf.python_io.TFRecordWriter(str(path), options) as writer:
                for record in content.split(b","):
                    writer.write(record)

        reader = tf.TFRecordReader(options=options)
        found[name] = _records(tf, reader, [b"first,second,", b"x"], write)
    return found


@program
def damaged_files(tf: Any) -> dict[str, Any]:
    def cut(path: Path, content: bytes) -> None:
        with tf.python_io.TFRecordWriter(str(path)) as writer:
            writer.write(content)
        path.write_bytes(path.read_bytes()[:-6])

    plain: Callable[..., Any] = Path.write_bytes
    cases = {"cut": (tf.TFRecordReader(), cut), "no records": (tf.TFRecordReader(), plain)}
    return {
        name: raised(lambda case=case: _records(tf, case[0], [b"something long"], case[1]))
        for name, case in cases.items()
    }


@program
def places(tf: Any) -> dict[str, Any]:
    reader, other = tf.IdentityReader(), tf.IdentityReader()
    queue = tf.FIFOQueue(9, tf.string, [[]])
    one, several = reader.read(queue), reader.read_up_to(queue, 3)
    state = tf.placeholder(tf.string, [])
    restore = other.restore_state(state)
    kept, again = reader.serialize_state(), other.num_records_produced()
    lines = tf.TextLineReader()
    with tf.Session() as session:
        session.run(queue.enqueue_many([["a", "b", "c"]]))
        found = {"one": session.run(one[1]), "several": session.run(several[1])}
        session.run(restore, {state: session.run(kept)})
        found["restored"] = session.run(again)
        session.run(other.reset())
        found["reset"] = session.run(again)
        found["bad"] = raised(lambda: session.run(restore, {state: b"\xff"}))
        found["none"] = raised(lambda: session.run(lines.serialize_state()), "SerializeState")
        missing = _file_that_is_missing(tf, lines)
        found["missing"] = raised(lambda: session.run(missing), "No such file")
    return {**found, "supports": [reader.supports_serialize, lines.supports_serialize]}


def _file_that_is_missing(tf: Any, reader: Any) -> Any:
    queue = tf.FIFOQueue(1, tf.string, [[]])
    with tf.control_dependencies([queue.enqueue("missing file")]):
        return reader.read(queue)


@program
def lines_of_one_file(tf: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder, name)) for name in ("a", "b")]
        Path(names[0]).write_text("1\n2\n3\n")
        Path(names[1]).write_text("4\n")
        queue = tf.FIFOQueue(9, tf.string, [[]])
        read = tf.TextLineReader().read_up_to(queue, 2)
        with tf.Session() as session:
            session.run(queue.enqueue_many([names]))
            return {f"run {number}": session.run(read[1]) for number in range(3)}


@program
def files(tf: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        name = str(Path(folder, "below", "x.txt"))
        write = tf.write_file(name, "content")
        pattern = str(Path(folder, "below", "*.txt"))
        found = tf.matching_files([pattern, pattern.replace("txt", "none")])
        once = tf.train.match_filenames_once(pattern)
        with tf.Session() as session:
            session.run(write)
            session.run(once.initializer)
            names = [*session.run(found), *session.run(once)]
            return {
                "content": session.run(tf.read_file(name)),
                "names": [each.decode().rpartition("/")[2] for each in names],
                "shapes": [str(found.shape), str(once.name), str(tf.read_file(name).shape)],
                "missing": raised(lambda: session.run(tf.read_file(name + "?")), "No such file"),
            }
