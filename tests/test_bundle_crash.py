"""A save that is killed, or runs out of disk, at any point leaves a checkpoint readable."""

from __future__ import annotations

import errno
import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowgraph import errors
from flowgraph.formats import files
from flowgraph.formats.bundle import BundleReader, write_bundle
from flowgraph.formats.bundle import writer as writer_module

RECORDED = Path(__file__).parent / "data" / "bundles"
USUAL_FILES = ["m.data-00000-of-00001", "m.index"]
UNLIMITED = 10_000

Values = dict[str, np.ndarray[Any, Any]]


class Killed(BaseException):
    """The process has ended: nothing that it does any more has an effect."""


class Disk:
    """Counts the operations on files, and fails after `budget` of them, once or for good."""

    def __init__(self, budget: int, failure: BaseException) -> None:
        self.budget = budget
        self.failure = failure
        self.log: list[tuple[str, ...]] = []
        self._paths: dict[int, str] = {}

    def step(self, *operation: str) -> None:
        if len(self.log) == self.budget:
            if isinstance(self.failure, OSError):
                self.budget = -1
            raise self.failure
        self.log.append(operation)

    def open(self, path: str, mode: str, buffering: int) -> io.BufferedWriter:
        self.step("create", path)
        disk = self

        class CountedFile(io.FileIO):
            def write(self, data: Any) -> int:
                disk.step("write", path)
                return super().write(data)

        file = CountedFile(path, mode)
        self._paths[file.fileno()] = path
        # A small buffer lets a file be cut within its content.
        return io.BufferedWriter(file, 64)

    def open_folder(self, path: str, flags: int) -> int:
        descriptor = os.open(path, flags)
        self._paths[descriptor] = path
        return descriptor

    def fsync(self, descriptor: int) -> None:
        self.step("sync", self._paths[descriptor])

    def replace(self, source: str, target: str) -> None:
        self.step("replace", source, target)
        os.replace(source, target)

    def link(self, source: str, target: str) -> None:
        self.step("link", source, target)
        os.link(source, target)

    def unlink(self, path: str) -> None:
        self.step("unlink", path)
        os.unlink(path)


class _Os:
    """The module `os` with the operations of a `Disk`."""

    def __init__(self, disk: Disk) -> None:
        self.open, self.fsync = disk.open_folder, disk.fsync
        self.replace, self.link, self.unlink = disk.replace, disk.link, disk.unlink

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


@contextmanager
def installed(disk: Disk) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "open", disk.open, raising=False)
        patch.setattr(files, "os", _Os(disk))
        patch.setattr(writer_module, "os", _Os(disk))
        yield


def values(number: int) -> Values:
    return {
        "w": np.full((5, 7), number, np.float32),
        "s": np.array([b"text %d" % number] * number, np.object_),
    }


def content_of(prefix: Path) -> Values | None:
    try:
        return BundleReader(prefix).read_all()
    except errors.NotFoundError:
        return None


def same(first: Values | None, second: Values | None) -> bool:
    if first is None or second is None:
        return first is second
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def nothing(prefix: Path) -> None:
    """No checkpoint was there."""


def one_shard(prefix: Path) -> None:
    write_bundle(prefix, values(1))


def two_shards(prefix: Path) -> None:
    for file in RECORDED.glob("sharded.*"):
        shutil.copy(file, prefix.with_name(file.name.replace("sharded", prefix.name)))


