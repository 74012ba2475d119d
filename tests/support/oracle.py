"""The recorded results of TensorFlow, and how flowgraph's are compared with them."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from support import archive
from support.archive import Array
from support.samples import Case

__all__ = [
    "FOLDER",
    "HOW_TO_RECORD",
    "TOLERANCE",
    "assert_close",
    "fits_static_shape",
    "is_weaker",
    "opdefs",
    "program_recordings",
    "recording",
    "recording_or_none",
]

FOLDER = Path(__file__).resolve().parent.parent / "oracle"
HOW_TO_RECORD = "record it with: python3 tools/record_oracle.py"

# Relative and absolute difference that rounding explains, by type.
TOLERANCE = {
    "float16": 2e-3,
    "bfloat16": 1.6e-2,
    "float32": 4e-6,
    "float64": 1e-12,
    "complex64": 4e-6,
    "complex128": 1e-12,
}
_INTEGER_OF_SIZE = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64, 16: np.uint64}


@functools.cache
def _recordings(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(FOLDER.glob(f"{kind}_*.npz")):
        found.update(archive.load(path)["cases"])
    return found


def recording_or_none(case: Case) -> dict[str, Any] | None:
    """What TensorFlow made of a sample, None where that was not recorded."""
    return _recordings("ops").get(case.key)


def recording(case: Case) -> dict[str, Any]:
    """What TensorFlow made of a sample."""
    found = recording_or_none(case)
    assert found is not None, f"{case.label} is not recorded; {HOW_TO_RECORD}"
    return found


def program_recordings() -> dict[str, Any]:
    """What TensorFlow made of the programs, by name."""
    return _recordings("programs")


@functools.cache
def opdefs() -> dict[str, Any]:
    """TensorFlow's OpDefs by op type."""
    found: dict[str, Any] = json.loads((FOLDER / "opdefs.json").read_text(encoding="utf-8"))
    del found["tensorflow"]
    return found


def bits(array: Array) -> Array:
    """The bits of an array as integers; a complex number is two of them."""
    return np.ascontiguousarray(array).view(_INTEGER_OF_SIZE[array.dtype.itemsize])


def assert_close(found: Any, expected: Any, what: str, factor: float = 1.0) -> None:
    """Same dtype and shape; same values within the type's tolerance times `factor`.

    A factor of 0 asks for equal bits.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, f"{what}: dtype {found.dtype}, not {expected.dtype}"
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, not {expected.shape}"
    tolerance = TOLERANCE.get(found.dtype.name, 0.0) * factor
    if not tolerance:
        same = np.array_equal(found, expected)
        if found.dtype.kind in "fcV":
            same = np.array_equal(bits(found), bits(expected))
        assert same, f"{what}:\n{found!r}\nnot\n{expected!r}"
        return
    wide = np.complex128 if found.dtype.kind == "c" else np.float64
    close = np.isclose(
        found.astype(wide), expected.astype(wide), tolerance, tolerance, equal_nan=True
    )
    assert close.all(), f"{what} ({found.dtype}):\n{found!r}\nnot\n{expected!r}"


def fits_static_shape(static: Any, shape: Sequence[int] | None) -> bool:
    """True if a static shape (tuple or None) admits an executed one; None for one unset."""
    if static is None or shape is None:
        return True
    return len(static) == len(shape) and all(
        size is None or size == actual for size, actual in zip(static, shape, strict=True)
    )


def is_weaker(static: Any, other: Any) -> bool:
    """True if a static shape leaves open what `other` knows, or contradicts it."""
    if other is None:
        return False
    if static is None or len(static) != len(other):
        return True
    return any(
        theirs is not None and ours != theirs for ours, theirs in zip(static, other, strict=True)
    )
