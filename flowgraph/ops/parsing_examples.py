"""Example messages as tensors: a batch of them, or one."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, protos
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.parsing_values import (
    Described,
    dense_values,
    keys_of,
    message_of,
    sparse_values,
    values_of,
)
from flowgraph.ops.texts import invalid, strings, texts
from flowgraph.shapes import TensorShape

__all__ = ["FEATURE_TYPES", "columns"]

FEATURE_TYPES = (dtypes.float32, dtypes.int64, dtypes.string)
_TYPES = attr("list(type)", minimum=0, allowed=FEATURE_TYPES)
_SHAPES = attr("list(shape)", minimum=0)


def _example(**features: Any) -> bytes:
    """A serialized Example with features of ints, floats or bytes."""
    example = protos.Example()
    for name, values in features.items():
        feature = example.features.feature[name]
        if values and isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif values and isinstance(values[0], float):
            feature.float_list.value.extend(values)
        else:
            feature.int64_list.value.extend(values)
    content: bytes = example.SerializeToString(deterministic=True)
    return content


_KEY_X, _KEY_Y = np.array(b"x", np.object_), np.array(b"y", np.object_)
_NO_FLOAT, _NO_TEXT = np.zeros(0, np.float32), texts()
_NO_INT = np.zeros(0, np.int64)


def _batch_case(examples: Any, keys: Any, **attrs: Any) -> Any:
    sparse, dense, defaults = keys
    return case(examples, texts(), sparse, dense, defaults, **attrs)


def _batch_samples() -> Any:
    two = texts(_example(x=[1, 2], y=[0.5]), _example(x=[3], y=[1.5], z=[b"a"]))
    only_y: Any = ([], [_KEY_Y], [_NO_FLOAT])
    one_float: dict[str, Any] = {
        "sparse_types": [],
        "dense_shapes": [[1]],
    }
    return (
        _batch_case(
            two,
            ([_KEY_X], [_KEY_Y], [_NO_FLOAT]),
            sparse_types=[dtypes.int64],
            dense_shapes=[[]],
        ),
        _batch_case(
            two,
            ([], [_KEY_X, np.array(b"z", np.object_)], [np.array(-1), texts(b"none")]),
            sparse_types=[],
            dense_shapes=[[None], [1]],
        ),
        _batch_case(
            texts(_example(z=[b"a", b"b"]), _example()),
            ([np.array(b"z", np.object_)], [_KEY_X], [np.array([[7, 8]])]),
            sparse_types=[dtypes.string],
            dense_shapes=[[1, 2]],
        ),
        _batch_case(
            texts(_example(z=[b"a"]), _example(z=[b"bc"])),
            ([], [np.array(b"z", np.object_)], [texts()]),
            sparse_types=[],
            dense_shapes=[[]],
        ),
        _batch_case(texts(), only_y, **one_float),
        _batch_case(texts(_example(x=[1])), only_y, **one_float, raises="could not be found"),
        _batch_case(texts(_example(y=[1])), only_y, **one_float, raises="Data types don't match"),
        _batch_case(texts(b"abc"), only_y, **one_float, raises="Could not parse example input"),
        _batch_case(
            texts(_example(y=[1.0, 2.0])), only_y, **one_float, raises="float values != expected"
        ),
    )


@op(
    "ParseExample",
    "serialized: string, names: string, sparse_keys: Nsparse * string, "
    "dense_keys: Ndense * string, dense_defaults: Tdense[] -> "
    "sparse_indices: Nsparse * int64, sparse_values: sparse_types[], "
    "sparse_shapes: Nsparse * int64, dense_values: Tdense[]",
    Nsparse=attr("int", minimum=0),
    Ndense=attr("int", minimum=0),
    sparse_types=_TYPES,
    Tdense=_TYPES,
    dense_shapes=_SHAPES,
)
class ParseExample:
    """A batch of serialized Examples: features of fixed shape as tensors, others as sparse ones.

    Where the first size of a shape is open, rows are filled up to the longest with the default.
    """

    grad = None
    samples = _batch_samples

    def shape(
        serialized: Operand,
        names: Operand,
        sparse_keys: list[Operand],
        dense_keys: list[Operand],
        defaults: list[Operand],
        *,
        dense_shapes: list[TensorShape],
    ) -> list[Dims]:
        rows = serialized.dims
        if rows is not None and len(rows) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(rows)}")
        count = None if rows is None else rows[0]
        number = len(sparse_keys)
        dense = [None if shape._dims is None else (count, *shape._dims) for shape in dense_shapes]
        return [(None, 2)] * number + [(None,)] * number + [(2,)] * number + dense

    def numpy(
        serialized: Any,
        names: Any,
        sparse_keys: list[Any],
        dense_keys: list[Any],
        defaults: list[Any],
        *,
        sparse_types: tuple[DType, ...],
        Tdense: tuple[DType, ...],
        dense_shapes: list[TensorShape],
    ) -> list[Any]:
        contents = strings(serialized).tolist()
        labels = [each.decode(errors="replace") for each in strings(names).reshape(-1).tolist()]
        if labels and len(labels) != len(contents):
            raise invalid(f"Expected len(names) == {len(contents)}, but got {len(labels)}")
        labels = labels or [""] * len(contents)
        maps = [message_of(protos.Example, each).features.feature for each in contents]
        sparse = []
        for key, dtype in zip(keys_of(sparse_keys), sparse_types, strict=True):
            rows = []
            for features, label in zip(maps, labels, strict=True):
                wanted = Described(key, dtype, label)
                rows.append(values_of(features.get(wanted.key), wanted))
            sparse.append(sparse_values(rows, dtype))
        dense = []
        specs = zip(keys_of(dense_keys), Tdense, dense_shapes, defaults, strict=True)
        for key, dtype, shape, default in specs:
            rows = []
            for features, label in zip(maps, labels, strict=True):
                wanted = Described(key, dtype, label)
                rows.append(dense_values(features.get(wanted.key), wanted, shape._dims, default))
            dense.append(_stacked(rows, dtype, shape._dims, default))
        return [*columns(sparse), *dense]


def columns(sparse: list[tuple[Any, Any, Any]]) -> list[Any]:
    """All indices, then all values, then all shapes."""
    return [each[part] for part in range(3) for each in sparse]


def _stacked(rows: list[Any], dtype: DType, shape: Dims, default: Any) -> Any:
    assert shape is not None
    if not shape or shape[0] is not None:
        sizes = tuple(size or 0 for size in shape)
        batch = np.empty((len(rows), *sizes), dtype.np)
    else:
        longest = max((len(row) for row in rows), default=0)
        rest = tuple(size or 0 for size in shape[1:])
        filler = np.asarray(default, dtype.np).reshape(-1)
        batch = np.full((len(rows), longest, *rest), filler[0], dtype.np)
    for place, row in enumerate(rows):
        if row.ndim:
            batch[place, : len(row)] = row
        else:
            batch[place] = row[()]
    return batch


def _single_samples() -> Any:
    one = np.array(_example(x=[1, 2], y=[0.5], z=[b"a"]), np.object_)
    empty = np.array(_example(), np.object_)
    return (
        case(
            one,
            [_NO_FLOAT],
            num_sparse=1,
            sparse_keys=["x"],
            sparse_types=[dtypes.int64],
            dense_keys=["y"],
            dense_shapes=[[]],
        ),
        case(
            one,
            [np.array(0), texts(b"?")],
            num_sparse=0,
            sparse_keys=[],
            sparse_types=[],
            dense_keys=["x", "w"],
            dense_shapes=[[None, 1], [1]],
        ),
        case(
            empty,
            [],
            num_sparse=1,
            sparse_keys=["z"],
            sparse_types=[dtypes.string],
            dense_keys=[],
            dense_shapes=[],
        ),
        case(
            empty,
            [_NO_INT],
            num_sparse=0,
            sparse_keys=[],
            sparse_types=[],
            dense_keys=["x"],
            dense_shapes=[[2]],
            raises="could not be found",
        ),
    )


@op(
    "ParseSingleExample",
    "serialized: string, dense_defaults: Tdense[] -> sparse_indices: num_sparse * int64, "
    "sparse_values: sparse_types[], sparse_shapes: num_sparse * int64, dense_values: Tdense[]",
    num_sparse=attr("int", minimum=0),
    sparse_keys=attr("list(string)", minimum=0),
    dense_keys=attr("list(string)", minimum=0),
    sparse_types=_TYPES,
    Tdense=_TYPES,
    dense_shapes=_SHAPES,
)
class ParseSingleExample:
    """One serialized Example: features of fixed shape as tensors, others as sparse vectors."""

    grad = None
    samples = _single_samples

    def shape(
        serialized: Operand,
        defaults: list[Operand],
        *,
        num_sparse: int,
        dense_shapes: list[TensorShape],
    ) -> list[Dims]:
        if serialized.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(serialized.dims)}")
        dense = [shape._dims for shape in dense_shapes]
        return [(None, 1)] * num_sparse + [(None,)] * num_sparse + [(1,)] * num_sparse + dense

    def numpy(
        serialized: Any,
        defaults: list[Any],
        *,
        sparse_keys: list[Any],
        dense_keys: list[Any],
        sparse_types: tuple[DType, ...],
        Tdense: tuple[DType, ...],
        dense_shapes: list[TensorShape],
    ) -> list[Any]:
        content = strings(serialized).item()
        features = message_of(protos.Example, content).features.feature
        sparse = []
        for key, dtype in zip(sparse_keys, sparse_types, strict=True):
            wanted = Described(_content(key), dtype)
            indices, values, shape = sparse_values(
                [values_of(features.get(wanted.key), wanted)], dtype
            )
            sparse.append((indices[:, 1:], values, shape[1:]))
        dense = []
        specs = zip(dense_keys, Tdense, dense_shapes, defaults, strict=True)
        for key, dtype, size, default in specs:
            wanted = Described(_content(key), dtype)
            found = dense_values(features.get(wanted.key), wanted, size._dims, default)
            dense.append(np.array(found, dtype.np))
        return [*columns(sparse), *dense]


def _content(key: Any) -> bytes:
    return key if isinstance(key, bytes) else str(key).encode()
