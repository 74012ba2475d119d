"""Damaged checkpoints restore nothing; a save that dies leaves the previous checkpoint."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import cli

ROOT = Path(__file__).resolve().parent.parent
DATA = ".data-00000-of-00001"
SAVED: dict[str, Any] = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([5, 6], np.int32),
    "s": np.array([b"one", b"three"], np.object_),
    "t": np.array([True]),
}


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    """A checkpoint of `SAVED`."""
    path = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        variables = [tf.Variable(value, name=name) for name, value in SAVED.items()]
        session.run(tf.variables_initializer(variables))
        tf.train.Saver().save(session, path)
    return path


class Model:
    """Variables like those of `SAVED` with other values, in a session."""

    def __init__(self) -> None:
        self.kept = {
            name: np.full_like(value, b"old" if value.dtype == object else 0)
            for name, value in SAVED.items()
        }
        self.variables = [tf.Variable(value, name=name) for name, value in self.kept.items()]
        self.saver = tf.train.Saver()
        self.session = tf.Session()
        self.initializer = tf.global_variables_initializer()
        self.session.run(self.initializer)

    def has(self, values: dict[str, Any]) -> bool:
        found = self.session.run(self.variables)
        return all(
            np.array_equal(one, other) for one, other in zip(found, values.values(), strict=True)
        )


@pytest.mark.parametrize("suffix", [DATA, ".index"])
def test_a_file_cut_at_any_byte(suffix: str, prefix: str) -> None:
    path = Path(prefix + suffix)
    content = path.read_bytes()
    model = Model()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(tf.errors.DataLossError) as caught:
            model.saver.restore(model.session, prefix)
        assert str(path) in caught.value.message
    assert model.has(model.kept)
    path.write_bytes(content)
    model.saver.restore(model.session, prefix)
    assert model.has(SAVED)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_any_flipped_bit_of_the_data(prefix: str) -> None:
    path = Path(prefix + DATA)
    content = path.read_bytes()
    model = Model()
    for bit in range(8 * len(content)):
        path.write_bytes(flipped(content, bit))
        with pytest.raises(tf.errors.DataLossError) as caught:
            model.saver.restore(model.session, prefix)
        assert str(path) in caught.value.message
        assert any(f"tensor '{name}'" in caught.value.message for name in SAVED)
    assert model.has(model.kept)


def test_any_flipped_bit_of_the_index(prefix: str) -> None:
    path = Path(prefix + ".index")
    content = path.read_bytes()
    model = Model()
    lost = 0
    for bit in range(8 * len(content)):
        path.write_bytes(flipped(content, bit))
        try:
            model.saver.restore(model.session, prefix)
        except tf.errors.DataLossError as error:
            lost += 1
            assert str(path) in error.message
            assert model.has(model.kept)
        else:
            # Some bytes of the footer are padding, and mean nothing.
            assert model.has(SAVED)
            model.session.run(model.initializer)
    assert lost > 4 * len(content)


def test_missing_files(prefix: str) -> None:
    model = Model()
    os.unlink(prefix + DATA)
    with pytest.raises(tf.errors.NotFoundError, match=r"model\.data-00000-of-00001"):
        model.saver.restore(model.session, prefix)
    os.unlink(prefix + ".index")
    with pytest.raises(ValueError, match=f"not a valid checkpoint: {prefix}"):
        model.saver.restore(model.session, prefix)
    assert model.has(model.kept)
    with pytest.raises(tf.errors.NotFoundError, match=prefix):
        tf.train.load_variable(prefix, "w")


@pytest.mark.parametrize("content", [b"", b"garbage {", b"\xff\xfe", b'model_checkpoint_path: "x'])
def test_a_damaged_state_file_names_no_checkpoint(content: bytes, prefix: str) -> None:
    folder = Path(prefix).parent
    (folder / "checkpoint").write_bytes(content)
    if content:
        assert tf.train.latest_checkpoint(str(folder)) is None
    else:
        with pytest.raises(ValueError, match="Invalid checkpoint state"):
            tf.train.latest_checkpoint(str(folder))


@pytest.mark.parametrize("content", [b"", b"garbage {", b"\xff\xfe"])
@pytest.mark.parametrize("command", ["view", "checkpoint"])
def test_the_command_line_names_a_damaged_state_file(
    command: str, content: bytes, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = Path(prefix).parent / "checkpoint"
    state.write_bytes(content)
    assert cli.main([command, str(state.parent)]) == 1
    assert capsys.readouterr().err.startswith(f"flowgraph: {state}: ")


@pytest.mark.parametrize("suffix", ["", ".index", ".meta", DATA])
def test_the_command_line_takes_any_file_of_a_checkpoint(
    suffix: str, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["checkpoint", prefix + suffix]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == sorted(SAVED)


def test_the_command_line_refuses_a_negative_depth(
    prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["view", prefix, "--format", "dot", "--depth", "-1"])
    assert "--depth: must not be negative: -1" in capsys.readouterr().err


# What the variable `w` or `b` is instead, the error, words of its message.
OTHERS: list[tuple[Callable[[], Any], Any, list[str]]] = [
    (lambda: tf.Variable(tf.zeros([3, 2]), name="w"), "InvalidArgumentError", ["[3,2]", "[2, 3]"]),
    (lambda: tf.Variable(tf.zeros([6]), name="w"), "InvalidArgumentError", ["[6]", "[2, 3]"]),
    (lambda: tf.Variable([0.0, 0.0], name="b"), "InvalidArgumentError", ["float32", "int32"]),
    (lambda: tf.Variable([0, 0], name="bb"), "NotFoundError", ["Key bb", "similar there: b"]),
]


@pytest.mark.parametrize(("make", "error", "words"), OTHERS)
def test_a_variable_that_does_not_fit(
    make: Callable[[], Any], error: str, words: list[str], prefix: str
) -> None:
    kept, other = tf.Variable([False], name="t"), make()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(other)
        with pytest.raises(getattr(tf.errors, error)) as caught:
            tf.train.Saver().restore(session, prefix)
        message = caught.value.message
        assert [word for word in [*words, other.op.name, prefix] if word not in message] == []
        assert not session.run(kept)[0]
        np.testing.assert_array_equal(session.run(other), before)


# -- saves that do not come to their end

SAVER = """
import resource, sys
import numpy as np
import flowgraph as tf

