"""The catalogue's engine demonstrations of queues: windows of a text, records of files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.image_records import RECORD_BYTES, read_image
from flowgraph.models.token_queue import token_queue


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@contextmanager
def running() -> Iterator[Any]:
    """A session whose queues are being filled."""
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        yield session
        coord.request_stop()
        coord.join(threads)


def test_ptb_producer_queue() -> None:
    x, y = token_queue([4, 3, 2, 1, 0, 5, 6, 1, 1, 1, 1, 0, 3, 4, 1], 3, 2)
    assert x.shape.as_list() == y.shape.as_list() == [3, 2]
    assert x.dtype == tf.int32
    expected = [
        ([[4, 3], [5, 6], [1, 0]], [[3, 2], [6, 1], [0, 3]]),
        ([[2, 1], [1, 1], [3, 4]], [[1, 0], [1, 1], [4, 1]]),
    ]
    with running() as session:
        for window in (0, 1, 0, 1, 0):
            found = session.run([x, y])
            np.testing.assert_array_equal(found, expected[window])


def test_ptb_producer_queue_drops_the_remainder_of_a_row() -> None:
    x, y = token_queue(np.arange(20), 2, 3)
    (size,) = [
        op for op in tf.get_default_graph().get_operations() if op.name.endswith("epoch_size")
    ]
    with running() as session:
        assert session.run(size.outputs[0]) == 3
        windows = [session.run([x, y]) for _ in range(4)]
    np.testing.assert_array_equal(windows[0][0], [[0, 1, 2], [10, 11, 12]])
    np.testing.assert_array_equal(windows[0][1], [[1, 2, 3], [11, 12, 13]])
    np.testing.assert_array_equal(windows[2][0], [[6, 7, 8], [16, 17, 18]])
    np.testing.assert_array_equal(windows[3], windows[0])


def test_ptb_producer_queue_takes_one_number_per_run() -> None:
    x, y = token_queue(np.arange(40), 2, 3)
    with running() as session:
        both = [session.run([x, x, y, y]) for _ in range(3)]
        alone = [session.run(x), session.run(y)]
    for number, (first, again, shifted, _) in enumerate(both):
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(first + 1, shifted)
        assert first[0, 0] == 3 * number
    assert [alone[0][0, 0], alone[1][0, 0]] == [9, 13]


def test_ptb_producer_queue_of_a_short_text() -> None:
    ids = tf.placeholder_with_default(np.arange(6, dtype=np.int32), [None])
    with pytest.raises(tf.errors.InvalidArgumentError, match="decrease batch_size or num_steps"):
        x, _ = token_queue(np.arange(6), 2, 3)
        with running() as session:
            session.run(x)
    x, _ = token_queue(ids, 2, 3)
    size = next(op for op in tf.get_default_graph().get_operations() if "epoch_size" in op.name)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match="epoch_size == 0"),
    ):
        session.run(size)
    assert x.shape.as_list() == [2, 3]


class Files:
    """Files of records of known bytes."""

    def __init__(self, folder: Path, counts: list[int]) -> None:
        rng = np.random.default_rng(0)
        self.names = []
        self.images: dict[str, Any] = {}
        self.labels: dict[str, int] = {}
        for number, count in enumerate(counts):
            path = folder / f"data_batch_{number}.bin"
            labels = rng.integers(0, 10, (count, 1), np.uint8)
            planes = rng.integers(0, 256, (count, 3, 32, 32), np.uint8)
            path.write_bytes(np.concatenate([labels, planes.reshape(count, -1)], 1).tobytes())
            self.names.append(str(path))
            for record in range(count):
                key = f"{path}:{record}"
                self.labels[key] = int(labels[record, 0])
                self.images[key] = planes[record].transpose(1, 2, 0)

    def check(self, key: bytes, label: Any, image: Any) -> str:
        name = key.decode()
        assert label.dtype == np.int32 and label.shape == (1,)
        assert image.dtype == np.uint8 and image.shape == (32, 32, 3)
        assert label[0] == self.labels[name]
        np.testing.assert_array_equal(image, self.images[name])
        return name


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Files:
    return Files(tmp_path, [4, 1, 3])


def test_cifar_record_reader(files: Files) -> None:
    assert RECORD_BYTES == 3073
    record = read_image(tf.train.string_input_producer(files.names, shuffle=False))
    assert record.label.shape.as_list() == [1]
    assert record.image.shape.as_list() == [32, 32, 3]
    with running() as session:
        keys = [files.check(*session.run(record)) for _ in range(10)]
    in_order = list(files.labels)
    assert keys == [*in_order, *in_order[:2]]


def test_cifar_record_reader_that_nobody_asks_consumes_nothing(files: Files) -> None:
    queue = tf.train.string_input_producer(files.names, num_epochs=1, shuffle=False)
    # The program reads twice and uses what it has read last.
    dead, alive = read_image(queue), read_image(queue)
    counts = [tf.get_default_graph().get_operation_by_name(name).outputs[0] for name in _readers()]
    produced = [_produced(handle) for handle in counts]
    with running() as session:
        keys = [files.check(*session.run(alive)) for _ in files.labels]
        assert session.run(produced) == [0, len(files.labels)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(dead)
    assert keys == list(files.labels)


def _readers() -> list[str]:
    operations = tf.get_default_graph().get_operations()
    return [op.name for op in operations if op.type == "FixedLengthRecordReaderV2"]


def _produced(handle: Any) -> Any:
    return tf.ReaderBase(handle).num_records_produced()


@pytest.mark.parametrize("count", [1, 3])
def test_cifar_record_reader_several_times(files: Files, count: int) -> None:
    queue = tf.train.string_input_producer(files.names, num_epochs=2, seed=1)
    records = [list(read_image(queue)) for _ in range(count)]
    batch = tf.train.batch_join(records, 4, allow_smaller_final_batch=True)
    seen: Counter[str] = Counter()
    with running() as session, pytest.raises(tf.errors.OutOfRangeError):
        while True:
            for example in zip(*session.run(batch), strict=True):
                seen[files.check(*example)] += 1
    assert seen == Counter(dict.fromkeys(files.labels, 2))
