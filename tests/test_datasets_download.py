"""Downloads from servers that behave well and badly, all on this machine."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from flowgraph.datasets import files, idx, mnist, read_data_sets
from flowgraph.errors import DataLossError, InvalidArgumentError, UnavailableError
from mnist_files import write_mnist


class _Server(NamedTuple):
    url: str
    root: Path
    requests: list[str]


class _Files(SimpleHTTPRequestHandler):
    requests: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Broken(BaseHTTPRequestHandler):
    """Announces 1000 bytes and sends ten."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"0123456789")

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _serve(handler: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[_Server]:
    root = tmp_path / "served"
    write_mnist(root)

    class Handler(_Files):
        requests: ClassVar[list[str]] = []

    for url in _serve(partial(Handler, directory=str(root))):
        yield _Server(url, root, Handler.requests)


@pytest.fixture
def broken() -> Iterator[str]:
    yield from _serve(_Broken)


def _publish(monkeypatch: pytest.MonkeyPatch, root: Path, *urls: str) -> None:
    """Makes "mnist" the files in `root`, published at `urls`."""
    sums = {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in mnist.FILES}
    monkeypatch.setattr(mnist, "SOURCES", {"mnist": mnist.Source(urls, sums)})


def test_download_fetches_what_is_missing_or_bad(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(monkeypatch, server.root, server.url)
    folder = tmp_path / "new" / "folder"
    assert mnist.download("mnist", folder, progress=False) == folder
    assert sorted(path.name for path in folder.iterdir()) == sorted(mnist.FILES)
    assert len(mnist.load(folder).train_images) == 60
    (folder / mnist.FILES[0]).write_bytes(b"bad")
    server.requests.clear()
    mnist.download("mnist", folder, progress=False)
    assert server.requests == ["/" + mnist.FILES[0]]
    assert len(mnist.load(folder).train_images) == 60


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "drawn"),
    [(_Terminal, True, True), (_Terminal, False, False), (io.StringIO, True, False)],
)
def test_download_draws_a_bar_on_a_terminal(
    stream: type[io.StringIO],
    progress: bool,
    drawn: bool,
    server: _Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = stream()
    monkeypatch.setattr(sys, "stderr", screen)
    mnist.download("", tmp_path / "folder", server.url, progress)
    assert (mnist.FILES[0] in screen.getvalue()) == drawn


def test_download_with_wrong_checksum_leaves_nothing(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(monkeypatch, server.root, server.url)
    idx.write(server.root / mnist.FILES[0], np.zeros((2, 28, 28), np.uint8))
    folder = tmp_path / "folder"
    with pytest.raises(DataLossError, match="SHA-256"):
        mnist.download("mnist", folder, progress=False)
    assert list(folder.iterdir()) == []


def test_download_of_an_error_page_leaves_nothing(server: _Server, tmp_path: Path) -> None:
    (server.root / mnist.FILES[0]).write_bytes(b"<html></html>")
    folder = tmp_path / "folder"
    with pytest.raises(DataLossError, match=f"{mnist.FILES[0]}: not an idx file"):
        mnist.download("", folder, server.url, progress=False)
    assert list(folder.iterdir()) == []


def test_interrupted_download_keeps_the_old_file(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(UnavailableError, match="connection broke"):
        files.fetch([broken + "file"], path, lambda path: None, progress=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_download_stopped_by_the_user_leaves_nothing(server: _Server, tmp_path: Path) -> None:
    def stop(path: Path) -> None:
        assert path.stat().st_size > 0
        raise KeyboardInterrupt

    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        files.fetch([server.url + mnist.FILES[0]], folder / "file", stop, progress=False)
    assert list(folder.iterdir()) == []


def test_download_goes_on_to_the_next_mirror(
    server: _Server, broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _publish(monkeypatch, server.root, broken, server.url)
    mnist.download("mnist", tmp_path / "folder", progress=False)
    assert len(mnist.load(tmp_path / "folder").train_images) == 60


def test_offline_error_tells_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    missing = (tmp_path / "nowhere").as_uri()
    with pytest.raises(UnavailableError, match="install Debian's package dataset-fashion-mnist"):
        mnist.download("mnist", folder, missing, progress=False)
    assert list(folder.iterdir()) == []


def test_download_of_unknown_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="fashion-mnist"):
        mnist.download("mnits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_source_url_completes_train_dir(server: _Server, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write_mnist(folder)
    (folder / mnist.FILES[3]).unlink()
    data = read_data_sets(folder, validation_size=0, source_url=server.url.rstrip("/"))
    assert data.test.num_examples == 20
    assert server.requests == ["/" + mnist.FILES[3]]
    read_data_sets(folder, validation_size=0, source_url=server.url)
    assert len(server.requests) == 1
