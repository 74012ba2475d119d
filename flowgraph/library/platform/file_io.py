"""Files and folders, with the engine's errors in place of ``OSError``."""

from __future__ import annotations

import glob as globbing
import os
import shutil
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from flowgraph import errors
from flowgraph.formats.files import typed_errors
from flowgraph.library.platform.text import as_bytes, as_text

__all__ = [
    "FileStatistics",
    "GFile",
    "copy",
    "exists",
    "glob",
    "isdir",
    "join",
    "listdir",
    "makedirs",
    "mkdir",
    "read_file_to_string",
    "remove",
    "rename",
    "rmtree",
    "stat",
    "walk",
    "write_string_to_file",
]

_MODES = frozenset({"r", "w", "a", "r+", "w+", "a+"})


class FileStatistics(NamedTuple):
    """Size in bytes, time of the last change in nanoseconds, and whether it is a folder."""

    length: int
    mtime_nsec: int
    is_directory: bool


class GFile:
    """A file, opened at its first use: ``with GFile(path, "w") as file: file.write("text")``.

    Args:
        name: the path.
        mode: ``r``, ``w``, ``a``, with ``+`` for both ways and ``b`` for bytes in place of text
            in UTF-8.

    Raises:
        ValueError: for another mode.
        OpError: from the methods, of the kind that fits the operating system's error.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        if mode.replace("b", "") not in _MODES:
            raise errors.InvalidArgumentError(None, None, f"mode is not 'r' or 'w' or 'a': {mode}")
        self._name = os.fspath(name)
        self._mode = mode
        self._binary = "b" in mode
        self._file: BinaryIO | None = None

    @property
    def name(self) -> Any:
        """The path."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode that the file was opened in."""
        return self._mode

    def _opened(self, use: str) -> BinaryIO:
        plain = self._mode.replace("b", "")
        if "+" not in plain and (plain == "r") != (use == "read"):
            message = f"File isn't open for {'reading' if use == 'read' else 'writing'}"
            raise errors.PermissionDeniedError(None, None, message)
        return self._handle()

    def _handle(self) -> BinaryIO:
        if self._file is None:
            with typed_errors(str(self._name)):
                mode = self._mode.replace("b", "")
                self._file = open(self._name, mode[0] + "b" + mode[1:])  # type: ignore[assignment]  # noqa: SIM115
        assert self._file is not None
        return self._file

    def _decoded(self, content: bytes) -> Any:
        return content if self._binary else as_text(content)

    def size(self) -> int:
        """Bytes in the file."""
        return stat(self._name).length

    def read(self, n: int = -1) -> Any:
        """The next `n` bytes, or all that follow, as text unless the mode has ``b``."""
        file = self._opened("read")
        with typed_errors(str(self._name)):
            return self._decoded(file.read(n))

    def readline(self) -> Any:
        """The next line with its end; empty at the end of the file."""
        file = self._opened("read")
        with typed_errors(str(self._name)):
            return self._decoded(file.readline())

    def readlines(self) -> list[Any]:
        """The lines that follow."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def write(self, file_content: Any) -> None:
        """Write text or bytes."""
        file = self._opened("write")
        with typed_errors(str(self._name)):
            file.write(as_bytes(file_content))

    def seek(self, offset: int = 0, whence: int = 0, position: int | None = None) -> None:
        """Go to a byte, counted from the start (0), from here (1) or from the end (2)."""
        file = self._handle()
        with typed_errors(str(self._name)):
            file.seek(offset if position is None else position, whence)

    def tell(self) -> int:
        """The byte at which the next read begins."""
        return self._handle().tell()

    def seekable(self) -> bool:
        """True."""
        return True

    def flush(self) -> None:
        """Hand what is buffered to the operating system."""
        if self._file is not None:
            with typed_errors(str(self._name)):
                self._file.flush()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._file is not None:
            file, self._file = self._file, None
            with typed_errors(str(self._name)):
                file.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def exists(path: Any) -> bool:
    """Whether there is a file or folder of this name."""
    return os.path.exists(path)


def isdir(path: Any) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(path)


def listdir(path: Any) -> list[Any]:
    """The names in a folder.

    Raises:
        NotFoundError: if there is no such folder.
    """
    if not os.path.isdir(path):
        raise errors.NotFoundError(None, None, f"Could not find directory {path}")
    with typed_errors(str(path)):
        return os.listdir(path)


def glob(pattern: Any) -> list[Any]:
    """The paths that fit a pattern, or one of a list of patterns, sorted."""
    patterns = pattern if isinstance(pattern, list | tuple) else [pattern]
    return [path for each in patterns for path in sorted(globbing.glob(os.fspath(each)))]


def mkdir(path: Any) -> None:
    """Make a folder whose parent exists. Raises AlreadyExistsError, NotFoundError."""
    with typed_errors(str(path)):
        os.mkdir(path)


def makedirs(path: Any) -> None:
    """Make a folder, and its parents, where they are missing."""
    with typed_errors(str(path)):
        os.makedirs(path, exist_ok=True)


def remove(path: Any) -> None:
    """Delete a file. Raises NotFoundError if there is none."""
    with typed_errors(str(path)):
        os.remove(path)


def rmtree(path: Any) -> None:
    """Delete a folder and all in it. Raises NotFoundError if there is none."""
    with typed_errors(str(path)):
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.remove(path)


def _check_target(path: Any, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise errors.AlreadyExistsError(None, None, f"file already exists: {path}")


def copy(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Copy a file. Raises AlreadyExistsError, unless it may overwrite."""
    _check_target(dst, overwrite)
    with typed_errors(str(src)):
        shutil.copyfile(src, dst)


def rename(src: Any, dst: Any, overwrite: bool = False) -> None:
    """Rename a file or folder. Raises AlreadyExistsError, unless it may overwrite."""
    _check_target(dst, overwrite)
    with typed_errors(str(src)):
        os.replace(src, dst)


def stat(path: Any) -> FileStatistics:
    """Size, time and kind of a file. Raises NotFoundError."""
    with typed_errors(str(path)):
        found = os.stat(path)
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(path))


def walk(
    top: Any, topdown: bool = True, onerror: Callable[[OSError], object] | None = None
) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """Each folder below `top`, itself included, with the names of its folders and files."""
    return os.walk(top, topdown=topdown, onerror=onerror)


def join(path: Any, *paths: Any) -> Any:
    """The parts as one path."""
    return os.path.join(path, *paths)


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """What a file holds: bytes if `binary_mode`, else text."""
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: Any) -> None:
    """A file of this content, text or bytes."""
    with GFile(filename, "w") as file:
        file.write(file_content)
