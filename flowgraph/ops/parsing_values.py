"""The values of features in Example messages, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.ops.texts import invalid, strings

__all__ = ["Described", "dense_values", "keys_of", "message_of", "sparse_values", "values_of"]

_KINDS = {"int64_list": "int64", "float_list": "float", "bytes_list": "string"}
_C_NAMES = {"int64": "int64", "float32": "float", "string": "string"}


class Described:
    """A feature that is looked for: its key and type, and whose example it is in."""

    def __init__(self, key: bytes, dtype: DType, name: str = "") -> None:
        self.key = key.decode()
        self.dtype = dtype
        self.kind = _C_NAMES[dtype.name]
        self.prefix = f"Name: {name or '<unknown>'}"

    def error(self, message: str) -> Exception:
        return invalid(f"{self.prefix}, Key: {self.key}.  {message}")

    def missing(self) -> Exception:
        return invalid(
            f"{self.prefix}, Feature: {self.key} (data type: {self.kind}) is required but could "
            "not be found."
        )


def keys_of(inputs: Sequence[Any]) -> list[bytes]:
    """Scalar strings as bytes."""
    return [strings(each).item() for each in inputs]


def message_of(kind: Any, content: bytes) -> Any:
    """A message from its serialized form."""
    try:
        return kind.FromString(content)
    except DecodeError:
        raise invalid(f"Could not parse example input, value: '{content!r}'") from None


def values_of(feature: Any, wanted: Described) -> Any:
    """A feature's values as a vector, or None if it has none of any type."""
    kind = None if feature is None else feature.WhichOneof("kind")
    if kind is None:
        return None
    if _KINDS[kind] != wanted.kind:
        raise wanted.error(
            f"Data types don't match. Data type: {_KINDS[kind]} but expected type: {wanted.kind}"
        )
    values = getattr(feature, kind).value
    if kind == "bytes_list":
        array = np.empty(len(values), np.object_)
        array[:] = list(values)
        return array
    return np.array(values, wanted.dtype.np)


def dense_values(feature: Any, wanted: Described, shape: Dims, default: Any) -> Any:
    """A feature's values in a given shape, whose first size may be open.

    Args:
        default: in their place if there are none; an empty array if there must be some.
    """
    values = values_of(feature, wanted)
    assert shape is not None
    if shape and shape[0] is None:
        rest = tuple(size or 0 for size in shape[1:])
        stride = dims.product(rest)
        if values is None:
            return np.empty((0, *rest), wanted.dtype.np)
        if stride and values.size % stride:
            raise wanted.error(
                "Number of values not a multiple of stride length. "
                f"Saw {values.size} values but output shape is: {dims.show_list(shape)}"
            )
        return values.reshape(-1, *rest)
    sizes = tuple(size or 0 for size in shape)
    if values is None:
        array = np.asarray(default, wanted.dtype.np)
        if array.size != dims.product(sizes):
            raise wanted.missing()
        return array.reshape(sizes)
    if values.size != dims.product(sizes):
        raise wanted.error(
            f"Number of {wanted.kind} values != expected.  Values size: {values.size} but output "
            f"shape: {dims.show_list(shape)}"
        )
    return values.reshape(sizes)


def sparse_values(rows: list[Any], dtype: DType) -> tuple[Any, Any, Any]:
    """Vectors (or None) as the rows of a sparse matrix: indices, values and shape."""
    counts = np.array([0 if row is None else len(row) for row in rows], np.int64)
    starts = np.cumsum(counts) - counts
    total = int(counts.sum())
    number = np.repeat(np.arange(len(rows)), counts)
    column = np.arange(total) - np.repeat(starts, counts)
    values = np.empty(total, dtype.np)
    if total:
        values[:] = np.concatenate([row for row in rows if row is not None])
    shape = np.array([len(rows), counts.max(initial=0)], np.int64)
    return np.stack([number, column], 1).astype(np.int64), values, shape
