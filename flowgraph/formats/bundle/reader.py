"""Reading of checkpoints. Nothing is believed that sizes and checksums do not confirm."""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowgraph import dtypes, errors
from flowgraph.formats import crc, files, table
from flowgraph.formats.bundle.layout import data_path, length_bytes, read_header, read_index
from flowgraph.formats.bundle.slices import WHOLE, check_cover, slice_key
from flowgraph.protos import BundleEntryProto, DataType

__all__ = ["BundleReader"]

_CHUNK = 1 << 20
_GUARD_SIZE = 4

_Array = np.ndarray[Any, Any]


class BundleReader:
    """A checkpoint's tensors by name.

    The index is read once, when the reader is made; data are read, and their checksums verified,
    when they are asked for. No file stays open, and a reader may be used from several threads.

    Args:
        prefix: the beginning of the files' names.

    Raises:
        NotFoundError: if there is no such checkpoint.
        DataLossError: if its index is truncated or damaged.
    """

    def __init__(self, prefix: str | os.PathLike[str]) -> None:
        self.prefix = os.fspath(prefix)
        self._index = read_index(self.prefix)
        self._num_shards = read_header(self._index, self.prefix).num_shards

    def keys(self) -> list[str]:
        """The names of the tensors, sorted; a partitioned tensor has one."""
        # The keys of parts, and only they, begin with a zero byte; the header's is empty.
        names = (key for key in self._index if key and not key.startswith(b"\0"))
        return [name.decode("utf-8", "surrogateescape") for name in names]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key != "" and _encode(key) in self._index

    def dtype(self, key: str) -> dtypes.DType:
        """The element type of a tensor.

        Raises:
            NotFoundError: if there is no tensor of that name.
            UnimplementedError: if the type is none of `flowgraph.dtypes`.
        """
        return self._dtype(self._entry(key), key)

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a tensor.

        Raises:
            NotFoundError: if there is no tensor of that name.
        """
        return self._shape(self._entry(key), key)

    def read(self, key: str) -> _Array:
        """The value of a tensor, the caller's own; strings as an array of bytes objects.

        Raises:
            NotFoundError: if there is no tensor of that name, or a data file is missing.
            DataLossError: if the data are truncated or damaged.
        """
        return self.read_all([key])[key]

    def read_all(self, keys: Iterable[str] | None = None) -> dict[str, _Array]:
        """The values of several tensors, or of all. Raises what `read` raises."""
        names = self.keys() if keys is None else list(keys)
        with contextlib.ExitStack() as stack:
            shards = _Shards(self.prefix, self._num_shards, stack)
            return {name: self._value(name, shards) for name in names}

    def _value(self, key: str, shards: _Shards) -> _Array:
        entry = self._entry(key)
        try:
            if entry.slices:
                return self._assembled(entry, key, shards)
            return self._stored(entry, key, shards)
        except errors.NotFoundError as error:
            message = f"{error.message} (reading tensor {key!r})"
            raise errors.NotFoundError(None, None, message) from None

    def _entry(self, key: str) -> Any:
        if key not in self:
            message = f"Key {key} not found in checkpoint {self.prefix}"
            raise errors.NotFoundError(None, None, message)
        return self._parsed(_encode(key), key)

    def _parsed(self, stored_key: bytes, key: str) -> Any:
        try:
            return BundleEntryProto.FromString(self._index[stored_key])
        except DecodeError:
            raise self._damaged(key, "its index entry cannot be parsed") from None

    def _dtype(self, entry: Any, key: str) -> dtypes.DType:
        try:
            dtype = dtypes.as_dtype(entry.dtype).base_dtype
        except TypeError:
            dtype = dtypes.resource
        if not dtype.is_numpy_compatible:
            known = entry.dtype in DataType.values()
            name = DataType.Name(entry.dtype) if known else entry.dtype
            message = f"{self.prefix}: tensor {key!r} has the element type {name}"
            raise errors.UnimplementedError(None, None, message)
        return dtype

    def _shape(self, entry: Any, key: str) -> tuple[int, ...]:
        shape = tuple(dim.size for dim in entry.shape.dim)
        if entry.shape.unknown_rank or any(size < 0 for size in shape):
            raise self._damaged(key, f"its shape is {list(shape)}")
        return shape

    def _empty(self, shape: tuple[int, ...], dtype: dtypes.DType, key: str) -> _Array:
        try:
            return np.empty(shape, dtype.np)
        except ValueError as error:  # of too many dimensions, or beyond the address space
            raise self._damaged(key, f"its shape is {list(shape)}: {error}") from None

    def _assembled(self, entry: Any, key: str, shards: _Shards) -> _Array:
        shape, dtype = self._shape(entry, key), self._dtype(entry, key)
        stored = [[_extent(extent) for extent in part.extent] for part in entry.slices]
        boxes = [
            [
                (start, size - start if length == WHOLE else length)
                for (start, length), size in pairs
            ]
            for pairs in (zip(box, shape, strict=False) for box in stored)
        ]
        try:
            check_cover(shape, boxes)
        except ValueError as error:
            raise self._damaged(key, str(error)) from None
        # The parts come first: they prove that the file is as large as the shape claims.
        values = [self._part(key, box, shards) for box in stored]
        whole = self._empty(shape, dtype, key)
        for box, value in zip(boxes, values, strict=True):
            lengths = tuple(length for _, length in box)
            if value.shape != lengths or value.dtype != dtype.np:
                raise self._damaged(key, f"the part {box} is a {value.dtype}{list(value.shape)}")
            whole[tuple(slice(start, start + length) for start, length in box)] = value
        return whole

    def _part(self, key: str, box: Sequence[tuple[int, int]], shards: _Shards) -> _Array:
        stored_key = slice_key(key, box)
        if stored_key not in self._index:
            raise self._damaged(key, f"the part {list(box)} is missing")
        return self._stored(self._parsed(stored_key, key), key, shards)

    def _stored(self, entry: Any, key: str, shards: _Shards) -> _Array:
        shape, dtype = self._shape(entry, key), self._dtype(entry, key)
        count = math.prod(shape)
        is_string = dtype is dtypes.string
        # A string takes one byte at least, that of its length.
        smallest = count + _GUARD_SIZE if is_string else count * dtype.np.itemsize
        if entry.size < smallest or (entry.size > smallest and not is_string):
            raise self._damaged(key, f"{entry.size} bytes cannot hold {dtype.name}{list(shape)}")
        if not 0 <= entry.shard_id < self._num_shards:
            raise self._damaged(key, f"there is no data file {entry.shard_id}")
        file, path = shards.open(entry.shard_id)
        with files.typed_errors(path):
            available = os.fstat(file.fileno()).st_size
            if entry.offset < 0 or entry.offset + entry.size > available:
                reason = f"{path} ends at byte {available}, before the tensor does"
                raise self._damaged(key, reason)
            file.seek(entry.offset)
            if is_string:
                content = np.empty(entry.size, np.uint8)
                _fill(file, content)
                return self._strings(content.tobytes(), shape, entry, key, path)
            value = self._empty(shape, dtype, key)
            checksum = _fill(file, value.reshape(-1).view(np.uint8))
        if crc.mask(checksum) != entry.crc32c:
            raise self._damaged(key, f"checksum mismatch in {path}")
        return value

    def _strings(
        self, content: bytes, shape: tuple[int, ...], entry: Any, key: str, path: str
    ) -> _Array:
        count = math.prod(shape)
        lengths, position = [], 0
        try:
            for _ in range(count):
                length, position = table.decode_varint(content, position)
                lengths.append(length)
        except ValueError as error:
            raise self._damaged(key, f"{error} in {path}") from None
        start = position + _GUARD_SIZE
        if start + sum(lengths) != len(content):
            raise self._damaged(key, f"wrong string lengths in {path}")
        checksum = crc.extend(0, length_bytes(lengths))
        guard = content[position:start]
        checksum = crc.extend(crc.extend(checksum, guard), content[start:])
        if crc.mask(checksum) != entry.crc32c:
            raise self._damaged(key, f"checksum mismatch in {path}")
        strings = np.empty(count, np.object_)
        for index, length in enumerate(lengths):
            strings[index] = content[start : start + length]
            start += length
        return strings.reshape(shape)

    def _damaged(self, key: str, reason: str) -> errors.DataLossError:
        return errors.DataLossError(None, None, f"{self.prefix}: tensor {key!r}: {reason}")


class _Shards:
    """The data files that are open during one call."""

    def __init__(self, prefix: str, num_shards: int, stack: contextlib.ExitStack) -> None:
        self._prefix = prefix
        self._num_shards = num_shards
        self._stack = stack
        self._open: dict[int, tuple[io.FileIO, str]] = {}

    def open(self, shard: int) -> tuple[io.FileIO, str]:
        if shard not in self._open:
            path = data_path(self._prefix, shard, self._num_shards)
            with files.typed_errors(path):
                file = self._stack.enter_context(io.FileIO(path))
            self._open[shard] = file, path
        return self._open[shard]


def _encode(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _extent(extent: Any) -> tuple[int, int]:
    return extent.start, extent.length if extent.HasField("length") else WHOLE


def _fill(file: io.FileIO, content: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """Reads as many bytes as `content` has room for, or as there are; returns their checksum."""
    checksum = 0
    for start in range(0, content.size, _CHUNK):
        # The checksum is taken while the chunk is in the cache.
        chunk = content[start : start + _CHUNK]
        done = 0
        while done < chunk.size:
            received = file.readinto(chunk[done:].data)
            if not received:
                return checksum
            done += received
        checksum = crc.extend(checksum, chunk)
    return checksum
