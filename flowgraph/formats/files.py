"""Files that appear whole or not at all, and the operating system's errors as `OpError`."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO

from flowgraph import errors
from flowgraph.graph import hooks

__all__ = [
    "TEMPORARY_SUFFIX",
    "begin_writeback",
    "replacing",
    "sync_folder",
    "typed_error",
    "typed_errors",
]

TEMPORARY_SUFFIX = ".tmp"
_BUFFER_SIZE = 1 << 20

_ERROR_OF_ERRNO: dict[int, type[errors.OpError]] = {
    errno.ENOENT: errors.NotFoundError,
    errno.EEXIST: errors.AlreadyExistsError,
    errno.ENOTDIR: errors.FailedPreconditionError,
    errno.EISDIR: errors.FailedPreconditionError,
    errno.EACCES: errors.PermissionDeniedError,
    errno.EPERM: errors.PermissionDeniedError,
    errno.EROFS: errors.PermissionDeniedError,
    errno.ENOSPC: errors.ResourceExhaustedError,
    errno.EDQUOT: errors.ResourceExhaustedError,
    errno.EFBIG: errors.ResourceExhaustedError,
    errno.EMFILE: errors.ResourceExhaustedError,
    errno.ENFILE: errors.ResourceExhaustedError,
    errno.ENAMETOOLONG: errors.InvalidArgumentError,
}


def typed_error(error: OSError, path: str) -> errors.OpError:
    """The `OpError` that says what `error` says, about the file `path`."""
    kind = _ERROR_OF_ERRNO.get(error.errno or 0, errors.UnknownError)
    return kind(None, None, f"{path}; {error.strerror or error}")


@contextlib.contextmanager
def typed_errors(path: str) -> Iterator[None]:
    """Turns an ``OSError`` of its block into an `OpError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise typed_error(error, path) from error


hooks.file_errors = typed_errors


def begin_writeback(file: BinaryIO, start: int, length: int) -> None:
    """Asks the system to bring written bytes to the disk by and by: the sync at the end waits less.

    Where that cannot be asked, nothing happens.
    """
    advise = getattr(os, "posix_fadvise", None)
    if advise is not None:
        with contextlib.suppress(OSError, ValueError):
            advise(file.fileno(), start, length, os.POSIX_FADV_DONTNEED)


def sync_folder(path: str) -> None:
    """Makes the names in the folder of the file `path` durable."""
    # Elsewhere than on POSIX systems a folder cannot be opened, nor need it be synced.
    if os.name != "posix":
        return
    descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """Yields a file that takes the name `path` when the block ends, in place of any there was.

    The content is on disk before the name changes, and the name before this returns: a crash at
    any point leaves the old file or the new one. If the block fails, the old file stays.

    Raises:
        OpError: of the kind that fits the operating system's error: `ResourceExhaustedError` for
            a full disk, `NotFoundError` for a missing folder, `PermissionDeniedError`, ...
    """
    temporary = f"{path}.{os.getpid()}.{threading.get_ident()}{TEMPORARY_SUFFIX}"
    with typed_errors(path):
        try:
            with open(temporary, "wb", buffering=_BUFFER_SIZE) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        sync_folder(path)
