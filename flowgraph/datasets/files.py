"""Files that appear complete or not at all, and fetching them from the net."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any

from flowgraph.errors import DataLossError, InvalidArgumentError, NotFoundError, UnavailableError

__all__ = ["fetch", "replacing"]

_CHUNK = 1 << 16
_TIMEOUT_SECONDS = 30.0


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` on success and vanishes on failure.

    Raises:
        NotFoundError: the folder does not exist.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        file = temporary.open("xb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(None, None, f"{path.parent}: no such folder") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def fetch(
    urls: Sequence[str], path: Path, verify: Callable[[Path], None], progress: bool = True
) -> None:
    """Downloads a file from the first of several places that has it in good order.

    Args:
        urls: where to look, in this order.
        path: the file to make; nothing is left there unless the download is complete and verified.
        verify: raises `DataLossError` or `InvalidArgumentError` if the file it is given is bad.
        progress: draw a bar on stderr, if that is a terminal.

    Raises:
        DataLossError: no place had a good file and at least one had a bad one.
        UnavailableError: no place could be reached.
    """
    failures: list[str] = []
    reached = False
    for url in urls:
        try:
            with replacing(path) as file:
                _download(url, file, path.name, progress)
                file.flush()
                verify(Path(file.name))
            return
        except UnavailableError as error:
            failures.append(error.message)
        except (DataLossError, InvalidArgumentError) as error:
            reached = True
            # The temporary file is gone when the message is read.
            failures.append(f"{url}: {error.message.replace(file.name, path.name)}")
    kind = DataLossError if reached else UnavailableError
    raise kind(None, None, f"cannot download {path.name}: " + "; ".join(failures))


def _download(url: str, file: IO[bytes], title: str, progress: bool) -> None:
    # Both are slow to import and needed only here.
    from urllib.request import Request, urlopen

    from tqdm import tqdm

    try:
        response = urlopen(
            Request(url, headers={"User-Agent": "flowgraph"}), timeout=_TIMEOUT_SECONDS
        )
    except (OSError, HTTPException) as error:
        raise UnavailableError(None, None, f"{url}: {error}") from error
    with response:
        announced = response.headers.get("Content-Length", "")
        total = int(announced) if announced.isdecimal() else None
        # None means: only on a terminal.
        disable = None if progress else True
        with tqdm(total=total, desc=title, unit="B", unit_scale=True, disable=disable) as bar:
            received = 0
            while chunk := _receive(response, url):
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
    if total is not None and received != total:
        raise UnavailableError(
            None, None, f"{url}: the connection broke after {received} of {total} bytes"
        )


def _receive(response: Any, url: str) -> bytes:
    try:
        chunk: bytes = response.read(_CHUNK)
    except (OSError, HTTPException) as error:
        raise UnavailableError(None, None, f"{url}: the connection broke: {error}") from error
    return chunk