def without_links(prefix: Path) -> None:
    one_shard(prefix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", _refuse)
        write_bundle(prefix, values(2))


def _refuse(*_: Any) -> None:
    raise OSError(errno.EPERM, "links are not supported")


PREVIOUS = [nothing, one_shard, two_shards, without_links]


def attempts(
    prefix: Path, previous: Callable[[Path], None], failure: BaseException
) -> Iterator[Disk]:
    """Disks that fail after 0, 1, 2, ... operations, until a save does not need more."""
    disk = Disk(UNLIMITED, failure)
    _start(prefix, previous)
    with installed(disk):
        write_bundle(prefix, values(3))
    assert len(disk.log) > 10
    for budget in range(len(disk.log)):
        _start(prefix, previous)
        yield Disk(budget, failure)


def _start(prefix: Path, previous: Callable[[Path], None]) -> None:
    for file in prefix.parent.iterdir():
        file.unlink()
    previous(prefix)


@pytest.mark.parametrize("previous", PREVIOUS)
def test_kill_leaves_old_or_new_checkpoint(
    tmp_path: Path, previous: Callable[[Path], None]
) -> None:
    prefix = tmp_path / "m"
    outcomes = set()
    for disk in attempts(prefix, previous, Killed()):
        old = content_of(prefix)
        with installed(disk), pytest.raises(Killed):
            write_bundle(prefix, values(3))
        found = content_of(prefix)
        assert same(found, old) or same(found, values(3))
        outcomes.add(same(found, values(3)))
        write_bundle(prefix, values(4))
        assert same(content_of(prefix), values(4))
        assert sorted(file.name for file in tmp_path.iterdir()) == USUAL_FILES
    assert outcomes == {False, True}


def test_kill_of_the_save_after_a_kill(tmp_path: Path) -> None:
    prefix = tmp_path / "m"
    for first in attempts(prefix, one_shard, Killed()):
        with installed(first), pytest.raises(Killed):
            write_bundle(prefix, values(3))
        left = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        old = content_of(prefix)
        for budget in range(UNLIMITED):
            for file in tmp_path.iterdir():
                file.unlink()
            for name, content in left.items():
                (tmp_path / name).write_bytes(content)
            try:
                with installed(Disk(budget, Killed())):
                    write_bundle(prefix, values(4))
            except Killed:
                found = content_of(prefix)
                assert same(found, old) or same(found, values(4))
            else:
                break
        assert same(content_of(prefix), values(4))


@pytest.mark.parametrize("previous", PREVIOUS)
def test_full_disk(tmp_path: Path, previous: Callable[[Path], None]) -> None:
    prefix = tmp_path / "m"
    failures = 0
    for disk in attempts(prefix, previous, OSError(errno.ENOSPC, "No space left on device")):
        old, names = content_of(prefix), sorted(tmp_path.iterdir())
        try:
            with installed(disk):
                write_bundle(prefix, values(3))
        except errors.ResourceExhaustedError as error:
            assert str(prefix) in error.message
            failures += 1
            if same(content_of(prefix), old):
                assert sorted(tmp_path.iterdir()) == names
            else:
                # The failing operation made the new checkpoint's name durable: it is there.
                assert disk.log[-1][0] in ("replace", "unlink")
                assert same(content_of(prefix), values(3))
        else:
            assert same(content_of(prefix), values(3))
        assert not list(tmp_path.glob("*" + files.TEMPORARY_SUFFIX))
    assert failures > 10


@pytest.mark.parametrize("previous", PREVIOUS)
def test_content_is_durable_before_its_name(
    tmp_path: Path, previous: Callable[[Path], None]
) -> None:
    previous(tmp_path / "m")
    disk = Disk(UNLIMITED, Killed())
    with installed(disk):
        write_bundle(tmp_path / "m", values(3))
    folder = str(tmp_path)
    unsynced: set[str] = set()
    for operation, *paths in disk.log:
        if operation in ("create", "write"):
            unsynced.add(paths[0])
        elif operation == "sync":
            unsynced.discard(paths[0])
        elif operation == "link":
            assert not unsynced
        elif operation == "replace":
            # Neither this file nor a name that it relies on may be lost once it has its name.
            assert not unsynced
            unsynced.add(folder)
        elif operation == "unlink" and not paths[0].endswith(files.TEMPORARY_SUFFIX):
            assert folder not in unsynced
    assert not unsynced


def test_without_links_the_checkpoint_is_replaced(tmp_path: Path) -> None:
    without_links(tmp_path / "m")
    assert same(content_of(tmp_path / "m"), values(2))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.data-00000-of-00002", "m.index"]


def test_files_of_other_checkpoints_stay(tmp_path: Path) -> None:
    others = ["m-1.index", "m.meta", "m.index.txt", "m.data-00000-of-00001.bak", "other.1.2.tmp"]
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    leftovers = ["m.index.12.34.tmp", "m.data-00000-of-00007", "m.data-00000-of-00001.5.tmp"]
    for name in leftovers:
        (tmp_path / name).write_bytes(b"x")
    one_shard(tmp_path / "m")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(others + USUAL_FILES)


def test_threads_that_save_the_same_checkpoint(tmp_path: Path) -> None:
    prefix = tmp_path / "m"

    def save() -> None:
        for number in range(1, 6):
            write_bundle(prefix, values(number))

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(content_of(prefix), values(5))
