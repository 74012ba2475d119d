"""Element types: names, numbers, limits, conversions."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from flowgraph import dtypes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("float32", dtypes.float32),
        ("float", dtypes.float32),
        ("half", dtypes.float16),
        (np.float64, dtypes.float64),
        (np.dtype("int8"), dtypes.int8),
        (np.dtype(">f4"), dtypes.float32),
        (1, dtypes.float32),
        (101, dtypes.float32.as_ref),
        (float, dtypes.float32),
        (int, dtypes.int32),
        (bool, dtypes.bool),
        (str, dtypes.string),
        (np.dtype("S3"), dtypes.string),
        (np.dtype("U3"), dtypes.string),
        (object, dtypes.string),
        (dtypes.int64, dtypes.int64),
    ],
)
def test_as_dtype(given: object, expected: dtypes.DType) -> None:
    assert dtypes.as_dtype(given) is expected


@pytest.mark.parametrize("bad", ["float31", None, 3.5, np.dtype("M8[s]"), [1]])
def test_what_is_no_dtype(bad: object) -> None:
    with pytest.raises(TypeError, match="Cannot convert"):
        dtypes.as_dtype(bad)


def test_reprs_and_numbers() -> None:
    assert repr(dtypes.float32) == "tf.float32"
    assert str(dtypes.float32) == "<dtype: 'float32'>"
    assert dtypes.float32.as_ref.name == "float32_ref"
    assert dtypes.float32.as_ref.base_dtype is dtypes.float32
    assert int(dtypes.string) == 7


def test_equality_with_what_converts() -> None:
    assert dtypes.float32 == np.float32
    assert dtypes.float32 == "float32"
    assert dtypes.float32 != dtypes.float64
    assert dtypes.float32 != None  # noqa: E711
    assert dtypes.float32 != dtypes.float32.as_ref


@pytest.mark.parametrize("dtype", dtypes.ALL_TYPES, ids=lambda d: d.name)
def test_kinds_exclude_each_other(dtype: dtypes.DType) -> None:
    kinds = [dtype.is_floating, dtype.is_complex, dtype.is_integer, dtype.is_bool]
    assert sum(kinds) == (dtype.kind != "O")
    assert pickle.loads(pickle.dumps(dtype)) is dtype


def test_limits() -> None:
    assert (dtypes.uint8.min, dtypes.uint8.max) == (0, 255)
    assert dtypes.int64.max == 2**63 - 1
    assert dtypes.bool.limits == (False, True)
    assert float(dtypes.bfloat16.max) == pytest.approx(3.39e38, rel=1e-2)
    with pytest.raises(TypeError):
        _ = dtypes.string.min


def test_real_part_types() -> None:
    assert dtypes.complex64.real_dtype is dtypes.float32
    assert dtypes.complex128.real_dtype is dtypes.float64
    assert dtypes.int32.real_dtype is dtypes.int32
