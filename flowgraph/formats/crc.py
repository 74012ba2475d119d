"""The checksum that checkpoints, tables and record files share: CRC-32C, stored masked."""

from __future__ import annotations

from typing import Any

import google_crc32c

__all__ = ["extend", "mask", "masked_crc"]

_MASK_DELTA = 0xA282EAD8


def extend(crc: int, data: Any) -> int:
    """The CRC-32C of some bytes of checksum `crc` followed by `data`.

    Args:
        data: bytes, or a contiguous uint8 array, which is not copied.

    >>> hex(extend(extend(0, b"1234"), b"56789"))
    '0xe3069283'
    """
    return int(google_crc32c.extend(crc, data))


def mask(crc: int) -> int:
    """Rotates `crc` right by 15 bits and adds a constant.

    A checksum stored next to its data is masked, so that the checksum of both together is not a
    constant of the polynomial.
    """
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def masked_crc(data: Any) -> int:
    """The checksum of `data` in the form in which it is stored."""
    return mask(extend(0, data))
