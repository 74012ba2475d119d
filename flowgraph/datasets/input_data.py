"""MNIST in batches, with the interface of ``tensorflow.examples.tutorials.mnist.input_data``."""

from __future__ import annotations

import logging
import os
from typing import Any, NamedTuple

import numpy as np

from flowgraph import dtypes
from flowgraph.datasets import digits, mnist
from flowgraph.errors import InvalidArgumentError, NotFoundError

__all__ = ["DataSet", "Datasets", "read_data_sets"]

_logger = logging.getLogger(__name__)

_FAKE_EXAMPLES = 10000
_PIXELS = 784
_CLASSES = 10
# The tutorial's module takes seeds modulo this.
_SEED_MODULUS = 2**31 - 1

_SOURCE_OF_URL = {url: name for name, source in mnist.SOURCES.items() for url in source.urls}


class DataSet:
    """Images with their labels, handed out in batches, epoch after epoch.

    Args:
        images: uint8 [n, rows, columns, 1].
        labels: [n] or, one-hot, [n, classes].
        fake_data: hand out constants in place of `images` and `labels`.
        one_hot: whether the labels of fake data are one-hot.
        dtype: float32 scales the images to 0..1, uint8 leaves them as they are.
        reshape: flatten the images to [n, rows * columns].
        seed: of the shuffling; with the same seed the batches are the same.

    Raises:
        TypeError: if `dtype` is another.
        ValueError: if there are not as many labels as images, or images to be flattened have not
            the shape above.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = dtypes.float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"images can be uint8 or float32, not {dtype.name}")
        self._random = np.random.RandomState(None if seed is None else seed % _SEED_MODULUS)
        self._fake = fake_data
        self.one_hot = one_hot
        if fake_data:
            self._num_examples = _FAKE_EXAMPLES
        else:
            labels = np.asarray(labels)
            images = _prepare(np.asarray(images), labels, dtype, reshape)
            self._num_examples = len(images)
        self._images = images
        self._labels = labels
        # Shuffling this and not the images saves a copy of them per epoch.
        self._order = np.arange(self._num_examples)
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self) -> Any:
        """All images, in the order of the file."""
        return self._images

    @property
    def labels(self) -> Any:
        """All labels, in the order of the images."""
        return self._labels

    @property
    def num_examples(self) -> int:
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How many epochs ended; one ends when a batch needs more examples than it has left."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """The next examples.

        A batch that meets the end of an epoch holds the rest of it, followed by the start of the
        next one, newly shuffled. So every batch is full and no example is left out.

        Args:
            batch_size: how many.
            fake_data: return lists of constants: images of 784 ones, labels of class 0.
            shuffle: shuffle at the start of each epoch.

        Returns:
            Images and labels, each with `batch_size` entries.

        Raises:
            ValueError: if `batch_size` is negative, or there are no examples to choose from.
        """
        if batch_size < 0 or (batch_size > 0 and self._num_examples == 0):
            raise ValueError(
                f"cannot take a batch of {batch_size} from {self._num_examples} examples"
            )
        if fake_data or self._fake:
            return self._fake_batch(batch_size)
        if self._epochs_completed == 0 and self._index_in_epoch == 0 and shuffle:
            self._shuffle()
        parts = []
        wanted = batch_size
        while self._index_in_epoch + wanted > self._num_examples:
            parts.append(self._order[self._index_in_epoch :])
            wanted -= len(parts[-1])
            self._index_in_epoch = 0
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
        start = self._index_in_epoch
        self._index_in_epoch += wanted
        parts.append(self._order[start : self._index_in_epoch])
        chosen = np.concatenate(parts)
        return self._images[chosen], self._labels[chosen]

    def _shuffle(self) -> None:
        permutation = np.arange(self._num_examples)
        self._random.shuffle(permutation)
        self._order = self._order[permutation]

    def _fake_batch(self, batch_size: int) -> tuple[list[Any], list[Any]]:
        image = [1] * _PIXELS
        label = [1] + [0] * (_CLASSES - 1) if self.one_hot else 0
        return [image] * batch_size, [label] * batch_size


class Datasets(NamedTuple):
    """The three parts of a data set."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: str | os.PathLike[str],
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = dtypes.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = None,
) -> Datasets:
    """Reads MNIST, or what there is in its stead, and splits it.

    The data are the first of these: the files in `train_dir`; with `source_url`, the files
    downloaded from there into `train_dir`; the files that `flowgraph.datasets.mnist.find` sees
    elsewhere (Debian's Fashion-MNIST, say); the digits that come with the package. A log line tells
    which was taken.

    Args:
        train_dir: folder with the four files.
        fake_data: read nothing and hand out constants.
        one_hot: labels as rows of ten, float64, instead of numbers.
        dtype: float32 scales the images to 0..1, uint8 leaves them as they are.
        reshape: flatten the images to [n, 784]; else they are [n, 28, 28, 1].
        validation_size: how many of the first training examples become the validation part; of the
            package's own digits at most a twelfth, 125, the share that 5000 has in MNIST.
        seed: of the shuffling.
        source_url: the folder on the net to download missing files from.

    Raises:
        ValueError: if `validation_size` is negative or more than there are training examples.
        TypeError: if `dtype` is neither float32 nor uint8.
        InvalidArgumentError: if a file has another format, or a label to be one-hot exceeds 9.
        NotFoundError: if `train_dir` has some of the files but not all.
        DataLossError: if a file is damaged.
        UnavailableError: if `source_url` cannot be reached.
    """
    if fake_data:
        fake = [DataSet([], [], True, one_hot, dtype, seed=seed) for _ in range(3)]
        return Datasets(*fake)
    data, embedded = _load(train_dir, source_url)
    available = len(data.train_images)
    if embedded:
        validation_size = min(validation_size, available // 12)
    if not 0 <= validation_size <= available:
        raise ValueError(
            f"validation_size must be between 0 and {available}, not {validation_size}"
        )
    train_labels, test_labels = data.train_labels, data.test_labels
    if one_hot:
        train_labels, test_labels = _one_hot(train_labels), _one_hot(test_labels)

    def part(images: Any, labels: Any) -> DataSet:
        return DataSet(images[..., np.newaxis], labels, False, one_hot, dtype, reshape, seed)

    return Datasets(
        part(data.train_images[validation_size:], train_labels[validation_size:]),
        part(data.train_images[:validation_size], train_labels[:validation_size]),
        part(data.test_images, test_labels),
    )


def _load(train_dir: str | os.PathLike[str], source_url: str | None) -> tuple[mnist.Splits, bool]:
    """The data and whether they are the package's own."""
    if source_url and not _is_complete(train_dir):
        url = source_url.rstrip("/") + "/"
        mnist.download(_SOURCE_OF_URL.get(url, ""), train_dir, url)
    folder = mnist.find(train_dir)
    if folder is not None:
        _logger.info("reading images from %s", folder)
        return mnist.load(folder), False
    folder = mnist.find()
    if folder is not None:
        _logger.warning("no MNIST files in %s, reading those in %s instead", train_dir, folder)
        return mnist.load(folder), False
    _logger.warning(
        "no MNIST files in %s, using the 1797 digits that come with flowgraph instead", train_dir
    )
    return digits.load(), True


def _is_complete(folder: str | os.PathLike[str]) -> bool:
    try:
        return mnist.find(folder) is not None
    except NotFoundError:
        return False


def _prepare(images: Any, labels: Any, dtype: dtypes.DType, reshape: bool) -> Any:
    if len(images) != len(labels):
        raise ValueError(f"images of shape {images.shape} but labels of shape {labels.shape}")
    if reshape:
        if images.ndim != 4 or images.shape[3] != 1:
            raise ValueError(f"images must be [n, rows, columns, 1], not {images.shape}")
        images = images.reshape(len(images), images.shape[1] * images.shape[2])
    if dtype == dtypes.float32:
        images = np.multiply(images, np.float32(1.0 / 255.0), dtype=np.float32)
    return images


def _one_hot(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if len(labels) and labels.max() >= _CLASSES:
        raise InvalidArgumentError(
            None, None, f"label {labels.max()} does not fit a one-hot row of {_CLASSES}"
        )
    rows: np.ndarray[Any, Any] = np.eye(_CLASSES)[labels]
    return rows
