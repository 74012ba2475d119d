"""Checkpoints: the files that TensorFlow writes, and what is made of damage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bundle_record
from flowgraph import dtypes, errors
from flowgraph.formats import table
from flowgraph.formats.bundle import BundleReader, Partitioned, write_bundle
from flowgraph.formats.bundle.slices import slice_key
from flowgraph.protos import BundleEntryProto, BundleHeaderProto

RECORDED = Path(__file__).parent / "data" / "bundles"
EXPECTED = json.loads((RECORDED / "expected.json").read_text())
DATA = ".data-00000-of-00001"

Array = np.ndarray[Any, Any]

NUMERIC = [np.dtype(name) for name in bundle_record.NUMERIC]


def expected_value(spec: dict[str, Any]) -> Array:
    if spec["dtype"] == "string":
        strings = np.empty(len(spec["content"]), np.object_)
        strings[:] = [bytes.fromhex(element) for element in spec["content"]]
        return strings.reshape(spec["shape"])
    dtype = dtypes.as_dtype(spec["dtype"]).np
    return np.frombuffer(bytes.fromhex(spec["content"]), dtype).reshape(spec["shape"])


MIXED = {name: expected_value(spec) for name, spec in EXPECTED["mixed"].items()}
SMALL = {
    "a": np.array([1.5, -2.0], np.float32),
    "b": np.array([b"one", b"", b"three"], np.object_),
    "c": np.array(True),
    "d": np.zeros((0, 2), np.int32),
}


def assert_same(actual: Array, expected: Array) -> None:
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    if expected.dtype == np.object_:
        assert actual.tolist() == expected.tolist()
    else:
        assert actual.tobytes() == expected.tobytes()


def partitioned() -> dict[str, Partitioned]:
    tensors = {}
    for name, spec in bundle_record.partitioned_values().items():
        whole = bundle_record.partitioned_value(spec["shape"])
        parts = [(box[0], whole[bundle_record.region(box)]) for box in spec["boxes"]]
        tensors[name] = Partitioned(spec["shape"], parts)
    return tensors


@pytest.mark.parametrize("name", sorted(MIXED))
def test_recorded_tensor_is_read(name: str) -> None:
    reader = BundleReader(RECORDED / "mixed")
    assert reader.dtype(name) == dtypes.as_dtype(EXPECTED["mixed"][name]["dtype"])
    assert reader.shape(name) == MIXED[name].shape
    assert_same(reader.read(name), MIXED[name])


def test_recorded_names() -> None:
    reader = BundleReader(RECORDED / "mixed")
    assert reader.keys() == sorted(MIXED)
    assert len(MIXED) >= 30
    assert "float32/matrix" in reader
    assert "" not in reader
    assert "float32" not in reader


@pytest.mark.parametrize("ending", [".index", DATA])
def test_files_equal_recorded_ones(tmp_path: Path, ending: str) -> None:
    write_bundle(tmp_path / "mixed", MIXED)
    write_bundle(tmp_path / "partitioned", {}, slices=partitioned())
    for name in ("mixed", "partitioned"):
        assert (tmp_path / (name + ending)).read_bytes() == (
            RECORDED / (name + ending)
        ).read_bytes()


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
def test_index_of_several_blocks_equals_recorded_one(tmp_path: Path, ending: str) -> None:
    write_bundle(tmp_path / "many", bundle_record.many_values())
    content = (tmp_path / f"many.{ending}").read_bytes()
    assert len(content) > 30_000
    assert hashlib.sha256(content).hexdigest() == EXPECTED["many"][ending]
    assert len(BundleReader(tmp_path / "many").keys()) == bundle_record.MANY


@pytest.mark.parametrize("name", sorted(bundle_record.partitioned_values()))
def test_recorded_parts_are_assembled(name: str) -> None:
    shape = bundle_record.partitioned_values()[name]["shape"]
    reader = BundleReader(RECORDED / "partitioned")
    assert reader.shape(name) == tuple(shape)
    assert_same(reader.read(name), bundle_record.partitioned_value(shape))


def test_parts_that_span_a_dimension_are_assembled() -> None:
    assert_same(BundleReader(RECORDED / "whole").read("w"), bundle_record.partitioned_value([6, 2]))


def test_recorded_shards_are_read() -> None:
    values = BundleReader(RECORDED / "sharded").read_all()
    assert_same(values["a"], np.arange(3.0))
    assert_same(values["b"], np.arange(4))
    assert_same(values["w"], bundle_record.partitioned_value([6, 2]))


@given(st.data())
def test_round_trip_of_numbers(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    prefix = tmp_path_factory.getbasetemp() / "numbers"
    dtype = data.draw(st.sampled_from(NUMERIC))
    value = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
    write_bundle(prefix, {"other": np.ones(3), "x": value})
    assert_same(BundleReader(prefix).read("x"), value)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_round_trip_of_strings(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]
) -> None:
    prefix = tmp_path_factory.getbasetemp() / "strings"
    value = np.empty(len(texts), np.object_)
    value[:] = texts
    write_bundle(prefix, {"x": value})
    assert_same(BundleReader(prefix).read("x"), value)


def test_values_of_other_layouts(tmp_path: Path) -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    values = {
        "fortran": np.asfortranarray(matrix),
        "strided": matrix[::-1, ::2],
        "big endian": matrix.astype(">f4"),
        "text": np.array(["ä", "b"]),
        "list": [1.0, 2.0],
        "bfloat16": matrix.T.astype(ml_dtypes.bfloat16),
    }
    write_bundle(tmp_path / "m", values)
    found = BundleReader(tmp_path / "m").read_all()
    assert_same(found["fortran"], matrix)
    assert_same(found["strided"], np.ascontiguousarray(matrix[::-1, ::2]))
    assert_same(found["big endian"], matrix)
    assert found["text"].tolist() == ["ä".encode(), b"b"]
    assert_same(found["list"], np.array([1.0, 2.0]))
    assert_same(found["bfloat16"], np.ascontiguousarray(matrix.T.astype(ml_dtypes.bfloat16)))


def test_value_larger_than_a_chunk(tmp_path: Path) -> None:
    value = np.arange(700_001, dtype=np.int32)
    write_bundle(tmp_path / "m", {"a": value, "b": value[::-1]})
    found = BundleReader(tmp_path / "m").read_all(["b", "a"])
    assert list(found) == ["b", "a"]
    assert_same(found["a"], value)
    assert_same(found["b"], np.ascontiguousarray(value[::-1]))
    found["a"][0] = 5
    assert found["a"].flags.owndata


@given(st.dictionaries(st.binary(max_size=6), st.binary(max_size=20), max_size=40))
def test_table_round_trip_in_small_blocks(items: dict[bytes, bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_BLOCK_SIZE", 40)
        encoded = table.encode_table(sorted(items.items()))
    assert table.decode_table(encoded, "t") == items


def test_table_needs_rising_keys() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        table.encode_table([(b"b", b""), (b"a", b"")])


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2))
def test_keys_of_parts_sort_as_their_numbers(numbers: list[int]) -> None:
    by_key = sorted(numbers, key=lambda number: slice_key("w", [(number, 0)]))
    assert by_key == sorted(numbers)


@pytest.mark.parametrize(
    ("tensors", "slices", "reason"),
    [
        ({"": np.ones(1)}, {}, "name"),
        ({"\0x": np.ones(1)}, {}, "name"),
        ({"x": np.ones(1)}, {"x": Partitioned([1], [([0], np.ones(1))])}, "twice"),
        ({"x": np.array([object()])}, {}, "is no string"),
        ({"x": np.zeros(1, "M8[s]")}, {}, "element type"),
        ({}, {"x": Partitioned([2], [([0], np.ones(1))])}, "have 1 elements"),
        ({}, {"x": Partitioned([2], [([1], np.ones(2))])}, "exceeds"),
        ({}, {"x": Partitioned([2], [([0], np.ones(1)), ([0], np.ones(1))])}, "overlaps"),
        ({}, {"x": Partitioned([2, 1], [([0], np.ones(2))])}, "dimensions"),
        (
            {},
            {"x": Partitioned([2], [([0], np.ones(1)), ([1], np.ones(1, np.float32))])},
            "dtype",
        ),
    ],
)
def test_unusable_input_writes_nothing(
    tmp_path: Path, tensors: dict[str, Any], slices: dict[str, Partitioned], reason: str
) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=reason):
        write_bundle(tmp_path / "m", tensors, slices=slices)
    assert list(tmp_path.iterdir()) == []


def test_missing_things(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFoundError, match=r"Failed to find any matching files for .*none"):
        BundleReader(tmp_path / "none")
    with pytest.raises(errors.NotFoundError, match="No such file"):
        write_bundle(tmp_path / "folder" / "m", SMALL)
    write_bundle(tmp_path / "m", SMALL)
    reader = BundleReader(tmp_path / "m")
    for look in (reader.read, reader.dtype, reader.shape):
        with pytest.raises(errors.NotFoundError, match="Key nope not found in checkpoint"):
            look("nope")
    (tmp_path / ("m" + DATA)).unlink()
    with pytest.raises(errors.NotFoundError, match="data-00000-of-00001; No such file"):
        reader.read("a")


@pytest.mark.parametrize("ending", [".index", DATA])
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_flipped_byte_never_gives_a_wrong_value(tmp_path: Path, ending: str, flip: int) -> None:
    prefix = tmp_path / "m"
    write_bundle(prefix, SMALL)
    path = tmp_path / ("m" + ending)
    content = path.read_bytes()
    found = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= flip
        path.write_bytes(damaged)
        try:
            values = BundleReader(prefix).read_all()
        except errors.DataLossError as error:
            assert str(prefix) in error.message
            found += 1
        else:
            assert values.keys() == SMALL.keys()
            for name, value in values.items():
                assert_same(value, SMALL[name])
    # Unused are the block that would describe filters, its handle, and the footer's padding.
    assert found == len(content) if ending == DATA else found > len(content) - 60


@pytest.mark.parametrize("ending", [".index", DATA])
def test_truncated_file(tmp_path: Path, ending: str) -> None:
    write_bundle(tmp_path / "m", SMALL)
    path = tmp_path / ("m" + ending)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(errors.DataLossError, match="m"):
            BundleReader(tmp_path / "m").read_all()


def _set_huge_shape(entry: Any) -> None:
    for dim in entry.shape.dim:
        dim.size = 1 << 50


def _set_huge_parts(entry: Any) -> None:
    _set_huge_shape(entry)
    entry.slices.add().extent.add()


LIES: list[tuple[str, Callable[[Any], object], str]] = [
    ("a", _set_huge_shape, "cannot hold"),
    ("a", lambda entry: setattr(entry, "size", 4), "cannot hold"),
    ("a", lambda entry: setattr(entry, "size", -1), "cannot hold"),
    ("b", _set_huge_shape, "cannot hold"),
    ("b", lambda entry: setattr(entry, "size", 1 << 50), "ends at byte"),
    ("b", lambda entry: setattr(entry.shape.dim[0], "size", 2), "wrong string lengths"),
    ("a", lambda entry: setattr(entry, "offset", -1), "ends at byte"),
    ("a", lambda entry: setattr(entry, "offset", 1 << 62), "ends at byte"),
    ("a", lambda entry: setattr(entry, "shard_id", 1), "no data file 1"),
    ("a", lambda entry: setattr(entry.shape.dim[0], "size", -2), "its shape is"),
    ("a", lambda entry: setattr(entry.shape, "unknown_rank", True), "its shape is"),
    ("a", lambda entry: setattr(entry, "crc32c", 7), "checksum mismatch"),
    ("a", lambda entry: entry.slices.add().extent.add(length=1), "have 1 elements"),
    ("a", _set_huge_parts, "is missing"),
    ("d", lambda entry: entry.shape.dim.extend([entry.shape.dim[1]] * 90), "its shape is"),
]


@pytest.mark.parametrize(("name", "lie", "reason"), LIES)
def test_index_that_lies_about_a_tensor(
    tmp_path: Path, name: str, lie: Callable[[Any], object], reason: str
) -> None:
    write_bundle(tmp_path / "m", SMALL)
    path = tmp_path / "m.index"
    index = table.decode_table(path.read_bytes(), "m.index")
    entry = BundleEntryProto.FromString(index[name.encode()])
    lie(entry)
    index[name.encode()] = entry.SerializeToString()
    path.write_bytes(table.encode_table(sorted(index.items())))
    with pytest.raises(errors.DataLossError, match=reason):
        BundleReader(tmp_path / "m").read_all()


@pytest.mark.parametrize(
    ("key", "content", "kind", "reason"),
    [
        (b"", None, errors.DataLossError, "no header"),
        (b"", b"\xff", errors.DataLossError, "header cannot be parsed"),
        (b"", {"num_shards": -1}, errors.DataLossError, "counts -1 data files"),
        (b"", {"endianness": 1}, errors.UnimplementedError, "big endian"),
        (b"", {"version": {"min_consumer": 2}}, errors.InvalidArgumentError, "version 2"),
        (b"a", b"\xff", errors.DataLossError, "entry cannot be parsed"),
        (b"a", BundleEntryProto(dtype=21).SerializeToString(), errors.UnimplementedError, "DT_VAR"),
        (b"a", BundleEntryProto(dtype=99).SerializeToString(), errors.UnimplementedError, "99"),
    ],
)
def test_index_with_a_foreign_record(
    tmp_path: Path, key: bytes, content: Any, kind: type[errors.OpError], reason: str
) -> None:
    write_bundle(tmp_path / "m", SMALL)
    path = tmp_path / "m.index"
    index = table.decode_table(path.read_bytes(), "m.index")
    if content is None:
        del index[key]
    elif isinstance(content, dict):
        index[key] = BundleHeaderProto(**content).SerializeToString()
    else:
        index[key] = content
    path.write_bytes(table.encode_table(sorted(index.items())))
    with pytest.raises(kind, match=reason):
        BundleReader(tmp_path / "m").read_all()
