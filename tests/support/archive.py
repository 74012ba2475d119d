"""Recorded results on disk: a tree of Python values and arrays in one small `.npz` file.

A file holds two entries: ``tree``, the JSON text of the values, and ``data``, the bytes of all
arrays one after the other. An array stands in the tree as ``{"array": [dtype, shape, offset]}``, an
array of strings as ``{"strings": [texts, shape]}`` with one character per byte. Arrays that occur
twice are stored once. This reads and writes without flowgraph and without TensorFlow.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

__all__ = ["Array", "load", "save"]

Array = np.ndarray[Any, Any]


class _Writer:
    def __init__(self) -> None:
        self.data = bytearray()
        self.offsets: dict[bytes, int] = {}

    def encode(self, value: Any) -> Any:
        match value:
            case np.ndarray() | np.generic():
                return self._array(np.asarray(value))
            case bytes():
                return {"bytes": value.decode("latin-1")}
            case dict():
                return {key: self.encode(each) for key, each in value.items()}
            case list() | tuple():
                return [self.encode(each) for each in value]
            case None | bool() | int() | float() | str():
                return value
        raise TypeError(f"cannot record {value!r}")

    def _array(self, array: Array) -> dict[str, Any]:
        shape = list(array.shape)
        if array.dtype.kind in "OSU":
            texts = [_as_bytes(each).decode("latin-1") for each in array.reshape(-1).tolist()]
            return {"strings": [texts, shape]}
        content = np.ascontiguousarray(array).tobytes()
        if content not in self.offsets:
            self.offsets[content] = len(self.data)
            self.data += content
        return {"array": [array.dtype.name, shape, self.offsets[content]]}


def _as_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def save(path: Path, tree: Any) -> None:
    """Write a tree of dicts with text keys, lists, arrays, bytes, numbers, texts and None."""
    writer = _Writer()
    text = json.dumps(writer.encode(tree), separators=(",", ":"))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        tree=np.frombuffer(text.encode(), np.uint8),
        data=np.frombuffer(bytes(writer.data), np.uint8),
    )


def load(path: Path) -> Any:
    """Read what `save` wrote."""
    with np.load(path) as archive:
        text = archive["tree"].tobytes()
        data = archive["data"].tobytes()
    return _decode(json.loads(text), data)


def _decode(value: Any, data: bytes) -> Any:
    match value:
        case {"array": [name, shape, offset]}:
            dtype = np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
            return np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape)
        case {"strings": [texts, shape]}:
            result = np.empty(len(texts), np.object_)
            result[:] = [text.encode("latin-1") for text in texts]
            return result.reshape(shape)
        case {"bytes": text} if len(value) == 1:
            return text.encode("latin-1")
        case dict():
            return {key: _decode(each, data) for key, each in value.items()}
        case list():
            return [_decode(each, data) for each in value]
    return value
