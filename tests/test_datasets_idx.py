"""The idx format: round trips, its bytes, and files that are not what they should be."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flowgraph.datasets import idx
from flowgraph.errors import DataLossError, InvalidArgumentError, NotFoundError

Array = np.ndarray[Any, Any]
IDX_DTYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from(IDX_DTYPES).flatmap(
        lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, min_side=0))
    ),
    suffix=st.sampled_from(["", ".gz"]),
)
def test_idx_round_trip(array: Array, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"array{suffix}"
    idx.write(path, array)
    back = idx.read(path)
    assert back.dtype == array.dtype and back.dtype.isnative and back.flags.writeable
    np.testing.assert_array_equal(back, array)
    assert not list(tmp_path.glob(".*"))


def test_idx_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    path = tmp_path / "array"
    idx.write(path, np.array([[1, -2]], np.int16))
    assert path.read_bytes() == bytes.fromhex("00000b02 00000001 00000002 0001 fffe")


def test_idx_accepts_any_layout_and_byte_order(tmp_path: Path) -> None:
    array = np.arange(12, dtype=">i4").reshape(3, 4).T[::2]
    idx.write(tmp_path / "array", array)
    np.testing.assert_array_equal(idx.read(tmp_path / "array"), array)


def test_idx_compressed_bytes_are_reproducible(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        idx.write(tmp_path / name, np.arange(5.0))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_idx_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="int64"):
        idx.write(tmp_path / "array", np.arange(3, dtype=np.int64))
    with pytest.raises(NotFoundError, match="no such folder"):
        idx.write(tmp_path / "missing" / "array", np.zeros(3))
    assert list(tmp_path.iterdir()) == []


def test_idx_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(NotFoundError, match=path.name):
            idx.read(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08", b"<html>not found</html>", b"\0\0\x0a\x01", b"\0\0\x08\xff", b"\1\0\x08\1"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_of_another_format(content: bytes, pack: Any, tmp_path: Path) -> None:
    path = tmp_path / "array"
    path.write_bytes(pack(content))
    with pytest.raises(InvalidArgumentError, match="not an idx file"):
        idx.read(path)


@pytest.mark.parametrize(
    "shape",
    [(2**32 - 1,) * 3, (2**32 - 1,), (2**31, 2**31, 2**31), (0, *(2**32 - 1,) * 4), (10**6,)],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_absurd_size_fails_before_memory_is_taken(
    shape: tuple[int, ...], pack: Any, tmp_path: Path
) -> None:
    path = tmp_path / "array"
    path.write_bytes(pack(struct.pack(f">4B{len(shape)}I", 0, 0, 0x0E, len(shape), *shape)))
    with pytest.raises(DataLossError, match="promises"):
        idx.read(path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_truncated_anywhere(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"array{suffix}"
    idx.write(path, np.arange(6, dtype=np.int32).reshape(2, 3))
    content = path.read_bytes()
    for length in range(4, len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DataLossError, match="array"):
            idx.read(path)


def test_idx_with_trailing_bytes(tmp_path: Path) -> None:
    path = tmp_path / "array"
    idx.write(path, np.zeros(3, np.uint8))
    for pack in (bytes, gzip.compress):
        longer = pack(path.read_bytes() + b"x")
        (tmp_path / "longer").write_bytes(longer)
        with pytest.raises(DataLossError, match="goes on"):
            idx.read(tmp_path / "longer")


def test_idx_flipped_bit_in_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "array.gz"
    idx.write(path, np.random.RandomState(0).randint(0, 256, 200).astype(np.uint8))
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataLossError):
        idx.read(path)
