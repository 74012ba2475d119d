"""Indexable data sets, collation, and the loader with and without its thread."""

from __future__ import annotations

import struct
import threading
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from flowgraph.datasets import ArrayDataset, DataLoader, Dataset, collate

Array = np.ndarray[Any, Any]


def epoch(loader: DataLoader) -> list[int]:
    return [number for (batch,) in loader for number in batch.tolist()]


@pytest.mark.parametrize("prefetch", [0, 2])
def test_sixty_thousand_in_batches_of_64(prefetch: int) -> None:
    loader = DataLoader(ArrayDataset(np.arange(60000)), 64, shuffle=True, prefetch=prefetch)
    sizes = Counter(len(batch) for (batch,) in loader)
    assert len(loader) == 938 and sizes == {64: 937, 32: 1}
    assert sorted(epoch(loader)) == list(range(60000))


def test_orders_differ_between_epochs_and_repeat_with_the_seed() -> None:
    one, other = (DataLoader(ArrayDataset(np.arange(100)), 7, True, seed=5) for _ in range(2))
    first, second = epoch(one), epoch(one)
    assert first != second and first != list(range(100))
    assert [epoch(other), epoch(other)] == [first, second]
    assert epoch(DataLoader(ArrayDataset(np.arange(100)), 7)) == list(range(100))


def test_drop_last() -> None:
    loader = DataLoader(ArrayDataset(np.arange(10)), 4, drop_last=True)
    assert len(loader) == 2 and epoch(loader) == list(range(8))
    assert epoch(DataLoader(ArrayDataset(np.arange(3)), 4, drop_last=True)) == []
    assert len(DataLoader(ArrayDataset(np.arange(8)), 4)) == 2


def test_bad_loader_arguments() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        DataLoader([1, 2], 0)
    with pytest.raises(ValueError, match="prefetch"):
        DataLoader([1, 2], prefetch=-1)
    with pytest.raises(ValueError, match="first dimension"):
        ArrayDataset(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="at least one dimension"):
        ArrayDataset()


class Point(NamedTuple):
    x: Any
    name: Any


def test_collate_keeps_structure() -> None:
    batch = collate(
        [{"p": Point(1.0, "a"), "l": [np.ones(2)]}, {"p": Point(2.0, "b"), "l": [[3, 4]]}]
    )
    assert isinstance(batch["p"], Point) and batch["p"].x.tolist() == [1.0, 2.0]
    assert batch["p"].name.dtype == object and batch["p"].name.tolist() == ["a", "b"]
    assert [part.tolist() for part in batch["l"]] == [[[1, 1], [3, 4]]]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([], "no samples"),
        ([np.zeros(2), np.zeros(3)], "differ in shape"),
        ([{"a": 1}, {"b": 1}], "keys"),
        ([(1, 2), (1, 2, 3)], "length"),
    ],
)
def test_collate_of_unequal_samples(samples: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        collate(samples)


def test_own_collate_sees_the_samples() -> None:
    loader = DataLoader(ArrayDataset(np.arange(5)), 2, collate=len)
    assert list(loader) == [2, 2, 1]


def test_array_dataset_agrees_with_its_samples() -> None:
    data = ArrayDataset(np.arange(12).reshape(6, 2), np.arange(6.0))
    fast = list(DataLoader(data, 4))
    slow = list(DataLoader([data[index] for index in range(6)], 4))
    for left, right in zip(fast, slow, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write_png(path: Path, image: Array) -> None:
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


class ImageFolder(Dataset):
    """Grey PNG files, as `write_png` makes them, and labels from a .npy file."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.png"))
        self.labels = np.load(folder / "labels.npy")

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> dict[str, Any]:
        content = self.paths[index].read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        (length,) = struct.unpack(">I", content[33:37])
        rows = np.frombuffer(zlib.decompress(content[41 : 41 + length]), np.uint8)
        image = rows.reshape(height, width + 1)[:, 1:]
        return {"image": image.astype(np.float32).ravel() / 255, "label": self.labels[index]}


@pytest.mark.parametrize("prefetch", [0, 1])
def test_image_folder_with_labels(prefetch: int, tmp_path: Path) -> None:
    images = np.random.RandomState(0).randint(0, 256, (10, 3, 5)).astype(np.uint8)
    for number, image in enumerate(images):
        write_png(tmp_path / f"{number}.png", image)
    np.save(tmp_path / "labels.npy", np.arange(10))
    loader = DataLoader(ImageFolder(tmp_path), 4, shuffle=True, seed=0, prefetch=prefetch)
    batches = list(loader)
    assert [batch["image"].shape for batch in batches] == [(4, 15), (4, 15), (2, 15)]
    for batch in batches:
        expected = images[batch["label"]].reshape(len(batch["label"]), -1) / np.float32(255)
        np.testing.assert_array_equal(batch["image"], expected)
    assert sorted(np.concatenate([batch["label"] for batch in batches])) == list(range(10))


def prefetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "flowgraph-prefetch"]


class Watched(Dataset):
    """Tells how far it was read, and fails at one sample."""

    def __init__(self, count: int, bad: int = -1) -> None:
        self.count, self.bad, self.read = count, bad, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> int:
        if index == self.bad:
            raise OSError("unreadable sample")
        self.read += 1
        return index


def test_prefetch_thread_ends_with_the_loop() -> None:
    data = Watched(1000)
    batches = iter(DataLoader(data, prefetch=3))
    assert next(batches).tolist() == [0]
    assert len(prefetching()) == 1
    batches.close()  # type: ignore[attr-defined]
    assert prefetching() == []
    assert data.read < 1000


@pytest.mark.parametrize("prefetch", [0, 2])
def test_error_of_a_sample_reaches_the_loop(prefetch: int) -> None:
    seen = []
    with pytest.raises(OSError, match="unreadable sample"):
        for batch in DataLoader(Watched(10, bad=4), 2, prefetch=prefetch):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]]
    assert prefetching() == []