prefix, limit = sys.argv[1], int(sys.argv[2])
a = tf.Variable(np.zeros(20_000, np.float32), name="a")
b = tf.Variable(np.zeros(20_000, np.float64), name="b")
value = tf.placeholder(tf.float32, [])
fill = tf.group(a.assign(tf.fill([20_000], value)),
                b.assign(tf.fill([20_000], tf.cast(value, tf.float64))))
saver = tf.train.Saver(max_to_keep=2)
session = tf.Session()
for step in range(1_000_000):
    session.run(fill, {value: step})
    if step == 3 and limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    saver.save(session, prefix, global_step=None if step % 2 else step)
    print(step, flush=True)
"""


def start(prefix: Path, limit: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SAVER, str(prefix), str(limit)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def value_of(checkpoint: str) -> int:
    """The one number of which both tensors of a checkpoint consist."""
    a, b = (tf.train.load_variable(checkpoint, name) for name in "ab")
    assert set(a.tolist()) == set(b.tolist()) and a.min() == a.max()
    return int(a[0])


@pytest.mark.parametrize("seed", range(4))
def test_kill_at_a_random_moment_of_saving(seed: int, tmp_path: Path) -> None:
    number = random.Random(seed)
    process = start(tmp_path / "model", 0)
    assert process.stdout is not None
    last = -1
    for _ in range(number.randrange(2, 12)):
        last = int(process.stdout.readline())
    # How much of the next save is done by now differs from run to run; any moment must do.
    time.sleep(number.random() * 0.01)
    process.send_signal(signal.SIGKILL)
    rest = process.communicate()[0].split()
    last = int(rest[-1]) if rest else last
    newest = tf.train.latest_checkpoint(str(tmp_path))
    assert newest is not None and value_of(newest) in (last, last + 1)
    assert value_of(str(tmp_path / "model")) in (last - 1, last, last + 1)
    for index in tmp_path.glob("*.index"):
        value_of(str(index).removesuffix(".index"))


@pytest.mark.parametrize("limit", [0, 1000, 100_000, 200_000])
def test_a_disk_that_is_full(limit: int, tmp_path: Path) -> None:
    process = start(tmp_path / "model", max(limit, 1))
    output, message = process.communicate()
    assert output.split() == ["0", "1", "2"]
    assert "ResourceExhaustedError" in message and "model" in message
    newest = tf.train.latest_checkpoint(str(tmp_path))
    assert newest is not None and value_of(newest) == 2
    assert value_of(str(tmp_path / "model")) == 1
    assert not list(tmp_path.glob("*.tmp"))
