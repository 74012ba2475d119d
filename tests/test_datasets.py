"""MNIST files found and read, the embedded digits, and `next_batch`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgraph import dtypes
from flowgraph.datasets import digits, idx, input_data, mnist, read_data_sets
from flowgraph.errors import InvalidArgumentError, NotFoundError
from mnist_files import write_mnist

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FLOWGRAPH_DATA", raising=False)
    monkeypatch.setattr(mnist, "DEBIAN_FOLDER", tmp_path / "debian")


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_load_from_folder(suffix: str, tmp_path: Path) -> None:
    expected = write_mnist(tmp_path, suffix=suffix)
    for actual, array in zip(mnist.load(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(actual, array)


def test_find_accepts_dotted_names(tmp_path: Path) -> None:
    write_mnist(tmp_path, suffix="")
    for name in mnist.FILES:
        stem = name.removesuffix(".gz")
        (tmp_path / stem).rename(tmp_path / stem.replace("-idx", ".idx"))
    assert mnist.find(tmp_path) == tmp_path
    assert len(mnist.load(tmp_path).test_labels) == 20


def test_find_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mnist.find() is None
    write_mnist(mnist.DEBIAN_FOLDER)
    assert mnist.find() == mnist.DEBIAN_FOLDER
    monkeypatch.setenv("FLOWGRAPH_DATA", str(tmp_path / "data"))
    assert mnist.find() == mnist.DEBIAN_FOLDER
    write_mnist(tmp_path / "data" / "fashion-mnist")
    assert mnist.find() == tmp_path / "data" / "fashion-mnist"
    write_mnist(tmp_path / "data")
    assert mnist.find() == tmp_path / "data"
    assert mnist.find(tmp_path / "elsewhere") is None


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="dataset-fashion-mnist"):
        mnist.load(tmp_path)
    write_mnist(tmp_path)
    (tmp_path / mnist.FILES[2]).unlink()
    with pytest.raises(NotFoundError, match=f"{mnist.FILES[2]} missing"):
        mnist.load(tmp_path)


def test_load_checks_what_the_files_hold(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    idx.write(tmp_path / mnist.FILES[1], np.zeros(59, np.uint8))
    with pytest.raises(InvalidArgumentError, match="59 labels for 60 images"):
        mnist.load(tmp_path)
    idx.write(tmp_path / mnist.FILES[1], np.zeros((60, 1), np.uint8))
    with pytest.raises(InvalidArgumentError, match="rank 1"):
        mnist.load(tmp_path)


def test_embedded_digits() -> None:
    raw, labels = digits.load_raw()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # The first row of the first digit, as the publishers print it.
    assert raw[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    data = digits.load()
    assert data.train_images.shape == (1500, 28, 28) and data.test_images.shape == (297, 28, 28)
    assert data.train_images.dtype == np.uint8 and data.train_images.max() == 255
    np.testing.assert_array_equal(np.concatenate([data.train_labels, data.test_labels]), labels)


def test_digits_are_centred_and_keep_their_ink() -> None:
    raw, _ = digits.load_raw()
    data = digits.load()
    images = np.concatenate([data.train_images, data.test_images]).astype(np.float64)
    ink = images.sum(axis=(1, 2))
    row = images.sum(axis=2) @ np.arange(28) / ink
    column = images.sum(axis=1) @ np.arange(28) / ink
    assert np.abs(row - 13.5).max() <= 0.5 and np.abs(column - 13.5).max() <= 0.5
    # Each raw pixel covers (20/8)^2 new ones; linear interpolation smears some over the edge.
    ratio = ink / (raw.sum(axis=(1, 2)) * (255 / 16) * 6.25)
    assert ratio.min() > 0.9 and ratio.max() < 1.1


def numbers(images: Array) -> list[int]:
    return [round(float(value) * 255) for value in images[:, 0]]


def test_read_data_sets_shapes_and_values(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    data = read_data_sets(tmp_path, validation_size=10)
    assert [part.num_examples for part in data] == [50, 10, 20]
    assert data.train.images.shape == (50, 784) and data.train.images.dtype == np.float32
    assert data.train.labels.dtype == np.uint8
    assert numbers(data.validation.images) == list(range(10))
    assert data.train.images[5, 0] == np.float32(15) * np.float32(1 / 255)


def test_read_data_sets_options(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    data = read_data_sets(
        str(tmp_path), one_hot=True, dtype=dtypes.uint8, reshape=False, validation_size=0
    )
    assert data.train.images.shape == (60, 28, 28, 1) and data.train.images.dtype == np.uint8
    assert data.train.labels.dtype == np.float64
    np.testing.assert_array_equal(data.test.labels[3], np.eye(10)[3])
    assert data.validation.num_examples == 0
    assert read_data_sets(tmp_path, dtype="uint8", validation_size=0).train.images.max() == 59


def test_read_data_sets_bad_arguments(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    for size in (-1, 61):
        with pytest.raises(ValueError, match="between 0 and 60"):
            read_data_sets(tmp_path, validation_size=size)
    with pytest.raises(TypeError, match="int32"):
        read_data_sets(tmp_path, dtype=dtypes.int32, validation_size=0)
    idx.write(tmp_path / mnist.FILES[1], np.full(60, 10, np.uint8))
    with pytest.raises(InvalidArgumentError, match="label 10"):
        read_data_sets(tmp_path, one_hot=True, validation_size=0)


def test_fallback_is_logged_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, "flowgraph")
    empty = tmp_path / "empty"
    assert [part.num_examples for part in read_data_sets(empty)] == [1375, 125, 297]
    write_mnist(mnist.DEBIAN_FOLDER, train=70)
    assert read_data_sets(empty, validation_size=0).train.num_examples == 70
    write_mnist(empty)
    assert read_data_sets(empty, validation_size=0).train.num_examples == 60
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert "digits that come with" in lines[0]
    assert str(mnist.DEBIAN_FOLDER) in lines[1]
    assert str(empty) in lines[2]
    assert capsys.readouterr().out == ""


def test_incomplete_train_dir_is_no_reason_to_take_other_data(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / mnist.FILES[3]).unlink()
    with pytest.raises(NotFoundError, match=mnist.FILES[3]):
        read_data_sets(tmp_path)


def reference_batches(count: int, sizes: list[int], shuffle: list[bool], seed: int) -> list[Any]:
    """What the tutorial's rule gives, for batches no larger than the data."""
    generator = np.random.RandomState(seed)
    items, start, epochs, batches = np.arange(count), 0, 0, []
    for size, shuffled in zip(sizes, shuffle, strict=True):
        if epochs == 0 and start == 0 and shuffled:
            items = generator.permutation(count)
        if start + size <= count:
            batch, start = items[start : start + size], start + size
        else:
            rest = items[start:]
            epochs += 1
            if shuffled:
                items = items[generator.permutation(count)]
            start = size - len(rest)
            batch = np.concatenate([rest, items[:start]])
        batches.append((batch.tolist(), epochs))
    return batches


