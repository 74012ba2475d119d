"""Labelled images from files of records of one length, as CIFAR-10 comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["RECORD_BYTES", "ImageRecord", "read_image"]

LABEL_BYTES = 1
DEPTH, HEIGHT, WIDTH = 3, 32, 32
RECORD_BYTES = LABEL_BYTES + DEPTH * HEIGHT * WIDTH


class ImageRecord(NamedTuple):
    """One example.

    Attributes:
        key: the name of the file and the number of the record in it.
        label: int32 [1].
        image: uint8 [32, 32, 3].
    """

    key: Any
    label: Any
    image: Any


def read_image(filename_queue: Any) -> ImageRecord:
    """The next image of the files whose names a queue holds.

    A record is one byte, the label, and the image, plane by plane: 3 x 32 x 32 bytes.
    """
    reader = tf.FixedLengthRecordReader(RECORD_BYTES)
    key, value = reader.read(filename_queue)
    content = tf.decode_raw(value, tf.uint8)
    label = tf.cast(tf.strided_slice(content, [0], [LABEL_BYTES]), tf.int32)
    planes = tf.strided_slice(content, [LABEL_BYTES], [RECORD_BYTES])
    image = tf.transpose(tf.reshape(planes, [DEPTH, HEIGHT, WIDTH]), [1, 2, 0])
    label.set_shape([LABEL_BYTES])
    return ImageRecord(key, label, image)
