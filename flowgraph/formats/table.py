"""Sorted tables of byte strings, as LevelDB lays them out and TensorFlow's index files use them.

::

    block* metaindex-block index-block footer

A block holds entries ``shared, unshared, length (varints), key[shared:], value``, where `shared`
counts the bytes that a key has in common with the key before; every 16th entry (a restart) spells
its key out. The restarts' offsets and their count end the block; one byte that names the
compression and a masked CRC-32C follow it. The index block maps a key at or behind the last one
of each block to that block's offset and size.

Writing does not compress. Reading knows uncompressed blocks only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from flowgraph import errors
from flowgraph.formats import crc

__all__ = ["decode_table", "decode_varint", "encode_table", "encode_varint"]

_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER_SIZE = 48
_TRAILER_SIZE = 5
_UNCOMPRESSED = 0
_SNAPPY = 1
_BLOCK_SIZE = 256 * 1024
_RESTART_INTERVAL = 16
_MAX_VARINT_SIZE = 10


def encode_varint(value: int) -> bytes:
    """`value` in groups of seven bits, the lowest first, all but the last with the top bit set.

    >>> encode_varint(300)
    b'\\xac\\x02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode_varint(data: bytes, position: int) -> tuple[int, int]:
    """The number that starts at `position`, and the position behind it.

    Raises:
        ValueError: if it does not end within `data`, or is too long.
    """
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_VARINT_SIZE]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise ValueError("unterminated number")


class _BlockBuilder:
    def __init__(self, restart_interval: int) -> None:
        self._interval = restart_interval
        self.clear()

    def clear(self) -> None:
        self._entries = bytearray()
        self._restarts = [0]
        self._since_restart = 0
        self._last_key = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._since_restart < self._interval:
            shared = _common_prefix(self._last_key, key)
        else:
            self._restarts.append(len(self._entries))
            self._since_restart = 0
        for number in (shared, len(key) - shared, len(value)):
            self._entries += encode_varint(number)
        self._entries += key[shared:]
        self._entries += value
        self._last_key = key
        self._since_restart += 1

    @property
    def size(self) -> int:
        return len(self._entries) + 4 * len(self._restarts) + 4

    @property
    def empty(self) -> bool:
        return not self._entries

    def finish(self) -> bytes:
        restarts = struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))
        return bytes(self._entries) + restarts


def encode_table(items: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The table that maps each key of `items` to its value.

    Raises:
        ValueError: if the keys do not rise strictly.
    """
    out = bytearray()
    block = _BlockBuilder(_RESTART_INTERVAL)
    index = _BlockBuilder(restart_interval=1)
    pending: bytes | None = None
    last_key: bytes | None = None
    for key, value in items:
        if last_key is not None and key <= last_key:
            raise ValueError(f"Table key {key!r} does not follow {last_key!r}.")
        if pending is not None and last_key is not None:
            index.add(_separator(last_key, key), pending)
            pending = None
        block.add(key, value)
        last_key = key
        if block.size >= _BLOCK_SIZE:
            pending = _append_block(out, block)
    if not block.empty:
        pending = _append_block(out, block)
    metaindex = _append_block(out, _BlockBuilder(_RESTART_INTERVAL))
    if pending is not None and last_key is not None:
        index.add(_successor(last_key), pending)
    footer = metaindex + _append_block(out, index)
    return bytes(out) + footer.ljust(_FOOTER_SIZE - len(_MAGIC), b"\0") + _MAGIC


def _append_block(out: bytearray, block: _BlockBuilder) -> bytes:
    content = block.finish() + bytes([_UNCOMPRESSED])
    handle = encode_varint(len(out)) + encode_varint(len(content) - 1)
    out += content + struct.pack("<I", crc.masked_crc(content))
    block.clear()
    return handle


def _common_prefix(first: bytes, second: bytes) -> int:
    limit = min(len(first), len(second))
    if first[:limit] == second[:limit]:
        return limit
    return next(i for i in range(limit) if first[i] != second[i])


def _separator(low: bytes, high: bytes) -> bytes:
    """A short key `k` with ``low <= k < high``."""
    shared = _common_prefix(low, high)
    if shared < min(len(low), len(high)):
        following = low[shared] + 1
        if following < high[shared]:
            return low[:shared] + bytes([following])
    return low


def _successor(key: bytes) -> bytes:
    """A short key that is not below `key`."""
    for position, byte in enumerate(key):
        if byte != 0xFF:
            return key[:position] + bytes([byte + 1])
    return key


def decode_table(data: bytes, path: str) -> dict[bytes, bytes]:
    """The contents of a table, every block's checksum verified.

    Args:
        path: the file's name, for messages.

    Raises:
        DataLossError: if `data` is no table, or is truncated or damaged.
        UnimplementedError: if a block is compressed.
    """
    if len(data) < _FOOTER_SIZE or not data.endswith(_MAGIC):
        raise _damaged(path, f"no table footer at the end of its {len(data)} bytes")
    footer = data[-_FOOTER_SIZE : -len(_MAGIC)]
    try:
        table: dict[bytes, bytes] = {}
        position = _decode_handle(footer, 0)[2]
        offset, size, _ = _decode_handle(footer, position)
        last_key: bytes | None = None
        for _, handle in _entries(_block(data, offset, size, path)):
            offset, size, _ = _decode_handle(handle, 0)
            for key, value in _entries(_block(data, offset, size, path)):
                if last_key is not None and key <= last_key:
                    raise ValueError("keys out of order")
                table[key] = value
                last_key = key
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    return table


def _decode_handle(data: bytes, position: int) -> tuple[int, int, int]:
    offset, position = decode_varint(data, position)
    size, position = decode_varint(data, position)
    return offset, size, position


def _block(data: bytes, offset: int, size: int, path: str) -> bytes:
    end = offset + size
    if end + _TRAILER_SIZE > len(data) - _FOOTER_SIZE:
        raise ValueError("a block lies beyond the end of the file")
    (stored,) = struct.unpack_from("<I", data, end + 1)
    if stored != crc.masked_crc(data[offset : end + 1]):
        raise ValueError(f"checksum mismatch in the block at byte {offset}")
    compression = data[end]
    if compression == _SNAPPY:
        raise errors.UnimplementedError(
            None, None, f"{path}: block at byte {offset} is compressed with Snappy"
        )
    if compression != _UNCOMPRESSED:
        raise ValueError(f"unknown compression {compression} in the block at byte {offset}")
    return data[offset:end]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(block) < 4:
        raise ValueError("a block without restart array")
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise ValueError("a restart array larger than its block")
    position, key = 0, b""
    while position < end:
        shared, position = decode_varint(block, position)
        unshared, position = decode_varint(block, position)
        length, position = decode_varint(block, position)
        value_start = position + unshared
        if shared > len(key) or value_start + length > end:
            raise ValueError("an entry larger than its block")
        key = key[:shared] + block[position:value_start]
        yield key, block[value_start : value_start + length]
        position = value_start + length


def _damaged(path: str, reason: str) -> errors.DataLossError:
    return errors.DataLossError(None, None, f"{path} is damaged: {reason}")
