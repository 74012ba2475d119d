"""Files and folders under the names of `tf.gfile`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.library.platform import file_io
from flowgraph.library.platform.file_io import GFile

__all__ = [
    "Copy",
    "DeleteRecursively",
    "Exists",
    "FastGFile",
    "GFile",
    "Glob",
    "IsDirectory",
    "ListDirectory",
    "MakeDirs",
    "MkDir",
    "Open",
    "Remove",
    "Rename",
    "Stat",
    "Walk",
]

Open = GFile
FastGFile = GFile


def Exists(filename: Any) -> bool:
    """Whether there is a file or folder of this name."""
    return file_io.exists(filename)


def IsDirectory(dirname: Any) -> bool:
    """Whether it is a folder."""
    return file_io.isdir(dirname)


def ListDirectory(dirname: Any) -> list[Any]:
    """The names in a folder. Raises NotFoundError if there is none."""
    return file_io.listdir(dirname)


def Glob(filename: Any) -> list[Any]:
    """The paths that fit a pattern, or one of a list of patterns, sorted."""
    return file_io.glob(filename)


def MkDir(dirname: Any) -> None:
    """Make a folder whose parent exists. Raises AlreadyExistsError, NotFoundError."""
    file_io.mkdir(dirname)


def MakeDirs(dirname: Any) -> None:
    """Make a folder, and its parents, where they are missing."""
    file_io.makedirs(dirname)


def Remove(filename: Any) -> None:
    """Delete a file. Raises NotFoundError if there is none."""
    file_io.remove(filename)


def DeleteRecursively(dirname: Any) -> None:
    """Delete a folder and all in it. Raises NotFoundError if there is none."""
    file_io.rmtree(dirname)


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises AlreadyExistsError, unless it may overwrite."""
    file_io.copy(oldpath, newpath, overwrite)


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises AlreadyExistsError, unless it may overwrite."""
    file_io.rename(oldname, newname, overwrite)


def Stat(filename: Any) -> file_io.FileStatistics:
    """Size, time and kind of a file. Raises NotFoundError."""
    return file_io.stat(filename)


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """Each folder below `top`, itself included, with the names of its folders and files."""
    return file_io.walk(top, in_order)
