"""Hash functions of strings of bytes: 64 bits, the same on every machine."""

from __future__ import annotations

import struct

__all__ = ["fingerprint64", "hash64", "siphash"]

_MASK = (1 << 64) - 1
_K0 = 0xC3A5C85C97CB3127
_K1 = 0xB492B66FBE98F273
_K2 = 0x9AE16A3B2F90404F


def _word(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + 8], "little")


def _rotated(value: int, count: int) -> int:
    """Rotated to the right."""
    value &= _MASK
    return ((value >> count) | (value << (64 - count))) & _MASK


def _mixed(value: int) -> int:
    value &= _MASK
    return value ^ (value >> 47)


def _joined(u: int, v: int, multiplier: int) -> int:
    a = _mixed((u ^ v) * multiplier)
    b = _mixed((v ^ a) * multiplier)
    return (b * multiplier) & _MASK


def fingerprint64(content: bytes) -> int:
    """FarmHash's Fingerprint64.

    >>> hex(fingerprint64(b"hello"))
    '0xb48be5a931380ce8'
    """
    length = len(content)
    if length <= 16:
        return _short(content)
    if length <= 32:
        return _medium(content)
    if length <= 64:
        return _long(content)
    return _very_long(content)


def _short(content: bytes) -> int:
    length = len(content)
    multiplier = _K2 + 2 * length
    if length >= 8:
        a, b = _word(content, 0) + _K2, _word(content, length - 8)
        c = _rotated(b, 37) * multiplier + a
        d = (_rotated(a, 25) + b) * multiplier
        return _joined(c & _MASK, d & _MASK, multiplier)
    if length >= 4:
        first, last = (int.from_bytes(part, "little") for part in (content[:4], content[-4:]))
        return _joined(length + (first << 3), last, multiplier)
    if length:
        y = content[0] + (content[length >> 1] << 8)
        z = length + (content[-1] << 2)
        return (_mixed((y * _K2) ^ (z * _K0)) * _K2) & _MASK
    return _K2


def _medium(content: bytes) -> int:
    length = len(content)
    multiplier = _K2 + 2 * length
    a, b = _word(content, 0) * _K1, _word(content, 8)
    c, d = _word(content, length - 8) * multiplier, _word(content, length - 16) * _K2
    u = _rotated(a + b, 43) + _rotated(c, 30) + d
    v = a + _rotated(b + _K2, 18) + c
    return _joined(u & _MASK, v & _MASK, multiplier)


def _long(content: bytes) -> int:
    length = len(content)
    multiplier = _K2 + 2 * length
    a, b = _word(content, 0) * _K2, _word(content, 8)
    c, d = _word(content, length - 8) * multiplier, _word(content, length - 16) * _K2
    y = (_rotated(a + b, 43) + _rotated(c, 30) + d) & _MASK
    z = _joined(y, (a + _rotated(b + _K2, 18) + c) & _MASK, multiplier)
    e, f = _word(content, 16) * multiplier, _word(content, 24)
    g = (y + _word(content, length - 32)) * multiplier
    h = (z + _word(content, length - 24)) * multiplier
    u = _rotated(e + f, 43) + _rotated(g, 30) + h
    v = e + _rotated(f + a, 18) + g
    return _joined(u & _MASK, v & _MASK, multiplier)


def _weak(content: bytes, place: int, a: int, b: int) -> tuple[int, int]:
    """A pair of words from 32 bytes and two seeds."""
    w, x, y, z = struct.unpack_from("<4Q", content, place)
    a += w
    b = _rotated(b + a + z, 21)
    c = a
    a += x + y
    b += _rotated(a, 44)
    return (a + z) & _MASK, (b + c) & _MASK


def _very_long(content: bytes) -> int:
    length = len(content)
    x, y = 81, (81 * _K1 + 113) & _MASK
    z = (_mixed(y * _K2 + 113) * _K2) & _MASK
    v = w = (0, 0)
    x = x * _K2 + _word(content, 0)
    for place in range(0, (length - 1) // 64 * 64, 64):
        x = _rotated(x + y + v[0] + _word(content, place + 8), 37) * _K1
        y = _rotated(y + v[1] + _word(content, place + 48), 42) * _K1
        x ^= w[1]
        y += v[0] + _word(content, place + 40)
        z = _rotated(z + w[0], 33) * _K1
        v = _weak(content, place, v[1] * _K1, x + w[0])
        w = _weak(content, place + 32, z + w[1], y + _word(content, place + 16))
        x, y, z = z & _MASK, y & _MASK, x & _MASK
    # The last 64 bytes, with seeds of their own.
    multiplier = _K1 + ((z & 0xFF) << 1)
    place = length - 64
    w = (w[0] + ((length - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x = _rotated(x + y + v[0] + _word(content, place + 8), 37) * multiplier
    y = _rotated(y + v[1] + _word(content, place + 48), 42) * multiplier
    x ^= w[1] * 9
    y += v[0] * 9 + _word(content, place + 40)
    z = _rotated(z + w[0], 33) * multiplier
    v = _weak(content, place, v[1] * multiplier, x + w[0])
    w = _weak(content, place + 32, z + w[1], y + _word(content, place + 16))
    x, z = z, x
    first = _joined(v[0], w[0], multiplier) + _mixed(y) * _K0 + z
    second = _joined(v[1], w[1], multiplier) + x
    return _joined(first & _MASK, second & _MASK, multiplier)


_M = 0xC6A4A7935BD1E995
_SEED = 0xDECAFCAFFE


def hash64(content: bytes) -> int:
    """MurmurHash 2 of 64 bits, with TensorFlow's seed."""
    length = len(content)
    whole = length & ~7
    found = _SEED ^ ((length * _M) & _MASK)
    for (word,) in struct.iter_unpack("<Q", content[:whole]):
        word = (word * _M) & _MASK
        word = ((word ^ (word >> 47)) * _M) & _MASK
        found = ((found ^ word) * _M) & _MASK
    if whole < length:
        found = ((found ^ _word(content, whole)) * _M) & _MASK
    found = (_mixed(found) * _M) & _MASK
    return _mixed(found)


def siphash(content: bytes, key0: int, key1: int) -> int:
    """SipHash-2-4 by a key of two words.

    >>> hex(siphash(bytes(range(15)), 0x0706050403020100, 0x0F0E0D0C0B0A0908))
    '0xa129ca6149be45e5'
    """
    key0, key1 = key0 & _MASK, key1 & _MASK
    state = [
        key0 ^ 0x736F6D6570736575,
        key1 ^ 0x646F72616E646F6D,
        key0 ^ 0x6C7967656E657261,
        key1 ^ 0x7465646279746573,
    ]
    length = len(content)
    padded = content + bytes(7 - length % 8) + bytes([length & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        state[3] ^= word
        _sip_rounds(state, 2)
        state[0] ^= word
    state[2] ^= 0xFF
    _sip_rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _sip_rounds(state: list[int], count: int) -> None:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        c = (c + d) & _MASK
        b = _rotated(b, 51) ^ a
        d = _rotated(d, 48) ^ c
        a = _rotated(a, 32)
        c = (c + b) & _MASK
        a = (a + d) & _MASK
        b = _rotated(b, 47) ^ c
        d = _rotated(d, 43) ^ a
        c = _rotated(c, 32)
    state[:] = a, b, c, d
