"""What writer and reader of a checkpoint share: the names of its files, its index, its header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowgraph import errors
from flowgraph.formats import files, table
from flowgraph.protos import BundleHeaderProto

__all__ = ["VERSION", "data_path", "index_path", "length_bytes", "read_header", "read_index"]

VERSION = 1
_LARGEST_SHORT_LENGTH = 0xFFFFFFFF


def index_path(prefix: str) -> str:
    """The name of the index of the checkpoint `prefix`."""
    return prefix + ".index"


def data_path(prefix: str, shard: int, num_shards: int) -> str:
    """The name of one of the data files of the checkpoint `prefix`.

    >>> data_path("model", 0, 1)
    'model.data-00000-of-00001'
    """
    return f"{prefix}.data-{shard:05d}-of-{num_shards:05d}"


def read_index(prefix: str) -> dict[bytes, bytes]:
    """The index of the checkpoint `prefix`.

    Raises:
        NotFoundError: if there is none.
        DataLossError: if it is truncated or damaged.
    """
    path = index_path(prefix)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        message = f"Failed to find any matching files for {prefix}"
        raise errors.NotFoundError(None, None, message) from None
    except OSError as error:
        raise files.typed_error(error, path) from error
    return table.decode_table(content, path)


def read_header(index: Mapping[bytes, bytes], prefix: str) -> Any:
    """The BundleHeaderProto in `index`, of a version and byte order that can be read.

    Raises:
        DataLossError: if it is missing or damaged.
        UnimplementedError: if the data are big endian.
        InvalidArgumentError: if the format is newer than this reader.
    """
    path = index_path(prefix)
    if b"" not in index:
        raise errors.DataLossError(None, None, f"{path} is damaged: it has no header")
    try:
        header = BundleHeaderProto.FromString(index[b""])
    except DecodeError:
        message = f"{path} is damaged: its header cannot be parsed"
        raise errors.DataLossError(None, None, message) from None
    if header.num_shards < 0:
        message = f"{path} is damaged: it counts {header.num_shards} data files"
        raise errors.DataLossError(None, None, message)
    if header.endianness != BundleHeaderProto.LITTLE:
        raise errors.UnimplementedError(None, None, f"{path}: the data are big endian")
    version = header.version
    if version.min_consumer > VERSION or VERSION in version.bad_consumers:
        message = f"{path} needs a reader of version {version.min_consumer}, this is {VERSION}"
        raise errors.InvalidArgumentError(None, None, message)
    return header


def length_bytes(lengths: Iterable[int]) -> bytes:
    """The lengths of strings as their checksum sees them: in four bytes each, or in eight."""
    numbers = list(lengths)
    if max(numbers, default=0) <= _LARGEST_SHORT_LENGTH:
        return np.asarray(numbers, "<u4").tobytes()
    return b"".join(
        number.to_bytes(4 if number <= _LARGEST_SHORT_LENGTH else 8, "little") for number in numbers
    )
