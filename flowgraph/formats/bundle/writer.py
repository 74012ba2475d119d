"""Writing of checkpoints; the package's docstring says how one replaces another."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.formats import crc, files, table
from flowgraph.formats.bundle.layout import (
    VERSION,
    data_path,
    index_path,
    length_bytes,
    read_header,
    read_index,
)
from flowgraph.formats.bundle.slices import Box, check_cover, slice_key
from flowgraph.protos import BundleEntryProto, BundleHeaderProto, TensorSliceProto

__all__ = ["Partitioned", "write_bundle"]

_CHUNK = 1 << 22
_SAVING = threading.Lock()


@dataclass(frozen=True)
class Partitioned:
    """A tensor that is stored in parts.

    Attributes:
        shape: of the whole tensor.
        parts: for each part the index of its first element, and its elements. Together the parts
            cover the tensor once.
    """

    shape: Sequence[int]
    parts: Sequence[tuple[Sequence[int], np.ndarray[Any, Any]]]


def write_bundle(
    prefix: str | os.PathLike[str],
    tensors: Mapping[str, Any],
    *,
    slices: Mapping[str, Partitioned] | None = None,
) -> None:
    """Writes a checkpoint, or replaces the one of the same name.

    The previous checkpoint stays readable until the new one is complete, also if the process or
    the machine stops on the way. Two processes must not write the same checkpoint at once.

    Args:
        prefix: the beginning of the files' names; its folder must exist.
        tensors: values by name, in the order in which the data file is to hold them: arrays of
            any dtype of `flowgraph.dtypes` but resources and variants; strings as arrays of dtype
            object, "S" or "U".
        slices: further tensors, stored in parts.

    Raises:
        ResourceExhaustedError: if the disk is full; the previous checkpoint is intact.
        NotFoundError: if the folder does not exist.
        InvalidArgumentError: if a name is empty or taken twice, a value is of an unknown type, or
            parts do not cover their tensor once.
    """
    path = os.fspath(prefix)
    records = _records(tensors, slices or {})
    with _SAVING:
        used = _num_shards_in_use(path)
        num_shards = 2 if used == 1 else 1
        data = data_path(path, 0, num_shards)
        try:
            entries = _write_data(data, records)
            _write_index(path, entries, num_shards)
        except BaseException:
            if _num_shards_in_use(path) != num_shards:
                _remove(data)
            raise
        if num_shards != 1:
            _take_usual_name(path, data, entries)
        _remove_leftovers(path)


def _num_shards_in_use(prefix: str) -> int | None:
    """How many shards the present index counts, None if there is no readable one."""
    try:
        return int(read_header(read_index(prefix), prefix).num_shards)
    except errors.OpError:
        return None


def _take_usual_name(prefix: str, data: str, entries: dict[bytes, Any]) -> None:
    usual = data_path(prefix, 0, 1)
    link = f"{usual}.{os.getpid()}{files.TEMPORARY_SUFFIX}"
    # The checkpoint is complete and valid already, and stays so where links are not supported.
    with contextlib.suppress(OSError, errors.OpError):
        _remove(link)
        os.link(data, link)
        os.replace(link, usual)
        files.sync_folder(usual)
        _write_index(prefix, entries, 1)


def _remove_leftovers(prefix: str) -> None:
    """Removes what the present index does not describe: replaced data, and files of a crash."""
    num_shards = _num_shards_in_use(prefix)
    temporary = re.escape(files.TEMPORARY_SUFFIX)
    pattern = re.compile(rf"\.(index|data-\d{{5}}-of-(\d{{5}}))((?:\.\d+)+{temporary})?")
    for path in glob.glob(glob.escape(prefix) + ".*"):
        match = pattern.fullmatch(path[len(prefix) :])
        if match is None:
            continue
        replaced = match.group(2) is not None and int(match.group(2)) != num_shards
        if match.group(3) or replaced:
            _remove(path)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


@dataclass(frozen=True)
class _Record:
    """A value to be stored, or with `entry` set an entry that has no data of its own."""

    key: bytes
    value: np.ndarray[Any, Any] | None = None
    entry: Any = None


def _records(tensors: Mapping[str, Any], parts: Mapping[str, Partitioned]) -> list[_Record]:
    for name in (*tensors, *parts):
        if not name or name.startswith("\0") or (name in tensors and name in parts):
            raise _invalid(name, "the name is empty, reserved, or given twice")
    records = [_Record(name.encode(), _storable(name, value)) for name, value in tensors.items()]
    for name, tensor in parts.items():
        records.extend(_part_records(name, tensor))
    return records


def _storable(name: str, value: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(value)
    try:
        dtype = dtypes.as_dtype(array.dtype)
    except TypeError:
        raise _invalid(name, f"no tensor has the element type {array.dtype}") from None
    if dtype is dtypes.string:
        return _byte_strings(name, array)
    return np.asarray(array, dtype=dtype.np, order="C")


def _byte_strings(name: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    strings = np.empty(array.shape, np.object_)
    for position, element in enumerate(array.flat):
        if not isinstance(element, str | bytes):
            raise _invalid(name, f"{element!r} is no string")
        strings.flat[position] = element.encode() if isinstance(element, str) else bytes(element)
    return strings


def _part_records(name: str, tensor: Partitioned) -> Iterator[_Record]:
    values = [_storable(name, value) for _, value in tensor.parts]
    shape = tuple(tensor.shape)
    boxes = [
        tuple(zip(start, value.shape, strict=True))
        for (start, _), value in zip(tensor.parts, values, strict=True)
    ]
    _check_cover(name, shape, boxes)
    if len({value.dtype for value in values}) > 1:
        raise _invalid(name, "its parts differ in dtype")
    if boxes == [tuple((0, size) for size in shape)]:
        yield _Record(name.encode(), values[0])
        return
    entry = BundleEntryProto(dtype=dtypes.as_dtype(values[0].dtype).as_datatype_enum)
    _set_shape(entry, shape)
    for box, value in zip(boxes, values, strict=True):
        stored = TensorSliceProto()
        for start, length in box:
            stored.extent.add(start=start, length=length)
        entry.slices.append(stored)
        yield _Record(slice_key(name, box), value)
    yield _Record(name.encode(), entry=entry)


def _check_cover(name: str, shape: tuple[int, ...], boxes: Sequence[Box]) -> None:
    try:
        check_cover(shape, boxes)
    except ValueError as error:
        raise _invalid(name, str(error)) from None


def _invalid(name: str, reason: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, f"Tensor {name!r} cannot be saved: {reason}.")


def _set_shape(entry: Any, shape: Sequence[int]) -> None:
    entry.shape.SetInParent()
    for size in shape:
        entry.shape.dim.add(size=size)


def _write_data(path: str, records: Sequence[_Record]) -> dict[bytes, Any]:
    entries = {}
    offset = 0
    with files.replacing(path) as file:
        for record in records:
            entry = record.entry
            if record.value is not None:
                entry = BundleEntryProto(
                    dtype=dtypes.as_dtype(record.value.dtype).as_datatype_enum, offset=offset
                )
                _set_shape(entry, record.value.shape)
                checksum, size = _write_value(file, record.value)
                entry.crc32c, entry.size = crc.mask(checksum), size
                offset += size
            entries[record.key] = entry
    return entries


def _write_index(prefix: str, entries: Mapping[bytes, Any], num_shards: int) -> None:
    header = BundleHeaderProto(num_shards=num_shards)
    header.version.producer = VERSION
    items = {b"": header, **entries}
    content = table.encode_table((key, items[key].SerializeToString()) for key in sorted(items))
    with files.replacing(index_path(prefix)) as file:
        file.write(content)


def _write_value(file: BinaryIO, value: np.ndarray[Any, Any]) -> tuple[int, int]:
    if value.dtype == np.object_:
        return _write_strings(file, value)
    content = value.reshape(-1).view(np.uint8)
    checksum = 0
    for start in range(0, content.size, _CHUNK):
        # Chunk by chunk, the checksum leaves in the cache what is written next.
        chunk = content[start : start + _CHUNK]
        checksum = crc.extend(checksum, chunk)
        file.write(chunk.data)
        if chunk.size == _CHUNK:
            files.begin_writeback(file, file.tell() - _CHUNK, _CHUNK)
    return checksum, content.size


def _write_strings(file: BinaryIO, value: np.ndarray[Any, Any]) -> tuple[int, int]:
    strings: list[bytes] = value.reshape(-1).tolist()
    lengths = b"".join(table.encode_varint(len(string)) for string in strings)
    checksum = crc.extend(0, length_bytes(len(string) for string in strings))
    guard = struct.pack("<I", crc.mask(checksum))
    checksum = crc.extend(checksum, guard)
    file.write(lengths + guard)
    for string in strings:
        checksum = crc.extend(checksum, string)
        file.write(string)
    return checksum, len(lengths) + len(guard) + sum(map(len, strings))