@given(
    count=st.integers(1, 12),
    calls=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=20),
    seed=st.integers(0, 2**32 - 1),
)
def test_next_batch_follows_the_tutorial(
    count: int, calls: list[tuple[int, bool]], seed: int
) -> None:
    sizes = [min(size, count) for size, _ in calls]
    shuffle = [shuffled for _, shuffled in calls]
    labels = np.arange(count)
    images = labels.astype(np.uint8).reshape(-1, 1, 1, 1)
    data = input_data.DataSet(images, labels, dtype="uint8", seed=seed)
    actual = []
    for size, shuffled in zip(sizes, shuffle, strict=True):
        batch_images, batch_labels = data.next_batch(size, shuffle=shuffled)
        assert batch_images[:, 0].tolist() == batch_labels.tolist()
        actual.append((batch_labels.tolist(), data.epochs_completed))
    assert actual == reference_batches(count, sizes, shuffle, seed % (2**31 - 1))


def small(count: int = 10, **options: Any) -> input_data.DataSet:
    images = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1)
    return input_data.DataSet(images, np.arange(count), dtype="uint8", **options)


def test_an_epoch_ends_when_more_is_wanted_than_left() -> None:
    data = small()
    first = data.next_batch(10)[1]
    assert sorted(first) == list(range(10)) and data.epochs_completed == 0
    data.next_batch(1)
    assert data.epochs_completed == 1


def test_batch_larger_than_the_data_goes_round() -> None:
    data = small(4, seed=1)
    labels = data.next_batch(10)[1]
    assert len(labels) == 10 and data.epochs_completed == 2
    assert sorted(labels[:4]) == sorted(labels[4:8]) == [0, 1, 2, 3]
    assert sorted([*labels[8:], *data.next_batch(2)[1]]) == [0, 1, 2, 3]


def test_seed_decides_the_batches_and_leaves_numpy_alone() -> None:
    np.random.seed(3)
    expected = np.random.RandomState(3).rand()
    runs = [[small(50, seed=seed).next_batch(50)[1].tolist()] for seed in (7, 7, 8)]
    assert runs[0] == runs[1] != runs[2]
    assert np.random.rand() == expected


def test_writing_to_a_batch_leaves_the_data_alone() -> None:
    data = small()
    images, labels = data.next_batch(3, shuffle=False)
    images[:], labels[:] = 99, 99
    assert data.labels.tolist() == list(range(10)) and data.images.max() == 9


def test_next_batch_of_nothing() -> None:
    with pytest.raises(ValueError, match="0 examples"):
        small(0).next_batch(1)
    with pytest.raises(ValueError, match="-1"):
        small().next_batch(-1)
    assert len(small().next_batch(0)[0]) == 0


def test_fake_data() -> None:
    data = read_data_sets("", fake_data=True, one_hot=True)
    images, labels = data.train.next_batch(3, fake_data=True)
    assert data.train.num_examples == 10000
    assert images == [[1] * 784] * 3 and labels == [[1] + [0] * 9] * 3
    assert small().next_batch(2, fake_data=True)[1] == [0, 0]


def test_data_set_checks_its_arrays() -> None:
    with pytest.raises(ValueError, match="labels of shape"):
        input_data.DataSet(np.zeros((3, 2, 2, 1), np.uint8), np.zeros(2))
    with pytest.raises(ValueError, match="rows, columns, 1"):
        input_data.DataSet(np.zeros((3, 2, 2), np.uint8), np.zeros(3))
