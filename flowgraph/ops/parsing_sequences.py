"""SequenceExample messages as tensors: a context, and lists of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes, protos
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops.parsing_examples import FEATURE_TYPES, columns
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

__all__ = ["ParseSingleSequenceExample"]

_COUNT = attr("int", 0, minimum=0)
_TYPES = attr("list(type)", (), minimum=0, allowed=FEATURE_TYPES)
_SHAPES = attr("list(shape)", [], minimum=0)


def _word(text: str) -> Any:
    return np.array(text.encode(), np.object_)


def _samples() -> Any:
    example = protos.SequenceExample()
    example.context.feature["length"].int64_list.value.append(2)
    example.context.feature["words"].bytes_list.value.extend([b"a", b"b"])
    for numbers in ([1, 2], [3, 4]):
        example.feature_lists.feature_list["steps"].feature.add().int64_list.value.extend(numbers)
    for floats in ([0.5], [], [1.5, 2.5]):
        feature = example.feature_lists.feature_list["rows"].feature.add()
        feature.float_list.value.extend(floats)
    content = np.array(example.SerializeToString(deterministic=True), np.object_)
    everything: dict[str, Any] = {
        "context_sparse_types": [dtypes.string],
        "context_dense_shapes": [[]],
        "feature_list_sparse_types": [dtypes.float32],
        "feature_list_dense_types": [dtypes.int64],
        "feature_list_dense_shapes": [[2]],
    }
    only_steps: dict[str, Any] = {
        "feature_list_dense_types": [dtypes.int64],
        "feature_list_dense_shapes": [[2]],
    }

    def of_list(key: str, assumed: Any, **options: Any) -> Any:
        name = _word("name")
        return case(content, assumed, [], [], [], [_word(key)], [], name, **only_steps, **options)

    words = protos.SequenceExample()
    for word in (b"a", b"bc"):
        words.feature_lists.feature_list["words"].feature.add().bytes_list.value.append(word)
    spoken = np.array(words.SerializeToString(deterministic=True), np.object_)
    one_word: dict[str, Any] = {
        "feature_list_dense_types": [dtypes.string],
        "feature_list_dense_shapes": [[]],
    }
    return (
        case(spoken, texts(), [], [], [], [_word("words")], [], _word(""), **one_word),
        case(
            content,
            texts(),
            [_word("words")],
            [_word("length")],
            [_word("rows")],
            [_word("steps")],
            [np.zeros(0, np.int64)],
            _word(""),
            **everything,
        ),
        of_list("other", texts(b"other")),
        of_list("other", texts(), raises="is required but could not be found"),
        of_list("rows", texts(), raises="Data types don't match|Number of int64 values"),
    )


@op(
    "ParseSingleSequenceExample",
    "serialized: string, feature_list_dense_missing_assumed_empty: string, "
    "context_sparse_keys: Ncontext_sparse * string, context_dense_keys: Ncontext_dense * string, "
    "feature_list_sparse_keys: Nfeature_list_sparse * string, "
    "feature_list_dense_keys: Nfeature_list_dense * string, "
    "context_dense_defaults: Tcontext_dense[], debug_name: string -> "
    "context_sparse_indices: Ncontext_sparse * int64, "
    "context_sparse_values: context_sparse_types[], "
    "context_sparse_shapes: Ncontext_sparse * int64, context_dense_values: Tcontext_dense[], "
    "feature_list_sparse_indices: Nfeature_list_sparse * int64, "
    "feature_list_sparse_values: feature_list_sparse_types[], "
    "feature_list_sparse_shapes: Nfeature_list_sparse * int64, "
    "feature_list_dense_values: feature_list_dense_types[]",
    Ncontext_sparse=_COUNT,
    Ncontext_dense=_COUNT,
    Nfeature_list_sparse=_COUNT,
    Nfeature_list_dense=_COUNT,
    context_sparse_types=_TYPES,
    Tcontext_dense=_TYPES,
    feature_list_dense_types=_TYPES,
    context_dense_shapes=_SHAPES,
    feature_list_sparse_types=_TYPES,
    feature_list_dense_shapes=_SHAPES,
)
class ParseSingleSequenceExample:
    """One serialized SequenceExample: the features of its context, and lists of features stacked.

    A list that is missing is an error, unless it is among those that are assumed to be empty.
    """

    grad = None
    samples = _samples

    def shape(
        serialized: Operand,
        assumed_empty: Operand,
        context_sparse_keys: list[Operand],
        context_dense_keys: list[Operand],
        list_sparse_keys: list[Operand],
        list_dense_keys: list[Operand],
        defaults: list[Operand],
        debug_name: Operand,
        *,
        context_dense_shapes: list[TensorShape],
        feature_list_dense_shapes: list[TensorShape],
    ) -> list[Dims]:
        if serialized.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(serialized.dims)}")
        found: list[Dims] = _sparse_shapes(len(context_sparse_keys), 1)
        found += [shape._dims for shape in context_dense_shapes]
        found += _sparse_shapes(len(list_sparse_keys), 2)
        for shape in feature_list_dense_shapes:
            found.append(None if shape._dims is None else (None, *shape._dims))
        return found

    def numpy(
        serialized: Any,
        assumed_empty: Any,
        context_sparse_keys: list[Any],
        context_dense_keys: list[Any],
        list_sparse_keys: list[Any],
        list_dense_keys: list[Any],
        defaults: list[Any],
        debug_name: Any,
        *,
        context_sparse_types: tuple[DType, ...],
        Tcontext_dense: tuple[DType, ...],
        feature_list_dense_types: tuple[DType, ...],
        context_dense_shapes: list[TensorShape],
        feature_list_sparse_types: tuple[DType, ...],
        feature_list_dense_shapes: list[TensorShape],
    ) -> list[Any]:
        message = message_of(protos.SequenceExample, strings(serialized).item())
        label = strings(debug_name).item().decode(errors="replace")
        context, lists = message.context.feature, message.feature_lists.feature_list
        found: list[Any] = []
        sparse = []
        for key, dtype in zip(keys_of(context_sparse_keys), context_sparse_types, strict=True):
            wanted = Described(key, dtype, label)
            row = values_of(context.get(wanted.key), wanted)
            indices, values, size = sparse_values([row], dtype)
            sparse.append((indices[:, 1:], values, size[1:]))
        found += columns(sparse)
        keys = keys_of(context_dense_keys)
        specs = zip(keys, Tcontext_dense, context_dense_shapes, defaults, strict=True)
        for key, dtype, shape, default in specs:
            wanted = Described(key, dtype, label)
            value = dense_values(context.get(wanted.key), wanted, shape._dims, default)
            found.append(np.array(value, dtype.np))
        sparse = []
        for key, dtype in zip(keys_of(list_sparse_keys), feature_list_sparse_types, strict=True):
            wanted = Described(key, dtype, label)
            features = _steps(lists, wanted)
            sparse.append(sparse_values([values_of(each, wanted) for each in features], dtype))
        found += columns(sparse)
        may_miss = set(strings(assumed_empty).reshape(-1).tolist())
        keys = keys_of(list_dense_keys)
        rows = zip(keys, feature_list_dense_types, feature_list_dense_shapes, strict=True)
        for key, dtype, shape in rows:
            wanted = Described(key, dtype, label)
            if wanted.key not in lists and key not in may_miss:
                raise invalid(
                    f"{wanted.prefix}, Feature list '{wanted.key}' is required but could not be "
                    "found.  Did you mean to include it in "
                    "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
                )
            found.append(_stacked(_steps(lists, wanted), wanted, shape))
        return found


def _sparse_shapes(count: int, rank: int) -> list[Dims]:
    return [(None, rank)] * count + [(None,)] * count + [(rank,)] * count


def _steps(lists: Any, wanted: Described) -> list[Any]:
    """The features of a list, none if it is missing."""
    found = lists.get(wanted.key)
    return [] if found is None else list(found.feature)


def _stacked(features: list[Any], wanted: Described, shape: TensorShape) -> Any:
    sizes = tuple(size or 0 for size in shape._dims or ())
    result = np.empty((len(features), *sizes), wanted.dtype.np)
    for place, feature in enumerate(features):
        result[place] = dense_values(feature, wanted, sizes, ())[()]
    return result
