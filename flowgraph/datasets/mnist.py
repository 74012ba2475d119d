"""MNIST and the data sets published in its form: found on this machine, or downloaded.

Each consists of four idx files: images and labels for training, images and labels for the test.
Nothing is fetched from the net except by `download`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flowgraph.datasets import idx
from flowgraph.datasets.files import fetch
from flowgraph.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    UnavailableError,
)

__all__ = ["DEBIAN_FOLDER", "FILES", "SOURCES", "Source", "Splits", "download", "find", "load"]

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)

_HELP = (
    f"put {', '.join(FILES)} into a folder and name it (or set FLOWGRAPH_DATA to it), "
    "or install Debian's package dataset-fashion-mnist"
)


class Source(NamedTuple):
    """Where a data set is published and the SHA-256 of each of its files there."""

    urls: tuple[str, ...]
    sha256: Mapping[str, str]


class Splits(NamedTuple):
    """The four arrays: uint8 images [n, rows, columns] and uint8 labels [n], twice."""

    train_images: np.ndarray[Any, Any]
    train_labels: np.ndarray[Any, Any]
    test_images: np.ndarray[Any, Any]
    test_labels: np.ndarray[Any, Any]


SOURCES: Mapping[str, Source] = {
    "mnist": Source(
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        {
            FILES[0]: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            FILES[1]: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            FILES[2]: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            FILES[3]: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
    ),
    "fashion-mnist": Source(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        {
            FILES[0]: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            FILES[1]: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            FILES[2]: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            FILES[3]: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
    ),
}


def find(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """The folder that holds the four files, or None if there is none.

    Args:
        folder: the only place to look. Without it the places are the folder that the environment
            variable FLOWGRAPH_DATA names, its subfolders ``mnist`` and ``fashion-mnist``, and
            where Debian's package dataset-fashion-mnist installs its files.

    Raises:
        NotFoundError: a folder has some of the files but not all; the message names the others.
    """
    if folder is not None:
        candidates = [Path(folder)]
    else:
        candidates = [DEBIAN_FOLDER]
        root = os.environ.get("FLOWGRAPH_DATA")
        if root:
            candidates[:0] = [Path(root), *(Path(root) / name for name in SOURCES)]
    for candidate in candidates:
        missing = [name for name in FILES if _locate(candidate, name) is None]
        if not missing:
            return candidate
        if len(missing) < len(FILES):
            raise NotFoundError(None, None, f"{candidate}: {', '.join(missing)} missing")
    return None


def load(folder: str | os.PathLike[str] | None = None) -> Splits:
    """Reads the four files from `folder`, or from the first place where `find` sees them.

    The files may be compressed with gzip or plain (then without ``.gz`` in their names).

    Raises:
        NotFoundError: the files are not there.
        InvalidArgumentError: a file holds no idx array, or one that is no set of images or labels.
        DataLossError: a file is damaged.
    """
    found = find(folder)
    if found is None:
        place = "no MNIST files found" if folder is None else f"{folder}: no MNIST files there"
        raise NotFoundError(None, None, f"{place}; {_HELP}")
    train_images, train_labels, test_images, test_labels = (_read(found, name) for name in FILES)
    for images, labels, name in (
        (train_images, train_labels, FILES[1]),
        (test_images, test_labels, FILES[3]),
    ):
        if len(images) != len(labels):
            message = f"{found / name}: {len(labels)} labels for {len(images)} images"
            raise InvalidArgumentError(None, None, message)
    return Splits(train_images, train_labels, test_images, test_labels)


def download(
    name: str,
    folder: str | os.PathLike[str],
    url: str | None = None,
    progress: bool = True,
) -> Path:
    """Fetches the four files of a data set; those already there in good order stay.

    Args:
        name: ``"mnist"`` or ``"fashion-mnist"``, whose checksums are known; with `url` also
            ``""``, for any other set in this form: then only the format can be verified.
        folder: where to put them; made if necessary.
        url: the folder on the net to take them from, instead of the usual ones.
        progress: draw a bar on stderr, if that is a terminal.

    Returns:
        The folder.

    Raises:
        InvalidArgumentError: no data set of that name is known.
        DataLossError: a file arrived damaged, or not as its publisher made it.
        UnavailableError: the net or the server could not be reached.
    """
    if name not in SOURCES and not (name == "" and url):
        raise InvalidArgumentError(
            None, None, f"unknown data set {name!r}, expected one of {', '.join(SOURCES)}"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    urls = SOURCES[name].urls if url is None else (url.rstrip("/") + "/",)
    for file_name in FILES:
        path = folder / file_name
        verify = _verifier(name, file_name)
        if _is_good(path, verify):
            continue
        try:
            fetch([base + file_name for base in urls], path, verify, progress)
        except UnavailableError as error:
            raise UnavailableError(
                None, None, f"{error.message}. Without a connection, {_HELP}"
            ) from error
    return folder


def _locate(folder: Path, name: str) -> Path | None:
    stem = name.removesuffix(".gz")
    dotted = stem.replace("-idx", ".idx")
    for candidate in (name, stem, dotted + ".gz", dotted):
        path = folder / candidate
        if path.is_file():
            return path
    return None


def _read(folder: Path, name: str) -> np.ndarray[Any, Any]:
    path = _locate(folder, name)
    if path is None:
        raise NotFoundError(None, None, f"{folder / name}: no such file")
    array = idx.read(path)
    rank = 3 if "images" in name else 1
    if array.dtype != np.uint8 or array.ndim != rank:
        raise InvalidArgumentError(
            None,
            None,
            f"{path}: expected a uint8 array of rank {rank}, not {array.dtype} {array.shape}",
        )
    return array


def _verifier(name: str, file_name: str) -> Callable[[Path], None]:
    if name in SOURCES:
        return partial(_check_sha256, SOURCES[name].sha256[file_name])
    return _check_format


def _check_sha256(expected: str, path: Path) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise DataLossError(None, None, f"{path}: SHA-256 is {actual}, expected {expected}")


def _check_format(path: Path) -> None:
    idx.read(path)


def _is_good(path: Path, verify: Callable[[Path], None]) -> bool:
    if not path.is_file():
        return False
    try:
        verify(path)
    except OpError:
        return False
    return True
