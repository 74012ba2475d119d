"""Flags, logs, files, records and the test case."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import errors
from flowgraph.library.platform import app, flags
from flowgraph.library.platform.flag_values import FlagValues


@pytest.fixture
def values() -> FlagValues:
    """Flags of every kind."""
    found = FlagValues()
    flags.DEFINE_integer("size", 3, "A size.", lower_bound=1, flag_values=found)
    flags.DEFINE_float("rate", 0.5, "A rate.", flag_values=found)
    flags.DEFINE_boolean("shuffle", False, "Whether.", flag_values=found)
    flags.DEFINE_string("folder", None, "Where.", flag_values=found, short_name="f")
    flags.DEFINE_enum("mode", "a", ["a", "b"], "Which.", flag_values=found)
    flags.DEFINE_list("names", "x,y", "Names.", flag_values=found)
    flags.DEFINE_multi_integer("layer", [1, 2], "Sizes.", flag_values=found)
    return found


def test_defaults(values: FlagValues) -> None:
    assert values(["program"]) == ["program"]
    assert values.flag_values_dict() == {
        "size": 3,
        "rate": 0.5,
        "shuffle": False,
        "folder": None,
        "f": None,
        "mode": "a",
        "names": ["x", "y"],
        "layer": [1, 2],
    }


def test_command_line(values: FlagValues) -> None:
    words = (
        "p --size=5 -rate 1e-3 --shuffle -f out --mode b --names= --layer 7 --layer=8 r --size=9"
    )
    assert values(words.split()) == ["p", "r", "--size=9"]
    assert (values.size, values.rate, values.shuffle) == (5, 1e-3, True)
    assert (values.folder, values.mode, values.names, values.layer) == ("out", "b", [], [7, 8])
    values(["p", "--noshuffle"])
    assert values.shuffle is False
    assert values(["p", "--", "--size=1"]) == ["p", "--size=1"]


def test_unknown_flags(values: FlagValues) -> None:
    with pytest.raises(flags.UnrecognizedFlagError, match=r"Unknown command line flag 'siz'.*size"):
        values(["p", "--siz=4"])
    rest = values(["p", "--other=1", "x", "--size=4"], known_only=True)
    assert (rest, values.size) == (["p", "--other=1", "x"], 4)


@pytest.mark.parametrize(
    "words", [["--size=x"], ["--size=0"], ["--shuffle=maybe"], ["--mode=c"], ["--size"]]
)
def test_illegal_values(values: FlagValues, words: list[str]) -> None:
    with pytest.raises(flags.IllegalFlagValueError):
        values(["p", *words])


def test_a_flag_is_defined_once(values: FlagValues) -> None:
    with pytest.raises(flags.DuplicateFlagError, match="size"):
        flags.DEFINE_string("size", "", "Again.", flag_values=values)


def test_required_and_checked_flags(values: FlagValues) -> None:
    flags.mark_flag_as_required("folder", flag_values=values)
    with pytest.raises(flags.ValidationError, match="folder must have a value"):
        values(["p"])
    flags.register_validator("size", lambda size: size % 2, "must be odd", flag_values=values)
    with pytest.raises(flags.ValidationError, match="must be odd"):
        values(["p", "--folder=x", "--size=4"])


def test_values_are_attributes(values: FlagValues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["p", "--size=8", "--foreign"])
    assert values.size == 8
    values.size = 9
    assert (values.size, values["size"].default, "size" in values) == (9, 3, True)
    with pytest.raises(AttributeError):
        values.nothing  # noqa: B018
    with pytest.raises(AttributeError):
        values.nothing = 1


def test_older_argument_names() -> None:
    found = FlagValues()
    flags.DEFINE_string(flag_name="a", default_value="b", docstring="c", flag_values=found)
    assert (found["a"].value, found["a"].help) == ("b", "c")


def test_app_run(capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        app.run(lambda argv: len(argv), ["program", "one", "two"])
    assert caught.value.code == 3
    with pytest.raises(SystemExit) as caught:
        app.run(lambda argv: 0, ["program", "--help"])
    assert caught.value.code == 1
    assert "flags:" in capsys.readouterr().out


def test_logging(caplog: pytest.LogCaptureFixture) -> None:
    before = tf.logging.get_verbosity()
    caplog.set_level(logging.NOTSET)
    try:
        tf.logging.set_verbosity(tf.logging.WARN)
        tf.logging.info("not %s", "this")
        tf.logging.warning("but %s", "that")
        for _ in range(5):
            tf.logging.log_first_n(tf.logging.ERROR, "twice", 2)
            tf.logging.log_every_n(tf.logging.ERROR, "every third", 3)
        assert tf.logging.get_verbosity() == tf.logging.WARN == logging.WARNING
    finally:
        tf.logging.set_verbosity(before)
    lines = [record.getMessage() for record in caplog.records if record.name == "tensorflow"]
    assert lines == ["but that", "twice", "every third", "twice", "every third"]


def test_files(tmp_path: Path) -> None:
    folder = str(tmp_path / "a" / "b")
    name = os.path.join(folder, "text")
    tf.gfile.MakeDirs(folder)
    with tf.gfile.GFile(name, "w") as file:
        file.write("Grüße\n")
        file.write("zwei")
    assert tf.gfile.Open(name).readlines() == ["Grüße\n", "zwei"]
    assert tf.gfile.FastGFile(name, "rb").read() == "Grüße\nzwei".encode()
    assert tf.gfile.Stat(name).length == tf.gfile.GFile(name).size() == 12
    with tf.gfile.GFile(name) as file:
        file.seek(8)
        assert (file.read(2), file.tell(), list(file)) == ("zw", 10, ["ei"])
    tf.gfile.Copy(name, name + "2")
    with pytest.raises(errors.AlreadyExistsError):
        tf.gfile.Rename(name, name + "2")
    tf.gfile.Rename(name, name + "2", overwrite=True)
    assert tf.gfile.ListDirectory(folder) == ["text2"]
    assert tf.io.gfile.glob([f"{folder}/*2", f"{folder}/x*"]) == [name + "2"]
    assert [row[2] for row in tf.gfile.Walk(str(tmp_path))] == [[], [], ["text2"]]
    assert tf.gfile.IsDirectory(folder)
    tf.gfile.DeleteRecursively(folder)
    assert not tf.gfile.Exists(folder)


@pytest.mark.parametrize(
    "act",
    [
        lambda path: tf.gfile.GFile(path).read(),
        lambda path: tf.gfile.Remove(path),
        lambda path: tf.gfile.DeleteRecursively(path),
        lambda path: tf.gfile.ListDirectory(path),
        lambda path: tf.gfile.Stat(path),
        lambda path: tf.gfile.MkDir(os.path.join(path, "below")),
        lambda path: list(tf.python_io.tf_record_iterator(path)),
    ],
)
def test_missing_files(tmp_path: Path, act: Any) -> None:
    with pytest.raises(errors.NotFoundError, match="missing"):
        act(str(tmp_path / "missing"))


def test_files_in_the_wrong_mode(tmp_path: Path) -> None:
    name = str(tmp_path / "x")
    with pytest.raises(errors.PermissionDeniedError, match="isn't open for writing"):
        tf.gfile.GFile(name).write("")
    with pytest.raises(errors.PermissionDeniedError, match="isn't open for reading"):
        tf.gfile.GFile(name, "w").read()
    with pytest.raises(errors.InvalidArgumentError, match="mode"):
        tf.gfile.GFile(name, "x")
    with pytest.raises(errors.AlreadyExistsError):
        tf.gfile.MkDir(str(tmp_path))


def test_records(tmp_path: Path) -> None:
    path = tmp_path / "records"
    with tf.python_io.TFRecordWriter(str(path)) as writer:
        writer.write(b"one")
        writer.write(b"")
    assert list(tf.python_io.tf_record_iterator(str(path))) == [b"one", b""]


@pytest.mark.parametrize("kind", ["NONE", "GZIP", "ZLIB"])
def test_compressed_records(tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "records")
    compression = getattr(tf.python_io.TFRecordCompressionType, kind)
    options = tf.python_io.TFRecordOptions(compression)
    with tf.python_io.TFRecordWriter(path, options) as writer:
        for _ in range(100):
            writer.write(b"the same words")
    assert list(tf.python_io.tf_record_iterator(path, options)) == [b"the same words"] * 100
    assert ((tmp_path / "records").stat().st_size < 500) == (kind != "NONE")


def test_text() -> None:
    assert tf.compat.as_bytes("é") == b"\xc3\xa9"
    assert tf.compat.as_str(b"\xc3\xa9") == tf.compat.as_text("é") == "é"
    assert tf.compat.as_str_any(3) == "3"
    with pytest.raises(TypeError, match="Expected binary or unicode string"):
        tf.compat.as_bytes(3)


def test_resources_lie_beside_the_caller() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    assert tf.resource_loader.get_data_files_path() == here
    assert tf.resource_loader.get_path_to_datafile("x") == os.path.join(here, "x")
    with open(__file__, "rb") as file:
        content = file.read()
    assert tf.resource_loader.load_resource(os.path.basename(__file__)) == content


class TestTheTestCase(tf.test.TestCase):
    """Uses the class the way programs do."""

    def test_sessions(self) -> None:
        with self.test_session() as session:
            x = tf.constant([1.0, 2.0])
            self.assertAllClose(x.eval(), [1.0, 2.0])
            with self.test_session() as again:
                assert again is session
            self.assertAllEqual(self.evaluate(x), [1.0, 2.0])
        assert os.path.isdir(self.get_temp_dir())

    def test_comparisons_fail(self) -> None:
        one, two = np.ones(2), np.ones(2) + 1e-3
        acts: list[Callable[[], Any]] = [
            lambda: self.assertAllClose(one, two),
            lambda: self.assertAllClose({"a": one}, {"a": two}),
            lambda: self.assertAllClose([one, np.ones(3)], [two, np.ones(3)]),
            lambda: self.assertAllEqual(one, two),
            lambda: self.assertNotAllClose(one, one),
            lambda: self.assertAllGreater(one, 1),
            lambda: self.assertAllInSet([1, 2], {1}),
            lambda: self.assertArrayNear(one, two, 1e-4),
            lambda: self.assertShapeEqual(one, tf.zeros([3])),
        ]
        for act in acts:
            with pytest.raises(AssertionError):
                act()
        self.assertAllCloseAccordingToType(one, two, rtol=1e-2)
        self.assertAllInRange(two, 1, 2)

    def test_expected_errors(self) -> None:
        with self.session() as session:
            x = tf.placeholder(tf.float32, name="unfed")
            with self.assertRaisesOpError("unfed"):
                session.run(x)
        with pytest.raises(AssertionError, match="not raised"), self.assertRaisesOpError("x"):
            pass

    def test_graphs_are_compared(self) -> None:
        tf.constant(1.0, name="a")
        first = tf.get_default_graph().as_graph_def()
        tf.test.assert_equal_graph_def(first, first)
        tf.constant(1.0, name="b")
        with pytest.raises(AssertionError, match="node b"):
            tf.test.assert_equal_graph_def(tf.get_default_graph().as_graph_def(), first)
